use super::Shelf;
use crate::data::{Space, View, Write, decode, encode};
use crate::ids::{Hash, ShelfId};
use crate::limits::{BUCKET_BITS_MAX, MANIFEST_MS};
use crate::time::Millis;
use serde::{Deserialize, Serialize};

/// What is alive on a shelf (棚目録): everything under its root and nothing else. Signed by the holder's index key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Of which shelf.
    pub shelf: Shelf,
    /// Which of its manifests; the highest counts.
    pub seq: u64,
    /// Number of the last change.
    pub upto: u64,
    /// Live entries.
    pub count: u64,
    /// Entries lie in 2^bits buckets by the first bits of their slots.
    pub bits: u8,
    /// RFC 6962 root over the buckets' hashes.
    pub root: Hash,
    /// When it was made.
    pub at: Millis,
    /// From this moment on nothing on the shelf counts any more.
    pub until: Millis,
}

impl Manifest {
    /// Whether its numbers can be true at all.
    pub fn is_sound(&self) -> bool {
        self.bits <= BUCKET_BITS_MAX
            && self.count <= self.upto
            && self.at < self.until
            && self.until.since(self.at) <= MANIFEST_MS
    }
    /// Whether both cannot be honest: one shelf and number, two contents. A proof of fork if both are signed.
    pub fn conflicts(&self, other: &Self) -> bool {
        self.shelf == other.shelf && self.seq == other.seq && self != other
    }
}

/// The newest manifest that this node holds of a shelf together with its entries.
pub fn manifest(view: &dyn View, shelf: ShelfId) -> Option<Manifest> {
    held(view, shelf).map(|held| held.manifest)
}

/// All shelves that this node holds, by their newest manifests, from the shelf `from` on.
pub fn manifests(view: &dyn View, from: ShelfId, limit: usize) -> Vec<Manifest> {
    let page = view.scan(Space::Manifests, HELD, &key(from), limit);
    page.iter().filter_map(|(_, value)| decode::<Held>(value)).map(|held| held.manifest).collect()
}

/// A manifest as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Held {
    pub manifest: Manifest,
    /// Removals up to this number are forgotten: a copy that is older needs the whole shelf.
    pub horizon: u64,
}

pub(super) fn held(view: &dyn View, shelf: ShelfId) -> Option<Held> {
    decode(&view.get(Space::Manifests, &key(shelf))?)
}

pub(super) fn hold(held: &Held) -> Write {
    Write { space: Space::Manifests, key: key(held.manifest.shelf.id()), value: Some(encode(held)) }
}

pub(super) fn drop_held(shelf: ShelfId) -> Write {
    Write { space: Space::Manifests, key: key(shelf), value: None }
}

fn key(shelf: ShelfId) -> Vec<u8> {
    [HELD, &shelf.0].concat()
}

const HELD: &[u8] = b"m";
