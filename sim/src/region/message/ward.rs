//! What else happens in a stay: beds planned, changed and left for a night, infusions given, endoscopies, cultures.
use super::segment::{Control, Desk, Message, Order, Place};
use crate::region::drugs::{CEFTRIAXONE, SALINE};
use crate::region::house::CodeHabit;
use crate::region::moment::Moment;

/// What happened, or is to happen, to a patient's bed.
#[derive(Clone, Copy)]
pub(crate) enum BedEvent {
    /// ADT-01: another doctor in charge.
    Doctor,
    /// ADT-21: 入院予定.
    AdmissionPlanned,
    /// ADT-31: 外出泊, until the moment.
    Leave(Moment),
    /// ADT-32: back from it.
    Return,
    /// ADT-41: 転棟予定.
    MovePlanned,
    /// ADT-42: 転棟.
    Moved,
    /// ADT-51: 退院予定.
    DischargePlanned,
}

/// One event with its places.
pub(crate) struct Bed<'a> {
    pub(crate) event: BedEvent,
    /// Where the patient is then; of a planned move, where she is still.
    pub(crate) place: &'a Place,
    /// Where she was, or will be.
    pub(crate) other: Option<&'a Place>,
    pub(crate) admitted: Moment,
    pub(crate) at: Moment,
}

/// ADT-01, -21, -31, -32, -41, -42 and -51.
pub(crate) fn bed(desk: &Desk<'_>, bed: &Bed<'_>, sent: Moment) -> String {
    let family = match bed.event {
        BedEvent::Doctor => "ADT^A54^ADT_A54",
        BedEvent::AdmissionPlanned => "ADT^A14^ADT_A05",
        BedEvent::Leave(_) => "ADT^A21^ADT_A21",
        BedEvent::Return => "ADT^A22^ADT_A21",
        BedEvent::MovePlanned => "ADT^A15^ADT_A15",
        BedEvent::Moved => "ADT^A02^ADT_A02",
        BedEvent::DischargePlanned => "ADT^A16^ADT_A16",
    };
    let mut message = desk.header(family, sent, None);
    let (at, recorded, admitted) = (bed.at.second(), sent.second(), bed.admitted.second());
    let planned = matches!(bed.event, BedEvent::AdmissionPlanned | BedEvent::MovePlanned | BedEvent::DischargePlanned);
    let (plan, fact) = if planned { (at.as_str(), "") } else { ("", at.as_str()) };
    message.segment("EVN", &[(2, &recorded), (3, plan), (6, fact), (7, desk.house.id())]);
    desk.patient(&mut message, None, "");
    let place = bed.place;
    let other = bed.other.map_or("", |other| other.location.as_str());
    let before = if matches!(bed.event, BedEvent::Moved) { other } else { "" };
    let admitted = if matches!(bed.event, BedEvent::AdmissionPlanned) { "" } else { admitted.as_str() };
    message.segment(
        "PV1",
        &[
            (1, "0001"),
            (2, "I"),
            (3, &place.location),
            (6, before),
            (7, &place.doctor),
            (10, place.department.code),
            (44, admitted),
        ],
    );
    let back = match bed.event {
        BedEvent::Leave(back) => back.second(),
        _ => String::new(),
    };
    match bed.event {
        BedEvent::AdmissionPlanned => message.segment("PV2", &[(8, &at)]),
        BedEvent::Leave(_) => message.segment("PV2", &[(47, &back)]),
        BedEvent::MovePlanned => message.segment("PV2", &[(1, other), (8, &at)]),
        BedEvent::DischargePlanned => message.segment("PV2", &[(9, &at)]),
        BedEvent::Doctor | BedEvent::Return | BedEvent::Moved => {}
    }
    message.into_text()
}

/// RAS^O17 of OMP-12: an infusion as it was given, with its rate.
pub(crate) fn infusion_given(
    desk: &Desk<'_>,
    order: &Order<'_>,
    giver: &str,
    hours: (Moment, Moment),
    sent: Moment,
) -> String {
    let mut message = desk.begin("RAS^O17^RAS_O17", sent, None);
    message.place(order.place, &[]);
    message.order(order, "NW", &format!("{}_01_001", order.number), "");
    let (from, to) = (hours.0.minute(), hours.1.minute());
    for drug in [&SALINE, &CEFTRIAXONE] {
        let code = match desk.house.codes {
            CodeHabit::Yj => format!("{}^{}^YJ", drug.yj, drug.name),
            _ => format!("{}^{}^HOT9", drug.hot9, drug.name),
        };
        let unit = format!("{}^MR9P", drug.unit);
        message.segment(
            "RXA",
            &[
                (1, "0"),
                (2, "1"),
                (3, &from),
                (4, &to),
                (5, &code),
                (6, "1"),
                (7, &unit),
                (10, giver),
                (11, &order.place.location),
                (12, "100ml/hr"),
                (20, "CP"),
                (22, &sent.second()),
            ],
        );
    }
    message.segment("RXR", &[(1, "IV^静脈内^HL70162"), (2, "ARM^腕^HL70550"), (3, "IVP^点滴ポンプ^HL70164")]);
    message.into_text()
}

const GASTROSCOPY: &str = "1A0000^上部消化管内視鏡検査^LENDO";

/// OMG^O19 of OMG-02.
pub(crate) fn endoscopy_order(desk: &Desk<'_>, order: &Order<'_>, control: Control, sent: Moment) -> String {
    let mut message = desk.begin_in_full("OMG^O19^OMG_O19", sent);
    message.place(order.place, &[]);
    message.order(order, control.code(), "", "");
    message.segment("TQ1", &[(1, "1"), (9, "R^ルーチン^HL70485")]);
    message.segment("OBR", &[(1, "1"), (2, order.number), (4, GASTROSCOPY), (16, &order.place.doctor)]);
    message.segment("OBX", &[(1, "1"), (2, "TX"), (3, "MS3-34^臨床病名^JSHR"), (5, "胃潰瘍の疑い"), (11, "F")]);
    message.into_text()
}

/// OMI^Z23 of OMG-12: made at `made`, with staff, times and the study's number.
pub(crate) fn endoscopy_done(desk: &Desk<'_>, order: &Order<'_>, made: Moment, sent: Moment) -> String {
    let mut message = desk.begin("OMI^Z23^OMI_Z23", sent, None);
    message.place(order.place, &[]);
    message.order(order, "NW", "", "");
    message.segment("TQ1", &[(1, "1"), (9, "R^ルーチン^HL70485")]);
    let (taken, reported) = (made.minute(), sent.second());
    let doctor = order.place.doctor.as_str();
    message.segment(
        "OBR",
        &[(1, "1"), (2, order.number), (4, GASTROSCOPY), (7, &taken), (16, doctor), (22, &reported), (25, "F")],
    );
    message.segment("ZE1", &[(1, "1"), (2, "RS"), (3, GASTROSCOPY)]);
    let end = made.plus_minutes(15).second();
    let rows = [
        ("XCN", "DR-02.EM-01^実施医^JSHR", doctor),
        ("TS", "TM-P1^開始^JSHR", &made.second()),
        ("TS", "TM-P2^終了^JSHR", &end),
        ("TX", "FI-01^所見^JSHR", "胃角部に潰瘍瘢痕あり"),
    ];
    for (at, (kind, code, value)) in rows.iter().enumerate() {
        finding(&mut message, at + 1, kind, code, value);
    }
    let accession = format!("E{}", &order.number[2..]);
    let study = format!("2.25.{}{}", order.number.trim_start_matches('0'), desk.person.number);
    message.segment("IPC", &[(1, &accession), (2, &order.number[3..]), (3, &study), (5, "ES^^DCM")]);
    message.into_text()
}

fn finding(message: &mut Message, at: usize, kind: &str, code: &str, value: &str) {
    message.segment("OBX", &[(1, &at.to_string()), (2, kind), (3, code), (5, value), (11, "F")]);
}

/// OUL^R22 of OML-11: a culture of sputum with one organism and what it is susceptible to.
pub(crate) fn culture(desk: &Desk<'_>, order: &Order<'_>, sent: Moment) -> String {
    let mut message = desk.begin("OUL^R22^OUL_R22", sent, None);
    message.place(order.place, &[]);
    let taken = order.at.plus_minutes(20).minute();
    message.segment("SPM", &[(1, "1"), (2, &order.number[2..]), (4, "061^喀痰^JC10"), (17, &taken)]);
    let groups: [(&str, &str, &[[&str; 6]]); 2] = [
        (
            "6B010^培養同定^JC10",
            "",
            &[
                ["CWE", "6B010000006174311^培養同定菌名^JC10", "1", "1131^Streptococcus pneumoniae^JANIS", "", ""],
                ["ST", "6B010000006174301^菌量^JC10", "1", "3+", "", ""],
            ],
        ),
        (
            "6C010^薬剤感受性^JC10",
            "6B010000006174311&培養同定菌名&JC10^1^1131",
            &[
                ["ST", "1208^ペニシリンＧ^JANIS", "1", "<= 0.06", "ug/mL^μg/mL^ISO+", "S"],
                ["ST", "1661^エリスロマイシン^JANIS", "1", "> 2", "ug/mL^μg/mL^ISO+", "R"],
            ],
        ),
    ];
    for (set, (test, parent, rows)) in groups.iter().enumerate() {
        let reported = sent.second();
        message.segment(
            "OBR",
            &[
                (1, &(set + 1).to_string()),
                (2, order.number),
                (4, test),
                (7, &taken),
                (16, &order.place.doctor),
                (22, &reported),
                (26, parent),
            ],
        );
        message.order(order, "SC", "", "");
        for (at, [kind, code, sub, value, unit, flag]) in rows.iter().enumerate() {
            let number = (at + 1).to_string();
            let row =
                [(1, number.as_str()), (2, kind), (3, code), (4, sub), (5, value), (6, unit), (8, flag), (11, "F")];
            message.segment("OBX", &row);
        }
    }
    message.into_text()
}
