//! What every field needs: one width, one dash, one space, nothing invisible.
use crate::limits::{ROUNDS_MAX, TEXT_CHARS_MAX};
use unicode_normalization::UnicodeNormalization;

/// Stands for exactly one lost character (〓 ■ ? and private-use characters in names).
pub const WILDCARD: char = '*';

/// L1 of any text: invisible characters gone, Unicode NFKC, Latin in capitals, dashes as `-`, gaps as one space, trimmed.
///
/// Reads at most [`TEXT_CHARS_MAX`] characters.
pub fn canonical(text: &str) -> String {
    // Numbers, dates and codes are mostly in this form already.
    let settled = |b: u8| b.is_ascii_graphic() && !b.is_ascii_lowercase();
    if text.len() <= TEXT_CHARS_MAX && text.bytes().all(settled) {
        return text.to_owned();
    }
    settle(text, unify_all)
}

/// One round of [`canonical`]; the folds of kana and kanji build on it and settle once, at the end.
pub(crate) fn unify_all(text: &str) -> String {
    // Most fields hold only characters that need no decomposition; `plain_characters_need_no_tables` compares the two ways.
    if let Some(plain) = text.chars().map(unified_plainly).collect() {
        return plain;
    }
    unify_by_tables(text)
}

fn unify_by_tables(text: &str) -> String {
    let visible = text.chars().filter(|c| !is_invisible(*c)).map(unify);
    visible.nfkc().flat_map(capital).filter(|c| !is_invisible(*c)).map(unify).collect()
}

/// What becomes of a character that stands for itself or for one ASCII character; `None` for all others.
fn unified_plainly(c: char) -> Option<char> {
    match c {
        ' '..='~' => Some(c.to_ascii_uppercase()),
        '\u{3000}' => Some(' '),
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).map(|c| c.to_ascii_uppercase()),
        '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}' | 'ー' | '々' | '〇' | '\u{4E00}'..='\u{9FEF}' => Some(c),
        '〓' | '■' | '●' => Some(c),
        _ => None,
    }
}

/// Repeats `pass` with gaps closed up until nothing changes, so that a normal form of a normal form is itself.
pub(crate) fn settle(text: &str, pass: impl Fn(&str) -> String) -> String {
    let short = text.len() <= TEXT_CHARS_MAX;
    let mut current = if short { text.to_owned() } else { text.chars().take(TEXT_CHARS_MAX).collect() };
    for _ in 0..ROUNDS_MAX {
        let next = close_gaps(&pass(&current));
        if next == current {
            break;
        }
        current = next;
    }
    current
}

/// The ASCII digits of a text after NFKC, in order.
pub fn digits(text: &str) -> String {
    canonical(text).chars().filter(char::is_ascii_digit).collect()
}

/// Whether this character marks that the true one was lost.
pub fn is_lost(c: char) -> bool {
    matches!(c, '〓' | '■' | '□' | '●' | '○' | '?' | '*' | '_' | '\u{FFFD}') || is_private(c)
}

/// Whether this is a private-use character (外字).
pub fn is_private(c: char) -> bool {
    matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}')
}

/// Whether this is a unified ideograph, the repeat mark or 〇.
pub fn is_kanji(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' | '々' | '〇')
}

/// Whether this is katakana, with the long mark and repeat marks, without the middle dot.
pub fn is_katakana(c: char) -> bool {
    matches!(c, '\u{30A1}'..='\u{30FA}' | '\u{30FC}'..='\u{30FF}')
}

/// Whether a character separates the parts of a name: space, comma, middle dot.
pub fn is_separator(c: char) -> bool {
    matches!(c, ' ' | ',' | '、' | '・' | '·' | '‧')
}

fn is_invisible(c: char) -> bool {
    let selector = matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}');
    let zero_width =
        matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}');
    selector || zero_width || c == '\u{00AD}' || (c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
}

fn unify(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FF0D}' | '\u{2500}' | '\u{2501}' => '-',
        '\u{301C}' | '\u{FF5E}' => '~',
        '\u{2225}' => '\u{2016}',
        '\u{309B}' => '\u{3099}',
        '\u{309C}' => '\u{309A}',
        '\t' | '\n' | '\r' | '\u{00A0}' | '\u{3000}' | '\u{2000}'..='\u{200A}' => ' ',
        other => other,
    }
}

/// Capitals for Latin only: its tables never change, so every node's build gives the same.
fn capital(c: char) -> impl Iterator<Item = char> {
    let latin = c < '\u{0250}';
    let (upper, same) = if latin { (Some(c.to_uppercase()), None) } else { (None, Some(c)) };
    upper.into_iter().flatten().chain(same)
}

fn close_gaps(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.trim_matches(' ').chars().take(TEXT_CHARS_MAX) {
        if c != ' ' || !out.ends_with(' ') {
            out.push(c);
        }
    }
    out.truncate(out.trim_end_matches(' ').len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_characters_need_no_tables() {
        for c in ('\0'..=char::MAX).filter(|c| unified_plainly(*c).is_some()) {
            let text = format!("ア{c}山");
            assert_eq!(unify_all(&text), unify_by_tables(&text), "{:x}", c as u32);
        }
    }
}
