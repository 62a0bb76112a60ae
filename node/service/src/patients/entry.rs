use matching::Demographics;
use matching::normal::insurance::Insurer;
use protocol::data::{Space, View, decode};
use protocol::ids::{FacilityId, PatientId, PatientRef};
use protocol::kinds::{Coarse, KindSet};
use protocol::time::Millis;
use records::model::{NameForm, Patient, PersonName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What this node knows of one patient at one of its facilities. Personal data throughout; `Debug` prints none.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatientEntry {
    /// Authority and number.
    pub id: PatientId,
    /// Whose patient.
    pub facility: FacilityId,
    /// Names, birth date, addresses, insurances as the facility wrote them.
    pub patient: Patient,
    /// Whether they come from the master data (ADT-00) and not only from the head of another message.
    pub is_master: bool,
    /// When the facility wrote them.
    pub as_of: Millis,
    /// The facility deleted this patient; nothing of it is published any more.
    pub is_deleted: bool,
    /// Current records by the code of their coarse kind.
    pub current: BTreeMap<u8, u32>,
    /// Bundles of bodies written so far; the next one gets this number.
    pub bundles: u32,
    /// Counts the changes that others have to hear of.
    pub revision: u64,
}

impl std::fmt::Debug for PatientEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PatientEntry of {} ‹redacted›", self.facility)
    }
}

impl PatientEntry {
    /// A patient of whom nothing is known yet but the number.
    pub fn new(id: PatientId, facility: FacilityId) -> Self {
        let number = id.expose_number().to_owned();
        Self {
            id,
            facility,
            patient: Patient { number: number.into(), ..Patient::default() },
            is_master: false,
            as_of: Millis(0),
            is_deleted: false,
            current: BTreeMap::new(),
            bundles: 0,
            revision: 0,
        }
    }
    /// Kinds of which there is something current.
    pub fn kinds(&self) -> KindSet {
        let held = self.current.iter().filter(|(_, count)| **count > 0);
        KindSet::of(&held.filter_map(|(code, _)| Coarse::from_code(*code)).collect::<Vec<_>>())
    }
    /// What may be published of this patient, consents permitting: nothing once the facility deleted it.
    pub fn published_kinds(&self) -> KindSet {
        if self.is_deleted { KindSet::NONE } else { self.kinds() }
    }
    /// Number of current records.
    pub fn current_records(&self) -> u32 {
        self.current.values().fold(0, |sum, count| sum.saturating_add(*count))
    }
    /// One record of this kind became current, or is no longer.
    pub(crate) fn count(&mut self, kind: Coarse, is_current: bool) {
        let count = self.current.entry(kind.code()).or_default();
        *count = if is_current { count.saturating_add(1) } else { count.saturating_sub(1) };
    }
    /// Its written name, else its kana, else nothing.
    pub fn shown_name(&self) -> String {
        let forms = [NameForm::Kanji, NameForm::Kana, NameForm::Roman];
        forms.into_iter().find_map(|form| self.patient.name(form)).map(PersonName::whole).unwrap_or_default()
    }
    /// Its name in kana, else nothing.
    pub fn shown_kana(&self) -> String {
        self.patient.name(NameForm::Kana).map(PersonName::whole).unwrap_or_default()
    }
    /// What `matching` compares and makes identity strings from.
    pub fn demographics(&self) -> Demographics {
        let patient = &self.patient;
        let parts = |form| patient.name(form).map(|name| (name.family.expose().clone(), name.given.expose().clone()));
        let (family, given) = parts(NameForm::Kanji).or_else(|| parts(NameForm::Roman)).unwrap_or_default();
        let (family_kana, given_kana) = parts(NameForm::Kana).unwrap_or_default();
        let home = patient.addresses.iter().find(|address| address.purpose == "H").or(patient.addresses.first());
        let (home_first, rest): (Vec<_>, Vec<_>) = patient.phones.iter().partition(|phone| phone.purpose == "PRN");
        let phones = home_first.into_iter().chain(rest).filter(|phone| phone.equipment != "Internet");
        let of_health = |text: &str| Insurer::parse(text).is_some_and(|insurer| !insurer.is_public());
        let insurance = patient.insurances.iter().find(|insurance| of_health(insurance.insurer.expose()));
        let (insurer, insured_symbol, insured_number, insured_branch) =
            insurance.map_or_else(Default::default, |one| {
                let text = |field: &records::Redacted<String>| field.expose().clone();
                (text(&one.insurer), text(&one.symbol), text(&one.number), text(&one.branch))
            });
        Demographics {
            family,
            given,
            family_kana,
            given_kana,
            birth: patient.birth_date.expose().map(|date| date.to_string()).unwrap_or_default(),
            sex: patient.sex.japanese().to_owned(),
            postcode: home.map(|address| address.postcode.expose().clone()).unwrap_or_default(),
            address: home.map(|address| address.text.expose().clone()).unwrap_or_default(),
            phones: phones.map(|phone| phone.number.expose().clone()).collect(),
            insurer,
            insured_symbol,
            insured_number,
            insured_branch,
            ..Demographics::default()
        }
    }
}

/// Where a patient's entry lies.
pub(crate) fn entry_key(patient: PatientRef) -> Vec<u8> {
    patient.0.to_be_bytes().to_vec()
}

/// The entry of a patient of this node.
pub(crate) fn load(view: &dyn View, patient: PatientRef) -> Option<PatientEntry> {
    decode(&view.get(Space::Patients, &entry_key(patient))?)
}

/// The number that the next new patient of this node gets.
pub(crate) const NEXT_KEY: &[u8] = b"patients/next";
