//! PID, and the segments that ADT-00 alone carries: contacts, handicap, measures, allergies, insurances.
use super::{allergy, field, result};
use crate::hl7::{Message, Segment, Stamp, is_kana, types};
use crate::model::{Contact, Insurance, NameForm, Patient, PersonName, Sex};
use crate::parsed::Problems;
use crate::{Fault, Redacted};
use protocol::time::Date;

/// The patient as far as PID says.
pub(super) fn patient(message: &Message<'_>, problems: &mut Problems) -> Patient {
    let Some(pid) = message.first("PID") else { return Patient::default() };
    let mut patient = Patient { number: number(pid).into(), names: names(pid, problems), ..Patient::default() };
    let (birth, sex) = birth_and_sex(pid, message, problems);
    patient.birth_date = Redacted::new(birth);
    patient.sex = sex;
    patient.addresses = pid.field(11).repeats().filter_map(types::address).collect();
    patient.phones = [13, 14].iter().flat_map(|n| pid.field(*n).repeats().filter_map(types::phone)).collect();
    patient.updated = field::stamp(pid, 33, problems);
    patient
}

/// Adds what ADT-00 carries beside PID.
pub(super) fn complete(patient: &mut Patient, message: &Message<'_>, problems: &mut Problems) {
    patient.contacts = message.all("NK1").map(|nk1| contact(nk1)).collect();
    patient.insurances = message.all("IN1").map(|in1| insurance(in1, problems)).collect();
    patient.measures = message.all("OBX").map(|obx| result::item(obx, problems)).collect();
    patient.allergies = message.all("AL1").map(allergy::of_master).collect();
    let handicaps: Vec<String> = message.all("DB1").map(|db1| field::text(db1, 4)).collect();
    patient.handicapped = match (handicaps.iter().any(|text| text == "Y"), handicaps.iter().any(|text| text == "N")) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        _ => None,
    };
    patient.deleted = message.kind().1 == "A23";
}

/// The number of type PI (患者内部番号), else the first.
fn number(pid: Segment<'_>) -> String {
    let all = pid.field(3);
    let internal = all.repeats().find(|repeat| repeat.text(5) == "PI" && !repeat.text(1).is_empty());
    internal.unwrap_or(all.first()).text(1).into_owned()
}

/// Names with their scripts. If two carry the same mark, their script decides.
fn names(pid: Segment<'_>, problems: &mut Problems) -> Vec<PersonName> {
    let mut names = Vec::new();
    let mut odd = false;
    for repeat in pid.field(5).repeats() {
        let (name, name_odd) = types::person_name(repeat);
        odd |= name_odd && name.is_some();
        names.extend(name);
    }
    let doubled = names.iter().enumerate().any(|(at, name)| names[..at].iter().any(|before| before.form == name.form));
    if doubled {
        odd = true;
        for name in &mut names {
            name.form = types::script(name.family.expose(), name.given.expose());
        }
    }
    // A lone name in kana without kanji beside it is how the person is written, and how it is read.
    if names.len() == 1 && names[0].form == NameForm::Kanji && is_kana(&names[0].whole()) {
        odd = true;
    }
    if odd {
        problems.add(pid.place_of(5), Fault::NameForm);
    }
    names
}

fn birth_and_sex(pid: Segment<'_>, message: &Message<'_>, problems: &mut Problems) -> (Option<Date>, Sex) {
    let (mut birth, mut sex) = (field::text(pid, 7), field::text(pid, 8));
    let is_letter = birth.len() == 1 && birth.bytes().all(|b| b.is_ascii_alphabetic());
    if is_letter && sex.len() == 8 && sex.bytes().all(|b| b.is_ascii_digit()) {
        std::mem::swap(&mut birth, &mut sex);
        problems.add(pid.place_of(7), Fault::SwappedBirthAndSex);
    }
    let (stamp, odd) = Stamp::parse(&birth);
    let date = stamp.and_then(|stamp| stamp.date());
    if odd || date.is_none() && !pid.field(7).is_empty() {
        problems.add(pid.place_of(7), Fault::BadDate);
    }
    let sent = Stamp::parse(&message.header().field(7).text()).0.and_then(|stamp| stamp.date());
    let future = matches!((date, sent), (Some(date), Some(sent)) if date > sent);
    if future {
        problems.add(pid.place_of(7), Fault::FutureDate);
    }
    (date.filter(|_| !future), Sex::parse(&sex))
}

fn contact(nk1: Segment<'_>) -> Contact {
    let names = nk1.field(2);
    Contact {
        name: names.repeats().find_map(|repeat| types::person_name(repeat).0),
        relation: field::coded(nk1, 3, "HL70063"),
        phones: [5, 6].iter().flat_map(|n| nk1.field(*n).repeats().filter_map(types::phone)).collect(),
        workplace: field::text(nk1, 13).into(),
    }
}

/// IN1. Some writers put `記号~番号~枝番` into IN1-10, the official sample puts 番号 into IN1-11.
fn insurance(in1: Segment<'_>, problems: &mut Problems) -> Insurance {
    let group: Vec<String> = in1.field(10).repeats().map(|repeat| repeat.text(1).into_owned()).collect();
    let part = |at: usize| group.get(at).cloned().unwrap_or_default();
    let number = field::text(in1, 11);
    Insurance {
        plan: field::coded(in1, 2, "JHSD0001"),
        insurer: field::text(in1, 3).into(),
        insurer_name: field::text(in1, 4),
        symbol: part(0).into(),
        number: if number.is_empty() { part(1) } else { number }.into(),
        branch: part(2).into(),
        from: field::stamp(in1, 12, problems).and_then(|stamp| stamp.date()),
        to: field::stamp(in1, 13, problems).and_then(|stamp| stamp.date()),
        relation: field::coded(in1, 17, "HL70063"),
    }
}
