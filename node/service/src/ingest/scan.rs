use super::commit::{Closing, Ending};
use super::crew;
use super::cursor::{open_key, report_key};
use super::feed::Feed;
use super::limits::BatchLimits;
use super::outbox::Outbox;
use super::quarantine::{self, Quarantine, Quarantined};
use super::read::{Reader, Root};
use super::report::{Progress, ScanError, ScanReport};
use super::walk::walk;
use super::worker::{Counts, Job, Worker};
use crate::clock::Clock;
use crate::patients::{ERASED, TokenKey};
use protocol::data::{Batch, Outcome, Space, View, decode};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
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
    pub(super) store: Arc<Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) tokens: TokenKey,
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) quarantine: PathBuf,
    pub(super) salt: [u8; 32],
    pub(super) limits: BatchLimits,
    running: Mutex<BTreeSet<[u8; 8]>>,
    pub(super) stopped: AtomicBool,
    /// Folders that the last turn of following a journal looked at, by feed.
    pub(super) followed: Mutex<BTreeMap<[u8; 8], BTreeSet<String>>>,
    /// Files of feeds that were opened.
    pub(super) opened: AtomicU64,
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
            followed: Mutex::default(),
            opened: AtomicU64::new(0),
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
        let (began, started) = (self.clock.now(), Instant::now());
        let mut report = self.with_job(feed, retry, |job, root| {
            let worked = crew::work(job, |each| walk(root, each), progress);
            let (whole, patients) = worked.map_err(|error| error.into_scan_error(feed))?;
            let told = ScanReport { began, patients, took: started.elapsed(), ..ScanReport::default() };
            close(whole, job, told, Closing::Scan { gone: job.quarantine.gone(&self.store.view(), root) })
        })?;
        report.took = started.elapsed();
        self.inner.last.lock().unwrap_or_else(PoisonError::into_inner).insert(feed.id(), report.clone());
        let (seen, added) = (report.seen, report.added);
        tracing::info!(facility = %feed.facility, feed = %feed.name, seen, added, took_ms = report.took.as_millis() as u64, "feed scanned");
        Ok(report)
    }

    /// What every way of taking in needs: the right to it, the root, reader and quarantine.
    pub(super) fn with_job<T>(
        &self,
        feed: &Feed,
        retry: Retry,
        work: impl FnOnce(&Job<'_>, &Path) -> Result<T, ScanError>,
    ) -> Result<T, ScanError> {
        let _turn = Turn::take(&self.inner, feed)?;
        let unreadable = |error: io::Error| ScanError::Root { root: feed.root.clone(), why: error.to_string() };
        let root = Root::open_at(&feed.root).map_err(unreadable)?;
        make_own_folder(&self.inner.quarantine).map_err(|error| ScanError::Store(error.to_string()))?;
        let inner = &*self.inner;
        let reader = Reader { root: &root, feed, salt: &inner.salt, blobs: self.store.blobs(), opened: &inner.opened };
        let quarantine = Quarantine { folder: &inner.quarantine, salt: &inner.salt, feed };
        let has_erased = !self.store.view().scan(Space::Meta, ERASED, &[], 1).is_empty();
        let (reader, quarantine, counts) = (&reader, &quarantine, Counts::default());
        let job = Job { ingest: self, feed, retry, reader, quarantine, counts, has_erased };
        work(&job, &root.path)
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

/// Ends a scan: what waits, the event and the report in one transaction; none of it if nothing changed.
pub(super) fn close(
    mut whole: Worker<'_>,
    job: &Job<'_>,
    mut told: ScanReport,
    closing: Closing,
) -> Result<ScanReport, ScanError> {
    let (ingest, started) = (job.ingest, told.took);
    let limits = ingest.inner.limits;
    if whole.files > limits.files || whole.bytes > limits.bytes {
        // Too much for one transaction together; each was below the limits by itself.
        whole.commit_in_pieces()?;
    }
    let view = ingest.store.view();
    let mut side = Batch::default();
    let is_scan = matches!(closing, Closing::Scan { .. });
    if let Closing::Scan { gone } = closing {
        gone.iter().for_each(|path| job.quarantine.resolve(&view, &mut side, path));
    }
    let is_open = view.get(Space::Meta, &open_key(job.feed.id())).is_some();
    told.add(&whole.report);
    whole.report = told;
    whole.report.patients_changed = whole.changed.len() as u64;
    if !whole.waiting.is_empty() || !side.is_empty() || is_open || whole.committed > 0 {
        let groups = whole.waiting.iter().flat_map(|(_, patch)| patch.groups.keys().map(|group| group.number.clone()));
        whole.report.patients_changed += groups.collect::<BTreeSet<_>>().len() as u64;
        let closing = Some(Ending { report: whole.report.clone(), is_kept: is_scan });
        if let Some((_, first)) = whole.waiting.first_mut() {
            first.side.append(side);
            whole.commit(closing)?;
        } else {
            whole.commit(closing)?;
            match ingest.store.commit(side) {
                Outcome::Committed { .. } => {}
                Outcome::Failed(why) => return Err(ScanError::Store(why)),
            }
        }
        whole.report.patients_changed = whole.changed.len() as u64;
    }
    whole.report.took = started;
    Ok(whole.report)
}

/// The right to scan a feed, or to write into a folder; given back when dropped.
pub(super) struct Turn<'a> {
    inner: &'a Inner,
    id: [u8; 8],
}

impl<'a> Turn<'a> {
    fn take(inner: &'a Inner, feed: &Feed) -> Result<Self, ScanError> {
        Self::of(inner, feed.id()).ok_or_else(|| ScanError::Running(feed.name.clone()))
    }
    /// None while somebody else has it.
    pub(super) fn of(inner: &'a Inner, id: [u8; 8]) -> Option<Self> {
        let mut running = inner.running.lock().unwrap_or_else(PoisonError::into_inner);
        let is_free = running.insert(id);
        is_free.then(|| Self { inner, id })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.inner.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
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
