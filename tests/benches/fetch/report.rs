//! The figures as a table, on the screen and in `docs/benchmarks.md`.
use crate::machine;
use crate::measure::{Measured, Single, Stream};
use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// All figures as Markdown.
pub fn table(measured: &Measured, program: &Path) -> String {
    let mut out = format!(
        "{}, {}, release build ({}). The two nodes were connected by {}.\n\n",
        machine::today(),
        machine::describe(),
        env!("CARGO_PKG_VERSION"),
        measured.path
    );
    out.push_str("| Load (medians of five) | Bytes | Musubi | raw quinn | libp2p alone | HTTPS | Musubi : quinn | Goal |\n|---|---|---|---|---|---|---|---|\n");
    measured.streams.iter().for_each(|stream| stream_row(&mut out, stream));
    single_rows(&mut out, &measured.single);
    let _ = write!(
        out,
        "\nWriting {} bytes to the same disk and syncing them took {} (median of five).\n\n",
        measured.streams.first().map_or(0, |stream| stream.bytes),
        ms(measured.disk_write)
    );
    out.push_str("| Size | Measured | Goal | |\n|---|---|---|---|\n");
    size_row(&mut out, "resident memory of an idle node with the demo's data", measured.resident_bytes, MEMORY_MB_MAX);
    size_row(&mut out, "stripped release binary", stripped_bytes(program), BINARY_MB_MAX);
    out
}

fn stream_row(out: &mut String, stream: &Stream) {
    let rate = |took: Duration| format!("{}, {:.0} MB/s", ms(took), stream.bytes as f64 / 1e6 / took.as_secs_f64());
    let ratio = stream.quinn.as_secs_f64() / stream.ours.as_secs_f64();
    let _ = writeln!(
        out,
        "| {} ({} items) | {} | {} | {} | {} | {} | {ratio:.2} | ≥ {RATIO_MIN}: {} |",
        stream.name,
        stream.items,
        stream.bytes,
        rate(stream.ours),
        rate(stream.quinn),
        rate(stream.libp2p),
        rate(stream.https),
        met(ratio >= RATIO_MIN)
    );
}

fn single_rows(out: &mut String, single: &Single) {
    let allowed = single.quinn + 2 * single.sync + OVERHEAD_MAX;
    let _ = writeln!(
        out,
        "\n| Load (p50) | Bytes | Musubi | raw quinn | libp2p alone | one sync of the disk | quinn + 2 syncs + 0.3 ms | Goal |\n|---|---|---|---|---|---|---|---|\n\
         | one record on a live connection | {} | {} | {} | {} | {} | {} | {} |",
        single.bytes,
        ms(single.ours),
        ms(single.quinn),
        ms(single.libp2p),
        ms(single.sync),
        ms(allowed),
        met(single.ours <= allowed)
    );
}

fn size_row(out: &mut String, what: &str, bytes: u64, max_mb: u64) {
    let mib = bytes as f64 / f64::from(1 << 20);
    let _ = writeln!(out, "| {what} | {mib:.1} MiB | < {max_mb} MB | {} |", met(bytes < max_mb * 1_000_000));
}

fn met(is_met: bool) -> &'static str {
    if is_met { "met" } else { "not met" }
}

fn ms(took: Duration) -> String {
    let ms = took.as_secs_f64() * 1e3;
    if ms < 10.0 { format!("{ms:.2} ms") } else { format!("{ms:.0} ms") }
}

/// Size of a stripped copy; of the program itself where there is no `strip`.
fn stripped_bytes(program: &Path) -> u64 {
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |data| data.len());
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("musubi.stripped");
    let stripped = Command::new("strip").arg("-o").arg(&copy).arg(program).status();
    let bytes = if stripped.is_ok_and(|status| status.success()) { size(&copy) } else { size(program) };
    let _ = std::fs::remove_file(copy);
    bytes
}

/// Puts the figures into the page, in place of the old ones.
pub fn write(page: &Path, figures: &str) -> io::Result<()> {
    e2e::figures::put(page, (BEGIN, END), figures)
}

const BEGIN: &str = "<!-- figures: written by the benchmark -->";
const END: &str = "<!-- end of figures -->";
/// Of raw quinn's rate, for both streams.
const RATIO_MIN: f64 = 0.8;
/// What one small record may take beside the round trip and the syncs of the two leaves.
const OVERHEAD_MAX: Duration = Duration::from_micros(300);
const MEMORY_MB_MAX: u64 = 80;
const BINARY_MB_MAX: u64 = 60;
