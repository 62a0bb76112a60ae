//! Evaluators under trouble: keys are made, tags come of them, and every invariant holds.
use sim::report::Outcome;
use sim::run::{Options, run};
use sim::scenario::load_named;
use std::collections::BTreeSet;

fn outcome(seed: u64) -> Outcome {
    run(&load_named("evaluators").expect("of the house"), seed, Options::default())
}

#[test]
fn twenty_seeds_hold_and_meet_what_evaluators_do() {
    let mut marks: BTreeSet<String> = BTreeSet::new();
    for seed in 1..21 {
        let outcome = outcome(seed);
        assert_eq!(outcome.stopped, None, "{}", outcome.text());
        assert!(!outcome.is_void(), "nothing was shown: {}", outcome.text());
        assert_eq!(outcome.mark("alarm Evaluator"), 0, "an honest one was named: {}", outcome.text());
        assert_eq!(outcome.mark("alarm KeyGeneration"), 0, "an honest one was named: {}", outcome.text());
        marks.extend(outcome.tally.marks.into_keys());
    }
    for mark in ["frame keygen", "frame evaluate-request", "frame evaluate-reply", "read across an accord"] {
        assert!(marks.contains(mark), "never met: {mark}; met: {marks:?}");
    }
}
#[test]
fn one_seed_is_one_run() {
    assert_eq!(outcome(7).digest, outcome(7).digest);
    assert_ne!(outcome(7).digest, outcome(8).digest);
}
