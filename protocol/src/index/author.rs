use super::content::{Content, Place};
use super::entry::{BODY_BYTES, slots};
use super::manifest::{Held, held, hold};
use super::{Body, Entry, Manifest, Shelf};
use crate::crypto::mac;
use crate::data::{Space, View, Write, decode, encode};
use crate::ids::{Handle, Hash, ShelfId, Slot, Tag};
use crate::limits::{BUCKET_ENTRIES, MANIFEST_MS};
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A change that the holder wants on its shelf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// This patient (by handle) is to be found under this tag; replaces what was said of the patient under it.
    Add {
        /// Under which tag.
        tag: Tag,
        /// What is said.
        body: Body,
    },
    /// This patient is no longer to be found under this tag.
    Remove {
        /// Under which tag.
        tag: Tag,
        /// Which patient.
        handle: Handle,
    },
}

/// What the holder commits and then signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authored {
    /// To be committed with the signed manifest, in one batch.
    pub writes: Vec<Write>,
    /// To be signed by the index key.
    pub manifest: Manifest,
    /// Additions that found no place because too many patients share the tag.
    pub left_out: u32,
}

/// Numbers changes of an own shelf and makes the next manifest; without changes, only that (the daily renewal).
///
/// Numbers are shuffled by `seed`, so that the tags of one patient do not stand together, and dummies that nobody can open fill
/// the shelf up to a multiple of 64, so that its size does not tell how many are on it. `seed` is fresh randomness, never
/// used twice. What is said already is not said again. Cost follows the changes.
pub fn author(view: &dyn View, shelf: &Shelf, changes: Vec<Change>, seed: [u8; 32], now: Millis) -> Authored {
    let id = shelf.id();
    let held = held(view, id);
    let start = Start {
        bits: held.as_ref().map_or(0, |held| held.manifest.bits),
        upto: held.as_ref().map_or(0, |held| held.manifest.upto),
        seq: held.as_ref().map_or(0, |held| held.manifest.seq),
        horizon: held.as_ref().map_or(0, |held| held.horizon),
    };
    let count = held.map_or(0, |held| held.manifest.count);
    let notes = view.get(Space::Entries, &Place::Notes.key(id)).and_then(|bytes| decode(&bytes));
    let notes = notes.unwrap_or(Notes { real: count, dummies: Vec::new() });
    Desk { id, content: Content::open(view, id, start.bits, count), notes, staged: BTreeMap::new(), left_out: 0 }
        .publish(shelf, changes, &start, seed, now)
}

/// Writes an own shelf anew above everything that it ever had: after a restore from backup, when peers know newer changes
/// than we do. `newest` is the newest manifest that any peer has. Copies take the whole shelf once.
pub fn restart(
    view: &dyn View,
    shelf: &Shelf,
    newest: &Manifest,
    all: Vec<(Tag, Body)>,
    seed: [u8; 32],
    now: Millis,
) -> Authored {
    let id = shelf.id();
    let own = held(view, id).map(|held| held.manifest);
    let own = own.as_ref().unwrap_or(newest);
    // One number is skipped, so that nobody who followed the old shelf to its end is taken for up to date.
    let upto = newest.upto.max(own.upto).saturating_add(1);
    let start = Start { bits: 0, upto, seq: newest.seq.max(own.seq), horizon: upto };
    let changes = all.into_iter().map(|(tag, body)| Change::Add { tag, body }).collect();
    let notes = Notes { real: 0, dummies: Vec::new() };
    Desk { id, content: Content::fresh(view, id, 0), notes, staged: BTreeMap::new(), left_out: 0 }
        .publish(shelf, changes, &start, seed, now)
}

/// From where a shelf goes on.
struct Start {
    bits: u8,
    upto: u64,
    seq: u64,
    horizon: u64,
}

/// What only the author knows of its shelf.
#[derive(Serialize, Deserialize)]
struct Notes {
    /// Entries that somebody can open.
    real: u64,
    /// Slots of those that nobody can.
    dummies: Vec<Slot>,
}

/// What a slot is to have.
enum Wanted {
    Nothing,
    Real(Tag, Body),
    Dummy,
}

/// An author at work on one batch.
struct Desk<'a> {
    id: ShelfId,
    content: Content<'a>,
    notes: Notes,
    staged: BTreeMap<Slot, Wanted>,
    left_out: u32,
}

/// Who is in a slot.
enum Occupant {
    Nobody,
    Known(Body),
    Stranger,
}

impl Desk<'_> {
    fn publish(mut self, shelf: &Shelf, changes: Vec<Change>, start: &Start, seed: [u8; 32], now: Millis) -> Authored {
        for change in changes {
            match change {
                Change::Add { tag, body } => self.add(tag, body),
                Change::Remove { tag, handle } => self.remove(tag, handle),
            }
        }
        self.settle();
        self.fill(&seed);
        let upto = self.number(start.upto, &seed, now);
        let horizon = self.content.forget_removed(now, start.horizon);
        let bits = self.content.suited_bits();
        let sum = self.content.finish(bits);
        let manifest = Manifest {
            shelf: shelf.clone(),
            seq: start.seq.saturating_add(1),
            upto,
            count: sum.count,
            bits: sum.bits,
            root: sum.root,
            at: now,
            until: now.plus(MANIFEST_MS),
        };
        let mut writes = sum.writes;
        let notes = Some(encode(&self.notes));
        writes.push(Write { space: Space::Entries, key: Place::Notes.key(self.id), value: notes });
        writes.push(hold(&Held { manifest: manifest.clone(), horizon }));
        Authored { writes, manifest, left_out: self.left_out }
    }

    fn add(&mut self, tag: Tag, body: Body) {
        for slot in slots(&tag, self.id) {
            match self.occupant(&slot, &tag) {
                Occupant::Known(there) if there == body => return,
                Occupant::Known(there) if there.handle != body.handle => {}
                Occupant::Stranger => {}
                Occupant::Known(_) | Occupant::Nobody => {
                    self.staged.insert(slot, Wanted::Real(tag, body));
                    return;
                }
            }
        }
        self.left_out = self.left_out.saturating_add(1);
    }
    /// Empties the patient's slot; the last of those who share the tag moves into it, so that numbers have no holes.
    fn remove(&mut self, tag: Tag, handle: Handle) {
        let mut sharing = Vec::new();
        for slot in slots(&tag, self.id) {
            match self.occupant(&slot, &tag) {
                Occupant::Known(body) => sharing.push((slot, body)),
                Occupant::Stranger => {}
                Occupant::Nobody => break,
            }
        }
        let Some((slot, _)) = sharing.iter().find(|(_, body)| body.handle == handle).copied() else { return };
        let Some((last, moved)) = sharing.pop() else { return };
        if last != slot {
            self.staged.insert(slot, Wanted::Real(tag, moved));
        }
        self.staged.insert(last, Wanted::Nothing);
    }
    fn occupant(&mut self, slot: &Slot, tag: &Tag) -> Occupant {
        match self.staged.get(slot) {
            Some(Wanted::Real(_, body)) => return Occupant::Known(*body),
            Some(Wanted::Nothing) => return Occupant::Nobody,
            Some(Wanted::Dummy) => return Occupant::Stranger,
            None => {}
        }
        let Some(entry) = self.content.get(slot) else { return Occupant::Nobody };
        match Body::open(tag, self.id, entry.number, &entry.body) {
            Some(body) => Occupant::Known(body),
            None => Occupant::Stranger,
        }
    }

    /// Drops what would change nothing and counts the real entries.
    fn settle(&mut self) {
        for (slot, wanted) in std::mem::take(&mut self.staged) {
            let stored = self.content.get(&slot);
            let keep = match (&wanted, &stored) {
                (Wanted::Nothing, None) => false,
                (Wanted::Nothing, Some(_)) => {
                    self.notes.real = self.notes.real.saturating_sub(1);
                    true
                }
                (_, None) => {
                    self.notes.real = self.notes.real.saturating_add(1);
                    true
                }
                (Wanted::Real(tag, body), Some(entry)) => {
                    Body::open(tag, self.id, entry.number, &entry.body).as_ref() != Some(body)
                }
                (Wanted::Dummy, Some(_)) => false,
            };
            if keep {
                self.staged.insert(slot, wanted);
            }
        }
    }
    /// Adds or takes away dummies until the shelf has the next multiple of 64, and 64 at least.
    fn fill(&mut self, seed: &[u8; 32]) {
        let full = self.notes.real.max(1).div_ceil(BUCKET_ENTRIES).saturating_mul(BUCKET_ENTRIES);
        let want = usize::try_from(full.saturating_sub(self.notes.real)).unwrap_or(0);
        self.notes.dummies.sort_by_key(|slot| mac(seed, &[b"which", &slot.0]));
        for slot in self.notes.dummies.split_off(self.notes.dummies.len().min(want)) {
            self.staged.insert(slot, Wanted::Nothing);
        }
        for nth in self.notes.dummies.len()..want {
            let drawn = mac(seed, &[b"dummy", &(nth as u64).to_be_bytes()]);
            let Some(slot) = Slot::from_slice(&drawn[..16]) else { continue };
            self.staged.insert(slot, Wanted::Dummy);
            self.notes.dummies.push(slot);
        }
    }
    /// Gives the changes their numbers, shuffled, and lays them on the shelf.
    fn number(&mut self, upto: u64, seed: &[u8; 32], now: Millis) -> u64 {
        let mut shuffled: Vec<([u8; 32], Slot, Wanted)> = std::mem::take(&mut self.staged)
            .into_iter()
            .map(|(slot, wanted)| (mac(seed, &[b"order", &slot.0]), slot, wanted))
            .collect();
        shuffled.sort_by_key(|(order, ..)| *order);
        let mut number = upto;
        for (_, slot, wanted) in shuffled {
            number = number.saturating_add(1);
            let body = match wanted {
                Wanted::Nothing => {
                    self.content.remove(slot, number, now);
                    continue;
                }
                Wanted::Real(tag, body) => body.seal(&tag, self.id, number),
                Wanted::Dummy => noise(seed, &slot),
            };
            self.content.put(Entry { slot, number, body });
        }
        number
    }
}

/// A body that nobody can open and that looks like any other.
fn noise(seed: &[u8; 32], slot: &Slot) -> [u8; BODY_BYTES] {
    let mut body = [0; BODY_BYTES];
    body[..32].copy_from_slice(&mac(seed, &[b"left", &slot.0]));
    body[32..].copy_from_slice(&mac(seed, &[b"right", &slot.0]));
    body
}

const _: () = assert!(BODY_BYTES == 2 * size_of::<Hash>());
