//! A written name taken apart: family and given, aliases in brackets, honorifics, and what is no person's name at all.
use super::kana;
use super::text::{self, WILDCARD, is_kanji, is_katakana, is_lost, is_separator};
use crate::limits::NAME_CHARS_MAX;
use std::collections::BTreeSet;
use std::fmt;

/// What kind of entry a name is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameKind {
    /// A person with a name.
    #[default]
    Person,
    /// A newborn without one yet (ベビー, …の子, 山田Ｂ): the given name is unknown.
    Newborn,
    /// Made for trying out (テスト 患者).
    Test,
    /// Somebody whose name nobody knew (氏名不詳 1).
    Nobody,
    /// A company (㈱…).
    Company,
}

/// One written name, in L1. `Debug` prints no value.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct WrittenName {
    /// 姓, if the split is known.
    pub family: Option<String>,
    /// 名, if the split is known and it is one.
    pub given: Option<String>,
    /// Both with one space, or the whole name where nothing separates them.
    pub whole: String,
    /// Another family name in brackets (旧姓).
    pub other_family: Option<String>,
    /// Another whole name in brackets (通称, 本名).
    pub alias: Option<String>,
    /// What it is.
    pub kind: NameKind,
    /// Whether characters of a private font (外字) were in it.
    pub has_gaiji: bool,
}

impl fmt::Debug for WrittenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrittenName({:?}, ‹redacted›)", self.kind)
    }
}

/// Reads a name from its two fields; `given` may be empty, then the first gap of `family` splits.
pub fn read(family: &str, given: &str) -> WrittenName {
    let (family, given) = (text::canonical(family), text::canonical(given));
    let joined =
        if given.is_empty() || family.is_empty() { family.clone() + &given } else { format!("{family} {given}") };
    if joined.chars().count() > NAME_CHARS_MAX {
        return WrittenName::default();
    }
    let mut name = WrittenName { has_gaiji: joined.chars().any(text::is_private), ..WrittenName::default() };
    let plain = name.cut_brackets(&joined);
    name.kind = kind_of(&joined);
    let (mut plain, mut two_fields) = (strip_honorific(&plain).to_owned(), !family.is_empty() && !given.is_empty());
    if name.kind == NameKind::Person
        && let Some(mother) = without_newborn_mark(&plain)
    {
        name.kind = NameKind::Newborn;
        plain = mother;
        two_fields = false;
    }
    let plain: String = plain.chars().map(|c| if is_lost(c) { WILDCARD } else { c }).collect();
    name.split(&plain, two_fields.then(|| family.split(['(', '【']).next().unwrap_or("").trim_end().chars().count()));
    name
}

/// The parts of a name as a set in L2, in whatever order they came (foreign names).
pub fn tokens(text: &str) -> BTreeSet<String> {
    text::canonical(text).split(is_separator).map(kana::safe).filter(|token| !token.is_empty()).collect()
}

/// Whether a name is written in Latin letters or kana with its parts separated, so that their order may differ.
pub fn may_be_foreign(text: &str) -> bool {
    let plain = text::canonical(text);
    let letters = plain.chars().filter(|c| !is_separator(*c));
    plain.contains(is_separator) && letters.clone().count() > 1 && !letters.into_iter().any(is_kanji)
}

impl WrittenName {
    /// Takes bracketed parts out of the text and keeps their content as another name.
    fn cut_brackets(&mut self, text: &str) -> String {
        let mut rest = text.to_owned();
        for (open, close) in [('(', ')'), ('【', '】'), ('〔', '〕'), ('[', ']')] {
            while let Some((before, tail)) = rest.split_once(open)
                && let Some((inside, after)) = tail.split_once(close)
            {
                let behind_family = !before.trim_end().contains(' ') && after.starts_with(' ');
                self.keep_alias(inside, behind_family);
                rest = text::canonical(&format!("{before} {after}"));
            }
        }
        rest
    }

    fn keep_alias(&mut self, inside: &str, behind_family: bool) {
        let label = ALIAS_LABELS.iter().find(|label| inside.starts_with(**label));
        let value = inside.trim_start_matches(label.copied().unwrap_or("")).trim_matches([':', ' ', '・']);
        if value.is_empty() {
            return;
        }
        let is_family = matches!(label, Some(&"旧姓") | Some(&"旧")) || (label.is_none() && behind_family);
        *if is_family { &mut self.other_family } else { &mut self.alias } = Some(value.to_owned());
    }

    /// Splits at the border of the two fields (`family_chars`), else at the first gap.
    fn split(&mut self, plain: &str, family_chars: Option<usize>) {
        self.whole = plain.to_owned();
        let at = match family_chars {
            Some(count) => plain.char_indices().nth(count).map(|(at, _)| at),
            None => plain.find(is_separator),
        };
        let (family, given) = match at {
            Some(at) => (&plain[..at], plain[at..].trim_start_matches(is_separator)),
            None => (plain, ""),
        };
        let filled = |part: &str| (!part.is_empty()).then(|| part.to_owned());
        if self.kind == NameKind::Newborn {
            self.family = filled(family);
        } else if at.is_some() {
            (self.family, self.given) = (filled(family), filled(given));
        }
    }
}

fn kind_of(text: &str) -> NameKind {
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    match () {
        () if has(COMPANY_MARKS) => NameKind::Company,
        () if has(NOBODY_MARKS) => NameKind::Nobody,
        () if has(TEST_MARKS) => NameKind::Test,
        () => NameKind::Person,
    }
}

fn strip_honorific(text: &str) -> &str {
    let mut name = text;
    while let Some(shorter) = HONORIFICS.iter().find_map(|word| name.strip_suffix(word)) {
        let shorter = shorter.trim_end_matches(' ');
        if shorter.is_empty() {
            break;
        }
        name = shorter;
    }
    name
}

/// The mother's name (or family name) before a newborn's mark; `None` if there is no such mark.
fn without_newborn_mark(text: &str) -> Option<String> {
    let (family, given) = text.split_once(is_separator).unwrap_or((text, ""));
    let wide = kana::exact(given);
    if NEWBORN_NAMES.contains(&wide.as_str()) || NEWBORN_SUFFIXES.iter().any(|suffix| wide.ends_with(suffix)) {
        return Some(family.to_owned());
    }
    let mother = ["の子", "ノ子", "ベビー", "ベイビー"].iter().find_map(|mark| text.strip_suffix(mark));
    if let Some(mother) = mother.filter(|mother| mother.chars().any(is_kanji)) {
        // Only a gap tells where the mother's family name ends.
        let family = mother.split_once(is_separator).map(|(family, _)| family);
        return Some(family.unwrap_or(if text.ends_with('子') { "" } else { mother }).to_owned());
    }
    let letter = text.strip_suffix(['A', 'B', 'C', 'D'])?.trim_end_matches(is_separator);
    let native = |c: char| is_kanji(c) || is_katakana(c);
    let family = letter.split(is_separator).next().unwrap_or(letter);
    letter.chars().last().is_some_and(native).then(|| family.to_owned())
}

const ALIAS_LABELS: [&str; 6] = ["旧姓", "通称名", "通称", "本名", "別名", "旧"];
const HONORIFICS: [&str; 5] = ["様", "殿", "さん", "ちゃん", "君"];
const COMPANY_MARKS: &[&str] =
    &["(株)", "(有)", "(資)", "株式会社", "有限会社", "合同会社", "医療法人", "社会福祉法人"];
const NOBODY_MARKS: &[&str] = &["氏名不詳", "不詳", "身元不明", "氏名不明", "名前不明", "ナナシ"];
const TEST_MARKS: &[&str] = &["テスト", "試験", "ダミー"];
const NEWBORN_NAMES: [&str; 10] =
    ["ベビー", "ベイビー", "ベビ", "シンセイジ", "新生児", "児", "BABY", "アカチャン", "ジ", "男児"];
const NEWBORN_SUFFIXES: [&str; 5] = ["ベビー", "ベイビー", "ノ子", "ノコドモ", "女児"];
