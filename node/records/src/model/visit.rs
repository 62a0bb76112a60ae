use super::{Code, Line, LineKind, Mark, silent};
use crate::hl7::Stamp;
use serde::{Deserialize, Serialize};

/// One event of a visit or stay (ADT-01, ADT-12 to ADT-52).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// What happened.
    pub event: VisitEvent,
    /// The sender took it back.
    pub cancelled: bool,
    /// Inpatient (`I`); otherwise outpatient.
    pub inpatient: bool,
    /// When it happened, or is to happen.
    pub at: Option<Stamp>,
    /// When the patient is to be back from a leave (PV2-47).
    pub until: Option<Stamp>,
    /// Admission of the stay (PV1-44; for ADT-12 the reception).
    pub admitted: Option<Stamp>,
    /// Discharge (PV1-45).
    pub discharged: Option<Stamp>,
    /// 診療科
    pub department: Code,
    /// Ward, room and bed, or the department's place.
    pub place: String,
    /// Where the patient was before a move, or will be after a planned one.
    pub other_place: String,
    /// 主治医
    pub doctor: String,
    /// 退院区分 (table 0112).
    pub outcome: Code,
}

impl Visit {
    /// An event of which nothing else is known.
    pub fn of(event: VisitEvent) -> Self {
        Self {
            event,
            cancelled: false,
            inpatient: event != VisitEvent::Reception && event != VisitEvent::Doctor,
            at: None,
            until: None,
            admitted: None,
            discharged: None,
            department: Code::default(),
            place: String::new(),
            other_place: String::new(),
            doctor: String::new(),
            outcome: Code::default(),
        }
    }
    /// One line without the patient's name.
    pub fn title(&self) -> String {
        let cancelled = if self.cancelled { "（取消）" } else { "" };
        let department = self.department.shown();
        let gap = if department.is_empty() { "" } else { " " };
        format!("{}{cancelled}{gap}{department}", self.event.japanese())
    }
    /// Rows for reading.
    pub fn lines(&self) -> Vec<Line> {
        let mark = if self.cancelled { Mark::Struck } else { Mark::None };
        let class = if self.inpatient { "入院" } else { "外来" };
        let mut lines = vec![Line::of(LineKind::Event, self.event.japanese()).detail(class).mark(mark)];
        let time = |stamp: &Option<Stamp>| stamp.as_ref().map(Stamp::to_string).unwrap_or_default();
        Line::of(LineKind::Time, time(&self.at)).push_to(&mut lines);
        Line::of(LineKind::Time, time(&self.until)).label("帰院予定").push_to(&mut lines);
        if self.inpatient {
            Line::of(LineKind::Time, time(&self.admitted)).label("入院").push_to(&mut lines);
            Line::of(LineKind::Time, time(&self.discharged)).label("退院").push_to(&mut lines);
        }
        Line::of(LineKind::Department, self.department.shown()).push_to(&mut lines);
        Line::of(LineKind::Place, self.place.clone()).push_to(&mut lines);
        let other = if self.event == VisitEvent::MovePlanned { "移動先" } else { "移動前" };
        Line::of(LineKind::Place, self.other_place.clone()).label(other).push_to(&mut lines);
        Line::of(LineKind::Doctor, self.doctor.clone()).push_to(&mut lines);
        Line::of(LineKind::Event, self.outcome.shown()).label("退院区分").push_to(&mut lines);
        lines
    }
    /// Whether the patient left dead (table 0112: 20-29 and 40-42).
    pub fn is_death(&self) -> bool {
        !self.cancelled && self.outcome.code.parse::<u8>().is_ok_and(|code| matches!(code, 20..=29 | 40..=42))
    }
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $kind:literal, $japanese:literal;)*) => {
        /// What happened to a patient in a house.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum VisitEvent { $($(#[$doc])* $name,)* }
        impl VisitEvent {
            /// The event that this kind of record tells of.
            pub fn of_kind(kind: &str) -> Option<Self> { match kind { $($kind => Some(Self::$name),)* _ => None } }
            /// In words of the field.
            pub fn japanese(self) -> &'static str { match self { $(Self::$name => $japanese,)* } }
        }
    };
}

events! {
    /// The doctor in charge changed.
    Doctor = "ADT-01", "担当医";
    /// Came to the outpatient desk.
    Reception = "ADT-12", "外来受付";
    /// Is to be admitted.
    AdmissionPlanned = "ADT-21", "入院予定";
    /// Was admitted.
    Admission = "ADT-22", "入院";
    /// Left for a day or night.
    Leave = "ADT-31", "外出泊";
    /// Came back from it.
    Return = "ADT-32", "外出泊帰院";
    /// Is to move to another ward or department.
    MovePlanned = "ADT-41", "転科・転棟予定";
    /// Moved.
    Move = "ADT-42", "転科・転棟";
    /// Is to be discharged.
    DischargePlanned = "ADT-51", "退院予定";
    /// Was discharged.
    Discharge = "ADT-52", "退院";
}

silent!(Visit);
