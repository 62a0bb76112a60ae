//! How large pages are and how long they take, at one real node with many patients, and a read of six holders over slow lines.
//!
//! `cargo build --release -p musubi && cargo bench -p e2e --bench pages` prints the table; `-- --write` also writes it into
//! `docs/benchmarks.md`. The reader runs with the `clinic` preset and holds 100,000 made-up patients beside those that six other
//! nodes know too, each a process of its own; between them and the reader lies a line of 50 ms (`line`).
//!
//! `--patients N` makes it smaller (`--patients 500` takes some minutes), `--looks N` sets how often each page is opened.
//! Reading order: `stage` (nodes, people, consents), `line`, `browser` (HTTP by hand), `measure`, `report`.
#[expect(dead_code, reason = "the test of six holders watches a page come")]
mod browser;
mod line;
#[path = "../fetch/machine.rs"]
#[expect(dead_code, reason = "the disk's probes are the other benchmark's")]
mod machine;
mod measure;
mod report;
mod stage;

use std::path::Path;

/// What was asked for.
pub struct Plan {
    /// Patients of the reader that nobody else knows.
    pub patients: u32,
    /// How often each page is opened.
    pub looks: usize,
    /// Whether the figures go onto the benchmarks page.
    pub writes: bool,
}

fn main() {
    let plan = plan(std::env::args().skip(1).filter(|argument| argument != "--bench"));
    let measured = measure::all(&plan);
    let text = report::table(&plan, &measured);
    println!("{text}");
    if plan.writes {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/benchmarks.md");
        report::write(&page, &text).expect("docs/benchmarks.md");
        println!("written to docs/benchmarks.md");
    }
}

fn plan(mut arguments: impl Iterator<Item = String>) -> Plan {
    let mut plan = Plan { patients: 100_000, looks: 100, writes: false };
    while let Some(word) = arguments.next() {
        let mut value = || arguments.next().unwrap_or_else(|| panic!("{word} wants a value"));
        match word.as_str() {
            "--write" => plan.writes = true,
            "--patients" => plan.patients = value().parse().expect("a number of patients"),
            "--looks" => plan.looks = value().parse().expect("a number of looks"),
            other => panic!("{other:?}: say --patients N, --looks N or --write"),
        }
    }
    plan
}
