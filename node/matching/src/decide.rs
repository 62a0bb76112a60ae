//! Certain, probable or unlike: points per comparison, then what forbids a link without a person.
//!
//! Points find what is worth a look. A link without a person needs more: birth date and sex equal, the given name not
//! contradicted, and either a number of one person (insurance with branch, care insurance, network card) or the full name in
//! kanji and kana with telephone or address. Everything between goes to people. Learned weights replace the points later.
use crate::Demographics;
use crate::compare::{Agreement, Comparison, InsuranceAgreement, KanaAgreement, NameAgreement, compare};
use crate::normal::date::DateAgreement;
use crate::normal::name::NameKind;
use crate::normal::{Normalised, normalise};
use serde::{Deserialize, Serialize};

/// Whether two entries are one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Grade {
    /// One person: may be linked without a person looking.
    Certain,
    /// May be one person: somebody has to look.
    Probable,
    /// Not one person as far as the data tell.
    Unlike,
}

/// What decided, for the screen of the person who looks. Names no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Reason {
    /// A number of one person agrees, and nothing contradicts.
    Identifier,
    /// Full name, birth date, sex and a household field agree.
    NameAndHousehold,
    /// A number of one person agrees, but other fields contradict it.
    IdentifierContradicted,
    /// Both have a common ID, and they differ.
    CardsDiffer,
    /// The same insurance number with different branches: two members of a family, or a wrong branch.
    OtherBranch,
    /// Birth date and household agree, the given name does not: twins, or a misread name.
    TwinsSuspected,
    /// Given name, birth date and household agree, the family name does not: marriage, divorce, naturalisation.
    FamilyNameChanged,
    /// A newborn without a name yet.
    Newborn,
    /// Much agrees, but not enough for a link without a person.
    NotEnough,
    /// Too little agrees.
    Different,
    /// A test patient, a company, or a person whose name nobody knew: never linked.
    Excluded,
}

/// A grade and what decided it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The grade.
    pub grade: Grade,
    /// What decided.
    pub reason: Reason,
    /// Sum of the points, to order a worklist; never shown as a probability.
    pub points: i32,
}

/// Judges two patients of one node. Symmetric; the same input gives the same verdict everywhere.
pub fn judge(one: &Demographics, other: &Demographics) -> Verdict {
    judge_normalised(&normalise(one), &normalise(other))
}

/// As [`judge`], for patients already in normal form.
pub fn judge_normalised(one: &Normalised, other: &Normalised) -> Verdict {
    let c = compare(one, other);
    let points = points(&c);
    let kind = one.kind.max(other.kind);
    let (grade, reason) = match kind {
        NameKind::Company | NameKind::Nobody | NameKind::Test => (Grade::Unlike, Reason::Excluded),
        NameKind::Newborn => newborn(&c),
        NameKind::Person => persons(&c, points),
    };
    Verdict { grade, reason, points }
}

/// A newborn's given name is unknown, so it can be a twin: never certain.
fn newborn(c: &Comparison) -> (Grade, Reason) {
    let same_house = c.shares_household() || c.shares_identifier() || c.postcode == Agreement::Equal;
    let other_sex = c.sex == Agreement::Differ;
    if c.birth == DateAgreement::Equal && same_house && !other_sex {
        (Grade::Probable, Reason::Newborn)
    } else {
        (Grade::Unlike, Reason::Different)
    }
}

fn persons(c: &Comparison, points: i32) -> (Grade, Reason) {
    let (name, given) = (c.whole.overall(), given(c));
    let born_alike = c.birth == DateAgreement::Equal;
    if c.insurance == InsuranceAgreement::OtherBranch {
        let same_but_branch = born_alike && given == Agreement::Equal;
        return if same_but_branch {
            (Grade::Probable, Reason::OtherBranch)
        } else {
            (Grade::Unlike, Reason::OtherBranch)
        };
    }
    let agree = born_alike && c.sex == Agreement::Equal;
    let doubt = if c.card == Agreement::Differ { Reason::CardsDiffer } else { Reason::NotEnough };
    if c.shares_identifier() {
        // A card that was lent or mixed up shows here: then somebody has to look, whatever the points say.
        let certain =
            agree && given != Agreement::Differ && name != Agreement::Differ || changed_family(c, given) && agree;
        return match (certain && points >= CERTAIN_POINTS, doubt) {
            (true, Reason::NotEnough) => (Grade::Certain, Reason::Identifier),
            (true, doubt) => (Grade::Probable, doubt),
            (false, _) if agree && given != Agreement::Differ => (Grade::Probable, doubt),
            (false, _) => (Grade::Probable, Reason::IdentifierContradicted),
        };
    }
    let full_name = c.whole.kanji == Agreement::Equal && c.whole.kana < KanaAgreement::Unknown;
    let at_home = c.mobile || c.landline || c.address == Agreement::Equal;
    let certain = agree && full_name && at_home && !c.birth_is_habit && doubt == Reason::NotEnough;
    match () {
        () if certain && points >= CERTAIN_POINTS => (Grade::Certain, Reason::NameAndHousehold),
        () if points < PROBABLE_POINTS || (c.birth == DateAgreement::Unknown && !c.shares_household()) => {
            (Grade::Unlike, Reason::Different)
        }
        () if given == Agreement::Differ => (Grade::Probable, Reason::TwinsSuspected),
        () if changed_family(c, given) => (Grade::Probable, Reason::FamilyNameChanged),
        () => (Grade::Probable, doubt),
    }
}

/// The given name, from the whole name where a split is unknown.
fn given(c: &Comparison) -> Agreement {
    let unsplit = c.given == NameAgreement { kanji: Agreement::Unknown, kana: KanaAgreement::Unknown };
    let reordered = c.whole.overall() == Agreement::Equal;
    if unsplit || reordered { c.whole.overall() } else { c.given.overall() }
}

fn changed_family(c: &Comparison, given: Agreement) -> bool {
    given == Agreement::Equal && c.family.overall() == Agreement::Differ
}

fn points(c: &Comparison) -> i32 {
    let number = match c.insurance {
        InsuranceAgreement::Person => 12,
        InsuranceAgreement::Family => 4,
        InsuranceAgreement::OtherBranch => -12,
        InsuranceAgreement::Nothing => 0,
    };
    let birth = match c.birth {
        DateAgreement::Equal => 8,
        DateAgreement::Partial => 2,
        DateAgreement::Unknown => 0,
        DateAgreement::Slip => -1,
        DateAgreement::TwoParts => -4,
        DateAgreement::Differ => -8,
    };
    let phone = if c.mobile {
        5
    } else if c.landline {
        2
    } else {
        0
    };
    let place = agreed(c.address, 3, 0) + agreed(c.postcode, 1, 0);
    let numbers = number + agreed(c.care, 11, 0) + agreed(c.card, 12, -12);
    numbers + birth + agreed(c.sex, 1, -4) + phone + place + name_points(c)
}

/// A changed family name and a twin replace the penalties of the name, if something else ties the two together.
fn name_points(c: &Comparison) -> i32 {
    let (family, given) = (c.family.overall(), given(c));
    let tied = c.shares_household() || c.shares_identifier();
    if tied && given == Agreement::Equal && family == Agreement::Differ {
        return 2;
    }
    if tied && family == Agreement::Equal && given == Agreement::Differ {
        return 0;
    }
    let kana = match c.whole.kana {
        KanaAgreement::Exact => 6,
        KanaAgreement::Safe => 5,
        KanaAgreement::Lossy => 2,
        KanaAgreement::Unknown => 0,
        KanaAgreement::Differ => -5,
    };
    kana + agreed(c.whole.kanji, 5, -2)
}

fn agreed(agreement: Agreement, plus: i32, minus: i32) -> i32 {
    match agreement {
        Agreement::Equal => plus,
        Agreement::Unknown => 0,
        Agreement::Differ => minus,
    }
}

/// From here on a pair may be linked without a person, if the conditions hold as well.
const CERTAIN_POINTS: i32 = 18;
/// From here on a pair is worth a person's look.
const PROBABLE_POINTS: i32 = 10;

#[cfg(test)]
mod tests;
