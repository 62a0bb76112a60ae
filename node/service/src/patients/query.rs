use super::tokens::{Field, number_forms};
use matching::normal::{date, kana, kanji, romaji, text};
use protocol::ids::FacilityId;
use protocol::time::Date;
use std::collections::BTreeSet;

/// What somebody looks for. `Debug` prints nothing of it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Names or their beginnings in kanji, kana of any width or Latin letters; numbers; birth dates in either calendar. Words
    /// are parted by spaces and must all fit.
    pub text: String,
    /// At this facility of the node only.
    pub facility: Option<FacilityId>,
}

impl std::fmt::Debug for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Query ‹redacted›")
    }
}

impl Query {
    /// Looks for a text at every facility of the node.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), facility: None }
    }
    /// The birth date that the whole text was understood as, to say so to whoever asked.
    pub fn birth_date(&self) -> Option<Date> {
        Date::parse(&birth(&text::canonical(&self.text))?)
    }
    /// The words with what each may mean; empty if nothing is left that could be looked for.
    pub(super) fn words(&self) -> Vec<Word> {
        let whole = text::canonical(&self.text);
        if let Some(birth) = birth(&whole) {
            let digits = whole.bytes().all(|b| b.is_ascii_digit());
            let mut word = Word::default();
            word.may.insert((Field::Birth, birth));
            if digits {
                word.add_number(&whole);
            }
            return vec![word];
        }
        let words = whole.split(text::is_separator).filter(|word| !word.is_empty()).take(WORDS_MAX);
        words.map(Word::read).filter(|word| !word.may.is_empty()).collect()
    }
}

/// One word and everything it may mean.
#[derive(Default)]
pub(super) struct Word {
    pub(super) may: BTreeSet<(Field, String)>,
}

impl Word {
    fn read(word: &str) -> Self {
        let mut out = Self::default();
        if let Some(birth) = birth(word) {
            out.may.insert((Field::Birth, birth));
        }
        if word.is_ascii() {
            out.add_number(word);
        }
        let sound = kana::folded(word);
        if kana::is_whole(&sound) {
            out.may.insert((Field::Kana, sound));
        }
        if word.is_ascii()
            && let Some(sound) = romaji::to_kana(word).map(|sound| kana::folded(&sound))
        {
            out.may.insert((Field::Kana, sound));
        }
        if !word.is_ascii() {
            out.may.insert((Field::Kanji, kanji::folded(word)));
        }
        out.may.retain(|(_, text)| !text.is_empty());
        out
    }
    fn add_number(&mut self, word: &str) {
        if word.bytes().any(|b| b.is_ascii_digit()) {
            self.may.extend(number_forms(word).into_iter().map(|text| (Field::Number, text)));
        }
    }
    /// Whether one of the texts of a patient is meant.
    pub(super) fn fits(&self, fields: &BTreeSet<(Field, String)>) -> bool {
        self.may.iter().any(|(field, wanted)| match field.prefix_chars() {
            None => fields.contains(&(*field, wanted.clone())),
            Some(_) => fields.iter().any(|(own, text)| own == field && text.starts_with(wanted.as_str())),
        })
    }
}

/// A whole birth date as the tokens have it.
fn birth(word: &str) -> Option<String> {
    date::parse(word).birth.full().map(|date| date.number().to_string())
}

/// Words of one query that are looked at: family and given name, a number, a date.
const WORDS_MAX: usize = 8;
