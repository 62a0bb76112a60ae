use super::{field, order::Head, usage};
use crate::Fault;
use crate::hl7::{Message, Segment, types};
use crate::limits::DISTINCT_MAX;
use crate::model::{Amount, Code, Drug, DrugGroup, DrugSystem, Prescription, Stage};
use crate::parsed::Problems;
use std::collections::BTreeMap;

/// OMP-01 and OMP-11: one ORC group per drug; drugs with the same ORC-4 form one RP.
pub(super) fn prescription(message: &Message<'_>, problems: &mut Problems) -> Prescription {
    let head = Head::read(message, problems);
    let performed = message.has("RXA");
    let stage = head.stage(if performed { Stage::Performed } else { Stage::Ordered });
    let mut prescription = Prescription {
        stage,
        at: head.at,
        order: head.order,
        department: head.department,
        doctor: head.doctor,
        ..Prescription::default()
    };
    if performed && let Some(given) = message.first("RXA").and_then(|rxa| field::stamp(rxa, 3, problems)) {
        prescription.at = Some(given);
    }
    let starter = if message.has("ORC") {
        "ORC"
    } else if performed {
        "RXA"
    } else {
        "RXE"
    };
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for group in message.groups(&[starter]) {
        let part = drug_group(group, &mut prescription.classes, problems);
        let place = places.get(&part.number).copied().filter(|_| !part.number.is_empty());
        match place.and_then(|at| prescription.groups.get_mut(at)) {
            Some(known) => {
                known.drugs.extend(part.drugs);
                known.comments.extend(part.comments);
            }
            None => {
                places.insert(part.number.clone(), prescription.groups.len());
                prescription.groups.push(part);
            }
        }
    }
    prescription.groups.retain(|group| !group.drugs.is_empty());
    prescription
}

fn drug_group(group: &[Segment<'_>], classes: &mut Vec<String>, problems: &mut Problems) -> DrugGroup {
    let mut part = DrugGroup {
        number: field::find(group, "ORC").map(|orc| field::text(orc, 4)).unwrap_or_default(),
        usage: usage::usage(group, problems),
        comments: field::comments(group, problems),
        ..DrugGroup::default()
    };
    if let Some(rxr) = field::find(group, "RXR") {
        part.route = field::coded(rxr, 1, "HL70162");
        part.site = field::coded(rxr, 2, "");
    }
    let given: Vec<Drug> =
        group.iter().filter(|segment| segment.name() == "RXA").map(|rxa| of_rxa(*rxa, problems)).collect();
    if let Some(rxe) = field::find(group, "RXE") {
        let words = [21, 27].iter().flat_map(|n| rxe.field(*n).repeats().map(types::code)).filter(is_class);
        for word in words.map(|code| code.shown().to_owned()) {
            if classes.len() < DISTINCT_MAX && !classes.contains(&word) {
                classes.push(word);
            }
        }
        if given.is_empty() {
            part.drugs.push(of_rxe(rxe, problems));
        }
    }
    part.drugs.extend(given);
    part
}

/// 処方区分 and 与薬指示; what else stands in RXE-21 is an instruction for the pharmacist.
fn is_class(code: &Code) -> bool {
    matches!(code.system.as_str(), "MR9P" | "JHSP0003" | "JHSP0007" | "JHSI0001") && !code.is_empty()
}

fn of_rxe(rxe: Segment<'_>, problems: &mut Problems) -> Drug {
    let code = field::coded(rxe, 2, "");
    let mut instructions: Vec<String> =
        rxe.field(7).repeats().map(|repeat| usage::instruction(&types::code(repeat))).collect();
    let dispensing = rxe.field(21).repeats().map(types::code).filter(|code| !is_class(code));
    instructions.extend(dispensing.map(|code| code.shown().to_owned()));
    instructions.retain(|text| !text.is_empty());
    let strength = field::amount(rxe, 25, 26).shown();
    if !strength.is_empty() {
        instructions.push(format!("力価 {strength}"));
    }
    let dose = Amount { number_max: field::text(rxe, 4), ..field::amount(rxe, 3, 5) };
    Drug {
        system: system(&code, rxe, 2, problems),
        code,
        dose,
        daily: types::quantity(rxe.field(19).first()).unwrap_or_default(),
        total: field::amount(rxe, 10, 11),
        form: field::coded(rxe, 6, "MR9P"),
        instructions,
        ..Drug::default()
    }
}

/// What was given (RXA).
pub(super) fn of_rxa(rxa: Segment<'_>, problems: &mut Problems) -> Drug {
    let code = field::coded(rxa, 5, "");
    let status = field::text(rxa, 20);
    let system_code = if status.is_empty() { "" } else { "HL70322" };
    Drug {
        system: system(&code, rxa, 5, problems),
        code,
        dose: field::amount(rxa, 6, 7),
        form: field::coded(rxa, 8, "MR9P"),
        instructions: field::words(rxa, 9),
        status: Code { code: status, system: system_code.into(), ..Code::default() },
        lot: field::text(rxa, 15),
        given: (field::stamp(rxa, 3, problems), field::stamp(rxa, 4, problems)),
        giver: field::staff(rxa, 10),
        ..Drug::default()
    }
}

/// A component of an infusion (RXC).
pub(super) fn of_rxc(rxc: Segment<'_>, problems: &mut Problems) -> Drug {
    let code = field::coded(rxc, 2, "");
    Drug {
        system: system(&code, rxc, 2, problems),
        code,
        dose: field::amount(rxc, 3, 4),
        instructions: field::words(rxc, 7),
        base: field::text(rxc, 1) == "B",
        ..Drug::default()
    }
}

/// The system by the code's shape; a standard label on another shape is told.
fn system(code: &Code, segment: Segment<'_>, number: u16, problems: &mut Problems) -> DrugSystem {
    let found = DrugSystem::of(&code.code, &code.system);
    let label = match found {
        DrugSystem::Hot7 => "HOT7",
        DrugSystem::Hot9 => "HOT9",
        DrugSystem::Hot11 => "HOT11",
        DrugSystem::Hot13 => "HOT13",
        DrugSystem::Yj => "YJ",
        DrugSystem::Receipt | DrugSystem::Local => "",
    };
    let hot = code.system == "HOT" && label.starts_with("HOT");
    if (code.system.starts_with("HOT") || code.system == "YJ") && code.system != label && !hot {
        problems.add_once(segment.place_of(number), Fault::CodeUnverified);
    }
    found
}
