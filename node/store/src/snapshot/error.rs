//! Why a snapshot cannot be used.
use crate::disk::DiskError;

/// Why a snapshot cannot be used. Nothing was changed on disk.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Its bytes are no longer what was written. An older snapshot and the journal behind it, or a backup, replace it.
    #[error("snapshots/{file} is damaged at byte {offset}: {what}")]
    Damaged {
        /// File name.
        file: String,
        /// Where in it.
        offset: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// Written by a newer release.
    #[error("snapshots/{file} has format {found}, this release reads up to {known}. Install the newer release again")]
    Newer {
        /// File name.
        file: String,
        /// Its format.
        found: u8,
        /// The newest format that this release knows.
        known: u8,
    },
    /// Written with another key.
    #[error("keys/store.key does not fit snapshots/{file}. Put the key of this store back from its backup")]
    WrongKey {
        /// File name.
        file: String,
    },
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}
