use super::IdError;
use data_encoding::HEXLOWER_PERMISSIVE as HEX;
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! bytes_id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// Reads the bytes, if their number is right.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }
            /// Reads hexadecimal digits of either case.
            ///
            /// # Errors
            /// [`IdError::Hex`] if they are not exactly enough.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                HEX.decode(text.trim().as_bytes())
                    .ok()
                    .and_then(|bytes| Self::from_slice(&bytes))
                    .ok_or_else(|| IdError::Hex { expect: $len * 2, got: text.chars().take(80).collect() })
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&HEX.encode(&self.0))
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}…", HEX.encode(&self.0[..4]))
            }
        }
    };
}

bytes_id! {
    /// SHA-256 of something that is signed or sent.
    Hash, 32
}
bytes_id! {
    /// An Ed25519 public key: of a founder's share, a facility's root, an index, a log or a witness.
    PublicKey, 32
}
bytes_id! {
    /// The Ed25519 public key of a node: its libp2p identity, from which the PeerId follows.
    NodeKey, 32
}
bytes_id! {
    /// An X25519 public key that secrets are sealed to (HPKE, RFC 9180).
    SealKey, 32
}
bytes_id! {
    /// One execution of one request; random, executed at most once.
    RequestId, 16
}
bytes_id! {
    /// A holder's opaque name for one patient on one shelf.
    Handle, 16
}
bytes_id! {
    /// Keyed hash of one identity string under one network's or accord's secret. Never leaves the node.
    Tag, 32
}
bytes_id! {
    /// Where an entry lies on one shelf; says nothing outside of it.
    Slot, 16
}
bytes_id! {
    /// Which accord: the hash of both networks' ids in ascending order. One accord per pair; newer ones replace it by seq.
    AccordId, 32
}
bytes_id! {
    /// One consent receipt; random, given by the node that took it.
    ReceiptId, 16
}
bytes_id! {
    /// What one holder shows to one audience in one epoch.
    ShelfId, 32
}

impl From<NodeKey> for PublicKey {
    fn from(key: NodeKey) -> Self {
        Self(key.0)
    }
}
