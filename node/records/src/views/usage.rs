//! TQ1: how and when drugs are taken, in words.
use super::field;
use crate::codes::{usage_supplement, usage_words};
use crate::hl7::{Segment, Stamp, types};
use crate::model::{Code, Usage};
use crate::parsed::Problems;

/// The usage of a group of segments: its TQ1, or ORC-7 of the first SS-MIX generation.
pub(super) fn usage(group: &[Segment<'_>], problems: &mut Problems) -> Usage {
    let mut all = group.iter().filter(|segment| segment.name() == "TQ1").map(|tq1| of_tq1(*tq1, problems));
    let Some(mut usage) = all.next() else {
        return field::find(group, "ORC").map(of_orc).unwrap_or_default();
    };
    let further: Vec<String> = all.map(|further| further.shown()).filter(|text| !text.is_empty()).collect();
    if !further.is_empty() {
        usage.note = format!("{} {}", usage.note, further.join(" ")).trim().to_owned();
    }
    usage
}

/// The words of an instruction that may be a JAMI supplement: `V14NNNNN^４錠` is the first dose of the day.
pub(super) fn instruction(code: &Code) -> String {
    let nth = code.code.strip_prefix('V').filter(|_| code.code.len() == 8).and_then(|rest| rest.chars().next());
    match nth.filter(char::is_ascii_digit) {
        Some(nth) if !code.text.is_empty() => format!("{nth}回目 {}", code.text),
        _ if code.text.is_empty() => usage_supplement(&code.code).unwrap_or_else(|| code.shown().to_owned()),
        _ => code.shown().to_owned(),
    }
}

fn of_tq1(tq1: Segment<'_>, problems: &mut Problems) -> Usage {
    let mut usage = Usage::default();
    let mut words = Vec::new();
    for (at, repeat) in tq1.field(3).repeats().enumerate() {
        let code = types::code(repeat.component(1).as_repeat());
        words.push(if at == 0 { first_words(&code) } else { instruction(&code) });
        if at == 0 {
            usage.code = code;
        }
    }
    words.retain(|text| !text.is_empty());
    usage.words = words.join(" ");
    if let Some(span) = types::quantity(tq1.field(6).first()) {
        let unit = span.unit.code.to_ascii_uppercase();
        if unit.is_empty() || unit == "D" || span.unit.text.contains('日') {
            usage.days = span.number;
        } else {
            usage.note = span.shown();
        }
    }
    usage.start = field::stamp(tq1, 7, problems);
    usage.end = field::stamp(tq1, 8, problems);
    usage.note = format!("{} {}", usage.note, field::free_text(tq1, 11, problems)).trim().to_owned();
    usage.times = field::text(tq1, 14);
    usage
}

fn first_words(code: &Code) -> String {
    if !code.text.is_empty() {
        return code.text.clone();
    }
    let other = code.other.as_ref();
    let known = usage_words(&code.code).or_else(|| other.and_then(|other| usage_words(&other.code)));
    known.or_else(|| usage_supplement(&code.code)).unwrap_or_else(|| code.shown().to_owned())
}

/// ORC-7 of HL7 v2.4: `quantity^interval^duration^start`, duration as `D5`.
fn of_orc(orc: Segment<'_>) -> Usage {
    let timing = orc.field(7).first();
    let code = types::code(timing.component(2).as_repeat());
    let days = timing.text(3);
    Usage {
        words: first_words(&code),
        code,
        days: days.strip_prefix(['D', 'd']).unwrap_or_default().to_owned(),
        start: Stamp::parse(&timing.text(4)).0,
        ..Usage::default()
    }
}
