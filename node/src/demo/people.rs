use super::networks::agreed_kinds;
use super::stage::{House, Stage};
use crate::failure::Failure;
use matching::tags::{RuleId, identity_strings, links_across};
use protocol::ids::PatientRef;
use protocol::kinds::KindSet;
use std::collections::{BTreeMap, BTreeSet};

/// One person as two houses know them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Both {
    /// At the clinic, which reads.
    pub reader: PatientRef,
    /// At the holder.
    pub holder: PatientRef,
}

/// On whom the demo shows what.
#[derive(Clone, Copy, Debug)]
pub struct Cast {
    /// Consents everywhere; held by the partner too: the main job, and the withdrawal.
    pub across: Both,
    /// Their consent at the hospital of the own network is for doctors only.
    pub narrow: Both,
    /// Said nothing at the clinic.
    pub silent: Both,
}

/// Chooses people of whom the rules are certain at both houses.
pub fn choose(stage: &Stage<'_>) -> Result<Cast, Failure> {
    let (clinic, hospital, partner) = (stage.clinic()?, stage.hospital()?, stage.partner()?);
    let few = || {
        Failure::usage("too few made-up people are known to several facilities")
            .next("take more of them: --patients 200")
    };
    let entry = |both: &Both| partner.desk().patients().entry(both.holder);
    let agreed = |both: &Both| entry(both).map_or(KindSet::NONE, |entry| entry.published_kinds().and(agreed_kinds()));
    // Those with most to show first.
    let amount = |both: &Both| (agreed(both) == agreed_kinds(), entry(both).map_or(0, |entry| entry.current_records()));
    let across = certain(clinic, partner).into_iter().filter(|both| !agreed(both).is_empty()).max_by_key(amount);
    let across = across.ok_or_else(few)?;
    let mut others = certain(clinic, hospital).into_iter().filter(|both| both.reader != across.reader);
    let narrow = others.next().ok_or_else(few)?;
    let silent = others.next().ok_or_else(few)?;
    Ok(Cast { across, narrow, silent })
}

/// Every patient of a house by number.
pub fn everybody(house: &House) -> impl Iterator<Item = PatientRef> {
    (1..=house.desk().patients().count()).map(PatientRef)
}

/// People whom both houses know so well that no human has to say that they are one.
fn certain(reader: &House, holder: &House) -> Vec<Both> {
    let mut known: BTreeMap<(u8, Vec<u8>), Vec<PatientRef>> = BTreeMap::new();
    for patient in everybody(holder) {
        for key in strings(holder, patient) {
            known.entry(key).or_default().push(patient);
        }
    }
    let mut found = Vec::new();
    for patient in everybody(reader) {
        let mut agreed: BTreeMap<PatientRef, BTreeSet<RuleId>> = BTreeMap::new();
        for key in strings(reader, patient) {
            let Some(rule) = RuleId::from_number(key.0) else { continue };
            for other in known.get(&key).into_iter().flatten() {
                agreed.entry(*other).or_default().insert(rule);
            }
        }
        let sure: Vec<PatientRef> =
            agreed.iter().filter(|(_, rules)| links_across(rules)).map(|(other, _)| *other).collect();
        if let [only] = sure.as_slice() {
            found.push(Both { reader: patient, holder: *only });
        }
    }
    found
}

fn strings(house: &House, patient: PatientRef) -> Vec<(u8, Vec<u8>)> {
    let entry = house.desk().patients().entry(patient).filter(|entry| !entry.is_deleted);
    let strings = entry.map(|entry| identity_strings(&entry.demographics())).unwrap_or_default();
    strings.into_iter().map(|(rule, text)| (rule.number(), text)).collect()
}
