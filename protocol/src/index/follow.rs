use super::content::{self, Place, bucket_of, removal, unpacked};
use super::entry::ENTRY_BYTES;
use super::manifest::held;
use super::{Entry, Manifest};
use crate::data::{Space, View};
use crate::ids::{ShelfId, Slot};
use std::collections::BTreeMap;

/// A page of what changed on a shelf, for a copy that knows it up to some number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Live entries that are newer, by number.
    pub adds: Vec<Entry>,
    /// Slots that were emptied since, with the number that did it.
    pub removes: Vec<(Slot, u64)>,
    /// The copy knows all up to this number when it has taken the page.
    pub upto: u64,
    /// Whether another page follows.
    pub more: bool,
}

impl Changes {
    /// How many changes it has.
    pub fn len(&self) -> usize {
        self.adds.len().saturating_add(self.removes.len())
    }
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Packs it: upto, more, number of entries, entries of 88 bytes, removals of 24.
    pub fn pack(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(13 + self.adds.len() * ENTRY_BYTES + self.removes.len() * REMOVE_BYTES);
        out.extend(self.upto.to_be_bytes());
        out.push(u8::from(self.more));
        out.extend(u32::try_from(self.adds.len()).unwrap_or(u32::MAX).to_be_bytes());
        self.adds.iter().for_each(|entry| out.extend(entry.pack()));
        for (slot, number) in &self.removes {
            out.extend(slot.0);
            out.extend(number.to_be_bytes());
        }
        out
    }
    /// Reads what [`Self::pack`] wrote; none if anything is left over or missing.
    pub fn unpack(bytes: &[u8]) -> Option<Self> {
        let (upto, rest) = bytes.split_first_chunk::<8>()?;
        let (more, rest) = rest.split_first()?;
        let (adds, rest) = rest.split_first_chunk::<4>()?;
        let adds_len = usize::try_from(u32::from_be_bytes(*adds)).ok()?.checked_mul(ENTRY_BYTES)?;
        let (adds, removes) = rest.split_at_checked(adds_len)?;
        if *more > 1 || !removes.len().is_multiple_of(REMOVE_BYTES) {
            return None;
        }
        let remove =
            |bytes: &[u8]| Some((Slot::from_slice(&bytes[..16])?, u64::from_be_bytes(bytes[16..].try_into().ok()?)));
        Some(Self {
            adds: adds.chunks_exact(ENTRY_BYTES).map(Entry::unpack).collect::<Option<_>>()?,
            removes: removes.chunks_exact(REMOVE_BYTES).map(remove).collect::<Option<_>>()?,
            upto: u64::from_be_bytes(*upto),
            more: *more == 1,
        })
    }
}

/// Why a copy cannot follow from where it is: removals that it missed are forgotten, or the shelf is not here. It needs the
/// whole shelf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("changes from number {from} on are no longer known, only those above {horizon}; ask for the whole shelf")]
pub struct TooOld {
    /// Where the copy is.
    pub from: u64,
    /// From where on changes are known.
    pub horizon: u64,
}

/// What changed above number `from`, up to `limit` changes in order of their numbers: the first page of a follow-up.
///
/// Entries that were added and removed again do not appear. From 0 only live entries are sent: nothing to remove yet.
/// Cost: the changes sent and the buckets they lie in.
///
/// # Errors
/// [`TooOld`] if removals above `from` are forgotten.
pub fn follow(view: &dyn View, shelf: ShelfId, from: u64, limit: usize) -> Result<Changes, TooOld> {
    let Some(held) = held(view, shelf) else { return Err(TooOld { from, horizon: u64::MAX }) };
    if from != 0 && from < held.horizon {
        return Err(TooOld { from, horizon: held.horizon });
    }
    Ok(page(view, &held.manifest, from, limit))
}

/// The page after one that ended at `from`. Says nothing of forgotten removals: who began at 0 needs none of them, and who
/// began elsewhere was told by [`follow`].
pub fn follow_on(view: &dyn View, shelf: ShelfId, from: u64, limit: usize) -> Changes {
    match held(view, shelf) {
        Some(held) => page(view, &held.manifest, from, limit),
        None => Changes { upto: from, ..Changes::default() },
    }
}

fn page(view: &dyn View, manifest: &Manifest, from: u64, limit: usize) -> Changes {
    let (shelf, limit) = (manifest.shelf.id(), limit.max(1));
    let adds = numbered(view, shelf, b'n', from, limit.saturating_add(1));
    let removes = if from == 0 { Vec::new() } else { numbered(view, shelf, b'r', from, limit.saturating_add(1)) };
    let mut merged: BTreeMap<u64, (bool, Slot)> = BTreeMap::new();
    merged.extend(adds.into_iter().map(|(number, slot)| (number, (true, slot))));
    merged.extend(removes.into_iter().map(|(number, slot)| (number, (false, slot))));
    let more = merged.len() > limit;
    let mut page = Changes { upto: manifest.upto.max(from), more, ..Changes::default() };
    let mut buckets: BTreeMap<u32, BTreeMap<Slot, Entry>> = BTreeMap::new();
    for (number, (live, slot)) in merged.into_iter().take(limit) {
        if more {
            page.upto = number;
        }
        if !live {
            page.removes.push((slot, number));
            continue;
        }
        let at = bucket_of(&slot, manifest.bits);
        let bucket = buckets.entry(at).or_insert_with(|| bucket(view, shelf, at));
        page.adds.extend(bucket.get(&slot).filter(|entry| entry.number == number));
    }
    page
}

/// Every live entry of a shelf in order of slots, for repair.
pub fn whole(view: &dyn View, shelf: ShelfId) -> Vec<Entry> {
    let stored = content::scan_all(view, &Place::prefix(shelf, b'b'));
    stored.values().flat_map(|packed| unpacked(packed).into_values()).collect()
}

/// Up to about `limit` live entries from the slot `from` on, in order of slots; whole buckets, so a page may be somewhat
/// longer. The next page begins above the last slot; an empty page is the end.
pub fn whole_page(view: &dyn View, shelf: ShelfId, from: Slot, limit: usize) -> Vec<Entry> {
    let Some(held) = held(view, shelf) else { return Vec::new() };
    let prefix = Place::prefix(shelf, b'b');
    let mut start = Place::Bucket { bucket: bucket_of(&from, held.manifest.bits) }.key(shelf);
    let mut page = Vec::new();
    while page.len() < limit.max(1) {
        let Some((key, packed)) = view.scan(Space::Entries, &prefix, &start, 1).pop() else { break };
        page.extend(unpacked(&packed).into_values().filter(|entry| entry.slot >= from));
        start = [key.as_slice(), &[0]].concat();
    }
    page
}

fn numbered(view: &dyn View, shelf: ShelfId, mark: u8, from: u64, limit: usize) -> Vec<(u64, Slot)> {
    let prefix = Place::prefix(shelf, mark);
    let Some(first) = from.checked_add(1) else { return Vec::new() };
    let start = [prefix.as_slice(), &first.to_be_bytes()].concat();
    let read = |key: &[u8], value: &[u8]| {
        if mark == b'r' {
            return removal(&prefix, key, value).map(|(number, slot, _)| (number, slot));
        }
        let number = u64::from_be_bytes(key.strip_prefix(prefix.as_slice())?.try_into().ok()?);
        Some((number, Slot::from_slice(value)?))
    };
    let found = view.scan(Space::Entries, &prefix, &start, limit);
    found.iter().filter_map(|(key, value)| read(key, value)).collect()
}

fn bucket(view: &dyn View, shelf: ShelfId, at: u32) -> BTreeMap<Slot, Entry> {
    unpacked(&view.get(Space::Entries, &Place::Bucket { bucket: at }.key(shelf)).unwrap_or_default())
}

const REMOVE_BYTES: usize = 24;
