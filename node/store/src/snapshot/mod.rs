//! Snapshots: the whole content at one frame of the journal, sealed, so that a rebuild need not begin at the first frame and
//! segments need not be kept for ever.
//!
//! A snapshot is folded from the one before and the frames behind that: it never asks the index, and takes keys and values
//! for the bytes that they are. So it is a second copy, and what the index lost is not lost in it.
//!
//! Read `keep` first (when one is made, and what may go then: pure), then `file` (its bytes), `merge` (several ordered
//! sources as one) and `make` (folding, dropping).
mod error;
mod file;
mod keep;
mod make;
mod merge;
#[cfg(test)]
mod tests;

pub use error::SnapshotError;
pub(crate) use file::{Checked, SnapshotKeys, SnapshotReader, check, headers, list, path};
pub use make::{Compacted, MakeError};
pub(crate) use make::{Maker, newest_good, source};
pub(crate) use merge::{Merge, Source};
