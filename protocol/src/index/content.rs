//! The live entries of one shelf in their buckets, with changes laid over what the store has.
use super::Entry;
use super::entry::ENTRY_BYTES;
use super::tree;
use crate::data::{Space, View, Write};
use crate::ids::{Hash, ShelfId, Slot};
use crate::limits::{BUCKET_BITS_MAX, BUCKET_ENTRIES, FORGET_MAX, MANIFEST_MS};
use crate::time::Millis;
use std::collections::BTreeMap;

/// Where the parts of a shelf lie in [`Space::Entries`], behind its id.
pub(super) enum Place {
    /// Packed live entries of one bucket, in order of their slots.
    Bucket { bucket: u32 },
    /// Hashes of one group of the tree.
    Tree { level: u8, group: u32 },
    /// Slot of the live entry with this number.
    Number { number: u64 },
    /// Slot that was removed by this number, and when this node learnt it.
    Removed { number: u64 },
    /// The author's own notes.
    Notes,
}

impl Place {
    pub fn key(&self, shelf: ShelfId) -> Vec<u8> {
        let (mark, rest) = match self {
            Self::Bucket { bucket } => (b'b', bucket.to_be_bytes().to_vec()),
            Self::Tree { level, group } => (b't', [&[*level][..], &group.to_be_bytes()].concat()),
            Self::Number { number } => (b'n', number.to_be_bytes().to_vec()),
            Self::Removed { number } => (b'r', number.to_be_bytes().to_vec()),
            Self::Notes => (b'o', Vec::new()),
        };
        [&shelf.0[..], &[mark], &rest].concat()
    }
    /// What all keys of one sort on a shelf begin with.
    pub fn prefix(shelf: ShelfId, mark: u8) -> Vec<u8> {
        [&shelf.0[..], &[mark]].concat()
    }
}

pub(super) struct Content<'a> {
    view: &'a dyn View,
    shelf: ShelfId,
    bits: u8,
    count: u64,
    /// Nothing of what the store has counts: everything is written anew.
    fresh: bool,
    buckets: BTreeMap<u32, Bucket>,
    numbers: Vec<Write>,
}

struct Bucket {
    entries: BTreeMap<Slot, Entry>,
    changed: bool,
}

/// What a changed shelf comes to.
pub(super) struct Sum {
    pub root: Hash,
    pub count: u64,
    pub bits: u8,
    pub writes: Vec<Write>,
}

impl<'a> Content<'a> {
    /// The shelf as the store has it.
    pub fn open(view: &'a dyn View, shelf: ShelfId, bits: u8, count: u64) -> Self {
        Self { view, shelf, bits, count, fresh: false, buckets: BTreeMap::new(), numbers: Vec::new() }
    }
    /// An empty shelf in the place of what the store has; `bits` as they will be.
    pub fn fresh(view: &'a dyn View, shelf: ShelfId, bits: u8) -> Self {
        let mut content = Self { fresh: true, ..Self::open(view, shelf, bits, 0) };
        content.numbers = erased(view, shelf);
        content
    }
    pub fn get(&mut self, slot: &Slot) -> Option<Entry> {
        self.bucket(slot).entries.get(slot).copied()
    }
    /// Puts an entry unless the slot has a newer one.
    pub fn put(&mut self, entry: Entry) {
        let bucket = self.bucket(&entry.slot);
        let old = bucket.entries.get(&entry.slot).map(|old| old.number);
        if old.is_some_and(|old| old >= entry.number) {
            return;
        }
        bucket.entries.insert(entry.slot, entry);
        bucket.changed = true;
        match old {
            Some(old) => self.note(Place::Number { number: old }, None),
            None => self.count += 1,
        }
        self.note(Place::Number { number: entry.number }, Some(entry.slot.0.to_vec()));
    }
    /// Takes away what the slot has, unless that is newer, and remembers the removal.
    pub fn remove(&mut self, slot: Slot, number: u64, now: Millis) {
        let bucket = self.bucket(&slot);
        if let Some(old) = bucket.entries.get(&slot).map(|old| old.number).filter(|old| *old < number) {
            bucket.entries.remove(&slot);
            bucket.changed = true;
            self.count = self.count.saturating_sub(1);
            self.note(Place::Number { number: old }, None);
        }
        let value = [&slot.0[..], &now.0.to_be_bytes()].concat();
        self.note(Place::Removed { number }, Some(value));
    }
    /// Takes away what the slot has, whatever its number, and remembers nothing of it: a repair.
    pub fn erase(&mut self, slot: &Slot) {
        let bucket = self.bucket(slot);
        if let Some(old) = bucket.entries.remove(slot) {
            bucket.changed = true;
            self.count = self.count.saturating_sub(1);
            self.note(Place::Number { number: old.number }, None);
        }
    }
    /// Forgets every removal: those of a course that the author did not take, or that is not known in full.
    pub fn forget_all_removed(&mut self) {
        for key in scan_all(self.view, &Place::prefix(self.shelf, b'r')).into_keys() {
            self.numbers.push(Write { space: Space::Entries, key, value: None });
        }
    }
    /// Forgets removals that are older than any manifest can be; gives the number up to which all are forgotten.
    pub fn forget_removed(&mut self, now: Millis, horizon: u64) -> u64 {
        let mut horizon = horizon;
        if self.fresh {
            return horizon;
        }
        let prefix = Place::prefix(self.shelf, b'r');
        for (key, value) in self.view.scan(Space::Entries, &prefix, &prefix, FORGET_MAX + self.numbers.len()) {
            let Some((number, _, at)) = removal(&prefix, &key, &value) else { continue };
            if now.since(at) <= MANIFEST_MS {
                break;
            }
            horizon = horizon.max(number);
            self.note(Place::Removed { number }, None);
        }
        horizon
    }
    /// Bits that suit the number of entries: changed only when buckets are far from their usual size, so seldom.
    pub fn suited_bits(&self) -> u8 {
        let mut bits = self.bits;
        while bits < BUCKET_BITS_MAX && self.count > (2 * BUCKET_ENTRIES) << bits {
            bits += 1;
        }
        while bits > 0 && self.count < (BUCKET_ENTRIES / 4) << bits {
            bits -= 1;
        }
        bits
    }
    /// Computes the root for `bits` and gathers the writes.
    pub fn finish(mut self, bits: u8) -> Sum {
        if bits != self.bits && !self.fresh {
            self.rebucket(bits);
        }
        let mut writes = std::mem::take(&mut self.numbers);
        let mut hashes = BTreeMap::new();
        for (at, bucket) in self.buckets.iter().filter(|(_, bucket)| bucket.changed) {
            let packed: Vec<u8> = bucket.entries.values().flat_map(Entry::pack).collect();
            hashes.insert(*at, tree::bucket_hash(&packed));
            let key = Place::Bucket { bucket: *at }.key(self.shelf);
            let value = (!packed.is_empty()).then_some(packed);
            writes.push(Write { space: Space::Entries, key, value });
        }
        let (root, tree) = tree::update(self.view, self.shelf, bits, self.fresh, &hashes);
        writes.extend(tree);
        Sum { root, count: self.count, bits, writes }
    }

    /// Lays all entries into another number of buckets: costs the whole shelf, but happens only when it has doubled.
    fn rebucket(&mut self, bits: u8) {
        let prefix = Place::prefix(self.shelf, b'b');
        let stored = scan_all(self.view, &prefix);
        let mut gone: Vec<Vec<u8>> = scan_all(self.view, &Place::prefix(self.shelf, b't')).into_keys().collect();
        let mut entries = BTreeMap::new();
        for (key, packed) in stored {
            let at = key.get(prefix.len()..).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
            if at.is_none_or(|at| !self.buckets.contains_key(&at)) {
                entries.extend(unpacked(&packed));
            }
            gone.push(key);
        }
        for bucket in std::mem::take(&mut self.buckets).into_values() {
            entries.extend(bucket.entries);
        }
        self.numbers.extend(gone.into_iter().map(|key| Write { space: Space::Entries, key, value: None }));
        self.fresh = true;
        self.bits = bits;
        for (slot, entry) in entries {
            let bucket = self.bucket(&slot);
            bucket.entries.insert(slot, entry);
            bucket.changed = true;
        }
    }
    fn bucket(&mut self, slot: &Slot) -> &mut Bucket {
        let at = bucket_of(slot, self.bits);
        self.buckets.entry(at).or_insert_with(|| {
            let packed = match self.fresh {
                true => None,
                false => self.view.get(Space::Entries, &Place::Bucket { bucket: at }.key(self.shelf)),
            };
            Bucket { entries: unpacked(&packed.unwrap_or_default()), changed: false }
        })
    }
    fn note(&mut self, place: Place, value: Option<Vec<u8>>) {
        self.numbers.push(Write { space: Space::Entries, key: place.key(self.shelf), value });
    }
}

/// The bucket of a slot: its first bits.
pub(super) fn bucket_of(slot: &Slot, bits: u8) -> u32 {
    let [a, b, c, d, ..] = slot.0;
    u32::from_be_bytes([a, b, c, d]).checked_shr(32 - u32::from(bits)).unwrap_or(0)
}

/// Number, slot and moment of a remembered removal.
pub(super) fn removal(prefix: &[u8], key: &[u8], value: &[u8]) -> Option<(u64, Slot, Millis)> {
    let number = u64::from_be_bytes(key.strip_prefix(prefix)?.try_into().ok()?);
    let (slot, at) = value.split_at_checked(16)?;
    Some((number, Slot::from_slice(slot)?, Millis(u64::from_be_bytes(at.try_into().ok()?))))
}

/// Removals of everything that a shelf has in the store.
pub(super) fn erased(view: &dyn View, shelf: ShelfId) -> Vec<Write> {
    scan_all(view, &shelf.0).into_keys().map(|key| Write { space: Space::Entries, key, value: None }).collect()
}

pub(super) fn unpacked(packed: &[u8]) -> BTreeMap<Slot, Entry> {
    packed.chunks(ENTRY_BYTES).filter_map(Entry::unpack).map(|entry| (entry.slot, entry)).collect()
}

/// Hands over every live entry as it is packed, in order of slots, without holding more than a page of them.
pub(super) fn each_packed(view: &dyn View, shelf: ShelfId, mut take: impl FnMut(&[u8])) {
    let prefix = Place::prefix(shelf, b'b');
    let mut from = prefix.clone();
    loop {
        let page = view.scan(Space::Entries, &prefix, &from, PAGE);
        page.iter().flat_map(|(_, packed)| packed.chunks_exact(ENTRY_BYTES)).for_each(&mut take);
        match page.last() {
            Some((last, _)) if page.len() == PAGE => from = [last.as_slice(), &[0]].concat(),
            _ => return,
        }
    }
}

pub(super) fn scan_all(view: &dyn View, prefix: &[u8]) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut from = prefix.to_vec();
    loop {
        let page = view.scan(Space::Entries, prefix, &from, PAGE);
        let full = page.len() == PAGE;
        if let Some((last, _)) = page.last() {
            from = [last.as_slice(), &[0]].concat();
        }
        all.extend(page);
        if !full {
            return all;
        }
    }
}

const PAGE: usize = 1_024;
