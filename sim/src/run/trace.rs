//! What happened, event by event: kept short, hashed as it is, and put into words only when somebody wants to read it.
use super::world::Happening;
use crate::net::Load;
use crate::world::Micros;
use protocol::crypto::sha256;
use protocol::ids::RequestId;
use std::collections::VecDeque;

/// A hash over a long row of parts, taken block by block: the same row gives the same hash.
#[derive(Default)]
pub(super) struct Chain {
    state: [u8; 32],
    waiting: Vec<u8>,
}

impl Chain {
    pub(super) fn put(&mut self, parts: &[&[u8]]) {
        for part in parts {
            self.waiting.extend_from_slice(&(part.len() as u32).to_be_bytes());
            self.waiting.extend_from_slice(part);
        }
        if self.waiting.len() >= BLOCK_BYTES {
            self.fold();
        }
    }
    fn fold(&mut self) {
        self.state = sha256(&[&self.state, &self.waiting]).0;
        self.waiting.clear();
    }
    pub(super) fn end(mut self) -> [u8; 32] {
        self.fold();
        self.state
    }
}

/// One event: names, never contents.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// Something of one host.
    One(&'static str, usize),
    /// Something from one host to another.
    Way(&'static str, usize, usize),
    /// Something of two hosts.
    Pair(&'static str, usize, usize),
    /// A frame that arrives.
    Frame(usize, usize, &'static str),
    /// A part of a transfer that arrives, or that it was cut.
    Transfer(usize, usize, &'static str, RequestId),
    /// A transfer goes on.
    Pump(usize, RequestId),
    /// Something of a list.
    Number(&'static str, usize),
    /// Staff did something.
    Staff(&'static str),
}

impl What {
    pub(super) fn of(happening: &Happening) -> Self {
        match happening {
            Happening::Boot { host } => Self::One("boot", *host),
            Happening::Wake { host, .. } => Self::One("wake", *host),
            Happening::Written { host, .. } => Self::One("written", *host),
            Happening::Packet(packet) => match &packet.load {
                Load::Message { word, .. } => Self::Frame(packet.from, packet.to, word),
                Load::Bulk { request, .. } => Self::Transfer(packet.from, packet.to, "bulk", *request),
                Load::Cut(request) => Self::Transfer(packet.from, packet.to, "cut", *request),
            },
            Happening::Pump { host, request, .. } => Self::Pump(*host, *request),
            Happening::Dial { host, peer, .. } => Self::Way("dial", *host, *peer),
            Happening::Opened { host, peer, .. } => Self::Pair("opened", *host, *peer),
            Happening::Closed { host, peer, .. } => Self::Pair("closed", *host, *peer),
            Happening::Lapse { a, b, .. } => Self::Pair("lapse", *a, *b),
            Happening::HungUp { a, b, .. } => Self::Pair("hung up", *a, *b),
            Happening::Act(act) => Self::Number("act", *act),
            Happening::Staff(staff) => Self::Staff(staff.word()),
            Happening::Fault(fault) => Self::Number("fault", *fault),
            Happening::Healed(fault) => Self::Number("healed", *fault),
            Happening::Look(_) => Self::Staff("look"),
        }
    }
    /// Puts it into a hash.
    pub(super) fn put(&self, at: Micros, chain: &mut Chain) {
        let number = |n: &usize| (*n as u32).to_be_bytes();
        let at = at.0.to_be_bytes();
        match self {
            Self::One(word, a) | Self::Number(word, a) => chain.put(&[&at, word.as_bytes(), &number(a)]),
            Self::Way(word, a, b) | Self::Pair(word, a, b) | Self::Frame(a, b, word) => {
                chain.put(&[&at, word.as_bytes(), &number(a), &number(b)]);
            }
            Self::Transfer(a, b, word, request) => {
                chain.put(&[&at, word.as_bytes(), &number(a), &number(b), &request.0]);
            }
            Self::Pump(a, request) => chain.put(&[&at, b"pump", &number(a), &request.0]),
            Self::Staff(word) => chain.put(&[&at, b"staff", word.as_bytes()]),
        }
    }
    fn text(&self, names: &[String]) -> String {
        let name = |host: &usize| names.get(*host).map_or("?", String::as_str);
        match self {
            Self::One(word, a) => format!("{word} {}", name(a)),
            Self::Way(word, a, b) => format!("{word} {} -> {}", name(a), name(b)),
            Self::Pair(word, a, b) => format!("{word} {} - {}", name(a), name(b)),
            Self::Frame(a, b, word) => format!("{} -> {} {word}", name(a), name(b)),
            Self::Transfer(a, b, word, request) => format!("{} -> {} {word} {request:?}", name(a), name(b)),
            Self::Pump(a, request) => format!("pump {} {request:?}", name(a)),
            Self::Number(word, number) => format!("{word} {number}"),
            Self::Staff(word) => format!("staff {word}"),
        }
    }
}

/// The last events, or all of them.
pub(super) struct Trace {
    steps: VecDeque<(u64, Micros, What)>,
    most: usize,
}

impl Trace {
    pub(super) fn new(most: usize) -> Self {
        Self { steps: VecDeque::new(), most }
    }
    pub(super) fn put(&mut self, event: u64, at: Micros, what: What) {
        if self.steps.len() >= self.most {
            self.steps.pop_front();
        }
        self.steps.push_back((event, at, what));
    }
    /// One line for each.
    pub(super) fn lines(&self, names: &[String]) -> Vec<String> {
        self.steps.iter().map(|(event, at, what)| format!("{event:>7} {at} {}", what.text(names))).collect()
    }
}

/// Bytes that are hashed at once.
const BLOCK_BYTES: usize = 1 << 16;
