use super::commit::{Ending, Order, Written, WrittenUnit, build};
use super::cursor::{Cursor, cursor_key};
use super::feed::Feed;
use super::limits::UNIT_TRIES;
use super::quarantine::Quarantine;
use super::read::Reader;
use super::report::{IgnoredWhy, ScanError, ScanReport};
use super::scan::{Ingest, Retry};
use super::unit::{Patch, Step, Work, plan};
use super::walk::{Unit, again, patient_folder};
use protocol::data::{Outcome, View};
use protocol::ids::{PatientId, PatientRef};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What all workers of one scan share.
pub(super) struct Job<'a> {
    pub(super) ingest: &'a Ingest,
    pub(super) feed: &'a Feed,
    pub(super) retry: Retry,
    pub(super) reader: &'a Reader<'a>,
    pub(super) quarantine: &'a Quarantine<'a>,
    pub(super) counts: Counts,
    /// Somebody was erased here.
    pub(super) has_erased: bool,
}

impl Job<'_> {
    /// Whether the patient of this folder was erased. Costs nothing while nobody was.
    fn is_erased(&self, unit: &Unit) -> bool {
        let number = patient_folder(&unit.path).filter(|_| self.has_erased).and_then(|path| path.rsplit('/').next());
        let id = number.and_then(|number| PatientId::new(self.feed.authority.clone(), number).ok());
        id.is_some_and(|id| self.ingest.tokens.is_erased(&self.ingest.store.view(), &self.feed.facility, &id))
    }
}

/// How far a scan is, for whoever watches it.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) seen: AtomicU64,
    pub(super) read: AtomicU64,
    pub(super) committed: AtomicU64,
    /// A worker failed: the others need not go on.
    pub(super) has_failed: AtomicBool,
}

/// One worker: takes in units, one after the other, in transactions of its own.
pub(super) struct Worker<'a> {
    job: &'a Job<'a>,
    pub(super) report: ScanReport,
    /// Patches that wait for their transaction, each with the number of its unit in the walk.
    pub(super) waiting: Vec<(u64, Patch)>,
    pub(super) files: usize,
    pub(super) bytes: usize,
    pub(super) committed: u64,
    pub(super) changed: BTreeSet<PatientRef>,
}

impl<'a> Worker<'a> {
    pub(super) fn new(job: &'a Job<'a>) -> Self {
        Self {
            job,
            report: ScanReport::default(),
            waiting: Vec::new(),
            files: 0,
            bytes: 0,
            committed: 0,
            changed: BTreeSet::new(),
        }
    }

    /// Takes in one unit of the walk.
    ///
    /// # Errors
    /// [`ScanError`]; what was committed stays.
    pub(super) fn unit(&mut self, number: u64, unit: &Unit) -> Result<(), ScanError> {
        if self.job.ingest.inner.stopped.load(Ordering::Relaxed) {
            return Err(ScanError::Stopped);
        }
        let (seen, read) = (self.report.seen, self.report.read);
        if self.job.is_erased(unit) {
            let count = unit.files.len() as u64;
            self.report.ignore(IgnoredWhy::Erased, count);
            self.job.counts.seen.fetch_add(count, Ordering::Relaxed);
            return Ok(());
        }
        self.report.unreadable += unit.unreadable;
        unit.beyond.iter().for_each(|(why, count)| self.report.ignore(*why, *count));
        let view = self.job.ingest.store.view();
        let key = cursor_key(&self.job.ingest.inner.salt, self.job.feed.id(), &unit.path);
        let Some(cursor) = Cursor::load(&view, &key) else {
            // Its patient's key is lost. Taken for new, all of it would come a second time once the key is back.
            self.report.unreadable += 1;
            return Ok(());
        };
        let steps = plan(&cursor, unit, self.job.retry);
        if steps.is_empty() {
            // What a folder that cannot be read held before was not seen now.
            let unseen = cursor.files.keys().filter(|path| !unit.files.contains_key(*path)).cloned().collect();
            self.report.unchanged += unit.files.len() as u64;
            cursor.count(&unseen, &mut self.report);
        } else {
            self.changed_unit(&view, (number, unit), key, (cursor, steps))?;
        }
        self.job.counts.seen.fetch_add(self.report.seen - seen, Ordering::Relaxed);
        self.job.counts.read.fetch_add(self.report.read - read, Ordering::Relaxed);
        Ok(())
    }

    fn changed_unit(
        &mut self,
        view: &dyn View,
        (number, unit): (u64, &Unit),
        key: Vec<u8>,
        (cursor, steps): (Cursor, Vec<Step>),
    ) -> Result<(), ScanError> {
        let job = self.job;
        let limits = job.ingest.inner.limits;
        let mut work = Work::new(key, cursor, job.reader, job.quarantine, job.ingest.clock.now());
        let (mut newer, mut steps) = (None::<Unit>, steps);
        for tries_left in (0..UNIT_TRIES).rev() {
            work.is_patient = tries_left > 0;
            let unit = newer.as_ref().unwrap_or(unit);
            for step in std::mem::take(&mut steps) {
                let took = work.step(view, unit, step, &mut self.report);
                self.bytes += took.map_err(|error| ScanError::Store(error.to_string()))?;
                self.files += 1;
                if self.files >= limits.files || self.bytes >= limits.bytes {
                    self.waiting.push((number, work.seal(unit, false)));
                    if let Some(written) = self.commit(None)?.pop() {
                        work.cursor = written.cursor;
                    }
                }
            }
            if !std::mem::take(&mut work.is_unsettled) {
                break;
            }
            // A writer is at work here: what is there now is listed and compared again.
            let now = again(&job.reader.root.path, &unit.path);
            steps = plan(&work.cursor, &now, Retry::Changed);
            newer = Some(now);
        }
        let unit = newer.as_ref().unwrap_or(unit);
        self.report.unchanged += work.unchanged(unit);
        self.waiting.push((number, work.seal(unit, true)));
        if self.waiting.len() >= limits.files {
            self.commit(None)?;
        }
        Ok(())
    }

    /// Commits what waits. `closing`: the scan ends with it, and this is what it found.
    pub(super) fn commit(&mut self, closing: Option<Ending>) -> Result<Vec<WrittenUnit>, ScanError> {
        let ingest = self.job.ingest;
        let order = Order {
            feed: self.job.feed.clone(),
            tokens: ingest.tokens,
            now: ingest.clock.now(),
            patches: std::mem::take(&mut self.waiting).into_iter().map(|(_, patch)| patch).collect(),
            closing,
        };
        (self.files, self.bytes) = (0, 0);
        let (outcome, written) = ingest.store.commit_returning(move |view| build(view, order));
        let written: Written = match (outcome, written) {
            (Outcome::Committed { .. }, Some(written)) => written,
            (Outcome::Failed(why), _) => return Err(ScanError::Store(why)),
            (Outcome::Committed { .. }, None) => return Err(ScanError::Store("the batch was not made".into())),
        };
        written.units.iter().for_each(|unit| unit.count(&mut self.report));
        self.report.added += written.added;
        self.committed += written.added;
        self.job.counts.committed.fetch_add(written.added, Ordering::Relaxed);
        self.changed.extend(written.changed);
        Ok(written.units)
    }

    /// Commits what waits in several transactions, each within the limits.
    pub(super) fn commit_in_pieces(&mut self) -> Result<(), ScanError> {
        let bytes_max = self.job.ingest.inner.limits.bytes;
        for (number, patch) in std::mem::take(&mut self.waiting) {
            let bytes = patch.bytes();
            if self.bytes.saturating_add(bytes) > bytes_max && !self.waiting.is_empty() {
                self.commit(None)?;
            }
            self.bytes += bytes;
            self.waiting.push((number, patch));
        }
        self.commit(None).map(drop)
    }

    /// Takes over what another worker did.
    pub(super) fn join(&mut self, other: Worker<'_>) {
        self.report.add(&other.report);
        self.waiting.extend(other.waiting);
        self.files += other.files;
        self.bytes += other.bytes;
        self.committed += other.committed;
        self.changed.extend(other.changed);
    }
}
