//! What a check reports.
use crate::blobs::BlobId;
use protocol::data::Space;
use std::fmt;

/// Which part of the store is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// `snapshots/`.
    Snapshot,
    /// `journal/`.
    Journal,
    /// `db/`.
    Index,
    /// `blobs/`.
    Blob,
    /// The log of what was done with records.
    Log,
}

impl Part {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Journal => "journal",
            Self::Index => "index",
            Self::Blob => "blob",
            Self::Log => "log",
        }
    }
}

/// One damage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Which part.
    pub part: Part,
    /// File or folder, relative to the node's folder.
    pub file: String,
    /// Where in it, if that is known.
    pub byte: Option<u64>,
    /// What is wrong, and what it means.
    pub what: String,
    /// What to do.
    pub remedy: &'static str,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.byte {
            Some(byte) => write!(f, "{} at byte {byte}: {}. {}", self.file, self.what, self.remedy),
            None => write!(f, "{}: {}. {}", self.file, self.what, self.remedy),
        }
    }
}

impl Damage {
    pub(super) fn journal(what: String) -> Self {
        Self { part: Part::Journal, file: "journal".into(), byte: None, what, remedy: FROM_BACKUP }
    }
    pub(super) fn index(what: String) -> Self {
        Self { part: Part::Index, file: "db".into(), byte: None, what, remedy: BY_RESTART }
    }
    pub(super) fn log(what: String) -> Self {
        let what = format!("the audit log does not verify: {what}");
        Self { part: Part::Log, file: "db".into(), byte: None, what, remedy: KEEP_AND_RESTORE }
    }
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Last good frame.
    pub head: u64,
    /// Snapshots that read well.
    pub snapshots: u64,
    /// Segments of the journal that were read.
    pub segments: u64,
    /// Good frames in them.
    pub frames: u64,
    /// Bytes of them.
    pub journal_bytes: u64,
    /// Keys of the index in each space, in the order of [`Space::ALL`].
    pub keys: Vec<(Space, u64)>,
    /// Good blobs.
    pub blobs: u64,
    /// Plain bytes of them.
    pub blob_bytes: u64,
    /// Blobs that the ledger does not know: finished, but their batch never came.
    pub unnamed_blobs: u64,
    /// Events in the audit log, all of them under its root.
    pub log_events: u64,
    /// Blobs that are damaged or missing.
    pub damaged_blobs: Vec<BlobId>,
    /// What was wrong and is not any more: a start has put it right.
    pub healed: Vec<String>,
    /// What could not be checked, and why.
    pub not_checked: Vec<&'static str>,
    /// Everything that is wrong; empty if all is well.
    pub damages: Vec<Damage>,
}

impl VerifyReport {
    /// Adds why the store does not open, unless damage that says it is there already.
    pub(crate) fn add_refusal(&mut self, error: &crate::error::OpenError) {
        if self.damages.iter().all(|damage| damage.part == Part::Blob) {
            self.damages.push(Damage::journal(format!("the store does not open: {error}")));
        }
    }

    /// Whether all is well.
    pub fn is_sound(&self) -> bool {
        self.damages.is_empty()
    }
}

pub(super) const FROM_BACKUP: &str =
    "Records of this stretch have this one copy here: put the file back with `musubi store repair --from BACKUP`";
pub(super) const SEE_VERIFY: &str = "`musubi store verify` tells whether another copy here has it; if not, stop the node and `musubi store repair --from BACKUP`";
pub(super) const COVERED: &str =
    "Nothing is lost: a good snapshot has all of it. `musubi store repair` takes the file out of the way";
pub(super) const SNAPSHOT_SPARE: &str = "Nothing is lost: an older snapshot or the whole journal stands in. `musubi store repair` takes the file out of the way";
pub(super) const SNAPSHOT_NEEDED: &str = "The index still has all of it, but could not be made again: `musubi store repair --from BACKUP` puts the file back";
pub(super) const BLOB_FROM_BACKUP: &str = "The records in it cannot be read: `musubi store repair --from BACKUP` puts the file back, or a new scan of its source";
pub(super) const BY_RESTART: &str = "Nothing is lost: the next start makes the index anew from snapshots and journal";
pub(super) const KEEP_AND_RESTORE: &str = "Somebody changed the log, or the store is an old copy: keep the folder as it is and restore the newest backup into another";
