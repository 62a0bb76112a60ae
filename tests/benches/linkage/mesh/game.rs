//! Do two shelves tell that their holders share patients? A game: in one world half of the patients of both holders are the
//! same persons, in the other none is, and the attacker has the two shelves and measures what can be measured between them.
//!
//! Over many games a measure that tells something is distributed differently in the two worlds. The test is that of Kolmogorov
//! and Smirnov with two samples, at a level of one in a thousand for all measures together.
use super::town::{Holder, Patient};
use protocol::crypto::sha256;
use protocol::index::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// What came of all games.
#[derive(Clone, Debug)]
pub struct Played {
    /// For each measure the greatest distance between its two distributions, from 0 (no difference) to 1 (told apart always).
    pub distances: Vec<(&'static str, f64)>,
    /// The distance from which on chance does not explain it.
    pub limit: f64,
}

impl Played {
    /// The measure that tells most.
    pub fn most(&self) -> f64 {
        self.distances.iter().map(|(_, distance)| *distance).fold(0.0, f64::max)
    }
}

/// How two holders name their shelves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelves {
    /// Each its own, as built.
    Own,
    /// One name for both, so that equal tags lie in equal slots: the control.
    Shared,
}

/// Plays so many games of each world with patients from a pool.
pub fn play(pool: &[Patient], games: usize, shelves: Shelves) -> Played {
    assert!(pool.len() >= 2 * PATIENTS, "a pool of {} patients at least", 2 * PATIENTS);
    let mut samples = [Vec::new(), Vec::new()];
    for (world, sample) in samples.iter_mut().enumerate() {
        for game in 0..games {
            let mut order: Vec<usize> = (0..pool.len()).collect();
            order.sort_by_key(|at| sha256(&[b"game", &[world as u8], &game.to_be_bytes(), &at.to_be_bytes()]).0);
            let first = if world == 0 { PATIENTS / 2 } else { PATIENTS };
            let pick = |from: usize| order[from..from + PATIENTS].iter().map(|at| pool[*at].clone()).collect();
            let (left, right) = (pick(0), pick(first));
            // Numbers of holders enter the randomness of the shelf: no two games share it.
            let number = 1 + (world * games + game) as u32 * 2;
            let other = if shelves == Shelves::Own { number + 1 } else { number };
            let (left, right) = (Holder::publish(number, left), Holder::publish(other, right));
            sample.push(measures(&left.entries(), &right.entries()));
        }
    }
    let distance = |at: usize| {
        let of = |sample: &Vec<[f64; MEASURES.len()]>| sample.iter().map(|measured| measured[at]).collect::<Vec<f64>>();
        apart(of(&samples[0]), of(&samples[1]))
    };
    let level = LEVEL / MEASURES.len() as f64;
    let limit = (-(level / 2.0).ln() / 2.0).sqrt() * (2.0 / games as f64).sqrt();
    Played { distances: MEASURES.iter().enumerate().map(|(at, name)| (*name, distance(at))).collect(), limit }
}

/// Over all pairs of holders: how the number of common patients goes along with slots that begin alike, as a coefficient of
/// correlation, with the one from which on chance does not explain it (Fisher's z, at one in a thousand).
pub fn correlation(holders: &[Holder]) -> (f64, f64) {
    let entries: Vec<Vec<Entry>> = holders.iter().map(Holder::entries).collect();
    let persons: Vec<BTreeSet<u64>> =
        holders.iter().map(|holder| holder.patients.iter().map(|patient| patient.person).collect()).collect();
    let mut points = Vec::new();
    for left in 0..holders.len() {
        for right in left + 1..holders.len() {
            let common = persons[left].intersection(&persons[right]).count() as f64;
            points.push((common, equal(&entries[left], &entries[right], |entry| entry.slot.0[..3].to_vec())));
        }
    }
    let count = points.len() as f64;
    let mean = points.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0 / count, sum.1 + point.1 / count));
    let products = points.iter().map(|point| (point.0 - mean.0, point.1 - mean.1));
    let (mut both, mut first, mut second) = (0.0, 0.0, 0.0);
    products.for_each(|(x, y)| (both, first, second) = (both + x * y, first + x * x, second + y * y));
    (both / (first * second).sqrt(), (FISHER / (count - 3.0).max(1.0).sqrt()).tanh())
}

fn measures(left: &[Entry], right: &[Entry]) -> [f64; MEASURES.len()] {
    let slots = |bytes: usize| equal(left, right, |entry| entry.slot.0[..bytes].to_vec());
    let bodies = |bytes: usize| equal(left, right, |entry| entry.body[..bytes].to_vec());
    let numbered = equal(left, right, |entry| [&entry.number.to_be_bytes()[..], &entry.slot.0[..1]].concat());
    let nearest = {
        let sorted = |entries: &[Entry]| -> Vec<u64> {
            let mut all: Vec<u64> =
                entries.iter().map(|e| u64::from_be_bytes(e.slot.0[..8].try_into().expect("8 bytes"))).collect();
            all.sort_unstable();
            all
        };
        let right = sorted(right);
        let gap = |at: &u64| {
            let place = right.partition_point(|other| other < at);
            right[place.saturating_sub(1)..(place + 1).min(right.len())].iter().map(|other| other.abs_diff(*at)).min()
        };
        sorted(left).iter().filter_map(gap).map(|gap| (gap as f64 + 1.0).ln()).sum()
    };
    [slots(16), slots(2), bodies(64), bodies(2), numbered, nearest, left.len() as f64 - right.len() as f64]
}

/// Pairs of entries, one from each side, that agree in something.
fn equal(left: &[Entry], right: &[Entry], of: impl Fn(&Entry) -> Vec<u8>) -> f64 {
    let mut counts: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
    left.iter().for_each(|entry| *counts.entry(of(entry)).or_default() += 1);
    right.iter().filter_map(|entry| counts.get(&of(entry))).sum::<u64>() as f64
}

/// The greatest distance between the distributions of two samples.
fn apart(mut one: Vec<f64>, mut other: Vec<f64>) -> f64 {
    one.sort_by(f64::total_cmp);
    other.sort_by(f64::total_cmp);
    let below = |sample: &[f64], at: f64| sample.partition_point(|value| *value <= at) as f64 / sample.len() as f64;
    one.iter().chain(&other).map(|at| (below(&one, *at) - below(&other, *at)).abs()).fold(0.0, f64::max)
}

/// What is measured between two shelves.
const MEASURES: [&str; 7] = [
    "equal slots",
    "slots equal in 16 bits",
    "equal bodies",
    "bodies equal in 16 bits",
    "equal numbers and 8 bits of the slot",
    "distance of neighbouring slots",
    "difference of sizes",
];
/// Patients of each holder in a game.
pub const PATIENTS: usize = 48;
/// How often chance alone may look like a difference, in all measures together.
const LEVEL: f64 = 0.001;
/// Standard deviations beyond which chance goes once in a thousand, both sides together.
const FISHER: f64 = 3.29;
