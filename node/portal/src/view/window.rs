use super::dates::{day_number, days_between};
use protocol::time::Date;

/// How much of time one page shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zoom {
    /// 14 days.
    Day,
    /// 13 weeks.
    Week,
    /// 15 months.
    #[default]
    Month,
    /// 10 years.
    Year,
}

impl Zoom {
    /// All of them, nearest first.
    pub const ALL: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::Year];
    /// Its word in URLs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }
    /// Reads what [`Zoom::word`] writes.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|zoom| zoom.word() == word)
    }
    fn days(self) -> i32 {
        match self {
            Self::Day => 14,
            Self::Week => 91,
            Self::Month => 457,
            Self::Year => 3_653,
        }
    }
    /// How far after today the window ends: what is planned next is seen.
    fn ahead(self) -> i32 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 14,
            Self::Year => 60,
        }
    }
}

/// The days that a page shows, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// How much.
    pub zoom: Zoom,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Today.
    pub today: Date,
}

impl Window {
    /// The window that ends on this day, or a little after today: also for days that no record can have.
    pub fn new(zoom: Zoom, to: Option<Date>, today: Date) -> Self {
        let last = today.plus_days(zoom.ahead()).unwrap_or(today);
        let to = to.filter(|to| to.year() > FIRST_YEAR).map_or(last, |to| to.min(last));
        let from = to.plus_days(1 - zoom.days()).unwrap_or(to);
        Self { zoom, from, to, today }
    }
    /// The end of the window before or after this one; none where the calendar or the future ends.
    pub fn step(&self, on: bool) -> Option<Date> {
        let days = self.zoom.days() * 3 / 4;
        let last = self.today.plus_days(self.zoom.ahead())?;
        if on {
            (self.to < last).then(|| self.to.plus_days(days).map(|to| to.min(last)))?
        } else {
            self.to.plus_days(-days).filter(|to| to.year() > FIRST_YEAR)
        }
    }
    /// Whether a day lies in it.
    pub fn has(&self, date: Date) -> bool {
        self.from <= date && date <= self.to
    }
    /// Where a day lies, 0 to 1.
    #[allow(clippy::cast_precision_loss, reason = "days of a calendar are far below 2^52")]
    pub fn place(&self, date: Date) -> f64 {
        let whole = days_between(self.from, self.to).max(1) as f64 + 1.0;
        (days_between(self.from, date) as f64 + 0.5) / whole
    }
    /// Where a day begins, 0 to 1: bars begin and end there.
    #[allow(clippy::cast_precision_loss, reason = "days of a calendar are far below 2^52")]
    pub fn edge(&self, date: Date) -> f64 {
        let whole = days_between(self.from, self.to).max(1) as f64 + 1.0;
        (days_between(self.from, date) as f64 / whole).clamp(0.0, 1.0)
    }
    /// Days from one day to another that the page draws, for charts with a period of their own.
    pub fn between(zoom: Zoom, from: Date, to: Date, today: Date) -> Self {
        Self { zoom, from: from.min(to), to, today }
    }
    /// Where lines stand on the axis, with whether they begin something larger (a month, a year).
    pub fn ticks(&self) -> Vec<(Date, bool)> {
        let days = days_between(self.from, self.to).clamp(0, 4_000);
        let at = |offset: i64| self.from.plus_days(i32::try_from(offset).unwrap_or(0));
        let dates = (0..=days).filter_map(at);
        let pick = |date: &Date| match self.zoom {
            Zoom::Day => true,
            // Mondays: 0000-03-01 was a Wednesday.
            Zoom::Week => (day_number(*date) + 2).rem_euclid(7) == 0,
            Zoom::Month => date.day() == 1,
            Zoom::Year => date.day() == 1 && date.month() == 1,
        };
        let large = |date: Date| match self.zoom {
            Zoom::Day | Zoom::Week => date.day() <= if self.zoom == Zoom::Day { 1 } else { 7 },
            Zoom::Month => date.month() == 1,
            Zoom::Year => true,
        };
        dates.filter(pick).map(|date| (date, large(date))).collect()
    }
}

/// Nobody alive was born before; windows end later.
const FIRST_YEAR: u16 = 1_880;

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        Date::parse(text).expect("a date")
    }

    #[test]
    fn a_window_ends_a_little_after_today_and_steps_back() {
        let window = Window::new(Zoom::Week, None, date("20261122"));
        assert_eq!((window.from, window.to), (date("20260831"), date("20261129")));
        assert!(window.has(date("20260831")) && !window.has(date("20260830")));
        assert_eq!(window.step(true), None);
        let back = window.step(false).expect("a step back");
        let earlier = Window::new(Zoom::Week, Some(back), date("20261122"));
        assert!(earlier.to < window.to && earlier.to > window.from, "the windows overlap");
        assert_eq!(earlier.step(true), Some(window.to));
    }
    #[test]
    fn weeks_begin_on_mondays_and_years_in_january() {
        let weeks = Window::new(Zoom::Week, None, date("20261122")).ticks();
        assert_eq!(weeks.first(), Some(&(date("20260831"), false)));
        assert_eq!(weeks.len(), 13);
        let years = Window::new(Zoom::Year, None, date("20261122")).ticks();
        assert_eq!(years.len(), 10);
    }
    #[test]
    fn a_day_out_of_all_reason_gives_the_window_of_today() {
        for zoom in Zoom::ALL {
            for end in ["00010101", "99991231"] {
                let window = Window::new(zoom, Some(date(end)), date("20261122"));
                assert!(window.place(date("20261122")).is_finite());
                assert_eq!(window, Window::new(zoom, None, date("20261122")));
                assert!(!window.ticks().is_empty() && window.step(true).is_none());
            }
        }
    }
}
