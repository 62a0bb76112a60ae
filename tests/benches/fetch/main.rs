//! Fetching across an accord beside raw quinn, libp2p alone and HTTPS that move the same bytes, over loopback, in one run.
//!
//! `cargo build --release && cargo bench -p e2e --bench fetch` prints a table; `-- --write` also writes it into
//! `docs/benchmarks.md`. Our side is two real nodes, each a process of its own, policy, leaves, digests, store and verification
//! included; the raw servers are a process of their own too. Reading order: `charts` (what is fetched), `nodes`, `raw` with
//! `raw_quinn`, `raw_libp2p`, `https`, `tls` and `noise`, `machine`, `measure`, `report`.
mod charts;
mod https;
mod machine;
mod measure;
mod nodes;
mod noise;
mod raw;
mod raw_libp2p;
mod raw_quinn;
mod report;
mod tls;

use std::path::{Path, PathBuf};

fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [word, bytes] = arguments.as_slice()
        && word == raw::SERVE
    {
        return raw::serve(bytes.parse().expect("a number of bytes"));
    }
    let writes = arguments.iter().any(|argument| argument == "--write");
    arguments.retain(|argument| argument != "--write");
    let program = match arguments.as_slice() {
        [word, path] if word == "--program" => PathBuf::from(path),
        [] => beside(&std::env::current_exe().expect("this program")),
        other => panic!("{other:?}: say nothing, --write, or --program PATH"),
    };
    assert!(program.is_file(), "{} is not there: run `cargo build --release` first", program.display());
    let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let measured = measure::all(&program, folder.path());
    let text = report::table(&measured, &program);
    println!("{text}");
    if writes {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/benchmarks.md");
        report::write(&page, &text).expect("docs/benchmarks.md");
        println!("written to docs/benchmarks.md");
    }
}

/// The node's program of the same build: benches lie in `deps` below it.
fn beside(this: &Path) -> PathBuf {
    this.ancestors().nth(2).unwrap_or(this).join("musubi")
}
