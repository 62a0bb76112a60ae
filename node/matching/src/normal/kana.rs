//! Kana in five forms: canonical and exact (L1), safe (L2), folded (for tags), blocking (L3).
use super::text::{self, is_katakana, is_lost, is_separator, settle};
use crate::limits::KANA_PREFIX_MIN;
use unicode_normalization::UnicodeNormalization;

/// L1: full-width katakana with composed voicing marks, hyphens after kana as long marks; keeps the gap between the parts.
pub fn canonical(text: &str) -> String {
    settle(text, widen)
}

/// L1 without gaps and middle dots: *exact kana*, what two records compare.
pub fn exact(text: &str) -> String {
    settle(text, join)
}

/// L2, safe folds: small kana large, ヂ→ジ, ヅ→ズ, ヲ→オ, ヱ→エ, ヰ→イ, ヴ row → バ row.
pub fn safe(text: &str) -> String {
    settle(text, fold_safely)
}

/// *Folded kana* of the tags: L2 without voicing marks and long marks. Equal for ヤマザキ and ヤマサキ, キョウコ and キヨウコ.
pub fn folded(text: &str) -> String {
    settle(text, fold_voicing)
}

/// L3, lossy, proves nothing: folded kana without the second half of long vowels (オオノ, オーノ and オノ are one).
pub fn blocking(text: &str) -> String {
    settle(text, fold_long_vowels)
}

/// Whether one is the beginning of the other and long enough to mean it (fields cut at 20 bytes). Compares L2.
pub fn is_cut_of(one: &str, other: &str) -> bool {
    let (one, other) = (safe(one), safe(other));
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    short.chars().count() >= KANA_PREFIX_MIN && long.starts_with(&short)
}

/// Whether a folded kana can stand in a tag: only kana or Latin letters, nothing lost, not empty.
pub fn is_whole(kana: &str) -> bool {
    !kana.is_empty() && kana.chars().all(|c| is_katakana(c) || c.is_ascii_uppercase())
}

fn widen(text: &str) -> String {
    let katakana: String = text::unify_all(text).chars().map(to_katakana).collect();
    let composed = katakana.chars().all(|c| is_katakana(c) || c.is_ascii() || ('\u{4E00}'..='\u{9FEF}').contains(&c));
    let katakana = if composed { katakana } else { katakana.nfc().collect() };
    let mut out = String::with_capacity(katakana.len());
    let mut before = None;
    for c in katakana.chars() {
        let c = match (c, before) {
            ('-' | '一' | '~', Some(b)) if is_katakana(b) => 'ー',
            ('ヽ', Some(b)) if is_katakana(b) => b,
            ('ヾ', Some(b)) if is_katakana(b) => voiced(b),
            (c, _) if is_lost(c) => text::WILDCARD,
            (c, _) => c,
        };
        out.push(c);
        before = Some(c);
    }
    out
}

fn join(text: &str) -> String {
    widen(text).chars().filter(|c| !is_separator(*c)).collect()
}

fn fold_safely(text: &str) -> String {
    let exact = join(text);
    let mut out = String::with_capacity(exact.len());
    let mut rest = exact.chars().peekable();
    while let Some(c) = rest.next() {
        let row = if c == 'ヴ' { rest.peek().and_then(|next| after_vu(*next)) } else { None };
        if row.is_some() {
            rest.next();
        }
        out.push(row.unwrap_or_else(|| plain(c)));
    }
    out
}

fn fold_voicing(text: &str) -> String {
    let bare = fold_safely(text).nfd().filter(|c| !matches!(c, '\u{3099}' | '\u{309A}')).collect::<String>();
    bare.nfc().filter(|c| *c != 'ー').collect()
}

fn fold_long_vowels(text: &str) -> String {
    let mut out = String::new();
    for c in fold_voicing(text).chars() {
        let long = out.chars().last().is_some_and(|before| match c {
            'ウ' => O_ROW.contains(before) || U_ROW.contains(before),
            'オ' => O_ROW.contains(before),
            'イ' => E_ROW.contains(before),
            _ => false,
        });
        if !long {
            out.push(c);
        }
    }
    out
}

fn to_katakana(c: char) -> char {
    match c {
        '\u{3041}'..='\u{3096}' | '\u{309D}' | '\u{309E}' => char::from_u32(c as u32 + 0x60).unwrap_or(c),
        other => other,
    }
}

fn voiced(c: char) -> char {
    let mut composed = [c, '\u{3099}'].into_iter().nfc();
    match (composed.next(), composed.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

fn after_vu(c: char) -> Option<char> {
    match c {
        'ァ' => Some('バ'),
        'ィ' => Some('ビ'),
        'ェ' => Some('ベ'),
        'ォ' => Some('ボ'),
        _ => None,
    }
}

fn plain(c: char) -> char {
    match c {
        'ヴ' => 'ブ',
        'ヷ' => 'バ',
        'ヸ' => 'ビ',
        'ヹ' => 'ベ',
        'ヺ' => 'ボ',
        'ヂ' => 'ジ',
        'ヅ' => 'ズ',
        'ヲ' => 'オ',
        'ヱ' => 'エ',
        'ヰ' => 'イ',
        'ァ' => 'ア',
        'ィ' => 'イ',
        'ゥ' => 'ウ',
        'ェ' => 'エ',
        'ォ' => 'オ',
        'ッ' => 'ツ',
        'ャ' => 'ヤ',
        'ュ' => 'ユ',
        'ョ' => 'ヨ',
        'ヮ' => 'ワ',
        'ヵ' => 'カ',
        'ヶ' => 'ケ',
        other => other,
    }
}

const O_ROW: &str = "オコソトノホモヨロ";
const U_ROW: &str = "ウクスツヌフムユル";
const E_ROW: &str = "エケセテネヘメレ";
