//! The store without threads: opening, committing, over any disk and any index. The node's writer thread is a thin shell
//! around it; the simulator drives it directly.
use crate::blobs::{BlobId, Blobs};
use crate::check::{FileCheck, VerifyReport, verify};
use crate::codec::Codec;
use crate::db::{Db, DbError};
use crate::disk::Disk;
use crate::error::{OpenError, OpenReport};
use crate::journal::{Floor, Journal, JournalError, JournalKeys, JournalReader, Mark, ReplayError, segments};
use crate::keyring::{Guard, Keyring, KeyringError, KeyringReport, Lookup};
use crate::keys::MasterKey;
use crate::limits::{GROUP_BYTES_MAX, GROUP_WRITES_MAX, SEGMENT_BYTES_MIN};
use crate::migrate::{self, KEYS_SCHEMA, SCHEMA};
use crate::overlay::Pending;
use crate::reserve::{self, Reserve};
use crate::snapshot::{self, Checked, Compacted, MakeError, Maker, SnapshotKeys, SnapshotReader};
use crate::tx::check;
use crate::view::{ERASED_PREFIX, FLOOR_KEY, Health, REBUILD_PATH, SCHEMA_KEY, Shared, StoreView, is_reserved};
use protocol::data::{Batch, Outcome, Space};
use protocol::ids::PatientRef;
use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError};
use zeroize::Zeroizing;

/// What a store needs to know at opening, beyond its disk and its index.
#[derive(Clone, Copy, Debug)]
pub struct CoreConfig {
    /// Drawn anew by the caller at each opening: a new store takes its master key from it, every store the keys of patients
    /// that come. Never kept.
    pub entropy: [u8; 32],
    /// A segment of the journal is closed at this size.
    pub segment_bytes: u64,
    /// Size of the reserve; 0 for none.
    pub reserve_bytes: u64,
}

/// A store that is open for writing.
pub struct Core {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) journal: Journal,
    pub(crate) shared: Arc<Shared>,
    pub(crate) salts: Zeroizing<[u8; 32]>,
    pub(crate) reserve: Reserve,
    pub(crate) groups: u64,
    /// The newest frame, while the index does not have it yet.
    pub(crate) behind: Option<Mark>,
    /// From which group on the index is tried again.
    pub(crate) index_from: u64,
    /// How often the index had been opened anew when that was last looked at.
    pub(crate) times: u64,
    pub(crate) master: MasterKey,
    pub(crate) guard: Guard,
    /// What the journal holds of the floor of the keys.
    pub(crate) floor_noted: u64,
    pub(crate) keys: Arc<JournalKeys>,
    pub(crate) snapshots: Arc<SnapshotKeys>,
    pub(crate) blobs: Blobs,
    copies: Blobs,
}

impl Core {
    /// Opens the store on `disk`, or makes it, and brings `db` up to the end of the journal.
    ///
    /// # Errors
    /// [`OpenError::IndexUnfit`] if `db` does not fit the journal: call again with an empty one.
    pub fn open(disk: Arc<dyn Disk>, db: Arc<dyn Db>, config: &CoreConfig) -> Result<(Self, OpenReport), OpenError> {
        match Self::try_open(&disk, &db, config) {
            Err(OpenError::Full) => {
                reserve::free(&*disk)?;
                Self::try_open(&disk, &db, config)
            }
            done => done,
        }
    }

    fn try_open(disk: &Arc<dyn Disk>, db: &Arc<dyn Db>, config: &CoreConfig) -> Result<(Self, OpenReport), OpenError> {
        if disk.len(RESTORING_PATH)?.is_some() {
            return Err(OpenError::Restoring);
        }
        let master = master_key(&**disk, config)?;
        let keys = Arc::new(JournalKeys::new(&master));
        let snapshots = Arc::new(SnapshotKeys::new(&master, &keys));
        let shared = Arc::new(Shared::new(disk.clone(), db.clone(), Codec::new(&master)));
        let applied = shared.applied()?;
        if applied.position > 0 && disk.len(REBUILD_PATH)?.is_some() {
            return Err(OpenError::IndexUnfit("it gave back damaged values, or a check found that it differs".into()));
        }
        check_schema(shared.get(Space::Meta, SCHEMA_KEY)?.as_deref())?;
        let segment_bytes = config.segment_bytes.max(SEGMENT_BYTES_MIN);
        let covered = snapshot::headers(disk, &snapshots)?.last().map_or(0, |mark| mark.position);
        let floor = Floor { seen: applied.position, covered };
        let opened = Journal::open(disk.clone(), keys.clone(), segment_bytes, floor)?;
        let mut journal = opened.journal;
        let base = Base::find(disk, &snapshots, &applied, journal.head().position)?;
        let applied = base.load(disk, &snapshots, &shared, applied)?;
        let replayed = catch_up(&journal.reader(), &shared, applied, journal.head().position)?;
        let guard = open_keys(disk, &shared, &master, config)?;
        Maker { disk: disk.clone(), keys: snapshots.clone(), journal: journal.reader() }.clean()?;
        let (blobs, removed_parts) = Blobs::open(disk.clone(), &master)?;
        let migrated = migrate::run(&mut journal, &shared, &blobs, &guard)?;
        disk.remove(REBUILD_PATH)?;
        let (copies, removed_copies) = Blobs::open_copies(disk.clone(), &master)?;
        let reserve = Reserve::open(&**disk, config.reserve_bytes);
        let report = OpenReport {
            is_new: opened.created,
            position: journal.head().position,
            cut: opened.cut,
            replayed,
            rebuilt: None,
            base: base.good.map(|good| good.mark.position),
            bad_snapshots: base.bad,
            migrated,
            has_reserve: reserve.is_there(),
            removed_parts: removed_parts + removed_copies,
        };
        let salts = master.derive("audit/salts");
        let core = Self {
            disk: disk.clone(),
            journal,
            shared,
            salts,
            reserve,
            groups: 0,
            behind: None,
            index_from: 0,
            times: 0,
            floor_noted: 0,
            guard,
            master,
            keys,
            snapshots,
            blobs,
            copies,
        };
        core.note_health(false);
        core.shared.begin(core.reader())?;
        Ok((core, report))
    }

    /// A look at the store; stays good as long as it is kept.
    pub fn view(&self) -> StoreView {
        StoreView { shared: self.shared.clone() }
    }

    /// The large values.
    pub fn blobs(&self) -> Blobs {
        self.blobs.clone()
    }

    /// Large copies of what others hold: complete, but not durable.
    pub fn copies(&self) -> Blobs {
        self.copies.clone()
    }

    /// The key with which the leaves of the audit log are salted; for proofs.
    pub fn salt_key(&self) -> [u8; 32] {
        *self.salts
    }

    /// A key of its own for another use in the node, from the master key of the store; the same for the same name.
    pub fn key_for(&self, usage: &str) -> Zeroizing<[u8; 32]> {
        self.master.node(usage)
    }

    /// Commits `batch`, which removes what there is of a patient, and then overwrites its key in both copies: what journal,
    /// index and backups hold of it opens no more. The index need not have it yet. After a crash in between, the next
    /// opening goes on. `blobs` are the patient's large values: from this frame on none of them must be there, and the caller
    /// removes them afterwards.
    ///
    /// # Errors
    /// The outcome of the batch, or that it is written and the key could not be overwritten yet.
    pub fn erase(&mut self, patient: PatientRef, mut batch: Batch, blobs: &[BlobId]) -> Result<Vec<u64>, String> {
        check(&batch)?;
        batch.writes.extend(blobs.iter().map(|blob| self.blobs.gone(*blob)));
        batch.put(Space::Meta, [ERASED_PREFIX, &patient.0.to_be_bytes()].concat(), b"");
        let leaves = match self.commit_own(batch) {
            Outcome::Committed { leaves } => leaves,
            Outcome::Failed(why) => return Err(why),
        };
        self.guard.ring.erase(patient.0).map_err(|error| {
            format!("nothing of the patient is shown any more, but its key could not be overwritten: {error}. The next start of the node tries again; the patient counts as erased only then")
        })?;
        Ok(leaves)
    }

    /// Reads all keys of patients in both copies and heals what one of them lost.
    pub fn check_keys(&self) -> Result<KeyringReport, KeyringError> {
        self.guard.ring.check()
    }

    /// How the store is.
    pub fn health(&self) -> Health {
        self.shared.health.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes the index durable, so that the next start has nothing to replay.
    pub fn flush(&self) -> Result<(), DbError> {
        self.shared.db.flush()
    }

    /// Folds all that is acknowledged into a snapshot, then removes what enough snapshots cover.
    ///
    /// # Errors
    /// [`MakeError`]; nothing that is needed is gone then.
    pub fn compact(&self) -> Result<Compacted, MakeError> {
        compact(&self.maker(), &self.shared, self.journal.head().position, &mut |_| true)
    }

    /// Checks everything there is.
    pub fn verify(&self) -> VerifyReport {
        verify(&self.files(), &self.shared, &self.salts, &mut |_| true)
    }

    pub(crate) fn files(&self) -> FileCheck {
        FileCheck {
            disk: self.disk.clone(),
            keys: self.keys.clone(),
            snapshots: self.snapshots.clone(),
            blobs: self.blobs(),
        }
    }

    pub(crate) fn maker(&self) -> Maker {
        Maker { disk: self.disk.clone(), keys: self.snapshots.clone(), journal: self.reader() }
    }

    pub(crate) fn reader(&self) -> JournalReader {
        self.journal.reader()
    }

    pub(crate) fn note_health(&self, is_full: bool) {
        let mut health = self.shared.health.lock().unwrap_or_else(PoisonError::into_inner);
        health.position = self.journal.head().position;
        health.is_full = is_full;
        health.refusing = self.journal.refusing().map(str::to_owned);
    }
}

/// Makes a snapshot at frame `head` and removes what enough snapshots cover and the index has on its disk.
pub(crate) fn compact(
    maker: &Maker,
    shared: &Shared,
    head: u64,
    pace: &mut dyn FnMut(u64) -> bool,
) -> Result<Compacted, MakeError> {
    maker.make(head, pace)?;
    // What the index has now is on its disk after the flush.
    let indexed = shared.applied().and_then(|applied| shared.db.flush().map(|()| applied.position));
    let indexed = indexed.unwrap_or_else(|error| {
        tracing::warn!(%error, "the index could not be flushed; no segment is dropped");
        0
    });
    match shared.db.tidy() {
        Ok(0) => {}
        Ok(bytes) => tracing::info!(bytes, "room of values that are gone was given back in the index"),
        Err(error) => tracing::warn!(%error, "the index could not be tidied"),
    }
    maker.drop_covered(indexed, pace)
}

/// Where an empty index begins.
struct Base {
    good: Option<Checked>,
    bad: Vec<String>,
}

impl Base {
    /// For an empty index the newest snapshot that reads well; for any other, nothing.
    fn find(disk: &Arc<dyn Disk>, keys: &SnapshotKeys, applied: &Mark, head: u64) -> Result<Self, OpenError> {
        let first = segments(&**disk)?.first().copied().unwrap_or(1);
        if applied.position > 0 {
            if first > applied.position + 1 {
                return Err(OpenError::IndexUnfit("frames that it lacks are in the snapshots only".into()));
            }
            return Ok(Self { good: None, bad: Vec::new() });
        }
        let (good, bad) = snapshot::newest_good(disk, keys, head);
        bad.iter().for_each(|error| tracing::error!(%error, "the index is made without this snapshot"));
        if good.map_or(0, |good| good.mark.position) + 1 < first {
            return Err(JournalError::Uncovered { first }.into());
        }
        Ok(Self { good, bad: bad.iter().map(ToString::to_string).collect() })
    }

    /// Gives the index the pairs of the snapshot. Its mark comes last: interrupted, it is done again.
    fn load(
        &self,
        disk: &Arc<dyn Disk>,
        keys: &Arc<SnapshotKeys>,
        shared: &Shared,
        applied: Mark,
    ) -> Result<Mark, OpenError> {
        let Some(good) = self.good else { return Ok(applied) };
        let reader = SnapshotReader::open(disk.clone(), keys, good.mark.position)?;
        let mut next = snapshot::source(reader, keys.clone());
        let mut group = Pending::default();
        while let Some(write) = next()? {
            if is_reserved(write.space, &write.key) && write.key == SCHEMA_KEY {
                check_schema(write.value.as_deref())?;
            }
            group.lay(write);
            if group.len() >= GROUP_WRITES_MAX || group.bytes() >= GROUP_BYTES_MAX {
                shared.apply(std::mem::take(&mut group), &Mark::default())?;
            }
        }
        shared.apply(group, &good.mark)?;
        Ok(good.mark)
    }
}

fn master_key(disk: &dyn Disk, config: &CoreConfig) -> Result<MasterKey, OpenError> {
    if let Some(key) = MasterKey::load(disk)? {
        return Ok(key);
    }
    if !disk.list("journal")?.is_empty() || !snapshot::list(disk)?.is_empty() {
        return Err(OpenError::KeyMissing);
    }
    // Not the entropy itself: the keys of the first patients come from it too, and must not come from the master key.
    let key = MasterKey::new(blake3::derive_key("musubi 2026 master key of a store", &config.entropy));
    key.save(disk)?;
    Ok(key)
}

/// Opens the keys of the patients, and overwrites those that an erasure was cut off from, or an old copy brought back.
fn open_keys(
    disk: &Arc<dyn Disk>,
    shared: &Shared,
    master: &MasterKey,
    config: &CoreConfig,
) -> Result<Guard, OpenError> {
    let floor = shared.get(Space::Meta, FLOOR_KEY)?;
    let is_new = floor.is_none() && schema_of(shared)? < KEYS_SCHEMA;
    let ring = Arc::new(Keyring::open(disk.clone(), master, &config.entropy, is_new)?);
    let floor = floor.and_then(|floor| Some(u64::from_be_bytes(floor.try_into().ok()?))).unwrap_or(1);
    ring.expect(floor)?;
    let mut from = ERASED_PREFIX.to_vec();
    loop {
        let page = shared.db.scan(Space::Meta, ERASED_PREFIX, &from, ERASED_PAGE)?;
        for (key, _) in &page {
            let p = key.strip_prefix(ERASED_PREFIX).and_then(|p| Some(u64::from_be_bytes(p.try_into().ok()?)));
            let Some(p) = p else { continue };
            if !matches!(ring.find(p), Ok(Lookup::Erased)) {
                ring.erase(p)?;
            }
        }
        let Some((last, _)) = page.last().filter(|_| page.len() == ERASED_PAGE) else { break };
        from = [last.as_slice(), &[0]].concat();
    }
    let guard = Guard { ring };
    shared.guard_with(guard.clone());
    Ok(guard)
}

fn schema_of(shared: &Shared) -> Result<u32, OpenError> {
    let value = shared.get(Space::Meta, SCHEMA_KEY)?;
    Ok(value.and_then(|value| value.try_into().ok()).map_or(0, u32::from_be_bytes))
}

/// Gives the index every frame above `applied`, some at a time.
fn catch_up(reader: &JournalReader, shared: &Shared, applied: Mark, head: u64) -> Result<u64, OpenError> {
    let mut group = Pending::default();
    let mut reached = applied;
    let mut failed: Option<OpenError> = None;
    let replayed = reader.replay(&applied, head, |mark, writes| {
        reached = mark;
        let step = writes.into_iter().try_for_each(|write| {
            if is_reserved(write.space, &write.key) && write.key == SCHEMA_KEY {
                check_schema(write.value.as_deref())?;
            }
            group.lay(write);
            Ok(())
        });
        let step = step.and_then(|()| {
            if group.len() < GROUP_WRITES_MAX { Ok(()) } else { Ok(shared.apply(std::mem::take(&mut group), &mark)?) }
        });
        failed = step.err();
        if failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if let Some(error) = failed {
        return Err(error);
    }
    let replayed = match replayed {
        Ok(replayed) => replayed.frames,
        Err(ReplayError::Journal(error)) => return Err(error.into()),
        Err(ReplayError::Stopped) => 0,
    };
    if !group.is_empty() || reached != applied {
        shared.apply(group, &reached)?;
    }
    Ok(replayed)
}

fn check_schema(value: Option<&[u8]>) -> Result<(), OpenError> {
    let Some(value) = value else { return Ok(()) };
    let found = value.try_into().map(u32::from_be_bytes).unwrap_or(u32::MAX);
    if found > SCHEMA { Err(OpenError::Newer { found, known: SCHEMA }) } else { Ok(()) }
}

/// Erased patients that are looked up at a time.
const ERASED_PAGE: usize = 1_000;
/// A file with this name stands in a folder that is being restored.
pub(crate) const RESTORING_PATH: &str = "restoring";
