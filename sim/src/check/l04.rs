//! L04: a withdrawal is obeyed. Within [`BOUND_US`] of the holder's commit nothing of what was withdrawn is left on the disk of any
//! node that is up, neither in its copy of the index nor of the records; and a node that was off shows nothing of it from its first
//! moment on.
use super::{Invariant, Truth, Verdict, Violation, Watch, broken};
use crate::world::Micros;
use protocol::data::{Space, View};
use protocol::engine::Candidate;
use protocol::ids::{Handle, PatientRef, ReceiptId};
use protocol::index::find_all;
use protocol::time::Millis;
use std::collections::BTreeSet;

/// Within what time every node that is up must obey.
pub const BOUND_US: u64 = 60_000_000;

/// A withdrawal, and what it took back.
#[derive(Clone, Debug)]
pub struct Obeying {
    /// Who holds the records.
    pub holder: usize,
    /// Whose they are, there.
    pub patient: PatientRef,
    /// The place in the list of patients.
    pub of: usize,
    /// Which statement.
    pub receipt: ReceiptId,
    /// When it was on the holder's disk.
    pub since: Micros,
    /// Names of the patient on the holder's shelves until then.
    pub handles: BTreeSet<Handle>,
    /// Who was off then.
    pub off: BTreeSet<usize>,
}

impl Watch {
    /// A desk is shown candidates.
    pub fn still_shown(&self, obeying: &Obeying, (host, at): (usize, Micros), found: &[Candidate]) -> Verdict {
        let is_time = obeying.off.contains(&host) || at.since(obeying.since) > BOUND_US;
        let shown = found.iter().any(|candidate| obeying.handles.contains(&candidate.handle));
        match is_time && shown {
            true => left(&self.truth, obeying, host, "still shows the patient at its desk"),
            false => Ok(()),
        }
    }
    /// Nothing of it is left on a disk.
    pub fn obeyed(&self, obeying: &Obeying, host: usize, view: &dyn View, now: Millis) -> Verdict {
        let truth = &self.truth;
        let strings = &truth.people.patients[obeying.of].strings;
        for (id, (shelf, by)) in truth.shelves.iter().filter(|(_, (s, _))| s.holder == truth.facility[obeying.holder]) {
            let tags = strings.iter().filter_map(|(_, text)| truth.tag(by, text));
            let mut bodies = tags.flat_map(|tag| find_all(view, *id, &tag, now));
            if bodies.any(|(body, _)| obeying.handles.contains(&body.handle)) {
                return left(truth, obeying, host, &format!("still announces the patient on {:?}", shelf.audience));
            }
        }
        let of = |release: &&super::Release| {
            let asked = (release.asked.from, release.asked.to);
            asked == (host, obeying.holder) && release.items.iter().any(|(_, patient, _)| *patient == obeying.patient)
        };
        for release in self.releases.values().filter(of) {
            let prefix = [b"copy/".as_slice(), &release.asked.request.0].concat();
            if !view.scan(Space::Desk, &prefix, &[], 1).is_empty() {
                return left(truth, obeying, host, &format!("still has the copies of {:?}", release.asked.request));
            }
        }
        Ok(())
    }
}

fn left(truth: &Truth, obeying: &Obeying, host: usize, what: &str) -> Verdict {
    let (host, holder) = (Violation::named(truth, host), Violation::named(truth, obeying.holder));
    let (patient, receipt) = (obeying.patient, obeying.receipt);
    broken(
        Invariant::L04,
        format!("{host} {what} although {holder} has {receipt:?} of {patient:?}, withdrawn at {}", obeying.since),
    )
}
