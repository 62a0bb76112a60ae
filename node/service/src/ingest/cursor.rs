use super::limits::UNIT_FILES_MAX;
use super::report::{IgnoredWhy, ScanReport};
use protocol::crypto::mac;
use protocol::data::{Space, View, decode};
use protocol::time::Date;
use records::ssmix2::cursor::{Listing, Print};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What became of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Fate {
    /// A version of a record.
    Record {
        /// The version's name in its head's key.
        name: [u8; 16],
        /// The day under which it is stored.
        date: Option<Date>,
        /// Whether it holds.
        standing: Standing,
    },
    /// No record.
    Ignored(IgnoredWhy),
    /// In quarantine; `again` says that the next scan tries it although it did not change (it could not be opened).
    Quarantined {
        /// Whether to try again.
        again: bool,
    },
}

impl Fate {
    /// The name of the version, if it is one.
    pub(super) fn name(&self) -> Option<[u8; 16]> {
        match self {
            Self::Record { name, .. } => Some(*name),
            Self::Ignored(_) | Self::Quarantined { .. } => None,
        }
    }
}

/// Whether a version holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Standing {
    Stored,
    History,
    Deleted,
}

/// One file of a unit at the last scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileEntry {
    pub(super) print: Print,
    pub(super) fate: Fate,
}

/// All files of a unit at the last scan, by their path below the root of the feed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    pub(super) files: BTreeMap<String, FileEntry>,
}

impl Cursor {
    /// What was noted of the unit at the last scan; nothing if it is new. None if nobody can tell: the key of its patient is
    /// lost.
    pub(super) fn load(view: &dyn View, key: &[u8]) -> Option<Self> {
        match view.get(Space::Meta, key) {
            Some(value) if value == store::LOST => None,
            value => Some(value.and_then(|value| decode(&value)).unwrap_or_default()),
        }
    }
    /// For comparing with a new walk.
    pub(super) fn listing(&self) -> Listing {
        let mut listing = Listing::default();
        self.files.iter().for_each(|(path, entry)| listing.add(path.clone(), entry.print.bytes, entry.print.modified));
        listing
    }
    /// Adds the fates of all files that were seen to a report.
    pub(super) fn count(&self, unseen: &BTreeSet<String>, report: &mut ScanReport) {
        for (_, entry) in self.files.iter().filter(|(path, _)| !unseen.contains(*path)) {
            match entry.fate {
                Fate::Ignored(why) => {
                    report.ignore(why, 1);
                    continue;
                }
                Fate::Quarantined { .. } => report.quarantined += 1,
                Fate::Record { standing: Standing::Stored, .. } => report.stored += 1,
                Fate::Record { standing: Standing::History, .. } => report.history += 1,
                Fate::Record { standing: Standing::Deleted, .. } => report.deleted += 1,
            }
            report.seen += 1;
        }
    }
}

/// A version whose file is no longer where it was: gone, or other content stands there now. The record stays, and an export
/// writes it to its place again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Past {
    /// Where it was, below the root.
    pub(super) path: String,
    /// What it was.
    pub(super) entry: FileEntry,
}

/// All versions of a unit whose files are no longer where they were, oldest first.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Gone {
    pub(super) files: Vec<Past>,
}

impl Gone {
    /// What is noted of the unit with this cursor.
    pub(super) fn load(view: &dyn View, cursor_key: &[u8]) -> Self {
        view.get(Space::Meta, &gone_key(cursor_key)).and_then(|value| decode(&value)).unwrap_or_default()
    }
    /// Adds what is new; leaves out what the cursor has again, and the oldest beyond the limit.
    pub(super) fn add(&mut self, more: Vec<Past>, cursor: &Cursor) {
        for past in more {
            if !self.files.iter().any(|old| old.path == past.path && old.entry.fate.name() == past.entry.fate.name()) {
                self.files.push(past);
            }
        }
        let is_back =
            |past: &Past| cursor.files.get(&past.path).is_some_and(|entry| entry.fate.name() == past.entry.fate.name());
        self.files.retain(|past| !is_back(past));
        let over = self.files.len().saturating_sub(UNIT_FILES_MAX);
        self.files.drain(..over);
    }
}

/// Where it is noted which versions of a unit are no longer where they were.
pub(super) fn gone_key(cursor_key: &[u8]) -> Vec<u8> {
    let (feed, unit) = cursor_key.split_at(cursor_key.len().saturating_sub(16));
    [feed.strip_suffix(UNIT).unwrap_or(feed), b"/gone/", unit].concat()
}

/// Under which all cursors of a feed lie.
pub(super) fn cursors_prefix(feed: [u8; 8]) -> Vec<u8> {
    [b"feed/".as_slice(), &feed, UNIT].concat()
}

const UNIT: &[u8] = b"/unit/";

/// Where the cursor of a unit lies; paths hold patient numbers, so a keyed hash stands for them.
pub(super) fn cursor_key(salt: &[u8], feed: [u8; 8], unit: &str) -> Vec<u8> {
    let hash = mac(salt, &[&feed, unit.as_bytes()]);
    [cursors_prefix(feed).as_slice(), &hash[..16]].concat()
}

/// Where the records are counted whose scan did not end yet.
pub(super) fn open_key(feed: [u8; 8]) -> Vec<u8> {
    [b"feed/".as_slice(), &feed, b"/open"].concat()
}

/// Where the report of the last scan lies that changed something.
pub(super) fn report_key(feed: [u8; 8]) -> Vec<u8> {
    [b"feed/".as_slice(), &feed, b"/report"].concat()
}

/// A path, a fingerprint and a fate take some 150 bytes.
const _: () = assert!(UNIT_FILES_MAX * 200 <= store::limits::VALUE_BYTES_MAX);
