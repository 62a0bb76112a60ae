//! Kana from Latin letters (Hepburn and Kunrei), for names that came in romaji.
use super::text;

/// Katakana of a name in romaji, or `None` if something in it is not. Long vowels (OU, OO, OH, UU) come out short.
///
/// `N` before `ICHI` at the end of a name is ン + イチ: シンイチ, ケンイチ; names in ニチ do not occur.
pub fn to_kana(text: &str) -> Option<String> {
    let plain = text::canonical(text).replace("NICHI", "N'ICHI").replace("NITI", "N'ITI");
    let word: Vec<char> = plain.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    while at < word.len() {
        at += step(&word, at, &mut out)?;
    }
    (!out.is_empty()).then_some(out)
}

/// Reads one syllable at `at`; answers how many letters it took.
fn step(word: &[char], at: usize, out: &mut String) -> Option<usize> {
    let here = word.get(at).copied()?;
    let next = word.get(at + 1).copied();
    if matches!(here, ' ' | '\'' | '-') {
        return Some(1);
    }
    let vowel = |c: Option<char>| c.is_some_and(|c| "AIUEO".contains(c));
    let doubled = next == Some(here) || (here == 'T' && next == Some('C'));
    if doubled && !"AIUEON".contains(here) {
        out.push('ッ');
        return Some(1);
    }
    if matches!(here, 'N' | 'M') && !vowel(next) && next != Some('Y') {
        let nasal = here == 'N' || next.is_some_and(|c| "BMP".contains(c));
        nasal.then(|| out.push('ン'))?;
        return Some(1);
    }
    for length in [4, 3, 2, 1] {
        let Some(letters) = word.get(at..at + length) else { continue };
        let syllable: String = letters.iter().collect();
        if let Some(kana) = kana_of(&syllable) {
            out.push_str(&kana);
            return Some(length + long_vowel(word, at + length));
        }
    }
    None
}

/// How many letters after a syllable only make its O or U long.
fn long_vowel(word: &[char], at: usize) -> usize {
    let before = at.checked_sub(1).and_then(|i| word.get(i)).copied();
    let after = |i: usize| word.get(at + i).copied();
    let vowel_follows = after(1).is_some_and(|c| "AIUEO".contains(c));
    match (before, after(0)) {
        (Some('O'), Some('U' | 'O')) | (Some('U'), Some('U')) => 1,
        (Some('O'), Some('H')) if !vowel_follows => 1,
        _ => 0,
    }
}

fn kana_of(syllable: &str) -> Option<String> {
    let special = SPECIAL.iter().find(|(latin, _)| *latin == syllable).map(|(_, kana)| (*kana).to_owned());
    if special.is_some() {
        return special;
    }
    let vowel = "AIUEO".find(syllable.chars().last()?)?;
    let head = syllable.get(..syllable.len() - 1)?;
    if let Some((_, row)) = ROWS.iter().find(|(latin, _)| *latin == head) {
        return row.chars().nth(vowel).filter(|c| *c != '_').map(String::from);
    }
    let (_, first) = GLIDES.iter().find(|(latin, _)| *latin == head)?;
    let small = ['ャ', '_', 'ュ', 'ェ', 'ョ'][vowel];
    (small != '_').then(|| format!("{first}{small}"))
}

const SPECIAL: [(&str, &str); 8] =
    [("SHI", "シ"), ("CHI", "チ"), ("TSU", "ツ"), ("FU", "フ"), ("JI", "ジ"), ("DZU", "ズ"), ("WO", "オ"), ("V", "ヴ")];
const ROWS: [(&str, &str); 15] = [
    ("", "アイウエオ"),
    ("K", "カキクケコ"),
    ("S", "サシスセソ"),
    ("T", "タチツテト"),
    ("N", "ナニヌネノ"),
    ("H", "ハヒフヘホ"),
    ("M", "マミムメモ"),
    ("Y", "ヤ_ユ_ヨ"),
    ("R", "ラリルレロ"),
    ("W", "ワ____"),
    ("G", "ガギグゲゴ"),
    ("Z", "ザジズゼゾ"),
    ("D", "ダジズデド"),
    ("B", "バビブベボ"),
    ("P", "パピプペポ"),
];
const GLIDES: [(&str, char); 18] = [
    ("KY", 'キ'),
    ("SY", 'シ'),
    ("SH", 'シ'),
    ("TY", 'チ'),
    ("CH", 'チ'),
    ("CY", 'チ'),
    ("NY", 'ニ'),
    ("HY", 'ヒ'),
    ("MY", 'ミ'),
    ("RY", 'リ'),
    ("GY", 'ギ'),
    ("ZY", 'ジ'),
    ("JY", 'ジ'),
    ("J", 'ジ'),
    ("DY", 'ジ'),
    ("BY", 'ビ'),
    ("PY", 'ピ'),
    ("F", 'フ'),
];
