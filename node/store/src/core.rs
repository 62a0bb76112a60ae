//! The store without threads: opening, committing, over any disk and any index. The node's writer thread is a thin shell
//! around it; the simulator drives it directly.
use crate::blobs::Blobs;
use crate::codec::Codec;
use crate::db::{Db, DbError};
use crate::disk::Disk;
use crate::error::{OpenError, OpenReport};
use crate::journal::{AppendError, Journal, JournalKeys, JournalReader, Mark, ReplayError};
use crate::keys::MasterKey;
use crate::limits::{GROUP_WRITES_MAX, SEGMENT_BYTES_MIN};
use crate::overlay::Pending;
use crate::reserve::{self, Reserve};
use crate::view::{Health, REBUILD_PATH, SCHEMA_KEY, Shared, StoreView, is_reserved};
use protocol::data::{Space, Write};
use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError};
use zeroize::Zeroizing;

/// What a store needs to know at opening, beyond its disk and its index.
#[derive(Clone, Copy, Debug)]
pub struct CoreConfig {
    /// The master key of a store that is new; drawn by the caller, not looked at when the store exists.
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
    pub(crate) master: MasterKey,
    blobs: Blobs,
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
        let master = master_key(&**disk, config)?;
        let keys = Arc::new(JournalKeys::new(&master));
        let shared = Arc::new(Shared::new(disk.clone(), db.clone(), Codec::new(&master)));
        let applied = shared.applied()?;
        if applied.position > 0 && disk.len(REBUILD_PATH)?.is_some() {
            return Err(OpenError::IndexUnfit("it gave back damaged values, or a check found that it differs".into()));
        }
        check_schema(shared.get(Space::Meta, SCHEMA_KEY)?.as_deref())?;
        let segment_bytes = config.segment_bytes.max(SEGMENT_BYTES_MIN);
        let opened = Journal::open(disk.clone(), keys, segment_bytes, applied.position)?;
        let mut journal = opened.journal;
        let replayed = catch_up(&journal.reader(), &shared, applied, journal.head().position)?;
        if journal.head().position == 0 {
            let schema = write(SCHEMA_KEY, SCHEMA.to_be_bytes().to_vec());
            let mark = journal.append(std::slice::from_ref(&schema)).map_err(|e| first_write(&e))?;
            let mut group = Pending::default();
            group.lay(schema);
            shared.apply(group, &mark)?;
        }
        disk.remove(REBUILD_PATH)?;
        let (blobs, removed_parts) = Blobs::open(disk.clone(), &master)?;
        let (copies, removed_copies) = Blobs::open_copies(disk.clone(), &master)?;
        let reserve = Reserve::open(&**disk, config.reserve_bytes);
        let report = OpenReport {
            is_new: opened.created,
            position: journal.head().position,
            cut: opened.cut,
            replayed,
            rebuilt: None,
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
            master,
            blobs,
            copies,
        };
        core.note_health(false);
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

    /// How the store is.
    pub fn health(&self) -> Health {
        self.shared.health.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes the index durable, so that the next start has nothing to replay.
    pub fn flush(&self) -> Result<(), DbError> {
        self.shared.db.flush()
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

fn master_key(disk: &dyn Disk, config: &CoreConfig) -> Result<MasterKey, OpenError> {
    if let Some(key) = MasterKey::load(disk)? {
        return Ok(key);
    }
    if !disk.list("journal")?.is_empty() {
        return Err(OpenError::KeyMissing);
    }
    let key = MasterKey::new(config.entropy);
    key.save(disk)?;
    Ok(key)
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

fn first_write(error: &AppendError) -> OpenError {
    match error {
        AppendError::Full => OpenError::Full,
        other => OpenError::FirstWrite(other.clone()),
    }
}

fn write(key: &[u8], value: Vec<u8>) -> Write {
    Write { space: Space::Meta, key: key.to_vec(), value: Some(value) }
}

/// Version of keys and values in the spaces. A step up needs a migration.
const SCHEMA: u32 = 1;
