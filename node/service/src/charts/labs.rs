use super::Read;
use protocol::time::Date;
use records::hl7::Stamp;
use records::model::{Clinical, Code, LabItem, LabStatus, Mark, Stage};
use std::collections::BTreeMap;

/// One test in one unit over time, of every house that uses this very code.
pub struct LabSeries<P> {
    /// Its name as the newest report has it.
    pub name: String,
    /// Its code.
    pub code: String,
    /// Unit as sent.
    pub unit: String,
    /// 材料
    pub specimen: String,
    /// Oldest first.
    pub points: Vec<LabPoint<P>>,
    /// Another line carries the same name; why this one is not on it.
    pub apart: Option<Apart>,
}

/// Why two lines of one name are two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Apart {
    /// The codes differ, or are a house's own.
    Code,
    /// The units differ; nothing is converted.
    Unit,
}

/// One result.
#[derive(Clone, Debug, PartialEq)]
pub struct LabPoint<P> {
    /// Of which house.
    pub place: usize,
    /// In which record.
    pub path: P,
    /// When it was taken.
    pub date: Date,
    /// The moment as sent, to order results of one day.
    pub moment: String,
    /// As sent, with `<` or `>`.
    pub value: String,
    /// As a number, for drawing only.
    pub number: Option<f64>,
    /// Reference range as sent.
    pub range: String,
    /// Its ends, for drawing only.
    pub normal: (Option<f64>, Option<f64>),
    /// What the laboratory's flag says.
    pub mark: Mark,
    /// How final it is.
    pub status: LabStatus,
    /// Place and day of a result of another house that was there a few days before.
    pub repeats: Option<(usize, Date)>,
}

impl<P> LabSeries<P> {
    /// The newest result that holds.
    pub fn last(&self) -> Option<&LabPoint<P>> {
        self.points.iter().rev().find(|point| point.mark != Mark::Struck)
    }
    /// Whether the newest result is marked.
    pub fn is_abnormal(&self) -> bool {
        self.last().is_some_and(|point| !matches!(point.mark, Mark::None | Mark::Struck))
    }
}

/// The lines of all laboratory reports: one for every code and unit. A house's own codes are joined with no other house's.
/// Those with an abnormal newest result come first, then those with most results.
pub fn labs<P: Copy>(reads: &[Read<P>]) -> Vec<LabSeries<P>> {
    let mut lines: BTreeMap<Key, LabSeries<P>> = BTreeMap::new();
    for read in reads {
        let Clinical::Lab(report) = &read.clinical else { continue };
        if report.stage == Stage::Cancelled {
            continue;
        }
        let results = report.items.iter().filter(|item| item.status != LabStatus::Ordered && !item.value.is_empty());
        for item in results {
            let series = lines.entry(Key::of(item, read.place)).or_insert_with(|| empty(item));
            series.points.push(point(read, item, report.at.as_ref().or(report.reported.as_ref())));
        }
    }
    let mut all: Vec<LabSeries<P>> = lines.into_values().collect();
    for series in &mut all {
        series.points.sort_by(|a, b| (a.date, &a.moment, a.place).cmp(&(b.date, &b.moment, b.place)));
        super::repeats::mark(&mut series.points);
    }
    part(&mut all);
    all.sort_by_key(|series| (!series.is_abnormal(), std::cmp::Reverse(series.points.len())));
    all
}

/// What makes two results one line.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    system: String,
    code: String,
    unit: String,
    /// Only of codes that mean nothing outside of their house.
    place: Option<usize>,
}

impl Key {
    fn of(item: &LabItem, place: usize) -> Self {
        let (system, code, is_shared) = identity(&item.code);
        let place = (!is_shared).then_some(place);
        Self { system: system.to_owned(), code: code.to_owned(), unit: item.unit.trim().to_owned(), place }
    }
}

/// The code that counts, and whether it means the same everywhere: JLAC10 and JLAC11 do.
fn identity(code: &Code) -> (&str, &str, bool) {
    for system in ["JC10", "JC11"] {
        if let Some(found) = code.in_system(system) {
            return (system, found, true);
        }
    }
    let known = if code.code.is_empty() { code.shown() } else { &code.code };
    (&code.system, known, false)
}

fn empty<P>(item: &LabItem) -> LabSeries<P> {
    LabSeries {
        name: item.code.shown().to_owned(),
        code: identity(&item.code).1.to_owned(),
        unit: item.unit.trim().to_owned(),
        specimen: item.specimen.shown().to_owned(),
        points: Vec::new(),
        apart: None,
    }
}

fn point<P: Copy>(read: &Read<P>, item: &LabItem, report: Option<&Stamp>) -> LabPoint<P> {
    let at = item.at.as_ref().or(report);
    let sign = if item.value.starts_with(['<', '>']) { "" } else { &item.comparison };
    LabPoint {
        place: read.place,
        path: read.path,
        date: at.and_then(Stamp::date).unwrap_or_else(|| read.day()),
        moment: at.map(|at| at.digits().to_owned()).unwrap_or_default(),
        value: format!("{sign}{}", item.value),
        number: item.number.as_deref().and_then(number),
        range: item.range.clone(),
        normal: range(&item.range),
        mark: item.mark(),
        status: item.status,
        repeats: None,
    }
}

/// Says of lines with one name why they are apart.
fn part<P>(all: &mut [LabSeries<P>]) {
    let heads: Vec<(String, String, String)> =
        all.iter().map(|one| (one.name.clone(), one.code.clone(), one.unit.clone())).collect();
    for (index, series) in all.iter_mut().enumerate() {
        let same_name = heads.iter().enumerate().filter(|(at, head)| *at != index && head.0 == series.name);
        for (_, (_, code, unit)) in same_name {
            let why = if *unit != series.unit && *code == series.code { Apart::Unit } else { Apart::Code };
            series.apart = Some(why);
        }
    }
}

/// A plain number; nothing that is no number of this world.
fn number(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|value| value.is_finite() && value.abs() < NUMBER_MAX)
}

/// The ends of a range as laboratories write it: `0.46-0.79`, `3.6～4.8`, `<18.4`, `18.4以下`, `60-`.
fn range(text: &str) -> (Option<f64>, Option<f64>) {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix("<=").or_else(|| text.strip_prefix(['<', '≦'])) {
        return (None, number(rest));
    }
    if let Some(rest) = text.strip_prefix(">=").or_else(|| text.strip_prefix(['>', '≧'])) {
        return (number(rest), None);
    }
    if let Some(rest) = text.strip_suffix("以下").or_else(|| text.strip_suffix("未満")) {
        return (None, number(rest));
    }
    if let Some(rest) = text.strip_suffix("以上") {
        return (number(rest), None);
    }
    let parts = text.char_indices().skip(1).find(|(_, c)| matches!(c, '-' | '–' | '~' | '～' | '〜' | '－'));
    let Some((at, sign)) = parts else { return (None, None) };
    (number(&text[..at]), number(&text[at + sign.len_utf8()..]))
}

/// No result of a laboratory is larger: leukocytes and viruses are counted below 10^12.
const NUMBER_MAX: f64 = 1e15;

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::time::Millis;
    use records::model::LabReport;

    fn read(place: usize, code: &str, system: &str, unit: &str, value: &str) -> Read<usize> {
        let item = LabItem {
            code: Code { code: code.into(), text: "クレアチニン".into(), system: system.into(), other: None },
            unit: unit.into(),
            value: value.into(),
            number: Some(value.into()),
            range: "0.46-0.79".into(),
            flag: "H".into(),
            ..LabItem::default()
        };
        let report = LabReport { stage: Stage::Performed, items: vec![item], ..LabReport::default() };
        let clinical = Clinical::Lab(Box::new(report));
        Read { place, path: place, date: Date::parse("20260512"), made_at: Millis(0), is_pharmacy: false, clinical }
    }
    #[track_caller]
    fn check_range(text: &str, low: Option<f64>, high: Option<f64>) {
        assert_eq!(range(text), (low, high), "{text:?}");
    }

    #[test]
    fn one_line_only_if_code_and_unit_agree() {
        let code = "3C015000002327101";
        let all = labs(&[
            read(0, code, "JC10", "mg/dL", "1.39"),
            read(1, code, "JC10", "mg/dL", "1.1"),
            read(2, code, "JC10", "umol/L", "110"),
            read(3, "3C015000002399801", "JC10", "mg/dL", "1.2"),
        ]);
        let sizes: Vec<(usize, Option<Apart>)> = all.iter().map(|one| (one.points.len(), one.apart)).collect();
        assert_eq!(sizes.iter().map(|one| one.0).collect::<Vec<_>>(), [2, 1, 1]);
        assert!(sizes.iter().all(|(_, apart)| apart.is_some()));
        assert!(all.iter().any(|one| one.unit == "umol/L" && one.points.len() == 1));
    }
    #[test]
    fn codes_of_a_house_join_no_other_house() {
        let all = labs(&[read(0, "CRE", "99ZL1", "mg/dL", "1.3"), read(1, "CRE", "99ZL1", "mg/dL", "1.2")]);
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].apart, Some(Apart::Code));
        let all = labs(&[read(0, "CRE", "99ZL1", "mg/dL", "1.3"), read(0, "CRE", "99ZL1", "mg/dL", "1.2")]);
        assert_eq!(all.len(), 1);
        assert!(all[0].is_abnormal());
    }
    #[test]
    fn ranges_are_read_as_laboratories_write_them() {
        check_range("0.46-0.79", Some(0.46), Some(0.79));
        check_range("3.6～4.8", Some(3.6), Some(4.8));
        check_range("-2-2", Some(-2.0), Some(2.0));
        check_range("<18.4", None, Some(18.4));
        check_range("18.4以下", None, Some(18.4));
        check_range("60以上", Some(60.0), None);
        check_range("60-", Some(60.0), None);
        check_range("陰性", None, None);
        check_range("", None, None);
        check_range("－", None, None);
        check_range("NaN-inf", None, None);
    }
}
