use super::*;
use crate::hl7::Stamp;
use crate::limits::TITLE_CHARS_MAX;
use protocol::kinds::Coarse;
use protocol::time::Date;
use serde::{Deserialize, Serialize};

/// One clinical record in the house's own form, whatever format it came in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Clinical {
    /// 患者基本情報
    Patient(Box<Patient>),
    /// 受付, 入退院, 転科, 担当医
    Visit(Box<Visit>),
    /// アレルギー
    Allergies(Allergies),
    /// 病名
    Problems(Problems),
    /// 処方
    Prescription(Box<Prescription>),
    /// 注射
    Injection(Box<Injection>),
    /// 検体検査
    Lab(Box<LabReport>),
    /// 放射線, 内視鏡
    Imaging(Box<Imaging>),
    /// 生理検査
    Physiology(Box<Physiology>),
    /// 食事
    Meal(Box<MealOrder>),
    /// 文書
    Document(Box<Document>),
    /// Anything else.
    Generic(Box<Generic>),
}

impl Clinical {
    /// One short line for a timeline; never with the patient's name.
    pub fn title(&self) -> String {
        let title = match self {
            Self::Patient(patient) if patient.deleted => "患者基本情報（削除）".into(),
            Self::Patient(_) => "患者基本情報".into(),
            Self::Visit(visit) => visit.title(),
            Self::Allergies(list) => list.title(),
            Self::Problems(list) => list.title(),
            Self::Prescription(prescription) => prescription.title(),
            Self::Injection(injection) => injection.title(),
            Self::Lab(report) => report.title(),
            Self::Imaging(exam) => exam.title(),
            Self::Physiology(exam) => exam.title(),
            Self::Meal(order) => order.title(),
            Self::Document(document) => document.title(),
            Self::Generic(record) => record.title(),
        };
        let flat = title.replace(['\n', '\r', '\t'], " ");
        if flat.chars().count() <= TITLE_CHARS_MAX {
            return flat;
        }
        flat.chars().take(TITLE_CHARS_MAX - 1).chain(['…']).collect()
    }
    /// The coarse kind by content. For a generic record the data kind of its path says more.
    pub fn coarse(&self) -> Coarse {
        match self {
            Self::Patient(_) => Coarse::Basic,
            Self::Visit(visit) if visit.event == VisitEvent::Doctor => Coarse::Basic,
            Self::Visit(_) => Coarse::Visit,
            Self::Allergies(_) => Coarse::Allergy,
            Self::Problems(_) => Coarse::Disease,
            Self::Prescription(_) => Coarse::Prescription,
            Self::Injection(_) => Coarse::Injection,
            Self::Lab(_) => Coarse::Lab,
            Self::Imaging(_) => Coarse::Image,
            Self::Physiology(_) => Coarse::Physiology,
            Self::Meal(_) => Coarse::Meal,
            Self::Document(_) => Coarse::Document,
            Self::Generic(_) => Coarse::Other,
        }
    }
    /// When it happened, as exactly as the message says; none for whole-state records and documents.
    pub fn at(&self) -> Option<&Stamp> {
        match self {
            Self::Visit(visit) => visit.at.as_ref(),
            Self::Prescription(prescription) => prescription.at.as_ref(),
            Self::Injection(injection) => injection.at.as_ref(),
            Self::Lab(report) => report.at.as_ref().or(report.reported.as_ref()),
            Self::Imaging(exam) => exam.at.as_ref(),
            Self::Physiology(exam) => exam.at.as_ref(),
            Self::Meal(order) => order.at.as_ref(),
            Self::Patient(_) | Self::Allergies(_) | Self::Problems(_) | Self::Document(_) | Self::Generic(_) => None,
        }
    }
    /// The day it happened.
    pub fn date(&self) -> Option<Date> {
        self.at().and_then(Stamp::date)
    }
    /// 診療科; empty if the message does not say.
    pub fn department(&self) -> &str {
        match self {
            Self::Visit(visit) => visit.department.shown(),
            Self::Prescription(prescription) => prescription.department.shown(),
            Self::Injection(injection) => injection.department.shown(),
            Self::Lab(report) => report.department.shown(),
            Self::Imaging(exam) => exam.department.shown(),
            Self::Physiology(exam) => exam.department.shown(),
            Self::Meal(order) => order.department.shown(),
            _ => "",
        }
    }
    /// Whether the message takes something back (取消 trigger, ORC-1 `CA`).
    pub fn is_cancelled(&self) -> bool {
        match self {
            Self::Patient(patient) => patient.deleted,
            Self::Visit(visit) => visit.cancelled,
            Self::Prescription(prescription) => prescription.stage == Stage::Cancelled,
            Self::Injection(injection) => injection.stage == Stage::Cancelled,
            Self::Lab(report) => report.stage == Stage::Cancelled,
            Self::Imaging(exam) => exam.stage == Stage::Cancelled,
            Self::Physiology(exam) => exam.stage == Stage::Cancelled,
            Self::Meal(order) => order.stage == Stage::Cancelled,
            Self::Generic(record) => record.cancelled,
            Self::Allergies(_) | Self::Problems(_) | Self::Document(_) => false,
        }
    }
    /// Whether it holds something that the sender marked as not to be shown by default (PRB-25).
    pub fn has_restricted(&self) -> bool {
        matches!(self, Self::Problems(list) if list.items.iter().any(|item| item.restricted))
    }
    /// All of it as rows for reading, in order.
    pub fn lines(&self) -> Vec<Line> {
        match self {
            Self::Patient(patient) => patient.lines(),
            Self::Visit(visit) => visit.lines(),
            Self::Allergies(list) => list.lines(),
            Self::Problems(list) => list.lines(),
            Self::Prescription(prescription) => prescription.lines(),
            Self::Injection(injection) => injection.lines(),
            Self::Lab(report) => report.lines(),
            Self::Imaging(exam) => exam.lines(),
            Self::Physiology(exam) => exam.lines(),
            Self::Meal(order) => order.lines(),
            Self::Document(document) => document.lines(),
            Self::Generic(record) => record.lines(),
        }
    }
}

impl std::fmt::Debug for Clinical {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clinical {} ‹redacted›", self.coarse())
    }
}
