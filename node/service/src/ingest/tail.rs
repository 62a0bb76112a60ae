//! The transaction storage as a change feed: new header lines say in which patient's day something changed, and only these
//! folders are listed. A change is found without a walk; what the journal does not tell, the next walk finds.
use super::commit::Closing;
use super::crew;
use super::feed::Feed;
use super::limits::{TAIL_FILES_MAX, TAIL_LINE_BYTES_MAX, TAIL_UNITS_MAX, TAIL_VOLUMES_MAX};
use super::read::open_plain;
use super::report::{Progress, ScanError, ScanReport};
use super::scan::{Ingest, Retry, close};
use super::walk::{WalkError, again};
use protocol::data::{Batch, Outcome, Space, View, decode, encode};
use records::ssmix2::transaction::{Line, is_journal_name, line};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::Path;
use std::sync::PoisonError;

/// How far a journal was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    /// The file, below the journal's root; empty before the first.
    file: String,
    /// Bytes of it that were read, up to the end of a line.
    offset: u64,
}

/// What following a journal found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// Header lines of this facility that are new.
    pub changes: u64,
    /// Lines that begin like a header and are none, and headers of other facilities.
    pub odd: u64,
    /// The journal does not go on where it was left, or was never read: only a walk tells what changed meanwhile.
    pub needs_scan: bool,
    /// What was found in the folders that it names.
    pub scan: ScanReport,
}

impl Ingest {
    /// Takes in what the journal below `journal` tells since the last call. Folders of the last call are listed once more: a
    /// journal may be written before the file that it tells of.
    ///
    /// # Errors
    /// [`ScanError`]; what was committed stays, and the next call reads the same lines again.
    pub fn follow(
        &self,
        feed: &Feed,
        journal: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Followed, ScanError> {
        let key = mark_key(feed.id());
        let mark = self.store.view().get(Space::Meta, &key).and_then(|value| decode::<Mark>(&value));
        let unreadable = |error: io::Error| ScanError::Root { root: journal.to_owned(), why: error.to_string() };
        let files = journal_files(journal).map_err(unreadable)?;
        let Some(mark) = mark else {
            // What is in it now, the walk that has to follow finds.
            self.move_mark(&key, &end_of(journal, &files))?;
            return Ok(Followed { needs_scan: true, ..Followed::default() });
        };
        let mut news = News { feed, mark: mark.clone(), units: BTreeSet::new(), followed: Followed::default() };
        news.read(journal, &files).map_err(unreadable)?;
        let News { mark: reached, units, mut followed, .. } = news;
        let last = self.inner.followed.lock().unwrap_or_else(PoisonError::into_inner).remove(&feed.id());
        let all: BTreeSet<String> = units.iter().cloned().chain(last.unwrap_or_default()).collect();
        if !all.is_empty() {
            followed.scan = self.look_at(feed, &all, progress)?;
        }
        if reached != mark {
            self.move_mark(&key, &reached)?;
        }
        self.inner.followed.lock().unwrap_or_else(PoisonError::into_inner).insert(feed.id(), units);
        Ok(followed)
    }

    /// Takes in these folders and no others.
    fn look_at(
        &self,
        feed: &Feed,
        units: &BTreeSet<String>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<ScanReport, ScanError> {
        self.with_job(feed, Retry::Changed, |job, root| {
            let volumes = volumes(root);
            let walk = |each: &mut dyn FnMut(super::walk::Unit) -> Result<(), WalkError>| {
                for unit in units {
                    for volume in &volumes {
                        let path = if volume.is_empty() { unit.clone() } else { format!("{volume}/{unit}") };
                        if root.join(&path).is_dir() {
                            each(again(root, &path))?;
                        }
                    }
                }
                Ok(())
            };
            let worked = crew::work(job, walk, progress);
            let (whole, patients) = worked.map_err(|error| error.into_scan_error(feed))?;
            let told = ScanReport { began: self.clock.now(), patients, ..ScanReport::default() };
            close(whole, job, told, Closing::Follow)
        })
    }

    fn move_mark(&self, key: &[u8], mark: &Mark) -> Result<(), ScanError> {
        let mut batch = Batch::default();
        batch.put(Space::Meta, key.to_vec(), encode(mark));
        match self.store.commit(batch) {
            Outcome::Committed { .. } => Ok(()),
            Outcome::Failed(why) => Err(ScanError::Store(why)),
        }
    }
}

/// Header lines on their way to folders.
struct News<'a> {
    feed: &'a Feed,
    mark: Mark,
    units: BTreeSet<String>,
    followed: Followed,
}

impl News<'_> {
    fn read(&mut self, journal: &Path, files: &[String]) -> io::Result<()> {
        let is_there = self.mark.file.is_empty() || files.contains(&self.mark.file);
        self.followed.needs_scan |= !is_there;
        let begun = self.mark.file.clone();
        for file in files.iter().filter(|file| **file >= begun) {
            if self.units.len() >= TAIL_UNITS_MAX {
                return Ok(());
            }
            if *file != self.mark.file {
                self.mark = Mark { file: file.clone(), offset: 0 };
            }
            self.file(&journal.join(file))?;
        }
        Ok(())
    }

    fn file(&mut self, at: &Path) -> io::Result<()> {
        let mut file = open_plain(at)?;
        if file.metadata()?.len() < self.mark.offset {
            // Shorter than it was: another file under the same name.
            self.followed.needs_scan = true;
            self.mark.offset = 0;
        }
        file.seek(SeekFrom::Start(self.mark.offset))?;
        let mut lines = BufReader::new(file);
        let mut text = Vec::new();
        while self.units.len() < TAIL_UNITS_MAX {
            text.clear();
            let Some(length) = next_line(&mut lines, &mut text)? else { return Ok(()) };
            self.mark.offset += length;
            self.line(&text);
        }
        Ok(())
    }

    fn line(&mut self, text: &[u8]) {
        match line(text) {
            Line::Text => {}
            Line::Changed(changed) if changed.facility == self.feed.facility.as_str() => {
                self.followed.changes += 1;
                match changed.folder() {
                    Some(folder) => drop(self.units.insert(folder)),
                    // Where such a number lies is not settled; the walk finds it.
                    None => self.followed.needs_scan = true,
                }
            }
            Line::Changed(_) => self.followed.odd += 1,
            Line::Odd => {
                self.followed.odd += 1;
                self.followed.needs_scan = true;
            }
        }
    }
}

/// Reads up to a CR or LF; gives how many bytes the line has with its end, or none if its end is not written yet. Of a line
/// that is longer than a header can be only the beginning is kept.
fn next_line(from: &mut impl BufRead, text: &mut Vec<u8>) -> io::Result<Option<u64>> {
    let mut length = 0u64;
    loop {
        let piece = from.fill_buf()?;
        if piece.is_empty() {
            return Ok(None);
        }
        let end = piece.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        let taken = end.unwrap_or(piece.len());
        let room = TAIL_LINE_BYTES_MAX.saturating_sub(text.len());
        text.extend_from_slice(&piece[..taken.min(room)]);
        let used = taken + usize::from(end.is_some());
        from.consume(used);
        length += used as u64;
        if end.is_some() {
            return Ok(Some(length));
        }
    }
}

/// The files of a journal in the order in which they were begun.
fn journal_files(journal: &Path) -> io::Result<Vec<String>> {
    let mut files = Vec::new();
    for year in std::fs::read_dir(journal)? {
        let year = year?;
        let name = year.file_name().to_string_lossy().into_owned();
        if year.file_type()?.is_file() && is_journal_name(&name) {
            files.push(name);
        } else if year.file_type()?.is_dir() && name.len() == 4 && name.bytes().all(|byte| byte.is_ascii_digit()) {
            for file in std::fs::read_dir(year.path())?.flatten() {
                let inner = file.file_name().to_string_lossy().into_owned();
                if is_journal_name(&inner) && file.file_type()?.is_file() {
                    files.push(format!("{name}/{inner}"));
                }
            }
        }
        if files.len() > TAIL_FILES_MAX {
            return Err(io::Error::other(format!("more than {TAIL_FILES_MAX} journal files; move old years away")));
        }
    }
    files.sort();
    Ok(files)
}

fn end_of(journal: &Path, files: &[String]) -> Mark {
    let Some(last) = files.last() else { return Mark::default() };
    let length = std::fs::metadata(journal.join(last)).map_or(0, |data| data.len());
    Mark { file: last.clone(), offset: length }
}

/// Folders of volumes directly below a root; the empty name is the root itself.
fn volumes(root: &Path) -> Vec<String> {
    let below = std::fs::read_dir(root).into_iter().flatten().flatten();
    let folders = below.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let names = folders.filter_map(|entry| entry.file_name().into_string().ok());
    // Folders of three characters are the first of a patient's number.
    let volumes = names.filter(|name| name.chars().count() != 3).take(TAIL_VOLUMES_MAX);
    std::iter::once(String::new()).chain(volumes).collect()
}

/// Where it is noted how far the journal of a feed was read.
fn mark_key(feed: [u8; 8]) -> Vec<u8> {
    [b"feed/".as_slice(), &feed, b"/tail"].concat()
}
