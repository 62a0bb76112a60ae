use super::{CRASHED, LATE, PASS, VIOLATED, Verb};
use crate::bench::{LOADS, Load, measure, table};
use crate::limits::SHRINK_RUNS_MAX;
use crate::plants::{CAN_PLANT, PLANTS, SEEDS_MAX, find, planted};
use crate::report::Outcome;
use crate::run::{Options, run};
use crate::scenario::{NAMES, Scenario, Span, load_named};
use crate::shrink::{Case, shrink};
use crate::swarm::{Sweep, Violated};
use std::panic::catch_unwind;
use std::path::Path;

/// Why a verb could not be carried out, for whoever typed it.
type Sorry = Box<dyn std::error::Error>;

/// Does it; prints, and gives the exit code.
pub(super) fn carry_out(verb: Verb, now: &dyn Fn() -> u64) -> Result<u8, Sorry> {
    match verb {
        Verb::Run { scenario, seed, seeds, ledger, json } => {
            let options = signed_by(ledger)?;
            let scenario = load_named(&scenario)?;
            in_a_row(&scenario, seed, seeds.max(1), |outcome| print(outcome, json), options)
        }
        Verb::Swarm { scenario, seed, seeds, json } => swarm(&load_named(&scenario)?, seed, seeds, json),
        Verb::Bench { nodes, write, json } => bench(nodes, write.as_deref(), json, now),
        Verb::List => {
            list();
            Ok(PASS)
        }
        Verb::Replay { case: Some(case), json, .. } => again(&case, json),
        Verb::Replay { scenario, seed, until, case: None, json } => {
            let options = Options { until, ..Options::default() };
            in_a_row(&load_named(&scenario)?, seed.unwrap_or(1), 1, |outcome| print(outcome, json), options)
        }
        Verb::Trace { scenario, seed, until, node, last } => {
            let scenario = load_named(&scenario)?;
            if let Some(node) = node.as_ref().filter(|node| !scenario.nodes.iter().any(|known| known.id == **node)) {
                let names: Vec<&str> = scenario.nodes.iter().map(|node| node.id.as_str()).collect();
                return Err(format!("no node is called `{node}`; there are {}", names.join(", ")).into());
            }
            let options = Options { until, all_lines: true, ..Options::default() };
            in_a_row(&scenario, seed, 1, |outcome| trace(outcome, node.as_deref(), last), options)
        }
        Verb::Shrink { scenario, seed, out, plant } => {
            small(&load_named(&scenario)?, seed, out.as_deref(), plant.as_deref())
        }
        Verb::Plant { id, scenario } => plant(&load_named(&scenario)?, id.as_deref()),
    }
}

/// Seeds one after the other; the first that fails ends it.
fn in_a_row(
    scenario: &Scenario,
    seed: u64,
    seeds: u64,
    print: impl Fn(&Outcome),
    options: Options<'_>,
) -> Result<u8, Sorry> {
    for seed in seed..seed.saturating_add(seeds) {
        let Ok(outcome) = catch_unwind(|| run(scenario, seed, options)) else {
            let name = &scenario.file.name;
            eprintln!("{name} seed {seed}: crashed; run it again with `sim replay {name} --seed {seed}`");
            return Ok(CRASHED);
        };
        print(&outcome);
        if outcome.stopped.is_some() {
            return Ok(code_of(&outcome));
        }
    }
    Ok(PASS)
}

fn code_of(outcome: &Outcome) -> u8 {
    match &outcome.stopped {
        None => PASS,
        Some(stopped) if stopped.violation.invariant.is_liveness() => LATE,
        Some(_) => VIOLATED,
    }
}

fn swarm(scenario: &Scenario, seed: u64, seeds: u64, json: bool) -> Result<u8, Sorry> {
    let mut tell = |sweep: &Sweep| {
        if sweep.seeds.is_multiple_of(TELL_SEEDS) {
            eprintln!("{} seeds, {} violated, {} crashed", sweep.seeds, sweep.violated.len(), sweep.crashed.len());
        }
    };
    let sweep = Sweep::run(scenario, seed, seeds, &mut tell);
    match json {
        true => println!("{}", serde_json::to_string(&sweep)?),
        false => println!("{}", sweep.text()),
    }
    let is_late = |violated: &Violated| violated.invariant.starts_with('L');
    Ok(match (sweep.crashed.is_empty(), sweep.violated.is_empty()) {
        (false, _) => CRASHED,
        (true, false) if sweep.violated.iter().all(is_late) => LATE,
        (true, false) => VIOLATED,
        (true, true) => PASS,
    })
}

fn bench(nodes: Option<usize>, page: Option<&Path>, json: bool, now: &dyn Fn() -> u64) -> Result<u8, Sorry> {
    let own = nodes.filter(|nodes| LOADS.iter().all(|load| load.nodes != *nodes));
    let own = own.map(|nodes| Load { nodes, horizon: Span(3_600_000), goal: None });
    let loads = LOADS.into_iter().filter(|load| nodes.is_none_or(|nodes| load.nodes == nodes)).chain(own);
    let mut all = Vec::new();
    for load in loads {
        eprintln!("{} nodes, {}", load.nodes, load.horizon);
        let measured = measure(load, now)?;
        if json {
            println!("{}", serde_json::to_string(&measured)?);
        }
        all.push(measured);
    }
    if !json {
        print!("{}", table(&all));
    }
    if let Some(page) = page {
        let sorry = |error: std::io::Error| format!("{}: {error}", page.display());
        let text = std::fs::read_to_string(page).map_err(sorry)?;
        let (before, rest) = text.split_once(BEGIN).ok_or_else(|| format!("{}: no line {BEGIN}", page.display()))?;
        let after = rest.split_once(END).map_or("", |(_, after)| after);
        let written = format!("{before}{BEGIN}\n\n{}\n{END}{after}", table(&all));
        std::fs::write(page, written).map_err(sorry)?;
    }
    Ok(PASS)
}

fn again(case: &Path, json: bool) -> Result<u8, Sorry> {
    let text = std::fs::read_to_string(case).map_err(|error| format!("{}: {error}", case.display()))?;
    let outcome = Case::read(&text)?.run()?;
    print(&outcome, json);
    Ok(code_of(&outcome))
}

fn trace(outcome: &Outcome, node: Option<&str>, last: Option<usize>) {
    let is_named = |line: &&String| node.is_none_or(|node| line.split_whitespace().any(|word| word == node));
    let lines: Vec<&String> = outcome.trace.iter().filter(is_named).collect();
    let from = lines.len().saturating_sub(last.unwrap_or(usize::MAX));
    lines[from..].iter().for_each(|line| println!("{line}"));
    if let Some(stopped) = &outcome.stopped {
        println!("{} violated: {}", stopped.violation.invariant, stopped.violation.witness);
    }
}

fn small(scenario: &Scenario, seed: u64, out: Option<&Path>, plant: Option<&str>) -> Result<u8, Sorry> {
    plant.map_or(Ok(()), known)?;
    let found = planted(plant, || shrink(scenario, seed, None, SHRINK_RUNS_MAX));
    let needs_feature = || needs_feature(&format!("shrink --seed N --plant {}", plant.unwrap_or_default()));
    let Some(mut small) = found.ok_or_else(needs_feature)? else {
        eprintln!("{} seed {seed} holds: there is nothing to make small", scenario.file.name);
        return Ok(PASS);
    };
    small.case.plant = plant.map(str::to_owned);
    let (faults, acts) = (small.case.kept.faults.len(), small.case.kept.acts.len());
    eprintln!(
        "{faults} of {} faults and {acts} of {} deeds are left after {} runs",
        small.of.0, small.of.1, small.runs
    );
    let text = small.case.text(&small.stopped)?;
    match out {
        Some(out) => std::fs::write(out, text).map_err(|error| format!("{}: {error}", out.display()))?,
        None => print!("{text}"),
    }
    Ok(VIOLATED)
}

fn signed_by(ledger: bool) -> Result<Options<'static>, Sorry> {
    match ledger && !CAN_PLANT {
        true => Err(needs_feature("run NAME --ledger")),
        false => Ok(Options { ledger, ..Options::default() }),
    }
}

fn plant(scenario: &Scenario, id: Option<&str>) -> Result<u8, Sorry> {
    id.map_or(Ok(()), known)?;
    if !CAN_PLANT {
        return Err(needs_feature(&format!("plant {}", id.unwrap_or_default())));
    }
    println!("| Plant | Mistake | Found by | Seed | Event |\n|---|---|---|---|---|");
    let mut worst = PASS;
    for plant in PLANTS.iter().filter(|plant| id.is_none_or(|id| plant.id == id)) {
        let own = plant.scenario.map(load_named).transpose()?;
        let place = match find(own.as_ref().unwrap_or(scenario), plant) {
            Some(found) => format!("{} | {}", found.seed, found.stopped.event),
            None => {
                worst = VIOLATED;
                format!("not found in {SEEDS_MAX} | –")
            }
        };
        println!("| {} | {} | {} | {place} |", plant.id, plant.mistake, plant.invariant);
    }
    Ok(worst)
}

fn known(id: &str) -> Result<(), Sorry> {
    if PLANTS.iter().any(|plant| plant.id == id) {
        return Ok(());
    }
    let mut ids: Vec<&str> = PLANTS.iter().map(|plant| plant.id).collect();
    ids.dedup();
    Err(format!("no plant is called `{id}`; there are {}", ids.join(", ")).into())
}

fn needs_feature(verb: &str) -> Sorry {
    format!("this build can plant nothing: `cargo run --release -p sim --features plants -- {}`", verb.trim()).into()
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

/// The line before the table of a page.
const BEGIN: &str = "<!-- figures: written by sim bench -->";
/// The line after it.
const END: &str = "<!-- end of sim bench -->";
/// How often a campaign says how far it is.
const TELL_SEEDS: u64 = 25;
