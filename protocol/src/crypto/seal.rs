use super::Secret;
use crate::ids::SealKey;
use chacha20poly1305::{
    ChaCha20Poly1305, KeyInit,
    aead::{Aead, Payload},
};
use hpke::{
    Deserializable, Kem as _, OpModeR, OpModeS, Serializable, aead::ChaCha20Poly1305 as Cipher, kdf::HkdfSha256,
    kem::X25519HkdfSha256, single_shot_open, single_shot_seal_with_rng,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

type PrivateKey = <X25519HkdfSha256 as hpke::Kem>::PrivateKey;
type PublicKey = <X25519HkdfSha256 as hpke::Kem>::PublicKey;
type Encapped = <X25519HkdfSha256 as hpke::Kem>::EncappedKey;

/// The X25519 public key of `secret`, which others seal to.
pub fn seal_public(secret: &Secret) -> SealKey {
    let public = X25519HkdfSha256::sk_to_pk(&private(secret)).to_bytes();
    SealKey(public.into())
}

/// Seals `plain` so that only the owner of `to` reads it, under the same `info`.
///
/// HPKE base mode (RFC 9180) with X25519, HKDF-SHA256 and ChaCha20-Poly1305: `encapsulated key (32) ‖ ciphertext`, 48 bytes
/// longer than `plain`. `entropy` must be fresh randomness: the same twice gives away that the texts are the same.
/// None if `to` is no usable key (a point of small order).
pub fn seal_to(to: &SealKey, info: &[u8], plain: &[u8], entropy: [u8; 32]) -> Option<Vec<u8>> {
    let to = PublicKey::from_bytes(&to.0).ok()?;
    let mut rng = ChaCha20Rng::from_seed(entropy);
    let (encapped, sealed) = single_shot_seal_with_rng::<Cipher, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &to,
        info,
        plain,
        b"",
        &mut rng,
    )
    .ok()?;
    Some([encapped.to_bytes().as_slice(), &sealed].concat())
}

/// Reads what [`seal_to`] made for the public key of `secret`; none if it was for another key or `info`, or was changed.
pub fn open_from(secret: &Secret, info: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (encapped, sealed) = sealed.split_at_checked(32)?;
    let encapped = Encapped::from_bytes(encapped).ok()?;
    single_shot_open::<Cipher, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &private(secret),
        &encapped,
        info,
        sealed,
        b"",
    )
    .ok()
}

/// Locks `plain` under a shared key (ChaCha20-Poly1305, RFC 8439): 16 bytes longer. A nonce serves a key once, ever.
pub fn lock(key: &[u8; 32], nonce: &[u8; 12], aad: &[u8], plain: &[u8]) -> Vec<u8> {
    ChaCha20Poly1305::new(key.into())
        .encrypt(nonce.into(), Payload { msg: plain, aad })
        .expect("a slice of the core is far below the cipher's 256 GiB")
}

/// Reads what [`lock`] made with the same key, nonce and `aad`; none if anything differs.
pub fn unlock(key: &[u8; 32], nonce: &[u8; 12], aad: &[u8], locked: &[u8]) -> Option<Vec<u8>> {
    ChaCha20Poly1305::new(key.into()).decrypt(nonce.into(), Payload { msg: locked, aad }).ok()
}

fn private(secret: &Secret) -> PrivateKey {
    PrivateKey::from_bytes(secret.expose()).expect("every 32 bytes are an X25519 key")
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;
    use proptest::prelude::*;

    #[test]
    fn public_keys_are_those_of_rfc_7748() {
        let alice = HEXLOWER.decode(b"77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a").expect("hex");
        let public = seal_public(&Secret::from_bytes(alice.try_into().expect("32 bytes")));
        assert_eq!(public.to_string(), "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    }
    #[test]
    fn a_key_of_small_order_gets_nothing_sealed() {
        assert_eq!(seal_to(&SealKey([0; 32]), b"", b"text", [1; 32]), None);
    }

    proptest! {
        #[test]
        fn sealed_text_opens_for_its_key_and_info_only(key: [u8; 32], other: [u8; 32], plain: Vec<u8>, entropy: [u8; 32]) {
            let (secret, stranger) = (Secret::from_bytes(key), Secret::from_bytes(other));
            prop_assume!(seal_public(&secret) != seal_public(&stranger));
            let sealed = seal_to(&seal_public(&secret), b"info", &plain, entropy).expect("a usable key");
            prop_assert_eq!(sealed.len(), plain.len() + 48);
            prop_assert_eq!(open_from(&secret, b"info", &sealed), Some(plain));
            prop_assert_eq!(open_from(&secret, b"other", &sealed), None);
            prop_assert_eq!(open_from(&stranger, b"info", &sealed), None);
        }
        #[test]
        fn any_bytes_are_opened_or_refused(key: [u8; 32], bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            prop_assert_eq!(open_from(&Secret::from_bytes(key), b"", &bytes), None);
            prop_assert_eq!(unlock(&key, &[0; 12], b"", &bytes), None);
        }
        #[test]
        fn locked_text_opens_only_whole(key: [u8; 32], nonce: [u8; 12], plain: Vec<u8>, at: usize) {
            let mut locked = lock(&key, &nonce, b"aad", &plain);
            prop_assert_eq!(unlock(&key, &nonce, b"aad", &locked), Some(plain));
            prop_assert_eq!(unlock(&key, &nonce, b"daa", &locked), None);
            let at = at % locked.len();
            locked[at] ^= 0x10;
            prop_assert_eq!(unlock(&key, &nonce, b"aad", &locked), None);
        }
    }
}
