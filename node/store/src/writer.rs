//! The one writer thread: a bounded queue in, groups out, an answer for each caller.
use crate::blobs::BlobId;
use crate::core::Core;
use crate::limits::{GROUP_BATCHES_MAX, INDEX_PAUSE, QUEUE_BATCHES_MAX};
use crate::tx::Work;
use protocol::data::{Batch, Outcome};
use protocol::ids::PatientRef;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

/// Hears what became of a batch, on the writer's thread: it must be quick and must not wait for the store.
pub type Done = Box<dyn FnOnce(Outcome) + Send>;

/// The queue was full, or the store is closed: nothing was taken, and here it all is again.
pub struct Busy {
    /// The batch.
    pub batch: Batch,
    /// Who waits for its outcome.
    pub done: Done,
}

impl std::fmt::Debug for Busy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the store is busy")
    }
}

/// The queue to the writer thread.
pub(crate) struct Writer {
    queue: SyncSender<Job>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

enum Job {
    Commit(Work, Done),
    Erase(PatientRef, Batch, Vec<BlobId>, SyncSender<Result<Vec<u64>, String>>),
    Flush(SyncSender<()>),
    Close,
}

impl Writer {
    pub(crate) fn start(core: Core) -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(QUEUE_BATCHES_MAX);
        let thread = std::thread::Builder::new().name("store-writer".into()).spawn(move || run(core, &jobs))?;
        Ok(Self { queue, thread: Mutex::new(Some(thread)) })
    }

    /// Waits for room in the queue and then for the outcome.
    pub(crate) fn commit(&self, work: Work) -> Outcome {
        let (answer, outcome) = sync_channel(1);
        let done: Done = Box::new(move |outcome| {
            // Nobody may be waiting any more; the batch is written all the same.
            let _ = answer.send(outcome);
        });
        if self.queue.send(Job::Commit(work, done)).is_err() {
            return closed();
        }
        outcome.recv().unwrap_or_else(|_| closed())
    }

    pub(crate) fn submit(&self, batch: Batch, done: Done) -> Result<(), Busy> {
        match self.queue.try_send(Job::Commit(Work::Batch(batch), done)) {
            Err(
                TrySendError::Full(Job::Commit(Work::Batch(batch), done))
                | TrySendError::Disconnected(Job::Commit(Work::Batch(batch), done)),
            ) => Err(Busy { batch, done }),
            _ => Ok(()),
        }
    }

    pub(crate) fn erase(&self, patient: PatientRef, batch: Batch, blobs: Vec<BlobId>) -> Result<Vec<u64>, String> {
        let (answer, done) = sync_channel(1);
        let closed = || Err("the store is closed; nothing was erased".to_owned());
        if self.queue.send(Job::Erase(patient, batch, blobs, answer)).is_err() {
            return closed();
        }
        done.recv().unwrap_or_else(|_| closed())
    }

    pub(crate) fn flush(&self) {
        let (answer, done) = sync_channel(1);
        if self.queue.send(Job::Flush(answer)).is_ok() {
            let _ = done.recv();
        }
    }

    /// Lets the queue run empty, flushes the index and ends the thread.
    pub(crate) fn close(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = self.queue.send(Job::Close);
            if thread.join().is_err() {
                tracing::error!("the store's writer ended with a panic; the journal holds everything acknowledged");
            }
        }
    }
}

/// At once when idle; else what queued while the last group was synced.
fn run(mut core: Core, jobs: &Receiver<Job>) {
    let mut is_open = true;
    while is_open {
        let first = match core.is_behind() {
            // Not at once: sled takes longer than the sync that somebody waits for, and who waited asks for the next one now.
            true => jobs.recv_timeout(INDEX_PAUSE),
            false => jobs.recv().map_err(RecvTimeoutError::from),
        };
        let first = match first {
            Ok(first) => first,
            Err(RecvTimeoutError::Timeout) => {
                core.index();
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let (mut works, mut waiting) = (Vec::new(), Vec::new());
        let (mut flushed, mut erase) = (Vec::new(), None);
        let mut next = Some(first);
        while let Some(job) = next {
            match job {
                Job::Commit(work, done) => {
                    works.push(work);
                    waiting.push(done);
                }
                Job::Flush(answer) => flushed.push(answer),
                Job::Erase(patient, batch, blobs, answer) => {
                    // Rare, and behind all that came before it.
                    erase = Some((patient, batch, blobs, answer));
                    break;
                }
                Job::Close => is_open = false,
            }
            next = if is_open && works.len() < GROUP_BATCHES_MAX { jobs.try_recv().ok() } else { None };
        }
        for (done, outcome) in waiting.into_iter().zip(core.acknowledge(works)) {
            if catch_unwind(AssertUnwindSafe(|| done(outcome))).is_err() {
                tracing::error!("whoever waited for a batch panicked at its outcome");
            }
        }
        if let Some((patient, batch, blobs, answer)) = erase {
            let _ = answer.send(core.erase(patient, batch, &blobs));
        }
        if !flushed.is_empty() || !is_open {
            core.index();
            flush(&core);
        }
        for answer in flushed {
            let _ = answer.send(());
        }
    }
}

fn flush(core: &Core) {
    if let Err(error) = core.flush() {
        tracing::warn!(%error, "the index could not be flushed; the next start takes it from the journal");
    }
}

fn closed() -> Outcome {
    Outcome::Failed("the store is closed; nothing was written".into())
}
