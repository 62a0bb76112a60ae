//! How well and how fast records are linked: the whole table of docs/benchmarks.md, section "Linking", by one command.
//!
//! `cargo bench -p matching --bench linkage` makes the generated sets (seeds 21 to 61, chosen before and never tuned on),
//! fetches FEBRL and the peers from PyPI into a folder of its own, runs every case in a process of its own and prints the
//! table; `-- --write` also writes it into the page. `-- --set DIR` judges one folder of `generate.py`, for development;
//! `-- --mesh` runs only what concerns the index of several networks (`--patients N` in each of twelve, 5,000 unless given).
//! Reading order: `sets` (what is linked), `child` (one case in one process), `peers`, `table`; `mesh` and `strangers`.
mod child;
mod mesh;
mod peers;
mod sets;
mod strangers;
mod table;

use std::path::{Path, PathBuf};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--child", rest @ ..] => child::run(rest),
        ["--set", folders @ ..] => {
            for folder in folders {
                println!("{folder}: {}", child::case(&sets::files(Path::new(folder))).line());
            }
        }
        ["--mesh", rest @ ..] => {
            let patients = rest.iter().skip_while(|word| **word != "--patients").nth(1).unwrap_or(&"5000");
            let text = strangers::table(&folder(), patients);
            println!("{text}");
            if rest.contains(&"--write") {
                table::write(&page(), strangers::MARKS, &text);
            }
        }
        rest => {
            let folder = folder();
            let text = table::all(&folder, &rest.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
            println!("{text}");
            let strangers = strangers::table(&folder, "5000");
            println!("{strangers}");
            if rest.contains(&"--write") {
                table::write(&page(), table::MARKS, &text);
                table::write(&page(), strangers::MARKS, &strangers);
                println!("written to docs/benchmarks.md");
            }
        }
    }
}

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("linkage");
    std::fs::create_dir_all(&folder).expect("a folder for the sets");
    folder
}

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/benchmarks.md")
}
