use super::{Amount, Code, Line, LineKind, Mark, silent};
use crate::hl7::Stamp;
use serde::{Deserialize, Serialize};

/// How far an order has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Stage {
    /// オーダ
    #[default]
    Ordered,
    /// 実施
    Performed,
    /// The order or its record was taken back.
    Cancelled,
}

impl Stage {
    /// In words of the field.
    pub fn japanese(self) -> &'static str {
        match self {
            Self::Ordered => "オーダ",
            Self::Performed => "実施",
            Self::Cancelled => "取消",
        }
    }
    pub(super) fn mark(self) -> Mark {
        if self == Self::Cancelled { Mark::Struck } else { Mark::None }
    }
}

/// A prescription or what was dispensed or given of it (OMP-01, OMP-11).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prescription {
    /// Order number.
    pub order: String,
    /// How far it is.
    pub stage: Stage,
    /// When it was ordered or given.
    pub at: Option<Stamp>,
    /// 診療科
    pub department: Code,
    /// Who ordered.
    pub doctor: String,
    /// 処方区分 (外来処方, 院外処方 …) in words.
    pub classes: Vec<String>,
    /// One per RP.
    pub groups: Vec<DrugGroup>,
}

/// One RP: drugs that are taken together in one way.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrugGroup {
    /// RP number as sent (ORC-4).
    pub number: String,
    /// Its drugs.
    pub drugs: Vec<Drug>,
    /// How they are taken.
    pub usage: Usage,
    /// 経路
    pub route: Code,
    /// 部位
    pub site: Code,
    /// Comments.
    pub comments: Vec<String>,
}

/// One drug.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drug {
    /// Code and name.
    pub code: Code,
    /// Which coding system the code's shape shows; the label is often wrong.
    pub system: DrugSystem,
    /// Amount of one dose (1回量); for a component of an infusion its amount.
    pub dose: Amount,
    /// Amount of one day.
    pub daily: Amount,
    /// Amount dispensed in all.
    pub total: Amount,
    /// 剤形
    pub form: Code,
    /// Unequal doses, first dose, crushing and other instructions in words.
    pub instructions: Vec<String>,
    /// Not given, refused, partly given (RXA-20).
    pub status: Code,
    /// Base solution of an infusion (`B`); additives and other drugs are not.
    pub base: bool,
    /// Lot number (RXA-15), for vaccines and blood products.
    pub lot: String,
    /// When giving it began and ended (RXA-3, -4).
    pub given: (Option<Stamp>, Option<Stamp>),
    /// Who gave it (RXA-10).
    pub giver: String,
}

/// How drugs of one RP are taken.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// JAMI 標準用法 or the site's own code, with the words sent.
    pub code: Code,
    /// The whole usage in words: as sent, or from the code.
    pub words: String,
    /// 日数
    pub days: String,
    /// 回数分 of a drug taken when needed (頓用).
    pub times: String,
    /// First day.
    pub start: Option<Stamp>,
    /// End of an infusion.
    pub end: Option<Stamp>,
    /// Free text.
    pub note: String,
}

/// Injections of one order (OMP-02, OMP-12).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Injection {
    /// Order number.
    pub order: String,
    /// How far it is.
    pub stage: Stage,
    /// When it was ordered or given.
    pub at: Option<Stamp>,
    /// 診療科
    pub department: Code,
    /// Who ordered.
    pub doctor: String,
    /// One per time of giving.
    pub infusions: Vec<Infusion>,
}

/// One injection or infusion with its drugs.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Infusion {
    /// RP and time number as sent (ORC-4).
    pub number: String,
    /// 注射種別 (JHSI0002).
    pub class: Code,
    /// Whole volume.
    pub volume: Amount,
    /// Speed with its unit.
    pub rate: String,
    /// 点滴ポンプ and the like (RXR-3).
    pub device: Code,
    /// 経路
    pub route: Code,
    /// 部位
    pub site: Code,
    /// Base and additives.
    pub drugs: Vec<Drug>,
    /// When and how.
    pub usage: Usage,
    /// Instructions and comments.
    pub comments: Vec<String>,
}

/// Which coding system a drug code has by its shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DrugSystem {
    /// 7 digits.
    Hot7,
    /// 9 digits beginning with 1.
    Hot9,
    /// 11 digits.
    Hot11,
    /// 13 digits.
    Hot13,
    /// 12 characters with a letter in the eighth place.
    Yj,
    /// レセプト電算コード: 9 digits beginning with 6.
    Receipt,
    /// The site's own, or none.
    #[default]
    Local,
}

impl DrugSystem {
    /// The system of a code, trusting its shape over its label.
    pub fn of(code: &str, label: &str) -> Self {
        let digits = !code.is_empty() && code.bytes().all(|b| b.is_ascii_digit());
        let yj = code.len() == 12
            && code
                .bytes()
                .enumerate()
                .all(|(at, b)| if at == 7 { b.is_ascii_uppercase() } else { b.is_ascii_digit() });
        match code.len() {
            _ if crate::hl7::types::is_local(label) => Self::Local,
            _ if yj => Self::Yj,
            7 if digits => Self::Hot7,
            9 if digits && code.starts_with('6') => Self::Receipt,
            9 if digits && code.starts_with('1') => Self::Hot9,
            11 if digits => Self::Hot11,
            13 if digits => Self::Hot13,
            _ => Self::Local,
        }
    }
}

impl Prescription {
    /// One line without the patient's name.
    pub fn title(&self) -> String {
        titled(self.groups.iter().flat_map(|group| &group.drugs), "処方", self.stage)
    }
    /// Rows for reading.
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = head(self.stage, &self.at, &self.department, &self.doctor);
        for group in &self.groups {
            lines.extend(group.drugs.iter().map(|drug| drug.line(self.stage)));
            Line::of(LineKind::Usage, group.usage.shown()).label(group.route.shown()).push_to(&mut lines);
            Line::of(LineKind::Usage, group.site.shown()).label("部位").push_to(&mut lines);
            lines.extend(group.comments.iter().map(|text| Line::of(LineKind::Comment, text.clone())));
        }
        lines
    }
}

impl Injection {
    /// One line without the patient's name.
    pub fn title(&self) -> String {
        titled(self.infusions.iter().flat_map(|infusion| &infusion.drugs), "注射", self.stage)
    }
    /// Rows for reading.
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = head(self.stage, &self.at, &self.department, &self.doctor);
        for infusion in &self.infusions {
            lines.extend(infusion.drugs.iter().map(|drug| drug.line(self.stage)));
            let volume = infusion.volume.shown();
            let parts =
                [infusion.route.shown(), infusion.site.shown(), &volume, &infusion.rate, infusion.device.shown()];
            let how: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            Line::of(LineKind::Usage, how.join(" ")).label(infusion.class.shown()).push_to(&mut lines);
            Line::of(LineKind::Usage, infusion.usage.shown()).push_to(&mut lines);
            lines.extend(infusion.comments.iter().map(|text| Line::of(LineKind::Comment, text.clone())));
        }
        lines
    }
}

impl Usage {
    /// The same for machines, if one of its codes is a JAMI 標準用法.
    pub fn dosage(&self) -> Option<crate::codes::Dosage> {
        let other = self.code.other.as_ref();
        crate::codes::dosage(&self.code.code).or_else(|| other.and_then(|other| crate::codes::dosage(&other.code)))
    }
    /// Words, days or times, start and end, note; in this order.
    pub fn shown(&self) -> String {
        let mut parts = vec![self.words.clone()];
        if !self.days.is_empty() {
            parts.push(format!("{}日分", self.days));
        }
        if !self.times.is_empty() {
            parts.push(format!("{}回分", self.times));
        }
        match (&self.start, &self.end) {
            (Some(start), Some(end)) => parts.push(format!("{start} – {end}")),
            (Some(start), None) => parts.push(format!("{start} から")),
            _ => {}
        }
        parts.push(self.note.clone());
        parts.retain(|part| !part.is_empty());
        parts.join(" ")
    }
}

impl Drug {
    /// Its codes by system, from both triplets; a site's own code is not among them.
    pub fn codes(&self) -> impl Iterator<Item = (DrugSystem, &str)> {
        let other = self.code.other.as_ref().map(|other| (other.code.as_str(), other.system.as_str()));
        let all = std::iter::once((self.code.code.as_str(), self.code.system.as_str())).chain(other);
        all.map(|(code, label)| (DrugSystem::of(code, label), code)).filter(|(system, _)| *system != DrugSystem::Local)
    }
    /// What two drugs share if they are the same one, whoever makes them: the first seven digits of HOT, or the first nine
    /// characters of YJ. Not to be compared across systems. None for codes of a site.
    pub fn same_by(&self) -> Vec<(DrugSystem, &str)> {
        let shared = self.codes().filter_map(|(system, code)| match system {
            DrugSystem::Yj => Some((DrugSystem::Yj, code.get(..9)?)),
            DrugSystem::Receipt => Some((DrugSystem::Receipt, code)),
            _ => Some((DrugSystem::Hot7, code.get(..7)?)),
        });
        shared.collect()
    }
    fn line(&self, stage: Stage) -> Line {
        let total = self.total.shown();
        let time = |stamp: &Option<Stamp>| stamp.as_ref().map(Stamp::to_string).unwrap_or_default();
        let mut detail = vec![match &self.given {
            (from, to) if from == to => time(from),
            (from, to) => format!("{} – {}", time(from), time(to)).trim().to_owned(),
        }];
        detail.push(self.giver.clone());
        detail.extend(self.instructions.iter().cloned());
        detail.retain(|text| !text.is_empty());
        if !self.lot.is_empty() {
            detail.push(format!("ロット {}", self.lot));
        }
        if !total.is_empty() {
            detail.push(format!("計{total}"));
        }
        let refused = matches!(self.status.code.as_str(), "NA" | "RE");
        if !self.status.is_empty() && self.status.code != "CP" {
            detail.push(self.status.shown().to_owned());
        }
        let value = format!("{} {}", self.code.shown(), self.dose.shown()).trim().to_owned();
        let mark = if refused { Mark::Struck } else { stage.mark() };
        Line::of(LineKind::Drug, value).detail(detail.join(" ")).mark(mark)
    }
}

fn titled<'a>(drugs: impl Iterator<Item = &'a Drug>, empty: &str, stage: Stage) -> String {
    let mut names: Vec<&str> = drugs.map(|drug| drug.code.shown()).filter(|name| !name.is_empty()).collect();
    names.dedup();
    let cancelled = if stage == Stage::Cancelled { "（取消）" } else { "" };
    match names.as_slice() {
        [] => format!("{empty}{cancelled}"),
        [only] => format!("{only}{cancelled}"),
        [first, rest @ ..] => format!("{first} ほか{}件{cancelled}", rest.len()),
    }
}

pub(super) fn head(stage: Stage, at: &Option<Stamp>, department: &Code, doctor: &str) -> Vec<Line> {
    let time = at.as_ref().map(Stamp::to_string).unwrap_or_default();
    let mut lines = vec![Line::of(LineKind::Event, stage.japanese()).detail(time).mark(stage.mark())];
    Line::of(LineKind::Department, department.shown()).push_to(&mut lines);
    Line::of(LineKind::Doctor, doctor).push_to(&mut lines);
    lines
}

silent!(Prescription, DrugGroup, Drug, Usage, Injection, Infusion);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_of_a_drug_code_wins_over_its_label() {
        assert_eq!(DrugSystem::of("103835401", "HOT9"), DrugSystem::Hot9);
        assert_eq!(DrugSystem::of("620007329", "HOT9"), DrugSystem::Receipt);
        assert_eq!(DrugSystem::of("1139400A1020", "HOT"), DrugSystem::Yj);
        assert_eq!(DrugSystem::of("1038354010101", "HOT"), DrugSystem::Hot13);
        assert_eq!(DrugSystem::of("103835401", "99XYZ"), DrugSystem::Local);
    }
}
