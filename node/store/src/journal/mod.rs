//! The journal: everything that was ever acknowledged, in order. The truth of the store; the index is made from it.
//!
//! One commit group is one **frame**: `marker ‖ length ‖ digest ‖ payload`. The digest covers the digest before it, so the
//! frames form one chain over all **segments** (files of a bounded size). The payload is packed and sealed. A frame is
//! written, then synced, then answered for; the next one is written only after that. So at most the last frame can be
//! torn by a crash, and only a torn last frame is ever cut. Everything else that does not fit the chain is damage: an
//! error that names segment and offset, and nothing is changed on disk.
//!
//! Read `frame` (bytes), then `segment` (walking one file and judging its end), then `log` (open, append, roll), then
//! `reader` (replay).
mod error;
mod frame;
mod log;
mod reader;
mod segment;
#[cfg(test)]
mod tests;

pub use error::{AppendError, JournalError};
pub(crate) use frame::JournalKeys;
pub use frame::Mark;
pub use log::Cut;
pub(crate) use log::Journal;
pub(crate) use reader::{JournalReader, ReplayError};
