//! The commands, as `sim …` and as `musubi sim …`.
use crate::scenario::NAMES;
use clap::{Parser, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;

mod verbs;

/// Runs regions of nodes in simulated time, with faults, and watches what must never be.
#[derive(Debug, Parser)]
#[command(name = "sim", version)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Runs a scenario with one seed, or with several in a row until one fails.
    Run {
        /// Its name; `list` tells which there are.
        scenario: String,
        /// The seed; the first one if there are several.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How many seeds in a row.
        #[arg(long, default_value_t = 1)]
        seeds: u64,
        /// Signatures that cost nothing instead of real ones (a build with `--features plants`).
        #[arg(long)]
        ledger: bool,
        /// One JSON object per run instead of a page of text.
        #[arg(long)]
        json: bool,
    },
    /// Runs many seeds and sums up what held, what was met and how much was simulated.
    Swarm {
        /// The scenario.
        #[arg(default_value = NAMES[0])]
        scenario: String,
        /// The first seed; for several processes give each a range of its own.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How many seeds.
        #[arg(long, default_value_t = 100)]
        seeds: u64,
        /// One JSON object instead of a page of text.
        #[arg(long)]
        json: bool,
    },
    /// Measures events a second and simulated time per real time at 10, 150 and 1,461 nodes.
    Bench {
        /// Only this many nodes.
        #[arg(long)]
        nodes: Option<usize>,
        /// A page with the lines of `sim bench`, between which the table goes.
        #[arg(long)]
        write: Option<PathBuf>,
        /// One JSON object for each size instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Names the scenarios.
    List,
    /// Runs one seed again up to an event, or a case that was made small, and prints how far it came.
    Replay {
        /// Its name.
        #[arg(default_value = NAMES[0])]
        scenario: String,
        /// The seed.
        #[arg(long, required_unless_present = "case")]
        seed: Option<u64>,
        /// The last event; the whole run if left out.
        #[arg(long)]
        until: Option<u64>,
        /// A file that `shrink` wrote, instead of scenario and seed.
        #[arg(long, conflicts_with_all = ["seed", "until"])]
        case: Option<PathBuf>,
        /// One JSON object instead of a page of text.
        #[arg(long)]
        json: bool,
    },
    /// Prints every event of a run, one line each.
    Trace {
        /// The scenario.
        #[arg(default_value = NAMES[0])]
        scenario: String,
        /// The seed.
        #[arg(long)]
        seed: u64,
        /// The last event; the whole run if left out.
        #[arg(long)]
        until: Option<u64>,
        /// Only lines that name this node.
        #[arg(long)]
        node: Option<String>,
        /// Only so many lines from the end.
        #[arg(long)]
        last: Option<usize>,
    },
    /// Makes the failure of a seed small: fewer faults, fewer deeds, an earlier end.
    Shrink {
        /// The scenario.
        #[arg(default_value = NAMES[0])]
        scenario: String,
        /// The seed that fails.
        #[arg(long)]
        seed: u64,
        /// Where to write the case; printed if left out.
        #[arg(long)]
        out: Option<PathBuf>,
        /// With this bug planted (a build with `--features plants`).
        #[arg(long)]
        plant: Option<String>,
    },
    /// Plants one known mistake, or each in turn, and says which seed shows it (a build with `--features plants`).
    Plant {
        /// Its number, as P01; all if left out.
        id: Option<String>,
        /// The scenario.
        #[arg(long, default_value = NAMES[0])]
        scenario: String,
    },
}

/// All held.
pub const PASS: u8 = 0;
/// An invariant was violated.
pub const VIOLATED: u8 = 1;
/// What must come about in time did not.
pub const LATE: u8 = 2;
/// The scenario, a case or the command line cannot be used, or a file cannot be written.
pub const UNUSABLE: u8 = 3;
/// The simulator itself, or an Engine, crashed.
pub const CRASHED: u8 = 5;

/// Runs a command line (the first argument is the program's name); prints, and gives the exit code. `now` gives microseconds of
/// real time since some moment, for what measures.
pub fn main_with<I>(args: I, now: &dyn Fn() -> u64) -> u8
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
    verbs::carry_out(cli.verb, now).unwrap_or_else(|error| {
        eprintln!("{error}");
        UNUSABLE
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn main_with<const N: usize>(args: [&str; N]) -> u8 {
        super::main_with(args, &|| 0)
    }

    #[test]
    fn what_cannot_be_used_says_so_with_its_own_code() {
        assert_eq!(main_with(["sim", "run", "nowhere"]), UNUSABLE);
        assert_eq!(main_with(["sim", "run"]), UNUSABLE);
        assert_eq!(main_with(["sim", "--help"]), PASS);
        assert_eq!(main_with(["sim", "list"]), PASS);
        assert_eq!(main_with(["sim", "replay"]), UNUSABLE);
        assert_eq!(main_with(["sim", "replay", "--case", "nowhere.toml"]), UNUSABLE);
        assert_eq!(main_with(["sim", "plant", "P99"]), UNUSABLE);
        assert_eq!(main_with(["sim", "trace", "--seed", "1", "--node", "nobody"]), UNUSABLE);
    }
    #[test]
    fn a_replay_stops_where_it_is_told_to() {
        assert_eq!(main_with(["sim", "replay", "kesen-mmwin", "--seed", "7", "--until", "300", "--json"]), PASS);
    }
}
