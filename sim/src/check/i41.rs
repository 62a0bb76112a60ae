//! I41: what evaluators are asked is blinded: no element is an identity string of anybody, and none is met twice, so that nobody
//! sees that two questions are about one patient.
use super::{Invariant, Leaving, Verdict, Violation, Watch, broken};
use protocol::oprf::{ELEMENT_BYTES, unblinded};
use protocol::wire::{self, v1};
use std::collections::{BTreeMap, BTreeSet};

/// What the observer remembers of questions to evaluators.
#[derive(Default)]
pub struct Blinds {
    /// Elements that left, with the batch that they left in: a batch goes to several evaluators.
    seen: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Every identity string there is, without a blind. Made when it is needed first.
    plain: BTreeSet<[u8; ELEMENT_BYTES]>,
}

pub(super) fn request(watch: &mut Watch, leaving: Leaving<'_>, request: &v1::EvaluateRequest) -> Verdict {
    if watch.blinds.plain.is_empty() {
        let strings = watch.truth.people.patients.iter().flat_map(|patient| &patient.strings);
        watch.blinds.plain = strings.filter_map(|(_, text)| unblinded(text)).map(|e| e.encode()).collect();
    }
    let from = Violation::named(&watch.truth, leaving.from).to_owned();
    let tell = |what: &str| broken(Invariant::I41, format!("{from} asks an evaluator with {what}"));
    if wire::decode(leaving.bytes).map(wire::encode).as_deref() != Ok(leaving.bytes)
        || !request.elements.len().is_multiple_of(ELEMENT_BYTES)
    {
        return tell("more than elements");
    }
    for element in request.elements.chunks_exact(ELEMENT_BYTES) {
        if watch.blinds.plain.iter().any(|plain| plain == element) {
            return tell("an identity string that is not blinded");
        }
        let first = watch.blinds.seen.entry(element.to_vec()).or_insert_with(|| request.id.clone());
        if *first != request.id {
            return tell("an element that was asked before");
        }
    }
    Ok(())
}
