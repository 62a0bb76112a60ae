//! OMG: films ordered and made, electrocardiograms ordered and read.
use super::segment::{Control, Desk, Message, Order};
use crate::region::illness::Exam;
use crate::region::moment::{Moment, compact};

/// A plain X-ray.
pub(crate) struct Film {
    /// JJ1017 code and text of the exposure.
    exposure: &'static str,
    /// Why: clinical diagnosis.
    reason: &'static str,
}

impl Film {
    /// The film that belongs to an examination; an electrocardiogram has none.
    pub(crate) fn of(exam: Exam) -> Option<Self> {
        let (exposure, reason) = match exam {
            Exam::Electrocardiogram => return None,
            Exam::Chest => {
                ("10000002000102000000010000000000^胸部.Ｘ線単純撮影.立位正面(P→A)^JJ1017", "心拡大・肺炎の有無")
            }
            Exam::Spine => ("10000003200401000000010000000000^腰椎.Ｘ線単純撮影.臥位側面^JJ1017", "圧迫骨折の有無"),
        };
        Some(Self { exposure, reason })
    }
}

const REQUEST: &str = "1000000000000000^Ｘ線単純撮影^JJ1017";

/// The exposure's own number: the request's with another first digit.
fn child(number: &str) -> String {
    format!("5{}", &number[1..])
}

/// OMG^O19 of OMG-01: request, parent, exposure.
pub(crate) fn film_order(desk: &Desk<'_>, order: &Order<'_>, film: &Film, control: Control, sent: Moment) -> String {
    let mut message = desk.begin_in_full("OMG^O19^OMG_O19", sent);
    message.place(order.place, &[]);
    let child = child(order.number);
    let steps: &[&str] = if control == Control::New { &["NW", "PA", "CH"] } else { &["CA"] };
    for step in steps {
        request(&mut message, order, film, step, &child, None);
        if *step == "PA" {
            message.segment("OBX", &[(1, "1"), (2, "TX"), (3, "MS3-34^臨床病名^JSHR"), (5, film.reason), (11, "F")]);
        }
    }
    message.into_text()
}

/// OMI^Z23 of OMG-11: the film was made at `made`.
pub(crate) fn film_done(desk: &Desk<'_>, order: &Order<'_>, film: &Film, made: Moment, sent: Moment) -> String {
    let mut message = desk.begin("OMI^Z23^OMI_Z23", sent, None);
    message.place(order.place, &[]);
    let child = child(order.number);
    let study = format!("2.25.{}{}", order.number.trim_start_matches('0'), desk.person.number);
    for step in ["NW", "PA", "CH"] {
        request(&mut message, order, film, step, &child, Some(made));
        if step == "CH" {
            message.segment("ZE1", &[(1, "1"), (2, "RS"), (3, film.exposure), (4, "1"), (6, "TC-01^EM-01")]);
            message.segment("ZE2", &[(1, "1"), (2, "120^kV"), (3, "250^mA"), (4, "180^cm"), (5, "10^msec"), (6, "1")]);
        }
        let accession = format!("A{}", &order.number[2..]);
        message.segment("IPC", &[(1, &accession), (2, &order.number[3..]), (3, &study), (5, "CR^^DCM")]);
    }
    message.into_text()
}

fn request(message: &mut Message, order: &Order<'_>, film: &Film, step: &str, child: &str, made: Option<Moment>) {
    let own = Order { number: if step == "CH" { child } else { order.number }, ..*order };
    let parent = if step == "CH" { order.number } else { "" };
    message.order(&own, step, "", parent);
    message.segment("TQ1", &[(1, "1"), (9, "R^ルーチン^HL70485")]);
    let code = if step == "CH" { film.exposure } else { REQUEST };
    let mut fields = vec![(2, own.number), (4, code)];
    let (taken, reported) = (made.map(Moment::minute), made.map(|made| made.plus_minutes(5).second()));
    fields.extend(taken.as_deref().map(|taken| (7, taken)));
    fields.push((16, order.place.doctor.as_str()));
    if let Some(reported) = &reported {
        fields.extend([(22, reported.as_str()), (25, "F")]);
    }
    fields.push((29, parent));
    message.segment("OBR", &fields);
}

const ECG: &str = "9A110^標準１２誘導心電図^JC10";

/// OMG^O19 of OMG-03.
pub(crate) fn electrocardiogram_order(desk: &Desk<'_>, order: &Order<'_>, control: Control, sent: Moment) -> String {
    let mut message = desk.begin("OMG^O19^OMG_O19", sent, None);
    message.place(order.place, &[]);
    message.order(order, control.code(), "", "");
    message.segment("TQ1", &[(1, "1"), (7, &compact(order.at.date)), (9, "R^ルーチン^HL70485")]);
    let fields = [(1, "1"), (2, order.number), (4, ECG), (13, "動悸・胸部症状の精査"), (16, &order.place.doctor)];
    message.segment("OBR", &fields);
    message.into_text()
}

/// ORU^R01 of OMG-13: read at `made`, with rate and finding.
pub(crate) fn electrocardiogram(desk: &Desk<'_>, order: &Order<'_>, finding: &str, rate: u32, made: Moment) -> String {
    let mut message = desk.begin("ORU^R01^ORU_R01", made.plus_minutes(25), None);
    message.place(order.place, &[]);
    let (taken, moment) = (made.minute(), made.second());
    let reported = made.plus_minutes(20).second();
    message.segment(
        "OBR",
        &[(1, "1"), (2, order.number), (4, ECG), (7, &taken), (16, &order.place.doctor), (22, &reported), (25, "F")],
    );
    let rows = [
        ("TX", "9A110&IMP^心電図所見^JC10", "1", finding.to_owned(), ""),
        ("NM", "32769^心拍数^99MFR", "2", rate.to_string(), "/min^回／分^ISO+"),
        ("NM", "56008^QT 時間^99MFR", "2", (460 - rate).to_string(), "msec^ミリ秒^ISO+"),
    ];
    for (index, (kind, code, sub, value, unit)) in rows.iter().enumerate() {
        let number = (index + 1).to_string();
        let fields =
            [(1, number.as_str()), (2, kind), (3, code), (4, sub), (5, value), (6, unit), (11, "F"), (14, &moment)];
        message.segment("OBX", &fields);
    }
    message.into_text()
}
