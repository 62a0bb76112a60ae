//! I26: exactly one durable entry of the node's own log precedes each release, refusal, consent change and showing.
use super::{Invariant, Leaving, Verdict, Violation, Watch, broken};
use protocol::consent::ConsentReceipt;
use protocol::ids::RequestId;

pub(super) fn decision(watch: &mut Watch, leaving: Leaving<'_>, request: RequestId) -> Verdict {
    let sent = watch.decisions.entry((leaving.from, request)).or_default();
    *sent += 1;
    let (sent, logged) = (*sent, watch.known[leaving.from].decided.get(&request).map_or(0, |decided| decided.count));
    if logged >= sent {
        return Ok(());
    }
    tell(watch, leaving.from, format!("sends answer {sent} to {request:?} with {logged} decisions in its log"))
}

pub(super) fn release(watch: &Watch, host: usize, request: RequestId) -> Verdict {
    match watch.known[host].answered.get(&request).copied().unwrap_or_default() {
        1 => Ok(()),
        count => tell(watch, host, format!("serves {request:?} with {count} entries of it in its log")),
    }
}

pub(super) fn consented(watch: &Watch, host: usize, receipt: &ConsentReceipt) -> Verdict {
    match watch.known[host].consented.get(&receipt.evidence).copied().unwrap_or_default() {
        1 => Ok(()),
        count => tell(watch, host, format!("takes {:?} with {count} entries of it in its log", receipt.id)),
    }
}

pub(super) fn shown(watch: &Watch, host: usize, request: RequestId) -> Verdict {
    match watch.known[host].received.get(&request).copied().unwrap_or_default() {
        1 => Ok(()),
        count => tell(watch, host, format!("shows what {request:?} brought with {count} entries of it in its log")),
    }
}

fn tell(watch: &Watch, host: usize, what: String) -> Verdict {
    broken(Invariant::I26, format!("{} {what}", Violation::named(&watch.truth, host)))
}
