//! Dates for people: the Gregorian and the Japanese calendar (西暦 and 和暦), ages, moments in Japan's time.
use crate::i18n::{Key, Lang, Words};
use protocol::time::{DAY_MS, Date, HOUR_MS, MINUTE_MS, Millis};

/// An era (元号) from its first day on.
struct Era {
    from: (u16, u8, u8),
    ja: &'static str,
    en: &'static str,
}

/// Newest first. Borders as promulgated; 明治 from the day it was announced.
const ERAS: [Era; 5] = [
    Era { from: (2019, 5, 1), ja: "令和", en: "Reiwa" },
    Era { from: (1989, 1, 8), ja: "平成", en: "Heisei" },
    Era { from: (1926, 12, 25), ja: "昭和", en: "Showa" },
    Era { from: (1912, 7, 30), ja: "大正", en: "Taisho" },
    Era { from: (1868, 10, 23), ja: "明治", en: "Meiji" },
];

/// The era of a date and its year there, counted from 1.
fn era(date: Date) -> Option<(&'static Era, u16)> {
    let day = (date.year(), date.month(), date.day());
    let era = ERAS.iter().find(|era| era.from <= day)?;
    Some((era, date.year() - era.from.0 + 1))
}

/// `1941(昭和16)年9月3日`, `3 Sep 1941 (Showa 16)`: where people decide.
pub fn both_calendars(words: &Words, date: Date) -> String {
    let (year, month, day) = (date.year(), date.month(), date.day());
    match (words.lang(), era(date)) {
        (Lang::Ja, Some((era, 1))) => format!("{year}({}元)年{month}月{day}日", era.ja),
        (Lang::Ja, Some((era, count))) => format!("{year}({}{count})年{month}月{day}日", era.ja),
        (Lang::Ja, None) => format!("{year}年{month}月{day}日"),
        (Lang::En, Some((era, count))) => format!("{day} {} {year} ({} {count})", month_name(month), era.en),
        (Lang::En, None) => format!("{day} {} {year}", month_name(month)),
    }
}

/// A day as a heading: `2026年11月22日（日）`, `Sun 22 Nov 2026`.
pub fn day(words: &Words, date: Date) -> String {
    let weekday = weekday(date);
    match words.lang() {
        Lang::Ja => {
            let name = ["日", "月", "火", "水", "木", "金", "土"][weekday];
            format!("{}年{}月{}日（{name}）", date.year(), date.month(), date.day())
        }
        Lang::En => {
            let name = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][weekday];
            format!("{name} {} {} {}", date.day(), month_name(date.month()), date.year())
        }
    }
}

/// A moment in Japan: `10:42` if it is of today, `11/21 10:42` within a year, else the date.
pub fn moment(at: Millis, now: Millis) -> String {
    let (date, today) = (at.date_jst(), now.date_jst());
    let minutes = (at.0.saturating_add(9 * HOUR_MS) % DAY_MS) / MINUTE_MS;
    let clock = format!("{:02}:{:02}", minutes / 60, minutes % 60);
    if date == today {
        clock
    } else if now.since(at) < 300 * DAY_MS && at.since(now) < 300 * DAY_MS {
        format!("{}/{} {clock}", date.month(), date.day())
    } else {
        date.to_string()
    }
}

/// A moment in Japan with its day, also of today: `12/3 10:42`. For ends that must not be mistaken.
pub fn stamp(at: Millis) -> String {
    let date = at.date_jst();
    format!("{}/{} {}", date.month(), date.day(), moment(at, at))
}

/// How old somebody is on a day; of children in months, under one month in days. Empty for a birth date after that day.
pub fn age(words: &Words, birth: Date, today: Date) -> String {
    let Some(months) = months_between(birth, today) else { return String::new() };
    let (years, rest) = (months / 12, months % 12);
    match (years, months) {
        (_, 0) => words.with(Key::AgeDays, &[("n", days_between(birth, today).into())]),
        (0 | 1, _) => words.with(Key::AgeMonths, &[("n", months.into())]),
        (2..=14, _) => words.with(Key::AgeYearsMonths, &[("n", years.into()), ("m", rest.into())]),
        _ => words.with(Key::AgeYears, &[("n", years.into())]),
    }
}

/// Whole months from one date to another; none if it is later.
pub(super) fn months_between(from: Date, to: Date) -> Option<u32> {
    let count = |date: Date| u32::from(date.year()) * 12 + u32::from(date.month());
    let whole = count(to).checked_sub(count(from))?;
    // Who is born on the 31st grows a month older on the last day of a shorter one, as the law counts.
    let last_of_month = to.plus_days(1).is_some_and(|next| next.day() == 1);
    if to.day() >= from.day() || last_of_month { Some(whole) } else { whole.checked_sub(1) }
}

/// Days from one date to another, negative if it is earlier.
pub(super) fn days_between(from: Date, to: Date) -> i64 {
    day_number(to) - day_number(from)
}

/// Days since 0000-03-01 in the Gregorian calendar.
pub(super) fn day_number(date: Date) -> i64 {
    let (year, month) = (i64::from(date.year()), i64::from(date.month()));
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    year * 365 + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (month * 306 + 5) / 10
        + i64::from(date.day())
        - 1
}

/// 0 is Sunday.
fn weekday(date: Date) -> usize {
    // 0000-03-01 is a Wednesday in the proleptic calendar.
    usize::try_from((day_number(date) + 3).rem_euclid(7)).unwrap_or(0)
}

/// `Jan` to `Dec`.
pub(super) fn month_name(month: u8) -> &'static str {
    let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    names[usize::from(month.clamp(1, 12)) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        Date::parse(text).expect("a date")
    }
    #[track_caller]
    fn check(text: &str, ja: &str, en: &str) {
        assert_eq!(both_calendars(&Words::of(Lang::Ja), date(text)), ja);
        assert_eq!(both_calendars(&Words::of(Lang::En), date(text)), en);
    }
    #[track_caller]
    fn check_age(birth: &str, today: &str, expect: &str) {
        assert_eq!(age(&Words::of(Lang::Ja), date(birth), date(today)), expect, "{birth} on {today}");
    }

    #[test]
    fn eras_change_on_their_days() {
        check("20190501", "2019(令和元)年5月1日", "1 May 2019 (Reiwa 1)");
        check("20190430", "2019(平成31)年4月30日", "30 Apr 2019 (Heisei 31)");
        check("19890108", "1989(平成元)年1月8日", "8 Jan 1989 (Heisei 1)");
        check("19890107", "1989(昭和64)年1月7日", "7 Jan 1989 (Showa 64)");
        check("19261225", "1926(昭和元)年12月25日", "25 Dec 1926 (Showa 1)");
        check("19261224", "1926(大正15)年12月24日", "24 Dec 1926 (Taisho 15)");
        check("19120730", "1912(大正元)年7月30日", "30 Jul 1912 (Taisho 1)");
        check("19120729", "1912(明治45)年7月29日", "29 Jul 1912 (Meiji 45)");
        check("18681023", "1868(明治元)年10月23日", "23 Oct 1868 (Meiji 1)");
        check("18681022", "1868年10月22日", "22 Oct 1868");
        check("19410903", "1941(昭和16)年9月3日", "3 Sep 1941 (Showa 16)");
    }
    #[test]
    fn small_children_are_counted_in_months_and_days() {
        check_age("20261101", "20261122", "生後21日");
        check_age("20261022", "20261122", "1か月");
        check_age("20241123", "20261122", "23か月");
        check_age("20170701", "20261122", "9歳4か月");
        check_age("19410903", "20260902", "84歳");
        check_age("19410903", "20260903", "85歳");
        check_age("20260131", "20260228", "1か月");
        check_age("20270101", "20261122", "");
    }
    #[test]
    fn weekdays_fit_the_calendar() {
        assert_eq!(day(&Words::of(Lang::Ja), date("20261122")), "2026年11月22日（日）");
        assert_eq!(day(&Words::of(Lang::En), date("20240229")), "Thu 29 Feb 2024");
        assert_eq!(days_between(date("20240228"), date("20240301")), 2);
        assert_eq!(days_between(date("20240301"), date("20240228")), -2);
    }
    #[test]
    fn moments_are_told_in_the_time_of_japan() {
        let now = Millis(date("20261122").start_jst().0 + 10 * HOUR_MS);
        assert_eq!(moment(now.minus(30 * MINUTE_MS), now), "09:30");
        assert_eq!(moment(now.minus(DAY_MS), now), "11/21 10:00");
        assert_eq!(moment(now.minus(400 * DAY_MS), now), "2025-10-18");
    }
}
