//! OMP: prescriptions, drips, and what was handed out.
use super::segment::{Control, Desk, Message, Order};
use crate::region::drugs::{self, Dose, Drug, Way};
use crate::region::house::{CodeHabit, House};
use crate::region::moment::{Moment, compact};

/// What is prescribed, each drug for so many days.
pub(crate) struct Prescription<'a> {
    pub(crate) doses: &'a [(&'static Dose, u32)],
}

impl Prescription<'_> {
    /// Each drug with its days and the number of its RP: one for each usage and span.
    fn rows(&self) -> impl Iterator<Item = (&'static Dose, u32, usize)> {
        let mut groups: Vec<(&str, u32)> = Vec::new();
        self.doses.iter().map(move |(dose, days)| {
            let group = (dose.usage.code, *days);
            let at = groups.iter().position(|known| *known == group).unwrap_or_else(|| {
                groups.push(group);
                groups.len() - 1
            });
            (*dose, *days, at + 1)
        })
    }
}

/// Units handed out in all.
fn total(dose: &Dose, days: u32) -> u32 {
    let days = if dose.usage.way == Way::Internal { days } else { 1 };
    match dose.usage.supplement {
        "" => dose.amount * dose.usage.times * days,
        _weekly => dose.amount * (days / 7).max(1),
    }
}

/// RDE^O11 of OMP-01.
pub(crate) fn prescription(
    desk: &Desk<'_>,
    order: &Order<'_>,
    what: &Prescription<'_>,
    control: Control,
    sent: Moment,
) -> String {
    let mut message = desk.begin_in_full("RDE^O11^RDE_O11", sent);
    message.place(order.place, &[]);
    for (dose, days, group) in what.rows() {
        message.order(order, control.code(), &format!("{}_{group:02}", order.number), "");
        let drug = dose.drug;
        let (unit, form) = (format!("{}^MR9P", drug.unit), format!("{}^MR9P", drug.form));
        let amount = if dose.usage.way == Way::External { "\"\"".to_owned() } else { dose.amount.to_string() };
        let daily = format!("{}^{}&MR9P", dose.amount * dose.usage.times, drug.unit.replace('^', "&"));
        let daily = if dose.usage.way == Way::Internal { daily.as_str() } else { "" };
        let place =
            if order.place.inpatient { "IHP^入院処方^MR9P" } else { "OHP^外来処方^MR9P~OHO^院外処方^MR9P" };
        message.segment(
            "RXE",
            &[
                (2, &code(desk.house, drug)),
                (3, &amount),
                (5, &unit),
                (6, &form),
                (10, &total(dose, days).to_string()),
                (11, &unit),
                (15, &order.number[1..]),
                (19, daily),
                (21, place),
                (27, dose.usage.way.instruction()),
            ],
        );
        timing(&mut message, dose, days, order.at);
        route(&mut message, dose);
    }
    message.into_text()
}

fn timing(message: &mut Message, dose: &Dose, days: u32, from: Moment) {
    let mut usage = format!("{}&{}&JAMISDP01", dose.usage.code, dose.usage.text);
    if !dose.usage.supplement.is_empty() {
        usage = format!("{usage}~{}", dose.usage.supplement);
    }
    let (span, times) = match dose.usage.way {
        Way::Internal => (format!("{days}^D&日&ISO+"), String::new()),
        Way::AsNeeded => (String::new(), dose.usage.times.to_string()),
        Way::External => (String::new(), String::new()),
    };
    let note = if dose.usage.way == Way::External { "患部に使用。かぶれ\\T\\発赤時は中止" } else { "" };
    message.segment("TQ1", &[(1, "1"), (3, &usage), (6, &span), (7, &compact(from.date)), (11, note), (14, &times)]);
}

fn route(message: &mut Message, dose: &Dose) {
    let route = match dose.usage.code.as_bytes() {
        [b'2', b'L', ..] => "IH^吸入^HL70162",
        [b'2', b'H', ..] => "OP^眼^HL70162",
        [b'2', ..] => "TP^局所^HL70162",
        _ => "PO^口^HL70162",
    };
    message.segment("RXR", &[(1, route)]);
}

/// A drug as the house codes it.
fn code(house: &House<'_>, drug: &Drug) -> String {
    match house.codes {
        CodeHabit::Hot9 => format!("{}^{}^HOT9", drug.hot9, drug.name),
        CodeHabit::LocalThenHot9 => format!("D{0}^{1}^99X01^{2}^{1}^HOT9", &drug.hot9[3..], drug.name, drug.hot9),
        CodeHabit::Yj => format!("{}^{}^YJ", drug.yj, drug.name),
    }
}

/// RAS^O17 of OMP-11: handed out or given at `given` by `giver` (XCN).
pub(crate) fn dispensing(
    desk: &Desk<'_>,
    order: &Order<'_>,
    what: &Prescription<'_>,
    giver: &str,
    given: Moment,
    sent: Moment,
) -> String {
    let mut message = desk.begin("RAS^O17^RAS_O17", sent, None);
    message.place(order.place, &[]);
    let moment = given.minute();
    for (dose, days, group) in what.rows() {
        message.order(order, "NW", &format!("{}_{group:02}", order.number), "");
        let unit = format!("{}^MR9P", dose.drug.unit);
        let amount = if order.place.inpatient { dose.amount } else { total(dose, days) };
        message.segment(
            "RXA",
            &[
                (1, "0"),
                (2, "1"),
                (3, &moment),
                (4, &moment),
                (5, &code(desk.house, dose.drug)),
                (6, &amount.to_string()),
                (7, &unit),
                (10, giver),
                (11, &order.place.location),
                (20, "CP"),
                (22, &given.second()),
            ],
        );
        route(&mut message, dose);
    }
    message.into_text()
}

/// A drip of a stay.
#[derive(Clone, Copy)]
pub(crate) enum Drip {
    Maintenance,
    Antibiotic,
    Diuretic,
}

/// RDE^O11 of OMP-02: one drip from `from` on.
pub(crate) fn drip(desk: &Desk<'_>, order: &Order<'_>, what: Drip, control: Control, sent: Moment) -> String {
    let (base, additive, volume, hours) = match what {
        Drip::Maintenance => (&drugs::MAINTENANCE_FLUID, None, 500, 6),
        Drip::Antibiotic => (&drugs::SALINE, Some(&drugs::CEFTRIAXONE), 100, 1),
        Drip::Diuretic => (&drugs::SALINE, Some(&drugs::FUROSEMIDE_IV), 102, 1),
    };
    let mut message = desk.begin("RDE^O11^RDE_O11", sent, None);
    message.place(order.place, &[]);
    message.order(order, control.code(), &format!("{}_01_001", order.number), "");
    let rate = (volume / hours).to_string();
    message.segment(
        "RXE",
        &[
            (2, "00^一般^JHSI0002"),
            (3, &volume.to_string()),
            (5, "ml^ミリリットル^ISO+"),
            (6, "INJ^注射剤^MR9P"),
            (21, "IHP^入院処方^MR9P~FTP^定時処方^JHSI0001"),
            (23, &rate),
            (24, "ml/hr^ミリリットル／時間^ISO+"),
            (27, "02^点滴^JHSI0009"),
            (42, &order.place.location),
        ],
    );
    let start = order.at.plus_minutes(90);
    message.segment("TQ1", &[(1, "1"), (7, &start.minute()), (8, &start.plus_minutes(hours * 60).minute())]);
    message.segment("RXR", &[(1, "IV^静脈内^HL70162"), (2, "ARM^腕^HL70550"), (3, "IVP^点滴ポンプ^HL70164")]);
    for (kind, drug) in [("B", Some(base)), ("A", additive)] {
        if let Some(drug) = drug {
            let unit = format!("{}^MR9P", drug.unit);
            message.segment("RXC", &[(1, kind), (2, &code(desk.house, drug)), (3, "1"), (4, &unit)]);
        }
    }
    message.into_text()
}
