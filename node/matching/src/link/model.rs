//! The weights: how often each outcome occurs if two entries are one person, and under each rival explanation.
//!
//! A pair is not weighed against "somebody else" alone. It may be one household's two members, twins, or a stranger of the
//! same name and birth date, and each of these explains other agreements away. The weight of a pair is that against the best
//! of the four rivals. All weights are in milli-bits: 1000 double the odds.
use super::levels::{COMPARISONS, Field, Kanji, Levels, OUTCOMES};

/// An explanation of how two entries agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(usize)]
pub enum Story {
    /// One person.
    Same = 0,
    /// Two members of one household.
    Household = 1,
    /// Twins, or siblings of one birth date.
    Twins = 2,
    /// Two persons who have nothing to do with each other.
    Unrelated = 3,
    /// Two persons of the same name and birth date.
    Namesakes = 4,
}

impl Story {
    /// All of them, [`Story::Same`] first.
    pub const ALL: [Self; STORIES] = [Self::Same, Self::Household, Self::Twins, Self::Unrelated, Self::Namesakes];
    /// Those that compete with "one person".
    pub const RIVALS: [Self; STORIES - 1] = [Self::Household, Self::Twins, Self::Unrelated, Self::Namesakes];
}

/// Number of stories.
pub const STORIES: usize = 5;

/// A weight; 1000 is one bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MilliBits(pub i32);

/// Probabilities of all outcomes under all stories, as learned; [`Model`] is made of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Chances {
    /// Per story and comparison, the chance of each outcome.
    pub tables: [[Vec<f64>; COMPARISONS]; STORIES],
    /// How many pairs each story explains, as a share of all records of the smaller side.
    pub shares: [f64; STORIES],
}

/// The weights in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// Which table this is: 0 is the shipped one, others are learned, each number by another way of learning.
    pub version: u32,
    /// Per story and comparison, the logarithm of the chance of each outcome.
    logs: [[Vec<i32>; COMPARISONS]; STORIES],
    /// Logarithms of how many pairs each story explains.
    counts: [i32; STORIES],
}

/// A pair's weight and what it is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    /// Against the best rival.
    pub total: MilliBits,
    /// Against the best rival but namesakes, who are told apart by other means where each side lists a person once.
    pub but_namesakes: MilliBits,
    /// The best rival.
    pub rival: Story,
}

/// How rare the agreeing values are: what replaces the average chance that two unrelated persons agree in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rarity {
    /// Logarithm of the share of persons with this family name; `None` if the names do not agree.
    pub family: Option<i32>,
    /// Logarithm of the share with this given name, among those of the same age.
    pub given: Option<i32>,
    /// Logarithm of the share with this birth date.
    pub birth: Option<i32>,
}

impl Model {
    /// The weights that these chances make for so many entries (of the smaller and the larger side).
    pub fn of(chances: &Chances, version: u32, smaller: u64, larger: u64) -> Self {
        let logs = Story::ALL.map(|story| {
            std::array::from_fn(|field| chances.tables[story as usize][field].iter().map(|&p| log2_milli(p)).collect())
        });
        let persons = log2_milli(smaller.max(1) as f64);
        let counts = Story::ALL.map(|story| match story {
            Story::Unrelated => persons + log2_milli(larger.max(1) as f64),
            story => persons + log2_milli(chances.shares[story as usize]),
        });
        Self { version, logs, counts }
    }

    /// The weight of a pair.
    pub fn weigh(&self, levels: Levels, rarity: Rarity) -> Weight {
        let mut sums = self.counts;
        for (story, sum) in Story::ALL.into_iter().zip(&mut sums) {
            for (field, &level) in levels.0.iter().enumerate() {
                *sum += self.log(story, field, level);
            }
        }
        // Agreement by chance is as likely as the value is frequent, not as likely as agreement is on average.
        let by_chance = [
            (Story::Unrelated, Field::Family, rarity.family),
            (Story::Unrelated, Field::Given, rarity.given),
            (Story::Household, Field::Given, rarity.given),
        ];
        for (story, field, rare) in by_chance {
            if let Some(rare) = rare {
                let level = levels.0[field as usize];
                let written_otherwise = matches!(levels.kanji(field), Kanji::Near | Kanji::Differ);
                let given_equal =
                    if written_otherwise { HOMOPHONE } else { self.log(Story::Same, field as usize, level) };
                sums[story as usize] += rare + given_equal - self.log(story, field as usize, level);
            }
        }
        if let Some(rare) = rarity.birth {
            let usual = self.log(Story::Unrelated, Field::Birth as usize, levels.0[Field::Birth as usize]);
            sums[Story::Unrelated as usize] += (rare - usual).clamp(RARITY_MIN, RARITY_MAX);
        }
        let same = sums[Story::Same as usize];
        let rival = Story::RIVALS.into_iter().max_by_key(|story| sums[*story as usize]).unwrap_or(Story::Unrelated);
        let others = Story::RIVALS.into_iter().filter(|story| *story != Story::Namesakes);
        let next = others.map(|story| sums[story as usize]).max().unwrap_or(same);
        Weight { total: MilliBits(same - sums[rival as usize]), but_namesakes: MilliBits(same - next), rival }
    }

    /// How much one comparison speaks for "one person" against a rival.
    pub fn part(&self, levels: Levels, field: Field, rival: Story) -> MilliBits {
        let (at, level) = (field as usize, levels.0[field as usize]);
        MilliBits(self.log(Story::Same, at, level) - self.log(rival, at, level))
    }

    fn log(&self, story: Story, field: usize, level: u8) -> i32 {
        self.logs[story as usize][field].get(usize::from(level)).copied().unwrap_or(LOG_MIN)
    }
}

impl Chances {
    /// Every outcome of every comparison equally likely.
    pub fn even() -> Self {
        let even = OUTCOMES.map(|outcomes| vec![1.0 / outcomes as f64; outcomes]);
        Self { tables: std::array::from_fn(|_| even.clone()), shares: [0.5, 1.0, 0.01, 1.0, 0.001] }
    }
}

/// Binary logarithm in thousandths, by squaring: only additions and multiplications, so the same on every processor.
pub fn log2_milli(value: f64) -> i32 {
    if value.is_nan() || value <= 0.0 {
        return LOG_MIN;
    }
    let (mut rest, mut whole) = (value, 0);
    while rest >= 2.0 {
        (rest, whole) = (rest / 2.0, whole + 1);
    }
    while rest < 1.0 && whole > LOG_MIN / 1000 {
        (rest, whole) = (rest * 2.0, whole - 1);
    }
    let (mut fraction, mut bit) = (0, 1 << (FRACTION_BITS - 1));
    while bit > 0 {
        rest *= rest;
        if rest >= 2.0 {
            (rest, fraction) = (rest / 2.0, fraction | bit);
        }
        bit >>= 1;
    }
    (whole * 1000 + ((fraction * 1000) >> FRACTION_BITS)).max(LOG_MIN)
}

/// The least logarithm: a chance of 2⁻⁴⁰ is none.
const LOG_MIN: i32 = -40_000;
const FRACTION_BITS: u32 = 14;
/// Of two unrelated persons whose names sound alike, about half write them differently.
const HOMOPHONE: i32 = -1_000;
/// How far a rare date may add to a weight, and a usual default date take from it.
const RARITY_MIN: i32 = -6_000;
const RARITY_MAX: i32 = 4_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_exact_to_a_thousandth() {
        for value in [1e-9_f64, 0.001, 0.5, 1.0, 3.0, 1e6] {
            let expected = value.log2() * 1000.0;
            assert!((f64::from(log2_milli(value)) - expected).abs() <= 1.1, "{value}");
        }
        assert_eq!((log2_milli(0.0), log2_milli(f64::NAN)), (LOG_MIN, LOG_MIN));
    }
}
