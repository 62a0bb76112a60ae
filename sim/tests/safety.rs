//! Three hundred seeds of the house's scenario hold every invariant, and a seed is a run: the same again, everywhere.
use sim::faults::Class;
use sim::report::Outcome;
use sim::run::{Options, run};
use sim::scenario::{Scenario, load_named};
use std::collections::BTreeSet;

fn scenario() -> Scenario {
    load_named("kesen-mmwin").expect("of the house")
}

fn outcome(seed: u64) -> Outcome {
    run(&scenario(), seed, Options::default())
}

/// Runs some seeds; each must hold, and together they must have met what the simulator is for.
fn check(seeds: std::ops::Range<u64>) {
    let mut faults: BTreeSet<Class> = BTreeSet::new();
    let mut marks: BTreeSet<String> = BTreeSet::new();
    let scenario = scenario();
    for seed in seeds {
        let outcome = run(&scenario, seed, Options::default());
        assert_eq!(outcome.stopped, None, "{}", outcome.text());
        assert!(!outcome.is_void(), "nothing was shown: {}", outcome.text());
        assert_eq!(outcome.mark("log damaged"), 0, "{}", outcome.text());
        faults.extend(outcome.faults);
        marks.extend(outcome.tally.marks.into_keys());
    }
    assert_eq!(faults.len(), Class::ALL.len(), "faults that were met: {faults:?}");
    let missing: Vec<&str> = MARKS.into_iter().filter(|mark| !marks.contains(*mark)).collect();
    assert!(missing.is_empty(), "never met: {missing:?}; met: {marks:?}");
}

/// What fifty seeds must meet at least once; a mark that is not met is a place where the simulator is blind.
const MARKS: [&str; 25] = [
    "read within a network",
    "read across an accord",
    "answer in bulk",
    "answer in pieces",
    "answer of nothing",
    "answer to a stranger",
    "reason no-such-patient",
    "reason no-holder-consent",
    "reason consent-ended",
    "reason needs-human",
    "reason no-evidence",
    "reason outside-accord-kinds",
    "reason outside-accord-purposes",
    "transfer stopped by its holder",
    "power lost while writing",
    "commit failed",
    "restart with a new index",
    "connection lapsed",
    "revocation",
    "link Same",
    "released without consent",
    "review",
    "suspension",
    "frame drop",
    "frame ack",
];

#[test]
fn seeds_1_to_50_hold() {
    check(1..51);
}
#[test]
fn seeds_51_to_100_hold() {
    check(51..101);
}
#[test]
fn seeds_101_to_150_hold() {
    check(101..151);
}
#[test]
fn seeds_151_to_200_hold() {
    check(151..201);
}
#[test]
fn seeds_201_to_250_hold() {
    check(201..251);
}
#[test]
fn seeds_251_to_300_hold() {
    check(251..301);
}
#[test]
fn one_seed_is_one_run_twice_and_in_another_thread() {
    let first = outcome(7);
    assert_eq!(first.digest, outcome(7).digest);
    let elsewhere = std::thread::spawn(|| outcome(7).digest).join().expect("the other run ends");
    assert_eq!(first.digest, elsewhere);
    assert_ne!(first.digest, outcome(8).digest);
}
#[test]
fn a_run_cut_short_is_the_beginning_of_the_whole_one() {
    let part = |until| run(&scenario(), 9, Options { until: Some(until), ..Options::default() });
    assert_eq!(part(500).digest, part(500).digest);
    assert_ne!(part(500).digest, part(501).digest);
    assert_eq!(part(500).events, 500);
}
#[test]
#[cfg(feature = "plants")]
fn what_happens_does_not_depend_on_what_signs() {
    for seed in [3, 7, 12] {
        let ledger = run(&scenario(), seed, Options { ledger: true, ..Options::default() });
        let real = outcome(seed);
        assert_eq!(ledger.course, real.course, "seed {seed}");
        assert_ne!(ledger.digest, real.digest, "other signatures, other bytes");
    }
}
