use super::{Code, Line, LineKind, Mark, Stage, drug, silent};
use crate::hl7::Stamp;
use crate::limits::TITLE_CHARS_MAX;
use serde::{Deserialize, Serialize};

/// Laboratory results of one order, or the order itself (OML-11, OML-01).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabReport {
    /// Order number.
    pub order: String,
    /// Ordered or resulted.
    pub stage: Stage,
    /// When the specimen was taken.
    pub at: Option<Stamp>,
    /// When it was reported.
    pub reported: Option<Stamp>,
    /// When the specimen is to be taken (TQ1-7; OBR-27 of the first generation).
    pub planned: Option<Stamp>,
    /// 優先度 (table 0485).
    pub priority: Code,
    /// 診療科
    pub department: Code,
    /// Who ordered.
    pub doctor: String,
    /// Rows in the order sent.
    pub items: Vec<LabItem>,
    /// Comments on the report as a whole.
    pub comments: Vec<String>,
}

/// One test with its result.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabItem {
    /// The test: JLAC10 and the site's own code.
    pub code: Code,
    /// What kind of row it is.
    pub row: LabRow,
    /// The code by its shape: JLAC10 of 17 characters, or as much of one as was sent; empty for a site's own.
    pub jlac10: String,
    /// The group it was ordered in (OBR-4), in words.
    pub group: String,
    /// The same as a code.
    pub ordered: Code,
    /// Which result the row's group belongs to (OBR-26).
    pub parent: ParentResult,
    /// 材料
    pub specimen: Code,
    /// The value in words as sent; empty if there is none yet.
    pub value: String,
    /// The value as a code, where it is one (OBX-2 CWE): an organism, a blood type.
    pub value_code: Code,
    /// The plain number, if the value is one (no comparison, no sign of quality).
    pub number: Option<String>,
    /// `<`, `<=`, `>`, `>=` of a censored value.
    pub comparison: String,
    /// Unit in words.
    pub unit: String,
    /// Unit as a code (`mg/dL^mg/dL^ISO+`).
    pub unit_code: Code,
    /// Reference range as sent.
    pub range: String,
    /// Flag of table 0078 as sent.
    pub flag: String,
    /// How final it is.
    pub status: LabStatus,
    /// When it was taken or measured.
    pub at: Option<Stamp>,
    /// Groups rows that belong together (organism and quantity).
    pub sub_id: String,
    /// Comments on it.
    pub comments: Vec<String>,
}

/// What kind of row an OBX is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LabRow {
    /// A result.
    #[default]
    Result,
    /// The state of the specimen: haemolysis and the like, never a result of the patient.
    Specimen,
    /// A comment that was sent as a row.
    Remark,
}

/// The result that a group of rows belongs to: of a susceptibility, the organism.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParentResult {
    /// Its test.
    pub test: Code,
    /// Its OBX-4.
    pub sub_id: String,
    /// Its value, if that was repeated.
    pub value: String,
}

/// How final a result is (table 0085).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LabStatus {
    /// Ordered only.
    Ordered,
    /// Not final.
    Preliminary,
    /// Final.
    #[default]
    Final,
    /// Final and corrected.
    Corrected,
    /// Could not be measured.
    Failed,
    /// Withdrawn or sent by mistake.
    Deleted,
}

impl LabStatus {
    /// Reads the letter of OBX-11; what is unknown counts as preliminary, an absent one as final.
    pub fn parse(letter: &str) -> Self {
        match letter {
            "" | "F" | "U" => Self::Final,
            "O" | "N" => Self::Ordered,
            "C" => Self::Corrected,
            "X" => Self::Failed,
            "D" | "W" => Self::Deleted,
            _ => Self::Preliminary,
        }
    }
    /// In words of the field; nothing for a final result.
    pub fn japanese(self) -> &'static str {
        match self {
            Self::Ordered => "依頼",
            Self::Preliminary => "中間報告",
            Self::Final => "",
            Self::Corrected => "訂正",
            Self::Failed => "検査不能",
            Self::Deleted => "削除",
        }
    }
}

impl LabReport {
    /// One line without the patient's name: the groups, or the first tests.
    pub fn title(&self) -> String {
        let mut groups: Vec<&str> =
            self.items.iter().map(|item| item.group.as_str()).filter(|text| !text.is_empty()).collect();
        groups.dedup();
        let head = if groups.is_empty() { "検体検査".to_owned() } else { groups.join("・") };
        let results = || self.items.iter().filter(|item| item.row == LabRow::Result);
        let abnormal = results().filter(|item| item.mark() != Mark::None && item.mark() != Mark::Struck).count();
        match (self.stage, abnormal) {
            (Stage::Cancelled, _) => format!("{head}（取消）"),
            (Stage::Ordered, _) => format!("{head} 依頼{}項目", results().count()),
            (_, 0) => format!("{head} {}項目", results().count()),
            (_, n) => format!("{head} {}項目、異常{n}", results().count()),
        }
    }
    /// Rows for reading.
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = drug::head(self.stage, &self.at, &self.department, &self.doctor);
        let planned = self.planned.as_ref().map(Stamp::to_string).unwrap_or_default();
        Line::of(LineKind::Time, planned).label("予定").detail(self.priority.shown()).push_to(&mut lines);
        let mut specimens: Vec<&str> = self.items.iter().map(|item| item.specimen.shown()).collect();
        specimens.dedup();
        specimens.retain(|text| !text.is_empty());
        Line::of(LineKind::Specimen, specimens.join("、")).push_to(&mut lines);
        for culture in self.cultures() {
            lines.push(culture.line());
        }
        lines.extend(rows(&self.items));
        lines.extend(self.comments.iter().map(|text| Line::of(LineKind::Comment, text.clone())));
        lines
    }
}

/// Rows of tests with their comments behind each.
pub(super) fn rows(items: &[LabItem]) -> impl Iterator<Item = Line> + '_ {
    items.iter().flat_map(|item| {
        // The label is repeated, so it is kept short: many comments on one long name must not fill the memory.
        let label: String = item.code.shown().chars().take(TITLE_CHARS_MAX).collect();
        let comments =
            item.comments.iter().map(move |text| Line::of(LineKind::Comment, text.clone()).label(label.clone()));
        std::iter::once(item.line()).chain(comments)
    })
}

impl LabItem {
    /// One row for reading.
    pub fn line(&self) -> Line {
        let detail = [self.unit.as_str(), self.range.as_str(), self.flag.as_str(), self.status.japanese()];
        let detail: Vec<&str> = detail.into_iter().filter(|text| !text.is_empty()).collect();
        let kind = match self.row {
            LabRow::Result => LineKind::Result,
            LabRow::Specimen => LineKind::Specimen,
            LabRow::Remark => LineKind::Comment,
        };
        let line = Line::of(kind, self.value.clone());
        line.label(self.code.shown()).detail(detail.join(" ")).mark(self.mark())
    }
    /// The analyte and its identification of a JLAC10 code: what two rows must share to be the same test, whatever their
    /// specimen and method. None if the code is shorter or is none.
    pub fn analyte(&self) -> Option<&str> {
        self.jlac10.get(..9)
    }
    /// What the flag says.
    pub fn mark(&self) -> Mark {
        match (self.status, self.flag.as_str()) {
            (LabStatus::Deleted, _) => Mark::Struck,
            _ if self.row != LabRow::Result => Mark::None,
            (_, "LL" | "HH" | "AA" | "<" | ">") => Mark::Alert,
            (_, "L") => Mark::Low,
            (_, "H") => Mark::High,
            (_, "" | "N" | "S" | "U" | "D" | "B" | "W") => Mark::None,
            _ => Mark::Abnormal,
        }
    }
}

silent!(LabReport, LabItem, ParentResult);
