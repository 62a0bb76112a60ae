//! Many seeds in a row: what held, what was met, and how much was simulated.
use crate::report::Outcome;
use crate::run::{Options, run};
use crate::scenario::Scenario;
use serde::Serialize;
use std::collections::BTreeMap;
use std::panic::catch_unwind;

/// What a campaign has to say. Keys are stable.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Sweep {
    /// Which scenario.
    pub scenario: String,
    /// The first seed.
    pub from: u64,
    /// Seeds that were run.
    pub seeds: u64,
    /// Runs that held and showed something.
    pub passed: u64,
    /// Runs that held and showed nothing.
    pub void: u64,
    /// Runs that an invariant stopped.
    pub violated: Vec<Violated>,
    /// Seeds at which the simulator or an Engine crashed.
    pub crashed: Vec<u64>,
    /// Milliseconds of simulated time, of all nodes together.
    pub node_ms: u64,
    /// Events.
    pub events: u64,
    /// Answers with records.
    pub releases: u64,
    /// Runs in which a class of faults was on.
    pub faults: BTreeMap<String, u64>,
    /// Runs that met a rare thing (reasons of refusals, marks, kinds of frames).
    pub met: BTreeMap<String, u64>,
}

/// A run that an invariant stopped.
#[derive(Clone, Debug, Serialize)]
pub struct Violated {
    /// Its seed.
    pub seed: u64,
    /// Which invariant.
    pub invariant: String,
    /// What shows it.
    pub witness: String,
    /// The command that shows it again.
    pub replay: String,
}

impl Sweep {
    /// Runs so many seeds; `tell` hears of each as it ends. Violations do not end it.
    pub fn run(scenario: &Scenario, from: u64, seeds: u64, tell: &mut dyn FnMut(&Self)) -> Self {
        let mut sweep = Self { scenario: scenario.file.name.clone(), from, ..Self::default() };
        for seed in from..from.saturating_add(seeds) {
            match catch_unwind(|| run(scenario, seed, Options::default())) {
                Ok(outcome) => sweep.add(&outcome),
                Err(_) => sweep.crashed.push(seed),
            }
            sweep.seeds += 1;
            tell(&sweep);
        }
        sweep
    }
    fn add(&mut self, outcome: &Outcome) {
        self.node_ms += outcome.simulated_ms * outcome.nodes as u64;
        self.events += outcome.events;
        self.releases += outcome.tally.releases;
        for word in outcome.tally.marks.keys() {
            let (list, word) = match word.strip_prefix("fault ") {
                Some(class) => (&mut self.faults, class),
                None => (&mut self.met, word.as_str()),
            };
            *list.entry(word.to_owned()).or_default() += 1;
        }
        match &outcome.stopped {
            Some(stopped) => self.violated.push(Violated {
                seed: outcome.seed,
                invariant: stopped.violation.invariant.to_string(),
                witness: stopped.violation.witness.clone(),
                replay: outcome.replay(),
            }),
            None if outcome.is_void() => self.void += 1,
            None => self.passed += 1,
        }
    }
    /// Years that one node would have to run for as much.
    pub fn node_years(&self) -> f64 {
        self.node_ms as f64 / (365.25 * 86_400_000.0)
    }
    /// As a page of text.
    pub fn text(&self) -> String {
        let counts = |map: &BTreeMap<String, u64>| {
            let items: Vec<String> = map.iter().map(|(word, count)| format!("{word} {count}")).collect();
            items.join(", ")
        };
        let last = self.from.saturating_add(self.seeds).saturating_sub(1);
        let mut lines = vec![
            format!("{}, seeds {} to {last}", self.scenario, self.from),
            format!(
                "  held      {} and showed something, {} held and showed nothing, {} violated, {} crashed",
                self.passed,
                self.void,
                self.violated.len(),
                self.crashed.len()
            ),
            format!(
                "  work      {} events, {} answers with records, {:.2} simulated node-years",
                self.events,
                self.releases,
                self.node_years()
            ),
            format!("  faults    {}", counts(&self.faults)),
            format!("  met       {}", counts(&self.met)),
        ];
        for violated in &self.violated {
            lines.push(format!("  seed {}  {} {}", violated.seed, violated.invariant, violated.witness));
            lines.push(format!("    again   {}", violated.replay));
        }
        lines.extend(self.crashed.iter().map(|seed| format!("  seed {seed}  crashed")));
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_counts_each_run_once() {
        let scenario = crate::scenario::load_named("kesen-mmwin").expect("of the house");
        let mut told = 0;
        let sweep = Sweep::run(&scenario, 3, 2, &mut |_| told += 1);
        assert_eq!((told, sweep.seeds), (2, 2));
        assert_eq!(sweep.passed + sweep.void + sweep.violated.len() as u64 + sweep.crashed.len() as u64, 2);
        let alone = run(&scenario, 3, Options::default()).events + run(&scenario, 4, Options::default()).events;
        assert_eq!(sweep.events, alone);
        assert!(sweep.node_years() > 0.05 && sweep.text().contains("seeds 3 to 4"), "{}", sweep.text());
    }
}
