//! Why a store could not be opened, and what opening it found.
use crate::db::DbError;
use crate::disk::{DiskError, Trouble};
use crate::journal::{AppendError, Cut, JournalError};
use crate::keyring::KeyringError;
use crate::snapshot::SnapshotError;
use std::path::PathBuf;

/// Why a store could not be opened. Nothing of it was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process holds the folder.
    #[error(
        "{}: in use by another process{}. Stop that one first, or ask it: a verb that finds a running node uses it",
        folder.display(), pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default()
    )]
    Held {
        /// The folder.
        folder: PathBuf,
        /// The process that holds it, where it left its number.
        pid: Option<u32>,
    },
    /// The folder cannot be made or written.
    #[error("{}: cannot be written ({why}). Give the node's account write access, or choose another folder", folder.display())]
    NotWritable {
        /// The folder.
        folder: PathBuf,
        /// In the words of the operating system.
        why: String,
    },
    /// No room is left, even after the reserve was given back.
    #[error("the disk is full, and the store cannot be opened without some room. Free a few MiB and start again")]
    Full,
    /// There is a journal, but not the key that opens it.
    #[error("keys/store.key is missing, and without it the journal cannot be read. Put it back from its backup")]
    KeyMissing,
    /// Written by a newer release.
    #[error("the store has schema {found}, this release knows up to {known}. Install the newer release again")]
    Newer {
        /// Its schema.
        found: u32,
        /// The newest schema that this release knows.
        known: u32,
    },
    /// The index does not fit the journal and must be rebuilt. [`crate::Store::open`] does that itself.
    #[error("the index must be rebuilt: {0}")]
    IndexUnfit(String),
    /// The index cannot be used.
    #[error(transparent)]
    Index(DbError),
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(JournalError),
    /// A restore into this folder was begun and not finished.
    #[error(
        "this folder is being restored from a backup, and not all is here yet. Run the same `musubi restore` again; it goes on"
    )]
    Restoring,
    /// No snapshot can be used, for this reason.
    #[error(transparent)]
    Snapshot(SnapshotError),
    /// A new store could not write its first frame, or an old one the frames of a migration.
    #[error("the store could not be written: {0}")]
    FirstWrite(AppendError),
    /// The keys of the patients cannot be used.
    #[error(transparent)]
    Keys(KeyringError),
    /// The disk refused.
    #[error(transparent)]
    Disk(DiskError),
}

impl From<KeyringError> for OpenError {
    fn from(error: KeyringError) -> Self {
        match error {
            KeyringError::Disk(error) => error.into(),
            error => Self::Keys(error),
        }
    }
}

impl From<DiskError> for OpenError {
    fn from(error: DiskError) -> Self {
        if error.trouble == Trouble::Full { Self::Full } else { Self::Disk(error) }
    }
}

impl From<JournalError> for OpenError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Disk(error) => error.into(),
            JournalError::Diverged { .. } => Self::IndexUnfit(error.to_string()),
            error => Self::Journal(error),
        }
    }
}

impl From<SnapshotError> for OpenError {
    fn from(error: SnapshotError) -> Self {
        match error {
            SnapshotError::Disk(error) => error.into(),
            error => Self::Snapshot(error),
        }
    }
}

impl From<AppendError> for OpenError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Full => Self::Full,
            error => Self::FirstWrite(error),
        }
    }
}

impl From<DbError> for OpenError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Full => Self::Full,
            DbError::Damaged(why) => Self::IndexUnfit(why),
            error => Self::Index(error),
        }
    }
}

/// What opening a store found and did; for the console.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// The store is new.
    pub is_new: bool,
    /// Last frame of the journal.
    pub position: u64,
    /// A frame that a crash left incomplete was removed.
    pub cut: Option<Cut>,
    /// Frames that the index lacked and was given.
    pub replayed: u64,
    /// The index was set aside and made anew.
    pub rebuilt: Option<Rebuilt>,
    /// The frame of the snapshot that the index was begun from.
    pub base: Option<u64>,
    /// Snapshots that could not be used, in sentences.
    pub bad_snapshots: Vec<String>,
    /// The schema that the store had, and has now.
    pub migrated: Option<(u32, u32)>,
    /// The disk has room for the reserve.
    pub has_reserve: bool,
    /// Unfinished blobs that were removed.
    pub removed_parts: u64,
}

/// Why the index was made anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// What was wrong with it.
    pub why: String,
    /// Where its files are now, relative to the folder.
    pub kept_as: Option<String>,
}
