use crate::kinds::{Coarse, KindSet, Role};

/// The kinds that staff of a role reads at all, whatever patients and accords permit. Those who run the network or keep its
/// accounts read none.
pub fn kinds_for(role: Role) -> KindSet {
    match role {
        Role::Doctor | Role::Nurse | Role::Dentist | Role::Emergency => KindSet::ALL,
        Role::Pharmacist => KindSet::ALL.without(KindSet::of(&[Coarse::Image, Coarse::Meal])),
        Role::CareManager | Role::CareStaff => KindSet::of(&[
            Coarse::Basic,
            Coarse::Visit,
            Coarse::Prescription,
            Coarse::Disease,
            Coarse::Allergy,
            Coarse::Document,
            Coarse::Summary,
            Coarse::Care,
            Coarse::Meal,
        ]),
        Role::Clerk | Role::Auditor | Role::Administrator | Role::NetworkOffice => KindSet::NONE,
    }
}
