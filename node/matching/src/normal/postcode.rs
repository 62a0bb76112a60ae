//! Postcode (郵便番号).
use super::text;
use crate::limits::POSTCODE_DIGITS;

/// Seven digits, or nothing if there are not seven, or only one digit repeated.
pub fn parse(text: &str) -> Option<String> {
    let digits = text::digits(text);
    let repeated = digits.bytes().all(|b| Some(b) == digits.bytes().next());
    (digits.len() == POSTCODE_DIGITS && !repeated).then_some(digits)
}

/// As it is printed: `270-0000`.
pub fn printed(digits: &str) -> String {
    match (digits.get(..3), digits.get(3..)) {
        (Some(head), Some(tail)) => format!("{head}-{tail}"),
        _ => digits.to_owned(),
    }
}
