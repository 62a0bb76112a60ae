//! How fast it is: scenarios of 10, 150 and 1,461 nodes without faults, signed by the ledger where the build has it.
use crate::plants::CAN_PLANT;
use crate::run::{Options, run_with};
use crate::scenario::{ScenarioError, Span, plain, resolve};
use serde::Serialize;
use std::fmt::Write as _;

/// A size that is measured.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// How many nodes.
    pub nodes: usize,
    /// Simulated time.
    pub horizon: Span,
    /// What simulated time per real time should be at least; none where nobody set a goal.
    pub goal: Option<u64>,
}

/// Sizes of the design: a small region, a network of mean size, as many nodes as the largest network has facilities.
pub const LOADS: [Load; 3] = [
    Load { nodes: 10, horizon: Span(5 * DAY_MS), goal: Some(50_000) },
    Load { nodes: 150, horizon: Span(4 * HOUR_MS), goal: None },
    Load { nodes: 1_461, horizon: Span(HOUR_MS), goal: Some(1_000) },
];

/// Events a second that one core should do.
pub const EVENTS_GOAL: u64 = 200_000;
/// Until when nodes meet, take in what lies on paper and copy shelves for the first time; what comes later is every day's work.
pub const SETTLED: Span = Span(HOUR_MS / 2);

/// What came out.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// How many nodes.
    pub nodes: usize,
    /// In how many networks.
    pub networks: usize,
    /// Milliseconds of simulated time.
    pub simulated_ms: u64,
    /// Events, and of these those after [`SETTLED`].
    pub events: [u64; 2],
    /// Frames of messages.
    pub frames: u64,
    /// Microseconds of real time: whole, and after [`SETTLED`].
    pub took_us: [u64; 2],
    /// Most memory that the process had until then, in KiB; zero if nobody tells.
    pub memory_kib: u64,
    /// Whether signatures cost nothing.
    pub ledger: bool,
    /// What simulated time per real time should be at least.
    pub goal: Option<u64>,
    /// Digest of what happened.
    pub course: String,
}

/// Runs one size; `now` gives microseconds of real time since some moment.
///
/// # Errors
/// [`ScenarioError`] if the size breaks a limit.
pub fn measure(load: Load, now: &dyn Fn() -> u64) -> Result<Measured, ScenarioError> {
    let scenario = resolve(plain("plain", load.nodes, load.horizon))?;
    let options = Options { ledger: CAN_PLANT, ..Options::default() };
    let mut settled = None;
    let begun = now();
    let outcome = run_with(&scenario, 1, options, &mut |at, events| {
        if at.0 >= SETTLED.micros() && settled.is_none() {
            settled = Some((now(), events));
        }
    });
    let ended = now();
    let (since, before) = settled.unwrap_or((ended, outcome.events));
    Ok(Measured {
        nodes: outcome.nodes,
        networks: outcome.networks,
        simulated_ms: outcome.simulated_ms,
        events: [outcome.events, outcome.events - before],
        frames: outcome.tally.frames,
        took_us: [ended - begun, ended - since],
        memory_kib: memory_kib(),
        ledger: CAN_PLANT,
        goal: load.goal,
        course: outcome.report().course,
    })
}

impl Measured {
    /// Events a second: of the whole run, and after it settled.
    pub fn per_second(&self) -> [u64; 2] {
        let rate = |events: u64, us: u64| events.saturating_mul(1_000_000) / us.max(1);
        [rate(self.events[0], self.took_us[0]), rate(self.events[1], self.took_us[1])]
    }
    /// Simulated time per real time, after it settled.
    pub fn times(&self) -> u64 {
        self.simulated_ms.saturating_sub(SETTLED.0).saturating_mul(1_000) / self.took_us[1].max(1)
    }
}

/// The table for the page.
pub fn table(all: &[Measured]) -> String {
    let mut text = String::from(
        "| Nodes | Networks | Simulated | Events | Whole run | Events/s, whole | Events/s, settled | Simulated : real, settled \
         | Memory until then | Goals |\n|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for one in all {
        let [whole, settled] = one.per_second();
        let met = |is: bool| if is { "met" } else { "not met" };
        let times = one.goal.map(|goal| format!("; ≥ {goal} × real time: {}", met(one.times() >= goal)));
        let _ = writeln!(
            text,
            "| {} | {} | {} h | {} | {:.1} s | {whole} | {settled} | {} | {} MiB | ≥ {EVENTS_GOAL} events/s: {}{} |",
            one.nodes,
            one.networks,
            one.simulated_ms / HOUR_MS,
            one.events[0],
            one.took_us[0] as f64 / 1_000_000.0,
            one.times(),
            one.memory_kib / 1_024,
            met(settled >= EVENTS_GOAL),
            times.unwrap_or_default(),
        );
    }
    text
}

/// Most memory that this process had so far, where the system tells.
fn memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_size_is_measured_by_the_clock_that_is_given() {
        let clock = Cell::new(0);
        let now = || {
            clock.set(clock.get() + 2_000_000);
            clock.get()
        };
        let measured = measure(Load { nodes: 4, horizon: Span(HOUR_MS), goal: Some(1) }, &now).expect("fits");
        assert_eq!(measured.took_us, [4_000_000, 2_000_000]);
        assert!(measured.events[1] > 0 && measured.events[0] > measured.events[1], "{measured:?}");
        assert_eq!(measured.per_second()[0], measured.events[0] / 4);
        assert_eq!(measured.times(), 900);
        assert!(table(&[measured]).contains("≥ 1 × real time: met"));
    }
}
