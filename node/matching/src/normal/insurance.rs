//! Health and care insurance (保険者番号, 記号, 番号, 枝番; 介護保険) and other numbers on cards.
use super::text;
use crate::limits::{CARD_CHARS_MAX, CARD_CHARS_MIN};
use std::fmt;

/// What a health insurance card says. `Debug` prints no digit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Insurance {
    /// Who insures.
    pub insurer: Insurer,
    /// 記号 without spaces and hyphens; empty for 後期高齢者 and where the source leaves it out.
    pub symbol: String,
    /// 番号 without leading zeros.
    pub number: String,
    /// 枝番, two digits; `00` as sent, which means unknown.
    pub branch: Option<String>,
}

impl Insurance {
    /// The branch, if it tells members of a family apart.
    pub fn known_branch(&self) -> Option<&str> {
        self.branch.as_deref().filter(|branch| *branch != "00")
    }
    /// Whether the number alone belongs to one person: 後期高齢者医療 insures persons, not families.
    pub fn is_personal(&self) -> bool {
        self.insurer.law() == "39"
    }
}
impl fmt::Debug for Insurance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Insurance(‹redacted›)")
    }
}

/// 保険者番号 or 公費負担者番号, eight digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Insurer {
    /// Eight digits; 国保, which has six, is padded with zeros.
    pub digits: String,
    /// Whether the check digit fits. A number that fails is kept, but is weak.
    pub check_fits: bool,
}

impl Insurer {
    /// Reads six to eight digits; a leading zero that a spreadsheet ate comes back if the check digit then fits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text::digits(text);
        if !(6..=8).contains(&digits.len()) || digits.bytes().all(|b| b == b'0') {
            return None;
        }
        let check_fits = check_digit_fits(&digits);
        Some(Self { digits: format!("{digits:0>8}"), check_fits })
    }
    /// 法別番号: the first two digits; `00` is 国民健康保険.
    pub fn law(&self) -> &str {
        self.digits.get(..2).unwrap_or("")
    }
    /// Whether this is a public payer (公費) rather than an insurer.
    pub fn is_public(&self) -> bool {
        PUBLIC_LAWS.contains(&self.law()) || self.law().starts_with('8')
    }
}

/// Reads an insurance from its fields; without an insurer or a number there is none.
///
/// A number of twelve digits whose check digit is that of 個人番号 is never used.
pub fn parse(insurer: &str, symbol: &str, number: &str, branch: &str) -> Option<Insurance> {
    let insurer = Insurer::parse(insurer)?;
    let (number, bracketed) = number_and_branch(number);
    let key = number_key(&number)?;
    let branch = parse_branch(branch).or(bracketed);
    let personal_number = looks_like_my_number(&number);
    (!personal_number).then(|| Insurance { insurer, symbol: parse_symbol(symbol), number: key, branch })
}

/// 記号 with one width, without spaces, hyphens and middle dots; kanji and kana stay.
pub fn parse_symbol(text: &str) -> String {
    text::settle(text, |text| {
        let mut out = String::new();
        for c in text::canonical(text).chars().take(CARD_CHARS_MAX) {
            let long_mark = c == 'ー' && out.chars().last().is_some_and(text::is_katakana);
            if long_mark || !matches!(c, ' ' | '-' | '・' | '~' | 'ー') {
                out.push(c);
            }
        }
        out
    })
}

/// The number as written, in one width without gaps, and the branch that stood in brackets behind it.
pub fn number_and_branch(text: &str) -> (String, Option<String>) {
    let plain = text::canonical(text);
    let (number, branch) = match plain.split_once('(') {
        Some((number, rest)) => (number, parse_branch(rest.trim_end_matches(')').trim_start_matches("枝番"))),
        None => (plain.as_str(), None),
    };
    let number = number.chars().filter(|c| !matches!(c, ' ' | '-' | '・' | 'ー')).take(CARD_CHARS_MAX).collect();
    (number, branch)
}

/// The key of a number: without leading zeros. Nothing if it is empty or a dummy of one repeated digit.
pub fn number_key(number: &str) -> Option<String> {
    let key = number.trim_start_matches('0');
    let dummy = key.len() >= 4 && key.bytes().all(|b| Some(b) == key.bytes().next());
    (!key.is_empty() && !dummy).then(|| key.to_owned())
}

/// 枝番 as two digits; blank is nothing, which is not the same as `00`.
pub fn parse_branch(text: &str) -> Option<String> {
    let digits = text::digits(text);
    matches!(digits.len(), 1 | 2).then(|| format!("{digits:0>2}"))
}

/// 介護保険: insurer of six digits and number of ten; numbers from H on belong to 生活保護 and are none.
pub fn parse_care(insurer: &str, number: &str) -> Option<(String, String)> {
    let insurer = text::digits(insurer);
    let plain: String = text::canonical(number).chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let digits = !plain.is_empty() && plain.len() <= 10 && plain.bytes().all(|b| b.is_ascii_digit());
    let usable = digits && number_key(&plain).is_some() && (5..=6).contains(&insurer.len());
    usable.then(|| (format!("{insurer:0>6}"), format!("{plain:0>10}")))
}

/// The key of a patient number inside its facility: without hyphens and leading zeros. The number itself stays as it was sent.
pub fn patient_key(text: &str) -> String {
    let plain: String = text::canonical(text).chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    plain.trim_start_matches('0').to_owned()
}

/// Number of a network's card or common ID: letters and digits; dummies of one repeated character are none.
pub fn parse_card(text: &str) -> Option<String> {
    let plain: String = text::canonical(text).chars().filter(char::is_ascii_alphanumeric).collect();
    let repeated = plain.bytes().all(|b| Some(b) == plain.bytes().next());
    ((CARD_CHARS_MIN..=CARD_CHARS_MAX).contains(&plain.len()) && !repeated).then_some(plain)
}

/// Whether the last digit of a 保険者番号, 公費負担者番号 or 受給者番号 is right: weights 2, 1, 2, 1… from the right of
/// the body, digits of the products summed, 10 − sum mod 10.
pub fn check_digit_fits(digits: &str) -> bool {
    let Some((check, body)) = digits.as_bytes().split_last() else { return false };
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let sum: u32 = body
        .iter()
        .rev()
        .zip([2u32, 1].iter().cycle())
        .map(|(b, w)| u32::from(b - b'0') * w)
        .map(|p| p / 10 + p % 10)
        .sum();
    u32::from(check - b'0') == (10 - sum % 10) % 10
}

/// Whether twelve digits carry the check digit of 個人番号, which must never be stored or used as a key.
pub fn looks_like_my_number(text: &str) -> bool {
    let digits: Vec<u32> = text::canonical(text).chars().filter_map(|c| c.to_digit(10)).collect();
    let [body @ .., check] = digits.as_slice() else { return false };
    if body.len() != 11 {
        return false;
    }
    let sum: u32 = body.iter().rev().zip((2..=7).chain(2..=6)).map(|(digit, weight)| digit * weight).sum();
    let remainder = sum % 11;
    *check == if remainder <= 1 { 0 } else { 11 - remainder }
}

/// 法別 of public payers (公費): 感染症, 生活保護, 障害者総合支援, 児童福祉, 難病 and others.
const PUBLIC_LAWS: [&str; 22] = [
    "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20", "21", "22", "23", "24", "28", "29", "30", "38",
    "51", "52", "54",
];
