//! One patient against all others at once: blocks that grow, for linking within the ingest.
use super::bands::{Decision, Rule, decide_one};
use super::blocks::{BLOCK_MAX, Coarse, keys};
use super::entry::{Entry, Kind};
use super::linker::{Linker, Scored};
use super::model::MilliBits;
use std::collections::BTreeSet;

/// Entries by key, with room for new ones: a sorted part, and a short tail of new ones that is merged when it grows.
#[derive(Clone, Debug)]
pub struct Index {
    linker: Linker,
    sorted: Vec<(u64, u32)>,
    tail: BTreeSet<(u64, u32)>,
    removed: Vec<u32>,
}

impl Index {
    /// Takes over a linker with its entries and weights.
    pub fn new(linker: Linker) -> Self {
        let sorted = linker.keys().to_vec();
        Self { linker, sorted, tail: BTreeSet::new(), removed: Vec::new() }
    }
    /// What the index is about.
    pub fn linker(&self) -> &Linker {
        &self.linker
    }
    /// To give texts of new entries their numbers.
    pub fn linker_mut(&mut self) -> &mut Linker {
        &mut self.linker
    }

    /// Adds an entry and says whom it may be: candidates that weigh enough, heaviest first.
    pub fn insert(&mut self, entry: Entry, rule: &Rule) -> (u32, Vec<Decision>) {
        let at = self.linker.entries.len() as u32;
        self.linker.entries.push(entry);
        let found = self.candidates(at, rule);
        let mut own = Vec::new();
        keys(&self.linker.words, &entry, Coarse::No, &mut own);
        self.tail.extend(own.into_iter().map(|key| (key, at)));
        if self.tail.len() > TAIL_MAX {
            self.sorted.extend(std::mem::take(&mut self.tail));
            // Two sorted runs: the stable sort finds and merges them.
            self.sorted.sort();
        }
        (at, found)
    }

    /// Takes an entry out; its place is not used again.
    pub fn remove(&mut self, at: u32) {
        if let Some(entry) = self.linker.entries.get_mut(at as usize) {
            *entry = Entry { kind: Kind::Excluded, ..Entry::default() };
            self.removed.push(at);
        }
    }

    /// Whom an entry may be.
    pub fn candidates(&self, at: u32, rule: &Rule) -> Vec<Decision> {
        let mut own = Vec::new();
        keys(&self.linker.words, self.linker.entry(at), Coarse::No, &mut own);
        let mut places: Vec<u32> = Vec::new();
        for key in own {
            let from = self.sorted.partition_point(|(k, _)| *k < key);
            let sorted = self.sorted[from..].iter().take_while(|(k, _)| *k == key);
            let block = sorted.chain(self.tail.range((key, 0)..=(key, u32::MAX))).take(PROBED_MAX);
            places.extend(block.map(|(_, place)| *place).filter(|place| *place != at));
        }
        places.sort_unstable();
        places.dedup();
        places.retain(|place| self.linker.entry(*place).kind != Kind::Excluded);
        let mut scored: Vec<Scored> = places.into_iter().map(|place| self.linker.weigh(at, place)).collect();
        scored.retain(|pair| pair.weight.total >= MilliBits(rule.probable_min.0 - rule.margin_min.0));
        scored.sort_unstable_by_key(|pair| (std::cmp::Reverse(pair.weight.total), pair.one, pair.other));
        decide_one(&self.linker, &scored, at, rule)
    }
}

/// New keys that wait beside the rest.
const TAIL_MAX: usize = 1 << 15;
/// Entries looked at per key: a default date or a shared telephone must not cost more than a real block.
const PROBED_MAX: usize = 5 * BLOCK_MAX;
