//! Bringing a copy of a shelf of a million entries up to date, beside the information limit, the whole shelf and negentropy.
//!
//! `cargo bench -p e2e --bench sync` prints the tables; `-- --write` also writes them into `docs/benchmarks.md`. Our side is
//! three Engines that talk through the real codec: an author, a copy that is behind by so many entries, and another copy that
//! joined later. The first copy follows the author (the normal case), or has only the other one to ask, which cannot tell it
//! what was removed before it joined (a repair). Bytes are those of all frames about the index, both ways.
//!
//! `--entries N` sets the size of the shelf (1,000,000 unless given); differences that are no smaller are left out.
//!
//! Reading order: `town` (the Engines), `ranges` (negentropy over the same entries), `measure`, `report`.
#[path = "../fetch/machine.rs"]
#[expect(dead_code, reason = "the disk's probes are the other benchmark's")]
mod machine;
mod measure;
mod ranges;
mod report;
mod town;

use std::path::Path;

fn main() {
    let (mut entries, mut writes) = (1_000_000, false);
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    while let Some(word) = arguments.next() {
        match word.as_str() {
            "--write" => writes = true,
            "--entries" => {
                entries = arguments.next().and_then(|text| text.parse().ok()).expect("--entries wants a number");
            }
            other => panic!("{other:?}: say --entries N or --write"),
        }
    }
    let text = report::table(&measure::all(entries));
    println!("{text}");
    if writes {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/benchmarks.md");
        report::write(&page, &text).expect("docs/benchmarks.md");
        println!("written to docs/benchmarks.md");
    }
}
