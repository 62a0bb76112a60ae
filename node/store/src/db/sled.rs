//! The index in sled 0.34: sixteen trees, opened and used under a guard.
//!
//! sled is no longer maintained, panics on some damage and calls `flush` what is no fsync (`docs/storage.md`). So it
//! holds nothing that the journal does not, every call is guarded, and a damaged folder is rebuilt, never repaired.
use super::{Change, Db, DbError, Pair};
use crate::limits::GROUP_WRITES_MAX;
use protocol::data::Space;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// The index in a folder of sled.
pub struct SledDb {
    db: sled::Db,
    trees: Vec<sled::Tree>,
    /// sled's own file once more: its flush does not sync what grew.
    file: File,
}

impl SledDb {
    /// Opens the folder, or makes it.
    ///
    /// # Errors
    /// [`DbError::Damaged`] also for a panic inside sled: the caller sets the folder aside and rebuilds.
    pub fn open(folder: &Path, cache_bytes: u64) -> Result<Self, DbError> {
        let folder = folder.to_owned();
        let opening = std::thread::Builder::new().name("sled-open".into()).spawn(move || open(&folder, cache_bytes));
        let opening = opening.map_err(|e| DbError::Disk(e.to_string()))?;
        opening.join().unwrap_or_else(|_| Err(DbError::Damaged("sled panicked while opening it".into())))
    }

    fn tree(&self, space: Space) -> &sled::Tree {
        &self.trees[space as usize]
    }
}

impl Db for SledDb {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, DbError> {
        guard(|| Ok(self.tree(space).get(key)?.map(|value| value.to_vec())))
    }

    fn scan(&self, space: Space, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Pair>, DbError> {
        guard(|| {
            let mut found = Vec::new();
            for pair in self.tree(space).range(from.max(prefix)..) {
                let (key, value) = pair?;
                if found.len() >= limit || !key.starts_with(prefix) {
                    break;
                }
                found.push((key.to_vec(), value.to_vec()));
            }
            Ok(found)
        })
    }

    fn apply(&self, changes: Vec<(Space, Vec<Change>)>) -> Result<(), DbError> {
        guard(|| {
            for (space, changes) in changes {
                let mut changes = changes.into_iter().peekable();
                while changes.peek().is_some() {
                    let mut batch = sled::Batch::default();
                    for (key, value) in changes.by_ref().take(GROUP_WRITES_MAX) {
                        match value {
                            Some(value) => batch.insert(key, value),
                            None => batch.remove(key),
                        }
                    }
                    self.tree(space).apply_batch(batch)?;
                }
            }
            Ok(())
        })
    }

    fn flush(&self) -> Result<(), DbError> {
        guard(|| {
            self.db.flush()?;
            Ok(self.file.sync_data()?)
        })
    }
}

fn open(folder: &Path, cache_bytes: u64) -> Result<SledDb, DbError> {
    let is_new = !folder.join("db").exists();
    let db = sled::Config::new().path(folder).cache_capacity(cache_bytes).open().map_err(reason)?;
    let trees = Space::ALL.iter().map(|space| db.open_tree(space.name()));
    let trees = trees.collect::<Result<Vec<_>, _>>().map_err(reason)?;
    if is_new {
        settle(&db, folder).map_err(reason)?;
    }
    let file = File::open(folder.join("db")).map_err(|e| reason(e.into()))?;
    Ok(SledDb { db, trees, file })
}

/// Makes a new folder durable: sled itself syncs neither its files at their making nor their names. Without this six of
/// ten power cuts left a folder that sled refused to open.
fn settle(db: &sled::Db, folder: &Path) -> Result<(), sled::Error> {
    db.insert(b"settled", b"1")?;
    db.flush()?;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() {
            File::open(&path)?.sync_all()?;
        }
    }
    #[cfg(unix)]
    for folder in [Some(folder), folder.parent()].into_iter().flatten() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Calls sled; a panic inside it becomes an error.
fn guard<T>(call: impl FnOnce() -> Result<T, sled::Error>) -> Result<T, DbError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(reason),
        Err(_) => Err(DbError::Damaged("sled panicked".into())),
    }
}

fn reason(error: sled::Error) -> DbError {
    match error {
        sled::Error::Io(e) if e.kind() == std::io::ErrorKind::StorageFull => DbError::Full,
        // sled reports some damage of its own files as these kinds.
        sled::Error::Io(e)
            if matches!(e.kind(), std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof) =>
        {
            DbError::Damaged(e.to_string())
        }
        sled::Error::Io(e) => DbError::Disk(e.to_string()),
        other => DbError::Damaged(other.to_string()),
    }
}
