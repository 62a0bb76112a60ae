//! I02: nothing is released without consent but in an emergency, and then only the limited kinds, under a charter that opens it,
//! not against a patient who said never, and with reason, member of staff, factors, the patient there, one leaf and the notice to
//! the holder's desk on disk before.
use super::consents::{Question, Said, never, said};
use super::{Invariant, Release, Verdict, Violation, Watch, broken};
use protocol::kinds::{Coarse, Purpose};
use protocol::time::Millis;

pub(super) fn release(watch: &Watch, from: usize, now: Millis, release: &Release) -> Verdict {
    let (truth, known, asked) = (&watch.truth, &watch.known[from], &release.asked);
    if !matches!(asked.purpose, Purpose::Emergency | Purpose::Disaster) {
        return Ok(());
    }
    let at = release.decided_at.unwrap_or(now);
    let tell = |what: &str| {
        let (holder, reader) = (Violation::named(truth, from), Violation::named(truth, asked.from));
        broken(Invariant::I02, format!("{holder} opens to {reader} at {}: {what} ({:?})", at.0, asked.request))
    };
    let Some(reader) = truth.members[asked.from].0.as_ref() else { return tell("nobody's node") };
    for (item, patient, _) in &release.items {
        let before = known.statements(*patient, at);
        let question = Question::of(asked, (reader.network, reader.class), item.kind.coarse(), at);
        if said(&before, &question) == Said::Yes {
            continue;
        }
        let Some(glass) = release.glass(known) else { return tell("the holder's desk has no notice of it") };
        let says_all = glass.said.factors >= 2 && glass.said.is_present && glass.said.text.trim().chars().count() > 1;
        if !says_all || glass.staff.is_empty() {
            return tell("reason, factors, the patient's presence or the member of staff is missing");
        }
        if known.broken.get(&asked.request) != Some(&1) {
            return tell("its leaf is missing, or there are two");
        }
        if !matches!(
            item.kind.coarse(),
            Coarse::Allergy
                | Coarse::Prescription
                | Coarse::Injection
                | Coarse::Disease
                | Coarse::Summary
                | Coarse::Lab
        ) {
            return tell("a kind that no emergency opens");
        }
        if never(&before, &question) {
            return tell("the patient said not even in an emergency");
        }
    }
    Ok(())
}
