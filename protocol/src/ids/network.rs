use super::{Hash, IdError};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Which regional network: the hash of its genesis charter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NetworkId(pub [u8; 32]);

impl NetworkId {
    /// The network that a genesis charter with this object hash founds.
    pub fn of_genesis(charter: Hash) -> Self {
        Self(charter.0)
    }
    /// Reads 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`IdError::Hex`] for anything else.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        Hash::parse(text).map(|hash| Self(hash.0))
    }
}

impl fmt::Display for NetworkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Hash(self.0), f)
    }
}
impl fmt::Debug for NetworkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "network {:?}", Hash(self.0))
    }
}
