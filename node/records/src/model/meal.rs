use super::{Code, Line, LineKind, Stage, drug, silent};
use crate::hl7::Stamp;
use serde::{Deserialize, Serialize};

/// What a patient in bed is to eat (OMD).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MealOrder {
    /// Order number.
    pub order: String,
    /// Ordered or taken back.
    pub stage: Stage,
    /// When it was ordered or changed.
    pub at: Option<Stamp>,
    /// 診療科
    pub department: Code,
    /// Who ordered.
    pub doctor: String,
    /// One per change of diet; some houses write all of a stay in one order on the day of discharge.
    pub meals: Vec<Meal>,
}

/// One diet from one meal to another.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meal {
    /// 食事, 補食 or 嗜好 (table 0159).
    pub class: Code,
    /// 食種
    pub diets: Vec<Code>,
    /// Which meals of the day (ODS-2), if not all.
    pub periods: Vec<Code>,
    /// How often a day (TQ1-3).
    pub pattern: Code,
    /// First meal, to the hour if it was said.
    pub start: Option<Stamp>,
    /// Last meal; none while it goes on.
    pub end: Option<Stamp>,
    /// 優先度 (table 0485).
    pub priority: Code,
    /// Instructions and comments in words.
    pub instructions: Vec<String>,
}

impl MealOrder {
    /// One line without the patient's name.
    pub fn title(&self) -> String {
        let mut diets = self.meals.iter().flat_map(|meal| &meal.diets).map(Code::shown).filter(|name| !name.is_empty());
        let cancelled = if self.stage == Stage::Cancelled { "（取消）" } else { "" };
        match (diets.next(), diets.count()) {
            (None, _) => format!("食事{cancelled}"),
            (Some(first), 0) => format!("食事 {first}{cancelled}"),
            (Some(first), more) => format!("食事 {first} ほか{more}件{cancelled}"),
        }
    }
    /// Rows for reading.
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = drug::head(self.stage, &self.at, &self.department, &self.doctor);
        lines.extend(self.meals.iter().map(|meal| meal.line(self.stage)));
        for meal in &self.meals {
            lines.extend(meal.instructions.iter().map(|text| Line::of(LineKind::Comment, text.clone())));
        }
        lines
    }
}

impl Meal {
    fn line(&self, stage: Stage) -> Line {
        let words = |codes: &[Code]| codes.iter().map(Code::shown).collect::<Vec<_>>().join("、");
        let time = |stamp: &Option<Stamp>| stamp.as_ref().map(Stamp::to_string).unwrap_or_default();
        let mut detail = vec![self.pattern.shown().to_owned(), words(&self.periods)];
        if self.start.is_some() || self.end.is_some() {
            detail.push(format!("{} – {}", time(&self.start), time(&self.end)).trim().to_owned());
        }
        detail.retain(|text| !text.is_empty());
        let line = Line::of(LineKind::Meal, words(&self.diets)).label(self.class.shown());
        line.detail(detail.join(" ")).mark(stage.mark())
    }
}

silent!(MealOrder, Meal);
