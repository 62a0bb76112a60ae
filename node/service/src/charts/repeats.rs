use super::{LabPoint, LabSeries};
use protocol::time::Date;
use records::model::Mark;
use std::collections::BTreeMap;

/// Tests of one day of one house that another house had made a few days before: whoever orders next may ask first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// Place and day of the earlier results.
    pub first: (usize, Date),
    /// Place and day of the later ones.
    pub again: (usize, Date),
    /// Which tests, by name.
    pub tests: Vec<String>,
}

impl Repeat {
    /// How many days lie between.
    pub fn days(&self) -> u32 {
        days_between(self.first.1, self.again.1).unwrap_or(REPEAT_DAYS)
    }
}

/// The earlier result of another house that each result of a line repeats. One house that looks again follows its own
/// patient and repeats nothing.
pub(super) fn mark<P>(points: &mut [LabPoint<P>]) {
    for index in 0..points.len() {
        let (earlier, rest) = points.split_at_mut(index);
        let Some(point) = rest.first_mut().filter(|point| point.mark != Mark::Struck) else { continue };
        let near = |other: &&LabPoint<P>| days_between(other.date, point.date).is_some();
        let others = earlier.iter().rev().take_while(near);
        let first = others.filter(|other| other.mark != Mark::Struck && other.place != point.place);
        point.repeats = first.map(|other| (other.place, other.date)).next();
    }
}

/// Repeated tests of all lines, those of one pair of days together; newest first.
pub fn repeats<P>(all: &[LabSeries<P>]) -> Vec<Repeat> {
    let mut found: BTreeMap<(Day, Day), Vec<String>> = BTreeMap::new();
    for series in all {
        for point in &series.points {
            let Some((place, date)) = point.repeats else { continue };
            let tests = found.entry(((point.date, point.place), (date, place))).or_default();
            if !tests.contains(&series.name) {
                tests.push(series.name.clone());
            }
        }
    }
    let newest = found.into_iter().rev();
    newest
        .map(|((again, first), tests)| Repeat { first: (first.1, first.0), again: (again.1, again.0), tests })
        .collect()
}

/// One day of one house, in the order of days.
type Day = (Date, usize);

/// Days from one day to a later one, as long as they are few.
fn days_between(from: Date, to: Date) -> Option<u32> {
    (0..=REPEAT_DAYS).find(|n| i32::try_from(*n).ok().and_then(|n| from.plus_days(n)) == Some(to))
}

/// A test that another house made so few days before might have been asked for instead: a fortnight, within which results of
/// a stable patient are used again.
const REPEAT_DAYS: u32 = 14;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::{Read, labs};
    use protocol::time::Millis;
    use records::model::{Clinical, Code, LabItem, LabReport, Stage};

    fn read(place: usize, day: &str, code: &str, unit: &str) -> Read<usize> {
        let item = LabItem {
            code: Code { code: code.into(), text: "クレアチニン".into(), system: "JC10".into(), other: None },
            unit: unit.into(),
            value: "1.2".into(),
            ..LabItem::default()
        };
        let report = LabReport { stage: Stage::Performed, items: vec![item], ..LabReport::default() };
        let clinical = Clinical::Lab(Box::new(report));
        Read { place, path: place, date: Date::parse(day), made_at: Millis(0), is_pharmacy: false, clinical }
    }
    #[track_caller]
    fn check(reads: &[(usize, &str, &str, &str)], expect: &[(usize, usize, u32)]) {
        let reads: Vec<Read<usize>> =
            reads.iter().map(|(place, day, code, unit)| read(*place, day, code, unit)).collect();
        let found = repeats(&labs(&reads));
        let told: Vec<_> = found.iter().map(|one| (one.first.0, one.again.0, one.days())).collect();
        assert_eq!(told, expect);
    }
    const CODE: &str = "3C015000002327101";

    #[test]
    fn another_house_within_a_fortnight_is_a_repeat_and_the_same_house_is_not() {
        check(&[(0, "20260501", CODE, "mg/dL"), (1, "20260502", CODE, "mg/dL")], &[(0, 1, 1)]);
        check(&[(0, "20260501", CODE, "mg/dL"), (1, "20260501", CODE, "mg/dL")], &[(0, 1, 0)]);
        check(&[(0, "20260501", CODE, "mg/dL"), (1, "20260515", CODE, "mg/dL")], &[(0, 1, 14)]);
        check(&[(0, "20260501", CODE, "mg/dL"), (1, "20260516", CODE, "mg/dL")], &[]);
        check(&[(0, "20260501", CODE, "mg/dL"), (0, "20260502", CODE, "mg/dL")], &[]);
        let again = [(0, "20260501", CODE, "mg/dL"), (1, "20260503", CODE, "mg/dL"), (1, "20260505", CODE, "mg/dL")];
        check(&again, &[(0, 1, 4), (0, 1, 2)]);
    }
    #[test]
    fn another_code_or_unit_is_another_test_and_repeats_nothing() {
        check(&[(0, "20260501", CODE, "mg/dL"), (1, "20260502", CODE, "umol/L")], &[]);
        check(&[(0, "20260501", CODE, "mg/dL"), (1, "20260502", "3C015000002399801", "mg/dL")], &[]);
    }
    #[test]
    fn a_result_that_was_taken_back_is_repeated_by_nobody() {
        let mut points =
            labs(&[read(0, "20260501", CODE, "mg/dL"), read(1, "20260502", CODE, "mg/dL")]).remove(0).points;
        points[0].mark = Mark::Struck;
        mark(&mut points);
        assert_eq!(points[1].repeats, None);
    }
}
