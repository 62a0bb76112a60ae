//! Learning the weights from the pairs themselves (EM), without anybody saying which pairs are one person.
//!
//! Chance agreement of unrelated persons is counted on random pairs and stays fixed; the other stories are learned from the
//! pairs that blocking found, with the shipped table as if it had been seen in a few pairs before. Sums run in one fixed order.
use super::levels::{BirthLevel, COMPARISONS, Field, Kana, Kanji, Levels, OUTCOMES};
use super::model::{Chances, STORIES, Story};

/// Why the shipped weights were kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FitError {
    /// Too few pairs to learn from.
    #[error("too few pairs to learn weights from")]
    TooFewPairs,
    /// What was learned as "one person" does not look like one.
    #[error("the learned weights do not describe one person")]
    ImplausibleClass,
}

/// What learning did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FitReport {
    /// Rounds until nothing changed.
    pub rounds: u32,
    /// Pairs that it takes for one person.
    pub expected_same: f64,
}

/// How often each combination of outcomes was seen among the blocked pairs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patterns(Vec<(u64, u64)>);

impl Patterns {
    /// Counts the outcomes of pairs, in any order.
    pub fn of(mut packed: Vec<u64>) -> Self {
        packed.sort_unstable();
        Self(packed.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as u64)).collect())
    }
    /// How many pairs.
    pub fn pairs(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }
    /// Each combination with its count.
    pub fn iter(&self) -> impl Iterator<Item = (Levels, u64)> + '_ {
        self.0.iter().map(|(packed, count)| (Levels::unpack(*packed), *count))
    }
}

/// Learns from blocked pairs; `start` holds the shipped table and the chances of unrelated persons.
///
/// # Errors
/// [`FitError`] if there is too little to learn from, or what was learned makes no sense: keep the shipped table.
pub fn fit(start: &Chances, patterns: &Patterns, smaller: u64, larger: u64) -> Result<(Chances, FitReport), FitError> {
    if patterns.pairs() < PAIRS_MIN {
        return Err(FitError::TooFewPairs);
    }
    let (mut chances, mut report) = (start.clone(), FitReport { rounds: 0, expected_same: 0.0 });
    chances.derive();
    for round in 1..=ROUNDS_MAX {
        let mut sums = Sums::new();
        for (levels, count) in patterns.iter() {
            sums.add(&chances, levels, count as f64, smaller as f64, larger as f64);
        }
        let next = sums.chances(start, &chances, smaller as f64);
        let change = next.farthest(&chances);
        report = FitReport { rounds: round, expected_same: sums.totals[Story::Same as usize] };
        chances = next;
        if change < CHANGE_MIN {
            break;
        }
    }
    if chances.is_plausible() { Ok((chances, report)) } else { Err(FitError::ImplausibleClass) }
}

struct Sums {
    tables: [[Vec<f64>; COMPARISONS]; STORIES],
    totals: [f64; STORIES],
}

impl Sums {
    fn new() -> Self {
        let zero = OUTCOMES.map(|outcomes| vec![0.0; outcomes]);
        Self { tables: std::array::from_fn(|_| zero.clone()), totals: [0.0; STORIES] }
    }

    /// Shares one combination out among the stories.
    fn add(&mut self, chances: &Chances, levels: Levels, count: f64, smaller: f64, larger: f64) {
        let mut likely = [0.0; STORIES];
        for story in Story::ALL {
            let pairs = match story {
                Story::Unrelated => smaller * larger,
                story => smaller * chances.shares[story as usize],
            };
            let tables = chances.tables[story as usize].iter().zip(levels.0);
            likely[story as usize] = tables.fold(pairs, |p, (table, level)| p * table[usize::from(level)]);
        }
        let all: f64 = likely.iter().sum();
        if all <= 0.0 {
            return;
        }
        for story in Story::ALL {
            let part = count * likely[story as usize] / all;
            self.totals[story as usize] += part;
            for (table, level) in self.tables[story as usize].iter_mut().zip(levels.0) {
                table[usize::from(level)] += part;
            }
        }
    }

    fn chances(&self, start: &Chances, before: &Chances, smaller: f64) -> Chances {
        let mut next = before.clone();
        for story in [Story::Same, Story::Household, Story::Twins] {
            let at = story as usize;
            for field in Field::ALL {
                // What makes twins of a pair is that the given name differs. Learned, it may come to say "kanji unknown" instead,
                // and true pairs without kanji, which lack them in both names at once, would all be twins.
                let weight = if (story, field) == (Story::Twins, Field::Given) { 0.0 } else { 1.0 };
                let total = weight * self.totals[at] + PRIOR_PAIRS;
                let seen = self.tables[at][field as usize].iter().zip(&start.tables[at][field as usize]);
                next.tables[at][field as usize] =
                    seen.map(|(seen, p)| (weight * seen + p * PRIOR_PAIRS) / total).collect();
            }
            next.shares[at] = (self.totals[at] + start.shares[at] * PRIOR_SHARE) / (smaller + PRIOR_SHARE);
        }
        let namesakes = Story::Namesakes as usize;
        next.shares[namesakes] =
            ((self.totals[namesakes] + start.shares[namesakes] * smaller) / (2.0 * smaller)).max(NAMESAKES_MIN);
        next.derive();
        next
    }
}

impl Chances {
    /// Fills in what follows from the rest: namesakes agree in names like one person, and in the home like strangers.
    pub fn derive(&mut self) {
        let same = self.tables[Story::Same as usize].clone();
        let unrelated = self.tables[Story::Unrelated as usize].clone();
        let kept = |field: Field| {
            let agrees = move |outcome: usize| {
                let levels = Levels([outcome as u8; COMPARISONS]);
                levels.kana(field) <= Kana::Folded || levels.kanji(field) == Kanji::Equal
            };
            same[field as usize]
                .iter()
                .enumerate()
                .map(move |(outcome, p)| if agrees(outcome) { *p } else { p * NEVER })
        };
        let namesakes = &mut self.tables[Story::Namesakes as usize];
        namesakes[Field::Family as usize] = kept(Field::Family).collect();
        namesakes[Field::Given as usize] = kept(Field::Given).collect();
        // Strangers of one reading write it differently more often than one person does.
        for kana in 0..5 {
            let table = &mut namesakes[Field::Given as usize];
            let moved = table[kana] * OTHER_CHARACTERS;
            table[kana] -= moved;
            table[Kanji::Near as usize * 5 + kana] += moved * 0.6;
            table[Kanji::Differ as usize * 5 + kana] += moved * 0.4;
        }
        namesakes[Field::Birth as usize] = same[Field::Birth as usize]
            .iter()
            .enumerate()
            .map(|(level, p)| {
                let equal = level == BirthLevel::Equal as usize || level == BirthLevel::Habit as usize;
                if equal || level == BirthLevel::Unknown as usize { *p } else { p * NEVER }
            })
            .collect();
        namesakes[Field::Sex as usize] = same[Field::Sex as usize].clone();
        namesakes[Field::Home as usize] = unrelated[Field::Home as usize].clone();
        namesakes[Field::Card as usize] = unrelated[Field::Card as usize].clone();
    }

    /// Whether "one person" still looks like one, and two members of a household do not.
    fn is_plausible(&self) -> bool {
        let chance = |story: Story, field: Field| &self.tables[story as usize][field as usize];
        let given = chance(Story::Household, Field::Given).iter().enumerate();
        let agrees = |outcome: usize| Levels([outcome as u8; COMPARISONS]).name_agrees(Field::Given);
        let given_agrees: f64 = given.filter(|(outcome, _)| agrees(*outcome)).map(|(_, p)| p).sum();
        let birth_equal = chance(Story::Same, Field::Birth)[BirthLevel::Equal as usize];
        let is_frequent = self.shares[Story::Same as usize] >= SHARE_MIN;
        is_frequent && birth_equal >= BIRTH_EQUAL_MIN && given_agrees <= GIVEN_AGREES_MAX
    }

    fn farthest(&self, other: &Self) -> f64 {
        let pairs = self.tables.iter().flatten().flatten().zip(other.tables.iter().flatten().flatten());
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }
}

/// Pairs below which the shipped table is better than anything learned.
const PAIRS_MIN: u64 = 500;
const ROUNDS_MAX: u32 = 50;
const CHANGE_MIN: f64 = 1e-6;
/// The shipped table counts as if it had been seen in so many pairs.
const PRIOR_PAIRS: f64 = 200.0;
const PRIOR_SHARE: f64 = 50.0;
/// One person's birth dates agree at least so often, or the class is another one.
const BIRTH_EQUAL_MIN: f64 = 0.7;
const SHARE_MIN: f64 = 1e-4;
/// Two members of a household have one given name at most so often (learned: one in a thousand), or the class is another one.
const GIVEN_AGREES_MAX: f64 = 0.1;
/// Fewest namesakes that are believed, as a share of the records.
const NAMESAKES_MIN: f64 = 2e-4;
/// Namesakes disagree in names and birth dates only by an error, which one person's records have as well.
const NEVER: f64 = 0.01;
/// Share of namesakes who write the given name in other characters.
const OTHER_CHARACTERS: f64 = 0.3;

#[cfg(test)]
mod tests {
    use super::super::shipped;
    use super::*;

    const KNOWN: u8 = 0;
    const NO_KANJI: u8 = Kanji::Unknown as u8 * 5;
    const DIFFERS: u8 = Kanji::Differ as u8 * 5 + Kana::Differ as u8;
    /// One house, one number, one insurance.
    const HOME: u8 = 0;
    /// The same, but for the branch of the insurance.
    const FAMILY: u8 = 2;
    /// Address, telephone and insurance differ.
    const MOVED: u8 = (3 * 5 + 2) * 5 + 3;

    /// Two lists of 100,000 with 50,000 persons in common. Of these, one in ten has no kanji in one list, in neither name.
    fn two_lists(twins: usize) -> Patterns {
        let some = |family, given, birth: BirthLevel, home, count: usize| {
            vec![Levels([family, given, birth as u8, 0, home, 2]).pack(); count]
        };
        Patterns::of(
            [
                some(KNOWN, KNOWN, BirthLevel::Equal, HOME, 35_000),
                some(KNOWN, KNOWN, BirthLevel::Equal, MOVED, 10_000),
                some(NO_KANJI, NO_KANJI, BirthLevel::Equal, HOME, 3_850),
                some(NO_KANJI, NO_KANJI, BirthLevel::Equal, MOVED, 1_000),
                some(NO_KANJI, NO_KANJI + Kana::Near as u8, BirthLevel::Equal, HOME, 150),
                some(KNOWN, DIFFERS, BirthLevel::Equal, FAMILY, twins * 9 / 10),
                some(NO_KANJI, NO_KANJI + Kana::Differ as u8, BirthLevel::Equal, FAMILY, twins / 10),
                some(KNOWN, DIFFERS, BirthLevel::Differ, FAMILY, 80_000),
                some(DIFFERS, DIFFERS, BirthLevel::Equal, MOVED, 30_000),
            ]
            .concat(),
        )
    }

    #[test]
    fn one_person_is_found_and_twins_stay_two_whose_given_names_differ() {
        for twins in [0, 60, 600, 2_000] {
            let (learned, report) = fit(&shipped::chances(), &two_lists(twins), 100_000, 100_000).expect("plausible");
            let same = report.expected_same;
            assert!(
                (same - 50_000.0).abs() < 500.0,
                "{twins} twins: {same} pairs are one person, {:?}",
                learned.shares
            );
            let alike = |chances: &Chances| {
                let given = &chances.tables[Story::Twins as usize][Field::Given as usize];
                given[usize::from(NO_KANJI)] / given[usize::from(NO_KANJI + Kana::Differ as u8)]
            };
            assert!((alike(&learned) - alike(&shipped::chances())).abs() < 1e-9, "{twins} twins");
        }
    }

    #[test]
    fn a_household_that_looks_like_one_person_is_refused() {
        let (mut learned, _) = fit(&shipped::chances(), &two_lists(600), 100_000, 100_000).expect("plausible");
        learned.tables[Story::Household as usize][Field::Given as usize][0] = 0.5;
        assert!(!learned.is_plausible());
    }
}
