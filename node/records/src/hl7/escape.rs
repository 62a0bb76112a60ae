use super::Separators;
use crate::limits::{ESCAPE_CHARS_MAX, ESCAPE_SPACING_MAX};
use encoding_rs::SHIFT_JIS;
use std::borrow::Cow;

/// Resolves the escape sequences of one component, after splitting. The second value says that something was unknown or not
/// closed; that stands in the text as it came.
pub fn unescape<'a>(text: &'a str, separators: &Separators) -> (Cow<'a, str>, bool) {
    if separators.escape.is_ascii() && !text.bytes().any(|byte| byte == separators.escape as u8) {
        return (Cow::Borrowed(text), false);
    }
    if !text.contains(separators.escape) {
        return (Cow::Borrowed(text), false);
    }
    let mut out = String::with_capacity(text.len());
    let mut odd = false;
    let mut rest = text;
    while let Some(at) = rest.find(separators.escape) {
        out.push_str(&rest[..at]);
        let inner = &rest[at + separators.escape.len_utf8()..];
        let end =
            inner.char_indices().take(ESCAPE_CHARS_MAX).find(|(_, c)| *c == separators.escape).map(|(end, _)| end);
        match end.and_then(|end| Some((meaning(&inner[..end], separators)?, end))) {
            Some((words, end)) => {
                out.push_str(&words);
                rest = &inner[end + separators.escape.len_utf8()..];
            }
            None => {
                odd = true;
                out.push(separators.escape);
                rest = inner;
            }
        }
    }
    out.push_str(rest);
    (Cow::Owned(out), odd)
}

/// Writes the standard's delimiters and line breaks of a text as escape sequences.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '|' => out.push_str("\\F\\"),
            '^' => out.push_str("\\S\\"),
            '&' => out.push_str("\\T\\"),
            '~' => out.push_str("\\R\\"),
            '\\' => out.push_str("\\E\\"),
            '\n' => out.push_str("\\.br\\"),
            '\r' => {}
            other => out.push(other),
        }
    }
    out
}

/// What stands for the sequence between two escape characters; none if nobody knows it.
fn meaning(code: &str, separators: &Separators) -> Option<String> {
    let one = |c: char| Some(c.to_string());
    match code {
        "F" => one(separators.field),
        "S" => one(separators.component),
        "T" => one(separators.sub),
        "R" => one(separators.repeat),
        "E" => one(separators.escape),
        "H" | "N" => Some(String::new()),
        ".br" | ".ce" => one('\n'),
        ".fi" | ".nf" => Some(String::new()),
        _ => match code.as_bytes() {
            [b'X', hex @ ..] => hexadecimal(hex),
            [b'.', b's', b'p', count @ ..] => spacing("\n", count),
            [b'.', b's', b'k', count @ ..] => spacing(" ", count),
            [b'.', b'i' | b't', b'n' | b'i', ..] => Some(String::new()),
            // Local sequences, and shifts of the scheme that MSH-20 `2.3` would switch on: the stored bytes keep them.
            [b'Z' | b'C' | b'M', rest @ ..] if rest.len() <= 6 && rest.iter().all(u8::is_ascii_alphanumeric) => {
                Some(String::new())
            }
            _ => None,
        },
    }
}

fn spacing(unit: &str, count: &[u8]) -> Option<String> {
    let digits = count.strip_prefix(b"+").unwrap_or(count);
    let count = if digits.is_empty() { 1 } else { std::str::from_utf8(digits).ok()?.parse::<usize>().ok()? };
    Some(unit.repeat(count.min(ESCAPE_SPACING_MAX)))
}

/// `\X0D0A\`: bytes as digits. Line ends become one line break, other control bytes nothing.
fn hexadecimal(digits: &[u8]) -> Option<String> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let value = |b: &u8| (*b as char).to_digit(16).unwrap_or(0) as u8;
    let padded: Vec<u8> = (digits.len() % 2 == 1).then_some(b'0').into_iter().chain(digits.iter().copied()).collect();
    let bytes: Vec<u8> = padded.chunks_exact(2).map(|pair| value(&pair[0]) << 4 | value(&pair[1])).collect();
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => SHIFT_JIS.decode_without_bom_handling_and_without_replacement(error.as_bytes())?.into_owned(),
    };
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    Some(text.chars().filter(|c| *c == '\n' || *c == '\t' || !c.is_control()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, expect: &str, odd: bool) {
        let (found, found_odd) = unescape(text, &Separators::STANDARD);
        assert_eq!((found.as_ref(), found_odd), (expect, odd), "meaning of {text:?}");
    }

    #[test]
    fn delimiters_lines_and_bytes_are_resolved() {
        check("×10\\S\\4/μL", "×10^4/μL", false);
        check("a\\F\\b\\T\\c\\R\\d\\E\\e", "a|b&c~d\\e", false);
        check("再採血\\.br\\担当\\H\\!\\N\\", "再採血\n担当!", false);
        check("\\X0D0A\\x\\X000d\\y\\X41\\", "\nx\nyA", false);
        check("\\X82A0\\\\Z12\\\\.sp+2\\.", "あ\n\n.", false);
    }
    #[test]
    fn the_unknown_stands_as_it_came() {
        check("C:\\temp", "C:\\temp", true);
        check("\\Q\\ \\T\\", "\\Q\\ &", true);
        check("\\XZZ\\", "\\XZZ\\", true);
        check("\\.sp+999999999999999999999\\", "\\.sp+999999999999999999999\\", true);
    }
    #[test]
    fn spacing_is_bounded() {
        assert_eq!(unescape("\\.sp+5000\\", &Separators::STANDARD).0.len(), ESCAPE_SPACING_MAX);
    }
    proptest! {
        #[test]
        fn what_was_escaped_comes_back(text in "[ -~あ本\n]{0,60}") {
            let escaped = escape(&text);
            prop_assert!(!escaped.contains(['|', '^', '&', '~', '\n']));
            prop_assert_eq!(unescape(&escaped, &Separators::STANDARD), (Cow::Owned::<str>(text), false));
        }
        #[test]
        fn any_text_is_resolved(text in "(\\\\|\\.|[XZCMHbrspk+0-9A-F]|.){0,60}") { let _ = unescape(&text, &Separators::STANDARD); }
    }
}
