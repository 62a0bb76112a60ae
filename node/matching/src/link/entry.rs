//! One patient as numbers, for comparing many: what two of them must be equal in is one integer compare.
use super::interner::{Interner, hash, mix};
use crate::normal::date::Birth;
use crate::normal::name::NameKind;
use crate::normal::sex::Sex;
use crate::normal::text::{is_kanji, is_katakana};
use crate::normal::{NamePart, Normalised, kana};

/// The two writings of one part of a name, as numbers of the [`Vocabulary`]; 0 is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Writing {
    /// Folded kanji (or Latin letters).
    pub kanji: u32,
    /// Exact kana in the safe folds.
    pub kana: u32,
}

impl Writing {
    /// Whether neither is known.
    pub fn is_unknown(self) -> bool {
        self.kanji == 0 && self.kana == 0
    }
}

/// One patient as numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// 姓, or the whole name where the split is unknown.
    pub family: Writing,
    /// 名.
    pub given: Writing,
    /// `YYYYMMDD`; month and day 00 if unknown, 0 if nothing is known.
    pub birth: u32,
    /// Seven digits, or 0.
    pub postcode: u32,
    /// Town, without the block numbers.
    pub town: u32,
    /// Block numbers, 16 bits each; 0 if the address has none.
    pub block: u64,
    /// Telephone numbers, 0 if none; bit 63 marks a mobile one.
    pub phones: [u64; 2],
    /// Insurer, symbol and number, or 0.
    pub insurance: u64,
    /// Network card or common ID, or 0.
    pub card: u64,
    /// Facility and its patient number, or 0: two numbers of one facility are two charts.
    pub facility: u32,
    /// Former family names and words of Latin addresses, in the vocabulary's side table; 0 if none.
    pub extras: u32,
    /// 枝番; [`BRANCH_UNKNOWN`], or [`BRANCH_PERSONAL`] where the number alone is one person's.
    pub branch: u8,
    /// 0 unknown, 1 male, 2 female, 3 other.
    pub sex: u8,
    /// Whether the name is written in Latin letters: such names are frequent among each other, whatever their share is.
    pub is_latin: bool,
    /// What kind of entry it is.
    pub kind: Kind,
}

/// Who an entry is about, as far as linking cares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A person with a name.
    #[default]
    Person,
    /// A newborn without one: never linked without a person.
    Newborn,
    /// Test patient, company, nobody: never linked.
    Excluded,
}

/// All texts of a set of entries, and what is known of each.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    texts: Interner,
    /// Per text: number of its folded kana.
    folded: Vec<u32>,
    extras: Vec<Extras>,
}

/// What only few entries have.
#[derive(Clone, Debug, Default)]
pub struct Extras {
    /// Former or other family names, folded.
    pub families: Vec<u32>,
    /// Parts of a name whose order may differ.
    pub tokens: Vec<u32>,
    /// Words of an address in Latin letters, sorted.
    pub address: Vec<u32>,
}

impl Vocabulary {
    /// The text of a number.
    pub fn text(&self, number: u32) -> &str {
        self.texts.text(number)
    }
    /// The number of a text, which is added if new.
    pub fn number(&mut self, text: &str) -> u32 {
        let number = self.texts.intern(text);
        self.fill();
        number
    }
    /// The number of the folded kana of a text.
    pub fn folded(&self, number: u32) -> u32 {
        self.folded.get(number as usize).copied().unwrap_or(number)
    }
    /// How many numbers are in use.
    pub fn len(&self) -> usize {
        self.texts.len()
    }
    /// Whether it holds no text.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
    /// What few entries have.
    pub fn extras(&self, entry: &Entry) -> Option<&Extras> {
        (entry.extras as usize).checked_sub(1).and_then(|at| self.extras.get(at))
    }

    /// A patient as numbers. `facility` is empty if it does not matter.
    pub fn entry(&mut self, person: &Normalised, address: &str, facility: &str) -> Entry {
        let split = !person.family.is_unknown() || !person.given.is_unknown();
        let (family, given) =
            if split { (&person.family, &person.given) } else { (&person.whole, &NamePart::default()) };
        let mut entry = Entry {
            family: self.writing(family),
            given: self.writing(given),
            birth: packed(person.birth),
            postcode: person.postcode.as_deref().and_then(|digits| digits.parse().ok()).unwrap_or(0),
            facility: self.number(facility),
            sex: person.sex.map_or(0, |sex| match sex {
                Sex::Male => 1,
                Sex::Female => 2,
                Sex::Other => 3,
            }),
            kind: match person.kind {
                NameKind::Person => Kind::Person,
                NameKind::Newborn => Kind::Newborn,
                NameKind::Test | NameKind::Nobody | NameKind::Company => Kind::Excluded,
            },
            card: person.card.as_deref().map_or(0, |card| hash(card.as_bytes()) | 1),
            is_latin: family.kanji.as_deref().is_some_and(|text| text.is_ascii() && !text.is_empty()),
            ..Entry::default()
        };
        for (slot, phone) in entry.phones.iter_mut().zip(&person.phones) {
            *slot = phone.digits.parse().unwrap_or(0) | if phone.is_mobile() { MOBILE } else { 0 };
        }
        if let Some(card) = &person.insurance {
            let parts = [card.insurer.digits.as_str(), &card.symbol, &card.number];
            entry.insurance = parts.iter().fold(1, |state, part| mix(state ^ hash(part.as_bytes()))) | 1;
            entry.branch = match card.known_branch() {
                _ if card.is_personal() => BRANCH_PERSONAL,
                Some(branch) => branch.parse().unwrap_or(BRANCH_UNKNOWN),
                None => BRANCH_UNKNOWN,
            };
        }
        self.place(person, address, &mut entry);
        entry
    }

    fn writing(&mut self, part: &NamePart) -> Writing {
        // A name written in kana only is its own reading, and says nothing against kanji elsewhere. Where the reading beside it
        // differs, that one is the slip: the name is what is written on the patient's papers.
        let own = part.kanji.as_deref().map(kana::exact);
        let is_repeated = own == part.exact;
        let own = own.filter(|reading| !reading.is_empty() && reading.chars().all(is_katakana));
        let kanji = part.kanji.as_deref().filter(|_| own.is_none() && !is_repeated);
        let kana = own.as_ref().or(part.exact.as_ref()).map(|text| kana::safe(text)).unwrap_or_default();
        Writing { kanji: self.number(kanji.unwrap_or("")), kana: self.number(&kana) }
    }

    fn place(&mut self, person: &Normalised, address: &str, entry: &mut Entry) {
        let mut extras = Extras::default();
        let latin = !address.is_empty() && !address.chars().any(|c| is_kanji(c) || !c.is_ascii());
        if latin {
            let words = address.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
            extras.address = words.take(ADDRESS_WORDS_MAX).map(|w| self.number(&w.to_ascii_uppercase())).collect();
            extras.address.sort_unstable();
            extras.address.dedup();
        } else if let Some(place) = &person.address {
            let (town, block) = split_block(&place.key);
            entry.town = self.number(town);
            entry.block = block;
        }
        extras.families = person.other_families.iter().map(|family| self.number(family)).collect();
        if person.tokens.len() > 1 {
            extras.tokens = person.tokens.iter().map(|token| self.number(token)).collect();
            extras.tokens.sort_unstable();
        }
        if !(extras.families.is_empty() && extras.tokens.is_empty() && extras.address.is_empty()) {
            self.extras.push(extras);
            entry.extras = u32::try_from(self.extras.len()).unwrap_or(0);
        }
    }

    /// Gives every new text its folded kana.
    fn fill(&mut self) {
        self.folded.resize(self.folded.len().max(1), 0);
        while self.folded.len() < self.texts.len() {
            let number = self.folded.len() as u32;
            let text = self.texts.text(number);
            let folded = if text.chars().all(is_katakana) { kana::folded(text) } else { String::new() };
            let folded = if folded.is_empty() { number } else { self.texts.intern(&folded) };
            self.folded.push(folded);
        }
    }
}

/// Town and block numbers of an address key: `見本町1-2-3`.
fn split_block(key: &str) -> (&str, u64) {
    let town = key.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-');
    let parts = key[town.len()..].split('-').filter(|part| !part.is_empty()).take(4);
    let block = parts.fold(0u64, |block, part| (block << 16) | u64::from(part.parse::<u16>().unwrap_or(u16::MAX)));
    (town, block)
}

fn packed(birth: Birth) -> u32 {
    match birth {
        Birth::Full(date) => date.number(),
        Birth::Partial { year, month } => u32::from(year) * 10_000 + u32::from(month.unwrap_or(0)) * 100,
        Birth::Unknown => 0,
    }
}

/// No branch is known.
pub const BRANCH_UNKNOWN: u8 = u8::MAX;
/// The number needs no branch: 後期高齢者医療 insures persons.
pub const BRANCH_PERSONAL: u8 = u8::MAX - 1;
/// Marks a mobile number, which no number of eleven digits reaches.
pub const MOBILE: u64 = 1 << 63;
/// Words read of an address in Latin letters.
const ADDRESS_WORDS_MAX: usize = 12;
