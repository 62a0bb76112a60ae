//! Telephone numbers: digits only, +81 as 0, with extension and owner kept apart.
use super::text;
use std::fmt;

/// One number. `Debug` prints no digit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Phone {
    /// Ten digits (landline) or eleven (mobile, IP), from 0 on.
    pub digits: String,
    /// 内線.
    pub extension: Option<String>,
    /// Whose it is, if a remark says so (長女).
    pub owner: Option<String>,
}

impl Phone {
    /// Whether a number is a mobile one, which belongs to a person rather than to a household.
    pub fn is_mobile(&self) -> bool {
        self.digits.len() == 11 && ["070", "080", "090"].iter().any(|prefix| self.digits.starts_with(prefix))
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(‹redacted›)")
    }
}

/// Reads a number of Japan; dummies (one digit repeated), words and foreign numbers give nothing.
pub fn parse(text: &str) -> Option<Phone> {
    let plain = text::canonical(text);
    let (plain, extension) = match plain.split_once("内線") {
        Some((number, rest)) => (number.to_owned(), Some(text::digits(rest)).filter(|digits| !digits.is_empty())),
        None => (plain, None),
    };
    let (plain, owner) = cut_remark(&plain);
    let digits = text::digits(&plain);
    let digits = match plain.trim_start_matches([' ', '(']).strip_prefix('+') {
        Some(_) => format!("0{}", digits.strip_prefix("81")?.trim_start_matches('0')),
        None => digits,
    };
    let dummy = digits.bytes().all(|b| Some(b) == digits.bytes().next());
    (digits.starts_with('0') && matches!(digits.len(), 10 | 11) && !dummy).then_some(Phone { digits, extension, owner })
}

/// Takes a bracketed remark without digits out of the text.
fn cut_remark(text: &str) -> (String, Option<String>) {
    if let Some((before, rest)) = text.split_once('(')
        && let Some((inside, after)) = rest.split_once(')')
        && !inside.is_empty()
        && !inside.contains(|c: char| c.is_ascii_digit())
    {
        return (format!("{before}{after}"), Some(inside.to_owned()));
    }
    (text.to_owned(), None)
}
