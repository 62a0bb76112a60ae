//! Points in local time (JST, without an offset), as storage writes them.
use protocol::time::Date;

/// A date and the milliseconds since its midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment {
    pub(crate) date: Date,
    ms: u32,
}

const DAY_MS: u64 = 86_400_000;

impl Moment {
    /// This minute of this date.
    pub(crate) fn at(date: Date, minute: u32) -> Self {
        Self { date, ms: (minute % 1440) * 60_000 }
    }
    pub(crate) fn plus_ms(self, span: u64) -> Self {
        let sum = u64::from(self.ms) + span;
        Self { date: later(self.date, (sum / DAY_MS) as i32), ms: (sum % DAY_MS) as u32 }
    }
    pub(crate) fn plus_minutes(self, minutes: u32) -> Self {
        self.plus_ms(u64::from(minutes) * 60_000)
    }
    /// `YYYYMMDDHHMM`.
    pub(crate) fn minute(self) -> String {
        format!("{:08}{:02}{:02}", self.date.number(), self.ms / 3_600_000, self.ms / 60_000 % 60)
    }
    /// `YYYYMMDDHHMMSS`.
    pub(crate) fn second(self) -> String {
        format!("{}{:02}", self.minute(), self.ms / 1000 % 60)
    }
    /// `YYYYMMDDHHMMSSFFF`, the 発生日時 of file names.
    pub(crate) fn milli(self) -> String {
        format!("{}{:03}", self.second(), self.ms % 1000)
    }
    /// `YYYYMMDDHHMMSS.FFFF`, as in MSH-7.
    pub(crate) fn msh7(self) -> String {
        format!("{}.{:03}0", self.second(), self.ms % 1000)
    }
}

/// `date` and so many days more (or less); stays where the calendar ends.
pub(crate) fn later(date: Date, days: i32) -> Date {
    date.plus_days(days).unwrap_or(date)
}
/// `YYYYMMDD`.
pub(crate) fn compact(date: Date) -> String {
    format!("{:08}", date.number())
}
/// Whole months from `from` to `to`; zero if `to` is earlier.
pub(crate) fn months(from: Date, to: Date) -> u32 {
    let count = |date: Date| u32::from(date.year()) * 12 + u32::from(date.month());
    count(to).saturating_sub(count(from))
}
/// Age in full years.
pub(crate) fn age(birth: Date, on: Date) -> u32 {
    on.number().saturating_sub(birth.number()) / 10_000
}
