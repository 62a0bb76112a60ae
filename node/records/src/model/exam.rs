use super::{Code, LabItem, Line, LineKind, Stage, drug, lab, silent};
use crate::hl7::Stamp;
use serde::{Deserialize, Serialize};

/// A radiology or endoscopy examination, ordered or done (OMG-01, -02, -11, -12).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imaging {
    /// Order number of the examination as a whole.
    pub order: String,
    /// Ordered or done.
    pub stage: Stage,
    /// When it was done, or ordered.
    pub at: Option<Stamp>,
    /// 診療科
    pub department: Code,
    /// Who ordered.
    pub doctor: String,
    /// What was asked for (JJ1017, LENDO).
    pub exam: Code,
    /// `CR`, `CT`, `MR`, `ES` (IPC-5).
    pub modality: String,
    /// Study Instance UID: the link to the picture archive (IPC-3).
    pub study_uid: String,
    /// Accession number (IPC-1).
    pub accession: String,
    /// When it is to be done.
    pub planned: Option<Stamp>,
    /// 優先度 (table 0485).
    pub priority: Code,
    /// Single exposures and procedures.
    pub procedures: Vec<Procedure>,
    /// Clinical questions, findings, drugs and materials.
    pub findings: Vec<Finding>,
}

/// One exposure or procedure of an examination.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Procedure {
    /// Code and words.
    pub code: Code,
    /// How often.
    pub count: String,
    /// Whether it was done (ZE1) or only asked for.
    pub performed: bool,
    /// Exposure data in words (ZE2).
    pub exposure: String,
}

/// One finding or remark.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What it is about.
    pub label: String,
    /// What it says.
    pub text: String,
}

/// A physiological examination, ordered or done (OMG-03, OMG-13).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Physiology {
    /// Order number.
    pub order: String,
    /// Ordered or done.
    pub stage: Stage,
    /// When it was done, or ordered.
    pub at: Option<Stamp>,
    /// 診療科
    pub department: Code,
    /// Who ordered.
    pub doctor: String,
    /// Which examinations.
    pub exams: Vec<Code>,
    /// When it is to be done.
    pub planned: Option<Stamp>,
    /// 優先度 (table 0485).
    pub priority: Code,
    /// Measurements.
    pub items: Vec<LabItem>,
    /// Impressions and clinical questions.
    pub findings: Vec<Finding>,
}

impl Imaging {
    /// One line without the patient's name.
    pub fn title(&self) -> String {
        let exam = if self.exam.is_empty() {
            self.procedures.first().map_or("画像検査", |p| p.code.shown())
        } else {
            self.exam.shown()
        };
        stage_title(exam, self.stage)
    }
    /// Rows for reading.
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = drug::head(self.stage, &self.at, &self.department, &self.doctor);
        let planned = self.planned.as_ref().map(Stamp::to_string).unwrap_or_default();
        Line::of(LineKind::Time, planned).label("予定").detail(self.priority.shown()).push_to(&mut lines);
        Line::of(LineKind::Procedure, self.exam.shown()).detail(self.modality.clone()).push_to(&mut lines);
        for procedure in &self.procedures {
            let count = if procedure.count.is_empty() { String::new() } else { format!("{}回 ", procedure.count) };
            let detail = format!("{count}{}", procedure.exposure).trim().to_owned();
            Line::of(LineKind::Procedure, procedure.code.shown()).detail(detail).push_to(&mut lines);
        }
        lines.extend(self.findings.iter().map(Finding::line));
        Line::of(LineKind::Reference, self.accession.clone()).label("受付番号").push_to(&mut lines);
        Line::of(LineKind::Reference, self.study_uid.clone()).label("検査UID").push_to(&mut lines);
        lines
    }
}

impl Physiology {
    /// One line without the patient's name.
    pub fn title(&self) -> String {
        stage_title(self.exams.first().map_or("生理検査", Code::shown), self.stage)
    }
    /// Rows for reading.
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = drug::head(self.stage, &self.at, &self.department, &self.doctor);
        let planned = self.planned.as_ref().map(Stamp::to_string).unwrap_or_default();
        Line::of(LineKind::Time, planned).label("予定").detail(self.priority.shown()).push_to(&mut lines);
        for exam in &self.exams {
            Line::of(LineKind::Procedure, exam.shown()).push_to(&mut lines);
        }
        lines.extend(self.findings.iter().map(Finding::line));
        lines.extend(lab::rows(&self.items));
        lines
    }
}

impl Finding {
    fn line(&self) -> Line {
        Line::of(LineKind::Finding, self.text.clone()).label(self.label.clone())
    }
}

fn stage_title(exam: &str, stage: Stage) -> String {
    match stage {
        Stage::Performed => exam.to_owned(),
        other => format!("{exam}（{}）", other.japanese()),
    }
}

silent!(Imaging, Procedure, Finding, Physiology);
