//! The figures as tables, on the screen and in `docs/benchmarks.md`.
use crate::machine;
use crate::measure::{Large, Measured};
use crate::python::PACKAGE;
use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::time::Duration;

/// All figures as Markdown.
pub fn table(measured: &Measured) -> String {
    let Measured { files, bytes, rounds, .. } = measured;
    let mut out = format!(
        "{}, {}, release build ({}). {files} files, {bytes} bytes; medians of {rounds} rounds.\n\n",
        machine::today(),
        machine::describe(),
        env!("CARGO_PKG_VERSION"),
    );
    out.push_str("| Way through the same files | Time | Files/s | Musubi is | Goal |\n|---|---|---|---|---|\n");
    let rate = |files: u64, took: Duration| files as f64 / took.as_secs_f64().max(1e-9);
    let ours = rate(*files, measured.ours);
    let mut row = |name: &str, took: Duration, rate: f64, ratio: String, goal: String| {
        let _ = writeln!(out, "| {name} | {} | {rate:.0} | {ratio} | {goal} |", ms(took));
    };
    row("Musubi: taking in, a new store", measured.ours, ours, "–".into(), "–".into());
    let slower = measured.ours.as_secs_f64() / measured.hashing.as_secs_f64().max(1e-9);
    let floor = rate(*files, measured.hashing);
    let goal = format!("≤ {HASHING_MAX} x slower: {}", met(slower <= HASHING_MAX));
    row("(a) reading and SHA-256 only, all cores", measured.hashing, floor, format!("{slower:.1} x slower"), goal);
    let other = rate(*files, measured.sqlite);
    let goal = format!("≥ {SQLITE_MIN} x faster: {}", met(ours / other >= SQLITE_MIN));
    row(
        "(b) the same fields into SQLite (WAL, FULL)",
        measured.sqlite,
        other,
        format!("{:.1} x faster", ours / other),
        goal,
    );
    match &measured.python {
        Ok((count, took)) => {
            let other = rate(*count as u64, *took);
            let goal = format!("≥ {PYTHON_MIN} x faster: {}", met(ours / other >= PYTHON_MIN));
            let name = format!("(c) Python, {PACKAGE}, parsing {count} of them");
            row(&name, *took, other, format!("{:.1} x faster", ours / other), goal);
        }
        Err(why) => {
            let _ = writeln!(out, "| (c) Python, {PACKAGE} | not measured: {why} | – | – | ≥ {PYTHON_MIN} x faster |");
        }
    }
    sizes(&mut out, measured);
    out
}

fn sizes(out: &mut String, measured: &Measured) {
    let Large { files, source_bytes, scan, again, sizes, open, reads } = &measured.large;
    let _ = write!(out, "\nOn a store of {} records out of {files} files ({source_bytes} bytes):\n\n", reads.records);
    out.push_str("| What | Measured | Goal | |\n|---|---|---|---|\n");
    let mut row = |what: &str, value: String, goal: &str, is_met: Option<bool>| {
        let _ = writeln!(out, "| {what} | {value} | {goal} | {} |", is_met.map_or("", met));
    };
    let per = |bytes: u64| bytes as f64 / (*source_bytes).max(1) as f64;
    let [journal, index, blobs] = *sizes;
    let all = per(journal + index + blobs);
    let parts = format!("{all:.2} (journal {:.2}, index {:.2}, blobs {:.2})", per(journal), per(index), per(blobs));
    row("bytes on disk per byte of source", parts, "≤ 0.6", Some(all <= DISK_MAX));
    row("the same in SQLite", format!("{:.2}", measured.sqlite_bytes as f64 / measured.bytes.max(1) as f64), "", None);
    let peak = measured.peak_bytes as f64 / 1e6;
    row("most resident memory while taking in", format!("{peak:.0} MB"), "≤ 300 MB", Some(peak <= MEMORY_MB_MAX));
    row("taking it in", format!("{}, {:.0} files/s", ms(scan.took), *files as f64 / scan.took.as_secs_f64()), "", None);
    row("scanning it again, unchanged", format!("{}, no file opened", ms(again.took)), "", None);
    row("a process that opens the store", ms(*open), "≤ 3 s", Some(*open <= OPEN_MAX));
    row("opening the store alone", ms(reads.open), "", None);
    let pair = |times: [Duration; 2]| format!("{} / {}", ms(times[0]), ms(times[1]));
    row("one record, read and parsed, leaf synced: p50 / p99", pair(reads.point), "", None);
    let what = format!("list of a patient ({} records), leaf synced: p50 / p99", reads.per_patient);
    row(&what, pair(reads.patient), "", None);
}

fn met(is_met: bool) -> &'static str {
    if is_met { "met" } else { "not met" }
}

fn ms(took: Duration) -> String {
    let ms = took.as_secs_f64() * 1e3;
    if ms < 10.0 { format!("{ms:.2} ms") } else { format!("{ms:.0} ms") }
}

/// Puts the figures into the page, in place of the old ones.
pub fn write(page: &Path, figures: &str) -> io::Result<()> {
    e2e::figures::put(page, (BEGIN, END), figures)
}

const BEGIN: &str = "<!-- ingest figures: written by the benchmark -->";
const END: &str = "<!-- end of ingest figures -->";
const HASHING_MAX: f64 = 5.0;
const SQLITE_MIN: f64 = 2.0;
const PYTHON_MIN: f64 = 30.0;
const DISK_MAX: f64 = 0.6;
const MEMORY_MB_MAX: f64 = 300.0;
const OPEN_MAX: Duration = Duration::from_secs(3);
