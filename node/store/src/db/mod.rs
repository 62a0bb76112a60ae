//! The index: sixteen ordered key spaces, made from the journal and thrown away when in doubt.
//!
//! One trait, [`Db`], with two backends under one conformance suite (`tests`): [`SledDb`] on disk and [`MapDb`] in memory
//! for the simulator and for tests. Both keep sealed values; neither knows a key. sled is known in `sled` alone; `pack` holds
//! the values that are too large for it.
mod again;
mod map;
mod pack;
mod sled;
#[cfg(test)]
mod tests;

pub use again::Again;
pub use map::MapDb;
pub use sled::SledDb;

use protocol::data::Space;

/// What is written to one key: the sealed value, or none to remove it.
pub type Change = (Vec<u8>, Option<Vec<u8>>);
/// A key and its sealed value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// Sixteen ordered key spaces. Calls block and may touch the disk.
pub trait Db: Send + Sync {
    /// The value under `key`.
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, DbError>;
    /// Up to `limit` pairs whose key is at or above `from` and starts with `prefix`, in order of keys.
    fn scan(&self, space: Space, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Pair>, DbError>;
    /// Applies changes space by space in the order given. A crash may leave any number of the first ones: the caller
    /// keeps its own mark in the last, and repeating all of it is harmless.
    fn apply(&self, changes: Vec<(Space, Vec<Change>)>) -> Result<(), DbError>;
    /// Makes everything durable.
    fn flush(&self) -> Result<(), DbError>;
    /// Gives back room of values that are gone, where that pays; gives how many bytes. May read every key.
    fn tidy(&self) -> Result<u64, DbError> {
        Ok(0)
    }
    /// Closes the index and opens it anew, with what of it is on the disk: an earlier state, perhaps. False if this one has
    /// nothing to open.
    ///
    /// # Errors
    /// It does not open. It may be tried again.
    fn reopen(&self) -> Result<bool, DbError> {
        Ok(false)
    }
}

/// Why the index could not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DbError {
    /// Its files are damaged, or it panicked. It must be rebuilt from the journal.
    #[error("the index is damaged: {0}")]
    Damaged(String),
    /// No room is left. Nothing is damaged.
    #[error("the disk is full: the index cannot be opened or written. Free some space and start again")]
    Full,
    /// The operating system refused.
    #[error("the index cannot be used: {0}")]
    Disk(String),
    /// Something else holds its files.
    #[error("the index is held by something else: {0}")]
    Held(String),
}

impl DbError {
    /// Whether the disk is at fault and not what lies on it: opened anew, the index may answer again.
    pub(crate) fn is_trouble(&self) -> bool {
        matches!(self, Self::Full | Self::Disk(_))
    }
}
