//! Deviations in the text of a message: what is said, and in which field.
use super::deviation::Deviation;
use super::moment::compact;
use super::tree::Draft;

/// The text as this deviation has it; none if the deviation is not one of the text.
pub(crate) fn rewritten(deviation: Deviation, draft: &Draft<'_>) -> Option<String> {
    use Deviation as D;
    let (text, patient) = (draft.text, draft.patient);
    Some(match deviation {
        D::SeparatedMarks => edit(text, "PID", |pid| change(pid, 5, marks_apart)),
        D::BlankLines => text.replace('\r', "  \r\r"),
        D::MissingSegments => without(text, &["EVN", "TQ1", "RXR"]),
        D::ForeignSegment => text.replacen("\rPID|", "\rZZX|1|vendor^own|1\rPID|", 1),
        D::SecondMessage => text.repeat(2),
        D::NoControlNumber => edit(text, "MSH", |msh| set(msh, 9, "")),
        D::OtherType => edit(text, "MSH", |msh| set(msh, 8, "ZZZ^Z99")),
        D::HyphenedNumber => number(text, patient, &format!("{}-{}", &patient[..4], &patient[4..])),
        D::WideNumber => number(text, patient, &patient.chars().map(wide).collect::<String>()),
        D::EarlyMarks => edit(text, "PID", |pid| change(pid, 5, |names| names.replace("^^^^^L^", "^^^^L^"))),
        D::SwappedBirth => edit(text, "PID", |pid| {
            if pid.get(7).is_some_and(|birth| birth.len() == 8) {
                pid.swap(7, 8)
            }
        }),
        D::ZeroBirth => edit(text, "PID", |pid| set(pid, 7, "00000000")),
        D::FutureDate => edit(text, "ORC", |orc| change(orc, 9, |at| at.replacen("20", "21", 1))),
        D::OddStamp => edit(text, "MSH", |msh| change(msh, 6, |at| format!("{}60", &at[..12]))),
        D::OddNumber => results(text, draft, |obx| {
            if obx.get(2).is_some_and(|kind| kind == "NM") {
                change(obx, 5, |value| format!("{value}以上"));
            }
        }),
        D::NoValueType => results(text, draft, |obx| set(obx, 2, "")),
        D::CodedText => results(text, draft, |obx| {
            set(obx, 2, "ST");
            set(obx, 5, "1+^弱陽性^99X03");
        }),
        D::EmptyGroup => lab(text, draft, &format!("OBR|9|{}||E009^培養検査^99X03\r", draft.slot.key)),
        D::WrongLabel if text.contains("\rPRB|") => text.replace("^I10^O^", "^I10^0^"),
        D::WrongLabel => edit(text, "RXE", |rxe| change(rxe, 2, mislabelled)),
        D::ShortTestCode => results(text, draft, |obx| change(obx, 3, cut_code)),
        D::FreeUnit => results(text, draft, |obx| set(obx, 6, "10^2/μL")),
        D::BareDelimiters => lab(text, draft, "NTE|1||再検^済&報告^済^至急\r"),
        D::LongText => lab(text, draft, &format!("NTE|1||{}\r", "検体の状態に注意。".repeat(900))),
        D::SpecimenRow => lab(text, draft, "OBX|99|ST|Y01^溶血^99X03||2+||||||F|||\r"),
        D::OldVersion => edit(text, "MSH", |msh| set(msh, 11, "2.4")),
        D::InsuranceInOne => edit(text, "IN1", in_one),
        D::JournalCopy => format!("{}\r{text}", journal_line(draft)),
        _ => return None,
    })
}

/// The text with every segment of this name edited; field n is at index n, in MSH at n - 1.
fn edit(text: &str, name: &str, change: impl Fn(&mut Vec<String>)) -> String {
    let line = |line: &str| {
        let mut fields: Vec<String> = line.split('|').map(str::to_owned).collect();
        if fields[0] == name {
            change(&mut fields);
        }
        fields.join("|")
    };
    text.split('\r').map(line).collect::<Vec<_>>().join("\r")
}
fn set(fields: &mut Vec<String>, at: usize, text: &str) {
    if fields.len() <= at {
        fields.resize(at + 1, String::new());
    }
    text.clone_into(&mut fields[at]);
}
fn change(fields: &mut [String], at: usize, with: impl Fn(&str) -> String) {
    if let Some(field) = fields.get_mut(at) {
        *field = with(field);
    }
}
fn without(text: &str, names: &[&str]) -> String {
    text.split_inclusive('\r').filter(|line| !names.contains(&line.get(..3).unwrap_or_default())).collect()
}
/// The first row with a value, in laboratory results only.
fn results(text: &str, draft: &Draft<'_>, with: impl Fn(&mut Vec<String>)) -> String {
    let is_lab = draft.slot.kind == "OML-11";
    edit(text, "OBX", |obx| {
        if is_lab && obx.get(1).is_some_and(|row| row == "1") {
            with(obx)
        }
    })
}
/// Laboratory results with one more segment.
fn lab(text: &str, draft: &Draft<'_>, segment: &str) -> String {
    if draft.slot.kind == "OML-11" { format!("{text}{segment}") } else { text.to_owned() }
}
fn number(text: &str, patient: &str, written: &str) -> String {
    edit(text, "PID", |pid| change(pid, 3, |field| field.replacen(patient, written, 1)))
}
fn wide(c: char) -> char {
    if c.is_ascii_graphic() { char::from_u32(c as u32 + 0xfee0).unwrap_or(c) } else { c }
}
fn marks_apart(names: &str) -> String {
    let parted = |c: char| {
        let (from, to) = ("ガギグゲゴザジズゼゾダヂヅデドバビブベボ", "カキクケコサシスセソタチツテトハヒフヘホ");
        match from.chars().position(|voiced| voiced == c).and_then(|at| to.chars().nth(at)) {
            Some(bare) => format!("{bare}゛"),
            None => c.to_string(),
        }
    };
    names.chars().map(parted).collect()
}
/// A receipt code under the label of HOT9.
fn mislabelled(drug: &str) -> String {
    match drug.split_once('^') {
        Some((code, rest)) if drug.ends_with("^HOT9") && code.len() == 9 => format!("62{}^{rest}", &code[2..]),
        _ => drug.to_owned(),
    }
}
fn cut_code(test: &str) -> String {
    match test.split_once('^') {
        Some((code, rest)) if code.len() == 17 && code.is_ascii() => format!("{}^{rest}", &code[..14]),
        _ => test.to_owned(),
    }
}
/// 記号 and 番号 both in IN1-10, and fields beyond those that the standard uses.
fn in_one(in1: &mut Vec<String>) {
    let number = in1.get(11).cloned().unwrap_or_default();
    change(in1, 10, |symbol| format!("{symbol}~{number}"));
    set(in1, 11, "");
    set(in1, 24, "as sent");
}
fn journal_line(draft: &Draft<'_>) -> String {
    let (patient, slot) = (draft.patient, draft.slot);
    let date = slot.date.map_or_else(|| "-".to_owned(), compact);
    format!("#SSMIX,2.00,,{patient},{date},{},{},INS,{},{}", slot.kind, slot.key, slot.department, draft.stamp)
}
