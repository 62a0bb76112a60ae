//! The RFC 6962 tree over 2^bits buckets, kept in groups of up to sixteen hashes: a change of one bucket reads and writes
//! one group per four levels. A group that was never written is that of empty buckets.
use super::content::Place;
use crate::crypto::sha256;
use crate::data::{Space, View, Write};
use crate::ids::{Hash, ShelfId};
use std::collections::BTreeMap;

/// Lays new bucket hashes into the tree and gives the new root with the writes.
///
/// `fresh`: nothing is kept of what was there (the number of buckets changed).
pub(super) fn update(
    view: &dyn View,
    shelf: ShelfId,
    bits: u8,
    fresh: bool,
    buckets: &BTreeMap<u32, Hash>,
) -> (Hash, Vec<Write>) {
    let empties = empties(bits);
    let mut writes = Vec::new();
    let mut changed: BTreeMap<u32, Hash> = buckets.iter().map(|(at, hash)| (*at, leaf(hash))).collect();
    let mut level = 0;
    while level < bits {
        let step = GROUP_BITS.min(bits - level);
        let mut above = BTreeMap::new();
        for (group, members) in grouped(&changed, step) {
            let place = Place::Tree { level, group }.key(shelf);
            let kept = if fresh { None } else { view.get(Space::Entries, &place) };
            let mut hashes = read(kept.as_deref(), 1 << step, empties[usize::from(level)]);
            for (at, hash) in members {
                hashes[at as usize] = hash;
            }
            let value = hashes.iter().flat_map(|hash| hash.0).collect();
            above.insert(group, fold(hashes));
            writes.push(Write { space: Space::Entries, key: place, value: Some(value) });
        }
        changed = above;
        level += step;
    }
    let root = changed.get(&0).copied();
    let root = root.or_else(|| if fresh { None } else { stored_root(view, shelf, bits, &empties) });
    (root.unwrap_or(empties[usize::from(bits)]), writes)
}

/// SHA-256 over a bucket's packed entries in order of their slots.
pub(super) fn bucket_hash(packed: &[u8]) -> Hash {
    sha256(&[packed])
}

/// The root as it is kept, for an update that changes nothing. A single bucket is its own tree: its entries are hashed anew.
fn stored_root(view: &dyn View, shelf: ShelfId, bits: u8, empties: &[Hash]) -> Option<Hash> {
    if bits == 0 {
        let packed = view.get(Space::Entries, &Place::Bucket { bucket: 0 }.key(shelf)).unwrap_or_default();
        return Some(leaf(&bucket_hash(&packed)));
    }
    let step = if bits.is_multiple_of(GROUP_BITS) { GROUP_BITS } else { bits % GROUP_BITS };
    let level = bits - step;
    let kept = view.get(Space::Entries, &Place::Tree { level, group: 0 }.key(shelf));
    Some(fold(read(kept.as_deref(), 1 << step, empties[usize::from(level)])))
}

fn grouped(changed: &BTreeMap<u32, Hash>, step: u8) -> BTreeMap<u32, Vec<(u32, Hash)>> {
    let mut groups: BTreeMap<u32, Vec<(u32, Hash)>> = BTreeMap::new();
    for (at, hash) in changed {
        groups.entry(at >> step).or_default().push((at & ((1 << step) - 1), *hash));
    }
    groups
}

fn read(kept: Option<&[u8]>, len: usize, empty: Hash) -> Vec<Hash> {
    let hashes: Option<Vec<Hash>> = kept.map(|bytes| bytes.chunks(32).filter_map(Hash::from_slice).collect());
    hashes.filter(|hashes| hashes.len() == len).unwrap_or_else(|| vec![empty; len])
}

fn fold(mut hashes: Vec<Hash>) -> Hash {
    while hashes.len() > 1 {
        hashes = hashes.chunks(2).map(|pair| node(&pair[0], &pair[pair.len() - 1])).collect();
    }
    hashes[0]
}

/// Hashes of subtrees of empty buckets, by their height.
fn empties(bits: u8) -> Vec<Hash> {
    let mut hashes = vec![leaf(&bucket_hash(&[]))];
    for height in 0..usize::from(bits) {
        hashes.push(node(&hashes[height], &hashes[height]));
    }
    hashes
}

fn leaf(data: &Hash) -> Hash {
    sha256(&[&[0], &data.0])
}

fn node(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], &left.0, &right.0])
}

const GROUP_BITS: u8 = 4;
