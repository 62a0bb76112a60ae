use protocol::time::Date;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A moment as HL7 writes it: digits from the year on, as many as are known. Local time of Japan, no zone. Sorts by time.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stamp(String);

impl Stamp {
    /// Reads the longest prefix that the calendar has: `YYYY[MM[DD[HH[MM[SS[.SSSS]]]]]]`, zone left out, hour 24 allowed.
    ///
    /// The second value says that something behind it was not understood. Nulls (`""`, zeros) give nothing.
    pub fn parse(text: &str) -> (Option<Self>, bool) {
        let text = text.trim();
        let body = text.split(['+', '-']).next().unwrap_or_default();
        let zone_fits = text.len() == body.len() || text.len() == body.len() + 5;
        let (whole, fraction) = body.split_once('.').unwrap_or((body, ""));
        let digits: String = whole.chars().take_while(char::is_ascii_digit).take(17).collect();
        let known = Self::known(&digits);
        if known.is_empty() {
            return (None, !digits.is_empty() && digits.bytes().any(|b| b != b'0') || digits.len() != whole.len());
        }
        let fraction_fits = fraction.len() <= 4 && fraction.bytes().all(|b| b.is_ascii_digit());
        // The 17 digits of file names: milliseconds without a point.
        let rest_fits = digits.len() == known.len() || known.len() == 14 && digits.len() == 17;
        let odd = digits.len() != whole.len() || !rest_fits || !fraction_fits || !zone_fits;
        (Some(Self(known.to_owned())), odd)
    }
    /// A whole day.
    pub fn of_date(date: Date) -> Self {
        Self(date.number().to_string())
    }
    /// The calendar day, if it is known to the day.
    pub fn date(&self) -> Option<Date> {
        self.0.get(..8).and_then(Date::parse)
    }
    /// Its digits: 4, 6, 8, 10, 12 or 14.
    pub fn digits(&self) -> &str {
        &self.0
    }

    fn known(digits: &str) -> &str {
        let two = |at: usize| digits.get(at..at + 2).and_then(|text| text.parse::<u8>().ok());
        let year = digits.get(..4).and_then(|text| text.parse::<u16>().ok());
        if !year.is_some_and(|year| (1800..=9998).contains(&year)) {
            return "";
        }
        let len = match (two(4), two(6), two(8), two(10), two(12)) {
            (month, ..) if !month.is_some_and(|month| (1..=12).contains(&month)) => 4,
            _ if digits.get(..8).and_then(Date::parse).is_none() => 6,
            (_, _, hour, ..) if hour.is_none_or(|hour| hour > 24) => 8,
            (_, _, _, minute, _) if minute.is_none_or(|minute| minute > 59) => 10,
            (.., second) if second.is_none_or(|second| second > 59) => 12,
            _ => 14,
        };
        &digits[..len]
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, mark) in [(0, ""), (4, "-"), (6, "-"), (8, " "), (10, ":"), (12, ":")] {
            let end = if at == 0 { 4 } else { at + 2 };
            if let Some(part) = self.0.get(at..end) {
                write!(f, "{mark}{part}")?;
            }
        }
        Ok(())
    }
}
impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹redacted›")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, expect: &str, odd: bool) {
        let (stamp, found_odd) = Stamp::parse(text);
        assert_eq!(
            (stamp.map(|stamp| stamp.to_string()).unwrap_or_default().as_str(), found_odd),
            (expect, odd),
            "{text:?}"
        );
    }

    #[test]
    fn every_precision_is_kept() {
        check("20250610093012.1230", "2025-06-10 09:30:12", false);
        check("20250610093012123", "2025-06-10 09:30:12", false);
        check("2025061018", "2025-06-10 18", false);
        check("199603", "1996-03", false);
        check("1996", "1996", false);
        check("20250610093012+0900", "2025-06-10 09:30:12", false);
        check("202506102400", "2025-06-10 24:00", false);
        check("", "", false);
        check("00000000", "", false);
    }
    #[test]
    fn the_longest_valid_beginning_is_taken() {
        check("20250610093060", "2025-06-10 09:30", true);
        check("20251301", "2025", true);
        check("20250230", "2025-02", true);
        check("2025061009301", "2025-06-10 09:30", true);
        check("20250610 0930", "2025-06-10", true);
        check("昭和33年", "", true);
        check("99999999", "", true);
    }
    proptest! {
        #[test]
        fn any_text_is_read_or_not(text in ".{0,20}") { let _ = Stamp::parse(&text); }
    }
}
