//! Dates of birth: western and Japanese eras (和暦), whole or partial.
use super::text;
use crate::limits::{AGE_YEARS_MAX, BIRTH_YEAR_MAX, BIRTH_YEAR_MIN};
use protocol::time::Date;
use std::fmt;

/// What a written date of birth says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Birth {
    /// Day, month and year.
    Full(Date),
    /// Year, perhaps with the month; the day was not known.
    Partial {
        /// Western year.
        year: u16,
        /// 1 to 12, if known.
        month: Option<u8>,
    },
    /// Nothing usable: absent, impossible, or ambiguous. Has no weight.
    Unknown,
}

impl Birth {
    /// The whole date, if it is one.
    pub fn full(self) -> Option<Date> {
        match self {
            Self::Full(date) => Some(date),
            _ => None,
        }
    }
    /// The year, if known.
    pub fn year(self) -> Option<u16> {
        match self {
            Self::Full(date) => Some(date.year()),
            Self::Partial { year, .. } => Some(year),
            Self::Unknown => None,
        }
    }
    /// Whether the date is 1 January or 1 July, which many desks write for "day unknown": too weak to prove anything alone.
    pub fn is_habit_day(self) -> bool {
        self.full().is_some_and(|date| date.day() == 1 && matches!(date.month(), 1 | 7))
    }
    /// Itself as seen on `today`: a future date or an age above [`AGE_YEARS_MAX`] is unknown.
    pub fn seen_on(self, today: Date) -> Self {
        let future =
            self.full().is_some_and(|date| date > today) || self.year().is_some_and(|year| year > today.year());
        let too_old = self.year().is_some_and(|year| today.year().saturating_sub(year) > AGE_YEARS_MAX);
        if future || too_old { Self::Unknown } else { self }
    }
}

impl fmt::Debug for Birth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Birth(‹redacted›)")
    }
}

/// A read date and what was odd about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// What it says.
    pub birth: Birth,
    /// The era had ended, or not begun, on that date (昭和64年3月): converted by arithmetic.
    pub era_overrun: bool,
}

/// Reads a date of birth. Never guesses: six digits without a plausible year, or a day that no calendar has, are unknown.
pub fn parse(text: &str) -> Written {
    let plain = text::canonical(text);
    let (era, rest) = split_era(without_time(&plain));
    let groups = groups(rest);
    let fields = match (era, groups.as_slice()) {
        (Some(era), [packed]) if packed.len() == 6 => packed_fields(Some(era), packed, 2),
        (Some(era), [packed]) if packed.len() == 4 => packed_fields(Some(era), packed, 2),
        (None, [packed]) if packed.len() == 8 => packed_fields(None, packed, 4),
        (None, [packed]) if packed.len() == 6 => packed_fields(None, packed, 4),
        (None, [packed]) if matches!(packed.len(), 7 | 5) => {
            era_of_digit(packed).and_then(|era| packed_fields(Some(era), &packed[1..], 2))
        }
        (None, [packed]) if packed.len() != 4 => None,
        (era, [year, rest @ ..]) if rest.len() <= 2 && year.len() <= if era.is_some() { 2 } else { 4 } => {
            let number = |i: usize| rest.get(i).map_or(Some(0), |text| text.parse().ok());
            match (year.parse().ok(), number(0), number(1)) {
                (Some(year), Some(month), Some(day)) => Some(Fields { era, year, month, day }),
                _ => None,
            }
        }
        _ => None,
    };
    fields.map_or(Written { birth: Birth::Unknown, era_overrun: false }, Fields::read)
}

/// How two dates of birth agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateAgreement {
    /// The same day.
    Equal,
    /// One typing slip apart: one digit, two digits exchanged, month and day exchanged, or another era.
    Slip,
    /// What both know agrees, but one of them does not know the day.
    Partial,
    /// Two of year, month and day are equal.
    TwoParts,
    /// Different.
    Differ,
    /// One of them is unknown.
    Unknown,
}

/// Compares two dates of birth.
pub fn agreement(one: Birth, other: Birth) -> DateAgreement {
    match (one, other) {
        (Birth::Unknown, _) | (_, Birth::Unknown) => DateAgreement::Unknown,
        (Birth::Full(a), Birth::Full(b)) if a == b => DateAgreement::Equal,
        (Birth::Full(a), Birth::Full(b)) if is_slip(a, b) => DateAgreement::Slip,
        (Birth::Full(a), Birth::Full(b)) => {
            let parts = [a.year() == b.year(), a.month() == b.month(), a.day() == b.day()];
            if parts.iter().filter(|equal| **equal).count() == 2 {
                DateAgreement::TwoParts
            } else {
                DateAgreement::Differ
            }
        }
        (a, b) => {
            let months = (month(a), month(b));
            let month_fits = months.0.is_none() || months.1.is_none() || months.0 == months.1;
            if a.year() == b.year() && month_fits { DateAgreement::Partial } else { DateAgreement::Differ }
        }
    }
}

#[derive(Clone, Copy)]
struct Era {
    offset: u16,
    first: (u16, u8, u8),
    last: (u16, u8, u8),
}

struct Fields {
    era: Option<Era>,
    year: u16,
    month: u8,
    day: u8,
}

impl Fields {
    fn read(self) -> Written {
        let year = self.year.checked_add(self.era.map_or(0, |era| era.offset)).unwrap_or(0);
        let in_range = (BIRTH_YEAR_MIN..=BIRTH_YEAR_MAX).contains(&year) && !(self.era.is_some() && self.year == 0);
        let month = Some(self.month).filter(|month| (1..=12).contains(month));
        let birth = match (month, self.day) {
            _ if !in_range => Birth::Unknown,
            (None, _) if !matches!(self.month, 0 | 99) => Birth::Unknown,
            (None, _) => Birth::Partial { year, month: None },
            (Some(_), 0 | 99) => Birth::Partial { year, month },
            (Some(month), day) => Date::new(year, month, day).map_or(Birth::Unknown, Birth::Full),
        };
        let at = (year, month.unwrap_or(1), self.day.max(1));
        let outside = |era: Era| month.is_some() && (at < era.first || at > era.last);
        Written { birth, era_overrun: birth != Birth::Unknown && self.era.is_some_and(outside) }
    }
}

/// Cuts the time of day that HL7 (`YYYYMMDDHHMM…`) and ISO 8601 (`…T…`) append.
fn without_time(text: &str) -> &str {
    let packed = matches!(text.len(), 10 | 12 | 14) && text.bytes().all(|b| b.is_ascii_digit());
    match (packed, text.split_once('T')) {
        (true, _) => text.get(..8).unwrap_or(text),
        (false, Some((date, _))) if date.len() >= 8 => date,
        _ => text,
    }
}

fn split_era(text: &str) -> (Option<Era>, &str) {
    for (names, era) in ERAS {
        for name in names {
            if let Some(rest) = text.strip_prefix(name) {
                return (Some(era), rest);
            }
        }
    }
    (None, text)
}

fn era_of_digit(packed: &str) -> Option<Era> {
    let place = packed.bytes().next()?.checked_sub(b'1')?;
    ERAS.get(usize::from(place)).map(|(_, era)| *era)
}

/// The runs of digits; 元 counts as 1. Other characters than the field's separators make the whole unreadable (no groups).
fn groups(text: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    for c in text.chars() {
        match c {
            '0'..='9' => out.iter_mut().last().into_iter().for_each(|group| group.push(c)),
            '元' => out.push("1".into()),
            '-' | '/' | '.' | ' ' | ',' | '年' | '月' | '日' | '生' => out.push(String::new()),
            _ => return Vec::new(),
        }
    }
    out.retain(|group| !group.is_empty());
    out
}

fn packed_fields(era: Option<Era>, packed: &str, year_digits: usize) -> Option<Fields> {
    let number = |from: usize, to: usize| packed.get(from..to).map_or(Some(0), |text| text.parse::<u8>().ok());
    let year = packed.get(..year_digits)?.parse().ok()?;
    let (month, day) = (number(year_digits, year_digits + 2)?, number(year_digits + 2, year_digits + 4)?);
    Some(Fields { era, year, month, day })
}

fn month(birth: Birth) -> Option<u8> {
    match birth {
        Birth::Full(date) => Some(date.month()),
        Birth::Partial { month, .. } => month,
        Birth::Unknown => None,
    }
}

fn is_slip(a: Date, b: Date) -> bool {
    let (left, right) = (format!("{:08}", a.number()), format!("{:08}", b.number()));
    let differing: Vec<(u8, u8)> = left.bytes().zip(right.bytes()).filter(|(x, y)| x != y).collect();
    let exchanged = matches!(differing.as_slice(), [(x, y), (v, w)] if x == w && y == v);
    let swapped = a.year() == b.year() && a.month() == b.day() && a.day() == b.month();
    let same_day = a.month() == b.month() && a.day() == b.day();
    let era_slip = same_day && ERA_SLIPS.contains(&a.year().abs_diff(b.year()));
    differing.len() == 1 || exchanged || swapped || era_slip
}

/// Years between the counts of neighbouring eras (明治/大正 44, 大正/昭和 14, 昭和/平成 63, 平成/令和 30), 1 and 10 for a
/// miscounted year, 25 for years counted from 1900 and from 大正.
const ERA_SLIPS: [u16; 7] = [1, 10, 14, 25, 30, 44, 63];

const ERAS: [(&[&str], Era); 5] = [
    (&["明治", "明", "M"], Era { offset: 1867, first: (1868, 1, 25), last: (1912, 7, 29) }),
    (&["大正", "大", "T"], Era { offset: 1911, first: (1912, 7, 30), last: (1926, 12, 24) }),
    (&["昭和", "昭", "S"], Era { offset: 1925, first: (1926, 12, 25), last: (1989, 1, 7) }),
    (&["平成", "平", "H"], Era { offset: 1988, first: (1989, 1, 8), last: (2019, 4, 30) }),
    (&["令和", "令", "R"], Era { offset: 2018, first: (2019, 5, 1), last: (9999, 12, 31) }),
];
