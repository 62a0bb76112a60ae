//! How frequent names and birth dates are among the entries themselves: agreement on 佐藤 proves less than on 十時.
use super::census::Census;
use super::entry::{Entry, Vocabulary, Writing};
use super::levels::{BirthLevel, Field, Kana, Kanji, Levels};
use super::model::{Rarity, log2_milli};

/// Counts of values, fixed for one set of entries.
#[derive(Clone, Debug, Default)]
pub struct Frequencies {
    family: Counts,
    given: Counts,
    /// Given names among those born in the same years.
    cohort: Counts,
    cohorts: Counts,
    birth: Counts,
    /// Whether only dates are listed that are more frequent than chance has it.
    only_usual_dates: bool,
    entries: u32,
}

/// Values with their counts, sorted by value.
#[derive(Clone, Debug, Default)]
struct Counts(Vec<(u64, u32)>);

impl Counts {
    fn of(mut values: Vec<u64>) -> Self {
        values.sort_unstable();
        Self(values.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as u32)).collect())
    }
    fn given(counted: impl Iterator<Item = (u64, u32)>) -> Self {
        let mut counts: Vec<(u64, u32)> = counted.collect();
        counts.sort_unstable();
        counts.dedup_by_key(|(value, _)| *value);
        Self(counts)
    }
    fn get(&self, value: u64) -> u32 {
        self.0.binary_search_by_key(&value, |(v, _)| *v).map_or(0, |at| self.0[at].1)
    }
}

impl Frequencies {
    /// Counts the entries.
    pub fn of(entries: &[Entry]) -> Self {
        let names = |pick: fn(&Entry) -> Writing| {
            entries.iter().flat_map(move |e| [pick(e).kanji, pick(e).kana]).filter(|n| *n != 0).map(u64::from)
        };
        let aged = entries.iter().flat_map(|e| {
            [e.given.kanji, e.given.kana].into_iter().filter(|n| *n != 0).map(|name| cohort_of(name, cohort(e)))
        });
        Self {
            family: Counts::of(names(|e| e.family).collect()),
            given: Counts::of(names(|e| e.given).collect()),
            cohort: Counts::of(aged.collect()),
            cohorts: Counts::of(entries.iter().map(|e| cohort_of(0, cohort(e))).collect()),
            birth: Counts::of(entries.iter().map(|e| u64::from(e.birth)).collect()),
            only_usual_dates: false,
            entries: entries.len() as u32,
        }
    }

    /// As counted in a whole population, for the values that some of its entries have.
    pub fn within(census: &Census, words: &Vocabulary, entries: &[Entry]) -> Self {
        let names = |pick: fn(&Entry) -> Writing| {
            entries.iter().flat_map(move |e| [pick(e).kanji, pick(e).kana]).filter(|name| *name != 0)
        };
        let aged = entries.iter().flat_map(|e| [e.given.kanji, e.given.kana].map(|name| (name, cohort(e))));
        let text = |name: u32| words.text(name);
        let population = u32::try_from(census.population()).unwrap_or(u32::MAX);
        Self {
            family: Counts::given(names(|e| e.family).map(|n| (n.into(), census.family(text(n))))),
            given: Counts::given(names(|e| e.given).map(|n| (n.into(), census.given(text(n))))),
            cohort: Counts::given(
                aged.filter(|(n, _)| *n != 0).map(|(n, born)| (cohort_of(n, born), census.aged(text(n), born))),
            ),
            cohorts: Counts::given(entries.iter().map(|e| (cohort_of(0, cohort(e)), census.cohort(cohort(e))))),
            birth: Counts::given(
                entries.iter().filter_map(|e| Some((u64::from(e.birth), census.usual_date(e.birth)?))),
            ),
            only_usual_dates: true,
            entries: population,
        }
    }

    /// How rare what two entries agree in is.
    pub fn rarity(&self, levels: Levels, one: &Entry, other: &Entry) -> Rarity {
        let total = f64::from(self.entries.max(1));
        let share = |count: f64, of: f64| Some(log2_milli((count.max(1.0) / of.max(1.0)).max(COUNT_MIN / total)));
        let agreeing = |field: Field, a: Writing, b: Writing| match (levels.kanji(field), levels.kana(field)) {
            (Kanji::Equal, _) if a.kanji == b.kanji => Some(a.kanji),
            (Kanji::Unknown | Kanji::Differ | Kanji::Near, Kana::Equal) if a.kana == b.kana => Some(a.kana),
            _ => None,
        };
        let given = agreeing(Field::Given, one.given, other.given).and_then(|name| {
            let overall = f64::from(self.given.get(name.into())) / total;
            let born = f64::from(self.cohort.get(cohort_of(name, cohort(one))));
            let all = f64::from(self.cohorts.get(cohort_of(0, cohort(one))));
            share(born + overall * PRIOR_COUNT, all + PRIOR_COUNT)
        });
        let same_day = levels.get(Field::Birth) == BirthLevel::Equal as usize
            || levels.get(Field::Birth) == BirthLevel::Habit as usize;
        Rarity {
            family: agreeing(Field::Family, one.family, other.family)
                .and_then(|name| share(self.family.get(name.into()).into(), total)),
            given,
            birth: match self.birth.get(one.birth.into()) {
                _ if !same_day => None,
                0 if self.only_usual_dates => None,
                count => share(count.into(), total),
            },
        }
    }
}

/// Key of a name within a cohort; name 0 counts all of them.
fn cohort_of(name: u32, cohort: u32) -> u64 {
    u64::from(name) << 16 | u64::from(cohort)
}

/// Those born in the same years, people with Latin names by themselves.
pub(super) fn cohort(entry: &Entry) -> u32 {
    entry.birth / 10_000 / COHORT_YEARS + if entry.is_latin { LATIN } else { 0 }
}

/// Marks the cohorts of Latin names; no year of birth reaches it.
const LATIN: u32 = 1 << 12;
/// Years of birth that are counted together.
const COHORT_YEARS: u32 = 8;
/// Weight of the name's overall share in a cohort with few entries.
const PRIOR_COUNT: f64 = 200.0;
/// A value counts as if at least so many had it, so that a value seen once has no unbounded weight.
const COUNT_MIN: f64 = 3.0;
