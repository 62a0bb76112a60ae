//! Two of nine members are bad neighbours: every behaviour ends as it must, and the others are served as if they were good.
use sim::report::Outcome;
use sim::run::{Options, run};
use sim::scenario::{Scenario, load_named};
use std::collections::BTreeSet;

fn scenario() -> Scenario {
    load_named("bad-neighbours").expect("of the house")
}

/// The same region in which those two mean well; they are still counted apart.
fn peaceful() -> Scenario {
    let mut scenario = scenario();
    scenario.file.work.attacks = 0;
    scenario
}

/// Answers with records that good readers had of holders that are good in the scenario.
fn good(outcome: &Outcome) -> u64 {
    outcome.tally.good[1]
}

#[test]
fn others_are_served_as_if_there_were_no_bad_neighbours() {
    let (bad, calm) = (scenario(), peaceful());
    let (mut served, mut before) = (0, 0);
    let mut marks: BTreeSet<String> = BTreeSet::new();
    for seed in 1..=6 {
        let outcome = run(&bad, seed, Options::default());
        assert_eq!(outcome.stopped, None, "{}", outcome.text());
        assert_eq!(outcome.mark("log damaged"), 0, "{}", outcome.text());
        served += good(&outcome);
        marks.extend(outcome.tally.marks.into_keys());
        before += good(&run(&calm, seed, Options::default()));
    }
    for id in ["B02", "B03", "B04", "B08", "B10", "B11", "B13", "B14", "B15", "B22", "B28"] {
        assert!(marks.contains(&format!("attack {id}")), "never met: {id}; met: {marks:?}");
    }
    for mark in ["attack B03 with a request that was made", "hung up", "bad frame", "reason replayed"] {
        assert!(marks.contains(mark), "never met: {mark}; met: {marks:?}");
    }
    println!("answers with records between good neighbours: {served}, without bad ones {before}");
    assert!(before > 60, "too few reads to compare: {before}");
    assert!(served * 10 >= before * 9, "{served} of {before}: service fell by more than a tenth");
}
