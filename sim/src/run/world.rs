use super::desks::Desks;
use super::trace::{Chain, Trace, What};
use crate::check::{Invariant, Truth, Verdict, Violation, Watch};
use crate::faults::{self, Fault};
use crate::limits::{EMERGENCY_LAPSE_MS, EMERGENCY_REVIEW_MS, EVENTS_MAX, TRACE_EVENTS};
use crate::net::{Lines, Packet, Sessions};
use crate::report::{Outcome, Tally};
use crate::scenario::Scenario;
use crate::seed::{Seed, Stream};
use crate::work::{self, Act};
use crate::world::{Founded, Host, HostClock, HostDisk, Micros, Queue, Remembering, address, found, settle};
use protocol::crypto::Crypto;
use protocol::engine::{EngineConfig, Input, Limits, Ticket};
use protocol::ids::{NodeKey, RequestId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What may be asked of a run beside its seed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// Stop after this event.
    pub until: Option<u64>,
    /// Look at one invariant only.
    pub only: Option<Invariant>,
    /// Leave out what is not in here.
    pub kept: Option<&'a Kept>,
    /// Keep a line for every event, not only for the last ones before a violation.
    pub all_lines: bool,
    /// Signatures that cost nothing, in a build that has them (feature `plants`).
    pub ledger: bool,
}

/// A part of what was drawn from a seed: places in the lists of faults and of what people do, and an earlier end.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// Where it ends, in microseconds of simulated time.
    pub end_us: u64,
    /// Faults that happen.
    pub faults: BTreeSet<usize>,
    /// Deeds that are done.
    pub acts: BTreeSet<usize>,
}

/// Why a run ended before its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// At which event.
    pub event: u64,
    /// When.
    pub at: Micros,
    /// What was violated.
    pub violation: Violation,
}

/// Something that is going to happen.
#[derive(Debug)]
pub(super) enum Happening {
    /// A process starts, unless a later start is planned.
    Boot { host: usize },
    /// An Engine's deadline, unless a newer alarm was set.
    Wake { host: usize, boot: u64, alarm: u64 },
    /// The disk is done with what waited.
    Written { host: usize, boot: u64 },
    /// A packet arrives.
    Packet(Packet),
    /// The line is free for the next frames of a transfer.
    Pump { host: usize, boot: u64, request: RequestId },
    /// A host tries to reach another.
    Dial { host: usize, boot: u64, peer: usize },
    /// A host learns that a connection stands.
    Opened { host: usize, peer: usize, session: u64 },
    /// A host learns that a connection is gone.
    Closed { host: usize, peer: usize, session: u64 },
    /// A cut has lasted too long for this connection.
    Lapse { a: usize, b: usize, session: u64 },
    /// A connection that was hung up on closes.
    HungUp { a: usize, b: usize, session: u64 },
    /// Somebody does something.
    Act(usize),
    /// Staff react to what they saw.
    Staff(super::desks::Staff),
    /// A fault begins.
    Fault(usize),
    /// A fault ends.
    Healed(usize),
    /// Whether a withdrawal is obeyed is looked at.
    Look(super::obeying::Look),
}

/// Everything there is.
pub(super) struct World<'s> {
    pub scenario: &'s Scenario,
    pub seed: Seed,
    pub crypto: Arc<dyn Crypto>,
    pub founded: Founded,
    pub at: Micros,
    pub event: u64,
    pub queue: Queue<Happening>,
    pub hosts: Vec<Host>,
    pub by_key: BTreeMap<NodeKey, usize>,
    pub lines: Lines,
    pub sessions: Sessions,
    pub watch: Watch,
    pub desks: Desks,
    pub attackers: super::attacking::Attackers,
    pub departure: super::obeying::Departure,
    pub acts: Vec<Act>,
    pub faults: Vec<Fault>,
    pub tally: Tally,
    /// Latencies of disks, waits of operators and the like.
    pub chance: Stream,
    pub stopped: Option<Violation>,
    next_ticket: u64,
    digest: Chain,
    course: Chain,
    trace: Trace,
    all_lines: bool,
}

/// Runs a scenario with one seed to its end, or to its first violation.
pub fn run(scenario: &Scenario, seed: u64, options: Options<'_>) -> Outcome {
    run_with(scenario, seed, options, &mut |_, _| {})
}

/// The same; `lap` hears of each event before it happens, for whoever measures: when, and how many happened before.
pub fn run_with(scenario: &Scenario, seed: u64, options: Options<'_>, lap: &mut dyn FnMut(Micros, u64)) -> Outcome {
    let mut world = World::new(scenario, Seed(seed), options);
    world.begin(options.kept);
    let horizon = Micros(scenario.file.horizon.micros().min(options.kept.map_or(u64::MAX, |kept| kept.end_us)));
    while let Some((at, happening)) = world.queue.take() {
        if at > horizon || world.event >= options.until.unwrap_or(EVENTS_MAX).min(EVENTS_MAX) {
            break;
        }
        lap(at, world.event);
        world.at = at;
        world.event += 1;
        world.trace(&happening);
        world.happen(happening);
        if world.stopped.is_some() {
            break;
        }
    }
    world.end()
}

impl<'s> World<'s> {
    fn new(scenario: &'s Scenario, seed: Seed, options: Options<'_>) -> Self {
        let crypto = signer(options);
        let founded = found(scenario, &*crypto, seed);
        let people = settle(scenario, seed);
        let acts = work::plan(scenario, &people, seed);
        let hosts = (0..scenario.nodes.len()).map(|at| host(scenario, &founded, seed, at)).collect();
        let watch = Watch::new(Truth::new(scenario, &founded, people), options.only);
        Self {
            scenario,
            seed,
            at: Micros(0),
            event: 0,
            queue: Queue::default(),
            hosts,
            by_key: watch.truth.hosts.clone(),
            lines: Lines::new(scenario, seed),
            sessions: Sessions::default(),
            watch,
            desks: Desks::new(seed),
            attackers: super::attacking::Attackers::new(seed),
            departure: super::obeying::Departure::default(),
            acts,
            faults: faults::plan(scenario, seed),
            tally: Tally::default(),
            chance: seed.stream("chance"),
            stopped: None,
            next_ticket: 1 << 40,
            digest: Chain::default(),
            course: Chain::default(),
            trace: Trace::new(if options.all_lines { usize::MAX } else { TRACE_EVENTS }),
            all_lines: options.all_lines,
            crypto,
            founded,
        }
    }
    fn begin(&mut self, kept: Option<&Kept>) {
        // Clocks that are off are so from the first start on.
        for at in (0..self.faults.len()).filter(|at| kept.is_none_or(|kept| kept.faults.contains(at))) {
            self.queue.put(self.faults[at].at, 0, Happening::Fault(at));
        }
        for host in 0..self.hosts.len() {
            self.queue.put(Micros(1_000 * host as u64), 1, Happening::Boot { host });
        }
        for act in (0..self.acts.len()).filter(|at| kept.is_none_or(|kept| kept.acts.contains(at))) {
            self.queue.put(self.acts[act].at, 2, Happening::Act(act));
        }
    }
    pub(super) fn after(&mut self, span_us: u64, happening: Happening) {
        self.queue.put(self.at.plus(span_us), 1, happening);
    }
    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Boot { host } => self.boot(host),
            Happening::Wake { host, boot, alarm } => self.wake(host, boot, alarm),
            Happening::Written { host, boot } => self.written(host, boot),
            Happening::Packet(packet) => self.arrive(packet),
            Happening::Pump { host, boot, request } => self.pump(host, boot, request),
            Happening::Dial { host, boot, peer } => self.dial(host, boot, peer),
            Happening::Opened { host, peer, session } => self.opened(host, peer, session),
            Happening::Closed { host, peer, session } => self.closed(host, peer, session),
            Happening::Lapse { a, b, session } => self.lapse(a, b, session),
            Happening::HungUp { a, b, session } => self.hung_up(a, b, session),
            Happening::Act(act) => self.act(act),
            Happening::Staff(staff) => self.staff(staff),
            Happening::Fault(fault) => self.fault(fault),
            Happening::Healed(fault) => self.healed(fault),
            Happening::Look(look) => self.look(look),
        }
    }
    /// Gives a host's Engine an input, does what it wants, and sets its alarm.
    pub(super) fn input(&mut self, host: usize, input: Input) {
        if self.stopped.is_some() || self.hosts[host].running.is_none() {
            return;
        }
        let outputs = self.hosts[host].handle(self.at, input);
        for output in outputs {
            self.perform(host, output);
        }
        self.set_alarm(host);
    }
    fn set_alarm(&mut self, host: usize) {
        let (at, now) = (self.at, self.hosts[host].now(self.at));
        let true_micros = |span| self.hosts[host].clock.true_micros(span);
        let Some(running) = &self.hosts[host].running else { return };
        let Some(deadline) = running.engine.deadline() else { return };
        let due = at.plus(true_micros(deadline.since(now)));
        if running.wake.is_some_and(|(set, _)| set <= due && set > at) {
            return;
        }
        let boot = self.hosts[host].boots;
        if let Some(running) = &mut self.hosts[host].running {
            running.alarms += 1;
            running.wake = Some((due, running.alarms));
            let alarm = running.alarms;
            self.queue.put(due, 1, Happening::Wake { host, boot, alarm });
        }
    }
    fn wake(&mut self, host: usize, boot: u64, alarm: u64) {
        let current = self.is_boot(host, boot)
            && self.hosts[host]
                .running
                .as_ref()
                .is_some_and(|running| running.wake.is_some_and(|(_, set)| set == alarm));
        if current {
            if let Some(running) = &mut self.hosts[host].running {
                running.wake = None;
            }
            self.input(host, Input::Timeout);
        }
    }
    pub(super) fn is_boot(&self, host: usize, boot: u64) -> bool {
        self.hosts[host].running.is_some() && self.hosts[host].boots == boot
    }
    pub(super) fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket)
    }
    /// The first violation ends the run.
    pub(super) fn note(&mut self, verdict: Verdict) {
        if let Err(violation) = verdict {
            self.stopped.get_or_insert(violation);
        }
    }
    /// Makes the run's digest depend on this.
    pub(super) fn feed(&mut self, parts: &[&[u8]]) {
        self.digest.put(parts);
    }
    /// Makes the run's course depend on this: what holds whatever bytes a signature has.
    pub(super) fn course(&mut self, parts: &[&[u8]]) {
        self.course.put(parts);
    }
    fn trace(&mut self, happening: &Happening) {
        let what = What::of(happening);
        what.put(self.at, &mut self.digest);
        what.put(self.at, &mut self.course);
        self.trace.put(self.event, self.at, what);
    }
    fn end(mut self) -> Outcome {
        let sizes: Vec<u64> = self.hosts.iter().map(|host| host.disk.used()).collect();
        for size in sizes {
            self.feed(&[&size.to_be_bytes()]);
        }
        for host in &self.hosts {
            if let (Some(running), Some(salts)) = (&host.running, host.disk.salt_key()) {
                let sound = protocol::audit::verify_log(&running.view, &salts).is_ok();
                self.watch.mark(if sound { "log verified" } else { "log damaged" });
            }
        }
        let stopped = self.stopped.take().map(|violation| Stopped { event: self.event, at: self.at, violation });
        let mut tally = std::mem::take(&mut self.tally);
        tally.marks = self.watch.all_marks();
        let told = stopped.is_some() || self.all_lines;
        let trace = if told { self.trace.lines(&self.watch.truth.names) } else { Vec::new() };
        Outcome {
            scenario: self.scenario.file.name.clone(),
            seed: self.seed.0,
            nodes: self.hosts.len(),
            networks: self.founded.networks.len(),
            simulated_ms: self.at.0 / 1_000,
            events: self.event,
            tally,
            faults: self.faults.iter().map(|fault| fault.shape.class()).collect(),
            digest: self.digest.end(),
            course: self.course.end(),
            trace,
            stopped,
        }
    }
}

fn host(scenario: &Scenario, founded: &Founded, seed: Seed, at: usize) -> Host {
    let (plan, made) = (&scenario.nodes[at], &founded.nodes[at]);
    let pace = &scenario.file.pace;
    let engine = plan.network.map(|network| {
        let config = EngineConfig {
            name: plan.id.clone(),
            networks: [founded.networks[network].id].into(),
            relay: false,
            build: "sim".into(),
            limits: Limits {
                sync_ms: pace.sync.0,
                checkpoint_ms: pace.checkpoint.0,
                publish_ms: pace.publish.0,
                // Days of a region are hours here, so that rights come to lapse within a run.
                emergency_review_ms: EMERGENCY_REVIEW_MS,
                emergency_lapse_ms: EMERGENCY_LAPSE_MS,
                ..Limits::default()
            },
        };
        (made.identity.clone(), config)
    });
    let number = u64::from_be_bytes(seed.stream(&format!("disk/{}", plan.id)).bytes());
    Host {
        id: plan.id.clone(),
        key: made.key,
        facility: made.facility.clone(),
        disk: HostDisk::new(number, seed.bytes(&format!("store/{}", plan.id))),
        clock: HostClock::new(scenario.start),
        boots: 0,
        running: None,
        blocked: BTreeMap::new(),
        is_off: false,
        engine,
    }
}

/// Where a host says it is met.
pub(super) fn addresses(world: &World<'_>, host: usize) -> Vec<String> {
    vec![address(&world.hosts[host].key, host)]
}

#[cfg(feature = "plants")]
fn signer(options: Options<'_>) -> Arc<dyn Crypto> {
    match options.ledger {
        true => Arc::new(protocol::crypto::Ledger::default()),
        false => Arc::new(Remembering::default()),
    }
}
#[cfg(not(feature = "plants"))]
fn signer(_: Options<'_>) -> Arc<dyn Crypto> {
    Arc::new(Remembering::default())
}
