//! The mesh set through the published index: what its readers find, and what strangers do.
use crate::mesh::attacker::{align_entries, align_single_fields, dictionary};
use crate::mesh::candidates::look_for_all;
use crate::mesh::game::{Shelves, correlation, play};
use crate::mesh::town::{Holder, Patient, Tagger};
use crate::sets;
use matching::office::columns::{Column, Map, open};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// Everything about the index, as tables.
pub fn table(folder: &Path, patients: &str) -> String {
    let name = format!("mesh-{patients}");
    let options = ["--seed", SEED, "--patients", patients, "--networks", "12", "--overlap", "0.3"];
    let (tables, truth) = sets::mesh(folder, &name, &options);
    let people = read(&tables, &truth);
    let tagger = Tagger::evaluated("the evaluators");
    let holders = publish(&people, &tagger, Shelves::Own);
    let found = look_for_all(&holders, 1);
    let mut out = format!(
        "Seed {SEED}, {} holders with {patients} persons each, {} registrations, {} entries on the shelves.\n\n",
        holders.len(),
        found.patients,
        holders.iter().map(|holder| holder.entries().len()).sum::<usize>()
    );
    let true_partners = found.partners as f64 / found.patients.max(1) as f64;
    out.push_str("| Candidates by tags | Recall | Candidates a record | True partners a record | Goal |\n|---|---|---|---|---|\n");
    let met = if found.recall() >= RECALL_MIN && found.per_patient() <= CANDIDATES_MAX { "met" } else { "not met" };
    let goal = format!("recall ≥ {RECALL_MIN} at ≤ {CANDIDATES_MAX}: {met}");
    row(&mut out, "a tag agrees", found.recall(), found.per_patient(), true_partners, &goal);
    for rules in [2, 3] {
        let several = look_for_all(&holders, rules);
        row(&mut out, &format!("{rules} tags agree"), several.recall(), several.per_patient(), true_partners, "");
    }
    attacks(&mut out, &people, &holders);
    game(&mut out, &people, &holders);
    out
}

fn row(out: &mut String, name: &str, recall: f64, candidates: f64, partners: f64, goal: &str) {
    let _ = writeln!(out, "| {name} | {recall:.4} | {candidates:.3} | {partners:.3} | {goal} |");
}

fn attacks(out: &mut String, people: &[Vec<(u64, matching::Demographics)>], holders: &[Holder]) {
    out.push_str("\n| Attack, without a key | Rightly attributed | Goal | Control | Rightly attributed |\n|---|---|---|---|---|\n");
    let plain = publish(people, &Tagger::Plain, Shelves::Own);
    let own = Tagger::evaluated("a key of the attacker's own");
    let (real, control) = (dictionary(holders, &own).share(), dictionary(&plain, &own).share());
    let mut line = |name: &str, real: f64, against: &str, control: f64| {
        let met = if real < LINKED_MAX { "met" } else { "not met" };
        let _ = writeln!(
            out,
            "| {name} | {:.4} % | < {} %: {met} | {against} | {:.2} % |",
            100.0 * real,
            100.0 * LINKED_MAX,
            100.0 * control
        );
    };
    line("dictionary of all residents", real, "tags by a hash without a key", control);
    let (real, control) = (align_entries(holders).share(), align_single_fields(holders).share());
    line("alignment by frequency, neighbours and order", real, "one keyed token per field", control);
}

fn game(out: &mut String, people: &[Vec<(u64, matching::Demographics)>], holders: &[Holder]) {
    out.push_str("\n| Do two holders share patients? | Between shelves of their own | Chance explains up to | Control: one shelf name for both |\n|---|---|---|---|\n");
    let pool: Vec<Patient> = holders[0].patients.iter().take(POOL).cloned().collect();
    let (own, shared) = (play(&pool, GAMES, Shelves::Own), play(&pool, GAMES, Shelves::Shared));
    for ((name, distance), (_, control)) in own.distances.iter().zip(&shared.distances) {
        let _ = writeln!(out, "| {name} | {distance:.3} | {:.3} | {control:.3} |", own.limit);
    }
    let (most, least) = (own.most(), shared.most());
    let _ = writeln!(out, "| the one that tells most | {most:.3} | {:.3} | {least:.3} |", own.limit);
    let (r, limit) = correlation(holders);
    let one_name = publish(people, &Tagger::Plain, Shelves::Shared);
    let (control, _) = correlation(&one_name);
    let _ = writeln!(
        out,
        "| all pairs of holders: common patients and slots that begin alike, r | {r:.3} | {limit:.3} | {control:.3} |"
    );
}

fn publish(people: &[Vec<(u64, matching::Demographics)>], tagger: &Tagger, shelves: Shelves) -> Vec<Holder> {
    let holder = |(at, patients): (usize, &Vec<(u64, matching::Demographics)>)| {
        let patients = patients.iter().map(|(person, raw)| tagger.patient(*person, raw.clone())).collect();
        Holder::publish(if shelves == Shelves::Own { at as u32 + 1 } else { 1 }, patients)
    };
    people.iter().enumerate().map(holder).collect()
}

/// The registrations of each table with the number of the person.
fn read(tables: &[std::path::PathBuf], truth: &Path) -> Vec<Vec<(u64, matching::Demographics)>> {
    let text =
        |path: &Path| std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let truth = text(truth);
    let persons: BTreeMap<&str, u64> = truth
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut fields = line.split(',');
            let (record, _, person) = (fields.next()?, fields.next()?, fields.next()?);
            Some((record, person.trim_matches(|c: char| !c.is_ascii_digit()).parse().ok()?))
        })
        .collect();
    let registrations = |path: &std::path::PathBuf| {
        let content = text(path);
        let (mut table, columns) = open(&content, &Map::default()).expect("columns");
        let (mut row, mut all) = (Vec::new(), Vec::new());
        while table.next(&mut row).expect("a row") {
            let person = persons[columns.get(&row, Column::RecordId).as_ref()];
            all.push((person, columns.demographics(&row)));
        }
        all
    };
    tables.iter().map(registrations).collect()
}

/// Where the tables stand in the page.
pub const MARKS: (&str, &str) = ("<!-- mesh: written by the benchmark -->", "<!-- end of mesh -->");
/// Never used to choose anything.
const SEED: &str = "21";
const RECALL_MIN: f64 = 0.99;
const CANDIDATES_MAX: f64 = 0.85;
/// Goal: what strangers attribute rightly stays below.
const LINKED_MAX: f64 = 0.005;
/// Patients from whom the games draw.
const POOL: usize = 300;
/// Games in each world.
const GAMES: usize = 400;
