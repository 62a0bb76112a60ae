use crate::scenario::Scenario;
use crate::seed::{Seed, Stream};
use crate::world::Micros;

/// A class of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Lines of one node become slow.
    Delay,
    /// A connection breaks.
    Reset,
    /// A node, or a network, is cut off from the rest.
    Partition,
    /// One direction of one line is cut.
    OneWay,
    /// One side does not notice that the other is gone.
    HalfOpen,
    /// A process is killed and comes back.
    Crash,
    /// The power goes in the middle of a write.
    Torn,
    /// The disk reports errors.
    DiskError,
    /// The disk is full for a while.
    DiskFull,
    /// Clocks are off, drift and jump.
    Clock,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Delay,
        Self::Reset,
        Self::Partition,
        Self::OneWay,
        Self::HalfOpen,
        Self::Crash,
        Self::Torn,
        Self::DiskError,
        Self::DiskFull,
        Self::Clock,
    ];
    /// The word in scenarios and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Delay => "delay",
            Self::Reset => "reset",
            Self::Partition => "partition",
            Self::OneWay => "one-way",
            Self::HalfOpen => "half-open",
            Self::Crash => "crash",
            Self::Torn => "torn",
            Self::DiskError => "disk-error",
            Self::DiskFull => "disk-full",
            Self::Clock => "clock",
        }
    }
    /// Reads what [`Self::word`] writes.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.word() == word)
    }
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// When it begins.
    pub at: Micros,
    /// How long it lasts, where that has a meaning.
    pub span_us: u64,
    /// What it is.
    pub shape: Shape,
}

/// What a fault is, on which nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Lines of a node are so many times as slow.
    Slow {
        /// Which node.
        node: usize,
        /// How many times.
        factor: u64,
    },
    /// The connection of two nodes breaks.
    Reset(usize, usize),
    /// These nodes are cut off from all others.
    Partition(Vec<usize>),
    /// Nothing comes through from the first to the second.
    OneWay(usize, usize),
    /// The first does not notice that its connection to the second is gone.
    HalfOpen(usize, usize),
    /// The process is killed.
    Crash(usize),
    /// The machine is switched off, and on again at the end.
    Off(usize),
    /// The power goes after so many more changes on the disk.
    Torn {
        /// Which node.
        node: usize,
        /// After how many changes.
        changes: u64,
    },
    /// Writes and syncs fail, per mille.
    DiskErrors {
        /// Which node.
        node: usize,
        /// Writes that fail.
        writes: u16,
        /// Syncs that fail.
        syncs: u16,
    },
    /// No room is left but so many bytes.
    DiskFull {
        /// Which node.
        node: usize,
        /// Bytes that still fit.
        room: u64,
    },
    /// The wall clock jumps by so many milliseconds.
    Step {
        /// Which node.
        node: usize,
        /// How far; negative is back.
        by_ms: i64,
    },
    /// The clock runs fast or slow from the beginning.
    Drift {
        /// Which node.
        node: usize,
        /// Off by so many milliseconds at the start.
        offset_ms: i64,
        /// Parts per million.
        ppm: i64,
    },
}

impl Shape {
    /// Of which class it is.
    pub fn class(&self) -> Class {
        match self {
            Self::Slow { .. } => Class::Delay,
            Self::Reset(..) => Class::Reset,
            Self::Partition(_) => Class::Partition,
            Self::OneWay(..) => Class::OneWay,
            Self::HalfOpen(..) => Class::HalfOpen,
            Self::Crash(_) | Self::Off(_) => Class::Crash,
            Self::Torn { .. } => Class::Torn,
            Self::DiskErrors { .. } => Class::DiskError,
            Self::DiskFull { .. } => Class::DiskFull,
            Self::Step { .. } | Self::Drift { .. } => Class::Clock,
        }
    }
}

/// Everything that goes wrong in a run, in order of time.
pub fn plan(scenario: &Scenario, seed: Seed) -> Vec<Fault> {
    let mut switch = seed.stream("faults/classes");
    let off = scenario.outages.iter();
    let off =
        off.map(|(node, at, span)| Fault { at: Micros(at.micros()), span_us: span.micros(), shape: Shape::Off(*node) });
    let mut faults: Vec<Fault> = off.collect();
    for class in &scenario.classes {
        if switch.permille(scenario.file.swarm.on_permille) {
            faults.extend(of_class(*class, scenario, &mut seed.stream(&format!("faults/{}", class.word()))));
        }
    }
    // A stable sort: faults of one moment stay in the order of their classes.
    faults.sort_by_key(|fault| fault.at);
    faults
}

fn of_class(class: Class, scenario: &Scenario, draws: &mut Stream) -> Vec<Fault> {
    // Rates vary over an order of magnitude: rare faults reach states that frequent ones never let come about.
    let count = match class {
        Class::Reset => draws.weighted(&[(1, 4), (1, 12), (1, 40)]),
        Class::Crash => draws.weighted(&[(1, 1), (2, 4), (1, 10)]),
        Class::Clock => draws.between(2, 6),
        _ => draws.between(1, 4),
    };
    (0..count).map(|_| one(class, scenario, draws)).collect()
}

fn one(class: Class, scenario: &Scenario, draws: &mut Stream) -> Fault {
    let at = Micros(draws.between(MINUTE_US, scenario.file.horizon.micros().max(MINUTE_US)));
    let node = draws.index(scenario.nodes.len());
    let other = (node + 1 + draws.index(scenario.nodes.len().saturating_sub(1))) % scenario.nodes.len();
    let span_us = draws.weighted(&[(2, 5 * MINUTE_US), (2, 30 * MINUTE_US), (1, 240 * MINUTE_US)]);
    let span_us = draws.between(span_us / 5, span_us);
    let shape = match class {
        Class::Delay => Shape::Slow { node, factor: draws.weighted(&[(2, 5), (2, 50), (1, 1000)]) },
        Class::Reset => Shape::Reset(node, other),
        Class::Partition => Shape::Partition(group(scenario, node, draws)),
        Class::OneWay => Shape::OneWay(node, other),
        Class::HalfOpen => Shape::HalfOpen(node, other),
        Class::Crash => Shape::Crash(node),
        Class::Torn => Shape::Torn { node, changes: draws.below(8) },
        Class::DiskError => {
            let (writes, syncs) = draws.weighted(&[(2, (300, 0)), (1, (0, 200)), (1, (100, 100))]);
            Shape::DiskErrors { node, writes, syncs }
        }
        Class::DiskFull => Shape::DiskFull { node, room: draws.weighted(&[(1, 0), (1, 3_000), (1, 60_000)]) },
        Class::Clock if draws.permille(500) => {
            let sign = if draws.permille(500) { 1 } else { -1 };
            let by =
                draws.weighted(&[(2, 2_000), (2, 200_000), (2, 3_600_000), (1, 9 * 3_600_000), (1, 400 * 86_400_000)]);
            Shape::Step { node, by_ms: sign * by }
        }
        Class::Clock => {
            let offset_ms = draws.between(0, 240_000) as i64 - 120_000;
            return Fault {
                at: Micros(0),
                span_us: 0,
                shape: Shape::Drift { node, offset_ms, ppm: draws.between(0, 400) as i64 - 200 },
            };
        }
    };
    Fault { at, span_us, shape }
}

/// One node alone, or all of its network.
fn group(scenario: &Scenario, node: usize, draws: &mut Stream) -> Vec<usize> {
    let network = scenario.nodes[node].network;
    if network.is_none() || draws.permille(600) {
        return vec![node];
    }
    (0..scenario.nodes.len()).filter(|other| scenario.nodes[*other].network == network).collect()
}

const MINUTE_US: u64 = 60_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_is_a_list_in_order_and_every_class_occurs() {
        let scenario = crate::scenario::load_named("kesen-mmwin").expect("of the house");
        let mut met = std::collections::BTreeSet::new();
        for seed in 0..40 {
            let faults = plan(&scenario, Seed(seed));
            assert_eq!(faults, plan(&scenario, Seed(seed)));
            assert!(faults.is_sorted_by_key(|fault| fault.at));
            met.extend(faults.iter().map(|fault| fault.shape.class()));
        }
        assert_eq!(met.len(), Class::ALL.len());
    }
    #[test]
    fn words_of_classes_read_back() {
        assert!(Class::ALL.into_iter().all(|class| Class::parse(class.word()) == Some(class)));
    }
}
