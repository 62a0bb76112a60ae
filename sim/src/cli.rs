//! The commands, as `sim …` and as `musubi sim …`.
use crate::report::Outcome;
use crate::run::{Options, run};
use crate::scenario::{NAMES, ScenarioError, load_named};
use clap::{Parser, Subcommand};
use std::ffi::OsString;
use std::panic::catch_unwind;

/// Runs regions of nodes in simulated time, with faults, and watches what must never be.
#[derive(Debug, Parser)]
#[command(name = "sim", version)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Runs a scenario with one seed, or with several in a row.
    Run {
        /// Its name; `list` tells which there are.
        scenario: String,
        /// The seed; the first one if there are several.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How many seeds in a row.
        #[arg(long, default_value_t = 1)]
        seeds: u64,
        /// One JSON object per run instead of a page of text.
        #[arg(long)]
        json: bool,
    },
    /// Names the scenarios.
    List,
    /// Runs one seed again up to an event, and prints how far it came.
    Replay {
        /// Its name.
        #[arg(default_value = NAMES[0])]
        scenario: String,
        /// The seed.
        #[arg(long)]
        seed: u64,
        /// The last event; the whole run if left out.
        #[arg(long)]
        until: Option<u64>,
        /// One JSON object instead of a page of text.
        #[arg(long)]
        json: bool,
    },
}

/// All held.
pub const PASS: u8 = 0;
/// An invariant was violated.
pub const VIOLATED: u8 = 1;
/// The scenario or the command line cannot be used.
pub const UNUSABLE: u8 = 3;
/// The simulator itself, or an Engine, crashed.
pub const CRASHED: u8 = 5;

/// Runs a command line (the first argument is the program's name); prints, and gives the exit code.
pub fn main_with<I>(args: I) -> u8
where
    I: IntoIterator,
    I::Item: Into<OsString> + Clone,
{
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let is_help = !error.use_stderr();
            // Nobody is left to tell if even the terminal is gone.
            let _ = error.print();
            return if is_help { PASS } else { UNUSABLE };
        }
    };
    let done = match cli.verb {
        Verb::Run { scenario, seed, seeds, json } => campaign(&scenario, seed, seeds.max(1), json),
        Verb::List => {
            list();
            Ok(PASS)
        }
        Verb::Replay { scenario, seed, until, json } => one(&scenario, seed, until, json),
    };
    done.unwrap_or_else(|error| {
        eprintln!("{error}");
        UNUSABLE
    })
}

fn campaign(scenario: &str, seed: u64, seeds: u64, json: bool) -> Result<u8, ScenarioError> {
    let mut worst = PASS;
    for seed in seed..seed.saturating_add(seeds) {
        let code = one(scenario, seed, None, json)?;
        worst = worst.max(code);
        if code != PASS {
            break;
        }
    }
    Ok(worst)
}

fn one(scenario: &str, seed: u64, until: Option<u64>, json: bool) -> Result<u8, ScenarioError> {
    let loaded = load_named(scenario)?;
    let options = Options { until, ..Options::default() };
    let Ok(outcome) = catch_unwind(|| run(&loaded, seed, options)) else {
        eprintln!("{scenario} seed {seed}: crashed; run it again with `sim replay {scenario} --seed {seed}`");
        return Ok(CRASHED);
    };
    print(&outcome, json);
    Ok(if outcome.stopped.is_some() { VIOLATED } else { PASS })
}

fn print(outcome: &Outcome, json: bool) {
    if json {
        match serde_json::to_string(&outcome.report()) {
            Ok(text) => println!("{text}"),
            Err(error) => eprintln!("the report cannot be written: {error}"),
        }
    } else {
        println!("{}", outcome.text());
    }
}

fn list() {
    for name in NAMES {
        match load_named(name) {
            Ok(scenario) => println!(
                "{name}  {} ({} nodes, {})",
                scenario.file.title_ja,
                scenario.nodes.len(),
                scenario.file.horizon
            ),
            Err(error) => println!("{name}  {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_used_says_so_with_its_own_code() {
        assert_eq!(main_with(["sim", "run", "nowhere"]), UNUSABLE);
        assert_eq!(main_with(["sim", "run"]), UNUSABLE);
        assert_eq!(main_with(["sim", "--help"]), PASS);
        assert_eq!(main_with(["sim", "list"]), PASS);
    }
    #[test]
    fn a_replay_stops_where_it_is_told_to() {
        assert_eq!(main_with(["sim", "replay", "kesen-mmwin", "--seed", "7", "--until", "300", "--json"]), PASS);
    }
}
