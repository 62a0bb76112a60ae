//! Sealing at rest: ChaCha20-Poly1305 with a nonce made from place and content.
//!
//! `nonce ‖ ciphertext ‖ tag`, the nonce being a keyed hash of what is sealed and where. So nothing random is needed, and a
//! position that is written a second time after a crash never meets its old nonce with other bytes. Equal bytes at the
//! same place seal alike; that is all an onlooker learns.
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

/// One key in use.
pub(crate) struct Seal {
    cipher: LessSafeKey,
    nonces: [u8; 32],
}

impl Seal {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        let cipher = UnboundKey::new(&CHACHA20_POLY1305, key).expect("a key of this cipher has 32 bytes");
        Self { cipher: LessSafeKey::new(cipher), nonces: blake3::derive_key("musubi 2026 store nonces v1", key) }
    }

    /// Seals `plain` for `place`; only the same place opens it again.
    pub(crate) fn seal(&self, place: &[u8], plain: Vec<u8>) -> Vec<u8> {
        let hash = blake3::keyed_hash(&self.nonces, &plain);
        self.seal_hashed(place, plain, hash.as_bytes())
    }

    /// As [`Seal::seal`], for a caller that has a collision-free hash of `plain` already.
    pub(crate) fn seal_hashed(&self, place: &[u8], mut plain: Vec<u8>, hash: &[u8; 32]) -> Vec<u8> {
        let mut nonce = [0; NONCE];
        let mut hasher = blake3::Hasher::new_keyed(&self.nonces);
        hasher.update(hash).update(place);
        nonce.copy_from_slice(&hasher.finalize().as_bytes()[..NONCE]);
        let len = plain.len();
        plain.resize(len + SEAL_BYTES, 0);
        plain.copy_within(..len, NONCE);
        plain[..NONCE].copy_from_slice(&nonce);
        let body = &mut plain[NONCE..NONCE + len];
        let tag = self.cipher.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place), body);
        // Fails only above 256 GiB, which no caller's limit allows; the tag of zeros then never opens.
        if let Ok(tag) = tag {
            plain[NONCE + len..].copy_from_slice(tag.as_ref());
        }
        plain
    }

    /// What was sealed for `place`; none if a byte of it, or the place, is another.
    pub(crate) fn open(&self, place: &[u8], mut sealed: Vec<u8>) -> Option<Vec<u8>> {
        let len = sealed.len().checked_sub(SEAL_BYTES)?;
        let nonce = Nonce::try_assume_unique_for_key(&sealed[..NONCE]).ok()?;
        // Opens and moves to the front in one pass.
        self.cipher.open_within(nonce, Aad::from(place), &mut sealed, NONCE..).ok()?;
        sealed.truncate(len);
        Some(sealed)
    }
}

/// What sealing adds.
pub(crate) const SEAL_BYTES: usize = NONCE + TAG;
pub(crate) const TAG: usize = 16;
const NONCE: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_place_and_key_open_it() {
        let seal = Seal::new(&[1; 32]);
        let sealed = seal.seal(b"here", b"value".to_vec());
        assert_eq!(sealed.len(), 5 + SEAL_BYTES);
        assert_eq!(seal.open(b"here", sealed.clone()).as_deref(), Some(&b"value"[..]));
        assert_eq!(seal.open(b"there", sealed.clone()), None);
        assert_eq!(Seal::new(&[2; 32]).open(b"here", sealed), None);
    }

    #[test]
    fn any_flipped_bit_is_seen() {
        let seal = Seal::new(&[1; 32]);
        let sealed = seal.seal(b"", b"some value".to_vec());
        for bit in 0..sealed.len() * 8 {
            let mut bad = sealed.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(seal.open(b"", bad), None, "bit {bit}");
        }
    }

    #[test]
    fn other_content_or_place_has_another_nonce() {
        let seal = Seal::new(&[1; 32]);
        let nonce = |place: &[u8], plain: &[u8]| seal.seal(place, plain.to_vec())[..NONCE].to_vec();
        assert_ne!(nonce(b"a", b"1"), nonce(b"a", b"2"));
        assert_ne!(nonce(b"a", b"1"), nonce(b"b", b"1"));
    }
}
