//! Stays in bed, put together from the single events that a house sends.
use super::{Visit, VisitEvent};
use crate::hl7::Stamp;

/// One stay, as far as its events tell. What no event said is missing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Stay {
    /// When the patient was admitted: from the admission, or from another event that repeats it (PV1-44).
    pub admitted: Option<Stamp>,
    /// When the patient was discharged.
    pub discharged: Option<Stamp>,
    /// Admission that is only planned.
    pub planned_from: Option<Stamp>,
    /// Discharge that is only planned.
    pub planned_to: Option<Stamp>,
    /// Where it began, and where the patient went; in order of time.
    pub places: Vec<StayPlace>,
    /// Moves that are only planned.
    pub planned_moves: Vec<StayPlace>,
    /// 外出泊
    pub leaves: Vec<Leave>,
    /// 退院区分 (table 0112).
    pub outcome: super::Code,
    /// The patient died in it.
    pub died: bool,
    /// What does not fit together.
    pub gaps: Vec<StayGap>,
}

/// Where a patient lay from some moment on.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct StayPlace {
    /// Since when.
    pub from: Option<Stamp>,
    /// 診療科
    pub department: super::Code,
    /// Ward, room and bed.
    pub place: String,
    /// 主治医
    pub doctor: String,
}

/// One leave.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Leave {
    /// When it began.
    pub from: Option<Stamp>,
    /// When the patient was to be back.
    pub planned_until: Option<Stamp>,
    /// When the patient was back.
    pub until: Option<Stamp>,
}

/// What does not fit together in the events of a stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StayGap {
    /// There is no admission; its moment, if known, stands in another event.
    NoAdmission,
    /// The next stay began before this one ended.
    NoDischarge,
    /// Came back from a leave that did not begin, or left twice.
    Leave,
}

impl Stay {
    /// Whether the patient is in bed, as far as the events tell.
    pub fn is_running(&self) -> bool {
        (self.admitted.is_some() || !self.places.is_empty()) && self.discharged.is_none()
    }
    /// Whether nothing of it has happened yet.
    pub fn is_planned(&self) -> bool {
        self.admitted.is_none() && self.discharged.is_none() && self.places.is_empty() && self.leaves.is_empty()
    }
    /// When it began or is to begin, for sorting.
    fn start(&self) -> Option<&Stamp> {
        let own = self.admitted.as_ref().or(self.planned_from.as_ref());
        own.or(self.places.first().and_then(|place| place.from.as_ref())).or(self.discharged.as_ref())
    }
}

impl std::fmt::Debug for Stay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stay of {} places, gaps {:?} ‹redacted›", self.places.len(), self.gaps)
    }
}

/// Puts the current events of one patient at one house together, in any order; stays come in order of time. Events that were
/// taken back, outpatient visits and events without a moment count for nothing. Cost: O(n log n + n · stays).
pub fn stays(events: &[&Visit]) -> Vec<Stay> {
    let mut events: Vec<&Visit> =
        events.iter().copied().filter(|visit| !visit.cancelled && visit.at.is_some()).collect();
    events.sort_by(|a, b| (&a.at, rank(a.event), a.event).cmp(&(&b.at, rank(b.event), b.event)));
    events.dedup_by(|a, b| a.event == b.event && a.at == b.at && a.admitted == b.admitted);
    let mut stays: Vec<Stay> = Vec::new();
    for visit in &events {
        match visit.event {
            VisitEvent::Admission => admit(&mut stays, visit),
            VisitEvent::Move => {
                let stay = of(&mut stays, visit);
                stay.places.push(place(visit));
            }
            VisitEvent::Leave => of(&mut stays, visit).leaves.push(Leave {
                from: visit.at.clone(),
                planned_until: visit.until.clone(),
                until: None,
            }),
            VisitEvent::Return => back(of(&mut stays, visit), visit),
            VisitEvent::Discharge => {
                let stay = of(&mut stays, visit);
                stay.discharged = visit.at.clone();
                stay.outcome = visit.outcome.clone();
                stay.died = visit.is_death();
            }
            _ => {}
        }
    }
    for visit in &events {
        plan(&mut stays, visit);
    }
    stays.sort_by(|a, b| a.start().cmp(&b.start()));
    let came: Vec<bool> = stays.iter().skip(1).map(|stay| !stay.is_planned()).collect();
    for (stay, next_came) in stays.iter_mut().zip(came) {
        if stay.is_running() && next_came {
            stay.gaps.push(StayGap::NoDischarge);
        }
    }
    stays
}

/// Which of two events of one moment comes first.
fn rank(event: VisitEvent) -> u8 {
    match event {
        VisitEvent::Admission => 0,
        VisitEvent::Move => 1,
        VisitEvent::Leave => 2,
        VisitEvent::Return => 3,
        VisitEvent::Discharge => 5,
        _ => 4,
    }
}

fn place(visit: &Visit) -> StayPlace {
    StayPlace {
        from: visit.at.clone(),
        department: visit.department.clone(),
        place: visit.place.clone(),
        doctor: visit.doctor.clone(),
    }
}

/// The same admission twice (another key, another volume) is one stay.
fn admit(stays: &mut Vec<Stay>, visit: &Visit) {
    if !stays.iter().any(|stay| stay.admitted == visit.at) {
        stays.push(Stay { admitted: visit.at.clone(), places: vec![place(visit)], ..Stay::default() });
    }
}

/// The stay that an event belongs to: the one with its admission, else the last that is still open, else one of its own.
fn of<'s>(stays: &'s mut Vec<Stay>, visit: &Visit) -> &'s mut Stay {
    let known = visit.admitted.as_ref();
    let same = known.and_then(|known| stays.iter().position(|stay| stay.admitted.as_ref() == Some(known)));
    let open = || stays.iter().rposition(|stay| stay.discharged.is_none() && !stay.is_planned());
    let at = same.or_else(|| if known.is_none() { open() } else { None }).unwrap_or_else(|| {
        stays.push(Stay { admitted: visit.admitted.clone(), gaps: vec![StayGap::NoAdmission], ..Stay::default() });
        stays.len() - 1
    });
    &mut stays[at]
}

fn back(stay: &mut Stay, visit: &Visit) {
    match stay.leaves.last_mut().filter(|leave| leave.until.is_none()) {
        Some(leave) => leave.until = visit.at.clone(),
        None => {
            stay.leaves.push(Leave { until: visit.at.clone(), ..Leave::default() });
            stay.gaps.push(StayGap::Leave);
        }
    }
}

/// What was planned stands with the stay it came to; a planned admission that came to none is a stay of its own.
fn plan(stays: &mut Vec<Stay>, visit: &Visit) {
    let day = visit.at.as_ref().and_then(Stamp::date);
    let owner = |stays: &[Stay]| {
        let same = visit
            .admitted
            .as_ref()
            .and_then(|known| stays.iter().position(|stay| stay.admitted.as_ref() == Some(known)));
        let covers = |stay: &Stay| {
            stay.admitted.as_ref().is_some_and(|from| Some(from) <= visit.at.as_ref())
                && stay.discharged.as_ref().is_none_or(|to| Some(to) >= visit.at.as_ref())
        };
        same.or_else(|| stays.iter().rposition(covers))
    };
    match visit.event {
        VisitEvent::AdmissionPlanned => {
            let came =
                stays.iter_mut().find(|stay| stay.admitted.as_ref().and_then(Stamp::date) == day && day.is_some());
            match came {
                Some(stay) => stay.planned_from = visit.at.clone(),
                None => stays.push(Stay {
                    planned_from: visit.at.clone(),
                    planned_moves: vec![place(visit)],
                    ..Stay::default()
                }),
            }
        }
        VisitEvent::DischargePlanned => {
            if let Some(at) = owner(stays) {
                stays[at].planned_to = visit.at.clone();
            }
        }
        VisitEvent::MovePlanned => {
            if let Some(at) = owner(stays) {
                let target = StayPlace { place: visit.other_place.clone(), ..place(visit) };
                stays[at].planned_moves.push(target);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visit(event: VisitEvent, at: &str, admitted: &str) -> Visit {
        let stamp = |text: &str| Stamp::parse(text).0;
        Visit { at: stamp(at), admitted: stamp(admitted), place: format!("{at}-bed"), ..Visit::of(event) }
    }
    fn put_together(events: &[Visit]) -> Vec<Stay> {
        stays(&events.iter().collect::<Vec<_>>())
    }
    const IN: &str = "202506121400";

    #[test]
    fn events_of_one_stay_become_one_stay_in_any_order() {
        let mut events = vec![
            visit(VisitEvent::Discharge, "202506201030", IN),
            visit(VisitEvent::Return, "202506171700", IN),
            visit(VisitEvent::Leave, "202506160900", IN),
            visit(VisitEvent::Move, "202506151300", IN),
            visit(VisitEvent::Admission, IN, IN),
            visit(VisitEvent::AdmissionPlanned, "202506121000", ""),
            visit(VisitEvent::DischargePlanned, "202506201000", IN),
            visit(VisitEvent::MovePlanned, "202506151200", IN),
            visit(VisitEvent::Reception, "202506121300", ""),
        ];
        let one = put_together(&events);
        assert_eq!(one.len(), 1);
        let stay = &one[0];
        assert_eq!((stay.places.len(), stay.leaves.len(), stay.planned_moves.len()), (2, 1, 1));
        assert!(stay.leaves[0].until.is_some() && stay.discharged.is_some() && stay.planned_to.is_some());
        assert!(stay.planned_from.is_some() && stay.gaps.is_empty() && !stay.is_running());
        events.reverse();
        assert!(put_together(&events) == one);
    }
    #[test]
    fn what_was_taken_back_never_was() {
        let cancelled = Visit { cancelled: true, ..visit(VisitEvent::Admission, IN, IN) };
        assert!(put_together(&[cancelled]).is_empty());
    }
    #[test]
    fn what_is_missing_stays_missing_and_is_told() {
        let stays = put_together(&[visit(VisitEvent::Discharge, "202506201030", "")]);
        assert_eq!((stays[0].admitted.is_none(), stays[0].gaps.as_slice()), (true, [StayGap::NoAdmission].as_slice()));
        let stays = put_together(&[visit(VisitEvent::Discharge, "202506201030", IN)]);
        assert_eq!((stays[0].admitted.is_some(), stays[0].gaps.as_slice()), (true, [StayGap::NoAdmission].as_slice()));
        let second = visit(VisitEvent::Admission, "202507010900", "202507010900");
        let stays = put_together(&[visit(VisitEvent::Admission, IN, IN), second]);
        assert_eq!((stays.len(), stays[0].gaps.as_slice()), (2, [StayGap::NoDischarge].as_slice()));
        assert!(stays[1].is_running() && stays[1].gaps.is_empty());
        let stays =
            put_together(&[visit(VisitEvent::Admission, IN, IN), visit(VisitEvent::Return, "202506171700", IN)]);
        assert_eq!(stays[0].gaps, [StayGap::Leave]);
    }
    #[test]
    fn a_planned_admission_is_a_stay_to_come() {
        let stays = put_together(&[visit(VisitEvent::AdmissionPlanned, "202506121000", "")]);
        assert!(stays[0].is_planned() && !stays[0].is_running());
    }
}
