//! Message against path: whose it is, what it is, when it was.
use super::field;
use super::read::ParseFailure;
use crate::hl7::{Message, Segment, Stamp};
use crate::parsed::Problems;
use crate::ssmix2::path::{bare_patient, same_patient};
use crate::ssmix2::{FileName, kinds};
use crate::{Fault, Place};
use protocol::kinds::DataKind;
use protocol::time::Date;
use std::collections::BTreeSet;

/// There is a PID; all of them are of one patient, and of the path's.
pub(super) fn check_patients(
    message: &Message<'_>,
    name: Option<&FileName>,
    problems: &mut Problems,
) -> Result<(), ParseFailure> {
    let pid = message.first("PID").ok_or(ParseFailure::NoPatient)?;
    let first = numbers(pid);
    // A set, so that many PIDs with many numbers each cost no more than their length.
    let own: BTreeSet<String> =
        first.iter().map(|number| bare_patient(number)).filter(|bare| !bare.is_empty()).collect();
    for other in message.all("PID").skip(1).map(numbers) {
        if !other.iter().any(|number| own.contains(&bare_patient(number))) {
            return Err(ParseFailure::TwoPatients);
        }
    }
    if first.is_empty() {
        problems.add(pid.place_of(3), Fault::MissingSegment("PID-3".into()));
        return Ok(());
    }
    let Some(name) = name else { return Ok(()) };
    let expect = name.patient.expose();
    if first.iter().any(|number| number == expect) {
        Ok(())
    } else if first.iter().any(|number| same_patient(number, expect)) {
        problems.add(pid.place_of(3), Fault::PatientForm);
        Ok(())
    } else {
        Err(ParseFailure::WrongPatient)
    }
}

fn numbers(pid: Segment<'_>) -> Vec<String> {
    let numbers = pid.field(3).repeats().map(|repeat| repeat.text(1).into_owned()).filter(|text| !text.is_empty());
    numbers.collect::<Vec<_>>()
}

/// The message type belongs to the kind, or at least the segments do. The kind comes from the path: several share one type.
pub(super) fn check_kind(kind: &DataKind, message: &Message<'_>, problems: &mut Problems) -> Result<(), ParseFailure> {
    let Some(info) = kinds::info(kind) else { return Ok(()) };
    let (found, trigger, _) = message.kind();
    let cancel = !info.cancel.is_empty() && trigger == info.cancel;
    let core = message.has(info.core);
    if found == info.create.0 && (trigger == info.create.1 || cancel || trigger.is_empty()) {
        if !core && !cancel {
            problems.add(Place::File, Fault::MissingSegment(info.core.into()));
        }
        for name in expected(kind.as_str()).iter().filter(|name| **name != info.core && !message.has(name)) {
            problems.add(Place::File, Fault::MissingSegment((*name).into()));
        }
        return Ok(());
    }
    // Every message has PID and most have PV1, so for ADT kinds other kinds' segments tell.
    let plain_adt = info.create.0 == "ADT" && info.core != "IAM";
    let foreign = plain_adt && FOREIGN.iter().any(|name| message.has(name));
    if core && !foreign {
        problems.add(message.header().place_of(9), Fault::KindDisagrees);
        return Ok(());
    }
    let mut found: String =
        format!("{found}^{trigger}").chars().filter(|c| c.is_ascii_alphanumeric() || *c == '^').collect();
    found.truncate(12);
    Err(ParseFailure::WrongKind { kind: kind.clone(), found })
}

/// What the standard has in every message of a kind beside PID, whatever its trigger.
fn expected(kind: &str) -> &'static [&'static str] {
    match kind {
        "ADT-61" => &["EVN"],
        _ if kind.starts_with("ADT") => &["EVN", "PV1"],
        "OMP-01" | "OMP-02" => &["ORC", "TQ1", "RXR"],
        "OMP-11" | "OMP-12" => &["ORC", "RXR"],
        "OML-01" => &["SPM", "ORC"],
        "OML-11" => &["SPM"],
        "OMG-01" | "OMG-02" | "OMG-03" | "OMG-11" | "OMG-12" => &["ORC", "TQ1"],
        "OMD" => &["ORC"],
        _ => &[],
    }
}

const FOREIGN: &[&str] = &["ORC", "OBR", "RXE", "RXA", "PRB", "IAM", "SPM", "ODS"];

/// The day of the record: the folder's, else the message's. Tells if both are there and differ, and if order numbers do.
pub(super) fn date(
    kind: &DataKind,
    name: Option<&FileName>,
    message: &Message<'_>,
    problems: &mut Problems,
) -> Option<Date> {
    if let Some(name) = name {
        check_key(name, message, problems);
    }
    check_future(kind, message, problems);
    if kind.is_whole_state() {
        return None;
    }
    let said = moment(kind, message, problems).and_then(|stamp| stamp.date());
    let folder = name.and_then(|name| name.care_date);
    if let (Some(folder), Some(said)) = (folder, said)
        && folder != said
    {
        problems.add(Place::Path, Fault::DateDisagrees);
    }
    folder.or(said)
}

/// Moments of what happened lie at most a day after MSH-7 (clocks differ); plans may lie anywhere.
fn check_future(kind: &DataKind, message: &Message<'_>, problems: &mut Problems) {
    let sent = Stamp::parse(&message.header().field(7).text()).0.and_then(|stamp| stamp.date());
    let Some(limit) = sent.and_then(|sent| sent.plus_days(1)) else { return };
    if matches!(kind.as_str(), "ADT-21" | "ADT-41" | "ADT-51") {
        return;
    }
    for (name, number) in [("EVN", 2), ("EVN", 6), ("ORC", 9), ("RXA", 3), ("OBX", 14)] {
        let late = message.all(name).find(|segment| {
            let date = Stamp::parse(&segment.field(number).text()).0.and_then(|stamp| stamp.date());
            date.is_some_and(|date| date > limit)
        });
        if let Some(segment) = late {
            problems.add(segment.place_of(u16::try_from(number).unwrap_or(u16::MAX)), Fault::FutureMoment);
        }
    }
}

fn check_key(name: &FileName, message: &Message<'_>, problems: &mut Problems) {
    let bare = |text: &str| text.trim_start_matches('0').to_owned();
    let key = bare(&name.key);
    if key.bytes().all(|b| b == b'9') || !name.kind.as_str().starts_with('O') {
        return;
    }
    let orders = message.all("ORC").chain(message.all("OBR")).map(|segment| bare(&segment.field(2).text()));
    let orders: Vec<String> = orders.filter(|order| !order.is_empty()).collect();
    if !orders.is_empty() && !orders.contains(&key) {
        problems.add(Place::Path, Fault::KeyDisagrees);
    }
}

/// The moment in the field that the standard takes the 診療日 from.
pub(super) fn moment(kind: &DataKind, message: &Message<'_>, problems: &mut Problems) -> Option<Stamp> {
    let sources: &[(&str, usize)] = match kind.as_str() {
        "ADT-01" => &[("EVN", 6), ("EVN", 2)],
        "ADT-12" | "ADT-22" => &[("PV1", 44)],
        "ADT-21" | "ADT-41" => &[("PV2", 8)],
        "ADT-31" | "ADT-32" | "ADT-42" => &[("EVN", 6)],
        "ADT-51" => &[("PV2", 9)],
        "ADT-52" => &[("PV1", 45)],
        "OMP-11" | "OMP-12" => &[("RXA", 3), ("ORC", 9)],
        "OML-11" => &[("SPM", 17), ("OBR", 7), ("OBX", 14)],
        "OMG-11" | "OMG-12" | "OMG-13" => &[("OBR", 7), ("ORC", 9)],
        code if code.starts_with('O') => &[("ORC", 9)],
        _ => &[],
    };
    sources.iter().find_map(|(name, number)| {
        let mut segments = message.all(name).filter(|segment| !segment.field(*number).is_empty());
        segments.find_map(|segment| field::stamp(segment, *number, problems))
    })
}
