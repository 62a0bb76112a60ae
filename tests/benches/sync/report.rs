//! The figures as tables, on the screen and in `docs/benchmarks.md`.
use crate::machine;
use crate::measure::{Measured, Row};
use crate::town::Taken;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

/// All figures as Markdown.
pub fn table(measured: &Measured) -> String {
    let mut out = format!(
        "{}, {}, release build ({}). A shelf of {} entries of 88 bytes; the whole of it, to a member that joins: {} bytes in \
         {} round trip, {}.\n\n",
        machine::today(),
        machine::describe(),
        env!("CARGO_PKG_VERSION"),
        measured.entries,
        measured.whole.bytes,
        measured.whole.trips,
        seconds(measured.whole.cpu),
    );
    out.push_str("| The copy lacks (and has too many) | Way | Bytes | of the new entries' bytes | of the whole shelf | Round trips | CPU, both sides | Goal |\n|---|---|---|---|---|---|---|---|\n");
    for row in &measured.rows {
        let [numbered, scattered] = &row.ranges;
        let ways = [
            ("following the author", &row.followed, goal(row, &row.followed, (1_000, FOLLOW_MAX))),
            ("repair", &row.repaired, goal(row, &row.repaired, (1_000, REPAIR_MAX))),
            ("negentropy, new entries at the end", numbered, String::new()),
            ("negentropy, new entries anywhere", scattered, String::new()),
        ];
        for (way, taken, goal) in ways {
            line(&mut out, (measured, row), (way, taken), &goal);
        }
    }
    let _ = write!(
        out,
        "\nnegentropy works on a sorted list of ids that has to be kept or made: making it took {} for each side and is not in its \
         CPU time. Its bytes include 32 for each id that is asked for, as the crate leaves it, and the entries.\n",
        seconds(measured.set_cpu)
    );
    out
}

fn line(out: &mut String, (measured, row): (&Measured, &Row), (way, taken): (&str, &Taken), goal: &str) {
    let share = |of: u64| taken.bytes as f64 / of as f64;
    let limit = if row.limit == 0 { "–".to_owned() } else { format!("{:.3} x", share(row.limit)) };
    let _ = writeln!(
        out,
        "| {} ({}) | {way} | {} | {limit} | {:.4} % | {} | {} | {goal} |",
        row.lacks,
        row.extra,
        taken.bytes,
        100.0 * share(measured.whole.bytes),
        taken.trips,
        seconds(taken.cpu)
    );
}

/// What is wanted of one way, where something is.
fn goal(row: &Row, taken: &Taken, (from, most): (usize, f64)) -> String {
    if row.lacks < from {
        return String::new();
    }
    let is_met = taken.bytes as f64 <= most * row.limit as f64 && taken.trips <= TRIPS_MAX;
    format!("≤ {most} x, ≤ {TRIPS_MAX} round trips: {}", if is_met { "met" } else { "not met" })
}

fn seconds(time: f64) -> String {
    if time < 0.01 { format!("{:.2} ms", time * 1e3) } else { format!("{time:.2} s") }
}

/// Puts the figures into the page, in place of the old ones.
pub fn write(page: &Path, figures: &str) -> io::Result<()> {
    e2e::figures::put(page, (BEGIN, END), figures)
}

const BEGIN: &str = "<!-- sync figures: written by the benchmark -->";
const END: &str = "<!-- end of sync figures -->";
const FOLLOW_MAX: f64 = 1.1;
const REPAIR_MAX: f64 = 1.5;
const TRIPS_MAX: u32 = 3;
