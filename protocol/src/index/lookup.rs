use super::content::{Place, bucket_of};
use super::entry::{ENTRY_BYTES, slots};
use super::manifest::held;
use super::{Body, Entry, Manifest};
use crate::data::{Space, View};
use crate::ids::{ShelfId, Slot, Tag};
use crate::time::Millis;

/// What a shelf has under a tag, with the number of the change. Sends nothing to anybody: nobody learns who is sought.
///
/// None if nothing is there, or if the newest manifest has run out. Cost: a hash and one bucket.
pub fn find(view: &dyn View, shelf: ShelfId, tag: &Tag, now: Millis) -> Option<(Body, u64)> {
    let manifest = alive(view, shelf, now)?;
    opened(view, &manifest, shelf, tag, super::slot(tag, shelf))
}

/// Everything a shelf has under a tag: as a rule none or one; more if patients of the holder share the tag.
pub fn find_all(view: &dyn View, shelf: ShelfId, tag: &Tag, now: Millis) -> Vec<(Body, u64)> {
    let Some(manifest) = alive(view, shelf, now) else { return Vec::new() };
    slots(tag, shelf).map_while(|slot| opened(view, &manifest, shelf, tag, slot)).collect()
}

fn alive(view: &dyn View, shelf: ShelfId, now: Millis) -> Option<Manifest> {
    held(view, shelf).map(|held| held.manifest).filter(|manifest| now < manifest.until)
}

fn opened(view: &dyn View, manifest: &Manifest, shelf: ShelfId, tag: &Tag, slot: Slot) -> Option<(Body, u64)> {
    let bucket = bucket_of(&slot, manifest.bits);
    let packed = view.get(Space::Entries, &Place::Bucket { bucket }.key(shelf))?;
    let entry = probe(&packed, slot).filter(|entry| entry.number <= manifest.upto)?;
    Some((Body::open(tag, shelf, entry.number, &entry.body)?, entry.number))
}

/// Binary search in a packed bucket.
fn probe(packed: &[u8], slot: Slot) -> Option<Entry> {
    let at = |index: usize| packed.get(index * ENTRY_BYTES..(index + 1) * ENTRY_BYTES);
    let (mut low, mut high) = (0, packed.len() / ENTRY_BYTES);
    while low < high {
        let middle = low + (high - low) / 2;
        match at(middle)?[..16].cmp(&slot.0) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Equal => return Entry::unpack(at(middle)?),
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    None
}
