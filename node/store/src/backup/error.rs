//! Why there is no backup, or no way back from one.
use crate::disk::{DiskError, Trouble};

/// Why a backup could not be made or used. A backup that was complete before stays so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackupFault {
    /// There is no manifest in the folder.
    #[error(
        "there is no backup in this folder: it has no file `manifest`. Name the folder that `musubi backup --to` was given"
    )]
    None,
    /// The manifest is damaged, and the one before it too.
    #[error("the manifest of this backup is damaged ({0}), and so is manifest.old. Use another backup")]
    Manifest(&'static str),
    /// Written by a newer release.
    #[error("this backup was made by a newer release. Install that release and restore with it")]
    Newer,
    /// Made with another key.
    #[error(
        "the key does not fit this backup. Give the folder keys/ of the node that made it with --keys DIR \
         (from its own backup, or made from the recovery sheet)"
    )]
    WrongKey,
    /// There is no key.
    #[error(
        "there is no store.key in {0}. Keys are never in a backup: give the folder keys/ of the node with --keys DIR \
         (from its own backup, or made from the recovery sheet)"
    )]
    NoKey(String),
    /// The target has something else in it.
    #[error("{0} is not empty, and no restore of this backup was begun in it. Choose an empty or new folder")]
    NotEmpty(String),
    /// Backups of another store lie there.
    #[error("this folder has the backup of another store in it. Choose another folder for this node")]
    OtherStore,
    /// The journal is damaged where the backup needs it.
    #[error("no backup was made: {0}")]
    Damaged(String),
    /// The disk is full.
    #[error("no room: {0}. What was copied stays; with more room the same command goes on")]
    Full(DiskError),
    /// The disk refused.
    #[error(transparent)]
    Disk(DiskError),
    /// It was told to stop.
    #[error("stopped; what was copied stays, and the same command goes on")]
    Stopped,
}

impl From<DiskError> for BackupFault {
    fn from(error: DiskError) -> Self {
        if error.trouble == Trouble::Full { Self::Full(error) } else { Self::Disk(error) }
    }
}
