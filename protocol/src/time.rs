//! Moments, dates and periods. Values only: nothing here asks what time it is.
use serde::{Deserialize, Serialize};
use std::fmt;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Millis(pub u64);

impl Millis {
    /// This moment and `span` milliseconds more; stops at the end of time instead of wrapping.
    pub fn plus(self, span: u64) -> Self {
        Self(self.0.saturating_add(span))
    }
    /// This moment less `span` milliseconds; stops at zero.
    pub fn minus(self, span: u64) -> Self {
        Self(self.0.saturating_sub(span))
    }
    /// Milliseconds from `earlier` to here, or zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
    /// The calendar date in Japan (UTC+09:00, no summer time) at this moment.
    pub fn date_jst(self) -> Date {
        let days = (self.0.saturating_add(JST_OFFSET_MS) / DAY_MS).min(DAYS_MAX);
        let base = jiff::civil::date(1970, 1, 1);
        let span = jiff::Span::new().days(i32::try_from(days).unwrap_or(i32::MAX));
        Date::from_civil(base.checked_add(span).unwrap_or(base))
    }
}

/// One second in milliseconds.
pub const SECOND_MS: u64 = 1_000;
/// One minute in milliseconds.
pub const MINUTE_MS: u64 = 60 * SECOND_MS;
/// One hour in milliseconds.
pub const HOUR_MS: u64 = 60 * MINUTE_MS;
/// One day in milliseconds.
pub const DAY_MS: u64 = 24 * HOUR_MS;
const JST_OFFSET_MS: u64 = 9 * HOUR_MS;
/// Days to 9999-12-31, the last date that the field's formats can write.
const DAYS_MAX: u64 = 2_932_896;

/// A civil date without zone, as SS-MIX2 and HL7 carry it (JST by convention).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Date(u32);

impl Date {
    /// The date, if the calendar has it (year 1 to 9999).
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        if year == 0 {
            return None;
        }
        let civil = jiff::civil::Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()?;
        Some(Self::from_civil(civil))
    }
    /// Reads exactly eight ASCII digits `YYYYMMDD`.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        Self::new(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?)
    }
    /// The date that [`Date::number`] gave.
    pub fn from_number(number: u32) -> Option<Self> {
        let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
        Self::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?)
    }
    /// `YYYYMMDD` as a number; sorts as the date does.
    pub fn number(self) -> u32 {
        self.0
    }
    /// Year, 1 to 9999.
    pub fn year(self) -> u16 {
        (self.0 / 10_000) as u16
    }
    /// Month, 1 to 12.
    pub fn month(self) -> u8 {
        (self.0 / 100 % 100) as u8
    }
    /// Day of the month, 1 to 31.
    pub fn day(self) -> u8 {
        (self.0 % 100) as u8
    }
    /// Midnight at the start of this date in Japan, as a moment; dates before 1970 give zero.
    pub fn start_jst(self) -> Millis {
        let days = self.to_civil().since(jiff::civil::date(1970, 1, 1)).map_or(0, |span| span.get_days());
        Millis((u64::try_from(days).unwrap_or(0) * DAY_MS).saturating_sub(JST_OFFSET_MS))
    }
    /// The date `days` later (or earlier, if negative), within year 1 to 9999.
    pub fn plus_days(self, days: i32) -> Option<Self> {
        let civil = self.to_civil().checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
        (civil.year() >= 1).then(|| Self::from_civil(civil))
    }
    fn from_civil(date: jiff::civil::Date) -> Self {
        Self(date.year() as u32 * 10_000 + date.month() as u32 * 100 + date.day() as u32)
    }
    fn to_civil(self) -> jiff::civil::Date {
        jiff::civil::date(self.year() as i16, self.month() as i8, self.day() as i8)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year(), self.month(), self.day())
    }
}
impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A span of dates, both ends included; an open end has no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Period {
    /// First date, or no lower bound.
    pub from: Option<Date>,
    /// Last date, or no upper bound.
    pub to: Option<Date>,
}

impl Period {
    /// Every date.
    pub const ALL: Self = Self { from: None, to: None };
    /// Whether `date` lies within. Records without a date (current state: demographics, allergies, problems) lie in every period.
    pub fn has(&self, date: Option<Date>) -> bool {
        match date {
            Some(date) => self.from.is_none_or(|from| from <= date) && self.to.is_none_or(|to| date <= to),
            None => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_know_the_calendar() {
        assert!(Date::parse("20240229").is_some());
        assert!(Date::parse("20230229").is_none());
        assert!(Date::parse("2024-2-9").is_none());
        assert_eq!(Date::parse("19890108").map(|d| d.to_string()), Some("1989-01-08".into()));
    }
    #[test]
    fn a_moment_before_midnight_utc_is_the_next_day_in_japan() {
        let moment = Date::new(2026, 11, 22).map(Date::start_jst);
        assert_eq!(moment.map(Millis::date_jst), Date::new(2026, 11, 22));
        assert_eq!(moment.map(|m| m.minus(1).date_jst()), Date::new(2026, 11, 21));
    }
    #[test]
    fn days_before_the_year_one_do_not_exist() {
        let first = Date::new(1, 1, 1);
        assert_eq!(first.and_then(|date| date.plus_days(-1)), None);
        assert_eq!(first.and_then(|date| date.plus_days(31)), Date::new(1, 2, 1));
    }
    #[test]
    fn far_moments_do_not_overflow() {
        assert_eq!(Millis(u64::MAX).date_jst().year(), 9999);
    }
}
