use super::{Secret, hash::prefixed};
use crate::ids::PublicKey;
use data_encoding::HEXLOWER;
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// An Ed25519 signature.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Halves", into = "Halves")]
pub struct Signature(pub [u8; 64]);

impl Signature {
    /// Reads the bytes, if they are 64.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", HEXLOWER.encode(&self.0[..4]))
    }
}

/// Serde knows arrays up to 32 only.
type Halves = ([u8; 32], [u8; 32]);

impl From<Halves> for Signature {
    fn from((r, s): Halves) -> Self {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&r);
        bytes[32..].copy_from_slice(&s);
        Self(bytes)
    }
}
impl From<Signature> for Halves {
    fn from(Signature(bytes): Signature) -> Self {
        let (mut r, mut s) = ([0; 32], [0; 32]);
        r.copy_from_slice(&bytes[..32]);
        s.copy_from_slice(&bytes[32..]);
        (r, s)
    }
}

/// Makes and checks signatures. [`Real`] everywhere but in large simulations.
pub trait Crypto: Send + Sync {
    /// The public key of `secret`.
    fn public(&self, secret: &Secret) -> PublicKey;
    /// Signs `message`, which should come from [`domain`]; the same input gives the same signature.
    fn sign(&self, secret: &Secret, message: &[u8]) -> Signature;
    /// Whether `signature` is `key`'s over exactly `message`.
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> bool;
}

impl<C: Crypto + ?Sized> Crypto for &C {
    fn public(&self, secret: &Secret) -> PublicKey {
        (**self).public(secret)
    }
    fn sign(&self, secret: &Secret, message: &[u8]) -> Signature {
        (**self).sign(secret, message)
    }
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
        (**self).verify(key, message, signature)
    }
}
impl<C: Crypto + ?Sized> Crypto for Arc<C> {
    fn public(&self, secret: &Secret) -> PublicKey {
        (**self).public(secret)
    }
    fn sign(&self, secret: &Secret, message: &[u8]) -> Signature {
        (**self).sign(secret, message)
    }
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
        (**self).verify(key, message, signature)
    }
}

/// Ed25519 (RFC 8032), checked strictly: no keys of small order, no second form of one signature.
#[derive(Clone, Copy, Debug, Default)]
pub struct Real;

impl Crypto for Real {
    fn public(&self, secret: &Secret) -> PublicKey {
        PublicKey(SigningKey::from_bytes(secret.expose()).verifying_key().to_bytes())
    }
    fn sign(&self, secret: &Secret, message: &[u8]) -> Signature {
        Signature(SigningKey::from_bytes(secret.expose()).sign(message).to_bytes())
    }
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        VerifyingKey::from_bytes(&key.0).is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
    }
}

/// What is signed: the version and `kind` of the text, then each part with its length, so that no signature over one kind
/// or split of parts is ever good for another.
///
/// `"musubi/1/" ‖ kind ‖ 0 ‖ (length u32 big-endian ‖ part)…`
pub fn domain(kind: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::with_capacity(DOMAIN.len() + kind.len() + 1 + parts.iter().map(|p| p.len() + 4).sum::<usize>());
    out.extend_from_slice(DOMAIN);
    out.extend_from_slice(kind.as_bytes());
    out.push(0);
    for part in parts {
        out.extend_from_slice(&prefixed(part));
        out.extend_from_slice(part);
    }
    out
}

const DOMAIN: &[u8] = b"musubi/1/";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn secret(byte: u8) -> Secret {
        Secret::from_bytes([byte; 32])
    }

    #[test]
    fn the_first_vector_of_rfc_8032_signs_as_printed_there() {
        let seed = data_encoding::HEXLOWER
            .decode(b"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
            .expect("hex");
        let secret = Secret::from_bytes(seed.try_into().expect("32 bytes"));
        let public = Real.public(&secret);
        assert_eq!(public.to_string(), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        let signature = Real.sign(&secret, b"");
        assert_eq!(
            HEXLOWER.encode(&signature.0),
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b\
             d25bf5f0595bbe24655141438e7a100b"
        );
        assert!(Real.verify(&public, b"", &signature));
    }
    #[test]
    fn row_38_another_key_message_or_bit_is_refused() {
        let (public, signature) = (Real.public(&secret(1)), Real.sign(&secret(1), b"text"));
        assert!(Real.verify(&public, b"text", &signature));
        assert!(!Real.verify(&public, b"texT", &signature));
        assert!(!Real.verify(&Real.public(&secret(2)), b"text", &signature));
        let mut bent = signature;
        bent.0[63] ^= 1;
        assert!(!Real.verify(&public, b"text", &bent));
    }
    #[test]
    fn row_38_a_key_of_small_order_signs_nothing() {
        let mut identity = [0; 32];
        identity[0] = 1;
        let mut forged = [0; 64];
        forged[0] = 1;
        assert!(!Real.verify(&PublicKey(identity), b"anything", &Signature(forged)));
    }

    proptest! {
        #[test]
        fn domains_never_collide(
            a in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..6), 0..4),
            b in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..6), 0..4),
            ka in "[a-z]{1,3}", kb in "[a-z]{1,3}",
        ) {
            let text = |kind: &str, parts: &[Vec<u8>]| domain(kind, &parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
            prop_assert_eq!(text(&ka, &a) == text(&kb, &b), (ka, a) == (kb, b));
        }
        #[test]
        fn any_bytes_are_checked_without_panic(key: [u8; 32], message: Vec<u8>, r: [u8; 32], s: [u8; 32]) {
            prop_assert!(!Real.verify(&PublicKey(key), &message, &Signature::from((r, s))));
        }
        #[test]
        fn stored_signatures_read_back(r: [u8; 32], s: [u8; 32]) {
            let signature = Signature::from((r, s));
            prop_assert_eq!(crate::data::decode(&crate::data::encode(&signature)), Some(signature));
        }
    }
}
