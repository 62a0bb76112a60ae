//! Opening the journal, appending to it, beginning a new segment.
use super::anchor;
use super::error::{AppendError, JournalError};
use super::frame::{JournalKeys, Mark};
use super::reader::JournalReader;
use super::segment::{self, FOLDER, HEADER_BYTES, Tail};
use crate::disk::{Disk, DiskError, Trouble};
use protocol::data::Write;
use std::ops::ControlFlow;
use std::sync::Arc;

/// The end of the journal, open for writing.
pub(crate) struct Journal {
    disk: Arc<dyn Disk>,
    keys: Arc<JournalKeys>,
    segment: u64,
    bytes: u64,
    bytes_max: u64,
    head: Mark,
    refusing: Option<String>,
}

/// Bytes of a frame that a crash left incomplete, removed at opening. They were never acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// File name of the segment.
    pub segment: String,
    /// Where the frame began.
    pub offset: u64,
    /// How many bytes there were of it.
    pub bytes: u64,
}

/// What [`Journal::open`] found.
pub(crate) struct Opening {
    pub(crate) journal: Journal,
    pub(crate) cut: Option<Cut>,
    /// There was no journal, and the store is new.
    pub(crate) created: bool,
}

/// What the rest of the store knows of the journal at opening.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Floor {
    /// The last frame that the index has applied: what the journal must hold at least.
    pub(crate) seen: u64,
    /// The newest snapshot is of this frame: segments that lie wholly at or below it may be gone. 0 without one.
    pub(crate) covered: u64,
}

impl Journal {
    /// Opens the journal, or makes one.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        keys: Arc<JournalKeys>,
        bytes_max: u64,
        floor: Floor,
    ) -> Result<Opening, JournalError> {
        let mut segments = segment::list(&*disk)?;
        let mut journal = Self { disk, keys, segment: 0, bytes: 0, bytes_max, head: Mark::default(), refusing: None };
        let seen = floor.seen.max(floor.covered);
        let newest = anchor::read(&*journal.disk, &journal.keys)?;
        check_headers(&journal.reader(), &segments, floor.covered)?;
        if let Some(lost) = newest.filter(|newest| segments.last() < Some(newest)) {
            return Err(JournalError::Gap { segment: segment::name(lost) });
        }
        let mut cut = None;
        while let Some(last) = segments.pop() {
            let bytes = segment::load(&*journal.disk, last)?;
            let Some(before) = segment::open(&bytes, &journal.keys, last)? else {
                if newest == Some(last) {
                    let (offset, what) = (0, "its header is incomplete");
                    return Err(JournalError::Damaged { segment: segment::name(last), offset, position: last, what });
                }
                cut = Some(journal.drop_unborn(last, bytes.len() as u64)?);
                continue;
            };
            let walked = segment::walk(&bytes, &journal.keys, before, |_, _| ControlFlow::Continue(()));
            journal.segment = last;
            journal.head = walked.head;
            journal.bytes = walked.end;
            let damaged = |what| JournalError::Damaged {
                segment: segment::name(last),
                offset: walked.end,
                position: walked.head.position + 1,
                what,
            };
            match walked.tail {
                Tail::Clean | Tail::Stopped => {}
                Tail::Damaged(what) => return Err(damaged(what)),
                Tail::Torn if cut.is_some() || walked.head.position < seen => return Err(damaged("it is incomplete")),
                Tail::Torn => {
                    let gone = bytes.len() as u64 - walked.end;
                    journal.disk.truncate(&segment::path(last), walked.end)?;
                    journal.disk.sync(&segment::path(last))?;
                    cut = Some(Cut { segment: segment::name(last), offset: walked.end, bytes: gone });
                }
            }
            break;
        }
        if journal.head.position < seen {
            return Err(JournalError::Behind { head: journal.head.position, seen });
        }
        let created = journal.segment == 0;
        if created {
            journal.disk.make_folder(FOLDER)?;
            journal.disk.sync_folder("")?;
            journal.begin_segment()?;
        } else if newest != Some(journal.segment)
            && let Err(error) = anchor::write(&*journal.disk, &journal.keys, journal.segment)
        {
            // A store of an older release, or a crash at its last new segment. The next segment tries again.
            tracing::warn!(%error, "the newest segment could not be noted");
        }
        Ok(Opening { journal, cut, created })
    }

    /// Writes one frame and syncs it. On `Ok` the writes are durable.
    pub(crate) fn append(&mut self, writes: &[Write]) -> Result<Mark, AppendError> {
        if let Some(why) = &self.refusing {
            return Err(AppendError::Refusing(why.clone()));
        }
        let (frame, mark) = self.keys.frame(&self.head, writes).map_err(|bytes| AppendError::TooLarge { bytes })?;
        if self.bytes >= self.bytes_max && self.head.position >= self.segment {
            self.begin_segment().map_err(|error| self.refuse_unless_full(error))?;
        }
        let path = segment::path(self.segment);
        if let Err(error) = self.disk.append(&path, &frame) {
            return Err(self.take_back(&path, error));
        }
        if let Err(error) = self.disk.sync(&path) {
            return Err(self.refuse(&error));
        }
        self.bytes += frame.len() as u64;
        self.head = mark;
        Ok(mark)
    }

    /// The last frame.
    pub(crate) fn head(&self) -> Mark {
        self.head
    }

    /// Since which failure it takes no more writes.
    pub(crate) fn refusing(&self) -> Option<&str> {
        self.refusing.as_deref()
    }

    /// For reading what is written.
    pub(crate) fn reader(&self) -> JournalReader {
        JournalReader::new(self.disk.clone(), self.keys.clone())
    }

    /// A new file: header, sync, then the name. No frame goes into it before.
    fn begin_segment(&mut self) -> Result<(), DiskError> {
        let first = self.head.position + 1;
        let path = segment::path(first);
        self.disk.remove(&path)?;
        let made = self.disk.append(&path, &segment::header(&self.keys, &self.head));
        if let Err(error) = made {
            self.disk.remove(&path)?;
            return Err(error);
        }
        self.disk.sync(&path)?;
        self.disk.sync_folder(FOLDER)?;
        anchor::write(&*self.disk, &self.keys, first)?;
        self.segment = first;
        self.bytes = HEADER_BYTES as u64;
        Ok(())
    }

    /// Removes a last file without a whole header: a crash came between its making and its first frame.
    fn drop_unborn(&self, first: u64, bytes: u64) -> Result<Cut, JournalError> {
        self.disk.remove(&segment::path(first))?;
        self.disk.sync_folder(FOLDER)?;
        Ok(Cut { segment: segment::name(first), offset: 0, bytes })
    }

    /// After a failed write the file is cut to its old length and synced. Only if both succeed the journal goes on.
    fn take_back(&mut self, path: &str, error: DiskError) -> AppendError {
        let back = self.disk.truncate(path, self.bytes).and_then(|()| self.disk.sync(path));
        match back {
            Ok(()) if error.trouble == Trouble::Full => AppendError::Full,
            Ok(()) => AppendError::Write(error),
            Err(_) => self.refuse(&error),
        }
    }

    fn refuse_unless_full(&mut self, error: DiskError) -> AppendError {
        if error.trouble == Trouble::Full { AppendError::Full } else { self.refuse(&error) }
    }

    fn refuse(&mut self, error: &DiskError) -> AppendError {
        self.refusing = Some(error.to_string());
        AppendError::Refusing(error.to_string())
    }
}

/// A first segment behind a frame that is in no other: for a journal whose place a snapshot took.
pub(crate) fn begin_at(disk: &dyn Disk, keys: &JournalKeys, mark: &Mark) -> Result<(), DiskError> {
    let first = mark.position + 1;
    let (path, part) = (segment::path(first), format!("{FOLDER}/begin.part"));
    disk.make_folder(FOLDER)?;
    disk.remove(&part)?;
    disk.append(&part, &segment::header(keys, mark))?;
    disk.sync(&part)?;
    disk.rename(&part, &path)?;
    disk.sync_folder(FOLDER)?;
    anchor::write(disk, keys, first)
}

/// All segments are there and belong together, by their headers. Their frames are checked when they are read.
fn check_headers(reader: &JournalReader, segments: &[u64], covered: u64) -> Result<(), JournalError> {
    let Some((first, last)) = segments.first().zip(segments.last()) else { return Ok(()) };
    if *first != 1 && covered == 0 {
        return Err(JournalError::Gap { segment: segment::name(1) });
    }
    if *first > covered + 1 {
        return Err(JournalError::Uncovered { first: *first });
    }
    for number in segments {
        if reader.before(*number)?.is_none() && number != last {
            let what = "its header is incomplete";
            return Err(JournalError::Damaged { segment: segment::name(*number), offset: 0, position: *number, what });
        }
    }
    Ok(())
}
