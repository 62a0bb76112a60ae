//! ADT: who the patient is, when she came, stayed and left, what she is allergic to.
use super::segment::{Desk, Message, Place};
use crate::region::illness::ALLERGIES;
use crate::region::moment::{Moment, compact, later};
use crate::region::places::Address;

/// What one state of ADT-00 says beyond the name.
pub(crate) struct Demographics<'a> {
    pub(crate) address: Option<&'a Address>,
    pub(crate) department: &'a Place,
    /// Whether height, weight and blood type are known here.
    pub(crate) measured: bool,
}

/// ADT^A08 of ADT-00: the whole demographic state.
pub(crate) fn demographics(desk: &Desk<'_>, state: &Demographics<'_>, at: Moment, sent: Moment) -> String {
    let mut message = desk.header("ADT^A08^ADT_A01", sent, Some(at));
    desk.patient(&mut message, state.address, &at.second());
    message.place(state.department, &[]);
    message.segment("DB1", &[(1, "1"), (2, "PT"), (4, "N")]);
    if state.measured {
        measures(desk, &mut message);
    }
    for (at, allergy) in desk.person.allergies.iter().filter_map(|index| ALLERGIES.get(*index)).enumerate() {
        message.segment("AL1", &[(1, &(at + 1).to_string()), (2, allergy[0]), (3, allergy[1]), (4, allergy[2])]);
    }
    if let Some(insurance) = &desk.registration.insurance {
        let from = compact(later(desk.registration.registered, -120));
        let number = format!("{}~{}", insurance.number, insurance.branch);
        let number = if insurance.branch.is_empty() { insurance.number.as_str() } else { number.as_str() };
        let relation = if matches!(insurance.branch.as_str(), "" | "00") {
            "SEL^本人^HL70063"
        } else {
            "DEP^被扶養者^HL70063"
        };
        message.segment(
            "IN1",
            &[
                (1, "1"),
                (2, insurance.scheme.plan()),
                (3, &insurance.insurer),
                (10, &insurance.symbol),
                (11, number),
                (12, &from),
                (17, relation),
            ],
        );
    }
    message.into_text()
}

fn measures(desk: &Desk<'_>, message: &mut Message) {
    let person = desk.person;
    let height = format!("{}.{}", person.height_mm / 10, person.height_mm % 10);
    let weight = format!("{}.{}", person.weight_hg / 10, person.weight_hg % 10);
    let blood = format!("{0}^{0}^JSHR002", person.blood);
    let rows = [
        ("NM", "9N001000000000001^身長^JC10", height.as_str(), "cm^cm^ISO+"),
        ("NM", "9N006000000000001^体重^JC10", &weight, "kg^kg^ISO+"),
        ("CWE", "5H010000001999911^血液型-ABO式^JC10", &blood, ""),
        ("CWE", "5H020000001999911^血液型-Rh式^JC10", "+^Rh+^JSHR002", ""),
    ];
    for (at, (kind, code, value, unit)) in rows.iter().enumerate() {
        message.segment("OBX", &[(1, &(at + 1).to_string()), (2, kind), (3, code), (5, value), (6, unit), (11, "F")]);
    }
}

/// What happened to a patient's place.
#[derive(Clone, Copy)]
pub(crate) enum Movement {
    /// ADT-12: 外来受付.
    Reception,
    /// ADT-22: 入院.
    Admission,
    /// ADT-22 taken back.
    AdmissionCancelled,
    /// ADT-52: 退院, with the moment of the admission.
    Discharge(Moment),
}

/// A visit, an admission or a discharge at `at`.
pub(crate) fn movement(desk: &Desk<'_>, place: &Place, what: Movement, at: Moment, sent: Moment) -> String {
    let family = match what {
        Movement::Reception => "ADT^A04^ADT_A01",
        Movement::Admission => "ADT^A01^ADT_A01",
        Movement::AdmissionCancelled => "ADT^A11^ADT_A09",
        Movement::Discharge(_) => "ADT^A03^ADT_A03",
    };
    let mut message = desk.begin(family, sent, Some(at));
    let moment = at.second();
    match what {
        Movement::Reception => message.place(place, &[(44, &moment)]),
        Movement::Admission | Movement::AdmissionCancelled => {
            message.place(place, &[(17, &place.doctor), (44, &moment)]);
        }
        Movement::Discharge(admitted) => {
            message.place(place, &[(17, &place.doctor), (36, "01"), (44, &admitted.second()), (45, &moment)]);
        }
    }
    message.into_text()
}

/// ADT^A60 of ADT-61: all allergies.
pub(crate) fn allergies(desk: &Desk<'_>, at: Moment, sent: Moment) -> String {
    let mut message = desk.begin("ADT^A60^ADT_A60", sent, Some(at));
    let since = later(at.date, -900);
    for (index, row) in desk.person.allergies.iter().filter_map(|index| ALLERGIES.get(*index)).enumerate() {
        let (onset, text) = if index == 0 { (compact(since), "") } else { (String::new(), "子供の頃から") };
        message.segment(
            "IAM",
            &[
                (1, &(index + 1).to_string()),
                (2, row[0]),
                (3, row[1]),
                (4, row[2]),
                (5, row[3]),
                (6, "A^追加^HL70323"),
                (11, &onset),
                (12, text),
            ],
        );
    }
    message.into_text()
}
