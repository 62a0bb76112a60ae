//! Ready-made plans.
use super::plan::{Deviations, FacilityPlan, Plan};
use protocol::ids::{AuthorityId, FacilityId};
use protocol::kinds::FacilityClass;
use protocol::time::Date;

/// Names that [`preset()`] knows.
pub const PRESETS: &[&str] = &["demo", "clean", "worst", "deviations"];

/// A plan by name: `demo` (five facilities of two networks, two hundred people, a few deviations), `clean` (the same without
/// deviations), `worst` (the same with every deviation there is), `deviations` (a hospital, a clinic and a care service with
/// every deviation, for a quick round trip). None for any other name.
pub fn preset(name: &str) -> Option<Plan> {
    let deviations = match name {
        "demo" => Deviations::Some { permille: 15 },
        "clean" => Deviations::Off,
        "worst" | "deviations" => Deviations::All,
        _ => return None,
    };
    let small = name == "deviations";
    let wanted = FIVE
        .iter()
        .filter(|(_, _, class, network, _)| !small || *network == KESEN && *class != FacilityClass::Pharmacy);
    let facilities = wanted.map(|(id, name, class, network, size)| facility((id, name), *class, network, *size));
    Some(Plan {
        seed: 1,
        facilities: facilities.collect::<Option<_>>()?,
        patients: 200,
        years: 3,
        until: Date::new(2026, 10, 31)?,
        deviations,
    })
}

fn facility((id, name): (&str, &str), class: FacilityClass, network: &str, size: u32) -> Option<FacilityPlan> {
    Some(FacilityPlan {
        id: FacilityId::parse(id).ok()?,
        name: name.to_owned(),
        class,
        // The arc of patient numbers by facility, a 1 before the ten digits so that leading zeros stay.
        authority: AuthorityId::parse(&format!("1.2.392.100495.20.3.51.1{id}")).ok()?,
        network: network.to_owned(),
        size,
    })
}

const KESEN: &str = "未来かなえネット";
const MIYAGI: &str = "MMWIN";
/// Id, name, class, network, size. The houses are invented; the networks' names are those of the programme.
const FIVE: &[(&str, &str, FacilityClass, &str, u32)] = &[
    ("9903100017", "潮見浦総合病院", FacilityClass::Hospital, KESEN, 600),
    ("9903100025", "椿ヶ浜内科クリニック", FacilityClass::Clinic, KESEN, 450),
    ("9903400011", "なぎさ調剤薬局", FacilityClass::Pharmacy, KESEN, 550),
    ("9903900010", "うみかぜ訪問看護・居宅介護支援センター", FacilityClass::Care, KESEN, 300),
    ("9904100016", "杜都台総合病院", FacilityClass::Hospital, MIYAGI, 600),
];
