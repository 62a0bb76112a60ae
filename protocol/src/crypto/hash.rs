use crate::ids::Hash;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// SHA-256 over the parts, one behind the other. Parts of changing length need lengths of their own ([`super::domain`]).
pub fn sha256(parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    Hash(hasher.finalize().into())
}

/// HMAC-SHA256 under `key` over the parts, each behind its length (u32, big-endian).
pub fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(&prefixed(part));
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// HKDF-SHA256 (RFC 5869): 32 bytes for the use that `info` names, from `secret`, separated by `salt`.
pub fn derive(salt: &[u8], secret: &[u8], info: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    Hkdf::<Sha256>::new(Some(salt), secret).expand(info, &mut out).expect("32 bytes are far below HKDF's limit");
    out
}

/// The length that goes before a part. Nothing of the core comes near 4 GiB; longer parts all count as that long.
pub(super) fn prefixed(part: &[u8]) -> [u8; 4] {
    u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;

    #[test]
    fn sha256_of_abc_is_the_standards() {
        let expect = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(&[b"a", b"bc"]).to_string(), expect);
    }
    #[test]
    fn hkdf_follows_rfc_5869_case_1() {
        let info = HEXLOWER.decode(b"f0f1f2f3f4f5f6f7f8f9").expect("hex");
        let salt: Vec<u8> = (0..=12).collect();
        let expect = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf";
        assert_eq!(HEXLOWER.encode(&derive(&salt, &[0x0b; 22], &info)), expect);
    }
    #[test]
    fn parts_of_a_mac_do_not_run_together() {
        assert_ne!(mac(b"key", &[b"ab", b"c"]), mac(b"key", &[b"a", b"bc"]));
        assert_ne!(mac(b"key", &[b"ab"]), mac(b"yek", &[b"ab"]));
    }
}
