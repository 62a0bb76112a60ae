//! An index that can be opened anew under those who read it, when the one in use answers nothing more.
use super::{Change, Db, DbError, Pair};
use protocol::data::Space;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

/// Opens the index.
type Open = Box<dyn Fn() -> Result<Box<dyn Db>, DbError> + Send + Sync>;

/// An index behind a lock. sled that met a full or failing disk once refuses everything from then on, so it is closed and
/// opened again.
pub struct Again {
    /// None only after it could not be opened again.
    now: RwLock<Option<Box<dyn Db>>>,
    open: Open,
}

impl Again {
    /// Opens the index by `open`, and later again by the same.
    ///
    /// # Errors
    /// That of `open`.
    pub fn new(open: impl Fn() -> Result<Box<dyn Db>, DbError> + Send + Sync + 'static) -> Result<Self, DbError> {
        let open: Open = Box::new(open);
        Ok(Self { now: RwLock::new(Some(patiently(&open)?)), open })
    }

    fn now(&self) -> RwLockReadGuard<'_, Option<Box<dyn Db>>> {
        self.now.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, call: impl FnOnce(&dyn Db) -> Result<T, DbError>) -> Result<T, DbError> {
        match &*self.now() {
            Some(db) => call(&**db),
            None => Err(DbError::Disk("it was closed after the disk failed, and has not been opened since".into())),
        }
    }
}

impl Db for Again {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, DbError> {
        self.with(|db| db.get(space, key))
    }

    fn scan(&self, space: Space, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Pair>, DbError> {
        self.with(|db| db.scan(space, prefix, from, limit))
    }

    fn apply(&self, changes: Vec<(Space, Vec<Change>)>) -> Result<(), DbError> {
        self.with(|db| db.apply(changes))
    }

    fn flush(&self) -> Result<(), DbError> {
        self.with(|db| db.flush())
    }

    fn tidy(&self) -> Result<u64, DbError> {
        self.with(|db| db.tidy())
    }

    fn reopen(&self) -> Result<bool, DbError> {
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        // Closed first: two of them never hold one folder.
        drop(now.take());
        *now = Some(patiently(&self.open)?);
        Ok(true)
    }
}

/// Opens, and waits a little for files that are held: by a thread of the one that was closed, or by a program that this
/// process is just starting.
fn patiently(open: &Open) -> Result<Box<dyn Db>, DbError> {
    for _ in 1..OPEN_TRIES {
        match open() {
            Err(DbError::Held(_)) => std::thread::sleep(OPEN_PAUSE),
            done => return done,
        }
    }
    open()
}

/// Two seconds.
const OPEN_TRIES: u32 = 20;
const OPEN_PAUSE: Duration = Duration::from_millis(100);
