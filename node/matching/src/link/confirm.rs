//! Blind confirmation across networks: a patient as a fixed list of values, and a grade from which of them agree.
//!
//! Who judges knows its own record and, of the other, only which of these values it has too. So *unknown there* and *different
//! there* look alike, and count as different: fewer links without people, never a wrong one more. The outcomes are those of
//! [`super::levels`], the weights and doubts those of a node's own patients. Source: linkage reference, 8.6.
use super::bands::{Rule, contradiction, veto};
use super::census::Population;
use super::entry::{BRANCH_PERSONAL, BRANCH_UNKNOWN, Entry, Kind, MOBILE, Vocabulary, Writing};
use super::levels::{BirthLevel, Kana, Kanji, Levels, home_level, name_level};
use super::linker::Linker;
use crate::Grade;
use crate::normal::{NORMALISER_VERSION, Normalised};

/// A patient for a confirmation. `Debug` prints no value.
pub struct Blind {
    words: Vocabulary,
    entry: Entry,
    person: Normalised,
}

/// Which value stands where.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
enum Place {
    FamilyKanji,
    FamilyKana,
    FamilyFolded,
    GivenKanji,
    GivenKana,
    GivenFolded,
    /// First character of the given name: 健一, 健二.
    GivenFirst,
    /// Both parts joined, for names without a gap.
    Whole,
    /// Both parts exchanged; only who judges has it, so that it agrees with the other's `Whole` alone.
    Exchanged,
    Birth,
    Year,
    Month,
    Day,
    MonthDay,
    /// Month and day exchanged; only who judges has it.
    BirthExchanged,
    Sex,
    /// The folded name and what is left of it without one kana: any two that meet are one slip apart. Six places.
    FamilyEdits,
    GivenEdits = Place::FamilyEdits as usize + EDITS,
    Phone = Place::GivenEdits as usize + EDITS,
    SecondPhone,
    Insurance,
    /// With its branch.
    Member,
    /// Town with block numbers.
    House,
    /// Postcode with block numbers.
    PostHouse,
    Postcode,
    /// The family name, and the former one: agree with either of the other's.
    AnyFamily,
    FormerFamily,
    Card,
    /// That there is a card, so that two different ones are seen.
    HasCard,
    /// Their number.
    End,
}

/// Values in the list.
pub const BLIND_VALUES: usize = 40;
const _: () = assert!(Place::End as usize <= BLIND_VALUES);
/// Places for a name and its one-kana cuts.
const EDITS: usize = 6;
/// A name of two kana without one of them says nothing.
const EDITED_CHARS_MIN: usize = 3;

impl Blind {
    /// A patient in normal form, with the address as it was written.
    pub fn of(person: &Normalised, address: &str) -> Self {
        let mut words = Vocabulary::default();
        // Facilities differ: what two networks hold are never two charts of one.
        let entry = words.entry(person, address, "");
        Self { words, entry, person: person.clone() }
    }
    /// The values for judging: [`BLIND_VALUES`] of them, nothing where the patient has none.
    pub fn judging(&self) -> Vec<Option<Vec<u8>>> {
        let mut list = vec![None; BLIND_VALUES];
        if self.entry.kind != Kind::Excluded {
            self.fill(&mut |place, at, of, text| {
                if let Some(slot) = list.get_mut(place as usize + at) {
                    *slot = (!text.is_empty()).then(|| value(of, text));
                }
            });
        }
        list
    }
    /// The values for the other side's judging: the same, without what only a judge has.
    pub fn shown(&self) -> Vec<Option<Vec<u8>>> {
        let mut list = self.judging();
        for place in [Place::Exchanged, Place::BirthExchanged] {
            list[place as usize] = None;
        }
        list
    }
    /// What it means that these of the values for judging agree with another network's patient.
    pub fn grade(&self, agreed: &[bool], population: &Population) -> Grade {
        if agreed.len() != BLIND_VALUES || self.entry.kind == Kind::Excluded || contradicts(agreed) {
            return Grade::Unlike;
        }
        let levels = self.levels(&Agreed(agreed));
        let entries = vec![self.entry, self.entry];
        let linker = Linker::within(self.words.clone(), entries, population);
        let pair = linker.weigh_as(levels);
        let rule = Rule::default();
        match () {
            () if pair.weight.total < rule.probable_min => Grade::Unlike,
            () if veto(&linker, &pair).or(contradiction(&linker, &pair)).is_some() => Grade::Probable,
            () if rule.is_heavy(linker.sides, &pair) => Grade::Certain,
            () => Grade::Probable,
        }
    }

    fn fill(&self, put: &mut dyn FnMut(Place, usize, Place, &str)) {
        use Place as P;
        let text = |number: u32| self.words.text(number).to_owned();
        let folded = |writing: Writing| text(self.words.folded(writing.kana));
        let whole = |writing: u32| Some(text(writing)).filter(|t| !t.contains(crate::normal::text::WILDCARD));
        let (family, given) = (self.entry.family, self.entry.given);
        let (family_folded, given_folded) = (folded(family), folded(given));
        let (family_kanji, given_kanji) =
            (whole(family.kanji).unwrap_or_default(), whole(given.kanji).unwrap_or_default());
        let first: String = given_kanji.chars().take(1).collect();
        let mut one = |place: P, text: &str| put(place, 0, place, text);
        one(P::FamilyKanji, &family_kanji);
        one(P::FamilyKana, &text(family.kana));
        one(P::FamilyFolded, &family_folded);
        one(P::GivenKanji, &given_kanji);
        one(P::GivenKana, &text(given.kana));
        one(P::GivenFolded, &given_folded);
        one(P::GivenFirst, &first);
        if !family_folded.is_empty() {
            one(P::Whole, &format!("{family_folded}{given_folded}"));
        }
        if self.entry.sex != 0 {
            one(P::Sex, &self.entry.sex.to_string());
        }
        self.fill_birth(&mut one);
        if let Some(card) = &self.person.card {
            one(P::Card, card);
            one(P::HasCard, "card");
        }
        if !family_folded.is_empty() && !given_folded.is_empty() {
            put(P::Exchanged, 0, P::Whole, &format!("{given_folded}{family_folded}"));
        }
        put(P::AnyFamily, 0, P::AnyFamily, &family_kanji);
        if let Some(former) = self.person.other_families.first() {
            put(P::FormerFamily, 0, P::AnyFamily, former);
        }
        for (place, name) in [(P::FamilyEdits, &family_folded), (P::GivenEdits, &given_folded)] {
            for (at, edit) in edits(name).iter().enumerate() {
                put(place, at, place, edit);
            }
        }
        self.fill_home(put);
    }
    fn fill_birth(&self, one: &mut dyn FnMut(Place, &str)) {
        use Place as P;
        let (year, month, day) = parts(self.entry.birth);
        let known = |number: u32, width: usize| match number {
            0 => String::new(),
            number => format!("{number:0width$}"),
        };
        one(P::Year, &known(year, 4));
        one(P::Month, &known(month, 2));
        if day != 0 {
            one(P::Day, &known(day, 2));
            one(P::MonthDay, &format!("{month:02}{day:02}"));
            one(P::Birth, &format!("{year:04}{month:02}{day:02}"));
        }
    }
    fn fill_home(&self, put: &mut dyn FnMut(Place, usize, Place, &str)) {
        use Place as P;
        let (year, month, day) = parts(self.entry.birth);
        if (1..=12).contains(&day) && day != month {
            put(P::BirthExchanged, 0, P::Birth, &format!("{year:04}{day:02}{month:02}"));
        }
        for (at, phone) in self.person.phones.iter().take(2).enumerate() {
            put(P::Phone, at, P::Phone, &phone.digits);
        }
        if let Some(card) = &self.person.insurance {
            let number = [card.insurer.digits.as_str(), &card.symbol, &card.number].join("|");
            if let Some(branch) = card.known_branch() {
                put(P::Member, 0, P::Member, &format!("{number}|{branch}"));
            }
            put(P::Insurance, 0, P::Insurance, &number);
        }
        let postcode = self.person.postcode.as_deref().unwrap_or_default();
        put(P::Postcode, 0, P::Postcode, postcode);
        if self.entry.block != 0 {
            let block = self.entry.block;
            if self.entry.town != 0 {
                put(P::House, 0, P::House, &format!("{}|{block}", self.words.text(self.entry.town)));
            }
            if !postcode.is_empty() {
                put(P::PostHouse, 0, P::PostHouse, &format!("{postcode}|{block}"));
            }
        }
    }

    fn levels(&self, agreed: &Agreed<'_>) -> Levels {
        let mut family = self.name(agreed, self.entry.family, FAMILY);
        let mut given = self.name(agreed, self.entry.given, GIVEN);
        let parts_agree = agreed.at(Place::FamilyFolded) || agreed.at(Place::GivenFolded);
        if !parts_agree && (agreed.at(Place::Whole) || agreed.at(Place::Exchanged)) {
            (family, given) = (name_level(Kanji::Unknown, Kana::Folded), name_level(Kanji::Unknown, Kana::Folded));
        }
        let is_former = agreed.at(Place::AnyFamily) || agreed.at(Place::FormerFamily);
        if is_former && !agreed.at(Place::FamilyKanji) {
            family = name_level(Kanji::Unknown, Kana::Equal);
        }
        if self.entry.kind == Kind::Newborn {
            given = name_level(Kanji::Unknown, Kana::Unknown);
        }
        let sex = if self.entry.sex == 0 { 2 } else { u8::from(!agreed.at(Place::Sex)) };
        let card = match self.person.card {
            None => 2,
            Some(_) if agreed.at(Place::Card) => 0,
            Some(_) => 2 - u8::from(agreed.at(Place::HasCard)),
        };
        let home = home_level(self.address(agreed), self.phone(agreed), self.insurance(agreed));
        Levels([family, given, self.birth(agreed) as u8, sex, home, card])
    }
    fn name(&self, agreed: &Agreed<'_>, own: Writing, places: [Place; 4]) -> u8 {
        let [kanji_place, kana_place, folded_place, edits] = places;
        let lost = self.words.text(own.kanji).contains(crate::normal::text::WILDCARD);
        let kanji = match () {
            () if own.kanji == 0 || lost => Kanji::Unknown,
            () if agreed.at(kanji_place) => Kanji::Equal,
            () if kanji_place == Place::GivenKanji && agreed.at(Place::GivenFirst) => Kanji::Near,
            () => Kanji::Differ,
        };
        let kana = match () {
            () if own.kana == 0 => Kana::Unknown,
            () if agreed.at(kana_place) => Kana::Equal,
            () if agreed.at(folded_place) => Kana::Folded,
            () if (0..EDITS).any(|at| agreed.0[edits as usize + at]) => Kana::Near,
            () => Kana::Differ,
        };
        name_level(kanji, kana)
    }
    fn birth(&self, agreed: &Agreed<'_>) -> BirthLevel {
        let (year, month, day) = parts(self.entry.birth);
        let same = [Place::Year, Place::Month, Place::Day].map(|place| agreed.at(place));
        match () {
            () if year == 0 => BirthLevel::Unknown,
            () if agreed.at(Place::Birth) && (month == 1 || month == 7) && day == 1 => BirthLevel::Habit,
            () if agreed.at(Place::Birth) => BirthLevel::Equal,
            () if agreed.at(Place::BirthExchanged) => BirthLevel::Slip,
            () if day == 0 && same[0] => BirthLevel::Year,
            () => match same.iter().filter(|part| **part).count() {
                2.. => BirthLevel::TwoParts,
                1 => BirthLevel::OnePart,
                _ => BirthLevel::Differ,
            },
        }
    }
    fn address(&self, agreed: &Agreed<'_>) -> usize {
        match () {
            () if self.entry.town == 0 && self.entry.postcode == 0 => 4,
            () if agreed.at(Place::House) || agreed.at(Place::PostHouse) => 0,
            () if agreed.at(Place::Postcode) => 2,
            () => 3,
        }
    }
    fn phone(&self, agreed: &Agreed<'_>) -> usize {
        let is_mobile = self.entry.phones.iter().any(|phone| phone & MOBILE != 0);
        match () {
            () if self.entry.phones == [0, 0] => 4,
            () if agreed.at(Place::Phone) || agreed.at(Place::SecondPhone) => 0,
            () if is_mobile => 3,
            () => 2,
        }
    }
    fn insurance(&self, agreed: &Agreed<'_>) -> usize {
        match self.entry.branch {
            _ if self.entry.insurance == 0 => 4,
            _ if !agreed.at(Place::Insurance) => 3,
            BRANCH_PERSONAL => 0,
            _ if agreed.at(Place::Member) => 0,
            BRANCH_UNKNOWN => 1,
            // Another branch there, or none: people look.
            _ => 2,
        }
    }
}

impl std::fmt::Debug for Blind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Blind(‹redacted›)")
    }
}

/// Which values agree.
struct Agreed<'a>(&'a [bool]);

impl Agreed<'_> {
    fn at(&self, place: Place) -> bool {
        self.0.get(place as usize).copied().unwrap_or(false)
    }
}

/// Agreements that no record can have: the whole without its parts. Whoever sends such wants to be taken for somebody.
fn contradicts(agreed: &[bool]) -> bool {
    use Place as P;
    let agreed = Agreed(agreed);
    let whole_and_part = [
        (P::Birth, P::Year),
        (P::Birth, P::Month),
        (P::Birth, P::Day),
        (P::Birth, P::MonthDay),
        (P::MonthDay, P::Month),
        (P::MonthDay, P::Day),
        (P::FamilyKana, P::FamilyFolded),
        (P::GivenKana, P::GivenFolded),
        (P::GivenKanji, P::GivenFirst),
        (P::Member, P::Insurance),
        (P::Card, P::HasCard),
        (P::PostHouse, P::Postcode),
    ];
    whole_and_part.into_iter().any(|(whole, part)| agreed.at(whole) && !agreed.at(part))
}

/// A name and what is left of it without one kana, each once.
fn edits(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    if chars.len() < EDITED_CHARS_MIN - 1 {
        return Vec::new();
    }
    let mut out = vec![name.to_owned()];
    if chars.len() >= EDITED_CHARS_MIN {
        for skip in 0..chars.len() {
            let cut = chars.iter().enumerate().filter(|(at, _)| *at != skip).map(|(_, c)| *c).collect();
            if !out.contains(&cut) {
                out.push(cut);
            }
        }
    }
    out.truncate(EDITS);
    out
}

fn value(of: Place, text: &str) -> Vec<u8> {
    let version = NORMALISER_VERSION.to_be_bytes();
    [b"cfm".as_slice(), &[of as u8], &version, text.as_bytes()].concat()
}

fn parts(birth: u32) -> (u32, u32, u32) {
    (birth / 10_000, birth / 100 % 100, birth % 100)
}

const FAMILY: [Place; 4] = [Place::FamilyKanji, Place::FamilyKana, Place::FamilyFolded, Place::FamilyEdits];
const GIVEN: [Place; 4] = [Place::GivenKanji, Place::GivenKana, Place::GivenFolded, Place::GivenEdits];

#[cfg(test)]
#[path = "confirm_tests.rs"]
mod tests;
