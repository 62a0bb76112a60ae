//! The figures as tables, on the screen and in `docs/benchmarks.md`.
use crate::measure::{Figures, Measured};
use crate::{Plan, machine};
use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::time::Duration;

/// All figures as Markdown.
pub fn table(plan: &Plan, measured: &Measured) -> String {
    let build = if cfg!(debug_assertions) { "debug build: no figures to go by" } else { "release build" };
    let mut out = format!(
        "{}, {}, {build} ({}). The reader, with the `clinic` preset, holds {} patients and {} records, taken in in {:.0} s.\n\n",
        machine::today(),
        machine::describe(),
        env!("CARGO_PKG_VERSION"),
        plan.patients,
        measured.records,
        measured.taken_in.as_secs_f64(),
    );
    out.push_str("| Page at the reader's node | Looks | p50 | p95 | Largest | Goal |\n|---|---|---|---|---|---|\n");
    for one in &measured.local {
        row(&mut out, one, None);
    }
    row(&mut out, &measured.all, Some(LOCAL_MAX));
    out.push_str(
        "\n| Read of six holders, lines of 50 ms | Looks | p50 | p95 | Largest | Goal |\n|---|---|---|---|---|---|\n",
    );
    row(&mut out, &measured.first_row, Some(FIRST_MAX));
    row(&mut out, &measured.six, Some(SIX_MAX));
    let (bytes, calls) = measured.carried;
    let _ = writeln!(out, "\nThe slow lines carried {bytes} bytes of {calls} connections.");
    out
}

fn row(out: &mut String, one: &Figures, max: Option<Duration>) {
    let size = one.most_bytes <= BYTES_MAX;
    let goal = match max {
        Some(max) => format!("p95 ≤ {} ms, ≤ 150 KB: {}", max.as_millis(), met(one.p95 <= max && size)),
        None => format!("≤ 150 KB: {}", met(size)),
    };
    let bytes = if one.most_bytes == 0 { "–".to_owned() } else { format!("{:.1} KB", one.most_bytes as f64 / 1e3) };
    let _ = writeln!(out, "| {} | {} | {} | {} | {bytes} | {goal} |", one.name, one.looks, ms(one.p50), ms(one.p95));
}

fn met(is_met: bool) -> &'static str {
    if is_met { "met" } else { "not met" }
}

fn ms(took: Duration) -> String {
    let ms = took.as_secs_f64() * 1e3;
    if ms < 10.0 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}

/// Puts the figures into the page, in place of the old ones.
pub fn write(page: &Path, figures: &str) -> io::Result<()> {
    e2e::figures::put(page, (BEGIN, END), figures)
}

const BEGIN: &str = "<!-- pages: written by the benchmark -->";
const END: &str = "<!-- end of pages -->";
const BYTES_MAX: usize = 150_000;
const LOCAL_MAX: Duration = Duration::from_millis(300);
const SIX_MAX: Duration = Duration::from_millis(2_000);
const FIRST_MAX: Duration = Duration::from_millis(500);
