//! How two patients agree, comparison by comparison. Dependent fields are one comparison: kanji and kana of a name, and what
//! a household shares.
use crate::limits::KANA_PREFIX_MIN;
use crate::normal::date::{self, DateAgreement};
use crate::normal::text::WILDCARD;
use crate::normal::{NamePart, Normalised};
use crate::normal::{kana, kanji};

/// Whether a field agrees; what one side does not know never disagrees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Agreement {
    /// Both known, equal.
    Equal,
    /// Unknown on one side or both.
    Unknown,
    /// Both known, different.
    Differ,
}

/// How two kana agree, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KanaAgreement {
    /// Letter by letter (L1).
    Exact,
    /// After the safe folds (L2), or the parts of a foreign name in another order.
    Safe,
    /// After the lossy folds (L3), or one is cut short.
    Lossy,
    /// Unknown on one side or both.
    Unknown,
    /// Different.
    Differ,
}

/// How one part of a name agrees in both writings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameAgreement {
    /// In kanji, variants folded.
    pub kanji: Agreement,
    /// In kana.
    pub kana: KanaAgreement,
}

impl NameAgreement {
    const UNKNOWN: Self = Self { kanji: Agreement::Unknown, kana: KanaAgreement::Unknown };

    /// Both writings taken together: equal in one and not different in the other, or different.
    pub fn overall(self) -> Agreement {
        let kana_equal = self.kana < KanaAgreement::Unknown;
        match (self.kanji, self.kana) {
            (Agreement::Equal, KanaAgreement::Differ) => Agreement::Unknown,
            (Agreement::Differ, _) if kana_equal => Agreement::Unknown,
            (Agreement::Equal, _) => Agreement::Equal,
            (Agreement::Unknown, _) if kana_equal => Agreement::Equal,
            (Agreement::Unknown, KanaAgreement::Unknown) => Agreement::Unknown,
            _ => Agreement::Differ,
        }
    }
    fn worse(self, other: Self) -> Self {
        Self { kanji: self.kanji.max(other.kanji), kana: self.kana.max(other.kana) }
    }
}

/// What an insurance says about two patients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InsuranceAgreement {
    /// The same person by number: branch equal, or an insurance of persons (後期高齢者医療).
    Person,
    /// The same family: number equal, a branch unknown.
    Family,
    /// The same family, another member of it.
    OtherBranch,
    /// Different or unknown: insurances change with job, move and age, so this says nothing.
    Nothing,
}

/// All comparisons of two patients. Symmetric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// 姓 (the better of present and former ones).
    pub family: NameAgreement,
    /// 名.
    pub given: NameAgreement,
    /// The whole name: both parts, or the unsplit texts where a split is unknown.
    pub whole: NameAgreement,
    /// Date of birth.
    pub birth: DateAgreement,
    /// Whether both dates are days that desks write for "unknown".
    pub birth_is_habit: bool,
    /// Sex.
    pub sex: Agreement,
    /// Health insurance.
    pub insurance: InsuranceAgreement,
    /// Care insurance.
    pub care: Agreement,
    /// Network card or common ID.
    pub card: Agreement,
    /// A mobile number in common.
    pub mobile: bool,
    /// A landline number in common.
    pub landline: bool,
    /// Town and block numbers.
    pub address: Agreement,
    /// Postcode.
    pub postcode: Agreement,
}

impl Comparison {
    /// Whether anything agrees that people of one household share.
    pub fn shares_household(&self) -> bool {
        self.mobile || self.landline || self.address == Agreement::Equal || self.insurance == InsuranceAgreement::Family
    }
    /// Whether a number agrees that belongs to one person.
    pub fn shares_identifier(&self) -> bool {
        self.insurance == InsuranceAgreement::Person || self.care == Agreement::Equal || self.card == Agreement::Equal
    }
}

/// Compares two patients in normal form.
pub fn compare(one: &Normalised, other: &Normalised) -> Comparison {
    let (family, given) = (families(one, other), part(&one.given, &other.given));
    let shared = |mobile: bool| {
        one.phones.iter().any(|a| a.is_mobile() == mobile && other.phones.iter().any(|b| a.digits == b.digits))
    };
    let place = |person: &Normalised| person.address.clone().filter(|address| address.has_numbers()).map(|a| a.key);
    Comparison {
        family,
        given,
        whole: whole(one, other, family.worse(given)),
        birth: date::agreement(one.birth, other.birth),
        birth_is_habit: one.birth.is_habit_day() || other.birth.is_habit_day(),
        sex: equal(&one.sex, &other.sex),
        insurance: insurance(one, other),
        care: equal(&one.care, &other.care),
        card: equal(&one.card, &other.card),
        mobile: shared(true),
        landline: shared(false),
        address: equal(&place(one), &place(other)),
        postcode: equal(&one.postcode, &other.postcode),
    }
}

fn equal<T: PartialEq>(one: &Option<T>, other: &Option<T>) -> Agreement {
    match (one, other) {
        (Some(a), Some(b)) if a == b => Agreement::Equal,
        (Some(_), Some(_)) => Agreement::Differ,
        _ => Agreement::Unknown,
    }
}

fn part(one: &NamePart, other: &NamePart) -> NameAgreement {
    let kanji = match (one.kanji.as_deref(), other.kanji.as_deref()) {
        (Some(a), Some(b)) if a.contains(WILDCARD) || b.contains(WILDCARD) => {
            if kanji::agree_but_for_lost(a, b) {
                Agreement::Unknown
            } else {
                Agreement::Differ
            }
        }
        (Some(a), Some(b)) if written_alike(a, b) => equal(&one.kanji, &other.kanji),
        _ => Agreement::Unknown,
    };
    let kana = match (one.exact.as_deref(), other.exact.as_deref()) {
        (Some(a), Some(b)) => kana_agreement(a, b),
        _ => KanaAgreement::Unknown,
    };
    NameAgreement { kanji, kana }
}

/// Kanji say nothing against a name that the other side wrote in kana only.
fn written_alike(a: &str, b: &str) -> bool {
    let only_kana = |text: &str| kana::is_whole(&kana::exact(text)) && !text.is_ascii();
    only_kana(a) == only_kana(b)
}

fn kana_agreement(a: &str, b: &str) -> KanaAgreement {
    if a.contains(WILDCARD) || b.contains(WILDCARD) {
        return if kanji::agree_but_for_lost(a, b) { KanaAgreement::Unknown } else { KanaAgreement::Differ };
    }
    let (safe, lossy) = ((kana::safe(a), kana::safe(b)), (kana::blocking(a), kana::blocking(b)));
    let long_enough = a.chars().count().min(b.chars().count()) >= KANA_PREFIX_MIN;
    match () {
        () if a == b => KanaAgreement::Exact,
        () if safe.0 == safe.1 => KanaAgreement::Safe,
        () if lossy.0 == lossy.1 || (long_enough && kana::is_cut_of(a, b)) => KanaAgreement::Lossy,
        () => KanaAgreement::Differ,
    }
}

fn families(one: &Normalised, other: &Normalised) -> NameAgreement {
    let now = part(&one.family, &other.family);
    let former = |a: &Normalised, b: &Normalised| {
        let name = |part: &NamePart| [part.kanji.clone(), part.exact.clone()];
        name(&b.family).into_iter().flatten().any(|family| a.other_families.contains(&family))
    };
    if now.overall() != Agreement::Equal && (former(one, other) || former(other, one)) {
        return NameAgreement { kanji: Agreement::Unknown, kana: KanaAgreement::Safe };
    }
    now
}

fn whole(one: &Normalised, other: &Normalised, parts: NameAgreement) -> NameAgreement {
    if one.tokens.len() > 1 && one.tokens == other.tokens {
        return NameAgreement { kanji: Agreement::Unknown, kana: KanaAgreement::Safe };
    }
    let split = |person: &Normalised| !person.family.is_unknown() && !person.given.is_unknown();
    let joined = part(&one.whole, &other.whole);
    match (split(one) && split(other), one.whole.is_unknown() || other.whole.is_unknown()) {
        (_, true) => NameAgreement::UNKNOWN,
        (true, _) => parts,
        (false, _) => joined,
    }
}

fn insurance(one: &Normalised, other: &Normalised) -> InsuranceAgreement {
    let (Some(a), Some(b)) = (&one.insurance, &other.insurance) else { return InsuranceAgreement::Nothing };
    if a.insurer.digits != b.insurer.digits || a.number != b.number {
        return InsuranceAgreement::Nothing;
    }
    let symbol_unknown = a.symbol.is_empty() != b.symbol.is_empty();
    match (a.known_branch(), b.known_branch()) {
        _ if a.is_personal() => InsuranceAgreement::Person,
        _ if symbol_unknown => InsuranceAgreement::Family,
        _ if a.symbol != b.symbol => InsuranceAgreement::Nothing,
        (Some(x), Some(y)) if x == y => InsuranceAgreement::Person,
        (Some(_), Some(_)) => InsuranceAgreement::OtherBranch,
        _ => InsuranceAgreement::Family,
    }
}
