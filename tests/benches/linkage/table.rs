//! The whole table, and its place in the page.
use crate::child::{self, Figures};
use crate::{peers, sets};
use std::fmt::Write as _;
use std::path::Path;

/// Runs everything; the words say what to leave out: `--no-peers`, `--no-big`.
pub fn all(folder: &Path, words: &[String]) -> String {
    let without = |word: &str| words.iter().any(|given| given == word);
    let python = if without("--no-peers") { None } else { peers::python(folder) };
    let mut out = String::new();
    accuracy(&mut out, folder);
    febrl(&mut out, folder, python.as_deref());
    speed(&mut out, folder, python.as_deref());
    if !without("--no-big") {
        million(&mut out, folder);
    }
    out
}

fn accuracy(out: &mut String, folder: &Path) {
    out.push_str("| Set | Precision of automatic links | Recall | Wrong links | Reviews per 1,000 | Recall with review | F1 one-to-one | CPU s | MiB |\n|---|---|---|---|---|---|---|---|---|\n");
    for (name, options) in GROUPS {
        let mut runs = Vec::new();
        for seed in SEEDS {
            let mut all = vec!["--seed", seed, "--patients", "100000"];
            all.extend(*options);
            runs.push(child::case(&sets::generated(folder, &format!("{}-{seed}", name.replace(' ', "-")), &all)));
            row(out, &format!("{name}, seed {seed}"), &runs[runs.len() - 1..]);
        }
        row(out, &format!("**{name}, mean**"), &runs);
    }
}

fn row(out: &mut String, name: &str, runs: &[Figures]) {
    let mean = |path: &[&str]| runs.iter().map(|run| run.number(path)).sum::<f64>() / runs.len().max(1) as f64;
    let judged = |key: &str| mean(&["judged", key]);
    let wrong = if runs.len() == 1 { runs[0].mistakes() } else { String::new() };
    let _ = writeln!(
        out,
        "| {name} | {:.5} | {:.4} | {wrong} | {:.2} | {:.4} | {:.4} | {:.2} | {:.0} |",
        judged("precision"),
        judged("recall"),
        mean(&["reviews_per_1000"]),
        judged("recall_with_review"),
        judged("f1"),
        mean(&["cpu_s"]),
        mean(&["peak_mib"])
    );
}

fn febrl(out: &mut String, folder: &Path, python: Option<&Path>) {
    let Some(cases) = python.and_then(|python| sets::febrl(folder, python)) else {
        out.push_str("\nFEBRL: not run, the package could not be installed.\n");
        return;
    };
    out.push_str("\n| FEBRL | F1 | Precision | Recall | Goal |\n|---|---|---|---|---|\n");
    let names = ["4", "4 without social security number", "3", "3 without social security number"];
    for ((name, files), goal) in names.into_iter().zip(&cases).zip([0.9999, 0.9985, 0.9999, 0.995]) {
        let figures = child::case(files);
        let judged = |key: &str| figures.number(&["judged", key]);
        let met = if judged("f1") >= goal { "met" } else { "not met" };
        let _ = writeln!(
            out,
            "| {name} | {:.5} | {:.5} | {:.5} | ≥ {goal}: {met} |",
            judged("f1"),
            judged("f1_precision"),
            judged("f1_recall")
        );
    }
}

fn speed(out: &mut String, folder: &Path, python: Option<&Path>) {
    let set = folder.join("overlap-0.5-21");
    let _ = writeln!(
        out,
        "\n| 100,000 x 100,000, CSV to decisions | CPU s | Peak MiB | F1 one-to-one |\n|---|---|---|---|"
    );
    let ours = child::case(&sets::files(&set));
    let (cpu, peak) = (ours.number(&["cpu_s"]), ours.number(&["peak_mib"]));
    let _ = writeln!(out, "| Musubi | {cpu:.2} | {peak:.0} | {:.4} |", ours.number(&["judged", "f1"]));
    for peer in ["splink", "anonlink"] {
        match python.and_then(|python| peers::run(python, peer, &set)) {
            Some([theirs, memory, f1]) => {
                let _ = writeln!(
                    out,
                    "| {peer} | {theirs:.2} (ours: 1/{:.1}) | {memory:.0} (ours: 1/{:.1}) | {f1:.4} |",
                    theirs / cpu,
                    memory / peak
                );
            }
            None => {
                let _ = writeln!(out, "| {peer} | not run | | |");
            }
        }
    }
}

fn million(out: &mut String, folder: &Path) {
    let options = ["--seed", "3", "--patients", "1000000", "--networks", "1"];
    let million = sets::generated(folder, "million", &options);
    let new = sets::files(&folder.join("overlap-0.5-21"));
    let figures = child::one_by_one(&new.left, &million.left);
    let _ = writeln!(
        out,
        "\nOne patient against {} others, {} times: p50 {:.3} ms, p95 {:.3} ms (goal ≤ 1 ms); resident {:.0} MiB (goal ≤ 400 MiB per million).",
        figures.number(&["records"]),
        figures.number(&["singles"]),
        figures.number(&["ms_p50"]),
        figures.number(&["ms_p95"]),
        figures.number(&["resident_mib"])
    );
}

/// Puts a table between two marks of the page.
pub fn write(page: &Path, (start, end): (&str, &str), table: &str) {
    let text = std::fs::read_to_string(page).expect("the page");
    let (before, rest) = text.split_once(start).expect("the first mark");
    let (_, after) = rest.split_once(end).expect("the last mark");
    std::fs::write(page, format!("{before}{start}\n\n{}\n\n{end}{after}", table.trim_end())).expect("the page");
}

const SEEDS: [&str; 5] = ["21", "31", "41", "51", "61"];
const GROUPS: &[(&str, &[&str])] = &[
    ("overlap 0.5", &["--networks", "2", "--overlap", "0.5"]),
    ("overlap 0.05", &["--networks", "2", "--overlap", "0.05"]),
    ("hard", &["--networks", "2", "--overlap", "0.5", "--errors", "2", "--twins", "0.05", "--strangers", "0.01"]),
    ("dedup", &["--networks", "1", "--dup", "0.3"]),
];
/// Where the table stands in the page.
pub const MARKS: (&str, &str) = ("<!-- linking: written by the benchmark -->", "<!-- end of linking -->");
