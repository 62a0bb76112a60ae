//! Checking everything there is: the journal's chain, the index against the journal, the blobs against their names.
use crate::blobs::{BlobId, Blobs};
use crate::db::DbError;
use crate::journal::{JournalError, JournalReader, Mark, ReplayError};
use crate::view::{Shared, is_reserved};
use protocol::data::Space;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::PoisonError;

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Segments of the journal that were read.
    pub segments: u64,
    /// Frames in them; the chain over all held.
    pub frames: u64,
    /// Bytes of them.
    pub journal_bytes: u64,
    /// Keys in each space, in the order of [`Space::ALL`].
    pub keys: Vec<(Space, u64)>,
    /// Blobs that were read, and their plain bytes.
    pub blobs: u64,
    /// Plain bytes of the blobs.
    pub blob_bytes: u64,
    /// Blobs that are not what was written.
    pub damaged_blobs: Vec<BlobId>,
    /// Everything that is wrong, in sentences; empty if all is well.
    pub problems: Vec<String>,
}

impl VerifyReport {
    /// Whether all is well.
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }
}

pub(crate) fn verify(reader: &JournalReader, shared: &Shared, blobs: &Blobs) -> VerifyReport {
    let mut report = VerifyReport::default();
    match Expected::read(reader, shared, &mut report) {
        Ok(expected) => compare(expected, reader, shared, &mut report),
        Err(ReplayError::Journal(error)) => report.problems.push(error.to_string()),
        Err(ReplayError::Stopped) => {}
    }
    check_blobs(blobs, &mut report);
    report
}

/// What the journal says that the index must hold: a digest per key.
struct Expected {
    values: BTreeMap<(Space, Vec<u8>), Digest>,
    at: Mark,
}

type Digest = [u8; 16];

impl Expected {
    fn read(reader: &JournalReader, shared: &Shared, report: &mut VerifyReport) -> Result<Self, ReplayError> {
        let head = shared.health.lock().unwrap_or_else(PoisonError::into_inner).position;
        let mut expected = Self { values: BTreeMap::new(), at: Mark::default() };
        let replayed = expected.go_on(reader, head)?;
        (report.segments, report.frames, report.journal_bytes) = replayed;
        Ok(expected)
    }

    fn go_on(&mut self, reader: &JournalReader, upto: u64) -> Result<(u64, u64, u64), ReplayError> {
        let (values, at) = (&mut self.values, &mut self.at);
        let from = *at;
        let replayed = reader.replay(&from, upto, |mark, writes| {
            *at = mark;
            for write in writes {
                let key = (write.space, write.key);
                match write.value {
                    Some(value) => values.insert(key, digest(&value)),
                    None => values.remove(&key),
                };
            }
            ControlFlow::Continue(())
        })?;
        Ok((replayed.segments, replayed.frames, replayed.bytes))
    }
}

/// Compares the whole index, then once more, with the writer held, the keys that differed: they may just have changed.
fn compare(mut expected: Expected, reader: &JournalReader, shared: &Shared, report: &mut VerifyReport) {
    let suspects = match suspects(&expected, shared, report) {
        Ok(suspects) => suspects,
        Err(error) => return report.problems.push(error.to_string()),
    };
    if suspects.is_empty() {
        return;
    }
    let lag = shared.lag();
    let confirmed = (|| {
        let mark = shared.db.get(Space::Meta, b"\0applied")?;
        let mark = mark.map(|sealed| shared.open(Space::Meta, b"\0applied", sealed)).transpose()?;
        let upto = mark.and_then(|mark| Some(u64::from_be_bytes(*mark.first_chunk::<8>()?))).unwrap_or(0);
        if upto > expected.at.position {
            match expected.go_on(reader, upto) {
                Err(ReplayError::Journal(error)) => return Err(Trouble::Journal(error)),
                Err(ReplayError::Stopped) | Ok(_) => {}
            }
        }
        let mut wrong: BTreeMap<Space, u64> = BTreeMap::new();
        for (space, key) in suspects {
            let held = shared.db.get(space, &key)?;
            // There and unreadable is not the same as not there.
            let held = held.map(|sealed| shared.codec.open(space, &key, sealed).map(|value| digest(&value)));
            let should = expected.values.get(&(space, key.clone())).copied().map(Some);
            if held != should && lag.find(space, &key).is_none() {
                *wrong.entry(space).or_default() += 1;
            }
        }
        Ok(wrong)
    })();
    drop(lag);
    match confirmed {
        Ok(wrong) if wrong.is_empty() => {}
        Ok(wrong) => {
            for (space, keys) in wrong {
                let name = space.name();
                report.problems.push(format!(
                    "{keys} keys of `{name}` in the index are not what the journal says; the next start rebuilds the index"
                ));
            }
            shared.ask_for_rebuild();
        }
        Err(Trouble::Journal(error)) => report.problems.push(error.to_string()),
        Err(Trouble::Index(error)) => {
            report.problems.push(format!("{error}; the next start rebuilds the index"));
            shared.ask_for_rebuild();
        }
    }
}

/// Keys of which the index holds another value than it should, none where there should be one, or one too many.
fn suspects(
    expected: &Expected,
    shared: &Shared,
    report: &mut VerifyReport,
) -> Result<BTreeSet<(Space, Vec<u8>)>, DbError> {
    let mut suspects = BTreeSet::new();
    for space in Space::ALL {
        let mut from = Vec::new();
        let mut keys = 0;
        let mut should =
            expected.values.range((space, Vec::new())..).take_while(|((at, _), _)| *at == space).peekable();
        loop {
            let page = shared.db.scan(space, b"", &from, PAGE_KEYS)?;
            for (key, sealed) in &page {
                if is_reserved(space, key) && !expected.values.contains_key(&(space, key.clone())) {
                    continue;
                }
                keys += 1;
                while let Some(((_, missing), _)) = should.next_if(|((_, next), _)| next < key) {
                    suspects.insert((space, missing.clone()));
                }
                let held = shared.codec.open(space, key, sealed.clone()).map(|value| digest(&value));
                let is_right = should.next_if(|((_, next), _)| next == key).is_some_and(|(_, d)| Some(*d) == held);
                if !is_right {
                    suspects.insert((space, key.clone()));
                }
            }
            let Some((last, _)) = page.last().filter(|_| page.len() == PAGE_KEYS) else { break };
            from = [last.as_slice(), &[0]].concat();
        }
        suspects.extend(should.map(|((_, key), _)| (space, key.clone())));
        report.keys.push((space, keys));
    }
    Ok(suspects)
}

fn check_blobs(blobs: &Blobs, report: &mut VerifyReport) {
    let ids = match blobs.list() {
        Ok(ids) => ids,
        Err(error) => return report.problems.push(error.to_string()),
    };
    for id in ids {
        match blobs.check(id) {
            Ok(bytes) => {
                report.blobs += 1;
                report.blob_bytes += bytes;
            }
            Err(error) => {
                report.problems.push(error.to_string());
                report.damaged_blobs.push(id);
            }
        }
    }
}

enum Trouble {
    Journal(JournalError),
    Index(DbError),
}

impl From<DbError> for Trouble {
    fn from(error: DbError) -> Self {
        Self::Index(error)
    }
}

fn digest(value: &[u8]) -> Digest {
    let mut out = [0; 16];
    out.copy_from_slice(&blake3::hash(value).as_bytes()[..16]);
    out
}

/// Keys that are compared at a time.
const PAGE_KEYS: usize = 1_000;
