use super::commit::{Order, Written, WrittenUnit, build};
use super::cursor::{Cursor, cursor_key, open_key, report_key};
use super::feed::Feed;
use super::limits::BatchLimits;
use super::outbox::Outbox;
use super::quarantine::{self, Quarantine, Quarantined};
use super::read::Reader;
use super::report::{Progress, ScanError, ScanReport};
use super::unit::{Patch, Work, plan};
use super::walk::{Unit, patient_folder, walk};
use crate::clock::Clock;
use crate::patients::TokenKey;
use protocol::data::{Batch, Outcome, Space, View, decode};
use protocol::ids::PatientRef;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use store::Store;

/// What a scan looks at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// What changed, and what could not be opened.
    Changed,
    /// All of the quarantine too.
    Quarantined,
}

/// Takes feeds in. Cheap to clone; its calls block.
#[derive(Clone)]
pub struct Ingest {
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    tokens: TokenKey,
    inner: Arc<Inner>,
}

struct Inner {
    quarantine: PathBuf,
    salt: [u8; 32],
    limits: BatchLimits,
    running: Mutex<BTreeSet<[u8; 8]>>,
    stopped: AtomicBool,
    last: Mutex<BTreeMap<[u8; 8], ScanReport>>,
}

impl Ingest {
    /// Takes in for the node in this folder.
    pub fn new(store: Arc<Store>, clock: Arc<dyn Clock>, folder: &Path) -> Self {
        Self::with_limits(store, clock, folder, BatchLimits::default())
    }
    /// As [`Ingest::new`], with other batches.
    pub fn with_limits(store: Arc<Store>, clock: Arc<dyn Clock>, folder: &Path, limits: BatchLimits) -> Self {
        let inner = Inner {
            quarantine: folder.join("quarantine"),
            salt: *store.key_for("service/feeds"),
            limits,
            running: Mutex::default(),
            stopped: AtomicBool::new(false),
            last: Mutex::default(),
        };
        Self { tokens: TokenKey::of(&store), store, clock, inner: Arc::new(inner) }
    }

    /// Scans a feed in full and takes in what changed. A second scan of an unchanged tree opens no file and writes nothing.
    ///
    /// # Errors
    /// [`ScanError`]; what was committed before stays, and the next scan goes on from there.
    pub fn scan(&self, feed: &Feed, progress: &mut dyn FnMut(Progress)) -> Result<ScanReport, ScanError> {
        self.scan_with(feed, Retry::Changed, progress)
    }
    /// As [`Ingest::scan`], and tries everything in quarantine again.
    ///
    /// # Errors
    /// As [`Ingest::scan`].
    pub fn retry(&self, feed: &Feed, progress: &mut dyn FnMut(Progress)) -> Result<ScanReport, ScanError> {
        self.scan_with(feed, Retry::Quarantined, progress)
    }
    /// Scans a feed and looks again at what `retry` says.
    ///
    /// # Errors
    /// As [`Ingest::scan`].
    pub fn scan_with(
        &self,
        feed: &Feed,
        retry: Retry,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<ScanReport, ScanError> {
        let _turn = Turn::take(&self.inner, feed)?;
        let unreadable = |error: io::Error| ScanError::Root { root: feed.root.clone(), why: error.to_string() };
        let root = std::fs::canonicalize(&feed.root).map_err(unreadable)?;
        make_own_folder(&self.inner.quarantine).map_err(|error| ScanError::Store(error.to_string()))?;
        let reader = Reader { root: &root, feed, salt: &self.inner.salt, blobs: self.store.blobs() };
        let quarantine = Quarantine { folder: &self.inner.quarantine, salt: &self.inner.salt, feed };
        let report = ScanReport { began: self.clock.now(), ..ScanReport::default() };
        let mut scan = Scan {
            ingest: self,
            feed,
            retry,
            reader: &reader,
            quarantine: &quarantine,
            report,
            started: Instant::now(),
            waiting: Vec::new(),
            files: 0,
            bytes: 0,
            committed: 0,
            changed: BTreeSet::new(),
            folder: None,
            progress,
        };
        walk(&root, &mut |unit| scan.unit(unit)).map_err(|error| error.into_scan_error(feed))?;
        let report = scan.close(&root)?;
        self.inner.last.lock().unwrap_or_else(PoisonError::into_inner).insert(feed.id(), report.clone());
        let (seen, added) = (report.seen, report.added);
        tracing::info!(facility = %feed.facility, feed = %feed.name, seen, added, took_ms = report.took.as_millis() as u64, "feed scanned");
        Ok(report)
    }

    /// Ends scans that run, after the batch they are at, and refuses new ones: the node stops.
    pub fn stop(&self) {
        self.inner.stopped.store(true, Ordering::Relaxed);
    }
    /// The last scan of this feed; of an earlier run the last one that changed something.
    pub fn last_report(&self, feed: &Feed) -> Option<ScanReport> {
        let last = self.inner.last.lock().unwrap_or_else(PoisonError::into_inner).get(&feed.id()).cloned();
        last.or_else(|| decode(&self.store.view().get(Space::Meta, &report_key(feed.id()))?))
    }
    /// Everything in quarantine, of all feeds.
    pub fn quarantined(&self) -> Vec<Quarantined> {
        quarantine::all(&self.store.view())
    }
    /// Where the copy of an item in quarantine lies, if it has one.
    pub fn quarantine_copy(&self, item: &Quarantined) -> Option<PathBuf> {
        item.has_copy.then(|| quarantine::copy_path(&self.inner.quarantine, item))
    }
    /// Patients whose publication has to follow.
    pub fn outbox(&self) -> Outbox {
        Outbox::new(self.store.clone())
    }
}

/// One scan on its way.
struct Scan<'a> {
    ingest: &'a Ingest,
    feed: &'a Feed,
    retry: Retry,
    reader: &'a Reader<'a>,
    quarantine: &'a Quarantine<'a>,
    report: ScanReport,
    started: Instant,
    waiting: Vec<Patch>,
    files: usize,
    bytes: usize,
    committed: u64,
    changed: BTreeSet<PatientRef>,
    folder: Option<String>,
    progress: &'a mut dyn FnMut(Progress),
}

impl Scan<'_> {
    fn unit(&mut self, unit: Unit) -> Result<(), WalkError> {
        if self.ingest.inner.stopped.load(Ordering::Relaxed) {
            return Err(ScanError::Stopped.into());
        }
        self.count_folder(&unit);
        self.report.unreadable += unit.unreadable;
        unit.beyond.iter().for_each(|(why, count)| self.report.ignore(*why, *count));
        let view = self.ingest.store.view();
        let key = cursor_key(&self.ingest.inner.salt, self.feed.id(), &unit.path);
        let cursor = Cursor::load(&view, &key);
        let steps = plan(&cursor, &unit, self.retry);
        if steps.is_empty() {
            // What a folder that cannot be read held before was not seen now.
            let unseen = cursor.files.keys().filter(|path| !unit.files.contains_key(*path)).cloned().collect();
            self.report.unchanged += unit.files.len() as u64;
            cursor.count(&unseen, &mut self.report);
            self.tell();
            return Ok(());
        }
        self.changed_unit(&view, &unit, key, (cursor, steps))
    }

    fn changed_unit(
        &mut self,
        view: &dyn View,
        unit: &Unit,
        key: Vec<u8>,
        (cursor, steps): (Cursor, Vec<super::unit::Step>),
    ) -> Result<(), WalkError> {
        let now = self.ingest.clock.now();
        let mut work = Work::new(key, cursor, self.reader, self.quarantine, now);
        for step in steps {
            let took = work.step(view, unit, step, &mut self.report);
            self.bytes += took.map_err(|error| ScanError::Store(error.to_string()))?;
            self.files += 1;
            if self.files >= self.ingest.inner.limits.files || self.bytes >= self.ingest.inner.limits.bytes {
                self.waiting.push(work.seal(unit, false));
                if let Some(written) = self.commit(false)?.pop() {
                    work.cursor = written.cursor;
                }
            }
        }
        self.report.unchanged += work.unchanged(unit);
        self.waiting.push(work.seal(unit, true));
        if self.waiting.len() >= self.ingest.inner.limits.files {
            self.commit(false)?;
        }
        self.tell();
        Ok(())
    }

    /// Commits what waits. `closing`: the scan ends with it.
    fn commit(&mut self, closing: bool) -> Result<Vec<WrittenUnit>, ScanError> {
        self.report.took = self.started.elapsed();
        let order = Order {
            feed: self.feed.clone(),
            tokens: self.ingest.tokens,
            now: self.ingest.clock.now(),
            patches: std::mem::take(&mut self.waiting),
            closing: closing.then(|| self.report.clone()),
        };
        (self.files, self.bytes) = (0, 0);
        let (outcome, written) = self.ingest.store.commit_returning(move |view| build(view, order));
        let written: Written = match (outcome, written) {
            (Outcome::Committed { .. }, Some(written)) => written,
            (Outcome::Failed(why), _) => return Err(ScanError::Store(why)),
            (Outcome::Committed { .. }, None) => return Err(ScanError::Store("the batch was not made".into())),
        };
        written.units.iter().for_each(|unit| unit.count(&mut self.report));
        self.report.added += written.added;
        self.committed += written.added;
        self.changed.extend(written.changed);
        self.tell();
        Ok(written.units)
    }

    /// Ends the scan: what waits, the event and the report in one transaction; none of it if nothing changed.
    fn close(mut self, root: &Path) -> Result<ScanReport, ScanError> {
        let view = self.ingest.store.view();
        let mut side = Batch::default();
        for path in self.quarantine.gone(&view, root) {
            self.quarantine.resolve(&view, &mut side, &path);
        }
        let is_open = view.get(Space::Meta, &open_key(self.feed.id())).is_some();
        self.report.patients_changed = self.changed.len() as u64;
        if !self.waiting.is_empty() || !side.is_empty() || is_open || self.committed > 0 {
            let changed = self.waiting.iter().flat_map(|patch| patch.groups.keys().map(|group| group.number.clone()));
            self.report.patients_changed += changed.collect::<BTreeSet<_>>().len() as u64;
            if let Some(first) = self.waiting.first_mut() {
                first.side.append(side);
                self.commit(true)?;
            } else {
                self.commit(true)?;
                match self.ingest.store.commit(side) {
                    Outcome::Committed { .. } => {}
                    Outcome::Failed(why) => return Err(ScanError::Store(why)),
                }
            }
            self.report.patients_changed = self.changed.len() as u64;
        }
        self.report.took = self.started.elapsed();
        Ok(self.report)
    }

    fn count_folder(&mut self, unit: &Unit) {
        let folder = patient_folder(&unit.path);
        if folder.is_some() && folder != self.folder.as_deref() {
            self.report.patients += 1;
            self.folder = folder.map(str::to_owned);
        }
    }

    fn tell(&mut self) {
        (self.progress)(Progress { seen: self.report.seen, read: self.report.read, committed: self.committed });
    }
}

/// The right to scan a feed; given back when dropped.
struct Turn<'a> {
    inner: &'a Inner,
    id: [u8; 8],
}

impl<'a> Turn<'a> {
    fn take(inner: &'a Inner, feed: &Feed) -> Result<Self, ScanError> {
        let mut running = inner.running.lock().unwrap_or_else(PoisonError::into_inner);
        if !running.insert(feed.id()) {
            return Err(ScanError::Running(feed.name.clone()));
        }
        Ok(Self { inner, id: feed.id() })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.inner.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

/// What ends a walk: the root cannot be read, or the scan cannot go on.
enum WalkError {
    Root(io::Error),
    Scan(ScanError),
}

impl From<io::Error> for WalkError {
    fn from(error: io::Error) -> Self {
        Self::Root(error)
    }
}
impl From<ScanError> for WalkError {
    fn from(error: ScanError) -> Self {
        Self::Scan(error)
    }
}
impl WalkError {
    fn into_scan_error(self, feed: &Feed) -> ScanError {
        match self {
            Self::Root(error) => ScanError::Root { root: feed.root.clone(), why: error.to_string() },
            Self::Scan(error) => error,
        }
    }
}

/// A folder that only the node's account may read.
fn make_own_folder(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
