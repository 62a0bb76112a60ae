//! The index in sled 0.34: sixteen trees, opened and used under a guard.
//!
//! sled is no longer maintained, panics on some damage and calls `flush` what is no fsync (`docs/storage.md`). So it
//! holds nothing that the journal does not, every call is guarded, and a damaged folder is rebuilt, never repaired.
use super::pack::{Packs, Spot};
use super::{Change, Db, DbError, Pair};
use crate::limits::{GROUP_BYTES_MAX, GROUP_WRITES_MAX};
use protocol::data::Space;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// The index in a folder of sled.
pub struct SledDb {
    db: sled::Db,
    trees: Vec<sled::Tree>,
    /// sled's own file once more: its flush does not sync what grew.
    file: File,
    packs: Packs,
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

    /// The values that sled holds, or holds the spots of; none for one that was removed meanwhile.
    fn values(&self, space: Space, pairs: Vec<(sled::IVec, sled::IVec)>) -> Result<Vec<Pair>, DbError> {
        let spots: Vec<Spot> = pairs.iter().filter_map(|(_, held)| Spot::parse(held)).collect();
        let mut far = self.packs.read(&spots)?.into_iter();
        let mut out = Vec::with_capacity(pairs.len());
        for (key, held) in pairs {
            let value = match Spot::parse(&held) {
                None => Some(held.to_vec()),
                Some(_) => match far.next().flatten() {
                    Some(value) => Some(value),
                    None => self.moved(space, &key, held)?,
                },
            };
            out.extend(value.map(|value| (key.to_vec(), value)));
        }
        Ok(out)
    }

    /// The value of a key whose spot is in a file that is gone: all that is alive moved out of it before.
    fn moved(&self, space: Space, key: &[u8], held: sled::IVec) -> Result<Option<Vec<u8>>, DbError> {
        let mut held = held;
        for _ in 0..SPOT_TRIES {
            match guard(|| self.tree(space).get(key))? {
                None => return Ok(None),
                Some(now) if now == held => break,
                Some(now) => held = now,
            }
            let Some(spot) = Spot::parse(&held) else { return Ok(Some(held.to_vec())) };
            if let Some(value) = self.packs.read(&[spot])?.pop().flatten() {
                return Ok(Some(value));
            }
        }
        Err(DbError::Damaged("a file of large values is missing".into()))
    }

    /// Values for sled: the large ones are written beside it first, and their spots stand for them.
    fn near(&self, changes: &mut [(Space, Vec<Change>)]) -> Result<(), DbError> {
        let mut far: Vec<&[u8]> = Vec::new();
        for (space, changes) in changes.iter() {
            let values = changes.iter().filter_map(|(_, value)| value.as_deref());
            far.extend(values.filter(|value| Packs::takes(*space, value)));
        }
        if far.is_empty() {
            return Ok(());
        }
        let mut spots = self.packs.append(&far).map_err(|error| reason(error.into()))?.into_iter();
        for (space, changes) in changes.iter_mut() {
            let values = changes.iter_mut().filter_map(|(_, value)| value.as_mut());
            for (value, spot) in values.filter(|value| Packs::takes(*space, value)).zip(&mut spots) {
                *value = spot.bytes();
            }
        }
        Ok(())
    }

    /// Every spot in sled with its space and key.
    fn spots(&self, mut each: impl FnMut(Space, sled::IVec, Spot) -> Result<(), DbError>) -> Result<(), DbError> {
        for space in Space::ALL {
            let mut from: Option<sled::IVec> = None;
            loop {
                let page = guard(|| self.page_of_spots(space, from.as_ref()))?;
                let Some((last, _)) = page.last() else { break };
                from = Some(last.clone());
                for (key, spot) in page {
                    spot.map_or(Ok(()), |spot| each(space, key, spot))?;
                }
            }
        }
        Ok(())
    }

    fn page_of_spots(
        &self,
        space: Space,
        after: Option<&sled::IVec>,
    ) -> Result<Vec<(sled::IVec, Option<Spot>)>, sled::Error> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let pairs = self.tree(space).range::<&sled::IVec, _>((from, Bound::Unbounded)).take(GROUP_WRITES_MAX);
        pairs.map(|pair| pair.map(|(key, held)| (key, Spot::parse(&held)))).collect()
    }

    /// Moves what is alive out of the files `from`, unless it is changed meanwhile.
    fn move_out(&self, from: &BTreeSet<u32>) -> Result<(), DbError> {
        let (mut waiting, mut bytes) = (Vec::new(), 0);
        self.spots(|space, key, spot| {
            if from.contains(&spot.file) {
                bytes += spot.len as usize;
                waiting.push((space, key, spot));
            }
            if bytes < GROUP_BYTES_MAX && waiting.len() < GROUP_WRITES_MAX {
                return Ok(());
            }
            bytes = 0;
            self.moves(std::mem::take(&mut waiting))
        })?;
        self.moves(waiting)
    }

    fn moves(&self, waiting: Vec<(Space, sled::IVec, Spot)>) -> Result<(), DbError> {
        let old: Vec<Spot> = waiting.iter().map(|(.., spot)| *spot).collect();
        let values = self.packs.read(&old)?;
        let there: Vec<&[u8]> = values.iter().flatten().map(Vec::as_slice).collect();
        let mut moved = self.packs.append(&there).map_err(|error| reason(error.into()))?.into_iter();
        for ((space, key, spot), value) in waiting.into_iter().zip(&values) {
            let Some(now) = value.as_ref().and_then(|_| moved.next()) else { continue };
            // Lost to a newer change: then nothing needs the moved bytes.
            let _ = guard(|| self.tree(space).compare_and_swap(key, Some(spot.bytes()), Some(now.bytes())))?;
        }
        Ok(())
    }
}

impl Db for SledDb {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, DbError> {
        let Some(held) = guard(|| self.tree(space).get(key))? else { return Ok(None) };
        Ok(self.values(space, vec![(key.into(), held)])?.pop().map(|(_, value)| value))
    }

    fn scan(&self, space: Space, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Pair>, DbError> {
        loop {
            let held = guard(|| {
                let mut found = Vec::new();
                for pair in self.tree(space).range(from.max(prefix)..) {
                    let (key, value) = pair?;
                    if found.len() >= limit || !key.starts_with(prefix) {
                        break;
                    }
                    found.push((key, value));
                }
                Ok(found)
            })?;
            let count = held.len();
            let found = self.values(space, held)?;
            // One was removed meanwhile, and its file is gone: a page that is not full would be taken for the last.
            if found.len() == count {
                return Ok(found);
            }
        }
    }

    fn apply(&self, mut changes: Vec<(Space, Vec<Change>)>) -> Result<(), DbError> {
        self.near(&mut changes)?;
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

    fn tidy(&self) -> Result<u64, DbError> {
        let disk = |error: std::io::Error| reason(error.into());
        let closed = self.packs.closed().map_err(disk)?;
        if closed.is_empty() {
            return Ok(0);
        }
        let mut alive: BTreeMap<u32, u64> = BTreeMap::new();
        self.spots(|_, _, spot| {
            *alive.entry(spot.file).or_default() += u64::from(spot.len);
            Ok(())
        })?;
        let is_waste = |number: &u32, bytes: u64| alive.get(number).is_none_or(|alive| *alive < bytes / 2);
        let waste: BTreeMap<u32, u64> = closed.into_iter().filter(|(number, bytes)| is_waste(number, *bytes)).collect();
        if waste.is_empty() {
            return Ok(0);
        }
        self.move_out(&waste.keys().copied().collect())?;
        // sled must not come back with old spots once their file is gone.
        self.flush()?;
        for number in waste.keys() {
            self.packs.remove(*number).map_err(disk)?;
        }
        Ok(waste.values().sum())
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
    Ok(SledDb { db, trees, file, packs: Packs::open(folder) })
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
        sled::Error::Io(e) if e.to_string().contains("acquire lock") => DbError::Held(e.to_string()),
        sled::Error::Io(e) => DbError::Disk(e.to_string()),
        other => DbError::Damaged(other.to_string()),
    }
}

/// A value moves at most once while it is read, or twice.
const SPOT_TRIES: usize = 3;
