//! Taking in (取込): a facility's SS-MIX2 storages become records of this node, each file once, nothing ever lost.
//!
//! Read `feed` (which root, whose), `report` (what a scan says), then along one scan: `walk` (a root in units of one patient's
//! day; bounded memory, no symbolic links), `cursor` (what was seen at the last scan, per unit), `read` and `contents` (bytes to
//! a fresh record, or to a reason), `unit` (what changed in one unit), `commit` (heads, bodies, patient, tokens, counts and
//! the unit's cursor in one transaction), `quarantine` (copies of what cannot be read), `worker` (units one after the other),
//! `crew` (several workers), `scan` (the whole), `tail` (what a journal beside the storage tells, without a walk), `outbox`
//! (patients whose publication has to follow), `export` (the way back: a storage written from the store, byte for byte).
//!
//! The cursor of a unit moves in the transaction that stores its records, so a crash at any moment repeats work and never
//! loses any. Which file of a record is the current one is settled from all files of the record, whatever order they come in.
mod commit;
mod contents;
mod crew;
mod cursor;
mod export;
mod feed;
mod heads;
mod limits;
mod outbox;
mod quarantine;
mod read;
mod report;
mod scan;
mod tail;
#[cfg(test)]
mod tests;
mod unit;
mod walk;
mod worker;

pub use export::{ExportError, ExportPart, ExportProgress, ExportReport, WithQuarantine};
pub use feed::Feed;
pub use limits::BatchLimits;
pub use outbox::{Outbox, Pending};
pub(crate) use quarantine::forget as forget_quarantine;
pub use quarantine::{QuarantineReason, Quarantined};
pub use report::{IgnoredWhy, Progress, ScanError, ScanReport};
pub use scan::{Ingest, Retry};
pub use tail::Followed;
