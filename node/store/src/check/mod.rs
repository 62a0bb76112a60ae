//! Checking everything there is: snapshots, the journal's chain, the index against both, blobs against the ledger, the audit
//! tree. Every damage is named with its file, its byte, what it means and what to do.
//!
//! Read `damage` (what is reported), `files` (what can be checked without an index), `image` (what the index should hold),
//! `index` (comparing), then `scrub` (the same files, slowly, one at a time).
mod damage;
mod files;
mod image;
mod index;
mod scrub;

pub use damage::{Damage, Part, VerifyReport};
pub(crate) use files::FileCheck;
pub(crate) use index::ledger;
pub use scrub::{Scrub, ScrubStep};

use crate::view::{Shared, StoreView};
use image::Image;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;

/// Hears how many bytes were read since it was last called; may take its time, and ends the check with `false`.
pub type Pace<'a> = &'a mut dyn FnMut(u64) -> bool;

/// Checks an open store. Writing goes on.
pub(crate) fn verify(
    files: &FileCheck,
    shared: &std::sync::Arc<Shared>,
    salts: &[u8; 32],
    pace: Pace<'_>,
) -> VerifyReport {
    let mut report = VerifyReport::default();
    let head = shared.health.lock().unwrap_or_else(PoisonError::into_inner).position;
    files.snapshots(&mut report, pace);
    files.journal(head, &mut report, pace);
    let ledger = verify_index(files, shared, &mut report, pace);
    let ledger = ledger.or_else(|| index::ledger(shared));
    files.blobs(ledger.as_ref(), &mut report, pace);
    check_log(shared, salts, &mut report);
    report
}

/// Compares the index with snapshots and journal; gives the ledger of blobs if that could be done.
pub(crate) fn verify_index(
    files: &FileCheck,
    shared: &std::sync::Arc<Shared>,
    report: &mut VerifyReport,
    pace: Pace<'_>,
) -> Option<std::collections::BTreeSet<crate::blobs::BlobId>> {
    let head = shared.health.lock().unwrap_or_else(PoisonError::into_inner).position;
    let image = match Image::read(files, head) {
        Ok(image) => image,
        Err(error) => {
            if !report.damages.iter().any(|damage| matches!(damage.part, Part::Journal | Part::Snapshot)) {
                report.damages.push(Damage::journal(error.to_string()));
            }
            report.not_checked.push("the index could not be compared, since the journal is damaged");
            return None;
        }
    };
    match index::compare(image, files, shared, report, pace) {
        Ok(blobs) => Some(blobs),
        Err(error) => {
            report.damages.push(Damage::index(error.to_string()));
            shared.ask_for_rebuild();
            None
        }
    }
}

/// Checks what lies in the folder of a store that does not open.
pub(crate) fn inspect(files: &FileCheck, pace: Pace<'_>) -> VerifyReport {
    let mut report = VerifyReport::default();
    files.snapshots(&mut report, pace);
    files.journal(u64::MAX, &mut report, pace);
    report.not_checked.push("the index was not compared, since the store does not open");
    let ledger = Image::read(files, report.head).ok().and_then(|image| image.ledger(files).ok());
    if ledger.is_none() || report.damages.iter().any(|damage| damage.part == Part::Journal) {
        report.not_checked.push("not every missing blob could be told, since the journal is damaged");
    }
    files.blobs(ledger.as_ref(), &mut report, pace);
    report
}

pub(crate) fn check_log(shared: &std::sync::Arc<Shared>, salts: &[u8; 32], report: &mut VerifyReport) {
    if report.damages.iter().any(|damage| damage.part == Part::Index) {
        return report.not_checked.push("the audit log was not checked, since the index is damaged");
    }
    let view = StoreView { shared: shared.clone() };
    match catch_unwind(AssertUnwindSafe(|| protocol::audit::verify_log(&view, salts))) {
        Ok(Ok(head)) => report.log_events = head.size,
        Ok(Err(damage)) => report.damages.push(Damage::log(damage.to_string())),
        Err(_) => report.damages.push(Damage::index("a value of the audit log does not open".into())),
    }
}
