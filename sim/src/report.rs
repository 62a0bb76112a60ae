//! What came out of a run: counts, marks, verdict and digest, as a page of text and as JSON.
use crate::check::Invariant;
use crate::faults::Class;
use crate::run::Stopped;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Everything that a run has to say.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Which scenario.
    pub scenario: String,
    /// Which seed.
    pub seed: u64,
    /// How many nodes.
    pub nodes: usize,
    /// How many networks.
    pub networks: usize,
    /// How far simulated time came.
    pub simulated_ms: u64,
    /// How many events happened.
    pub events: u64,
    /// What was counted.
    pub tally: Tally,
    /// Faults of the plan, in order of time.
    pub faults: Vec<Class>,
    /// Depends on every frame, every commit and every moment.
    pub digest: [u8; 32],
    /// Depends on every event with its moment and the length of every frame, but on no byte of a signature.
    pub course: [u8; 32],
    /// The last events, if the run was stopped; or all.
    pub trace: Vec<String>,
    /// Why it was stopped.
    pub stopped: Option<Stopped>,
}

/// What is counted while a run goes on.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Look-ups at desks.
    pub visits: u64,
    /// Orders to holders.
    pub orders: u64,
    /// Answers that readers saw, by word.
    pub answers: BTreeMap<String, u64>,
    /// Answers with records.
    pub releases: u64,
    /// Records in them.
    pub items: u64,
    /// Bytes in them.
    pub released: u64,
    /// Frames of the message stream.
    pub frames: u64,
    /// Bytes of all frames.
    pub bytes: u64,
    /// Batches that reached a disk.
    pub commits: u64,
    /// Answers between neighbours of whom none is bad: without records, and with.
    pub good: [u64; 2],
    /// Rows of the last certificate of a withdrawal, and how many of them were open.
    pub certificate: [u64; 2],
    /// What else was seen, by word.
    pub marks: BTreeMap<String, u64>,
}

/// A run as JSON. Keys are stable.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Version of this form.
    pub version: u32,
    /// Which scenario.
    pub scenario: String,
    /// Which seed.
    pub seed: u64,
    /// `pass`, `violated` or `void` (nothing was released or nothing refused, so nothing was shown).
    pub verdict: &'static str,
    /// How many nodes.
    pub nodes: usize,
    /// How many networks.
    pub networks: usize,
    /// How far simulated time came.
    pub simulated_ms: u64,
    /// How many events happened.
    pub events: u64,
    /// How many frames were sent.
    pub frames: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Batches that reached a disk.
    pub commits: u64,
    /// Look-ups at desks.
    pub visits: u64,
    /// Orders to holders.
    pub orders: u64,
    /// Answers that readers saw, by status.
    pub reads: BTreeMap<String, u64>,
    /// Answers with records, records in them, and their bytes.
    pub released: [u64; 3],
    /// Decisions that were no yes, by reason.
    pub refusals: BTreeMap<String, u64>,
    /// Faults that began, by class.
    pub faults: BTreeMap<String, u64>,
    /// Frames by kind.
    pub frames_by_kind: BTreeMap<String, u64>,
    /// Everything else that was met.
    pub marks: BTreeMap<String, u64>,
    /// Invariants that were watched.
    pub invariants: Vec<String>,
    /// What was violated.
    pub violation: Option<ViolationReport>,
    /// Digest of the whole run.
    pub digest: String,
    /// Digest of what happened, without the bytes that were sent: the same whatever signs.
    pub course: String,
}

/// A violation as JSON.
#[derive(Clone, Debug, Serialize)]
pub struct ViolationReport {
    /// Which invariant.
    pub invariant: String,
    /// At which event.
    pub event: u64,
    /// When, in milliseconds of simulated time.
    pub at_ms: u64,
    /// What shows it.
    pub witness: String,
    /// The command that shows it again.
    pub replay: String,
}

impl Outcome {
    /// The digest in hexadecimal.
    pub fn digest_text(&self) -> String {
        hex(&self.digest)
    }
    /// How often something was seen.
    pub fn mark(&self, word: &str) -> u64 {
        self.tally.marks.get(word).copied().unwrap_or_default()
    }
    /// Whether enough happened to show anything.
    pub fn is_void(&self) -> bool {
        self.tally.releases == 0 || self.refusals().is_empty()
    }
    /// The command that runs it again up to its end.
    pub fn replay(&self) -> String {
        format!("sim replay {} --seed {} --until {}", self.scenario, self.seed, self.events)
    }
    fn refusals(&self) -> BTreeMap<String, u64> {
        self.with("reason ")
    }
    fn with(&self, prefix: &str) -> BTreeMap<String, u64> {
        let marks = self.tally.marks.iter();
        marks.filter_map(|(word, count)| Some((word.strip_prefix(prefix)?.to_owned(), *count))).collect()
    }
    /// As JSON.
    pub fn report(&self) -> Report {
        let special = ["reason ", "fault ", "frame "];
        let others = self.tally.marks.iter().filter(|(word, _)| special.iter().all(|prefix| !word.starts_with(prefix)));
        let verdict = match (&self.stopped, self.is_void()) {
            (Some(_), _) => "violated",
            (None, true) => "void",
            (None, false) => "pass",
        };
        Report {
            version: 1,
            scenario: self.scenario.clone(),
            seed: self.seed,
            verdict,
            nodes: self.nodes,
            networks: self.networks,
            simulated_ms: self.simulated_ms,
            events: self.events,
            frames: self.tally.frames,
            bytes: self.tally.bytes,
            commits: self.tally.commits,
            visits: self.tally.visits,
            orders: self.tally.orders,
            reads: self.tally.answers.clone(),
            released: [self.tally.releases, self.tally.items, self.tally.released],
            refusals: self.refusals(),
            faults: self.with("fault "),
            frames_by_kind: self.with("frame "),
            marks: others.map(|(word, count)| (word.clone(), *count)).collect(),
            invariants: Invariant::ALL.iter().map(Invariant::to_string).collect(),
            violation: self.stopped.as_ref().map(|stopped| ViolationReport {
                invariant: stopped.violation.invariant.to_string(),
                event: stopped.event,
                at_ms: stopped.at.0 / 1_000,
                witness: stopped.violation.witness.clone(),
                replay: self.replay(),
            }),
            digest: self.digest_text(),
            course: hex(&self.course),
        }
    }
    /// As a page of text.
    pub fn text(&self) -> String {
        let report = self.report();
        let counts = |map: &BTreeMap<String, u64>| {
            let items: Vec<String> = map.iter().map(|(word, count)| format!("{word} {count}")).collect();
            if items.is_empty() { "none".to_owned() } else { items.join(", ") }
        };
        let hours = report.simulated_ms as f64 / 3_600_000.0;
        let [releases, items, bytes] = report.released;
        let mut lines = vec![
            format!("{} seed {}: {}", report.scenario, report.seed, report.verdict),
            format!("  nodes     {} in {} networks, {hours:.1} simulated hours", report.nodes, report.networks),
            format!(
                "  work      {} events, {} frames, {} bytes, {} commits",
                report.events, report.frames, report.bytes, report.commits
            ),
            format!("  desks     {} visits, {} orders", report.visits, report.orders),
            format!("  reads     {}", counts(&report.reads)),
            format!("  released  {items} records in {releases} answers, {bytes} bytes"),
            format!("  refusals  {}", counts(&report.refusals)),
            format!("  faults    {}", counts(&report.faults)),
            format!("  frames    {}", counts(&report.frames_by_kind)),
            format!("  met       {}", counts(&report.marks)),
            format!("  watched   {}", report.invariants.join(" ")),
        ];
        if let Some(violation) = &report.violation {
            lines.push(format!(
                "  {} violated at event {} ({} ms)",
                violation.invariant, violation.event, violation.at_ms
            ));
            lines.push(format!("  witness   {}", violation.witness));
            lines.push(format!("  last {} events:", self.trace.len()));
            lines.extend(self.trace.iter().map(|line| format!("    {line}")));
            lines.push(format!("  again     {}", violation.replay));
        }
        lines.push(format!("  course    {}", report.course));
        lines.push(format!("  digest    {}", report.digest));
        lines.join("\n")
    }
}

fn hex(digest: &[u8; 32]) -> String {
    digest.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
