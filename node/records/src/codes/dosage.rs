//! JAMI 標準用法コード for machines: what the sixteen characters say, as values.
use super::usage::{BASICS, CONDITIONS, DETAILS, MEALS, digit, hour_of};

/// What a usage code says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dosage {
    /// 内服, 外用, 注射 or 注入.
    pub basic: &'static str,
    /// 経口, 貼付, 点眼 and the like.
    pub detail: Option<&'static str>,
    /// How many times a day.
    pub per_day: Option<u32>,
    /// When.
    pub timing: Timing,
}

/// When a drug is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Timing {
    /// With meals and the rhythm of the day, in the order of the day; further at an hour of the clock.
    Daily {
        /// The times of the day.
        at: Vec<(DayTime, MealTiming)>,
        /// An hour of the clock.
        hour: Option<u8>,
    },
    /// Every so many hours.
    Every {
        /// Hours between two doses.
        hours: u32,
    },
    /// At an event: 哺乳時, 空腹時.
    Event(Option<&'static str>),
    /// When needed (頓用).
    AsNeeded {
        /// 疼痛時 and the like.
        condition: Option<&'static str>,
        /// Hours that must lie between two doses.
        gap_hours: Option<u32>,
        /// Most doses of a day.
        per_day_max: Option<u32>,
    },
    /// So many times a day, nothing else.
    Count,
}

/// A time of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DayTime {
    /// 起床
    Waking,
    /// 朝
    Morning,
    /// 昼
    Noon,
    /// 夕
    Evening,
    /// 就寝
    Bedtime,
}

/// Where a dose lies beside a meal or a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MealTiming {
    /// 食前
    Before,
    /// 食直前
    JustBefore,
    /// 食直後
    JustAfter,
    /// 食後
    After,
    /// 食後２時間
    Between,
    /// The time itself.
    At,
}

/// Reads a usage code of sixteen characters; none if it is not one. Positions beyond the published ones are left out.
///
/// Source: as [`super::usage_words`].
pub fn dosage(code: &str) -> Option<Dosage> {
    let c = code.as_bytes();
    if c.len() != 16 || !c.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    let basic = BASICS.iter().find(|(at, _)| *at == c[0])?.1;
    let detail = DETAILS.iter().find(|(at, _)| code.starts_with(at)).map(|(_, words)| *words);
    let per_day = digit(c[3]).filter(|n| *n > 0);
    let condition = CONDITIONS.iter().find(|(at, _)| code.get(4..6) == Some(*at)).map(|(_, words)| *words);
    let timing = match c[2] {
        b'1' | b'6' => Timing::Daily { at: times_of_day(c), hour: hour_of(c[9]) },
        b'2' => Timing::Every { hours: per_day.filter(|n| 24 % n == 0).map(|n| 24 / n)? },
        b'4' => Timing::Event(condition),
        b'5' => Timing::AsNeeded {
            condition,
            gap_hours: gap_hours(c[6], c[7]),
            per_day_max: digit(c[8]).filter(|n| *n > 0),
        },
        _ => Timing::Count,
    };
    Some(Dosage { basic, detail, per_day: if matches!(c[2], b'5') { None } else { per_day }, timing })
}

/// Hours between two doses: `08`, `12`, or `0A` for ten.
pub(super) fn gap_hours(tens: u8, ones: u8) -> Option<u32> {
    match (digit(tens), digit(ones)) {
        (Some(tens @ 0..=2), Some(ones)) => Some(tens * 10 + ones).filter(|hours| *hours > 0),
        _ => None,
    }
}

fn times_of_day(c: &[u8]) -> Vec<(DayTime, MealTiming)> {
    let timing = |b: u8| {
        let at = MEALS.iter().position(|(code, _)| *code == b)?;
        TIMINGS.get(at).copied()
    };
    let slots =
        [(8, DayTime::Waking), (7, DayTime::Morning), (6, DayTime::Noon), (5, DayTime::Evening), (4, DayTime::Bedtime)];
    let meant = slots.iter().filter_map(|(at, time)| timing(c[*at]).map(|timing| (*time, timing)));
    meant.collect()
}

/// In the order of [`MEALS`].
const TIMINGS: [MealTiming; 6] = [
    MealTiming::Before,
    MealTiming::JustBefore,
    MealTiming::JustAfter,
    MealTiming::After,
    MealTiming::Between,
    MealTiming::At,
];
const _: () = assert!(TIMINGS.len() == MEALS.len());

#[cfg(test)]
mod tests {
    use super::*;

    fn read(code: &str) -> Dosage {
        dosage(code).expect("a usage code")
    }
    #[test]
    fn usages_are_read_for_machines() {
        let after = MealTiming::After;
        let three = read("1013044400000000");
        assert_eq!((three.basic, three.detail, three.per_day), ("内服", Some("経口"), Some(3)));
        let at = vec![(DayTime::Morning, after), (DayTime::Noon, after), (DayTime::Evening, after)];
        assert_eq!(three.timing, Timing::Daily { at, hour: None });
        assert_eq!(read("1022000000000000").timing, Timing::Every { hours: 12 });
        let needed = Timing::AsNeeded { condition: Some("疼痛時"), gap_hours: None, per_day_max: Some(2) };
        assert_eq!(read("1050110020000000").timing, needed);
        assert_eq!(read("2B74000000000000").timing, Timing::Count);
        let bedtime = Timing::Daily { at: vec![(DayTime::Bedtime, MealTiming::Before)], hour: None };
        assert_eq!(read("1011100000000000").timing, bedtime);
        assert_eq!(dosage("PRNpain"), None);
    }
}
