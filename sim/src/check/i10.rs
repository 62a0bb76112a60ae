//! I10: no answer has kinds, patients or dates beyond request, consent and accord.
//!
//! What consent and accord leave of the kinds is I01's own check of each item; here: the request, and whose records they are.
use super::{Invariant, Release, Verdict, Violation, Watch, broken};

pub(super) fn release(watch: &Watch, from: usize, release: &Release) -> Verdict {
    let asked = &release.asked;
    let tell = |what: String| {
        let (holder, reader) = (Violation::named(&watch.truth, from), Violation::named(&watch.truth, asked.from));
        broken(Invariant::I10, format!("{holder} answers {reader} with {what} ({:?})", asked.request))
    };
    if watch.truth.facility[from] != asked.holder {
        return tell(format!("records, though {} was asked", asked.holder));
    }
    let named = watch.known[from].handles.get(&asked.handle);
    for (item, patient, _) in &release.items {
        let (from, to) = (asked.period.from, asked.period.to);
        let dated = item.care_date;
        // What has no date (病名, basic data) is not narrowed by dates.
        let within = dated.is_none_or(|date| from.is_none_or(|from| from <= date) && to.is_none_or(|to| date <= to));
        if !asked.kinds.has(item.kind.coarse()) {
            return tell(format!("{}, which was not asked for", item.kind));
        }
        if !within {
            return tell(format!("a {} of {dated:?}, outside {:?}", item.kind, asked.period));
        }
        if named.is_none_or(|(named, _)| named != patient) {
            return tell(format!("records of {patient:?}, whom the handle does not name"));
        }
    }
    Ok(())
}
