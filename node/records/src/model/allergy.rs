use super::{Code, Line, LineKind, Mark, silent};
use serde::{Deserialize, Serialize};

/// All allergies that a house knows of a patient (ADT-61).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allergies {
    /// In the order sent.
    pub items: Vec<Allergy>,
}

/// One allergy or intolerance.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allergy {
    /// Drug, food, pollen and so on (table 0127).
    pub class: Code,
    /// To what; often words only.
    pub allergen: Code,
    /// Table 0128: `SV`, `MO`, `MI`, `U`.
    pub severity: Code,
    /// Reactions in words.
    pub reactions: Vec<String>,
    /// Since when, as a date or in words.
    pub since: String,
    /// Confirmed, suspected, wrong (table 0438).
    pub certainty: Code,
    /// Not valid any more (IAM-6 `D`, or IAM-17 wrong or inactive).
    pub withdrawn: bool,
}

impl Allergies {
    /// One line without the patient's name.
    pub fn title(&self) -> String {
        let names: Vec<&str> =
            self.items.iter().filter(|item| !item.withdrawn).map(|item| item.allergen.shown()).collect();
        if names.is_empty() { "アレルギー 0件".into() } else { names.join("、") }
    }
    /// Rows for reading.
    pub fn lines(&self) -> Vec<Line> {
        self.items.iter().map(Allergy::line).collect()
    }
}

impl Allergy {
    /// One row for reading.
    pub fn line(&self) -> Line {
        let mark = match (self.withdrawn, self.severity.code.as_str()) {
            (true, _) => Mark::Struck,
            (_, "SV") => Mark::Alert,
            _ => Mark::Abnormal,
        };
        let mut detail: Vec<&str> = vec![self.severity.shown()];
        detail.extend(self.reactions.iter().map(String::as_str));
        detail.extend([self.certainty.shown(), self.since.as_str()]);
        detail.retain(|text| !text.is_empty());
        let line = Line::of(LineKind::Allergy, self.allergen.shown());
        line.label(self.class.shown()).detail(detail.join(" ")).mark(mark)
    }
}

silent!(Allergies, Allergy);
