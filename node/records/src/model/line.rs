use super::silent;
use serde::{Deserialize, Serialize};

/// One row of a record as people read it. The words are the sender's; the kind is named so that a page can label it in
/// either language.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What the row is.
    pub kind: LineKind,
    /// Its own label from the data (a test's name, a drug); may be empty.
    pub label: String,
    /// The value in words or figures.
    pub value: String,
    /// The smaller print: unit, range, usage.
    pub detail: String,
    /// Whether it needs an eye.
    pub mark: Mark,
}

impl Line {
    /// A row with a value and nothing else.
    pub fn of(kind: LineKind, value: impl Into<String>) -> Self {
        Self { kind, label: String::new(), value: value.into(), detail: String::new(), mark: Mark::None }
    }
    /// The same row with a label.
    pub fn label(self, label: impl Into<String>) -> Self {
        Self { label: label.into(), ..self }
    }
    /// The same row with smaller print.
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }
    /// The same row with a mark.
    pub fn mark(self, mark: Mark) -> Self {
        Self { mark, ..self }
    }
    /// Adds the row to `lines` unless its value is empty.
    pub(crate) fn push_to(self, lines: &mut Vec<Self>) {
        if !self.value.is_empty() {
            lines.push(self);
        }
    }
}

macro_rules! line_kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        /// What a row of a record is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum LineKind { $($(#[$doc])* $name,)* }
        impl LineKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
            /// The word that pages and files know it by.
            pub fn word(self) -> &'static str { match self { $(Self::$name => $word,)* } }
        }
    };
}

line_kinds! {
    /// What happened: a visit's event, a stage of an order.
    Event = "event";
    /// A moment.
    Time = "time";
    /// 診療科
    Department = "department";
    /// 医師
    Doctor = "doctor";
    /// 病棟など
    Place = "place";
    /// A drug with its dose.
    Drug = "drug";
    /// 用法
    Usage = "usage";
    /// A result.
    Result = "result";
    /// 所見
    Finding = "finding";
    /// 手技
    Procedure = "procedure";
    /// A diagnosis.
    Disease = "disease";
    /// An allergen.
    Allergy = "allergy";
    /// Demographics.
    Basic = "basic";
    /// Insurance.
    Insurance = "insurance";
    /// 食事
    Meal = "meal";
    /// 検体
    Specimen = "specimen";
    /// Numbers that lead to another system: accession, study.
    Reference = "reference";
    /// A comment.
    Comment = "comment";
    /// A file of a document.
    File = "file";
    /// A field of a record that has no view of its own.
    Field = "field";
}

/// Whether a row needs an eye.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Mark {
    /// No.
    #[default]
    None,
    /// Below its range.
    Low,
    /// Above its range.
    High,
    /// Abnormal without a direction.
    Abnormal,
    /// Far out of range, severe.
    Alert,
    /// Cancelled, deleted or not performed.
    Struck,
}

silent!(Line);
