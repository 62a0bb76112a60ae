//! I03: nothing is released after the holder durably accepted a withdrawal that removes its consent, not even the rest of a
//! transfer under way; and no withdrawal is acknowledged before it is durable.
use super::consents::{Question, Said, said};
use super::{Invariant, Leaving, Release, Verdict, Violation, Watch, broken};
use protocol::consent::{ConsentReceipt, Stance};
use protocol::ids::{PatientRef, ReceiptId, RequestId};
use protocol::time::Millis;

pub(super) fn release(watch: &Watch, from: usize, now: Millis, release: &Release) -> Verdict {
    match withdrawn(watch, from, now, release) {
        Some((patient, by)) => {
            let (holder, reader) =
                (Violation::named(&watch.truth, from), Violation::named(&watch.truth, release.asked.from));
            let request = release.asked.request;
            let what = format!(
                "{holder} sends records of {patient:?} to {reader} although {by:?} is on its disk ({request:?})"
            );
            broken(Invariant::I03, what)
        }
        None => Ok(()),
    }
}

pub(super) fn bytes(watch: &Watch, leaving: Leaving<'_>, request: RequestId) -> Verdict {
    match watch.releases.get(&request) {
        Some(known) => release(watch, leaving.from, leaving.now, known),
        None => Ok(()),
    }
}

pub(super) fn acknowledged(watch: &Watch, host: usize, patient: PatientRef, receipt: &ConsentReceipt) -> Verdict {
    let stored = watch.known[host].receipts.get(&patient);
    if stored.is_some_and(|stored| stored.iter().any(|known| known.id == receipt.id)) {
        return Ok(());
    }
    let host = Violation::named(&watch.truth, host);
    broken(Invariant::I03, format!("{host} acknowledges {:?} of {patient:?}, which is not on its disk", receipt.id))
}

/// A statement on disk that takes back what the release rests on.
fn withdrawn(watch: &Watch, from: usize, now: Millis, release: &Release) -> Option<(PatientRef, ReceiptId)> {
    let (truth, asked) = (&watch.truth, &release.asked);
    let reader = truth.members[asked.from].0.as_ref()?;
    release.items.iter().find_map(|(item, patient, _)| {
        let receipts = watch.known[from].receipts.get(patient)?;
        let question = Question::of(asked, (reader.network, reader.class), item.kind.coarse(), now);
        match said(receipts, &question) {
            Said::No(by) => {
                let receipt = receipts.iter().find(|receipt| receipt.id == by)?;
                // An emergency rests on no consent, so a withdrawal takes none from it unless it says so; I02 looks at that.
                if release.glass(&watch.known[from]).is_some() {
                    return None;
                }
                matches!(receipt.stance, Stance::Stop | Stance::Deny).then_some((*patient, by))
            }
            Said::Yes | Said::Nothing => None,
        }
    })
}
