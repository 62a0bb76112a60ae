//! What linking decided, and how good that is where the truth is known.
use super::load::Loaded;
use super::truth::{Mistake, Truth};
use crate::Grade;
use crate::link::bands::{Decision, Doubt, Rule, decide, doubts};
use crate::link::blocks::{Blocked, Sides};
use crate::link::learn::Patterns;
use crate::link::linker::Scored;
use crate::link::persons::{self, Person};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Everything that linking gave.
#[derive(Clone, Debug)]
pub struct Linked {
    /// All pairs worth keeping, sorted by places.
    pub scored: Vec<Scored>,
    /// Certain and probable pairs, in the same order.
    pub decisions: Vec<Decision>,
    /// Which records are one person, as far as is certain (records of one table).
    pub persons: Vec<Person>,
    /// Pairs compared.
    pub compared: u64,
    /// What became of large blocks.
    pub blocked: Blocked,
    /// Rounds of learning; 0 if the shipped weights were kept.
    pub rounds: u32,
}

/// Links what was loaded, in the order of shards.
pub fn link(loaded: &mut Loaded, rule: &Rule) -> Linked {
    let shards = loaded.linker.shards();
    let mut packed = Vec::new();
    for shard in shards.iter().take(LEARN_SHARDS_MAX) {
        packed.extend(loaded.linker.patterns(shard.clone()));
    }
    let rounds = loaded.linker.learn(&Patterns::of(packed)).map_or(0, |report| report.rounds);
    let (mut scored, mut blocked, mut compared) = (Vec::new(), Blocked::default(), 0);
    for shard in shards {
        let part = loaded.linker.score(shard);
        scored.extend(part.pairs);
        blocked.add(part.blocked);
        compared += part.compared;
    }
    let decisions = decide(&loaded.linker, &scored, rule);
    let persons = match loaded.linker.sides {
        Sides::One => persons::gather(&loaded.linker, &decisions, rule),
        Sides::Two(_) => Vec::new(),
    };
    Linked { scored, decisions, persons, compared, blocked, rounds }
}

/// Numbers about a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Records of both tables.
    pub records: u64,
    /// Pairs compared, and what became of large blocks.
    pub compared: u64,
    /// Blocks that were split by a further field.
    pub blocks_refined: u64,
    /// Blocks that nothing could split: their pairs were not looked at.
    pub blocks_refused: u64,
    /// Links without a person.
    pub certain: u64,
    /// Pairs that a person has to look at.
    pub probable: u64,
    /// The same per 1,000 records.
    pub reviews_per_1000: f64,
    /// Probable pairs by reason.
    pub doubts: BTreeMap<Doubt, u64>,
    /// Rounds of learning; 0 if the shipped weights were kept.
    pub rounds: u32,
    /// Thresholds used, in milli-bits: certain, alone, namesakes, one list, margin, probable.
    pub thresholds: [i32; 6],
    /// Where the truth is known: how good that is.
    pub judged: Option<Judged>,
}

/// How good decisions are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judged {
    /// Pairs of one person.
    pub true_pairs: u64,
    /// Share of them that blocking found.
    pub completeness: f64,
    /// Links without a person: right ones among them, and all right ones among the true pairs.
    pub precision: f64,
    /// Lower 95 % limit of the precision (Clopper–Pearson, one-sided).
    pub precision_low: f64,
    /// Recall of links without a person.
    pub recall: f64,
    /// Recall if people decide every probable pair rightly.
    pub recall_with_review: f64,
    /// Wrong links without a person, by kind.
    pub mistakes: BTreeMap<Mistake, u64>,
    /// Best F1 over all thresholds; one-to-one between two tables.
    pub f1: f64,
    /// Precision there.
    pub f1_precision: f64,
    /// Recall there.
    pub f1_recall: f64,
    /// Weight in milli-bits, precision and recall along the ordered pairs, to draw.
    pub curve: Vec<[f64; 3]>,
}

/// Sums up.
pub fn report(loaded: &Loaded, linked: &Linked, rule: &Rule, truth: Option<&Truth>) -> Report {
    let of = |grade: Grade| linked.decisions.iter().filter(|d| d.grade == grade).count() as u64;
    let (certain, probable) = (of(Grade::Certain), of(Grade::Probable));
    Report {
        records: loaded.len() as u64,
        compared: linked.compared,
        blocks_refined: linked.blocked.refined,
        blocks_refused: linked.blocked.refused,
        certain,
        probable,
        reviews_per_1000: probable as f64 * 1000.0 / loaded.len().max(1) as f64,
        doubts: doubts(&linked.decisions),
        rounds: linked.rounds,
        thresholds: [
            rule.certain_min,
            rule.alone_min,
            rule.namesakes_min,
            rule.one_list_min,
            rule.margin_min,
            rule.probable_min,
        ]
        .map(|w| w.0),
        judged: truth.map(|truth| judge(loaded, linked, truth)),
    }
}

fn judge(loaded: &Loaded, linked: &Linked, truth: &Truth) -> Judged {
    let (mut right, mut wrong, mut asked) = (0u64, 0u64, 0u64);
    let mut mistakes = BTreeMap::new();
    for decision in &linked.decisions {
        let (a, b) = (decision.pair.one, decision.pair.other);
        match (decision.grade, truth.same(a, b)) {
            (Grade::Certain, true) => right += 1,
            (Grade::Certain, false) => {
                wrong += 1;
                *mistakes.entry(truth.mistake(a, b)).or_default() += 1;
            }
            (_, same) => asked += u64::from(same),
        }
    }
    let pairs = loaded.linker.shards().into_iter().flat_map(|shard| loaded.linker.pairs(shard).0);
    let found = pairs.filter(|(a, b)| truth.same(*a, *b)).count() as u64;
    let share = |part: u64| part as f64 / truth.pairs.max(1) as f64;
    let best = curve(loaded, linked, truth);
    Judged {
        true_pairs: truth.pairs,
        completeness: share(found),
        precision: if right + wrong == 0 { 1.0 } else { right as f64 / (right + wrong) as f64 },
        precision_low: lower_limit(right + wrong, wrong),
        recall: share(right),
        recall_with_review: share(right + asked),
        mistakes,
        f1: best.f1,
        f1_precision: best.precision,
        f1_recall: best.recall,
        curve: best.points,
    }
}

/// Certain and probable pairs as CSV: `left,right,grade,milli_bits,margin,doubt`.
pub fn links_csv(loaded: &Loaded, linked: &Linked) -> String {
    let mut out = String::from("left,right,grade,milli_bits,margin,doubt\n");
    for decision in &linked.decisions {
        let (left, right) = (quoted(loaded.id(decision.pair.one)), quoted(loaded.id(decision.pair.other)));
        let grade = if decision.grade == Grade::Certain { "certain" } else { "probable" };
        let doubt = decision.doubt.map_or(String::new(), |doubt| format!("{doubt:?}"));
        let (weight, margin) = (decision.pair.weight.total.0, decision.margin.0);
        let _ = writeln!(out, "{left},{right},{grade},{weight},{margin},{doubt}");
    }
    out
}

/// Records of one person as CSV: `person,record_id,weakest,bridges`; records of nobody else are not in it.
pub fn persons_csv(loaded: &Loaded, linked: &Linked) -> String {
    let mut out = String::from("person,record_id,weakest,bridges\n");
    for (person, number) in linked.persons.iter().zip(1..) {
        for at in &person.members {
            let _ = writeln!(out, "{number},{},{},{}", quoted(loaded.id(*at)), person.weakest.0, person.bridges);
        }
    }
    out
}

fn quoted(field: &str) -> String {
    let plain = !field.contains([',', '"', '\n', '\r', ';', '\t']);
    if plain { field.to_owned() } else { format!("\"{}\"", field.replace('"', "\"\"")) }
}

struct Curve {
    f1: f64,
    precision: f64,
    recall: f64,
    points: Vec<[f64; 3]>,
}

/// Walks the pairs from the heaviest on; between two tables every record is taken once.
fn curve(loaded: &Loaded, linked: &Linked, truth: &Truth) -> Curve {
    let mut order: Vec<&Scored> = linked.scored.iter().collect();
    order.sort_unstable_by_key(|pair| (std::cmp::Reverse(pair.weight.total), pair.one, pair.other));
    let one_to_one = loaded.linker.sides != Sides::One;
    let mut taken = vec![false; loaded.len()];
    let (mut right, mut wrong, mut best) = (0u64, 0u64, Curve { f1: 0.0, precision: 0.0, recall: 0.0, points: vec![] });
    let step = (order.len() / CURVE_POINTS).max(1);
    for (pair, at) in order.into_iter().zip(0..) {
        let (a, b) = (pair.one as usize, pair.other as usize);
        if one_to_one && (taken[a] || taken[b]) {
            continue;
        }
        (taken[a], taken[b]) = (true, true);
        if truth.same(pair.one, pair.other) {
            right += 1
        } else {
            wrong += 1
        }
        let (precision, recall) = (right as f64 / (right + wrong) as f64, right as f64 / truth.pairs.max(1) as f64);
        let f1 = if right == 0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) };
        if f1 > best.f1 {
            (best.f1, best.precision, best.recall) = (f1, precision, recall);
        }
        if at % step == 0 {
            best.points.push([f64::from(pair.weight.total.0), precision, recall]);
        }
    }
    best
}

/// Lower 95 % limit of a share with few failures: the least share that would show so few with a chance of 5 %.
pub fn lower_limit(all: u64, failures: u64) -> f64 {
    if all == 0 || failures >= all {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let failing: f64 = (low + high) / 2.0;
        // Poisson, which is on the safe side of the binomial for rare failures.
        let mean = failing * all as f64;
        let (mut term, mut sum) = (decay(mean), 0.0);
        for count in 0..=failures {
            sum += term;
            term *= mean / (count + 1) as f64;
        }
        if sum > 0.05 { low = failing } else { high = failing }
    }
    1.0 - high
}

/// e to the minus `mean`, by repeated squaring: the same digits on every processor.
fn decay(mean: f64) -> f64 {
    (0..DECAY_SQUARINGS).fold(1.0 - mean / f64::from(1u32 << DECAY_SQUARINGS), |value, _| value * value)
}

const DECAY_SQUARINGS: u32 = 28;
/// Shards that are learned from; more pairs make no better weights.
const LEARN_SHARDS_MAX: usize = 4;
const CURVE_POINTS: usize = 400;
