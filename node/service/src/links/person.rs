//! Who is one person now: the patients that holding links join, and what their history allows.
use super::assertion::{Link, LinkId, Pen, Says, load};
use super::draft::Draft;
use super::limits::MEMBERS_MAX;
use super::rows::{lines, tagged};
use matching::link::history::{self, Author, Evidence, History, HistoryError};
use protocol::data::View;
use protocol::ids::PatientRef;
use std::collections::{BTreeMap, BTreeSet};

/// All patients of a person, sorted; the first is its oldest, by which the person is called. Just the patient if there are no
/// others.
pub(crate) fn members(view: &dyn View, patient: PatientRef) -> Vec<PatientRef> {
    let (mut found, mut open) = (BTreeSet::from([patient]), vec![patient]);
    while let Some(next) = open.pop() {
        for (_, line) in lines(view, next) {
            let holds = line.is_link && line.withdrawn.is_none();
            if holds && found.len() < MEMBERS_MAX && found.insert(line.other) {
                open.push(line.other);
            }
        }
    }
    found.into_iter().collect()
}

/// Pairs with one of these that people declared different.
pub(super) fn apart(view: &dyn View, patients: &[PatientRef]) -> Vec<(PatientRef, PatientRef)> {
    let of = |patient: &PatientRef| {
        let parted = lines(view, *patient).into_iter().filter(|(_, line)| !line.is_link && line.withdrawn.is_none());
        parted.map(|(_, line)| (*patient, line.other)).collect::<Vec<_>>()
    };
    patients.iter().flat_map(of).collect()
}

/// What somebody wants to assert.
pub(super) struct Claim {
    pub(super) says: Says,
    pub(super) pair: (PatientRef, PatientRef),
    pub(super) author: Author,
    pub(super) evidence: Option<Evidence>,
    pub(super) reason: String,
}

/// Asserts it, with all that follows from it: a separation takes back what joins the two. The history decides.
///
/// # Errors
/// [`HistoryError`]; nothing is written.
pub(super) fn assert(draft: &mut Draft<'_>, pen: &Pen<'_>, claim: Claim) -> Result<LinkId, HistoryError> {
    let (mut history, mut ids) = gather(draft, claim.pair);
    let before = history.events().len();
    let names = (name(claim.pair.0), name(claim.pair.1));
    let (author, reason) = (claim.author.clone(), claim.reason.clone());
    let event = match claim.says {
        Says::Linked => history::Event::Linked { pair: names, author, evidence: claim.evidence.clone(), reason },
        Says::Separated => history::Event::Separated { pair: names, author, reason },
        Says::Withdrawn(of) => {
            let event = ids.iter().position(|id| *id == of).map_or(0, |at| at as u64 + 1);
            history::Event::Withdrawn { event, author, reason }
        }
    };
    history.apply(event)?;
    let mut last = LinkId(0);
    for event in history.events().get(before..).unwrap_or_default() {
        let (says, pair) = match event {
            history::Event::Linked { .. } => (Says::Linked, claim.pair),
            history::Event::Separated { .. } => (Says::Separated, claim.pair),
            history::Event::Withdrawn { event, .. } => {
                let of = ids.get(event.saturating_sub(1) as usize).copied().unwrap_or(LinkId(0));
                (Says::Withdrawn(of), load(draft, of).map_or(claim.pair, |link| link.pair))
            }
        };
        let evidence = claim.evidence.clone().filter(|_| says == Says::Linked);
        let digest = |patient| tagged(draft, patient).unwrap_or_default().digest;
        let link = Link {
            id: LinkId(0),
            says,
            pair: ordered(pair),
            author: claim.author.clone(),
            evidence,
            digests: [digest(ordered(pair).0), digest(ordered(pair).1)],
            reason: claim.reason.clone(),
            at: pen.now,
        };
        last = pen.write(draft, link);
        ids.push(last);
    }
    Ok(last)
}

pub(super) fn ordered((one, other): (PatientRef, PatientRef)) -> (PatientRef, PatientRef) {
    (one.min(other), one.max(other))
}

/// Everything that was said of the persons of both, in order.
fn gather(view: &dyn View, pair: (PatientRef, PatientRef)) -> (History, Vec<LinkId>) {
    let all: BTreeSet<PatientRef> = members(view, pair.0).into_iter().chain(members(view, pair.1)).collect();
    let mut said: BTreeMap<LinkId, Link> = BTreeMap::new();
    for (id, line) in all.iter().flat_map(|patient| lines(view, *patient)) {
        for id in [Some(id), line.withdrawn].into_iter().flatten() {
            if !said.contains_key(&id)
                && let Some(link) = load(view, id)
            {
                said.insert(id, link);
            }
        }
    }
    let (mut history, mut ids) = (History::default(), Vec::new());
    for (id, link) in said {
        let names = (name(link.pair.0), name(link.pair.1));
        let (author, reason) = (link.author, String::new());
        let event = match link.says {
            Says::Linked => history::Event::Linked { pair: names, author, evidence: link.evidence, reason },
            Says::Separated => history::Event::Separated { pair: names, author, reason },
            Says::Withdrawn(of) => {
                let event = ids.iter().position(|id| *id == of).map_or(0, |at| at as u64 + 1);
                history::Event::Withdrawn { event, author, reason }
            }
        };
        // What was taken once is taken again; a damaged row is left out.
        if history.apply(event).is_ok() {
            ids.resize(history.events().len() - 1, LinkId(0));
            ids.push(id);
        }
    }
    (history, ids)
}

fn name(patient: PatientRef) -> String {
    patient.0.to_string()
}
