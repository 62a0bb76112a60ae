//! The store of a node: one folder, one writer thread, views for everybody.
use crate::backup::{BackedUp, Backup, BackupFault, BackupPace};
use crate::blobs::{BlobId, Blobs};
use crate::check::{FileCheck, Pace, Scrub, ScrubStep, VerifyReport, check_log, ledger, verify, verify_index};
use crate::closed::make_private;
use crate::core::{Core, CoreConfig, compact};
use crate::db::{Again, Db, DbError, MapDb, SledDb};
use crate::disk::{Disk, DiskError, RealDisk, VirtualDisk};
use crate::error::{OpenError, OpenReport, Rebuilt};
use crate::journal::{JournalError, Mark, ReplayError};
use crate::keyring::{self, BackupError, Expired, Keyring, KeyringError, KeyringReport, RingBackup};
use crate::keys::MasterKey;
use crate::limits::{CACHE_BYTES_DEFAULT, RESERVE_BYTES_DEFAULT, SEGMENT_BYTES_DEFAULT};
use crate::lock::FolderLock;
use crate::reserve;
use crate::snapshot::{Compacted, MakeError, Maker};
use crate::tx::Work;
use crate::view::{Health, StoreView};
use crate::writer::{Busy, Done, Writer};
use protocol::data::{Batch, Outcome, View, Write};
use protocol::ids::PatientRef;
use protocol::time::Millis;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// How a store is opened.
#[derive(Clone, Copy, Debug)]
pub struct StoreConfig {
    /// Drawn anew by the caller at each opening: a new store takes its master key from it, every store the keys of patients
    /// that come. Never kept.
    pub entropy: [u8; 32],
    /// sled's page cache. Default 16 MiB. More makes reading faster once the data no longer fit, and costs that memory.
    pub cache_bytes: u64,
    /// A segment of the journal is closed at this size. Default 16 MiB; the same memory is needed for a moment at start.
    pub segment_bytes: u64,
    /// Room kept for a full disk. Default 4 MiB, 0 for none.
    pub reserve_bytes: u64,
}

impl StoreConfig {
    /// The defaults.
    pub fn new(entropy: [u8; 32]) -> Self {
        Self {
            entropy,
            cache_bytes: CACHE_BYTES_DEFAULT,
            segment_bytes: SEGMENT_BYTES_DEFAULT,
            reserve_bytes: RESERVE_BYTES_DEFAULT,
        }
    }

    fn core(&self) -> CoreConfig {
        CoreConfig { entropy: self.entropy, segment_bytes: self.segment_bytes, reserve_bytes: self.reserve_bytes }
    }
}

/// An open store. Share it in an `Arc`; every call blocks, so keep it off the threads that serve sockets.
pub struct Store {
    writer: Writer,
    view: StoreView,
    blobs: Blobs,
    copies: Blobs,
    files: FileCheck,
    maker: Maker,
    /// Held while files are made or removed that others may be reading: snapshots, dropped segments, backups, checks.
    care: Mutex<()>,
    salts: Zeroizing<[u8; 32]>,
    master: MasterKey,
    ring: Arc<Keyring>,
    lock: Mutex<Option<FolderLock>>,
}

impl Store {
    /// Opens the store in `folder`, or makes it, and rebuilds its index where that does not fit the journal.
    pub fn open(folder: &Path, config: StoreConfig) -> Result<(Self, OpenReport), OpenError> {
        let lock = FolderLock::take(folder)?;
        let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(folder));
        disk.make_folder("quarantine")?;
        let mut rebuilt = None;
        let opened = match open_index(folder, &*disk, &config) {
            Ok(db) => Core::open(disk.clone(), db, &config.core()),
            Err(error) => Err(error),
        };
        let (core, mut report) = match opened {
            Err(OpenError::IndexUnfit(why)) => {
                tracing::warn!(%why, "the index does not fit the journal; it is set aside and rebuilt");
                let kept_as = set_aside(folder)?;
                rebuilt = Some(Rebuilt { why, kept_as });
                Core::open(disk.clone(), open_index(folder, &*disk, &config)?, &config.core())?
            }
            done => done?,
        };
        report.rebuilt = rebuilt;
        Ok((Self::start(core, Some(lock))?, report))
    }

    /// A store in memory, for tests of other packages: everything but the disk and sled is the real thing.
    pub fn in_memory(config: StoreConfig) -> Result<Self, OpenError> {
        let config = CoreConfig { reserve_bytes: 0, ..config.core() };
        let (core, _) = Core::open(Arc::new(VirtualDisk::new(0)), Arc::new(MapDb::default()), &config)?;
        Self::start(core, None)
    }

    fn start(core: Core, lock: Option<FolderLock>) -> Result<Self, OpenError> {
        let (view, blobs, copies) = (core.view(), core.blobs(), core.copies());
        let (files, maker) = (core.files(), core.maker());
        let (salts, master, ring) = (core.salts.clone(), core.master.clone(), core.guard.ring.clone());
        let no_thread = |e: std::io::Error| OpenError::Index(DbError::Disk(format!("no thread for the writer: {e}")));
        let writer = Writer::start(core).map_err(no_thread)?;
        let (care, lock) = (Mutex::default(), Mutex::new(lock));
        Ok(Self { writer, view, blobs, copies, files, maker, care, salts, master, ring, lock })
    }

    /// Commits a batch and waits for its outcome.
    pub fn commit(&self, batch: Batch) -> Outcome {
        self.writer.commit(Work::Batch(batch))
    }

    /// Commits the batch that `build` makes from a view that nobody else changes meanwhile: for numbers that must not be
    /// given twice. `build` runs on the writer's thread: it must be quick and must not wait for the store.
    pub fn commit_with(&self, build: impl FnOnce(&dyn View) -> Batch + Send + 'static) -> Outcome {
        self.commit_returning(move |view| Ok((build(view), ()))).0
    }

    /// As [`Store::commit_with`], and hands out what `build` learned on the way. `Err` writes nothing. The value is there
    /// whenever `build` gave one; it counts only if the outcome is `Committed`.
    pub fn commit_returning<T: Send + 'static>(
        &self,
        build: impl FnOnce(&dyn View) -> Result<(Batch, T), String> + Send + 'static,
    ) -> (Outcome, Option<T>) {
        let learned = Arc::new(Mutex::new(None));
        let slot = learned.clone();
        let work = Work::Build(Box::new(move |view| {
            let built = catch_unwind(AssertUnwindSafe(|| build(view)));
            let (batch, value) = built.unwrap_or_else(|_| Err("making the batch panicked".into()))?;
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
            Ok(batch)
        }));
        let outcome = self.writer.commit(work);
        let value = learned.lock().unwrap_or_else(PoisonError::into_inner).take();
        (outcome, value)
    }

    /// Hands a batch over without waiting; `done` hears the outcome on the writer's thread.
    ///
    /// # Errors
    /// [`Busy`] with batch and `done`, if the queue is full or the store closed.
    pub fn submit(&self, batch: Batch, done: Done) -> Result<(), Busy> {
        self.writer.submit(batch, done)
    }

    /// Commits `batch`, which removes what there is of a patient, and overwrites its key: nothing that was ever written of it
    /// opens again. Gives the leaves of the batch's events.
    ///
    /// # Errors
    /// A sentence for the operator. If it says that the key could not be overwritten, the next opening does it.
    pub fn erase(&self, patient: PatientRef, batch: Batch, blobs: Vec<BlobId>) -> Result<Vec<u64>, String> {
        self.writer.erase(patient, batch, blobs)
    }

    /// Reads all keys of patients in both copies and heals what one of them lost.
    pub fn check_keys(&self) -> Result<KeyringReport, KeyringError> {
        self.ring.check()
    }

    /// Saves the keys of all patients into a new file in the folder `to`, for the given time, and removes those there that
    /// have expired. It is sealed under the master key; keep it apart from other backups.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn back_up_keys(&self, to: &Path, now: Millis, life_ms: u64) -> Result<RingBackup, BackupError> {
        self.ring.back_up(&self.master, to, now, life_ms)
    }

    /// Gives the stopped node in `folder` every patient's key that it lacks and the backup `from` has; those that are erased
    /// stay so. Gives how many came back.
    ///
    /// # Errors
    /// [`BackupError`]; each says what to do.
    pub fn restore_keys(folder: &Path, from: &Path, now: Millis, expired: Expired) -> Result<u64, BackupError> {
        keyring::restore(folder, from, now, expired)
    }

    /// A look at the key spaces.
    pub fn view(&self) -> StoreView {
        self.view.clone()
    }

    /// The large values.
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    /// Large copies of what others hold, for some hours: as [`Store::blobs`], but a power cut may tear them, so that nobody
    /// waits for the disk. A torn one does not open.
    pub fn copies(&self) -> &Blobs {
        &self.copies
    }

    /// The key with which the leaves of the audit log are salted; for proofs.
    pub fn salt_key(&self) -> &[u8; 32] {
        &self.salts
    }

    /// A key of its own for another use in the node (keyed hashes, sealing), the same for the same name.
    pub fn key_for(&self, usage: &str) -> Zeroizing<[u8; 32]> {
        self.master.node(usage)
    }

    /// How the store is.
    pub fn health(&self) -> Health {
        self.view.shared.health.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Checks everything: snapshots, the journal's chain, the index against both, the blobs, the audit log. Reads all of it;
    /// writing goes on.
    pub fn verify(&self) -> VerifyReport {
        self.verify_paced(&mut |_| true)
    }

    /// As [`Store::verify`]; `pace` hears how much was read.
    pub fn verify_paced(&self, pace: Pace<'_>) -> VerifyReport {
        let _held = self.care.lock().unwrap_or_else(PoisonError::into_inner);
        verify(&self.files, &self.view.shared, &self.salts, pace)
    }

    /// Whether [`Store::compact`] pays now: the journal has grown.
    pub fn is_compact_due(&self) -> bool {
        self.maker.is_due().unwrap_or(false)
    }

    /// Folds all that is acknowledged into a snapshot, then removes segments and snapshots that enough good snapshots cover.
    ///
    /// # Errors
    /// [`MakeError`]; nothing that is needed is gone then.
    pub fn compact(&self, pace: Pace<'_>) -> Result<Compacted, MakeError> {
        let _held = self.care.lock().unwrap_or_else(PoisonError::into_inner);
        compact(&self.maker, &self.view.shared, self.health().position, pace)
    }

    /// Begins a slow round over all files.
    ///
    /// # Errors
    /// A folder cannot be listed.
    pub fn scrub(&self) -> Result<Scrub, DiskError> {
        Scrub::begin(&self.files)
    }

    /// Checks the next file of a round; `pace` may sleep.
    pub fn scrub_step(&self, scrub: &mut Scrub, pace: Pace<'_>) -> ScrubStep {
        let index = |report: &mut VerifyReport, pace: Pace<'_>| {
            let _held = self.care.lock().unwrap_or_else(PoisonError::into_inner);
            verify_index(&self.files, &self.view.shared, report, pace);
            check_log(&self.view.shared, &self.salts, report);
        };
        scrub.step(&self.files, self.health().position, index, pace)
    }

    /// Copies everything acknowledged to the folder `to`, adding only what is new; writing goes on. `at` is when, in Unix
    /// milliseconds.
    ///
    /// # Errors
    /// [`BackupFault`]; the backup that was there before stays.
    pub fn backup(&self, to: &Path, at: u64, pace: BackupPace<'_>) -> Result<BackedUp, BackupFault> {
        let _held = self.care.lock().unwrap_or_else(PoisonError::into_inner);
        let made = RealDisk::new(to);
        make_private(to)?;
        let head = || self.health().position;
        let ledger = ledger(&self.view.shared).unwrap_or_default();
        Backup { files: &self.files, master: &self.master, to: &made, head: &head, ledger, at }.make(pace)
    }

    /// Whether the journal, or the snapshot that it begins with, has this very frame.
    pub fn has_frame(&self, mark: &Mark) -> bool {
        self.files.reader().replay(mark, mark.position, |_, _| ControlFlow::Continue(())).is_ok()
    }

    /// Gives every write that the journal holds, opened with the master key: values of patients are still sealed with theirs.
    ///
    /// # Errors
    /// [`JournalError`] where the journal is damaged.
    pub fn journal(&self, mut each: impl FnMut(Write)) -> Result<(), JournalError> {
        let head = self.health().position;
        let read = self.files.reader().replay(&Mark::default(), head, |_, writes| {
            writes.into_iter().for_each(&mut each);
            ControlFlow::Continue(())
        });
        match read {
            Ok(_) | Err(ReplayError::Stopped) => Ok(()),
            Err(ReplayError::Journal(error)) => Err(error),
        }
    }

    /// Makes the index durable. What is acknowledged is durable without.
    pub fn flush(&self) {
        self.writer.flush();
    }

    /// Lets the queue run empty, flushes the index and gives the folder free. Later commits fail; views go on reading.
    pub fn close(&self) {
        self.writer.close();
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.close();
    }
}

fn open_index(folder: &Path, disk: &dyn Disk, config: &StoreConfig) -> Result<Arc<dyn Db>, OpenError> {
    let (at, cache_bytes) = (folder.join(FOLDER), config.cache_bytes);
    let open = || {
        let at = at.clone();
        Again::new(move || Ok(Box::new(SledDb::open(&at, cache_bytes)?)))
    };
    let opened = match open() {
        Err(DbError::Full) => {
            // sled needs room to open at all.
            reserve::free(disk)?;
            open()
        }
        done => done,
    };
    Ok(Arc::new(opened?))
}

/// Moves a damaged index into quarantine under the first free number; nothing is ever deleted.
fn set_aside(folder: &Path) -> Result<Option<String>, OpenError> {
    if !folder.join(FOLDER).exists() {
        return Ok(None);
    }
    let names = (1u32..).map(|number| format!("quarantine/{FOLDER}-{number}"));
    let Some(name) = names.into_iter().find(|name| !folder.join(name).exists()) else { return Ok(None) };
    let not_writable = |e: std::io::Error| OpenError::NotWritable { folder: folder.join(FOLDER), why: e.to_string() };
    std::fs::rename(folder.join(FOLDER), folder.join(&name)).map_err(not_writable)?;
    Ok(Some(name))
}

const FOLDER: &str = "db";
