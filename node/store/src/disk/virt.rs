//! A disk in memory that keeps what is pending apart from what is durable, and lies when told to.
use super::{Disk, DiskError, Trouble};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How the disk misbehaves. Shares are per mille of the operations of that kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// A write keeps a random part of its bytes and returns an error.
    pub write_errors: u16,
    /// A sync returns an error; what was pending will never be durable.
    pub sync_errors: u16,
    /// A sync returns ok and does nothing.
    pub lost_syncs: u16,
    /// A read returns an error.
    pub read_errors: u16,
    /// Room for this many bytes in all; a write beyond it keeps what fits and returns [`Trouble::Full`].
    pub capacity: Option<u64>,
    /// Every change is refused.
    pub read_only: bool,
    /// After this many more changes the power is gone, in the middle of one: everything fails until [`VirtualDisk::crash`].
    pub power: Option<u64>,
}

/// A disk in memory, deterministic by its seed and the order of calls.
///
/// Bytes and names are seen at once and durable only after a sync. [`VirtualDisk::crash`] keeps what is durable and a
/// random part of the rest, sector by sector (512 bytes). Folders themselves are always durable.
pub struct VirtualDisk {
    state: Mutex<State>,
}

#[derive(Clone)]
struct State {
    draws: Draws,
    faults: Faults,
    changes: u64,
    next: u64,
    files: BTreeMap<u64, Content>,
    /// Name → file as programs see it.
    seen: BTreeMap<String, u64>,
    /// Name → file as it will be after a crash.
    kept: BTreeMap<String, u64>,
    moves: Vec<(String, Option<u64>)>,
}

#[derive(Clone, Default)]
struct Content {
    seen: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Cut(usize),
}

impl VirtualDisk {
    /// An empty disk that behaves.
    pub fn new(seed: u64) -> Self {
        let state = State {
            draws: Draws(seed),
            faults: Faults::default(),
            changes: 0,
            next: 0,
            files: BTreeMap::new(),
            seen: BTreeMap::new(),
            kept: BTreeMap::new(),
            moves: Vec::new(),
        };
        Self { state: Mutex::new(state) }
    }

    /// How it misbehaves from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.lock().faults = faults;
    }

    /// How many changes it has been asked for; a crash can be planned at any of them.
    pub fn changes(&self) -> u64 {
        self.lock().changes
    }

    /// The power fails and comes back: all that is durable and a random part of what was pending. Faults are switched off.
    pub fn crash(&self) {
        self.lock().crash();
    }

    /// All bytes in use.
    pub fn used(&self) -> u64 {
        self.lock().used()
    }

    /// A copy of the disk as it is seen now, all of it durable: a backup, to be restored later.
    pub fn backup(&self, seed: u64) -> Self {
        let mut state = self.lock().clone();
        for file in state.files.values_mut() {
            file.settle();
        }
        state.kept = state.seen.clone();
        state.moves.clear();
        state.faults = Faults::default();
        state.draws = Draws(seed);
        Self { state: Mutex::new(state) }
    }

    /// Flips one bit at rest. False if there is no such bit.
    pub fn flip_bit(&self, path: &str, bit: u64) -> bool {
        let (byte, mask) = ((bit / 8) as usize, 1 << (bit % 8));
        self.at_rest(path, |bytes| bytes.get_mut(byte).map(|b| *b ^= mask).is_some())
    }

    /// Fills one 512-byte sector with zeros at rest. False if there is no such sector.
    pub fn zero_sector(&self, path: &str, sector: u64) -> bool {
        let start = sector as usize * SECTOR;
        self.at_rest(path, |bytes| {
            let end = (start + SECTOR).min(bytes.len());
            bytes.get_mut(start..end).map(|part| part.fill(0)).is_some()
        })
    }

    /// Cuts a file at rest, below any file system.
    pub fn cut_tail(&self, path: &str, len: u64) -> bool {
        self.at_rest(path, |bytes| {
            bytes.truncate(len as usize);
            true
        })
    }

    /// A file is gone, below any file system.
    pub fn vanish(&self, path: &str) {
        let mut state = self.lock();
        state.seen.remove(path);
        state.kept.remove(path);
        state.moves.retain(|(name, _)| name != path);
    }

    fn at_rest(&self, path: &str, mut damage: impl FnMut(&mut Vec<u8>) -> bool) -> bool {
        let mut state = self.lock();
        let Some(id) = state.seen.get(path).copied() else { return false };
        let Some(file) = state.files.get_mut(&id) else { return false };
        let hit = damage(&mut file.durable);
        damage(&mut file.seen) || hit
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Counts a change; an error if the power is gone or the disk read-only.
    fn change(&mut self, action: &'static str, path: &str) -> Result<(), DiskError> {
        if self.faults.read_only {
            return Err(DiskError::new(action, path, Trouble::Denied));
        }
        self.changes += 1;
        match &mut self.faults.power {
            Some(0) => Err(DiskError::new(action, path, Trouble::Other(NO_POWER.into()))),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn file(&mut self, action: &'static str, path: &str) -> Result<&mut Content, DiskError> {
        let id = self.seen.get(path).copied();
        let file = id.and_then(|id| self.files.get_mut(&id));
        file.ok_or_else(|| DiskError::new(action, path, Trouble::Missing))
    }

    fn create(&mut self, path: &str) -> u64 {
        if let Some(id) = self.seen.get(path) {
            return *id;
        }
        self.next += 1;
        self.files.insert(self.next, Content::default());
        self.seen.insert(path.to_owned(), self.next);
        self.moves.push((path.to_owned(), Some(self.next)));
        self.next
    }

    /// Writes at a place, or at the end, as much as faults and room allow.
    fn write(&mut self, path: &str, at: Option<usize>, bytes: &[u8]) -> Result<(), DiskError> {
        let mut result = self.change("writing", path);
        if self.faults.read_only {
            return result;
        }
        let mut len = bytes.len();
        let share = self.faults.write_errors;
        if result.is_ok() && self.draws.per_mille(share) {
            result = Err(DiskError::new("writing", path, Trouble::Other("the disk reports an error".into())));
        }
        if result.is_err() {
            len = self.draws.below(bytes.len() as u64 + 1) as usize;
        }
        let there = self.seen.get(path).and_then(|id| self.files.get(id)).map_or(0, |file| file.seen.len());
        let at = at.unwrap_or(there);
        if let Some(capacity) = self.faults.capacity {
            // What is written over takes no room; what lies between the end and `at` does.
            let room = capacity.saturating_sub(self.used()) as usize;
            let fits = (there + room).saturating_sub(at);
            if len > fits {
                len = fits;
                result = Err(DiskError::new("writing", path, Trouble::Full));
            }
        }
        let id = self.create(path);
        if let Some(file) = self.files.get_mut(&id)
            && len > 0
        {
            file.pending.push(Change::Write { at, bytes: bytes[..len].to_vec() });
            file.seen.resize(file.seen.len().max(at + len), 0);
            file.seen[at..at + len].copy_from_slice(&bytes[..len]);
        }
        result
    }

    fn used(&self) -> u64 {
        self.seen.values().filter_map(|id| self.files.get(id)).map(|file| file.seen.len() as u64).sum()
    }

    fn crash(&mut self) {
        self.faults = Faults::default();
        for (name, id) in std::mem::take(&mut self.moves) {
            if self.draws.per_mille(500) {
                point(&mut self.kept, name, id);
            }
        }
        self.seen = self.kept.clone();
        let mut draws = self.draws;
        for file in self.files.values_mut() {
            file.crash(&mut draws);
        }
        self.draws = draws;
        let State { files, seen, .. } = self;
        files.retain(|id, _| seen.values().any(|kept| kept == id));
    }
}

impl Content {
    fn settle(&mut self) {
        self.durable.clone_from(&self.seen);
        self.pending.clear();
    }

    /// Keeps a random part of what was pending, sector by sector; what lies between reads as zeros.
    fn crash(&mut self, draws: &mut Draws) {
        let share = [0, 250, 500, 750, 1000][draws.below(5) as usize];
        for change in std::mem::take(&mut self.pending) {
            match change {
                Change::Cut(len) if draws.per_mille(share) => self.durable.resize(len, 0),
                Change::Cut(_) => {}
                Change::Write { at, bytes } => {
                    for (from, part) in sectors(at, &bytes) {
                        if draws.per_mille(share) {
                            self.put(from, part);
                        }
                    }
                }
            }
        }
        self.seen.clone_from(&self.durable);
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        let end = at + bytes.len();
        if self.durable.len() < end {
            self.durable.resize(end, 0);
        }
        self.durable[at..end].copy_from_slice(bytes);
    }
}

/// The parts of a write that lie in one sector each.
fn sectors(at: usize, bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let from = at + done;
        let len = (SECTOR - from % SECTOR).min(bytes.len() - done);
        let part = &bytes[done..done + len];
        done += len;
        (len > 0).then_some((from, part))
    })
}

impl Disk for VirtualDisk {
    fn make_folder(&self, folder: &str) -> Result<(), DiskError> {
        self.lock().change("making the folder", folder)
    }

    fn append(&self, path: &str, bytes: &[u8]) -> Result<(), DiskError> {
        self.lock().write(path, None, bytes)
    }

    fn write_at(&self, path: &str, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        self.lock().write(path, Some(offset as usize), bytes)
    }

    fn sync(&self, path: &str) -> Result<(), DiskError> {
        let mut state = self.lock();
        state.change("syncing", path)?;
        let (errors, lost) = (state.faults.sync_errors, state.faults.lost_syncs);
        if state.draws.per_mille(errors) {
            state.file("syncing", path)?.pending.clear();
            return Err(DiskError::new("syncing", path, Trouble::Other("the disk reports an error".into())));
        }
        if !state.draws.per_mille(lost) {
            let file = state.file("syncing", path)?;
            for change in std::mem::take(&mut file.pending) {
                match change {
                    Change::Write { at, bytes } => file.put(at, &bytes),
                    Change::Cut(len) => file.durable.resize(len, 0),
                }
            }
        }
        Ok(())
    }

    fn sync_folder(&self, folder: &str) -> Result<(), DiskError> {
        let mut state = self.lock();
        state.change("syncing the folder", folder)?;
        let lost = state.faults.lost_syncs;
        if !state.draws.per_mille(lost) {
            let (here, elsewhere) =
                std::mem::take(&mut state.moves).into_iter().partition::<Vec<_>, _>(|(name, _)| parent(name) == folder);
            state.moves = elsewhere;
            for (name, id) in here {
                point(&mut state.kept, name, id);
            }
        }
        Ok(())
    }

    fn truncate(&self, path: &str, len: u64) -> Result<(), DiskError> {
        let mut state = self.lock();
        state.change("cutting", path)?;
        let file = state.file("cutting", path)?;
        file.seen.resize(len as usize, 0);
        file.pending.push(Change::Cut(len as usize));
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), DiskError> {
        let mut state = self.lock();
        state.change("renaming", from)?;
        let id = state.seen.remove(from).ok_or_else(|| DiskError::new("renaming", from, Trouble::Missing))?;
        state.seen.insert(to.to_owned(), id);
        state.moves.push((from.to_owned(), None));
        state.moves.push((to.to_owned(), Some(id)));
        Ok(())
    }

    fn remove(&self, path: &str) -> Result<(), DiskError> {
        let mut state = self.lock();
        state.change("removing", path)?;
        if state.seen.remove(path).is_some() {
            state.moves.push((path.to_owned(), None));
        }
        Ok(())
    }

    fn len(&self, path: &str) -> Result<Option<u64>, DiskError> {
        let mut state = self.lock();
        if !state.seen.contains_key(path) {
            return Ok(None);
        }
        Ok(Some(state.file("looking at", path)?.seen.len() as u64))
    }

    fn read(&self, path: &str, offset: u64, bytes: usize) -> Result<Vec<u8>, DiskError> {
        let mut state = self.lock();
        let share = state.faults.read_errors;
        if state.draws.per_mille(share) {
            return Err(DiskError::new("reading", path, Trouble::Other("the disk reports an error".into())));
        }
        let file = state.file("reading", path)?;
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let part = file.seen.get(from..from.saturating_add(bytes));
        part.map(<[u8]>::to_vec).ok_or_else(|| DiskError::new("reading", path, Trouble::Short))
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, DiskError> {
        let state = self.lock();
        let names = state.seen.keys().filter(|name| parent(name) == folder);
        Ok(names.map(|name| name.rsplit('/').next().unwrap_or(name).to_owned()).collect())
    }
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn point(names: &mut BTreeMap<String, u64>, name: String, id: Option<u64>) {
    match id {
        Some(id) => names.insert(name, id),
        None => names.remove(&name),
    };
}

/// SplitMix64: a counter and a mixer, enough to choose faults.
#[derive(Clone, Copy)]
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }
    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }
    fn per_mille(&mut self, share: u16) -> bool {
        share > 0 && self.below(1000) < u64::from(share)
    }
}

const SECTOR: usize = 512;
const NO_POWER: &str = "the power is gone";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn synced_bytes_and_names_outlive_a_crash() {
        for seed in 0..50 {
            let disk = VirtualDisk::new(seed);
            disk.append("a/x", &[1; 700]).unwrap();
            disk.sync("a/x").unwrap();
            disk.sync_folder("a").unwrap();
            disk.append("a/x", &[2; 700]).unwrap();
            disk.crash();
            let len = disk.len("a/x").unwrap().unwrap();
            assert!(len >= 700, "seed {seed}");
            assert_eq!(disk.read("a/x", 0, 700).unwrap(), vec![1; 700], "seed {seed}");
        }
    }

    #[test]
    fn a_name_without_folder_sync_may_be_gone() {
        let lost = (0..50).any(|seed| {
            let disk = VirtualDisk::new(seed);
            disk.append("a/x", b"1").unwrap();
            disk.sync("a/x").unwrap();
            disk.crash();
            disk.len("a/x").unwrap().is_none()
        });
        assert!(lost);
    }

    #[test]
    fn pages_of_a_failed_sync_never_become_durable() {
        let disk = VirtualDisk::new(1);
        disk.append("x", b"gone").unwrap();
        disk.sync_folder("").unwrap();
        disk.set_faults(Faults { sync_errors: 1000, ..Faults::default() });
        disk.sync("x").unwrap_err();
        disk.set_faults(Faults::default());
        disk.sync("x").unwrap();
        disk.crash();
        assert_eq!(disk.len("x").unwrap(), Some(0));
    }

    #[test]
    fn a_full_disk_keeps_what_fits_and_still_reads() {
        let disk = VirtualDisk::new(1);
        disk.set_faults(Faults { capacity: Some(10), ..Faults::default() });
        assert_eq!(disk.append("x", &[7; 12]).unwrap_err().trouble, Trouble::Full);
        assert_eq!(disk.read("x", 0, 10).unwrap(), vec![7; 10]);
    }

    #[test]
    fn the_same_seed_crashes_the_same_way() {
        let run = |seed| {
            let disk = VirtualDisk::new(seed);
            disk.append("x", &[3; 5000]).unwrap();
            disk.sync_folder("").unwrap();
            disk.crash();
            disk.len("x").unwrap().map(|len| disk.read("x", 0, len as usize).unwrap())
        };
        assert_eq!(run(9), run(9));
    }
}
