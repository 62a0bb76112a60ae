//! The two files of keys, `keys/patients.a` and `keys/patients.b`: slot `p` of each is the key of patient `p`.
//!
//! Keys are made a block at a time, ahead of their use, so that most new patients wait for no sync. File `a` is synced
//! before `b` is touched: a power cut tears one of them at most, and the other heals it. No key is drawn from the master
//! key, since then it could be drawn again.
use super::slot::{self, SLOT_BYTES, Slot};
use crate::disk::{Disk, DiskError, Trouble};
use crate::keys::MasterKey;
use crate::limits::{BLOCKS_AHEAD_MAX, BLOCKS_CACHED_MAX, KEYS_CACHED_MAX};
use crate::seal::Seal;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use zeroize::Zeroizing;

/// Why a key of a patient cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// Neither file is there, but values that need them are.
    #[error(
        "keys/patients.a and keys/patients.b are missing, and without them no patient can be read. Put them back: `musubi key restore --from FILE`"
    )]
    Missing,
    /// A file is there, and it is none of this format, or damaged where it begins, and so is the other.
    #[error("keys/patients.a and keys/patients.b are both damaged. Put them back: `musubi key restore --from FILE`")]
    Damaged,
    /// The files belong to another master key.
    #[error("keys/patients.a belongs to another keys/store.key. Put the files of keys/ back together, from one backup")]
    Foreign,
    /// The key of one patient is gone from both copies.
    #[error(
        "the key of patient {0} is damaged or missing in both copies. Put the key ring back: `musubi key restore --from FILE`"
    )]
    Lost(u64),
    /// A number that no patient of this node can have.
    #[error("patient number {0} is far above all that were given; nothing was written")]
    Number(u64),
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// What a check of both files found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyringReport {
    /// Keys that are there.
    pub live: u64,
    /// Keys that were erased.
    pub erased: u64,
    /// Slots that one copy had lost and the other gave back.
    pub healed: u64,
    /// Patients whose key is in neither copy.
    pub lost: Vec<u64>,
}

/// The key of a patient, as far as there is one.
pub(crate) enum Lookup {
    Live(Arc<Seal>),
    Erased,
    Blank,
}

/// All keys of patients.
pub(crate) struct Keyring {
    disk: Arc<dyn Disk>,
    wrap: Seal,
    state: Mutex<State>,
}

struct State {
    /// From which the next keys are made; replaced each time, so that no key can be made again.
    seed: Zeroizing<[u8; 32]>,
    /// All slots below are made; a blank one there is a lost one.
    floor: u64,
    keys: Cache<Arc<Seal>>,
    blocks: Cache<Arc<Vec<u8>>>,
}

impl Keyring {
    /// Opens both files, or makes them if `is_new`; heals one from the other.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        master: &MasterKey,
        entropy: &[u8; 32],
        is_new: bool,
    ) -> Result<Self, KeyringError> {
        let state = State {
            seed: Zeroizing::new(blake3::derive_key("musubi 2026 keys of patients", entropy)),
            floor: 1,
            keys: Cache::new(KEYS_CACHED_MAX),
            blocks: Cache::new(BLOCKS_CACHED_MAX),
        };
        let wrap = Seal::new(&master.derive("patients/keys"));
        let ring = Self { disk, wrap, state: Mutex::new(state) };
        ring.settle_files(&header(master), is_new)?;
        Ok(ring)
    }

    /// Whether any of the files is there.
    pub(crate) fn exists(disk: &dyn Disk) -> Result<bool, DiskError> {
        Ok(disk.len(COPIES[0])?.is_some() || disk.len(COPIES[1])?.is_some())
    }

    fn settle_files(&self, header: &[u8], is_new: bool) -> Result<(), KeyringError> {
        let mut good = [false; 2];
        for (copy, good) in COPIES.iter().zip(&mut good) {
            let found = self.bytes(copy, 0, SLOT_BYTES)?;
            *good = found == header;
            if !*good && is_header(&found) {
                return Err(KeyringError::Foreign);
            }
        }
        match good {
            [true, true] => return Ok(()),
            [false, false] if is_new => {}
            [false, false] if Self::exists(&*self.disk)? => return Err(KeyringError::Damaged),
            [false, false] => return Err(KeyringError::Missing),
            [true, false] => self.copy_over(COPIES[0], COPIES[1])?,
            [false, true] => self.copy_over(COPIES[1], COPIES[0])?,
        }
        if good == [false, false] {
            for copy in COPIES {
                self.disk.write_at(copy, 0, header)?;
                self.disk.sync(copy)?;
            }
        } else {
            tracing::warn!("one of the two files of patients' keys was damaged or missing and was made from the other");
        }
        self.disk.sync_folder(FOLDER)?;
        Ok(())
    }

    /// Gives `to` every slot of `from` that it lacks or has damaged. Its own good ones stay: an erased key must not return.
    fn copy_over(&self, from: &str, to: &str) -> Result<(), KeyringError> {
        let blocks = self.disk.len(from)?.unwrap_or(0).div_ceil(BLOCK_BYTES as u64);
        for block in 0..blocks {
            let (source, target) = (self.block_of(from, block)?, self.block_of(to, block)?);
            let mut merged = source.clone();
            for p in (block * BLOCK_SLOTS).max(1)..(block + 1) * BLOCK_SLOTS {
                let from = (p % BLOCK_SLOTS) as usize * SLOT_BYTES;
                let best = self.best(p, [&source, &target].map(|copy| &copy[from..from + SLOT_BYTES]));
                merged[from..from + SLOT_BYTES].copy_from_slice(best.unwrap_or(&[0; SLOT_BYTES]));
            }
            if merged != target {
                self.disk.write_at(to, block * BLOCK_BYTES as u64, &merged)?;
            }
        }
        self.disk.sync(to)?;
        Ok(())
    }

    /// Every slot below this patient is made.
    pub(crate) fn floor(&self) -> u64 {
        self.lock().floor
    }

    /// What the journal knows of the floor; a file that is shorter is an old one.
    pub(crate) fn expect(&self, floor: u64) -> Result<(), KeyringError> {
        let mut state = self.lock();
        state.floor = state.floor.max(floor);
        let needed = floor.saturating_mul(SLOT_BYTES as u64);
        for copy in COPIES {
            if self.disk.len(copy)?.unwrap_or(0) >= needed {
                return Ok(());
            }
        }
        let there = COPIES.iter().filter_map(|copy| self.disk.len(copy).ok().flatten()).max().unwrap_or(0);
        if floor > 1 { Err(KeyringError::Lost(there / SLOT_BYTES as u64)) } else { Ok(()) }
    }

    /// The key of a patient.
    pub(crate) fn find(&self, p: u64) -> Result<Lookup, KeyringError> {
        let mut state = self.lock();
        if let Some(key) = state.keys.get(p) {
            return Ok(Lookup::Live(key));
        }
        if p == 0 || p >= state.floor.saturating_add(BLOCKS_AHEAD_MAX * BLOCK_SLOTS) {
            return Err(KeyringError::Number(p));
        }
        let block = match state.blocks.get(p / BLOCK_SLOTS) {
            Some(block) => block,
            None => {
                // A copy that cannot be read is as good as a damaged one: the other is asked below.
                let read = self.block_of(COPIES[0], p / BLOCK_SLOTS).unwrap_or_else(|_| vec![0; BLOCK_BYTES]);
                state.blocks.put(p / BLOCK_SLOTS, Arc::new(read))
            }
        };
        let at = (p % BLOCK_SLOTS) as usize * SLOT_BYTES;
        let slot = match Slot::parse(&self.wrap, p, &block[at..at + SLOT_BYTES]) {
            Slot::Blank | Slot::Damaged => self.heal(&mut state, p)?,
            slot => slot,
        };
        match slot {
            Slot::Live(key) => Ok(Lookup::Live(state.keys.put(p, Arc::new(Seal::new(&key))))),
            Slot::Erased => Ok(Lookup::Erased),
            Slot::Blank | Slot::Damaged if p < state.floor => Err(KeyringError::Lost(p)),
            Slot::Blank | Slot::Damaged => Ok(Lookup::Blank),
        }
    }

    /// Reads a slot from both copies and gives it to the one that lost it. Erased wins over a key.
    fn heal(&self, state: &mut State, p: u64) -> Result<Slot, KeyringError> {
        let offset = p * SLOT_BYTES as u64;
        let read = COPIES.map(|copy| self.bytes(copy, offset, SLOT_BYTES));
        let slots = [0, 1].map(|at| read[at].as_ref().map_or(Slot::Damaged, |bytes| Slot::parse(&self.wrap, p, bytes)));
        let (good, bad) = match &slots {
            [Slot::Erased, Slot::Erased] | [Slot::Live(_), Slot::Live(_)] => (0, None),
            [Slot::Erased, _] => (0, Some(1)),
            [_, Slot::Erased] => (1, Some(0)),
            [Slot::Live(_), _] => (0, Some(1)),
            [_, Slot::Live(_)] => (1, Some(0)),
            [Slot::Blank, Slot::Blank] => (0, None),
            // Above the floor a power cut came while it was made; below it, it is lost. The caller knows.
            _ => {
                if let [Err(error), _] | [_, Err(error)] = &read {
                    return Err(KeyringError::Disk(error.clone()));
                }
                return Ok(Slot::Damaged);
            }
        };
        if let Some((bad, bytes)) = bad.zip(read[good].as_ref().ok()) {
            let wrote = self.disk.write_at(COPIES[bad], offset, bytes).and_then(|()| self.disk.sync(COPIES[bad]));
            if wrote.is_err() {
                tracing::warn!("a patient's key is in one of its two files only, and the other cannot be written");
            }
            state.blocks.forget(p / BLOCK_SLOTS);
        }
        let [first, second] = slots;
        Ok(if good == 0 { first } else { second })
    }

    /// Makes keys up to `p` and the rest of its block. Durable in both copies on `Ok`; on an error nothing uses them.
    pub(crate) fn make(&self, upto: u64) -> Result<(), KeyringError> {
        let mut state = self.lock();
        let (first, last) = (state.floor / BLOCK_SLOTS, upto / BLOCK_SLOTS);
        if upto < state.floor {
            return Ok(());
        }
        if last - first > BLOCKS_AHEAD_MAX {
            return Err(KeyringError::Number(upto));
        }
        let mut fresh = Vec::new();
        for block in first..=last {
            fresh.extend_from_slice(&self.fresh_block(&state, block)?);
        }
        let skip = if first == 0 { SLOT_BYTES } else { 0 };
        for copy in COPIES {
            self.disk.write_at(copy, first * BLOCK_BYTES as u64 + skip as u64, &fresh[skip..])?;
            self.disk.sync(copy)?;
        }
        let next = blake3::derive_key("musubi 2026 next keys of patients", &*state.seed);
        state.seed = Zeroizing::new(next);
        state.floor = (last + 1) * BLOCK_SLOTS;
        (first..=last).for_each(|block| state.blocks.forget(block));
        Ok(())
    }

    /// A block with a key wherever neither copy has one. Those that are there already (a commit failed behind them) stay.
    fn fresh_block(&self, state: &State, block: u64) -> Result<Vec<u8>, KeyringError> {
        let copies = [self.block_of(COPIES[0], block)?, self.block_of(COPIES[1], block)?];
        let mut out = Vec::with_capacity(BLOCK_BYTES);
        for at in 0..BLOCK_SLOTS {
            let (p, from) = (block * BLOCK_SLOTS + at, at as usize * SLOT_BYTES);
            match self.best(p, copies.each_ref().map(|copy| &copy[from..from + SLOT_BYTES])) {
                Some(slot) => out.extend_from_slice(slot),
                None => {
                    let key = Zeroizing::new(*blake3::keyed_hash(&state.seed, &p.to_be_bytes()).as_bytes());
                    out.extend_from_slice(&slot::live(&self.wrap, p, &key));
                }
            }
        }
        Ok(out)
    }

    /// Overwrites the key of a patient in both copies. On `Ok` it is gone for good; else call again.
    pub(crate) fn erase(&self, p: u64) -> Result<(), KeyringError> {
        self.make(p)?;
        let mut state = self.lock();
        state.keys.forget(p);
        state.blocks.forget(p / BLOCK_SLOTS);
        let bytes = slot::erased(&self.wrap, p);
        for copy in COPIES {
            self.disk.write_at(copy, p * SLOT_BYTES as u64, &bytes)?;
            self.disk.sync(copy)?;
        }
        Ok(())
    }

    /// Reads every slot of both copies and heals what one of them lost.
    pub(crate) fn check(&self) -> Result<KeyringReport, KeyringError> {
        let mut report = KeyringReport::default();
        let floor = self.floor();
        for block in 0..floor.div_ceil(BLOCK_SLOTS) {
            // An unreadable copy counts as blank: healing writes it anew.
            let copies = COPIES.map(|copy| self.block_of(copy, block).unwrap_or_else(|_| vec![0; BLOCK_BYTES]));
            for p in (block * BLOCK_SLOTS).max(1)..((block + 1) * BLOCK_SLOTS).min(floor) {
                let from = (p % BLOCK_SLOTS) as usize * SLOT_BYTES;
                let mut slots =
                    copies.each_ref().map(|copy| Slot::parse(&self.wrap, p, &copy[from..from + SLOT_BYTES]));
                if !matches!(slots, [Slot::Live(_), Slot::Live(_)] | [Slot::Erased, Slot::Erased]) {
                    report.healed += 1;
                    slots[0] = self.heal(&mut self.lock(), p)?;
                }
                match slots[0] {
                    Slot::Live(_) => report.live += 1,
                    Slot::Erased => report.erased += 1,
                    Slot::Blank | Slot::Damaged => {
                        report.healed -= 1;
                        report.lost.push(p);
                    }
                }
            }
        }
        Ok(report)
    }

    /// The slots of patients 1 to `floor`, sealed as they lie; of two copies the good one.
    pub(super) fn slots(&self, floor: u64) -> Result<Vec<u8>, KeyringError> {
        self.check()?;
        let mut out = Vec::with_capacity((floor as usize).saturating_mul(SLOT_BYTES));
        for block in 0..floor.div_ceil(BLOCK_SLOTS) {
            out.extend_from_slice(&self.block_of(COPIES[0], block)?);
        }
        out.truncate(floor as usize * SLOT_BYTES);
        Ok(out.split_off(SLOT_BYTES.min(out.len())))
    }

    /// Writes slots of a backup, from patient 1 on, wherever neither copy has anything good.
    pub(super) fn fill(&self, slots: &[u8]) -> Result<u64, KeyringError> {
        let mut filled = 0;
        let blocks = (slots.len() / SLOT_BYTES) as u64 / BLOCK_SLOTS + 1;
        for block in 0..blocks {
            let copies = [self.block_of(COPIES[0], block)?, self.block_of(COPIES[1], block)?];
            let mut merged = copies[0].clone();
            for p in (block * BLOCK_SLOTS).max(1)..(block + 1) * BLOCK_SLOTS {
                let from = (p % BLOCK_SLOTS) as usize * SLOT_BYTES;
                let here = copies.each_ref().map(|copy| &copy[from..from + SLOT_BYTES]);
                let saved = slots.get((p as usize - 1) * SLOT_BYTES..).and_then(|slots| slots.get(..SLOT_BYTES));
                let slot = self.best(p, here);
                let back = saved.filter(|saved| slot.is_none() && self.best(p, [saved, saved]).is_some());
                filled += u64::from(back.is_some());
                if let Some(slot) = slot.or(back) {
                    merged[from..from + SLOT_BYTES].copy_from_slice(slot);
                }
            }
            let skip = if block == 0 { SLOT_BYTES } else { 0 };
            for (copy, held) in COPIES.iter().zip(&copies) {
                if held[skip..] != merged[skip..] {
                    self.disk.write_at(copy, block * BLOCK_BYTES as u64 + skip as u64, &merged[skip..])?;
                }
            }
        }
        for copy in COPIES {
            self.disk.sync(copy)?;
        }
        Ok(filled)
    }

    /// Of the same slot in both copies, the one that counts: erased before live; none if neither is good.
    fn best<'a>(&self, p: u64, copies: [&'a [u8]; 2]) -> Option<&'a [u8]> {
        let parsed = copies.map(|slot| Slot::parse(&self.wrap, p, slot));
        let erased = parsed.iter().position(|slot| matches!(slot, Slot::Erased));
        let live = parsed.iter().position(|slot| matches!(slot, Slot::Live(_)));
        erased.or(live).map(|at| copies[at])
    }

    /// A whole block of one copy; what lies behind its end is blank.
    pub(super) fn block_of(&self, copy: &str, block: u64) -> Result<Vec<u8>, DiskError> {
        self.bytes(copy, block * BLOCK_BYTES as u64, BLOCK_BYTES)
    }

    fn bytes(&self, copy: &str, offset: u64, bytes: usize) -> Result<Vec<u8>, DiskError> {
        let there = self.disk.len(copy)?.unwrap_or(0).saturating_sub(offset).min(bytes as u64) as usize;
        let mut out = if there == 0 { Vec::new() } else { self.disk.read(copy, offset, there)? };
        out.resize(bytes, 0);
        Ok(out)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyringError {
    /// Whether room on the disk would help.
    pub(crate) fn is_full(&self) -> bool {
        matches!(self, Self::Disk(error) if error.trouble == Trouble::Full)
    }
}

/// The newest of what was read, up to a number of them.
struct Cache<T> {
    held: HashMap<u64, T>,
    order: VecDeque<u64>,
    max: usize,
}

impl<T: Clone> Cache<T> {
    fn new(max: usize) -> Self {
        Self { held: HashMap::new(), order: VecDeque::new(), max }
    }
    fn get(&self, at: u64) -> Option<T> {
        self.held.get(&at).cloned()
    }
    fn put(&mut self, at: u64, value: T) -> T {
        while self.held.len() >= self.max
            && let Some(oldest) = self.order.pop_front()
        {
            self.held.remove(&oldest);
        }
        if self.held.insert(at, value.clone()).is_none() {
            self.order.push_back(at);
        }
        value
    }
    fn forget(&mut self, at: u64) {
        if self.held.remove(&at).is_some() {
            self.order.retain(|held| *held != at);
        }
    }
}

/// What each file begins with, in the place of slot 0.
pub(super) fn header(master: &MasterKey) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(&master.derive("patients/check")[..8]);
    out.resize(32, 0);
    let hash = blake3::hash(&out);
    out.extend_from_slice(hash.as_bytes());
    out
}

/// Whether this is the whole header of a key ring, of whatever master key.
pub(super) fn is_header(bytes: &[u8]) -> bool {
    bytes.len() == SLOT_BYTES && bytes.starts_with(MAGIC) && blake3::hash(&bytes[..32]).as_bytes() == &bytes[32..]
}

/// The two copies.
pub(super) const COPIES: [&str; 2] = ["keys/patients.a", "keys/patients.b"];
const FOLDER: &str = "keys";
const MAGIC: &[u8] = b"musubi.k\x01";
/// Keys that are made together.
pub(super) const BLOCK_SLOTS: u64 = 256;
pub(super) const BLOCK_BYTES: usize = BLOCK_SLOTS as usize * SLOT_BYTES;
