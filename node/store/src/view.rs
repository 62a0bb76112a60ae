//! Reading: the index, opened and with what it lacks laid over it.
use crate::codec::Codec;
use crate::db::{Change, Db, DbError, Pair};
use crate::disk::Disk;
use crate::journal::{JournalReader, Mark};
use crate::keyring::{Guard, KeyringError, ValueError};
use crate::overlay::{Pending, Range};
use protocol::data::{ERASED, Space, View};
use std::collections::BTreeSet;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard};

/// A look at the store that sees every acknowledged batch. Cheap to clone; calls block and may touch the disk.
///
/// Whoever saw one write of a batch sees all of it from then on.
///
/// # Panics
/// When the index gives back damaged bytes, or the disk reads neither index nor key ring: to answer "nothing there" would be a
/// lie. For a damaged index a note is left so that the next start rebuilds it from the journal.
#[derive(Clone)]
pub struct StoreView {
    pub(crate) shared: Arc<Shared>,
}

/// How the store is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Last frame of the journal.
    pub position: u64,
    /// The disk was full at the last write, or the reserve could not be made again since.
    pub is_full: bool,
    /// Since which failure the journal takes no more writes.
    pub refusing: Option<String>,
    /// Why the index lags behind the journal; what it lacks is read from memory until it takes it.
    pub lagging: Option<String>,
    /// Patients whose key was needed and is in neither copy of the key ring.
    pub lost: BTreeSet<u64>,
}

/// What the writer and all views have in common.
pub(crate) struct Shared {
    pub(crate) db: Arc<dyn Db>,
    pub(crate) codec: Codec,
    guard: OnceLock<Guard>,
    pub(crate) health: Mutex<Health>,
    pub(crate) disk: Arc<dyn Disk>,
    /// Acknowledged writes that the index does not have yet, or could not take. They are read over it, so that nobody sees
    /// half of a group while it is applied.
    pub(crate) lag: RwLock<Pending>,
    /// What opening the index anew takes. Held while the index is written: taken before `lag`, never while holding it.
    pub(crate) anew: Mutex<Anew>,
    /// How often the index was opened anew.
    pub(crate) times: AtomicU64,
}

/// How the index is opened anew under those who read it.
#[derive(Default)]
pub(crate) struct Anew {
    /// Reads what an earlier state of the index lacks; none while the store is being opened.
    pub(crate) journal: Option<JournalReader>,
    /// What the index had at last.
    pub(crate) indexed: Mark,
}

impl View for StoreView {
    fn get(&self, space: Space, key: &[u8]) -> Option<Vec<u8>> {
        if is_reserved(space, key) {
            return None;
        }
        let raw = self.shared.get(space, key).unwrap_or_else(|error| self.shared.stop(&error))?;
        Some(self.shared.unguard(space, key, raw))
    }

    fn scan(&self, space: Space, prefix: &[u8], from: &[u8], limit: usize) -> Vec<Pair> {
        let from = if space == Space::Meta { from.max(FIRST_FREE) } else { from };
        let at = Range { space, prefix, from, limit };
        let pairs = self.shared.scan(&at).unwrap_or_else(|error| self.shared.stop(&error));
        let open = |(key, raw): Pair| {
            let value = self.shared.unguard(space, &key, raw);
            (key, value)
        };
        pairs.into_iter().map(open).collect()
    }
}

impl Shared {
    pub(crate) fn new(disk: Arc<dyn Disk>, db: Arc<dyn Db>, codec: Codec) -> Self {
        Self {
            db,
            codec,
            guard: OnceLock::new(),
            disk,
            health: Mutex::default(),
            lag: RwLock::default(),
            anew: Mutex::default(),
            times: AtomicU64::new(0),
        }
    }

    /// From here on values of patients can be opened.
    pub(crate) fn guard_with(&self, guard: Guard) {
        // Set once, by the one who opens the store.
        let _ = self.guard.set(guard);
    }

    /// The value in a raw one.
    fn unguard(&self, space: Space, key: &[u8], raw: Vec<u8>) -> Vec<u8> {
        let Some(guard) = self.guard.get() else { return raw };
        match guard.open(space, key, raw) {
            Ok(value) => value,
            Err(ValueError::Damaged) => self
                .stop(&DbError::Damaged(format!("a value of `{}` does not open with its patient's key", space.name()))),
            Err(ValueError::Key(KeyringError::Lost(p))) => self.lost(p, space),
            // The file of the keys cannot be read: the disk fails, as with the index itself. Nothing from outside leads here.
            Err(ValueError::Key(error)) => panic!("{error}"),
        }
    }

    /// What is read in the place of a value whose patient's key is lost, and a note of it: everybody else is read on.
    fn lost(&self, p: u64, space: Space) -> Vec<u8> {
        if self.health.lock().unwrap_or_else(PoisonError::into_inner).lost.insert(p) {
            tracing::error!("{}; until then nothing of this patient can be read", KeyringError::Lost(p));
        }
        // Of an event that cannot be read the stored leaf counts, whoever took its key.
        if space == Space::Audit { ERASED.to_vec() } else { LOST.to_vec() }
    }

    /// The raw value under any key, reserved ones included.
    pub(crate) fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, DbError> {
        self.twice(|| self.get_once(space, key))
    }

    fn get_once(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, DbError> {
        let lag = self.lag();
        if let Some(value) = lag.find(space, key) {
            return Ok(value.clone());
        }
        let Some(sealed) = self.db.get(space, key)? else { return Ok(None) };
        self.open(space, key, sealed).map(Some)
    }

    fn scan(&self, at: &Range<'_>) -> Result<Vec<Pair>, DbError> {
        self.twice(|| self.scan_once(at))
    }

    fn scan_once(&self, at: &Range<'_>) -> Result<Vec<Pair>, DbError> {
        let mut failed = None;
        let lag = self.lag();
        let pairs = lag.scan(at, |limit| {
            let sealed = self.db.scan(at.space, at.prefix, at.from, limit);
            let opened = sealed.and_then(|sealed| sealed.into_iter().map(|pair| self.pair(at.space, pair)).collect());
            opened.unwrap_or_else(|error| {
                failed = Some(error);
                Vec::new()
            })
        });
        failed.map_or(Ok(pairs), Err)
    }

    /// Applies a group behind `mark`. If the index cannot take it, it is kept in memory: it is acknowledged all the same.
    pub(crate) fn apply(&self, group: Pending, mark: &Mark) -> Result<(), DbError> {
        self.show(group);
        self.catch_up(mark)
    }

    /// Lets everybody see a group, all of it at once; the index follows with [`Shared::catch_up`].
    pub(crate) fn show(&self, group: Pending) {
        let mut lag = self.lag.write().unwrap_or_else(PoisonError::into_inner);
        if lag.is_empty() {
            *lag = group;
        } else {
            group.into_writes().into_iter().for_each(|write| lag.lay(write));
        }
    }

    /// Gives the index what it lacks, up to `mark`. Only the writer calls it, so nothing is shown meanwhile.
    pub(crate) fn catch_up(&self, mark: &Mark) -> Result<(), DbError> {
        let mut anew = self.anew();
        let changes = self.changes(&self.lag(), mark);
        self.db.apply(changes)?;
        anew.indexed = *mark;
        *self.lag.write().unwrap_or_else(PoisonError::into_inner) = Pending::default();
        Ok(())
    }

    /// Sealed changes, space by space, the mark in the last.
    fn changes(&self, group: &Pending, mark: &Mark) -> Vec<(Space, Vec<Change>)> {
        let mut spaces: Vec<(Space, Vec<Change>)> = Vec::new();
        let mut meta = Vec::new();
        for (space, key, value) in group.iter() {
            let change = (key.to_vec(), value.map(|value| self.codec.seal(space, key, value)));
            match spaces.last_mut() {
                _ if space == Space::Meta => meta.push(change),
                Some((last, changes)) if *last == space => changes.push(change),
                _ => spaces.push((space, vec![change])),
            }
        }
        let value = [&mark.position.to_be_bytes()[..], &mark.digest].concat();
        meta.push((APPLIED.to_vec(), Some(self.codec.seal(Space::Meta, APPLIED, &value))));
        spaces.push((Space::Meta, meta));
        spaces
    }

    /// The last frame that the index has applied.
    pub(crate) fn applied(&self) -> Result<Mark, DbError> {
        parse_mark(self.get(Space::Meta, APPLIED)?)
    }

    /// As [`Shared::applied`], for who holds [`Shared::lag`] already.
    pub(crate) fn applied_in_index(&self) -> Result<Mark, DbError> {
        let sealed = self.db.get(Space::Meta, APPLIED)?;
        parse_mark(sealed.map(|sealed| self.open(Space::Meta, APPLIED, sealed)).transpose()?)
    }

    /// Bytes of acknowledged writes that the index lacks.
    pub(crate) fn lag_bytes(&self) -> usize {
        self.lag().bytes()
    }

    /// While this is held no group is applied.
    pub(crate) fn lag(&self) -> RwLockReadGuard<'_, Pending> {
        self.lag.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn pair(&self, space: Space, (key, sealed): Pair) -> Result<Pair, DbError> {
        let value = self.open(space, &key, sealed)?;
        Ok((key, value))
    }

    pub(crate) fn open(&self, space: Space, key: &[u8], sealed: Vec<u8>) -> Result<Vec<u8>, DbError> {
        let opened = self.codec.open(space, key, sealed);
        opened.ok_or_else(|| DbError::Damaged(format!("a value of `{}` does not open", space.name())))
    }

    /// Notes that the index must be rebuilt at the next start.
    pub(crate) fn ask_for_rebuild(&self) {
        let noted = self.disk.append(REBUILD_PATH, b"rebuild").and_then(|()| self.disk.sync(REBUILD_PATH));
        if noted.and_then(|()| self.disk.sync_folder("")).is_err() {
            tracing::error!(
                "the index is damaged and no note could be left; remove the folder db/ before the next start"
            );
        }
    }

    fn stop(&self, error: &DbError) -> ! {
        if error.is_trouble() {
            panic!("{error}. Nothing that was acknowledged is lost; see to the disk and start again");
        }
        self.ask_for_rebuild();
        panic!("{error}; the next start rebuilds the index from the journal");
    }
}

fn parse_mark(value: Option<Vec<u8>>) -> Result<Mark, DbError> {
    let Some(value) = value else { return Ok(Mark::default()) };
    let damaged = || DbError::Damaged("its mark is not what was written".into());
    let (position, digest) = value.split_first_chunk::<8>().ok_or_else(damaged)?;
    let digest = digest.try_into().map_err(|_| damaged())?;
    Ok(Mark { position: u64::from_be_bytes(*position), digest })
}

/// Whether the store keeps this key for itself.
pub(crate) fn is_reserved(space: Space, key: &[u8]) -> bool {
    space == Space::Meta && key < FIRST_FREE
}

/// What a view gives in the place of a value whose patient's key is lost: nothing that anybody writes, so that nothing decodes
/// it. [`Health::lost`] names the patient.
pub const LOST: &[u8] = &[0xFE];
/// A file with this name asks for a rebuild of the index at the next start.
pub(crate) const REBUILD_PATH: &str = "rebuild";
/// Position and digest of the last frame that the index has applied.
pub(crate) const APPLIED: &[u8] = b"\0applied";
/// Schema version of the values.
pub(crate) const SCHEMA_KEY: &[u8] = b"\0schema";
/// Below which number the keys of all patients are made.
pub(crate) const FLOOR_KEY: &[u8] = b"\0keys";
/// Before a patient's number: its key is to be erased, or is.
pub(crate) const ERASED_PREFIX: &[u8] = b"\0erased/";
/// How far an old store's values were sealed with their patients' keys.
pub(crate) const RESEALED_KEY: &[u8] = b"\0resealed";
/// Keys of `meta` below this one are the store's own.
pub(crate) const FIRST_FREE: &[u8] = &[1];
