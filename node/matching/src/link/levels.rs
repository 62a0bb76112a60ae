//! How two entries agree: six joint comparisons, each with a handful of outcomes.
//!
//! Fields that depend on each other are one comparison: kanji and kana of a name part, and all that a household shares. An
//! outcome is a small number, the six together are a [`Levels`].
use super::entry::{BRANCH_PERSONAL, BRANCH_UNKNOWN, Entry, Kind, MOBILE, Vocabulary, Writing};
use super::near;

/// Outcomes of the six comparisons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Levels(pub [u8; COMPARISONS]);

/// Place of a comparison in [`Levels`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(usize)]
pub enum Field {
    /// 姓.
    Family = 0,
    /// 名.
    Given = 1,
    /// Date of birth.
    Birth = 2,
    /// Sex.
    Sex = 3,
    /// Address, telephone and insurance together.
    Home = 4,
    /// Network card or common ID.
    Card = 5,
}

impl Field {
    /// All of them, in order.
    pub const ALL: [Self; COMPARISONS] = [Self::Family, Self::Given, Self::Birth, Self::Sex, Self::Home, Self::Card];
}

/// Number of comparisons.
pub const COMPARISONS: usize = 6;
/// Outcomes of each comparison, by [`Field`].
pub const OUTCOMES: [usize; COMPARISONS] = [NAME_OUTCOMES, NAME_OUTCOMES, 9, 3, HOME_OUTCOMES, 3];
const NAME_OUTCOMES: usize = 20;
const HOME_OUTCOMES: usize = ADDRESS_OUTCOMES * PHONE_OUTCOMES * INSURANCE_OUTCOMES;
const ADDRESS_OUTCOMES: usize = 5;
const PHONE_OUTCOMES: usize = 5;
const INSURANCE_OUTCOMES: usize = 5;

/// How the kanji of a name part agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kanji {
    /// Equal, variants folded.
    Equal = 0,
    /// The first character is equal (健一, 健二), or one of two differs.
    Near = 1,
    /// Different.
    Differ = 2,
    /// Unknown on one side or both, or equal but for lost characters.
    Unknown = 3,
}

/// How the kana of a name part agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kana {
    /// Equal in the safe folds.
    Equal = 0,
    /// Equal in folded kana (ヤマザキ, ヤマサキ).
    Folded = 1,
    /// One slip apart.
    Near = 2,
    /// Different.
    Differ = 3,
    /// Unknown on one side or both.
    Unknown = 4,
}

/// How two dates of birth agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum BirthLevel {
    /// The same day.
    Equal = 0,
    /// One digit, two digits exchanged, or only the day differs.
    Slip = 1,
    /// Same day of the year, and the years are one miscount or one era apart.
    Era = 2,
    /// The same year, and one side says 1 January or knows no day.
    Year = 3,
    /// Two of year, month and day.
    TwoParts = 4,
    /// One of them.
    OnePart = 5,
    /// None of them.
    Differ = 6,
    /// Unknown on one side or both.
    Unknown = 7,
    /// The same day, but one that desks write for "unknown".
    Habit = 8,
}

impl Levels {
    /// The outcome of one comparison.
    pub fn get(self, field: Field) -> usize {
        usize::from(self.0[field as usize])
    }
    /// How the kanji of a name part agree.
    pub fn kanji(self, field: Field) -> Kanji {
        [Kanji::Equal, Kanji::Near, Kanji::Differ, Kanji::Unknown][self.get(field) / 5 % 4]
    }
    /// How the kana of a name part agree.
    pub fn kana(self, field: Field) -> Kana {
        [Kana::Equal, Kana::Folded, Kana::Near, Kana::Differ, Kana::Unknown][self.get(field) % 5]
    }
    /// Whether a name part agrees: equal in one writing, and not different in the other.
    pub fn name_agrees(self, field: Field) -> bool {
        let (kanji, kana) = (self.kanji(field), self.kana(field));
        (kanji == Kanji::Equal && kana != Kana::Differ) || (kanji == Kanji::Unknown && kana <= Kana::Folded)
    }
    /// Address: 0 equal, 1 nearly, 2 the same town, 3 different, 4 unknown.
    pub fn address(self) -> usize {
        self.get(Field::Home) / (PHONE_OUTCOMES * INSURANCE_OUTCOMES)
    }
    /// Telephone: 0 equal, 1 other landlines, 2 different kinds, 3 other mobile numbers, 4 unknown.
    pub fn phone(self) -> usize {
        self.get(Field::Home) / INSURANCE_OUTCOMES % PHONE_OUTCOMES
    }
    /// Insurance: 0 one person's, 1 one family's, 2 equal but for the branch, 3 different, 4 unknown.
    pub fn insurance(self) -> usize {
        self.get(Field::Home) % INSURANCE_OUTCOMES
    }
    /// How many of address, telephone and insurance agree.
    pub fn homes_agreeing(self) -> usize {
        usize::from(self.address() <= 1) + usize::from(self.phone() == 0) + usize::from(self.insurance() <= 2)
    }
    /// Whether only name, birth date and sex speak: nothing of the household agrees, and no card.
    pub fn is_alone(self) -> bool {
        self.homes_agreeing() == 0 && self.get(Field::Card) != 0
    }
    /// As one number.
    pub fn pack(self) -> u64 {
        self.0.iter().fold(0, |packed, &level| (packed << 8) | u64::from(level))
    }
    /// From one number.
    pub fn unpack(packed: u64) -> Self {
        let mut levels = Self::default();
        for (level, at) in levels.0.iter_mut().rev().zip(0..) {
            *level = (packed >> (8 * at)) as u8;
        }
        levels
    }
}

/// What comparing needs of one side's names.
#[derive(Clone, Copy)]
struct Named {
    family: Writing,
    given: Writing,
}

/// Compares two entries. Symmetric.
pub fn compare(words: &Vocabulary, one: &Entry, other: &Entry) -> Levels {
    let (mut family, mut given) = names(words, one, other);
    if one.kind == Kind::Newborn || other.kind == Kind::Newborn {
        given = name_level(Kanji::Unknown, Kana::Unknown);
    }
    if let (Some(a), Some(b)) = (words.extras(one), words.extras(other)) {
        let shared = near::shared(&a.tokens, &b.tokens);
        // All parts in some order; or one side leaves a middle name out.
        let kana = match (a.tokens.len(), b.tokens.len()) {
            (x, y) if shared > 1 && x == y && shared == x => Some(Kana::Equal),
            (x, y) if shared > 1 && shared == x.min(y) => Some(Kana::Folded),
            _ => None,
        };
        let levels = kana.map(|kana| (name_level(Kanji::Unknown, Kana::Equal), name_level(Kanji::Unknown, kana)));
        (family, given) = levels.unwrap_or((family, given));
    }
    let sex = if one.sex == 0 || other.sex == 0 { 2 } else { u8::from(one.sex != other.sex) };
    let card = if one.card == 0 || other.card == 0 { 2 } else { u8::from(one.card != other.card) };
    let home = home_level(address(words, one, other), phone(one, other), insurance(one, other));
    Levels([family, given, birth(one.birth, other.birth) as u8, sex, home, card])
}

fn names(words: &Vocabulary, one: &Entry, other: &Entry) -> (u8, u8) {
    let a = Named { family: one.family, given: one.given };
    let b = Named { family: other.family, given: other.given };
    let straight = (part(words, a.family, b.family), part(words, a.given, b.given));
    if straight == (EQUAL, EQUAL) {
        return straight;
    }
    // Exchanged names count as equal only if both parts meet crosswise; which side is right is not known, so the part that
    // agrees less counts as the given name.
    if !agrees(straight.0) && !agrees(straight.1) {
        let crossed = (part(words, a.family, b.given), part(words, a.given, b.family));
        if agrees(crossed.0) && agrees(crossed.1) {
            return (crossed.0.min(crossed.1), crossed.0.max(crossed.1));
        }
    }
    if a.given.is_unknown() != b.given.is_unknown()
        && let Some(joined) = joined(words, a, b)
    {
        return joined;
    }
    let former = |x: &Entry, y: &Entry| {
        words.extras(x).is_some_and(|extras| {
            extras.families.iter().any(|&name| name != 0 && (name == y.family.kanji || name == y.family.kana))
        })
    };
    if straight.0 / 5 == Kanji::Differ as u8 && (former(one, other) || former(other, one)) {
        return (name_level(Kanji::Unknown, Kana::Equal), straight.1);
    }
    straight
}

/// One side wrote the whole name without a gap: compares the joined texts, and both parts count as agreeing or not.
fn joined(words: &Vocabulary, a: Named, b: Named) -> Option<(u8, u8)> {
    let whole = |named: Named, number: fn(Writing) -> u32| {
        let (family, given) = (number(named.family), number(named.given));
        if family == 0 { String::new() } else { format!("{}{}", words.text(family), words.text(given)) }
    };
    let kanji = (whole(a, |w| w.kanji), whole(b, |w| w.kanji));
    let kana = (whole(a, |w| w.kana), whole(b, |w| w.kana));
    let equal = |pair: &(String, String)| !pair.0.is_empty() && pair.0 == pair.1;
    match (equal(&kanji), equal(&kana)) {
        (true, true) => Some((EQUAL, EQUAL)),
        (true, false) if kana.0.is_empty() || kana.1.is_empty() => {
            let level = name_level(Kanji::Equal, Kana::Unknown);
            Some((level, level))
        }
        (false, true) if kanji.0.is_empty() || kanji.1.is_empty() => {
            let level = name_level(Kanji::Unknown, Kana::Equal);
            Some((level, level))
        }
        _ => None,
    }
}

fn part(words: &Vocabulary, one: Writing, other: Writing) -> u8 {
    let kanji = match (one.kanji, other.kanji) {
        (0, _) | (_, 0) => Kanji::Unknown,
        (a, b) if a == b => near::whole_or_unknown(words.text(a)),
        (a, b) => near::kanji(words.text(a), words.text(b)),
    };
    let kana = match (one.kana, other.kana) {
        (0, _) | (_, 0) => Kana::Unknown,
        (a, b) if a == b => Kana::Equal,
        (a, b) if words.folded(a) == words.folded(b) => Kana::Folded,
        (a, b) if near::long_mark(words.text(a), words.text(b)) => Kana::Folded,
        (a, b) => near::kana(words.text(words.folded(a)), words.text(words.folded(b))),
    };
    name_level(kanji, kana)
}

/// Equal or nearly so in kana, or equal in kanji.
fn agrees(level: u8) -> bool {
    level % 5 <= Kana::Near as u8 || level / 5 == Kanji::Equal as u8
}

pub(super) fn name_level(kanji: Kanji, kana: Kana) -> u8 {
    kanji as u8 * 5 + kana as u8
}

/// The outcome of a household from its three parts: see [`Levels::address`], [`Levels::phone`] and [`Levels::insurance`].
pub(super) fn home_level(address: usize, phone: usize, insurance: usize) -> u8 {
    ((address * PHONE_OUTCOMES + phone) * INSURANCE_OUTCOMES + insurance) as u8
}

/// Compares two packed dates.
fn birth(a: u32, b: u32) -> BirthLevel {
    let parts = |date: u32| (date / 10_000, date / 100 % 100, date % 100);
    let ((ay, am, ad), (by, bm, bd)) = (parts(a), parts(b));
    let habit = |m: u32, d: u32| (m == 1 || m == 7) && d == 1;
    let open = |m: u32, d: u32| m == 0 || d == 0 || m == 1 && d == 1;
    match () {
        () if a == 0 || b == 0 => BirthLevel::Unknown,
        () if a == b && (habit(am, ad) || ad == 0) => BirthLevel::Habit,
        () if a == b => BirthLevel::Equal,
        () if ay == by && (open(am, ad) || open(bm, bd)) => BirthLevel::Year,
        () if am == bm && ad == bd && ERA_SLIPS.contains(&ay.abs_diff(by)) => BirthLevel::Era,
        () if near::digits_slip(a, b) || (ay == by && am == bd && ad == bm) => BirthLevel::Slip,
        () => match u8::from(ay == by) + u8::from(am == bm) + u8::from(ad == bd) {
            2 => BirthLevel::TwoParts,
            1 => BirthLevel::OnePart,
            _ => BirthLevel::Differ,
        },
    }
}

fn address(words: &Vocabulary, one: &Entry, other: &Entry) -> usize {
    let latin = |entry: &Entry| words.extras(entry).map(|extras| extras.address.as_slice()).unwrap_or_default();
    let (a, b) = (latin(one), latin(other));
    let same_post = one.postcode != 0 && one.postcode == other.postcode;
    match () {
        () if !a.is_empty() && !b.is_empty() => match (near::shared(a, b) * 10 / a.len().max(b.len()), same_post) {
            (6.., _) => 0,
            (4.., _) | (3.., true) => 1,
            (1.., true) => 2,
            _ => 3,
        },
        () if one.town == 0 || other.town == 0 => match (one.postcode, other.postcode) {
            (0, _) | (_, 0) => 4,
            (x, y) if x == y => 2,
            _ => 3,
        },
        // A postcode names a town, whether or not the prefecture is written before it.
        () if (one.town == other.town || same_post) && one.block != 0 && one.block == other.block => 0,
        () if (one.town == other.town || same_post) && near::blocks(one.block, other.block) => 1,
        () if one.town == other.town || same_post => 2,
        () => 3,
    }
}

fn phone(one: &Entry, other: &Entry) -> usize {
    let known = |entry: &Entry| entry.phones.into_iter().filter(|phone| *phone != 0);
    if known(one).next().is_none() || known(other).next().is_none() {
        return 4;
    }
    if known(one).any(|a| known(other).any(|b| a == b)) {
        return 0;
    }
    // A landline stays with the house; a mobile number goes along when its owner moves.
    let both = |mobile: u64| [one, other].into_iter().all(|entry| known(entry).any(|phone| phone & MOBILE == mobile));
    match () {
        () if both(MOBILE) => 3,
        () if both(0) => 1,
        () => 2,
    }
}

fn insurance(one: &Entry, other: &Entry) -> usize {
    match (one.insurance, other.insurance) {
        (0, _) | (_, 0) => 4,
        (a, b) if a != b => 3,
        _ => match (one.branch, other.branch) {
            (BRANCH_PERSONAL, BRANCH_PERSONAL) => 0,
            (BRANCH_UNKNOWN, _) | (_, BRANCH_UNKNOWN) => 1,
            (a, b) if a == b => 0,
            _ => 2,
        },
    }
}

const EQUAL: u8 = 0;
/// Years between eras that a desk confuses (明治/大正 44, 大正/昭和 14, 昭和/平成 63, 平成/令和 30), 25 for years counted from
/// 1900, 1 and 10 for a miscount.
const ERA_SLIPS: [u32; 7] = [1, 10, 14, 25, 30, 44, 63];
const _: () = assert!(HOME_OUTCOMES <= u8::MAX as usize);
