//! What cannot be read: a copy with its reason under `quarantine/`, and an item in the store that says which file it was.
//!
//! Names of copies are keyed hashes; the path, which holds a patient's number, stands only in the sealed item.
use super::feed::Feed;
use super::limits::{QUARANTINE_COPY_BYTES_MAX, QUARANTINE_PAGE, REASON_CHARS_MAX};
use super::read::open_plain;
use super::walk::{Seen, real_path};
use protocol::audit::{Event, What};
use protocol::crypto::mac;
use protocol::data::{Batch, Space, View, decode, encode};
use protocol::ids::FacilityId;
use protocol::time::Millis;
use records::Redacted;
use records::ssmix2::PathReason;
use records::ssmix2::cursor::Print;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Why a file is in quarantine; a sentence without anything of a patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum QuarantineReason {
    /// Its path does not say what it is.
    #[error("{0}")]
    Path(PathReason),
    /// Its content is not what its path says, or nothing at all.
    #[error("{0}")]
    Content(String),
    /// Larger than is read.
    #[error("has {size} bytes, more than the {max} that are read; split it, or ask what writes here")]
    TooLarge {
        /// Its size.
        size: u64,
        /// The limit.
        max: u64,
    },
    /// The operating system refuses.
    #[error("could not be opened ({0}); give the node's account read access, it is tried again at each scan")]
    Unreadable(String),
    /// Its size is another than a moment ago.
    #[error("changed while it was read; it is tried again at the next scan")]
    Changing,
    /// The folder above became a link.
    #[error("stands behind a symbolic link, which is not followed; put the files themselves here")]
    Link,
    /// No patient number.
    #[error("the patient folder's name is no number that a patient can have (64 bytes at most)")]
    Number,
}

impl QuarantineReason {
    /// Whether the next scan tries again although the file did not change.
    pub fn is_tried_again(&self) -> bool {
        matches!(self, Self::Unreadable(_) | Self::Changing | Self::Link)
    }
}

/// One file in quarantine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// Name of the copy and of its note.
    pub id: String,
    /// Which feed.
    pub feed: String,
    /// Whose.
    pub facility: FacilityId,
    /// Where it is below the feed's root. Holds a patient's number.
    pub path: Redacted<String>,
    /// Why.
    pub reason: QuarantineReason,
    /// Size and time when it was tried.
    pub print: Print,
    /// Since when.
    pub since: Millis,
    /// How often it was tried.
    pub tries: u32,
    /// Whether its bytes are kept in the folder.
    pub has_copy: bool,
}

/// The quarantine of a node: a folder and items in the store.
pub(super) struct Quarantine<'a> {
    pub(super) folder: &'a Path,
    pub(super) salt: &'a [u8],
    pub(super) feed: &'a Feed,
}

impl Quarantine<'_> {
    /// Puts a file into quarantine: copy and note at once, item and event with `batch`. The same file for the same reason
    /// changes nothing.
    pub(super) fn put(&self, view: &dyn View, batch: &mut Batch, now: Millis, file: (&str, &Seen, QuarantineReason)) {
        let (path, seen, reason) = file;
        let reason = shortened(reason);
        let key = self.key(path);
        let old: Option<Quarantined> = view.get(Space::Desk, &key).and_then(|value| decode(&value));
        if old.as_ref().is_some_and(|old| old.reason == reason && old.print == seen.print) {
            return;
        }
        let id = self.copy_id(path, seen.print);
        let has_copy = self.copy(&id, seen, &reason, now).unwrap_or_else(|error| {
            tracing::warn!(feed = %self.feed.name, kind = %error.kind(), "no copy could be put into quarantine; the file stays at its source");
            false
        });
        let item = Quarantined {
            id,
            feed: self.feed.name.clone(),
            facility: self.feed.facility.clone(),
            path: path.to_owned().into(),
            reason,
            print: seen.print,
            since: old.as_ref().map_or(now, |old| old.since),
            tries: old.map_or(1, |old| old.tries.saturating_add(1)),
            has_copy,
        };
        let event = Event::new(now, What::Quarantined).facility(self.feed.facility.clone()).count(1);
        batch.log(event.note(item.id.clone()));
        batch.put(Space::Desk, key, encode(&item));
    }

    /// A file is no trouble any more, or gone: its item goes, its copy and note stay.
    pub(super) fn resolve(&self, view: &dyn View, batch: &mut Batch, path: &str) {
        let key = self.key(path);
        let Some(item) = view.get(Space::Desk, &key).and_then(|value| decode::<Quarantined>(&value)) else { return };
        batch.remove(Space::Desk, key);
        let note = self.folder.join(format!("{}.txt", item.id));
        let resolved = self.folder.join(format!("{}.resolved.txt", item.id));
        if let Err(error) = fs::rename(note, resolved)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(id = %item.id, kind = %error.kind(), "the note of a resolved file could not be renamed");
        }
    }

    /// Items of this feed whose files are not below its root any more.
    pub(super) fn gone(&self, view: &dyn View, root: &Path) -> Vec<String> {
        let here = |item: &Quarantined| {
            let Some(path) = real_path(item.path.expose()) else { return true };
            let looked = fs::symlink_metadata(root.join(path));
            !looked.is_err_and(|error| matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory))
        };
        let items = items(view, &self.prefix());
        items.into_iter().filter(|item| !here(item)).map(|item| item.path.into_exposed()).collect()
    }

    /// What is noted of a file in quarantine.
    pub(super) fn item(&self, view: &dyn View, path: &str) -> Option<Quarantined> {
        view.get(Space::Desk, &self.key(path)).and_then(|value| decode(&value))
    }

    fn prefix(&self) -> Vec<u8> {
        [PREFIX, &self.feed.id()].concat()
    }
    fn key(&self, path: &str) -> Vec<u8> {
        let hash = mac(self.salt, &[b"quarantine", path.as_bytes()]);
        [self.prefix().as_slice(), &hash[..16]].concat()
    }
    fn copy_id(&self, path: &str, print: Print) -> String {
        let parts = [&self.feed.id(), path.as_bytes(), &print.bytes.to_be_bytes(), &print.modified.0.to_be_bytes()];
        let hash = mac(self.salt, &parts);
        hash[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Copy first, note last; both are synced. Whether there is a copy.
    fn copy(&self, id: &str, seen: &Seen, reason: &QuarantineReason, now: Millis) -> io::Result<bool> {
        let can = seen.print.bytes <= QUARANTINE_COPY_BYTES_MAX && !reason.is_tried_again();
        if can {
            let part = self.folder.join(format!("{id}.part"));
            let mut source = open_plain(&seen.at)?.take(QUARANTINE_COPY_BYTES_MAX);
            let mut copy = own_file(&part)?;
            io::copy(&mut source, &mut copy)?;
            copy.sync_all()?;
            fs::rename(&part, self.folder.join(format!("{id}.file")))?;
        }
        let mut note = own_file(&self.folder.join(format!("{id}.txt")))?;
        let (feed, facility) = (&self.feed.name, &self.feed.facility);
        writeln!(note, "facility {facility}, feed {feed}, {} (JST), {} bytes", now.date_jst(), seen.print.bytes)?;
        writeln!(note, "{reason}")?;
        note.sync_all()?;
        Ok(can)
    }
}

/// All files in quarantine of all feeds.
pub(super) fn all(view: &dyn View) -> Vec<Quarantined> {
    items(view, PREFIX)
}

/// Where the copy of an item lies.
pub(super) fn copy_path(folder: &Path, item: &Quarantined) -> PathBuf {
    folder.join(format!("{}.file", item.id))
}

/// Takes what a patient left in quarantine out of the store; the files go with [`Quarantined::remove_files`], afterwards.
pub(crate) fn forget(view: &dyn View, batch: &mut Batch, facility: &FacilityId, number: &str) -> Vec<Quarantined> {
    let (mut out, mut from) = (Vec::new(), Vec::new());
    loop {
        let page = view.scan(Space::Desk, PREFIX, &from, QUARANTINE_PAGE);
        let full = page.len() >= QUARANTINE_PAGE;
        for (key, value) in page {
            from = [key.as_slice(), &[0]].concat();
            let item = decode::<Quarantined>(&value);
            if let Some(item) = item.filter(|item| item.facility == *facility && names(item.path.expose(), number)) {
                batch.remove(Space::Desk, key);
                out.push(item);
            }
        }
        if !full {
            return out;
        }
    }
}

/// Whether a part of a path, or of a file's name, is this patient number.
fn names(path: &str, number: &str) -> bool {
    path.split(['/', '_']).any(|part| part == number)
}

impl Quarantined {
    /// Overwrites and removes its copy and its note.
    pub(crate) fn remove_files(&self, folder: &Path) {
        let folder = folder.join("quarantine");
        for end in ["file", "txt", "resolved.txt"] {
            let path = folder.join(format!("{}.{end}", self.id));
            if let Err(error) = overwrite(&path)
                && error.kind() != io::ErrorKind::NotFound
            {
                tracing::warn!(id = %self.id, kind = %error.kind(), "a file of an erased patient stays in quarantine; remove it");
            }
        }
    }
}

fn overwrite(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    let len = file.metadata()?.len();
    io::copy(&mut io::repeat(0).take(len), &mut file)?;
    file.sync_all()?;
    fs::remove_file(path)
}

fn items(view: &dyn View, prefix: &[u8]) -> Vec<Quarantined> {
    let (mut out, mut from) = (Vec::new(), Vec::new());
    loop {
        let page = view.scan(Space::Desk, prefix, &from, QUARANTINE_PAGE);
        let full = page.len() >= QUARANTINE_PAGE;
        if let Some((last, _)) = page.last() {
            from = [last.as_slice(), &[0]].concat();
        }
        out.extend(page.into_iter().filter_map(|(_, value)| decode(&value)));
        if !full {
            return out;
        }
    }
}

fn shortened(reason: QuarantineReason) -> QuarantineReason {
    match reason {
        QuarantineReason::Content(text) => QuarantineReason::Content(text.chars().take(REASON_CHARS_MAX).collect()),
        other => other,
    }
}

/// A file that only the node's account may read.
fn own_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

const PREFIX: &[u8] = b"quarantine/";
