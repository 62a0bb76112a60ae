//! Small readers that every view uses.
use crate::Fault;
use crate::hl7::{Segment, Stamp, types};
use crate::model::{Amount, Code};
use crate::parsed::Problems;

/// A moment; what is no moment is told once per field.
pub(super) fn stamp(segment: Segment<'_>, number: usize, problems: &mut Problems) -> Option<Stamp> {
    let (stamp, odd) = Stamp::parse(&segment.field(number).text());
    if odd {
        problems.add(segment.place_of(u16::try_from(number).unwrap_or(u16::MAX)), Fault::BadDate);
    }
    stamp
}

/// A coded value; if no system was sent, it is this one.
pub(super) fn coded(segment: Segment<'_>, number: usize, system: &str) -> Code {
    let code = types::code(segment.field(number).first());
    if code.system.is_empty() && !code.code.is_empty() { Code { system: system.to_owned(), ..code } } else { code }
}

/// A plain text.
pub(super) fn text(segment: Segment<'_>, number: usize) -> String {
    segment.field(number).text().into_owned()
}

/// A text that is no place for delimiters: unescaped ones are taken as a part of it and told.
pub(super) fn free_text(segment: Segment<'_>, number: usize, problems: &mut Problems) -> String {
    let field = segment.field(number);
    if field.is_null() {
        return String::new();
    }
    if field.first().components().count() > 1 {
        problems.add(segment.place_of(u16::try_from(number).unwrap_or(u16::MAX)), Fault::Rejoined);
    }
    field.whole().into_owned()
}

/// The words of each repetition of a coded field.
pub(super) fn words(segment: Segment<'_>, number: usize) -> Vec<String> {
    let words = segment.field(number).repeats().map(|repeat| types::code(repeat).shown().to_owned());
    words.filter(|text| !text.is_empty()).collect()
}

/// An amount from a field with the number and a field with the unit; a unit without system is MERIT-9's.
pub(super) fn amount(segment: Segment<'_>, number: usize, unit: usize) -> Amount {
    Amount { number: text(segment, number), number_max: String::new(), unit: coded(segment, unit, "MR9P") }
}

/// The staff of a field, as one text.
pub(super) fn staff(segment: Segment<'_>, number: usize) -> String {
    types::staff(segment.field(number).first())
}

/// The comments (NTE) of a group of segments.
pub(super) fn comments(group: &[Segment<'_>], problems: &mut Problems) -> Vec<String> {
    let notes = group.iter().filter(|segment| segment.name() == "NTE");
    notes.map(|note| free_text(*note, 3, problems)).filter(|text| !text.is_empty()).collect()
}

/// The first segment of a group with this name.
pub(super) fn find<'a>(group: &[Segment<'a>], name: &str) -> Option<Segment<'a>> {
    group.iter().copied().find(|segment| segment.name() == name)
}
