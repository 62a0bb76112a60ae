use protocol::time::Millis;
use records::ssmix2::IgnoreReason;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Why a file is no record and no trouble either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, thiserror::Error)]
pub enum IgnoredWhy {
    /// By its path.
    #[error(transparent)]
    Path(IgnoreReason),
    /// Not followed, wherever it leads.
    #[error("symbolic link")]
    Link,
    /// A device, a pipe, a socket.
    #[error("not a file")]
    NotAFile,
    /// Too many in one folder.
    #[error("beyond the limit of files in one folder")]
    TooMany,
    /// Too many folders within each other.
    #[error("beyond the limit of folders within each other")]
    TooDeep,
    /// Of somebody who was erased here.
    #[error("of a patient who was erased here")]
    Erased,
}

/// How far a scan is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Files seen.
    pub seen: u64,
    /// Files whose content was read.
    pub read: u64,
    /// Records that are durable.
    pub committed: u64,
}

/// What a scan found: `seen = stored + history + deleted + quarantined + ignored`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanReport {
    /// Files below the root.
    pub seen: u64,
    /// Files that are the current version of a record.
    pub stored: u64,
    /// Files that were replaced by a newer one.
    pub history: u64,
    /// Files of records that their source deleted.
    pub deleted: u64,
    /// Files that could not be read as what their path says; each is listed with its reason.
    pub quarantined: u64,
    /// Files that are no records, by reason.
    pub ignored: BTreeMap<String, u64>,
    /// Files of all these that are as they were at the last scan and were not opened.
    pub unchanged: u64,
    /// Files whose content was read.
    pub read: u64,
    /// Versions of records that were new.
    pub added: u64,
    /// Files that were there at the last scan and are not now. Their records stay: only flags delete.
    pub vanished: u64,
    /// Folders that could not be read; what is in them is not counted and nothing was concluded from that.
    pub unreadable: u64,
    /// Patient folders seen, per volume.
    pub patients: u64,
    /// Patients of whom something changed.
    pub patients_changed: u64,
    /// When it began.
    pub began: Millis,
    /// How long it took.
    pub took: Duration,
}

impl ScanReport {
    /// Whether every file seen has exactly one fate.
    pub fn adds_up(&self) -> bool {
        let ignored = self.ignored.values().sum::<u64>();
        self.seen == self.stored + self.history + self.deleted + self.quarantined + ignored
    }
    /// Adds what another worker counted.
    pub(super) fn add(&mut self, other: &Self) {
        self.seen += other.seen;
        self.stored += other.stored;
        self.history += other.history;
        self.deleted += other.deleted;
        self.quarantined += other.quarantined;
        for (why, count) in &other.ignored {
            *self.ignored.entry(why.clone()).or_default() += count;
        }
        self.unchanged += other.unchanged;
        self.read += other.read;
        self.added += other.added;
        self.vanished += other.vanished;
        self.unreadable += other.unreadable;
    }
    pub(super) fn ignore(&mut self, why: IgnoredWhy, count: u64) {
        self.seen += count;
        *self.ignored.entry(why.to_string()).or_default() += count;
    }
}

/// Why a scan ended early. What it had committed stays and the next scan goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The root is not there or not readable: a share may be away. Nothing was concluded from that.
    #[error("{}: cannot be read ({why}). Check the path of this feed and that the share is mounted; nothing was changed", root.display())]
    Root {
        /// The root.
        root: PathBuf,
        /// In the words of the operating system.
        why: String,
    },
    /// Another scan of this feed is under way.
    #[error("feed {0} is being scanned already; wait until that is done")]
    Running(String),
    /// Somebody asked to stop.
    #[error("the scan was stopped; the next one goes on from here")]
    Stopped,
    /// The store refused.
    #[error("the scan could not store what it read: {0}")]
    Store(String),
}
