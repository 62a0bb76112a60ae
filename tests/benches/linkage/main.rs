//! How well and how fast records are linked: the whole table of docs/benchmarks.md, section "Linking", by one command.
//!
//! `cargo bench -p matching --bench linkage` makes the generated sets (seeds 21 to 61, chosen before and never tuned on),
//! fetches FEBRL and the peers from PyPI into a folder of its own, runs every case in a process of its own and prints the
//! table; `-- --write` also writes it into the page. `-- --set DIR` judges one folder of `generate.py`, for development.
//! Reading order: `sets` (what is linked), `child` (one case in one process), `peers`, `table`.
mod child;
mod peers;
mod sets;
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
        rest => {
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("linkage");
            std::fs::create_dir_all(&folder).expect("a folder for the sets");
            let text = table::all(&folder, &rest.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
            println!("{text}");
            if rest.contains(&"--write") {
                let page: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/benchmarks.md");
                table::write(&page, &text);
                println!("written to docs/benchmarks.md");
            }
        }
    }
}
