use crate::hl7::{Field, Message, Segment};
use crate::limits::{GENERIC_FIELDS_MAX, GENERIC_SEGMENTS_MAX};
use crate::model::{Generic, GenericSegment};
use crate::ssmix2::kinds;
use protocol::kinds::DataKind;

/// A kind without a view of its own: every field that says something, in order. MSH and PID are told elsewhere.
pub(super) fn generic(kind: &DataKind, message: &Message<'_>) -> Generic {
    let (found, trigger, _) = message.kind();
    let shown = message.segments().iter().filter(|segment| !matches!(segment.name(), "MSH" | "PID"));
    Generic {
        name: kinds::japanese(kind).to_owned(),
        message: format!("{found}^{trigger}"),
        cancelled: message.all("ORC").any(|orc| orc.field(1).text() == "CA"),
        segments: shown.take(GENERIC_SEGMENTS_MAX).map(|segment| listed(*segment)).collect(),
    }
}

fn listed(segment: Segment<'_>) -> GenericSegment {
    let fields = segment.fields().map(|(number, field)| (number, readable(field))).filter(|(_, text)| !text.is_empty());
    GenericSegment { name: segment.name().to_owned(), fields: fields.take(GENERIC_FIELDS_MAX).collect() }
}

/// Repetitions joined by commas, components by spaces.
fn readable(field: Field<'_>) -> String {
    let repeats = field.repeats().map(|repeat| {
        let parts = repeat.components().map(|part| part.text().into_owned()).filter(|text| !text.is_empty());
        parts.collect::<Vec<_>>().join(" ")
    });
    repeats.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("、")
}
