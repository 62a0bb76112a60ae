use super::derive;
use crate::ids::Tag;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Mode `local`: tags under a secret that every node of one network, or of one accord, holds.
///
/// Weaker than evaluators ([`crate::oprf`]): who holds the key can enumerate names and birth dates. For few nodes that trust
/// one another.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct LocalKey([u8; 32]);

impl LocalKey {
    /// The key of one epoch: `HKDF-Extract(scope ‖ epoch, secret)`, expanded for tokens. `scope` is the id of the network
    /// or accord; the epoch is written big-endian.
    pub fn derive(secret: &[u8; 32], scope: &[u8], epoch: u32) -> Self {
        let salt = [scope, &epoch.to_be_bytes()].concat();
        Self(derive(&salt, secret, TOKENS))
    }
    /// The tag of one identity string: HMAC-SHA256 of it. The string's own fields carry their lengths.
    pub fn tag(&self, identity: &[u8]) -> Tag {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(identity);
        Tag(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for LocalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹secret›")
    }
}

const TOKENS: &[u8] = b"link/tok/v1";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_differ_by_secret_scope_epoch_and_identity() {
        let tag =
            |secret: u8, scope: &[u8], epoch: u32, text: &[u8]| LocalKey::derive(&[secret; 32], scope, epoch).tag(text);
        let base = tag(1, b"network", 7, b"string");
        assert_eq!(base, tag(1, b"network", 7, b"string"));
        for other in [
            tag(2, b"network", 7, b"string"),
            tag(1, b"accord", 7, b"string"),
            tag(1, b"network", 8, b"string"),
            tag(1, b"network", 7, b"strinG"),
        ] {
            assert_ne!(base, other);
        }
    }
}
