use super::{Code, Line, LineKind, Mark, Stage, drug, silent};
use crate::hl7::Stamp;
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
    /// The group it was ordered in (OBR-4).
    pub group: String,
    /// 材料
    pub specimen: Code,
    /// The value in words as sent; empty if there is none yet.
    pub value: String,
    /// The plain number, if the value is one (no comparison, no sign of quality).
    pub number: Option<String>,
    /// `<`, `<=`, `>`, `>=` of a censored value.
    pub comparison: String,
    /// Unit as sent.
    pub unit: String,
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
        let abnormal =
            self.items.iter().filter(|item| item.mark() != Mark::None && item.mark() != Mark::Struck).count();
        match (self.stage, abnormal) {
            (Stage::Cancelled, _) => format!("{head}（取消）"),
            (Stage::Ordered, _) => format!("{head} 依頼{}項目", self.items.len()),
            (_, 0) => format!("{head} {}項目", self.items.len()),
            (_, n) => format!("{head} {}項目、異常{n}", self.items.len()),
        }
    }
    /// Rows for reading.
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = drug::head(self.stage, &self.at, &self.department, &self.doctor);
        lines.extend(rows(&self.items));
        lines.extend(self.comments.iter().map(|text| Line::of(LineKind::Comment, text.clone())));
        lines
    }
}

/// Rows of tests with their comments behind each.
pub(super) fn rows(items: &[LabItem]) -> impl Iterator<Item = Line> + '_ {
    items.iter().flat_map(|item| {
        let comments =
            item.comments.iter().map(|text| Line::of(LineKind::Comment, text.clone()).label(item.code.shown()));
        std::iter::once(item.line()).chain(comments)
    })
}

impl LabItem {
    /// One row for reading.
    pub fn line(&self) -> Line {
        let detail = [self.unit.as_str(), self.range.as_str(), self.flag.as_str(), self.status.japanese()];
        let detail: Vec<&str> = detail.into_iter().filter(|text| !text.is_empty()).collect();
        let line = Line::of(LineKind::Result, self.value.clone());
        line.label(self.code.shown()).detail(detail.join(" ")).mark(self.mark())
    }
    /// What the flag says.
    pub fn mark(&self) -> Mark {
        match (self.status, self.flag.as_str()) {
            (LabStatus::Deleted, _) => Mark::Struck,
            (_, "LL" | "HH" | "AA" | "<" | ">") => Mark::Alert,
            (_, "L") => Mark::Low,
            (_, "H") => Mark::High,
            (_, "" | "N" | "S" | "U" | "D" | "B" | "W") => Mark::None,
            _ => Mark::Abnormal,
        }
    }
}

silent!(LabReport, LabItem);
