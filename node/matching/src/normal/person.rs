//! All normal forms of one patient.
use super::address::{self, Address};
use super::date::{self, Birth};
use super::insurance::{self, Insurance};
use super::name::{self, NameKind, WrittenName};
use super::phone::{self, Phone};
use super::sex::{self, Sex};
use super::text::WILDCARD;
use super::{kana, kanji, postcode};
use crate::Demographics;
use crate::limits::PHONES_MAX;
use std::collections::BTreeSet;
use std::fmt;

/// Version of all rules and tables here. It is part of every identity string: another version, other tags.
pub const NORMALISER_VERSION: u16 = 1;

/// One part of a name in its forms; `None` is unknown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct NamePart {
    /// Folded kanji (L2), perhaps with wildcards.
    pub kanji: Option<String>,
    /// Exact kana (L1).
    pub exact: Option<String>,
}

/// A patient in normal form. `Debug` prints no value.
#[derive(Clone, PartialEq, Eq)]
pub struct Normalised {
    /// 姓.
    pub family: NamePart,
    /// 名.
    pub given: NamePart,
    /// Both joined without gap.
    pub whole: NamePart,
    /// Parts of a name whose order may differ (foreign names); empty for others.
    pub tokens: BTreeSet<String>,
    /// Further family names (旧姓), folded.
    pub other_families: BTreeSet<String>,
    /// What the entry is.
    pub kind: NameKind,
    /// Date of birth.
    pub birth: Birth,
    /// Sex, if known.
    pub sex: Option<Sex>,
    /// Seven digits.
    pub postcode: Option<String>,
    /// Town and numbers.
    pub address: Option<Address>,
    /// Usable telephone numbers in the order given, each once.
    pub phones: Vec<Phone>,
    /// Health insurance.
    pub insurance: Option<Insurance>,
    /// Care insurance: insurer and number.
    pub care: Option<(String, String)>,
    /// Network card or common ID.
    pub card: Option<String>,
}

impl fmt::Debug for Normalised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Normalised({:?}, ‹redacted›)", self.kind)
    }
}

impl NamePart {
    /// Whether nothing of it is known.
    pub fn is_unknown(&self) -> bool {
        self.kanji.is_none() && self.exact.is_none()
    }
    /// Folded kana for a tag; `None` where it is unknown, damaged or not kana.
    pub fn tag_kana(&self) -> Option<String> {
        self.exact.as_deref().map(kana::folded).filter(|kana| kana::is_whole(kana))
    }
    /// Folded kanji for a tag; `None` where it is unknown or damaged.
    pub fn tag_kanji(&self) -> Option<&str> {
        self.kanji.as_deref().filter(|kanji| !kanji.contains(WILDCARD))
    }
}

/// Brings what a facility wrote into normal form. Total: any text gives an answer, at worst "unknown" everywhere.
pub fn normalise(raw: &Demographics) -> Normalised {
    let kanji_name = name::read(&raw.family, &raw.given);
    let kana_name = name::read(&raw.family_kana, &raw.given_kana);
    let phones = raw.phones.iter().take(PHONES_MAX).filter_map(|text| phone::parse(text));
    Normalised {
        family: part(kanji_name.family.as_deref(), kana_name.family.as_deref()),
        given: part(kanji_name.given.as_deref(), kana_name.given.as_deref()),
        whole: part(Some(&kanji_name.whole), Some(&kana_name.whole)),
        tokens: tokens(&kanji_name, &kana_name),
        other_families: kanji_name
            .other_family
            .iter()
            .chain(&kana_name.other_family)
            .map(|text| kanji::folded(text))
            .collect(),
        kind: kanji_name.kind.max(kana_name.kind),
        birth: date::parse(&raw.birth).birth,
        sex: sex::parse(&raw.sex),
        postcode: postcode::parse(&raw.postcode),
        address: address::parse(&raw.address),
        phones: phones.fold(Vec::new(), |mut kept, phone| {
            if !kept.iter().any(|other: &Phone| other.digits == phone.digits) {
                kept.push(phone);
            }
            kept
        }),
        insurance: insurance::parse(&raw.insurer, &raw.insured_symbol, &raw.insured_number, &raw.insured_branch),
        care: insurance::parse_care(&raw.care_insurer, &raw.care_number),
        card: insurance::parse_card(&raw.card),
    }
}

/// A name that is written in kana only serves as its own reading.
fn part(kanji_text: Option<&str>, kana_text: Option<&str>) -> NamePart {
    let filled = |text: String| (!text.is_empty()).then_some(text);
    let written = kanji_text.map(kanji::folded).and_then(filled);
    let own_reading = || kanji_text.map(kana::exact).filter(|kana| kana::is_whole(kana));
    NamePart { exact: kana_text.map(kana::exact).and_then(filled).or_else(own_reading), kanji: written }
}

fn tokens(kanji_name: &WrittenName, kana_name: &WrittenName) -> BTreeSet<String> {
    let foreign = |text: &str| text.is_ascii() && name::may_be_foreign(text);
    if foreign(&kanji_name.whole) {
        name::tokens(&kanji_name.whole)
    } else if foreign(&kana_name.whole) {
        name::tokens(&kana_name.whole)
    } else {
        BTreeSet::new()
    }
}
