//! Taking an SS-MIX2 storage in, beside three other ways through the same files, in one run.
//!
//! `cargo bench -p e2e --bench ingest` prints the tables; `-- --write` also writes them into `docs/benchmarks.md`. Our side is
//! the node's taking in, in a process of its own, with everything that it does: character sets, parsing, sealing, journal synced
//! for every batch, search keys, counts. The others: reading and hashing the files only; an
//! import of the same parsed fields into SQLite; a Python library that parses them.
//!
//! `--patients N` sets the size of the storage (600 unless given; some 40 files each), `--rounds N` how often (3),
//! `--large N` takes a second storage of N patients in once and measures reading, opening and scanning again on it.
//!
//! Reading order: `tree` (the storage), `hashing`, `sqlite`, `python` (the other sides), `ours`, `reads`, `measure`, `report`.
mod hashing;
#[path = "../fetch/machine.rs"]
#[expect(dead_code, reason = "the disk's probes are the other benchmark's")]
mod machine;
mod measure;
mod ours;
mod python;
mod reads;
mod report;
mod sqlite;
mod tree;

use std::path::Path;

/// What was asked for.
pub struct Plan {
    /// People in the storage that all ways take in.
    pub patients: u32,
    /// How often each way takes it in.
    pub rounds: usize,
    /// People of a second, larger storage, for reads and opening; 0 for none.
    pub large: u32,
    /// Whether the figures go onto the benchmarks page.
    pub writes: bool,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if ours::serve(&arguments) {
        return;
    }
    let plan = plan(arguments);
    let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let measured = measure::all(&plan, folder.path());
    let text = report::table(&measured);
    println!("{text}");
    if plan.writes {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/benchmarks.md");
        report::write(&page, &text).expect("docs/benchmarks.md");
        println!("written to docs/benchmarks.md");
    }
}

fn plan(arguments: Vec<String>) -> Plan {
    let mut plan = Plan { patients: 600, rounds: 3, large: 0, writes: false };
    let mut arguments = arguments.into_iter();
    while let Some(word) = arguments.next() {
        let mut value = || arguments.next().unwrap_or_else(|| panic!("{word} wants a value"));
        match word.as_str() {
            "--write" => plan.writes = true,
            "--patients" => plan.patients = value().parse().expect("a number of patients"),
            "--rounds" => plan.rounds = value().parse().expect("a number of rounds"),
            "--large" => plan.large = value().parse().expect("a number of patients"),
            other => panic!("{other:?}: say --patients N, --rounds N, --large N or --write"),
        }
    }
    plan
}
