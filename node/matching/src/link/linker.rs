//! Two sets of entries, or one, from blocks to weighed pairs.
use super::blocks::{Blocked, Blocks, Sides, World};
use super::census::Population;
use super::entry::{Entry, Vocabulary};
use super::interner::mix;
use super::learn::{FitError, FitReport, Patterns, fit};
use super::levels::{Field, Levels, OUTCOMES, compare};
use super::model::{Chances, MilliBits, Model, STORIES, Story, Weight, log2_milli};
use super::rarity::Frequencies;
use std::ops::Range;

/// A pair that is worth keeping. `one < other`, both are places in the list of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scored {
    /// First entry.
    pub one: u32,
    /// Second entry.
    pub other: u32,
    /// How they agree.
    pub levels: Levels,
    /// What that weighs.
    pub weight: Weight,
}

/// What one shard gave.
#[derive(Clone, Debug, Default)]
pub struct Shard {
    /// Weighed pairs, sorted by places.
    pub pairs: Vec<Scored>,
    /// Pairs compared, with those that weighed too little to keep.
    pub compared: u64,
    /// What became of large blocks.
    pub blocked: Blocked,
}

/// Everything that weighing pairs reads. Made once, then only read, so that any number of threads may share it.
#[derive(Clone, Debug)]
pub struct Linker {
    /// The texts.
    pub words: Vocabulary,
    /// The entries, in the order of their ids.
    pub entries: Vec<Entry>,
    /// Which pairs are wanted.
    pub sides: Sides,
    blocks: Blocks,
    frequencies: Frequencies,
    /// Keys of names and birth dates that several entries of one side share.
    crowded: Vec<u64>,
    model: Model,
    chances: Chances,
    /// Persons among whom names and dates are as frequent as counted.
    population: u64,
}

impl Linker {
    /// Sorts entries into blocks; the weights are the shipped ones until [`Self::learn`].
    pub fn new(words: Vocabulary, entries: Vec<Entry>, sides: Sides) -> Self {
        let (blocks, frequencies) = (Blocks::of(&words, &entries), Frequencies::of(&entries));
        let chances = super::shipped::chances();
        let crowded = crowded(&words, &entries, sides);
        let model = Model::of(&chances, 0, 1, 1);
        let population = entries.len() as u64;
        let mut linker = Self { words, entries, sides, blocks, frequencies, crowded, model, chances, population };
        linker.chances.tables[Story::Unrelated as usize] = linker.unrelated();
        linker.chances.derive();
        let (smaller, larger) = linker.sizes();
        linker.model = Model::of(&linker.chances, 0, smaller, larger);
        linker
    }

    /// A few entries of a large population that was counted before: the same weights for a pair, whoever else is here.
    pub fn within(words: Vocabulary, entries: Vec<Entry>, population: &Population) -> Self {
        let frequencies = Frequencies::within(&population.census, &words, &entries);
        let (model, chances) = (population.model.clone(), population.chances.clone());
        let population = population.census.population();
        let (sides, blocks, crowded) = (Sides::One, Blocks::default(), Vec::new());
        Self { words, entries, sides, blocks, frequencies, crowded, model, chances, population }
    }

    /// Entries of the smaller and of the larger side.
    pub fn sizes(&self) -> (u64, u64) {
        let all = self.entries.len() as u64;
        match self.sides {
            Sides::One => (all, all / 2),
            Sides::Two(border) => {
                let left = u64::from(border).min(all);
                (left.min(all - left), left.max(all - left))
            }
        }
    }

    /// The ranges of first entries into which the work may be cut, whoever does it.
    pub fn shards(&self) -> Vec<Range<u32>> {
        let end = match self.sides {
            Sides::One => self.entries.len() as u32,
            Sides::Two(border) => border,
        };
        (0..end).step_by(SHARD as usize).map(|start| start..(start + SHARD).min(end)).collect()
    }

    /// Outcomes of the pairs of one shard, to learn from.
    pub fn patterns(&self, shard: Range<u32>) -> Vec<u64> {
        self.pairs(shard).0.into_iter().map(|(a, b)| self.levels(a, b).pack()).collect()
    }

    /// Learns the weights from the outcomes of all shards.
    ///
    /// # Errors
    /// [`FitError`]; the shipped weights stay.
    pub fn learn(&mut self, patterns: &Patterns) -> Result<FitReport, FitError> {
        let (smaller, larger) = self.sizes();
        let (chances, report) = fit(&self.chances, patterns, smaller, larger)?;
        self.model = Model::of(&chances, LEARNED, smaller, larger);
        self.chances = chances;
        Ok(report)
    }

    /// The weighed pairs of one shard, sorted; pairs far below any decision are left out.
    pub fn score(&self, shard: Range<u32>) -> Shard {
        let (pairs, blocked) = self.pairs(shard);
        let compared = pairs.len() as u64;
        let scored = pairs.into_iter().map(|(a, b)| self.weigh(a, b));
        Shard { pairs: scored.filter(|pair| pair.weight.total >= KEPT_MIN).collect(), compared, blocked }
    }

    /// Weighs one pair.
    pub fn weigh(&self, a: u32, b: u32) -> Scored {
        let (one, other) = (a.min(b), a.max(b));
        let levels = self.levels(one, other);
        let rarity = self.frequencies.rarity(levels, self.entry(one), self.entry(other));
        Scored { one, other, levels, weight: self.model.weigh(levels, rarity) }
    }

    /// Weighs the first two entries as if they agreed in this way; there must be two.
    pub(super) fn weigh_as(&self, levels: Levels) -> Scored {
        let rarity = self.frequencies.rarity(levels, self.entry(0), self.entry(1));
        Scored { one: 0, other: 1, levels, weight: self.model.weigh(levels, rarity) }
    }

    /// Logarithm of how many persons of this name and birth date are to be expected among the entries.
    pub fn expected_namesakes(&self, levels: Levels, one: &Entry, other: &Entry) -> i32 {
        let rarity = self.frequencies.rarity(levels, one, other);
        let names = rarity.family.unwrap_or(NAME_RARE) + rarity.given.unwrap_or(NAME_RARE);
        let persons = self.population.max(self.entries.len() as u64).max(1);
        log2_milli(persons as f64) + names + BIRTH_DATE
    }

    /// Whether one of the two sides, which list every person once, has two of this name and birth date.
    pub fn has_namesake(&self, pair: &Scored) -> bool {
        let Sides::Two(border) = self.sides else { return false };
        let crowded = |at: u32| {
            let key = namesake_key(&self.words, self.entry(at), at < border);
            key.is_some_and(|key| self.crowded.binary_search(&key).is_ok())
        };
        crowded(pair.one) || crowded(pair.other)
    }

    /// The weights in use.
    pub fn model(&self) -> &Model {
        &self.model
    }
    /// The chances that made the weights.
    pub fn chances(&self) -> &Chances {
        &self.chances
    }
    /// All keys with their entries, sorted.
    pub fn keys(&self) -> &[(u64, u32)] {
        self.blocks.keys()
    }
    /// One entry.
    pub fn entry(&self, at: u32) -> &Entry {
        &self.entries[at as usize]
    }
    /// The pairs of one shard that blocking finds.
    pub fn pairs(&self, shard: Range<u32>) -> (Vec<(u32, u32)>, Blocked) {
        self.blocks.pairs(World { words: &self.words, entries: &self.entries, sides: self.sides }, shard)
    }

    fn levels(&self, a: u32, b: u32) -> Levels {
        compare(&self.words, self.entry(a), self.entry(b))
    }

    /// How two unrelated persons agree: counted on all pairs of a short list, on drawn ones of a long list, with the shipped table as if seen before.
    fn unrelated(&self) -> [Vec<f64>; OUTCOMES.len()] {
        let shipped = &self.chances.tables[Story::Unrelated as usize];
        let mut counts = OUTCOMES.map(|outcomes| vec![0.0; outcomes]);
        let all = self.entries.len() as u64;
        let (left, first_right) = match self.sides {
            Sides::One => (all, 0),
            Sides::Two(border) => (u64::from(border), u64::from(border)),
        };
        let mut drawn = 0.0;
        each_drawn_pair((left, all), first_right, |a, b| {
            drawn += 1.0;
            for (table, level) in counts.iter_mut().zip(self.levels(a, b).0) {
                table[usize::from(level)] += 1.0;
            }
        });
        std::array::from_fn(|field| match field {
            field if field == Field::Home as usize => home(&counts[field], &shipped[field], drawn),
            field => blend(&counts[field], &shipped[field], drawn),
        })
    }
}

/// Calls `with` for every pair that is wanted if these are few, else for [`DRAWS`] of them, drawn without chance. The first
/// of a pair lies below `left`, the second from `first_right` on.
fn each_drawn_pair((left, all): (u64, u64), first_right: u64, mut with: impl FnMut(u32, u32)) {
    if left == 0 || all <= first_right {
        return;
    }
    let is_one = first_right == 0;
    let pairs =
        if is_one { all.saturating_mul(all.saturating_sub(1)) / 2 } else { left.saturating_mul(all - first_right) };
    if pairs <= DRAWS {
        for a in 0..left {
            let from = if is_one { a + 1 } else { first_right };
            (from..all).for_each(|b| with(a as u32, b as u32));
        }
        return;
    }
    for draw in 0..DRAWS {
        let a = mix(2 * draw) % left;
        let b = first_right + mix(2 * draw + 1) % (all - first_right);
        if a != b {
            with(a as u32, b as u32);
        }
    }
}

fn crowded(words: &Vocabulary, entries: &[Entry], sides: Sides) -> Vec<u64> {
    let Sides::Two(border) = sides else { return Vec::new() };
    let keys = entries.iter().zip(0..).filter_map(|(entry, at)| namesake_key(words, entry, at < border));
    let mut keys: Vec<u64> = keys.collect();
    keys.sort_unstable();
    keys.chunk_by(|a, b| a == b).filter(|run| run.len() > 1).map(|run| run[0]).collect()
}

/// Folded name and birth date within one side.
fn namesake_key(words: &Vocabulary, entry: &Entry, left: bool) -> Option<u64> {
    let parts = [words.folded(entry.family.kana), words.folded(entry.given.kana), entry.birth];
    let known = parts.iter().all(|part| *part != 0);
    known.then(|| parts.iter().fold(u64::from(left), |key, part| mix(key ^ u64::from(*part))))
}

fn blend(counts: &[f64], shipped: &[f64], drawn: f64) -> Vec<f64> {
    let sum = drawn + PRIOR_DRAWS;
    counts.iter().zip(shipped).map(|(count, p)| (count + p * PRIOR_DRAWS) / sum).collect()
}

/// Address, telephone and insurance of unrelated persons agree by chance so rarely that no sample shows it, and independently:
/// what is counted is how often each is unknown, and how often only the town is shared.
fn home(counts: &[f64], shipped: &[f64], drawn: f64) -> Vec<f64> {
    let (mut address, mut phone, mut insurance) = ([0.0; 5], [0.0; 5], [0.0; 5]);
    for (at, count) in counts.iter().enumerate() {
        address[at / 25] += count / drawn.max(1.0);
        phone[at / 5 % 5] += count / drawn.max(1.0);
        insurance[at % 5] += count / drawn.max(1.0);
    }
    if drawn < PRIOR_DRAWS {
        return shipped.to_vec();
    }
    let fixed = |part: &mut [f64], at: usize, chance: f64| {
        let known: f64 = 1.0 - part.last().copied().unwrap_or(0.0);
        part[at] = chance * known;
    };
    fixed(&mut address, 0, ADDRESS_BY_CHANCE);
    let near = address[1].max(1.0 / drawn);
    address[1] = near;
    address[2] = address[2].max(1.0 / drawn);
    fixed(&mut phone, 0, NUMBER_BY_CHANCE);
    fixed(&mut insurance, 0, NUMBER_BY_CHANCE / 2.0);
    fixed(&mut insurance, 1, NUMBER_BY_CHANCE);
    fixed(&mut insurance, 2, NUMBER_BY_CHANCE * 2.0);
    let least = 1.0 / (drawn * 10.0);
    let floor = |value: f64| if value > 0.0 { value } else { least };
    (0..counts.len()).map(|at| floor(address[at / 25]) * floor(phone[at / 5 % 5]) * floor(insurance[at % 5])).collect()
}

const _: () = assert!(STORIES == 5);
/// Version of weights that were learned: 1 learned how often twins share a given name.
const LEARNED: u32 = 2;
/// Logarithm of the share of a name that nobody else bears.
const NAME_RARE: i32 = -15_000;
/// Logarithm of the share of persons born on one day: 1 / (365 · 90).
const BIRTH_DATE: i32 = -15_004;
/// First entries of one shard: about 10 MB of pairs at a time.
const SHARD: u32 = 1 << 16;
/// Pairs below this weight are forgotten: far below any decision, even as a rival.
const KEPT_MIN: MilliBits = MilliBits(-12_000);
/// Pairs drawn to count chance agreement; of a list with fewer pairs, all are counted.
const DRAWS: u64 = 200_000;
/// The shipped table counts as if seen in so many drawn pairs.
const PRIOR_DRAWS: f64 = 100.0;
/// Chance that two unrelated persons have one telephone, or one insurance number, in common.
const NUMBER_BY_CHANCE: f64 = 1e-6;
/// Chance that two unrelated persons live in one block.
const ADDRESS_BY_CHANCE: f64 = 2e-6;
