use super::{agreement, field, order};
use crate::hl7::{Message, types};
use crate::model::{Visit, VisitEvent};
use crate::parsed::Problems;
use crate::ssmix2::kinds;
use protocol::kinds::DataKind;

/// One event of a visit or stay (ADT-01, ADT-12 to ADT-52).
pub(super) fn visit(kind: &DataKind, event: VisitEvent, message: &Message<'_>, problems: &mut Problems) -> Visit {
    let trigger = message.kind().1;
    let cancelled = kinds::info(kind).is_some_and(|info| !info.cancel.is_empty() && info.cancel == trigger);
    let at = agreement::moment(kind, message, problems);
    let mut visit = Visit { cancelled, at, department: order::department(message), ..Visit::of(event) };
    if let Some(pv1) = message.first("PV1") {
        visit.inpatient = match field::text(pv1, 2).as_str() {
            "I" => true,
            "O" => false,
            _ => visit.inpatient,
        };
        visit.admitted = field::stamp(pv1, 44, problems);
        visit.discharged = field::stamp(pv1, 45, problems);
        let place = pv1.field(3).first();
        visit.place = if place.text(6) == "C" { String::new() } else { types::place(place) };
        visit.other_place = types::place(pv1.field(6).first());
        visit.doctor = field::staff(pv1, 7);
        visit.outcome = field::coded(pv1, 36, "HL70112");
    }
    if let Some(pv2) = message.first("PV2") {
        visit.until = field::stamp(pv2, 47, problems);
        if visit.other_place.is_empty() {
            visit.other_place = types::place(pv2.field(1).first());
        }
    }
    visit
}
