//! Making a failure small. What a run is made of are lists drawn from its seed, so parts are left out of the lists, never the
//! seed changed: the end is moved to the failure, whole classes of faults go, then single faults, then single deeds, as long
//! as the same invariant still fails.
use crate::check::Invariant;
use crate::faults::{self, Class};
use crate::plants::planted;
use crate::run::{Kept, Options, Stopped, run};
use crate::scenario::{Scenario, ScenarioError, load_named};
use crate::seed::Seed;
use crate::work;
use crate::world::settle;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// A failure to be run again: a scenario of the house, a seed, and what is left of the lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Name of the scenario.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// The bug that was planted, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plant: Option<String>,
    /// The invariant that fails.
    pub invariant: String,
    /// What happens.
    pub kept: Kept,
}

/// A failure that was made small.
#[derive(Clone, Debug)]
pub struct Small {
    /// To be kept.
    pub case: Case,
    /// How it ends now.
    pub stopped: Stopped,
    /// Runs that it took.
    pub runs: u64,
    /// Faults and deeds that the whole run had.
    pub of: (usize, usize),
}

/// Makes the failure of a seed small, within so many runs; none if the seed holds. `only` looks at one invariant from the start
/// on.
pub fn shrink(scenario: &Scenario, seed: u64, only: Option<Invariant>, runs_max: u64) -> Option<Small> {
    let first = run(scenario, seed, Options { only, ..Options::default() }).stopped?;
    let faults = faults::plan(scenario, Seed(seed));
    let acts = work::plan(scenario, &settle(scenario, Seed(seed)), Seed(seed)).len();
    let kept = Kept { end_us: first.at.0, faults: (0..faults.len()).collect(), acts: (0..acts).collect() };
    let mut search =
        Search { scenario, seed, invariant: first.violation.invariant, kept, stopped: first, runs: 1, runs_max };
    for class in Class::ALL {
        let without = |at: &usize| faults[*at].shape.class() != class;
        let rest: Vec<usize> = search.kept.faults.iter().copied().filter(without).collect();
        if rest.len() < search.kept.faults.len() {
            search.try_faults(&rest);
        }
    }
    let list: Vec<usize> = search.kept.faults.iter().copied().collect();
    minimize(list, &mut |rest| search.try_faults(rest));
    let list: Vec<usize> = search.kept.acts.iter().copied().collect();
    minimize(list, &mut |rest| search.try_acts(rest));
    // With fewer deeds fewer faults may matter.
    let list: Vec<usize> = search.kept.faults.iter().copied().collect();
    minimize(list, &mut |rest| search.try_faults(rest));
    let case = Case {
        scenario: scenario.file.name.clone(),
        seed,
        plant: None,
        invariant: search.invariant.to_string(),
        kept: search.kept,
    };
    Some(Small { case, stopped: search.stopped, runs: search.runs, of: (faults.len(), acts) })
}

struct Search<'s> {
    scenario: &'s Scenario,
    seed: u64,
    invariant: Invariant,
    kept: Kept,
    stopped: Stopped,
    runs: u64,
    runs_max: u64,
}

impl Search<'_> {
    fn try_faults(&mut self, rest: &[usize]) -> bool {
        self.try_kept(Kept { faults: rest.iter().copied().collect(), ..self.kept.clone() })
    }
    fn try_acts(&mut self, rest: &[usize]) -> bool {
        self.try_kept(Kept { acts: rest.iter().copied().collect(), ..self.kept.clone() })
    }
    /// Takes over what still fails.
    fn try_kept(&mut self, kept: Kept) -> bool {
        if self.runs >= self.runs_max {
            return false;
        }
        self.runs += 1;
        let options = Options { only: Some(self.invariant), kept: Some(&kept), ..Options::default() };
        let Some(stopped) = run(self.scenario, self.seed, options).stopped else { return false };
        self.kept = Kept { end_us: stopped.at.0, ..kept };
        self.stopped = stopped;
        true
    }
}

/// Leaves out of a list what is not needed: ever smaller pieces, until no single item can go.
fn minimize(mut list: Vec<usize>, holds: &mut dyn FnMut(&[usize]) -> bool) {
    if list.is_empty() || holds(&[]) {
        return;
    }
    let mut piece = list.len().div_ceil(2);
    loop {
        let (mut at, mut has_shrunk) = (0, false);
        while at < list.len() {
            let end = (at + piece).min(list.len());
            let rest: Vec<usize> = list[..at].iter().chain(&list[end..]).copied().collect();
            if rest.len() < list.len() && !rest.is_empty() && holds(&rest) {
                list = rest;
                has_shrunk = true;
            } else {
                at = end;
            }
        }
        match (piece, has_shrunk) {
            (1, false) => return,
            (1, true) => {}
            _ => piece = piece.div_ceil(2),
        }
    }
}

/// Why a case cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaseError {
    /// Not the form of a case.
    #[error("the case cannot be read: {0}")]
    Form(String),
    /// Its scenario.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// Its bug is planted only in a build for it.
    #[error(
        "the case plants `{0}`, which this build cannot: `cargo run --release -p sim --features plants -- replay --case FILE`"
    )]
    Plant(String),
}

impl Case {
    /// Reads a case.
    ///
    /// # Errors
    /// [`CaseError::Form`] with the place.
    pub fn read(text: &str) -> Result<Self, CaseError> {
        toml::from_str(text).map_err(|error| CaseError::Form(error.to_string()))
    }
    /// As a file: what it does in words, then the fields.
    pub fn text(&self, stopped: &Stopped) -> Result<String, CaseError> {
        let scenario = load_named(&self.scenario)?;
        let faults = faults::plan(&scenario, Seed(self.seed));
        let acts = work::plan(&scenario, &settle(&scenario, Seed(self.seed)), Seed(self.seed));
        let mut out = format!("# {}: {}\n", self.invariant, stopped.violation.witness.replace('\n', " "));
        for fault in self.kept.faults.iter().filter_map(|at| faults.get(*at)) {
            let _ = writeln!(out, "# {} {:?} for {} s", fault.at, fault.shape, fault.span_us / 1_000_000);
        }
        for act in self.kept.acts.iter().filter_map(|at| acts.get(*at)) {
            let _ = writeln!(out, "# {} {:?}", act.at, act.deed);
        }
        out += &toml::to_string(self).map_err(|error| CaseError::Form(error.to_string()))?;
        Ok(out)
    }
    /// Runs it as it stands.
    ///
    /// # Errors
    /// [`CaseError`] if this build cannot.
    pub fn run(&self) -> Result<crate::report::Outcome, CaseError> {
        let scenario = load_named(&self.scenario)?;
        let only = Invariant::ALL.into_iter().find(|invariant| invariant.to_string() == self.invariant);
        let only = Some(only.ok_or_else(|| CaseError::Form(format!("`{}` is no invariant", self.invariant)))?);
        let options = Options { only, kept: Some(&self.kept), ..Options::default() };
        let plant = self.plant.as_deref();
        let done = planted(plant, || run(&scenario, self.seed, options));
        done.ok_or_else(|| CaseError::Plant(plant.unwrap_or_default().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_failure_needs_is_left() {
        let check = |needed: &[usize], of: usize| {
            let mut left: Vec<usize> = (0..of).collect();
            minimize(left.clone(), &mut |rest| {
                let fails = needed.iter().all(|at| rest.contains(at));
                if fails {
                    left = rest.to_vec();
                }
                fails
            });
            assert_eq!(left, needed);
        };
        check(&[], 9);
        check(&[3], 10);
        check(&[0, 9], 10);
        check(&[1, 2, 64], 100);
    }
    #[test]
    fn a_case_reads_back_and_a_wrong_one_says_why() {
        let kept = Kept { end_us: 5, faults: [1].into(), acts: [2, 3].into() };
        let case =
            Case { scenario: "kesen-mmwin".into(), seed: 1, plant: Some("P01".into()), invariant: "I01".into(), kept };
        let text = toml::to_string(&case).expect("TOML");
        assert_eq!(Case::read(&text), Ok(case.clone()));
        assert!(matches!(Case::read("seed = 1"), Err(CaseError::Form(_))));
        let odd = Case { invariant: "I99".into(), plant: None, ..case };
        assert!(odd.run().is_err_and(|error| error.to_string().contains("I99")));
    }
}
