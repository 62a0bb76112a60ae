//! OBX: one observation with its value, whatever its type.
use super::field;
use crate::Fault;
use crate::hl7::types::{self, is_plain_number};
use crate::hl7::{Repeat, Segment, Stamp};
use crate::model::{Code, LabItem, LabRow, LabStatus};
use crate::parsed::Problems;

/// Reads one OBX.
pub(super) fn item(obx: Segment<'_>, problems: &mut Problems) -> LabItem {
    let code = field::coded(obx, 3, "");
    if code.system == "JC10" && !is_jlac10(&code.code) {
        problems.add_once(obx.place_of(3), Fault::CodeUnverified);
    }
    let raw_code = obx.field(3).component(1).raw();
    let value_code = match field::text(obx, 2).as_str() {
        "CWE" | "CE" | "CNE" => types::code(obx.field(5).first()),
        _ => Code::default(),
    };
    let value = value(obx, problems);
    let number = is_plain_number(&value).then(|| value.clone());
    let comparison = comparison(&value);
    if field::text(obx, 2) == "NM" && number.is_none() && !value.is_empty() {
        problems.add(obx.place_of(5), Fault::BadNumber);
    }
    LabItem {
        row: if raw_code.contains("&IMP") { LabRow::Remark } else { LabRow::Result },
        jlac10: jlac10_of(&code),
        code,
        number,
        comparison,
        value,
        value_code,
        unit_code: types::code(obx.field(6).first()),
        unit: unit(obx, problems),
        range: field::free_text(obx, 7, problems),
        flag: field::text(obx, 8),
        status: LabStatus::parse(&field::text(obx, 11)),
        at: field::stamp(obx, 14, problems),
        sub_id: field::text(obx, 4),
        ..LabItem::default()
    }
}

/// The value in words. All repetitions count.
pub(super) fn value(obx: Segment<'_>, problems: &mut Problems) -> String {
    let said = field::text(obx, 2);
    let field = obx.field(5);
    if field.is_empty() || field.is_null() {
        return String::new();
    }
    let mut rejoined = false;
    let mut inferred = false;
    let values = field.repeats().map(|repeat| {
        let kind = if said.is_empty() {
            inferred = true;
            infer(repeat)
        } else {
            said.as_str()
        };
        typed(kind, repeat, &mut rejoined)
    });
    let values: Vec<String> = values.filter(|text| !text.is_empty()).collect();
    if rejoined {
        problems.add(obx.place_of(5), Fault::Rejoined);
    }
    if inferred {
        problems.add_once(obx.place_of(2), Fault::ValueType);
    }
    values.join("、")
}

fn infer(repeat: Repeat<'_>) -> &'static str {
    let parts = repeat.components().count();
    match (parts, is_comparison(&repeat.text(1)) || parts > 1 && is_plain_number(&repeat.text(2))) {
        (1, _) => "ST",
        (_, true) => "SN",
        _ => "CWE",
    }
}

fn typed(kind: &str, repeat: Repeat<'_>, rejoined: &mut bool) -> String {
    match kind {
        "CWE" | "CE" | "CNE" | "CF" => types::code(repeat).shown().to_owned(),
        "SN" => {
            repeat.components().map(|part| part.text().into_owned()).collect::<Vec<_>>().join(" ").trim().to_owned()
        }
        "TS" | "DT" | "DTM" => {
            let text = repeat.text(1);
            Stamp::parse(&text).0.map_or_else(|| text.into_owned(), |stamp| stamp.to_string())
        }
        "XCN" => types::staff(repeat),
        "ZRD" => {
            let unit = types::code(repeat.component(5).as_repeat());
            let name = if repeat.text(2).is_empty() { repeat.text(1) } else { repeat.text(2) };
            format!("{name} {}{}", repeat.text(4), unit.shown()).trim().to_owned()
        }
        "NM" => repeat.text(1).into_owned(),
        _ => {
            let parts: Vec<String> = repeat.components().map(|part| part.text().into_owned()).collect();
            match parts.as_slice() {
                // `code^text^system` in a plain text: the words are in the middle.
                [_, words, system] if !words.is_empty() && is_system(system) => words.clone(),
                [_] => repeat.whole().into_owned(),
                _ => {
                    *rejoined = true;
                    repeat.whole().into_owned()
                }
            }
        }
    }
}

fn is_system(text: &str) -> bool {
    (2..=10).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+')
}

fn is_comparison(text: &str) -> bool {
    matches!(text, "<" | "<=" | ">" | ">=" | "=" | "<>")
}

/// `< 0.02`, `>=200`, `100以上`: the sign, if there is a plain number beside it.
fn comparison(value: &str) -> String {
    let signs = [">=", "<=", "≧", "≦", ">", "<", "＞", "＜"];
    let words = [("以上", ">="), ("以下", "<="), ("未満", "<")];
    let worded =
        words.iter().find(|(word, _)| value.strip_suffix(word).is_some_and(|rest| is_plain_number(rest.trim())));
    if let Some((_, sign)) = worded {
        return (*sign).to_owned();
    }
    let found = signs.iter().find_map(|sign| value.strip_prefix(sign).map(|rest| (*sign, rest.trim())));
    match found.filter(|(_, rest)| is_plain_number(rest)) {
        Some(("≧", _)) => ">=".into(),
        Some(("≦", _)) => "<=".into(),
        Some(("＞", _)) => ">".into(),
        Some(("＜", _)) => "<".into(),
        Some((sign, _)) => sign.into(),
        None => String::new(),
    }
}

/// The unit in words. An unescaped `10^2/μL` is put together again.
fn unit(obx: Segment<'_>, problems: &mut Problems) -> String {
    let repeat = obx.field(6).first();
    let (first, second) = (repeat.text(1), repeat.text(2));
    let parted = !first.is_empty() && !second.is_empty() && repeat.text(3).is_empty();
    if parted && first.bytes().all(|b| b.is_ascii_digit()) {
        problems.add(obx.place_of(6), Fault::Rejoined);
        return repeat.whole().into_owned();
    }
    types::code(repeat).shown().to_owned()
}

/// The code if its system or shape says JLAC10; the standard's triplet counts wherever it stands.
pub(super) fn jlac10_of(code: &Code) -> String {
    let found = code.in_system("JC10").unwrap_or_default();
    let bare = found.split('&').next().unwrap_or_default();
    let fits = (5..=17).contains(&bare.len()) && bare.bytes().all(|b| b.is_ascii_alphanumeric());
    if fits { bare.to_owned() } else { String::new() }
}

/// Whether it is one test, not a group of them.
pub(super) fn is_whole_jlac10(code: &Code) -> bool {
    matches!(jlac10_of(code).len(), 15 | 17)
}

/// Seventeen characters; orders may end at 15, 12 or the five of the analyte. A suffix (`&IMP`) marks comments.
fn is_jlac10(code: &str) -> bool {
    let bare = code.split('&').next().unwrap_or_default();
    matches!(bare.len(), 5 | 12 | 15 | 17) && bare.bytes().all(|b| b.is_ascii_alphanumeric())
}
