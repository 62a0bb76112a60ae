//! The index (所在情報): who holds something for whom, without saying who.
//!
//! Read `shelf` (what one holder shows to one audience), `entry` (slot and sealed body), `manifest` (what is alive), then
//! `author` (the holder's side: changes become numbers), `follow` (what a copy is sent), `copy` (how a copy takes it and
//! proves the root), `sketch` and `repair` (what differs is found and moved where following does not lead to the root),
//! `lookup` (finding a tag without a packet). `content` and `tree` are the buckets and hashes below.
//! An entry that is not under its holder's newest manifest is dead. Cost follows the change, not the size of the shelf.
mod author;
mod content;
mod copy;
mod entry;
mod follow;
mod lookup;
mod manifest;
mod repair;
mod shelf;
mod sketch;
#[cfg(test)]
mod tests;
mod tree;

pub use author::{Authored, Change, author, restart};
pub use copy::{SyncFault, forget, replace, stage, staged, take, unstage};
pub use entry::{Body, ENTRY_BYTES, Entry, slot, slot_of};
pub use follow::{Changes, TooOld, follow, follow_on, whole, whole_page};
pub use lookup::{find, find_all};
pub use manifest::{Manifest, manifest, manifests};
pub use repair::{Compared, compare, mend, sketch};
pub use shelf::{Audience, Shelf};
pub use sketch::{Cell, Difference, Mark, Sketch, SketchKey, cells_for, estimate, pack, peel, unpack};
