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
    let same = &chances.tables[Story::Same as usize];
    let birth = same[Field::Birth as usize][BirthLevel::Equal as usize];
    if birth < BIRTH_EQUAL_MIN || chances.shares[0] < SHARE_MIN {
        return Err(FitError::ImplausibleClass);
    }
    Ok((chances, report))
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
            for field in 0..COMPARISONS {
                let total = self.totals[at] + PRIOR_PAIRS;
                for (outcome, chance) in next.tables[at][field].iter_mut().enumerate() {
                    let prior = start.tables[at][field][outcome] * PRIOR_PAIRS;
                    *chance = (self.tables[at][field][outcome] + prior) / total;
                }
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
/// Fewest namesakes that are believed, as a share of the records.
const NAMESAKES_MIN: f64 = 2e-4;
/// Namesakes disagree in names and birth dates only by an error, which one person's records have as well.
const NEVER: f64 = 0.01;
/// Share of namesakes who write the given name in other characters.
const OTHER_CHARACTERS: f64 = 0.3;
