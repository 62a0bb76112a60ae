//! I44 (its second half): the right to read without consent is off for a reader while a read of its own lies unreviewed for too long.
use super::{Invariant, Release, Verdict, Violation, Watch, broken};
use protocol::kinds::Purpose;
use protocol::time::Millis;

pub(super) fn release(watch: &Watch, from: usize, now: Millis, release: &Release) -> Verdict {
    let (truth, known, asked) = (&watch.truth, &watch.known[from], &release.asked);
    let at = release.decided_at.unwrap_or(now);
    if asked.purpose != Purpose::Emergency || release.glass(known).is_none() {
        return Ok(());
    }
    let lapsed = known.glasses.values().find(|glass| {
        let other = glass.request != asked.request && !glass.is_ours && glass.reader == asked.reader;
        other && glass.is_served && glass.review.is_none() && glass.lapses_at <= at
    });
    match lapsed {
        None => Ok(()),
        Some(glass) => {
            let (holder, reader) = (Violation::named(truth, from), Violation::named(truth, asked.from));
            let what = format!(
                "{holder} opens to {reader} at {} although {:?} of {} was never reviewed ({:?})",
                at.0, glass.request, glass.at.0, asked.request
            );
            broken(Invariant::I44, what)
        }
    }
}
