//! Several workers on one scan. The walk hands out loads, each with units of one patient, so that a patient's bodies lie
//! together; no more than some loads wait, so memory does not grow with the storage.
use super::limits::{LOAD_FILES_MAX, LOADS_WAITING_MAX, SCAN_WORKERS_MAX};
use super::report::{Progress, ScanError};
use super::walk::{Unit, WalkError, patient_folder};
use super::worker::{Job, Worker};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Scope, ScopedJoinHandle};
use std::time::Duration;

/// Units with their numbers in the walk.
type Load = Vec<(u64, Unit)>;

/// Gives all units that `walk` finds to workers; gives what they did, joined, and how many patients' folders there were.
///
/// # Errors
/// Of the walk, or of the first worker that failed.
pub(super) fn work<'a>(
    job: &'a Job<'a>,
    walk: impl FnOnce(&mut dyn FnMut(Unit) -> Result<(), WalkError>) -> Result<(), WalkError>,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Worker<'a>, u64), WalkError> {
    let tell = |progress: &mut dyn FnMut(Progress)| {
        let of = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
        let counts = &job.counts;
        progress(Progress { seen: of(&counts.seen), read: of(&counts.read), committed: of(&counts.committed) });
    };
    std::thread::scope(|scope| {
        let (send, receive) = sync_channel(LOADS_WAITING_MAX);
        let (over, is_over) = channel::<()>();
        let receive = Arc::new(Mutex::new(receive));
        // One more than there are cores: while one waits for the store's writer, the cores have work.
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let count = cores.saturating_add(1).min(SCAN_WORKERS_MAX);
        let workers =
            (0..count).map(|_| start(scope, job, receive.clone(), over.clone())).collect::<Result<Vec<_>, _>>()?;
        drop((receive, over));
        let mut dispatch = Dispatch { send, load: Vec::new(), files: 0, units: 0, folder: None, patients: 0 };
        let walked = walk(&mut |unit| {
            if job.counts.has_failed.load(Ordering::Relaxed) {
                return Err(ScanError::Stopped.into());
            }
            tell(progress);
            dispatch.unit(unit)
        });
        let patients = dispatch.end();
        while matches!(is_over.recv_timeout(TELL), Err(RecvTimeoutError::Timeout)) {
            tell(progress);
        }
        let mut whole = Worker::new(job);
        for worker in workers {
            let done = worker.join().map_err(|_| {
                ScanError::Store("a worker of the scan panicked; the next scan goes on from here".into())
            })?;
            whole.join(done?);
        }
        tell(progress);
        // Units as the walk found them: numbers of new patients do not depend on which worker was faster.
        whole.waiting.sort_by_key(|(number, _)| *number);
        walked.map(|()| (whole, patients))
    })
}

fn start<'s, 'a: 's>(
    scope: &'s Scope<'s, '_>,
    job: &'a Job<'a>,
    loads: Arc<Mutex<Receiver<Load>>>,
    over: std::sync::mpsc::Sender<()>,
) -> Result<ScopedJoinHandle<'s, Result<Worker<'a>, ScanError>>, ScanError> {
    let run = move || {
        let mut worker = Worker::new(job);
        loop {
            let next = loads.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(load) = next else { break };
            let done = load.iter().try_for_each(|(number, unit)| worker.unit(*number, unit));
            if let Err(error) = done {
                job.counts.has_failed.store(true, Ordering::Relaxed);
                return Err(error);
            }
        }
        drop(over);
        Ok(worker)
    };
    let started = std::thread::Builder::new().name("scan".into()).spawn_scoped(scope, run);
    started.map_err(|error| ScanError::Store(format!("no thread for a scan: {error}")))
}

/// Gathers units of one patient and hands them out.
struct Dispatch {
    send: SyncSender<Load>,
    load: Load,
    files: usize,
    units: u64,
    folder: Option<String>,
    patients: u64,
}

impl Dispatch {
    fn unit(&mut self, unit: Unit) -> Result<(), WalkError> {
        let folder = patient_folder(&unit.path).map(str::to_owned);
        if folder.is_some() && folder != self.folder {
            self.patients += 1;
        }
        if folder != self.folder || self.files >= LOAD_FILES_MAX {
            self.hand_out()?;
        }
        if folder.is_some() {
            self.folder = folder;
        }
        self.files += unit.files.len();
        self.load.push((self.units, unit));
        self.units += 1;
        Ok(())
    }
    fn hand_out(&mut self) -> Result<(), WalkError> {
        self.files = 0;
        if self.load.is_empty() {
            return Ok(());
        }
        // Nobody takes it any more: every worker ended, and says why when it is joined.
        self.send.send(std::mem::take(&mut self.load)).map_err(|_| ScanError::Stopped.into())
    }
    /// The last load; ends the workers once they are through. Gives how many patients' folders there were.
    fn end(mut self) -> u64 {
        let _ = self.hand_out();
        self.patients
    }
}

/// Whoever watches hears of progress at least so often.
const TELL: Duration = Duration::from_millis(200);
