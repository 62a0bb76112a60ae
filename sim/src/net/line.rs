use crate::limits::{LINK_QUEUE_BYTES, RESEND_US};
use crate::scenario::Scenario;
use crate::seed::{Seed, Stream};
use crate::world::Micros;
use protocol::ids::RequestId;
use std::collections::BTreeMap;

/// What travels.
#[derive(Clone, Debug)]
pub struct Packet {
    /// From which host.
    pub from: usize,
    /// To which host.
    pub to: usize,
    /// On which connection; lost if that one is gone.
    pub session: u64,
    /// What it carries.
    pub load: Load,
}

/// What a packet carries.
#[derive(Clone, Debug)]
pub enum Load {
    /// A frame of the message stream.
    Message {
        /// Its bytes.
        frame: Vec<u8>,
        /// The word for it in traces.
        word: &'static str,
    },
    /// A frame of a bulk stream.
    Bulk {
        /// Of which transfer.
        request: RequestId,
        /// The frame with its length.
        frame: Vec<u8>,
    },
    /// A bulk stream was closed before its end.
    Cut(RequestId),
}

impl Load {
    fn bytes(&self) -> u64 {
        let payload = match self {
            Self::Message { frame, .. } => frame.len() + 4,
            Self::Bulk { frame, .. } => frame.len() + 16,
            Self::Cut(_) => 16,
        };
        // Headers and seals of the transport, per packet of 1,400 bytes.
        (payload + 60 * payload.div_ceil(1_400)) as u64
    }
}

/// What became of a packet that was sent.
#[derive(Debug)]
pub enum Sent {
    /// It arrives then; the line is free for the next one at the second moment.
    Arrives(Micros, Micros, Packet),
    /// It waits behind a cut.
    Held,
    /// Too much waits: the connection must be given up.
    Overflow,
}

/// All directed lines.
pub struct Lines {
    seed: Seed,
    latency_us: Vec<u64>,
    bits_per_s: Vec<u64>,
    slow: Vec<u64>,
    lines: BTreeMap<(usize, usize), Line>,
}

struct Line {
    free: Micros,
    last: Micros,
    cuts: u32,
    held: Vec<Packet>,
    draws: Stream,
}

impl Lines {
    /// All lines open and idle.
    pub fn new(scenario: &Scenario, seed: Seed) -> Self {
        Self {
            seed,
            latency_us: scenario.nodes.iter().map(|node| node.latency_us).collect(),
            bits_per_s: scenario.nodes.iter().map(|node| node.bits_per_s).collect(),
            slow: vec![1; scenario.nodes.len()],
            lines: BTreeMap::new(),
        }
    }
    fn line(&mut self, from: usize, to: usize) -> &mut Line {
        let seed = self.seed;
        self.lines.entry((from, to)).or_insert_with(|| Line {
            free: Micros(0),
            last: Micros(0),
            cuts: 0,
            held: Vec::new(),
            draws: seed.stream(&format!("line/{from}/{to}")),
        })
    }
    /// How long one way takes at best.
    pub fn latency_us(&self, from: usize, to: usize) -> u64 {
        (self.latency_us[from] + self.latency_us[to]) * self.slow[from].max(self.slow[to]).min(100)
    }
    /// Sends; packets of one direction arrive in order.
    pub fn send(&mut self, at: Micros, packet: Packet) -> Sent {
        let (from, to) = (packet.from, packet.to);
        let latency = self.latency_us(from, to);
        let slow = self.slow[from].max(self.slow[to]);
        let bits = (self.bits_per_s[from].min(self.bits_per_s[to]) / slow).max(8_000);
        let bytes = packet.load.bytes();
        let line = self.line(from, to);
        if line.cuts > 0 {
            let waiting: u64 = line.held.iter().map(|packet| packet.load.bytes()).sum();
            if waiting > LINK_QUEUE_BYTES {
                return Sent::Overflow;
            }
            line.held.push(packet);
            return Sent::Held;
        }
        let start = line.free.max(at);
        if start.since(at) / 1_000 * bits / 8_000 > LINK_QUEUE_BYTES {
            return Sent::Overflow;
        }
        line.free = start.plus(bytes * 8_000_000 / bits);
        let jitter = line.draws.below(latency / 3 + 1);
        let lost = if line.draws.permille(2) { RESEND_US + 2 * latency } else { 0 };
        line.last = line.free.plus(latency + jitter + lost).max(line.last.plus(1));
        Sent::Arrives(line.last, line.free, packet)
    }
    /// Whether nothing comes through in at least one direction.
    pub fn is_cut(&self, a: usize, b: usize) -> bool {
        [(a, b), (b, a)].iter().any(|way| self.lines.get(way).is_some_and(|line| line.cuts > 0))
    }
    /// Cuts one direction.
    pub fn cut(&mut self, from: usize, to: usize) {
        self.line(from, to).cuts += 1;
    }
    /// Takes one cut back; gives what waited behind it, if it was the last.
    pub fn heal(&mut self, from: usize, to: usize) -> Vec<Packet> {
        let line = self.line(from, to);
        line.cuts = line.cuts.saturating_sub(1);
        if line.cuts == 0 { std::mem::take(&mut line.held) } else { Vec::new() }
    }
    /// All lines of a node are so many times as slow; 1 is as usual.
    pub fn slow_down(&mut self, node: usize, factor: u64) {
        self.slow[node] = factor.max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(number: u64) -> Packet {
        Packet { from: 0, to: 1, session: number, load: Load::Message { frame: vec![0; 1_000], word: "hello" } }
    }
    fn lines() -> Lines {
        Lines::new(&crate::scenario::load_named("kesen-mmwin").expect("of the house"), Seed(1))
    }

    #[test]
    fn packets_arrive_in_order_and_bytes_take_time() {
        let mut lines = lines();
        let mut before = Micros(0);
        for number in 0..500 {
            let Sent::Arrives(at, free, _) = lines.send(Micros(0), packet(number)) else { panic!("no cut") };
            assert!(at > before && at >= free.plus(lines.latency_us(0, 1)));
            before = at;
        }
        assert!(before > Micros(500 * 8 * 1_000 / 30), "thirty megabits a second");
    }
    #[test]
    fn a_cut_holds_what_is_sent_until_it_is_healed() {
        let mut lines = lines();
        lines.cut(0, 1);
        lines.cut(0, 1);
        assert!(matches!(lines.send(Micros(0), packet(1)), Sent::Held));
        assert!(lines.is_cut(1, 0));
        assert_eq!(lines.heal(0, 1).len(), 0);
        assert_eq!(lines.heal(0, 1).len(), 1);
        assert!(!lines.is_cut(0, 1));
    }
}
