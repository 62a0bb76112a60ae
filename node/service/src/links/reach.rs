//! What somebody who opens one patient sees of the others that are the same person.
//!
//! A link never widens a consent. Records under another number of the same facility are the facility's own. Those of another
//! facility of this node are shown only as far as *that* patient's consent permits the reader's facility, as if it were
//! another node; and to everybody outside, each patient stays what its own consents say.
use super::person::members;
use crate::onboarding;
use crate::patients;
use crate::service::{Service, WriteError, networks};
use crate::staff::Staff;
use protocol::audit::{Event, What};
use protocol::consent::{Mode, Query, permitted, receipts_of};
use protocol::data::View;
use protocol::ids::{FacilityId, NetworkId, PatientRef};
use protocol::kinds::{KindSet, Purpose};
use protocol::time::Millis;

/// Why so much is seen of a patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The patient that was opened.
    Opened,
    /// Another number of the same facility.
    SameFacility,
    /// Its consent lets the reader's facility see these kinds.
    Consent,
    /// Nothing on file lets the reader's facility see it.
    NoConsent,
}

/// One patient of a person, as far as a reader gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub patient: PatientRef,
    /// Of which facility.
    pub facility: FacilityId,
    /// Which kinds of records are shown.
    pub kinds: KindSet,
    /// Why.
    pub reach: Reach,
}

impl Service {
    /// All patients that are one person with this one, itself first, and what `staff` sees of each.
    ///
    /// # Errors
    /// [`WriteError`] if it could not be logged; then nothing is shown.
    pub fn person(&self, staff: &Staff, patient: PatientRef) -> Result<Vec<Member>, WriteError> {
        let all = reach(&self.view(), staff, patient, self.now());
        if all.len() > 1 {
            let count = u32::try_from(all.len()).unwrap_or(u32::MAX);
            self.log(
                Event::new(self.now(), What::Shown).patient(patient).staff(staff.id()).count(count).note("person"),
            )?;
        }
        Ok(all)
    }
}

/// All patients of a person, the opened one first.
pub(crate) fn reach(view: &dyn View, staff: &Staff, patient: PatientRef, now: Millis) -> Vec<Member> {
    let Some(own) = patients::load(view, patient) else { return Vec::new() };
    let opened = Member { patient, facility: own.facility.clone(), kinds: KindSet::ALL, reach: Reach::Opened };
    let mut all = vec![opened];
    for other in members(view, patient).into_iter().filter(|other| *other != patient) {
        let Some(entry) = patients::load(view, other) else { continue };
        let (kinds, reach) = if entry.facility == own.facility {
            (KindSet::ALL, Reach::SameFacility)
        } else {
            let kinds = consented(view, staff, (other, &entry.facility), &own.facility, now);
            (kinds, if kinds.is_empty() { Reach::NoConsent } else { Reach::Consent })
        };
        all.push(Member { patient: other, facility: entry.facility, kinds, reach });
    }
    all
}

/// What a log line says of records that were seen through a link, on the page of another patient.
pub(crate) fn through(page: PatientRef) -> String {
    format!("{THROUGH}{page}")
}

/// On whose page, of such a line.
pub(super) fn via(note: &str) -> Option<PatientRef> {
    note.strip_prefix(THROUGH)?.strip_prefix('p')?.parse().ok().map(PatientRef)
}

/// Kinds that a patient's consents let another facility of this node see, whichever of its networks is asked: what one of
/// them forbids is forbidden.
fn consented(
    view: &dyn View,
    staff: &Staff,
    (patient, holder): (PatientRef, &FacilityId),
    reader: &FacilityId,
    now: Millis,
) -> KindSet {
    let setups = onboarding::facilities(view);
    let Some(setup) = setups.iter().find(|setup| setup.id == *reader) else { return KindSet::NONE };
    let receipts = receipts_of(view, patient);
    let query = |network| Query {
        mode: Mode::Publish,
        network,
        reader: reader.clone(),
        class: setup.class,
        holder: holder.clone(),
        role: staff.role(),
        purpose: Purpose::Treatment,
    };
    let asked = networks(view).into_iter().chain([NetworkId([0; 32])]);
    asked.fold(KindSet::ALL, |kinds, network| kinds.and(permitted(&receipts, &query(network), now).0))
}

const THROUGH: &str = "through ";
