//! The journal: everything that was ever acknowledged, in order. The truth of the store; the index is made from it.
//!
//! One commit group is one **frame**: `marker ‖ length ‖ digest ‖ payload`. The digest covers the digest before it, so the
//! frames form one chain over all **segments** (files of a bounded size). The payload is packed and sealed. A frame is
//! written, then synced, then answered for; the next one is written only after that. So at most the last frame can be
//! torn by a crash, and only a torn last frame is ever cut. Everything else that does not fit the chain is damage: an
//! error that names segment and offset, and nothing is changed on disk.
//!
//! Segments that snapshots cover may be gone (see `snapshot`): the first one left follows a frame that a snapshot has seen.
//!
//! Read `frame` (bytes), then `segment` (walking one file and judging its end), then `log` (open, append, roll) with
//! `anchor` (which segment is the newest), then `reader` (replay) and `health` (every damage of a file, not only the first).
pub(crate) mod anchor;
mod error;
mod frame;
mod health;
mod log;
mod reader;
mod segment;
#[cfg(test)]
mod tests;

pub use error::{AppendError, JournalError};
pub use frame::Mark;
pub(crate) use frame::{JournalKeys, decode, encode};
pub(crate) use health::{SegmentState, inspect, judge};
pub use log::Cut;
pub(crate) use log::{Floor, Journal, begin_at};
pub(crate) use reader::{JournalReader, ReplayError};
pub(crate) use segment::{FOLDER as JOURNAL_FOLDER, list as segments, name as segment_name, path as segment_path};
