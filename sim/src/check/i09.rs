//! I09: no node serves to a third one record bytes that it got from a holder.
use super::{Invariant, Leaving, Release, Verdict, Violation, Watch, broken};
use crate::world::{Canary, canaries};

pub(super) fn release(watch: &Watch, from: usize, release: &Release) -> Verdict {
    match release.items.iter().find(|(.., record)| record.is_none()) {
        Some((item, patient, _)) => {
            let from = Violation::named(&watch.truth, from);
            broken(
                Invariant::I09,
                format!("{from} serves a {} of {patient:?} that is none of its own records", item.kind),
            )
        }
        None => Ok(()),
    }
}

pub(super) fn frame(watch: &Watch, leaving: Leaving<'_>) -> Verdict {
    let truth = &watch.truth;
    for canary in canaries(leaving.bytes) {
        let Canary::Record(number) = canary else { continue };
        let holder = truth.people.records.get(number).map(|record| record.node);
        if holder != Some(leaving.from) && watch.released.contains(&(number, leaving.from)) {
            let (from, to) = (Violation::named(truth, leaving.from), Violation::named(truth, leaving.to));
            let holder = holder.map_or("?", |host| Violation::named(truth, host));
            return broken(Invariant::I09, format!("{from} passes {canary} of {holder} on to {to}"));
        }
    }
    Ok(())
}
