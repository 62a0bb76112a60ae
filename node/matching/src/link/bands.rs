//! From weights to grades: certain, probable or unlike, with what forbids a link whatever the weight says.
use super::blocks::Sides;
use super::entry::{Entry, Kind};
use super::levels::{BirthLevel, Field, Kana, Kanji, Levels};
use super::linker::{Linker, Scored};
use super::model::MilliBits;
use crate::Grade;
use std::collections::BTreeMap;

/// Version of thresholds and vetoes together; a decision of another version is another decision.
pub const RULE_VERSION: u16 = 2;

/// Thresholds, chosen on the development set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Least weight of a link without a person, against every rival but namesakes.
    pub certain_min: MilliBits,
    /// The same where nothing of the household agrees and only name and birth date speak, the name in full.
    pub alone_min: MilliBits,
    /// The same where the name agrees only in part.
    pub partly_min: MilliBits,
    /// Least weight against namesakes, where each of two sides lists a person once: competition tells most of them.
    pub namesakes_min: MilliBits,
    /// Least weight against every rival within one list, where no competition helps.
    pub one_list_min: MilliBits,
    /// How far it must lie above the next best candidate of either entry.
    pub margin_min: MilliBits,
    /// The same where only name and birth date speak: the other candidate may be the true one, with an error in its record.
    pub alone_margin_min: MilliBits,
    /// Least weight that is worth a person's look.
    pub probable_min: MilliBits,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            certain_min: MilliBits(3_500),
            alone_min: MilliBits(5_500),
            partly_min: MilliBits(6_500),
            namesakes_min: MilliBits(2_000),
            one_list_min: MilliBits(8_000),
            margin_min: MilliBits(5_000),
            alone_margin_min: MilliBits(8_000),
            probable_min: MilliBits(-4_000),
        }
    }
}

impl Rule {
    /// Whether a pair weighs enough for a link without a person.
    pub fn is_heavy(&self, sides: Sides, pair: &Scored) -> bool {
        let weight = pair.weight;
        let alone = pair.levels.is_alone();
        let named = pair.levels.name_agrees(Field::Family) && pair.levels.name_agrees(Field::Given);
        let least = match (alone, named) {
            (false, _) => self.certain_min,
            (true, true) => self.alone_min,
            (true, false) => self.partly_min,
        };
        match sides {
            Sides::One => weight.total >= self.one_list_min,
            Sides::Two(_) => weight.but_namesakes >= least && weight.total >= self.namesakes_min,
        }
    }

    /// Whether a pair lies far enough above every other candidate.
    pub fn is_ahead(&self, pair: &Scored, margin: MilliBits) -> bool {
        margin >= if pair.levels.is_alone() { self.alone_margin_min } else { self.margin_min }
    }
}

/// Why a pair is not linked without a person, or not at all. Names no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doubt {
    /// Both have a common ID, and they differ.
    CardsDiffer,
    /// Sex and given name both differ.
    SexAndGivenDiffer,
    /// The birth date differs in two parts or more, and the given name too.
    BirthAndGivenDiffer,
    /// The birth date differs in two parts or more, and no number of one person agrees.
    BirthDiffers,
    /// One insurance number, two branches: two members of a family, or a wrong branch.
    OtherBranch,
    /// Birth date and household agree, the given name does not fully.
    TwinsSuspected,
    /// Only name and birth date agree, and others are likely to bear the same.
    Namesakes,
    /// Two charts of one facility.
    SameFacility,
    /// A newborn without a name.
    Newborn,
    /// The family name differs and no number of one person agrees.
    FamilyNameChanged,
    /// Another candidate is nearly as good.
    NoMargin,
    /// It would bring two persons together that were apart until now, or one record belongs to two.
    SeveralPersons,
    /// Another record of the person contradicts.
    MemberDiffers,
    /// Enough for a look, not for a link.
    Weight,
}

/// What is decided about a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The pair.
    pub pair: Scored,
    /// The grade; pairs that are unlike are not listed.
    pub grade: Grade,
    /// How far above the next best candidate.
    pub margin: MilliBits,
    /// Why it is not certain; `None` if it is.
    pub doubt: Option<Doubt>,
}

/// Decides all pairs of two sides, or of one. `scored` comes from all shards in order; decisions keep this order.
pub fn decide(linker: &Linker, scored: &[Scored], rule: &Rule) -> Vec<Decision> {
    let best = Best::of(linker, scored);
    let mut decisions: Vec<Decision> = scored
        .iter()
        .filter(|pair| pair.weight.total >= rule.probable_min)
        .map(|pair| {
            let margin = MilliBits(best.margin(linker, pair, rule));
            let doubt = veto(linker, pair).or(match () {
                () if !rule.is_heavy(linker.sides, pair) => Some(Doubt::Weight),
                () if !rule.is_ahead(pair, margin) => Some(Doubt::NoMargin),
                () => None,
            });
            let grade = if doubt.is_none() { Grade::Certain } else { Grade::Probable };
            Decision { pair: *pair, grade, margin, doubt }
        })
        .collect();
    let taken: Vec<bool> = {
        let mut taken = vec![false; linker.entries.len()];
        let certain = decisions.iter().filter(|decision| decision.grade == Grade::Certain);
        certain.for_each(|d| (taken[d.pair.one as usize], taken[d.pair.other as usize]) = (true, true));
        taken
    };
    // Between two sides that each list a person once, an entry with a certain partner has no other; and a person is asked
    // only about candidates that are not clearly behind another.
    decisions.retain(|decision| {
        let pair = &decision.pair;
        let open = matches!(linker.sides, Sides::One) || !(taken[pair.one as usize] || taken[pair.other as usize]);
        decision.grade == Grade::Certain || (open && decision.margin >= BEHIND_MAX)
    });
    decisions
}

/// Decides the candidates of one entry, heaviest first. An entry that would join two established persons is nobody's
/// automatically: either they are one, or it is wrong.
pub fn decide_one(linker: &Linker, scored: &[Scored], at: u32, rule: &Rule) -> Vec<Decision> {
    let other_of = |pair: &Scored| if pair.one == at { pair.other } else { pair.one };
    let same = |a: u32, b: u32| {
        let between = linker.weigh(a, b);
        rule.is_heavy(linker.sides, &between) && veto(linker, &between).is_none()
    };
    let decided = scored.iter().filter(|pair| pair.weight.total >= rule.probable_min).map(|pair| {
        let rivals = scored.iter().filter(|rival| other_of(rival) != other_of(pair));
        let apart = rivals.filter(|rival| !same(other_of(rival), other_of(pair))).map(|rival| rival.weight.total.0);
        let rival = apart.max().unwrap_or(i32::MIN);
        let margin = MilliBits(pair.weight.total.0.saturating_sub(rival).min(MARGIN_MAX));
        let doubt = veto(linker, pair).or(match () {
            () if !rule.is_heavy(linker.sides, pair) => Some(Doubt::Weight),
            () if !rule.is_ahead(pair, margin) => Some(Doubt::NoMargin),
            () => None,
        });
        Decision { pair: *pair, grade: if doubt.is_none() { Grade::Certain } else { Grade::Probable }, margin, doubt }
    });
    decided.filter(|decision| decision.grade == Grade::Certain || decision.margin >= BEHIND_MAX).collect()
}

/// The best candidates of every entry.
struct Best(Vec<[(i32, u32); 3]>);

impl Best {
    fn of(linker: &Linker, scored: &[Scored]) -> Self {
        let mut best = vec![[(i32::MIN, u32::MAX); 3]; linker.entries.len()];
        for pair in scored {
            for (at, with) in [(pair.one, pair.other), (pair.other, pair.one)] {
                let mut candidate = (pair.weight.total.0, with);
                for kept in &mut best[at as usize] {
                    // Heavier first; of equal ones the earlier.
                    if (candidate.0, kept.1) > (kept.0, candidate.1) {
                        std::mem::swap(kept, &mut candidate);
                    }
                }
            }
        }
        Self(best)
    }

    /// How far a pair lies above the next best candidate of either entry, who is not the same person anyway.
    fn margin(&self, linker: &Linker, pair: &Scored, rule: &Rule) -> i32 {
        let ahead = |at: u32, with: u32| {
            let rivals = self.0[at as usize].iter().filter(|(_, other)| *other != with && *other != u32::MAX);
            let apart = |other: u32| {
                linker.sides != Sides::One
                    || !rule.is_heavy(linker.sides, &linker.weigh(with, other))
                    || veto(linker, &linker.weigh(with, other)).is_some()
            };
            rivals.filter(|(_, other)| apart(*other)).map(|(weight, _)| *weight).max().unwrap_or(i32::MIN)
        };
        let rival = ahead(pair.one, pair.other).max(ahead(pair.other, pair.one));
        pair.weight.total.0.saturating_sub(rival).min(MARGIN_MAX)
    }
}

/// What forbids a link without a person, whatever the weight says.
pub fn veto(linker: &Linker, pair: &Scored) -> Option<Doubt> {
    let (one, other) = (linker.entry(pair.one), linker.entry(pair.other));
    let levels = pair.levels;
    let same_facility = one.facility != 0 && one.facility == other.facility;
    match () {
        () if one.kind != Kind::Person || other.kind != Kind::Person => Some(Doubt::Newborn),
        () if same_facility => Some(Doubt::SameFacility),
        () => of_levels(levels).or_else(|| namesakes(linker, pair, one, other)),
    }
}

/// What forbids a link whoever else there is: what two records themselves say.
pub fn contradiction(linker: &Linker, pair: &Scored) -> Option<Doubt> {
    let (one, other) = (linker.entry(pair.one), linker.entry(pair.other));
    let excluded = one.kind == Kind::Excluded || other.kind == Kind::Excluded;
    if excluded { Some(Doubt::Newborn) } else { of_levels(pair.levels) }
}

fn of_levels(levels: Levels) -> Option<Doubt> {
    let given_differs = levels.kana(Field::Given) >= Kana::Near && levels.kanji(Field::Given) != Kanji::Equal;
    let birth = levels.get(Field::Birth);
    let born_alike = birth == BirthLevel::Equal as usize || birth == BirthLevel::Habit as usize;
    let parts_differ = (BirthLevel::OnePart as usize..=BirthLevel::Differ as usize).contains(&birth);
    // A card may be another's of the household: it stands for its owner only where birth date and given name agree with it.
    let card = levels.get(Field::Card) == 0;
    let one_id = (card && born_alike && !given_differs) || levels.insurance() == 0;
    let given_unclear = levels.kanji(Field::Given) != Kanji::Equal && !levels.name_agrees(Field::Given);
    let given_unclear = given_unclear && levels.kana(Field::Given) > Kana::Equal;
    let family_changed = levels.kanji(Field::Family) != Kanji::Equal && levels.kana(Field::Family) >= Kana::Differ;
    let at_home = levels.homes_agreeing() > 0 || one_id;
    let full_name = levels.get(Field::Family) == 0 && levels.get(Field::Given) == 0;
    let full_name = full_name && birth != BirthLevel::Unknown as usize;
    match () {
        () if levels.get(Field::Card) == 1 => Some(Doubt::CardsDiffer),
        () if levels.insurance() == 2 => Some(Doubt::OtherBranch),
        () if levels.get(Field::Sex) == 1 && given_differs => Some(Doubt::SexAndGivenDiffer),
        () if parts_differ && given_differs => Some(Doubt::BirthAndGivenDiffer),
        () if card && given_differs && born_alike => Some(Doubt::TwinsSuspected),
        () if card && given_differs => Some(Doubt::BirthAndGivenDiffer),
        () if card && !born_alike && levels.homes_agreeing() == 0 => Some(Doubt::BirthDiffers),
        () if (parts_differ && !one_id) || (!born_alike && !at_home && !full_name) => Some(Doubt::BirthDiffers),
        () if family_changed && !at_home => Some(Doubt::FamilyNameChanged),
        () if born_alike && at_home && given_unclear && !one_id => Some(Doubt::TwinsSuspected),
        () if levels.kanji(Field::Given) == Kanji::Near && levels.kana(Field::Given) > Kana::Equal => {
            Some(Doubt::TwinsSuspected)
        }
        () => None,
    }
}

/// Only name and birth date agree, and others of this name and birth date are to be expected, or known.
fn namesakes(linker: &Linker, pair: &Scored, one: &Entry, other: &Entry) -> Option<Doubt> {
    let levels = pair.levels;
    let alone = levels.is_alone();
    let common = || linker.expected_namesakes(levels, one, other) > NAMESAKES_MAX_MILLI;
    (alone && (common() || linker.has_namesake(pair))).then_some(Doubt::Namesakes)
}

/// Decisions by reason, for statistics.
pub fn doubts(decisions: &[Decision]) -> BTreeMap<Doubt, u64> {
    let mut counts = BTreeMap::new();
    for doubt in decisions.iter().filter_map(|decision| decision.doubt) {
        *counts.entry(doubt).or_default() += 1;
    }
    counts
}

/// How far behind another candidate a pair may be and still be shown to a person.
pub(super) const BEHIND_MAX: MilliBits = MilliBits(-3_000);
/// Margin of a pair without any rival.
pub(super) const MARGIN_MAX: i32 = 60_000;
/// Logarithm of the number of persons of one name and birth date in the region above which a name is common: one in 100.
const NAMESAKES_MAX_MILLI: i32 = -6_644;
