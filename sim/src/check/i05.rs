//! I05: the mark of a record or of a person is nowhere but at its holder and at readers that received a release: not in other
//! frames, not in events and error texts, not in the log, not on other disks.
use super::{Invariant, Leaving, Verdict, Violation, Watch, broken};
use crate::world::{Canary, canaries};
use protocol::data::{Batch, encode};
use protocol::engine::{Event, JoinStatus};

pub(super) fn frame(watch: &Watch, leaving: Leaving<'_>) -> Verdict {
    let truth = &watch.truth;
    for canary in canaries(leaving.bytes) {
        let is_release = match canary {
            Canary::Record(number) => {
                let holder = truth.people.records.get(number).map(|record| record.node);
                holder == Some(leaving.from) && watch.released.contains(&(number, leaving.to))
            }
            Canary::Person(_) => false,
        };
        if !is_release {
            let (from, to) = (Violation::named(truth, leaving.from), Violation::named(truth, leaving.to));
            return broken(Invariant::I05, format!("{canary} in a frame from {from} to {to}"));
        }
    }
    Ok(())
}

pub(super) fn batch(watch: &Watch, host: usize, batch: &Batch) -> Verdict {
    let name = || Violation::named(&watch.truth, host);
    for event in &batch.events {
        if let Some(canary) = canaries(&encode(event)).first() {
            return broken(Invariant::I05, format!("{canary} in the log of {}: {:?}", name(), event.what));
        }
    }
    for write in &batch.writes {
        for canary in write.value.iter().flat_map(|value| canaries(value)) {
            if !may_lie(watch, host, canary) {
                return broken(Invariant::I05, format!("{canary} on the disk of {} in {:?}", name(), write.space));
            }
        }
        if let Some(canary) = canaries(&write.key).first() {
            return broken(Invariant::I05, format!("{canary} in a key on the disk of {}", name()));
        }
    }
    Ok(())
}

/// Texts for people and logs. Records that were shown are not texts.
pub(super) fn event(watch: &Watch, host: usize, event: &Event) -> Verdict {
    let text = match event {
        Event::CommandDone(_, Err(text)) => text.clone(),
        Event::Joining(_, JoinStatus::Refused(text)) => text.clone(),
        Event::Alarm(alarm) => format!("{alarm:?}"),
        _ => return Ok(()),
    };
    match canaries(text.as_bytes()).first() {
        Some(canary) => {
            let host = Violation::named(&watch.truth, host);
            broken(Invariant::I05, format!("{canary} in a text of {host}"))
        }
        None => Ok(()),
    }
}

fn may_lie(watch: &Watch, host: usize, canary: Canary) -> bool {
    let truth = &watch.truth;
    match canary {
        Canary::Record(number) => {
            let own = truth.people.records.get(number).is_some_and(|record| record.node == host);
            own || watch.released.contains(&(number, host))
        }
        Canary::Person(number) => truth.known_at.get(&number).is_some_and(|hosts| hosts.contains(&host)),
    }
}
