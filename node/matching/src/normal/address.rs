//! Addresses (住所): town and block numbers in one form; building, room and care-of apart.
use super::kanji;
use super::text;
use std::fmt;

/// One address. `Debug` prints no value.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// Prefecture, city, town and numbers, as one text without gaps: `千葉県見本市見本町1-2-3`.
    pub base: String,
    /// What is compared: variants folded, without prefecture (unless two cities share the name), street names of Kyoto dropped.
    pub key: String,
    /// Building, as written in L1.
    pub building: Option<String>,
    /// Room number.
    pub room: Option<String>,
    /// Whose house it is (様方, c/o).
    pub care_of: Option<String>,
}

impl Address {
    /// Whether the key reaches down to a block number, so that equality means a house and not a town.
    pub fn has_numbers(&self) -> bool {
        self.key.ends_with(|c: char| c.is_ascii_digit())
    }
}
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(‹redacted›)")
    }
}

/// Reads an address; nothing if there is no text.
pub fn parse(text: &str) -> Option<Address> {
    let plain = text::canonical(text);
    let mut address = Address::default();
    let plain = address.cut_care_of(&plain);
    let numbered = hyphenate(&numerals_to_digits(&drop_section_words(&plain)));
    address.cut_building(&numbered);
    if address.base.is_empty() {
        return None;
    }
    address.key = without_streets(&kanji::folded(without_prefecture(&address.base)));
    Some(address)
}

impl Address {
    fn cut_care_of(&mut self, text: &str) -> String {
        if let Some((before, host)) = text.split_once("C/O") {
            self.care_of = Some(host.trim().to_owned());
            return before.trim().to_owned();
        }
        let Some((before, after)) = text.split_once("様方") else { return text.to_owned() };
        let start = before
            .rfind(|c: char| c == ' ' || c.is_ascii_digit() || matches!(c, '号' | '地'))
            .map(|at| at + before[at..].chars().next().map_or(0, char::len_utf8));
        let (kept, host) = before.split_at(start.unwrap_or(0));
        self.care_of = Some(host.trim().to_owned());
        format!("{} {}", kept.trim_end(), after.trim_start()).trim().to_owned()
    }

    /// Cuts after the block numbers: `1-2-3 見本荘201号室`, `1-2-3-201`.
    fn cut_building(&mut self, text: &str) {
        let chars: Vec<char> = text.chars().collect();
        let digit = |i: usize| chars.get(i).is_some_and(char::is_ascii_digit);
        let chain = (0..chars.len()).find(|&i| digit(i) && block_ends(&chars, i).is_some());
        let Some(end) = chain.and_then(|start| block_ends(&chars, start)) else {
            self.base = chars.iter().filter(|c| **c != ' ').collect();
            return;
        };
        let base: String = chars[..end].iter().filter(|c| **c != ' ').collect();
        let rest: String = chars[end..].iter().collect::<String>().trim_matches([' ', '-']).to_owned();
        self.base = base.trim_end_matches('-').to_owned();
        if let Some((at, _)) = self.base.match_indices('-').nth(2) {
            self.room = Some(self.base[at + 1..].to_owned());
            self.base.truncate(at);
        }
        let room: String = rest.chars().filter(char::is_ascii_digit).collect();
        if !rest.is_empty() {
            self.room = Some(room).filter(|room| !room.is_empty());
            self.building = Some(rest);
        }
    }
}

/// Where the numbers that begin at `start` end, if a gap, a building's name or the end of the text follows and no more
/// town text with numbers (北1条西2).
fn block_ends(chars: &[char], start: usize) -> Option<usize> {
    let run = chars[start..].iter().take_while(|c| c.is_ascii_digit() || **c == '-').count();
    let end = start + run;
    let chained = chars[start..end].contains(&'-');
    match chars.get(end) {
        None | Some(' ') => Some(end),
        Some(_) if chained => Some(end),
        Some(_) => None,
    }
}

/// 大字 and 字 only say which kind of section follows.
fn drop_section_words(text: &str) -> String {
    let text = text.replace("大字", "");
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '字' || out.ends_with('文') {
            out.push(c);
        }
    }
    out
}

/// Kanji numerals before 丁目, 番地, 番, 号 and 条 as digits; those of town names (三田, 八王子) stay.
fn numerals_to_digits(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let run = chars[at..].iter().take_while(|c| NUMERALS.contains(**c)).count();
        let value = if run > 0 && is_counter(&chars[at + run..]) { number(&chars[at..at + run]) } else { None };
        match value {
            Some(value) => out.push_str(&value.to_string()),
            None => out.extend(&chars[at..at + run.max(1)]),
        }
        at += run.max(1);
    }
    out
}

/// Whether a word that counts blocks stands here; 番町 and 番街 are names of towns.
fn is_counter(rest: &[char]) -> bool {
    match rest {
        ['丁', '目', ..] | ['号' | '条', ..] => true,
        ['番', '町' | '街' | '丁', ..] => false,
        ['番', ..] => true,
        _ => false,
    }
}

fn number(numerals: &[char]) -> Option<u32> {
    let (mut total, mut digit): (u32, Option<u32>) = (0, None);
    for &c in numerals {
        match c {
            '十' => total = total.checked_add(digit.take().unwrap_or(1).checked_mul(10)?)?,
            '百' => total = total.checked_add(digit.take().unwrap_or(1).checked_mul(100)?)?,
            c => {
                let value = u32::try_from("〇一二三四五六七八九".chars().position(|n| n == c)?).ok()?;
                digit = Some(digit.unwrap_or(0).checked_mul(10)?.checked_add(value)?);
            }
        }
    }
    total.checked_add(digit.unwrap_or(0))
}

/// 丁目, 番地, 番, 号, の and ノ between numbers as hyphens; a hyphen that joins no two numbers goes.
fn hyphenate(text: &str) -> String {
    let chars: Vec<char> = text.replace("丁目", "-").replace("番地", "-").chars().collect();
    let mut out = String::with_capacity(text.len());
    for (i, &c) in chars.iter().enumerate() {
        let after_number = out.ends_with(|c: char| c.is_ascii_digit() || c == '-');
        let next = chars.get(i + 1).copied();
        let joins = match c {
            '番' => after_number && !matches!(next, Some('町' | '街' | '館' | '丁')),
            '号' => after_number && !matches!(next, Some('室' | '棟' | '館' | '線')),
            'の' | 'ノ' | 'ー' => after_number && next.is_some_and(|c| c.is_ascii_digit()),
            '-' => true,
            _ => false,
        };
        match (joins, after_number) {
            (false, _) => out.push(c),
            (true, true) if !out.ends_with('-') => out.push('-'),
            (true, _) => {}
        }
    }
    open_loose_hyphens(&out)
}

/// A hyphen before something else than a number ends the numbers: a gap, or nothing at the end.
fn open_loose_hyphens(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, rest.peek()) {
            ('-', Some(next)) if next.is_ascii_digit() => tidy.push('-'),
            ('-', Some(_)) => tidy.push(' '),
            ('-', None) => {}
            (c, _) => tidy.push(c),
        }
    }
    tidy
}

fn without_prefecture(text: &str) -> &str {
    let shared = SHARED_CITIES.iter().any(|city| text.contains(city));
    let cut =
        PREFECTURE_ENDS.iter().filter_map(|end| text.find(end).map(|at| at + end.len())).filter(|at| *at <= 12).min();
    match cut {
        Some(at) if !shared && at < text.len() => &text[at..],
        _ => text,
    }
}

/// Drops the street names that Kyoto puts between ward and town (烏丸通御池上る).
fn without_streets(text: &str) -> String {
    let end = STREET_TURNS.iter().filter_map(|turn| text.rfind(turn).map(|at| at + turn.len())).max();
    match (text.find('区').map(|at| at + '区'.len_utf8()), end) {
        (Some(ward), Some(end)) if ward < end => format!("{}{}", &text[..ward], &text[end..]),
        _ => text.to_owned(),
    }
}

const NUMERALS: &str = "〇一二三四五六七八九十百";
const PREFECTURE_ENDS: [&str; 5] = ["北海道", "東京都", "京都府", "大阪府", "県"];
const STREET_TURNS: [&str; 8] = ["上る", "下る", "東入る", "西入る", "上ル", "下ル", "東入ル", "西入ル"];
/// Cities whose name exists in two prefectures.
const SHARED_CITIES: [&str; 2] = ["府中市", "伊達市"];
