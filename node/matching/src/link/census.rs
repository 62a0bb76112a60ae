//! How frequent names and birth dates are in a whole population: counted now and then, bounded, and kept by whoever holds the
//! patients. A weight of years ago can be recomputed, since an assertion names the census that it was made under.
use super::bands::RULE_VERSION;
use super::blocks::Sides;
use super::entry::{Entry, Kind, Vocabulary};
use super::interner::{hash, mix};
use super::levels::{Field, OUTCOMES};
use super::linker::{Linker, Scored};
use super::model::{Chances, MilliBits, Model, Story};
use super::rarity::cohort;
use super::shipped;
use crate::normal::{NORMALISER_VERSION, Normalised};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Counts of one population. Holds hashes of names, no names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Census {
    /// Which census it is: 0 is that of a population of which nothing is known.
    pub number: u32,
    /// Persons counted.
    pub persons: u64,
    /// The most frequent family names, given names and given names by years of birth.
    names: [Table; 3],
    /// Persons by years of birth.
    cohorts: Vec<(u64, u32)>,
    /// Dates of birth that far more have than chance gives them: 1 January.
    dates: Vec<(u64, u32)>,
    /// How two unrelated persons agree; empty where too few were seen.
    unrelated: Vec<Vec<f64>>,
}

/// The heaviest values, sorted by value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Table {
    counts: Vec<(u64, u32)>,
    /// What a value that is not listed has at most.
    rest: u32,
}

impl Table {
    fn get(&self, value: u64) -> u32 {
        self.counts.binary_search_by_key(&value, |(v, _)| *v).map_or(self.rest, |at| self.counts[at].1)
    }
}

impl Census {
    /// Persons that names are weighed among: those counted, and some of the whole country, so that 佐藤 is frequent also where
    /// the first patient bears it.
    pub fn population(&self) -> u64 {
        self.persons + PRIOR_PERSONS
    }
    /// Whether so many persons are too many for this census.
    pub fn is_outgrown(&self, persons: u64) -> bool {
        persons >= CENSUS_PERSONS_MIN && persons > self.persons + self.persons / 2
    }
    pub(super) fn family(&self, text: &str) -> u32 {
        let share = FAMILIES.iter().find(|(kanji, kana, _)| text == *kanji || text == *kana).map_or(RARE, |f| f.2);
        self.names[0].get(hash(text.as_bytes())).saturating_add(prior(share))
    }
    pub(super) fn given(&self, text: &str) -> u32 {
        self.names[1].get(hash(text.as_bytes())).saturating_add(prior(GIVEN))
    }
    pub(super) fn aged(&self, text: &str, cohort: u32) -> u32 {
        self.names[2].get(aged_key(text, cohort))
    }
    pub(super) fn cohort(&self, cohort: u32) -> u32 {
        self.cohorts.binary_search_by_key(&u64::from(cohort), |(c, _)| *c).map_or(0, |at| self.cohorts[at].1)
    }
    /// How many were born that day, if that is more than chance.
    pub(super) fn usual_date(&self, birth: u32) -> Option<u32> {
        self.dates.binary_search_by_key(&u64::from(birth), |(date, _)| *date).ok().map(|at| self.dates[at].1)
    }
    /// The shipped chances, with what was counted here.
    pub(super) fn chances(&self) -> Chances {
        let mut chances = shipped::chances();
        if self.unrelated.iter().map(Vec::len).eq(OUTCOMES) {
            let tables = &mut chances.tables[Story::Unrelated as usize];
            tables.iter_mut().zip(&self.unrelated).for_each(|(table, counted)| table.clone_from(counted));
            chances.derive();
        }
        chances
    }
}

/// A census with the weights that follow from it: made once, then only read.
#[derive(Clone, Debug)]
pub struct Population {
    /// The counts.
    pub census: Census,
    pub(super) chances: Chances,
    pub(super) model: Model,
}

impl Population {
    /// The weights of a census.
    pub fn of(census: Census) -> Self {
        let (chances, persons) = (census.chances(), census.population());
        let model = Model::of(&chances, 0, persons, persons / 2);
        Self { census, chances, model }
    }
    /// Versions of normaliser, weights and rule, and the number of the census, for the evidence of a link.
    pub fn versions(&self) -> [u32; 4] {
        [NORMALISER_VERSION.into(), self.model.version, RULE_VERSION.into(), self.census.number]
    }
    /// How much one comparison speaks for "one person" against the best rival.
    pub fn part(&self, pair: &Scored, field: Field) -> MilliBits {
        self.model.part(pair.levels, field, pair.weight.rival)
    }
}

/// A census under way. Its memory does not grow with the population.
#[derive(Default)]
pub struct Counting {
    persons: u64,
    names: [BTreeMap<u64, u32>; 3],
    cohorts: BTreeMap<u64, u32>,
    dates: BTreeMap<u64, u32>,
    /// Some persons, chosen by a hash of their number.
    sample: Vec<(u64, Normalised, String)>,
}

impl Counting {
    /// Counts one person. `number` is any that tells persons apart; `address` as it was written.
    pub fn add(&mut self, number: u64, person: &Normalised, address: &str) {
        let mut words = Vocabulary::default();
        let entry = words.entry(person, address, "");
        if entry.kind == Kind::Excluded {
            return;
        }
        self.persons += 1;
        let text = |name: u32| words.text(name);
        for name in [entry.family.kanji, entry.family.kana].into_iter().filter(|name| *name != 0) {
            count(&mut self.names[0], hash(text(name).as_bytes()));
        }
        for name in [entry.given.kanji, entry.given.kana].into_iter().filter(|name| *name != 0) {
            count(&mut self.names[1], hash(text(name).as_bytes()));
            count(&mut self.names[2], aged_key(text(name), cohort(&entry)));
        }
        count(&mut self.cohorts, cohort(&entry).into());
        if entry.birth != 0 {
            count(&mut self.dates, entry.birth.into());
        }
        let place = mix(number);
        let full = self.sample.len() >= SAMPLE_MAX;
        if !full || self.sample.last().is_some_and(|(last, ..)| place < *last) {
            let at = self.sample.partition_point(|(other, ..)| *other < place);
            self.sample.insert(at, (place, person.clone(), address.to_owned()));
            self.sample.truncate(SAMPLE_MAX);
        }
    }

    /// The census.
    pub fn finish(self, number: u32) -> Census {
        let Self { persons, names, cohorts, dates, sample } = self;
        let by_chance = u32::try_from(persons / DAYS).unwrap_or(u32::MAX);
        let usual = |count: u32| count > by_chance.saturating_mul(4).saturating_add(USUAL_MIN);
        Census {
            number,
            persons,
            names: names.map(heaviest),
            cohorts: cohorts.into_iter().collect(),
            dates: dates.into_iter().filter(|(_, count)| usual(*count)).take(NAMES_MAX).collect(),
            unrelated: unrelated(&sample),
        }
    }
}

fn unrelated(sample: &[(u64, Normalised, String)]) -> Vec<Vec<f64>> {
    if sample.len() < SAMPLE_MIN {
        return Vec::new();
    }
    let mut words = Vocabulary::default();
    let entries: Vec<Entry> = sample.iter().map(|(_, person, address)| words.entry(person, address, "")).collect();
    Linker::new(words, entries, Sides::One).chances().tables[Story::Unrelated as usize].to_vec()
}

fn count(counts: &mut BTreeMap<u64, u32>, value: u64) {
    let at = counts.entry(value).or_default();
    *at = at.saturating_add(1);
    if counts.len() > COUNTED_MAX {
        // What was seen once only is rare, and what is not counted counts as rare.
        counts.retain(|_, count| *count > 1);
    }
}

fn heaviest(counts: BTreeMap<u64, u32>) -> Table {
    let mut counts: Vec<(u64, u32)> = counts.into_iter().filter(|(_, count)| *count > 1).collect();
    counts.sort_unstable_by_key(|(value, count)| (std::cmp::Reverse(*count), *value));
    let rest = counts.get(NAMES_MAX).map_or(1, |(_, count)| *count);
    counts.truncate(NAMES_MAX);
    counts.sort_unstable();
    Table { counts, rest }
}

fn aged_key(text: &str, cohort: u32) -> u64 {
    mix(hash(text.as_bytes()) ^ u64::from(cohort))
}

fn prior(share: f64) -> u32 {
    (share * PRIOR_PERSONS as f64) as u32
}

/// Persons of the whole country that are counted with every population.
const PRIOR_PERSONS: u64 = 10_000;
/// The smallest population of which a census is worth more than none.
const CENSUS_PERSONS_MIN: u64 = 200;
/// Values kept of each kind: what is rarer counts as frequent as the rarest of these.
const NAMES_MAX: usize = 8_192;
/// Values counted at once: about 50 MB.
const COUNTED_MAX: usize = 1 << 19;
/// Persons of whom every pair is compared, to count chance agreement.
const SAMPLE_MAX: usize = 600;
/// With fewer the shipped table is better.
const SAMPLE_MIN: usize = 200;
/// Days of birth of a population.
const DAYS: u64 = 365 * 90;
/// Persons that one day may have in any population, whatever its size.
const USUAL_MIN: u32 = 8;
/// Share of a family name that is in no list.
const RARE: f64 = 3e-4;
/// Share of a given name: names of one's own years are far more frequent than names overall.
const GIVEN: f64 = 1e-3;
/// The most frequent family names of the country with their shares; rounded, from public rankings of telephone books.
const FAMILIES: [(&str, &str, f64); 20] = [
    ("佐藤", "サトウ", 0.0150),
    ("鈴木", "スズキ", 0.0143),
    ("高橋", "タカハシ", 0.0112),
    ("田中", "タナカ", 0.0106),
    ("伊藤", "イトウ", 0.0085),
    ("渡辺", "ワタナベ", 0.0084),
    ("山本", "ヤマモト", 0.0083),
    ("中村", "ナカムラ", 0.0083),
    ("小林", "コバヤシ", 0.0082),
    ("加藤", "カトウ", 0.0070),
    ("吉田", "ヨシダ", 0.0066),
    ("山田", "ヤマダ", 0.0065),
    ("佐々木", "ササキ", 0.0053),
    ("山口", "ヤマグチ", 0.0051),
    ("松本", "マツモト", 0.0050),
    ("井上", "イノウエ", 0.0049),
    ("木村", "キムラ", 0.0046),
    ("林", "ハヤシ", 0.0043),
    ("斎藤", "サイトウ", 0.0043),
    ("清水", "シミズ", 0.0042),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Demographics, normalise};

    fn person(family: &str, given: &str, birth: &str) -> Normalised {
        let text = |text: &str| text.to_owned();
        normalise(&Demographics {
            family: text(family),
            given: text(given),
            birth: text(birth),
            ..Demographics::default()
        })
    }

    #[test]
    fn a_frequent_name_counts_as_frequent_before_anybody_was_counted() {
        let census = Census::default();
        assert!(census.family("佐藤") > 10 * census.family("十時"));
        assert_eq!(census.population(), PRIOR_PERSONS);
    }
    #[test]
    fn a_census_does_not_depend_on_the_order_of_persons() {
        let all: Vec<(u64, Normalised)> = (0..300u64)
            .map(|n| {
                (
                    n,
                    person(
                        ["十時", "見本", "佐藤"][(n % 3) as usize],
                        "花子",
                        ["1942-04-18", "1970-01-01"][(n % 2) as usize],
                    ),
                )
            })
            .collect();
        let mut forward = Counting::default();
        all.iter().for_each(|(n, person)| forward.add(*n, person, ""));
        let mut backward = Counting::default();
        all.iter().rev().for_each(|(n, person)| backward.add(*n, person, ""));
        let (one, other) = (forward.finish(1), backward.finish(1));
        assert_eq!(one, other);
        assert_eq!(one.names[0].get(hash("十時".as_bytes())), 100);
        assert!(one.usual_date(19_700_101).is_some() && one.usual_date(19_700_102).is_none());
        assert!(one.is_outgrown(451) && !one.is_outgrown(450));
    }
}
