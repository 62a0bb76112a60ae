//! I07: from "nothing for you" a member cannot tell "no such patient" from "not permitted", neither by content nor by size.
use super::{Invariant, Leaving, Verdict, Violation, Watch, broken};
use protocol::ids::RequestId;
use protocol::policy::Why;
use protocol::wire::v1;

/// All of an answer but the request's name and the signature.
pub(super) type Form = (Vec<u64>, Vec<u8>, usize);

pub(super) fn decision(
    watch: &mut Watch,
    leaving: Leaving<'_>,
    (request, body): (RequestId, &v1::DecisionBody),
) -> Verdict {
    let reason = watch.known[leaving.from].decided.get(&request).and_then(|decided| decided.reason);
    let why = reason.and_then(Why::from_code);
    // Reasons from here on depend on the patient; those before on reader, accord and request alone.
    let is_patients = why.is_some_and(|why| why >= Why::NoSuchPatient && why != Why::NeedsHuman);
    if !is_patients && body.shown != NOTHING {
        return Ok(());
    }
    watch.mark("answer of nothing");
    let numbers = [body.shown, body.clause, u32::from(body.cut)].map(u64::from);
    let numbers = [&numbers[..], &[body.items.len() as u64, body.total, body.leaf]].concat();
    let form = (numbers, body.leaf_hash.clone(), leaving.bytes.len());
    let who = format!("{} says {}", Violation::named(&watch.truth, leaving.from), why.map_or("nothing", Why::word));
    match &watch.nothing {
        None => {
            watch.nothing = Some((form, who));
            Ok(())
        }
        Some((first, _)) if *first == form => Ok(()),
        Some((first, earlier)) => {
            broken(Invariant::I07, format!("\"nothing\" is {first:?} ({earlier}) and {form:?} ({who})"))
        }
    }
}

/// What a decision shows for "nothing for you".
const NOTHING: u32 = 2;
