use serde::{Deserialize, Serialize};
use std::fmt;

/// A length of time as scenarios write it: `250ms`, `10s`, `30m`, `36h`, `2d`. In milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(pub u64);

impl Span {
    /// In microseconds.
    pub fn micros(self) -> u64 {
        self.0.saturating_mul(1_000)
    }
}

impl TryFrom<String> for Span {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let digits = text.chars().take_while(char::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let factor = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(format!("`{text}` is no length of time; write 250ms, 10s, 30m, 36h or 2d")),
        };
        let number: u64 =
            number.parse().map_err(|_| format!("`{text}` has no number; write 250ms, 10s, 30m, 36h or 2d"))?;
        number.checked_mul(factor).map(Self).ok_or_else(|| format!("`{text}` is longer than time lasts"))
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
        let unit = units.into_iter().find(|(ms, _)| self.0 > 0 && self.0.is_multiple_of(*ms)).unwrap_or((1, "ms"));
        write!(f, "{}{}", self.0 / unit.0, unit.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_back_as_written() {
        for text in ["250ms", "10s", "30m", "36h", "2d", "0ms"] {
            assert_eq!(Span::try_from(text.to_owned()).map(|span| span.to_string()), Ok(text.to_owned()));
        }
    }
    #[test]
    fn what_is_no_span_says_how_to_write_one() {
        for text in ["", "10", "h", "1.5h", "-1s", "10 s", "99999999999999999999d", "18446744073709551615d"] {
            assert!(Span::try_from(text.to_owned()).is_err(), "{text:?}");
        }
    }
}
