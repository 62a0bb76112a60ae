use super::content::{Content, Sum, erased};
use super::manifest::{Held, drop_held, held, hold};
use super::{Changes, Entry, Manifest};
use crate::data::{Space, View, Write};
use crate::ids::ShelfId;
use crate::limits::CHANGES_STAGED_MAX;

/// Why changes did not make the shelf that the manifest speaks of. Nothing was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyncFault {
    /// The manifest is not newer than ours. Nobody's fault.
    #[error("manifest {offered} is not newer than {held}, which is held already")]
    Older {
        /// Its number.
        offered: u64,
        /// Ours.
        held: u64,
    },
    /// The changes begin above what we have; ask for those from our number on.
    #[error("changes begin above {from}, but only those up to {have} are known; follow from there")]
    Gap {
        /// Where they begin.
        from: u64,
        /// What we have.
        have: u64,
    },
    /// The author's numbers went back: it was set back to an older state and went on from there. Nobody's fault; repair.
    #[error("the manifest ends at change {offered}, but {have} is known; the shelf must be repaired")]
    Rewound {
        /// Its last change.
        offered: u64,
        /// Ours.
        have: u64,
    },
    /// A number, bit or moment that cannot be true, or a change that is not between the two numbers. The sender's fault.
    #[error("change {0} lies outside of what the manifest speaks of")]
    Bounds(u64),
    /// More changes than one take may have; ask for the whole shelf.
    #[error("{0} changes at once are too many")]
    TooMany(usize),
    /// The shelf has another number of entries, or another root: the shelf must be repaired.
    #[error("{have} entries do not make the manifest's {want}; the shelf must be repaired")]
    Root {
        /// Entries after the changes.
        have: u64,
        /// Entries of the manifest.
        want: u64,
    },
}

/// Takes changes of another's shelf: applies them to our copy and compares the root. A pure copy of what the author signed is
/// all that ever comes of it, whoever sent the pages.
///
/// `from` is the number that the pages were asked from. For each slot the highest number counts, so pages that overlap or were
/// served while the author went on do no harm. The signature and the time of the manifest are the caller's to check.
///
/// # Errors
/// [`SyncFault`]; nothing is taken then.
pub fn take(view: &dyn View, manifest: &Manifest, from: u64, changes: &[Changes]) -> Result<Vec<Write>, SyncFault> {
    let shelf = manifest.shelf.id();
    let held = held(view, shelf);
    let (have, seq) = held.as_ref().map_or((0, 0), |held| (held.manifest.upto, held.manifest.seq));
    if manifest.seq <= seq {
        return Err(SyncFault::Older { offered: manifest.seq, held: seq });
    }
    if !manifest.is_sound() {
        return Err(SyncFault::Bounds(manifest.upto));
    }
    if manifest.upto < have {
        return Err(SyncFault::Rewound { offered: manifest.upto, have });
    }
    if from > have {
        return Err(SyncFault::Gap { from, have });
    }
    let total = changes.iter().fold(0usize, |sum, page| sum.saturating_add(page.len()));
    if total > CHANGES_STAGED_MAX {
        return Err(SyncFault::TooMany(total));
    }
    let (bits, count) = held.as_ref().map_or((manifest.bits, 0), |held| (held.manifest.bits, held.manifest.count));
    let mut content = Content::open(view, shelf, bits, count);
    for page in changes {
        for entry in &page.adds {
            between(entry.number, from, manifest.upto)?;
            content.put(*entry);
        }
        for (slot, number) in &page.removes {
            between(*number, from, manifest.upto)?;
            content.remove(*slot, *number, manifest.at);
        }
    }
    // A copy that began from nothing was not sent the removals before it.
    let horizon = held.map_or(manifest.upto, |held| held.horizon);
    let horizon = content.forget_removed(manifest.at, horizon);
    proven(content.finish(manifest.bits), manifest, horizon)
}

/// Takes a whole shelf in the place of our copy: the last resort when neither following nor
/// [`super::mend`] leads to the root.
///
/// # Errors
/// [`SyncFault`]; nothing is taken then. The manifest we hold may be offered again here.
pub fn replace(view: &dyn View, manifest: &Manifest, entries: &[Entry]) -> Result<Vec<Write>, SyncFault> {
    let shelf = manifest.shelf.id();
    let seq = held(view, shelf).map_or(0, |held| held.manifest.seq);
    if manifest.seq < seq {
        return Err(SyncFault::Older { offered: manifest.seq, held: seq });
    }
    if !manifest.is_sound() {
        return Err(SyncFault::Bounds(manifest.upto));
    }
    if u64::try_from(entries.len()) != Ok(manifest.count) {
        return Err(SyncFault::Root { have: entries.len() as u64, want: manifest.count });
    }
    let mut content = Content::fresh(view, shelf, manifest.bits);
    for entry in entries {
        between(entry.number, 0, manifest.upto)?;
        content.put(*entry);
    }
    proven(content.finish(manifest.bits), manifest, manifest.upto)
}

/// Drops a shelf with everything of it: its holder left, or we are not of its audience any more.
pub fn forget(view: &dyn View, shelf: ShelfId) -> Vec<Write> {
    let mut writes = erased(view, shelf);
    writes.extend(unstage(view, shelf));
    writes.push(drop_held(shelf));
    writes
}

/// Lays a page aside until all pages are here; `page` counts from 0.
pub fn stage(shelf: ShelfId, page: u32, changes: &Changes) -> Write {
    let key = [&staged_prefix(shelf)[..], &page.to_be_bytes()].concat();
    Write { space: Space::Manifests, key, value: Some(changes.pack()) }
}

/// The pages laid aside, in order.
pub fn staged(view: &dyn View, shelf: ShelfId) -> Vec<Changes> {
    pages(view, shelf).iter().filter_map(|(_, value)| Changes::unpack(value)).collect()
}

/// Throws the pages laid aside away.
pub fn unstage(view: &dyn View, shelf: ShelfId) -> Vec<Write> {
    let pages = pages(view, shelf).into_iter();
    pages.map(|(key, _)| Write { space: Space::Manifests, key, value: None }).collect()
}

fn pages(view: &dyn View, shelf: ShelfId) -> Vec<(Vec<u8>, Vec<u8>)> {
    let prefix = staged_prefix(shelf);
    // A page has at least one change, so there are never more pages than changes.
    view.scan(Space::Manifests, &prefix, &prefix, CHANGES_STAGED_MAX)
}

fn staged_prefix(shelf: ShelfId) -> Vec<u8> {
    [b"s", &shelf.0[..]].concat()
}

pub(super) fn between(number: u64, from: u64, upto: u64) -> Result<(), SyncFault> {
    if from < number && number <= upto { Ok(()) } else { Err(SyncFault::Bounds(number)) }
}

pub(super) fn proven(sum: Sum, manifest: &Manifest, horizon: u64) -> Result<Vec<Write>, SyncFault> {
    if sum.root != manifest.root || sum.count != manifest.count {
        return Err(SyncFault::Root { have: sum.count, want: manifest.count });
    }
    let mut writes = sum.writes;
    writes.push(hold(&Held { manifest: manifest.clone(), horizon }));
    Ok(writes)
}
