use super::field;
use crate::hl7::{Message, Segment};
use crate::model::{Allergies, Allergy};
use crate::parsed::Problems;

/// ADT-61: one IAM per allergy.
pub(super) fn allergies(message: &Message<'_>, problems: &mut Problems) -> Allergies {
    Allergies { items: message.all("IAM").map(|iam| allergy(iam, problems)).collect() }
}

/// AL1 of the master data.
pub(super) fn of_master(al1: Segment<'_>) -> Allergy {
    Allergy {
        class: field::coded(al1, 2, "HL70127"),
        allergen: field::coded(al1, 3, ""),
        severity: field::coded(al1, 4, "HL70128"),
        reactions: reactions(al1),
        since: field::text(al1, 6),
        ..Allergy::default()
    }
}

fn allergy(iam: Segment<'_>, problems: &mut Problems) -> Allergy {
    let certainty = field::coded(iam, 17, "HL70438");
    let since = field::stamp(iam, 11, problems).map(|stamp| stamp.to_string()).unwrap_or_default();
    Allergy {
        class: field::coded(iam, 2, "HL70127"),
        allergen: field::coded(iam, 3, ""),
        severity: field::coded(iam, 4, "HL70128"),
        reactions: reactions(iam),
        since: if since.is_empty() { field::free_text(iam, 12, problems) } else { since },
        withdrawn: field::text(iam, 6) == "D" || matches!(certainty.code.as_str(), "E" | "I"),
        certainty,
    }
}

fn reactions(segment: Segment<'_>) -> Vec<String> {
    let field = segment.field(5);
    let texts =
        field.repeats().filter(|repeat| !repeat.component(1).is_null()).map(|repeat| repeat.whole().into_owned());
    texts.filter(|text| !text.is_empty()).collect()
}
