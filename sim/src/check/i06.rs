//! I06: an answer to a node without valid membership is always the same, in content and in size, whatever the patient.
use super::{Invariant, Leaving, Verdict, Violation, Watch, broken};
use protocol::ids::RequestId;
use protocol::wire::v1;

/// All of an answer but the request's name and the signature.
pub(super) type Form = (&'static str, Vec<u64>, String, usize);

pub(super) fn refused(watch: &mut Watch, leaving: Leaving<'_>, refuse: &v1::Refuse) -> Verdict {
    if watch.truth.has_standing(leaving.from, leaving.to, leaving.now, &watch.known[leaving.from]) {
        return Ok(());
    }
    let form = ("refuse", vec![refuse.code.into()], refuse.hint.clone(), leaving.bytes.len());
    compare(watch, leaving, form)
}

pub(super) fn decision(
    watch: &mut Watch,
    leaving: Leaving<'_>,
    (request, body): (RequestId, &v1::DecisionBody),
) -> Verdict {
    let known = &watch.known[leaving.from];
    let at = known.decided.get(&request).map_or(leaving.now, |decided| decided.at);
    if watch.truth.has_standing(leaving.from, leaving.to, at, known) {
        return Ok(());
    }
    let numbers = vec![body.shown.into(), body.clause.into(), body.items.len() as u64, body.total, body.leaf];
    compare(watch, leaving, ("decision", numbers, String::new(), leaving.bytes.len()))
}

fn compare(watch: &mut Watch, leaving: Leaving<'_>, form: Form) -> Verdict {
    watch.mark("answer to a stranger");
    let who =
        format!("{} to {}", Violation::named(&watch.truth, leaving.from), Violation::named(&watch.truth, leaving.to));
    match &watch.stranger {
        None => {
            watch.stranger = Some((form, who));
            Ok(())
        }
        Some((first, _)) if *first == form => Ok(()),
        Some((first, earlier)) => {
            broken(Invariant::I06, format!("strangers are answered {first:?} ({earlier}) and {form:?} ({who})"))
        }
    }
}
