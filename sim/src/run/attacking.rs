//! Bad neighbours at work: frames that their Engines would never send, answers held back, bytes changed on their way out.
use super::world::World;
use crate::check::{Invariant, Verdict, Violation, word};
use crate::net::{Load, Packet};
use crate::seed::{Seed, Stream};
use crate::work::{Attack, Probe, borrowed, flipped, forge, garbage};
use protocol::ids::{NodeKey, RequestId};
use protocol::time::DAY_MS;
use protocol::wire::{self, Message, v1};
use std::collections::BTreeMap;

/// What bad neighbours remember.
pub(super) struct Attackers {
    /// Requests of their own that went out, newest last, by whom and to whom.
    sent: BTreeMap<(usize, usize), Vec<v1::Request>>,
    draws: Stream,
}

impl Attackers {
    pub(super) fn new(seed: Seed) -> Self {
        Self { sent: BTreeMap::new(), draws: seed.stream("attackers") }
    }
}

impl World<'_> {
    pub(super) fn is_bad(&self, host: usize) -> bool {
        self.scenario.nodes[host].bad
    }
    /// Whether a bad neighbour does what bad neighbours do: not in the run that is compared with.
    fn is_at_work(&self, host: usize) -> bool {
        self.is_bad(host) && self.scenario.file.work.attacks > 0
    }
    /// A bad neighbour does one thing to one member.
    pub(super) fn attack(&mut self, from: usize, to: usize, what: Attack) {
        if self.sessions.of(from, to).is_none() {
            self.watch.mark(format!("attack {} not connected", what.id()));
            return;
        }
        self.watch.mark(format!("attack {}", what.id()));
        match what {
            Attack::Flipped => {
                let message = self.forged(from, to, true);
                let message = flipped(message, &mut self.attackers.draws);
                self.watch.forged(&message);
                self.inject(from, to, &message);
            }
            Attack::Replayed => {
                let known = self.attackers.sent.get(&(from, to)).and_then(|sent| sent.last()).cloned();
                if let Some(request) = known {
                    self.watch.mark("attack B03 with a request that was made");
                    self.inject(from, to, &Message::Request(request));
                }
            }
            Attack::Elsewhere => {
                let other = (0..self.hosts.len()).find(|other| *other != to && *other != from && !self.is_bad(*other));
                let message = self.forged(from, other.unwrap_or(to), true);
                self.watch.forged(&message);
                self.inject(from, to, &message);
            }
            Attack::Borrowed => {
                let other = (0..self.hosts.len()).find(|other| *other != to && *other != from);
                let name = self.hosts[other.unwrap_or(to)].facility.clone();
                let message = self.forged(from, to, true);
                let key = &self.founded.nodes[from].identity.node;
                let message = borrowed(message, &name, &*self.crypto, key);
                self.watch.forged(&message);
                self.inject(from, to, &message);
            }
            Attack::Guessed => {
                for _ in 0..GUESSES {
                    let message = self.forged(from, to, false);
                    self.send_to(from, to, message);
                }
            }
            Attack::Flood => (0..FLOOD_FRAMES).for_each(|_| self.inject_garbage(from, to, false)),
            Attack::Huge => self.inject_garbage(from, to, true),
            Attack::LoneRevocation | Attack::LongSuspension => self.lone_founder(from, to, what),
        }
    }
    /// A corrupt founder of the attacked node's network helps.
    fn lone_founder(&mut self, from: usize, to: usize, what: Attack) {
        let Some(network) = self.scenario.nodes[to].network else { return };
        let now = self.hosts[from].now(self.at);
        let (made, facility) = (&self.founded.networks[network], self.hosts[to].facility.clone());
        let signed = match what {
            Attack::LongSuspension => made.suspend(&*self.crypto, 1, &facility, (now, 30 * DAY_MS)),
            _ => made.revoke_alone(&*self.crypto, &facility, now),
        };
        self.inject(from, to, &Message::Objects(v1::Objects { objects: vec![signed.to_wire()] }));
    }
    fn forged(&mut self, from: usize, to: usize, is_known: bool) -> Message {
        let now = self.hosts[from].now(self.at);
        let (people, known) = (&self.watch.truth.people, &self.watch.known[to]);
        let probe = Probe { founded: &self.founded, people, from, to, known, is_known, now };
        forge(probe, &*self.crypto, &mut self.attackers.draws)
    }
    /// Sends what no Engine made; the observer of honest frames does not look at it, only at what comes of it.
    fn inject(&mut self, from: usize, to: usize, message: &Message) {
        self.inject_frame(from, to, wire::encode(message.clone()), word(message));
    }
    fn inject_garbage(&mut self, from: usize, to: usize, is_huge: bool) {
        let frame = garbage(is_huge, &mut self.attackers.draws);
        self.inject_frame(from, to, frame, "garbage");
    }
    fn inject_frame(&mut self, from: usize, to: usize, frame: Vec<u8>, word: &'static str) {
        let Some(session) = self.sessions.of(from, to) else { return };
        self.feed(&[&frame]);
        self.course(&[&(frame.len() as u64).to_be_bytes()]);
        self.send_packet(Packet { from, to, session, load: Load::Message { frame, word } });
    }
    /// B15: a bad neighbour takes requests and does not answer some. Its own requests it remembers, to send them again.
    pub(super) fn holds_back(&mut self, from: usize, to: usize, message: &Message) -> bool {
        if !self.is_at_work(from) {
            return false;
        }
        match message {
            Message::Request(request) => {
                let sent = self.attackers.sent.entry((from, to)).or_default();
                sent.push(request.clone());
                false
            }
            Message::Decision(_) if self.attackers.draws.permille(HELD_BACK_PERMILLE) => {
                self.watch.mark("attack B15");
                true
            }
            _ => false,
        }
    }
    /// B14: a bad neighbour changes bytes of a record on their way out.
    pub(super) fn spoil(&mut self, from: usize, frame: &mut [u8]) {
        if self.is_at_work(from)
            && self.attackers.draws.permille(SPOILED_PERMILLE)
            && let Some(byte) = frame.last_mut()
        {
            *byte ^= 1;
            self.watch.mark("attack B14");
        }
    }
    /// I22: what is kept of an answer is what was announced.
    pub(super) fn kept_as_announced(&self, host: usize, from: NodeKey, request: RequestId, is_so: bool) -> Verdict {
        if is_so {
            return Ok(());
        }
        let names = &self.watch.truth.names;
        let peer = self.by_key.get(&from).and_then(|peer| names.get(*peer)).map_or("?", String::as_str);
        let witness = format!("{} keeps bytes of {request:?} that {peer} did not announce", names[host]);
        Err(Violation { invariant: Invariant::I22, witness })
    }
}

/// Requests of one try at guessing.
const GUESSES: u32 = 12;
/// Frames of one flood.
const FLOOD_FRAMES: u32 = 60;
/// Answers that a bad neighbour holds back.
const HELD_BACK_PERMILLE: u64 = 300;
/// Frames of records that a bad neighbour changes.
const SPOILED_PERMILLE: u64 = 250;
