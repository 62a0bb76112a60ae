//! I01: record bytes leave a node only if a consent that is valid at that moment at the holder covers patient, reader, purpose,
//! kind and date, and the reader's membership and an accord (or the same network) are valid by the holder's time.
use super::consents::{Question, Said, said};
use super::{Invariant, Release, Verdict, Violation, Watch, broken};
use protocol::kinds::{KindSet, Purpose};
use protocol::time::Millis;

pub(super) fn release(watch: &Watch, from: usize, now: Millis, release: &Release) -> Verdict {
    let (truth, known, asked) = (&watch.truth, &watch.known[from], &release.asked);
    let at = release.decided_at.unwrap_or(now);
    let tell = |what: String| {
        let (holder, reader) = (Violation::named(truth, from), Violation::named(truth, asked.from));
        broken(Invariant::I01, format!("{holder} releases to {reader} at {}: {what} ({:?})", at.0, asked.request))
    };
    let Some(reader) = truth.live(asked.from, at, known).filter(|m| m.facility == asked.reader) else {
        return tell("the reader has no live membership or node key".into());
    };
    let Some(holder) = truth.live(from, at, known) else { return tell("the holder is no member".into()) };
    let open = if holder.network == reader.network {
        KindSet::ALL
    } else {
        let Some(accord) = truth.accord(holder.network, reader.network, at) else {
            return tell("no accord is in force between their networks".into());
        };
        let fits = accord.clauses.iter().filter(|clause| {
            clause.holder_network == holder.network
                && clause.classes.has(reader.class.code())
                && clause.purposes.has(asked.purpose.code())
                && clause.roles.has(asked.role.code())
        });
        fits.fold(KindSet::NONE, |kinds, clause| kinds.or(clause.kinds))
    };
    for (item, patient, _) in &release.items {
        let before = known.statements(*patient, at);
        let question = Question::of(asked, (reader.network, reader.class), item.kind.coarse(), at);
        let answer = said(&before, &question);
        // Without consent it must be an emergency; I02 looks at what must be written down for one.
        let is_emergency = matches!(asked.purpose, Purpose::Emergency | Purpose::Disaster);
        if answer != Said::Yes && !is_emergency {
            return tell(format!("patient {patient:?}, {}, for {}: consent says {answer:?}", item.kind, asked.purpose));
        }
        if !open.has(item.kind.coarse()) {
            return tell(format!("no clause of the accord opens {} for {}", item.kind, asked.purpose));
        }
    }
    Ok(())
}
