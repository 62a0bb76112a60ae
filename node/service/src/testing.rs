//! Several nodes in one process, joined by lines in memory: for tests of flows that need real Engines and real stores but no
//! sockets. Never in a shipped binary (feature `testing`).
use crate::clock::Clock;
use crate::engine::{Host, Inbox, Incoming};
use crate::onboarding::FacilitySpec;
use crate::{Service, ServiceConfig};
use protocol::engine::{Done, Effect, Engine, Input, Output, Received, Serve, Ticket};
use protocol::ids::{FacilityId, NodeKey, RequestId, peer_id_of};
use protocol::kinds::FacilityClass;
use protocol::wire::{Message, v1};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use store::{Store, StoreConfig, StoreView};

/// The lines between some nodes. Ends all Engines when dropped.
pub struct Lines {
    bell: Sender<Bell>,
    thread: Mutex<Option<JoinHandle<()>>>,
    keys: Vec<NodeKey>,
}

enum Bell {
    Command,
    Done(usize, Ticket, Done),
    Line(usize, bool),
    Stop,
}

struct Node {
    host: Host,
    inbox: Inbox,
    engine: Engine<StoreView>,
    key: NodeKey,
    is_on: bool,
    peers: BTreeSet<usize>,
}

/// One transfer: its frames until the reader has a place for them.
#[derive(Default)]
struct Transfer {
    frames: VecDeque<Vec<u8>>,
    sink: Option<(usize, Ticket, Incoming)>,
}

struct Town {
    nodes: Vec<Node>,
    bell: Sender<Bell>,
    /// What happens next, in order.
    inputs: VecDeque<(usize, Input)>,
    transfers: BTreeMap<RequestId, Transfer>,
}

/// Joins these nodes: each can dial every other.
pub fn join_lines(nodes: Vec<(Host, Inbox)>) -> Lines {
    let (bell, rings) = channel();
    let mut town = Town { nodes: Vec::new(), bell: bell.clone(), inputs: VecDeque::new(), transfers: BTreeMap::new() };
    let keys: Vec<NodeKey> = nodes.iter().map(|(host, _)| host.node_key()).collect();
    for (host, inbox) in nodes {
        let ring = bell.clone();
        inbox.on_command(Box::new(move || drop(ring.send(Bell::Command))));
        let (engine, key) = (host.engine(), host.node_key());
        town.nodes.push(Node { host, inbox, engine, key, is_on: true, peers: BTreeSet::new() });
    }
    let thread = std::thread::spawn(move || town.run(&rings));
    Lines { bell, thread: Mutex::new(Some(thread)), keys }
}

/// A node of one hospital over a store in memory, whose Engine nobody drives; keys lie in `folder`.
pub struct House {
    /// Its use cases.
    pub service: Service,
    _ends: (Host, Inbox),
}

/// Opens one with a clock of the caller's.
///
/// # Panics
/// If the folder cannot be written.
pub fn house(folder: &Path, clock: Arc<dyn Clock>) -> House {
    let store = Store::in_memory(StoreConfig::new([7; 32])).expect("memory");
    let facility = FacilityId::parse("1319999999").expect("ten digits");
    let mut config = ServiceConfig::new(folder, "見本病院のノード");
    config.facilities = vec![FacilitySpec::usual(facility, "見本病院", FacilityClass::Hospital, false)];
    let (service, host, inbox) = Service::open_with(Arc::new(store), clock, config).expect("a node");
    House { service, _ends: (host, inbox) }
}

/// The address of a node on these lines.
pub fn address_of(node: &NodeKey) -> String {
    format!("/memory/1/p2p/{}", peer_id_of(node))
}

/// Waits until something holds; fails the test after half a minute.
///
/// # Panics
/// With `what`, if it never holds.
#[track_caller]
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < until, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(3));
    }
}

impl Lines {
    /// The keys of the nodes, in the order in which they were joined.
    pub fn keys(&self) -> &[NodeKey] {
        &self.keys
    }
    /// Cuts a node off, or puts it back on the line.
    pub fn switch(&self, node: usize, is_on: bool) {
        let _ = self.bell.send(Bell::Line(node, is_on));
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let _ = self.bell.send(Bell::Stop);
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
    }
}

impl Town {
    fn run(&mut self, rings: &Receiver<Bell>) {
        for at in 0..self.nodes.len() {
            let address = address_of(&self.nodes[at].key);
            self.step(at, Input::Listening(vec![address]));
        }
        loop {
            self.settle();
            let dues = self.nodes.iter().filter_map(|node| Some(node.engine.deadline()?.since(node.host.now())));
            let pause = dues.min().unwrap_or(IDLE_MS).min(IDLE_MS);
            match rings.recv_timeout(Duration::from_millis(pause)) {
                Ok(Bell::Command) => {}
                Ok(Bell::Done(at, ticket, done)) => self.step(at, Input::Done(ticket, done)),
                Ok(Bell::Line(at, is_on)) => self.switch(at, is_on),
                Ok(Bell::Stop) => return,
                Err(_) => (0..self.nodes.len()).for_each(|at| self.step(at, Input::Timeout)),
            }
        }
    }
    /// Everything that can be done without waiting.
    fn settle(&mut self) {
        loop {
            if let Some((at, input)) = self.inputs.pop_front() {
                self.deliver(at, input);
            } else if let Some((at, input)) =
                (0..self.nodes.len()).find_map(|at| Some((at, self.nodes[at].inbox.next()?)))
            {
                self.step(at, input);
            } else {
                return;
            }
        }
    }
    fn deliver(&mut self, at: usize, input: Input) {
        let Input::Message { message: Message::Piece(piece), .. } = input else { return self.step(at, input) };
        let Some(request) = RequestId::from_slice(&piece.request) else { return };
        self.transfers.entry(request).or_default().frames.push_back(piece.frame);
        self.pump(request);
    }
    fn step(&mut self, at: usize, input: Input) {
        let node = &mut self.nodes[at];
        node.engine.handle(node.host.now(), input);
        while let Some(output) = self.nodes[at].engine.poll() {
            match output {
                Output::Send { to, message } => self.send(at, to, message),
                Output::Event(event) => self.nodes[at].host.on_event(event),
                Output::Effect(ticket, effect) => self.perform(at, ticket, effect),
            }
        }
        let node = &self.nodes[at];
        node.host.settle(&node.engine);
    }
    fn send(&mut self, at: usize, to: NodeKey, message: Message) {
        let found = self.nodes[at].peers.iter().copied().find(|peer| self.nodes[*peer].key == to);
        if let Some(peer) = found {
            self.inputs.push_back((peer, Input::Message { from: self.nodes[at].key, message }));
        }
    }
    fn perform(&mut self, at: usize, ticket: Ticket, effect: Effect) {
        let bell = self.bell.clone();
        let answer = move |done| drop(bell.send(Bell::Done(at, ticket, done)));
        let host = self.nodes[at].host.clone();
        match effect {
            Effect::Commit(batch) => host.commit(batch, answer),
            Effect::Forget(requests) => host.forget(&requests, answer),
            Effect::Values(patient) => answer(Done::Values(host.values(patient))),
            Effect::Judge { patient, agreed } => answer(Done::Judged(host.judge(patient, &agreed))),
            Effect::Serve(serve) => {
                self.serve(at, &serve);
                answer(Done::Served { complete: true });
            }
            Effect::Receive(receive) => match host.incoming(&receive) {
                Ok(incoming) => {
                    let request = receive.plan.request;
                    self.transfers.entry(request).or_default().sink = Some((at, ticket, incoming));
                    self.pump(request);
                }
                Err(_) => answer(Done::Received(Received { damaged: true, ..Received::default() })),
            },
            Effect::Dial { node, addresses } if addresses.iter().any(|a| a.ends_with(&peer_id_of(&node))) => {
                self.dial(at, node)
            }
            Effect::Dial { .. } | Effect::Hangup { .. } | Effect::Cancel(_) => {}
        }
    }
    /// Inline pieces travel behind the decision; bulk frames go straight to the reader's end.
    fn serve(&mut self, at: usize, serve: &Serve) {
        let request = serve.plan.request;
        let frames: Vec<Vec<u8>> = self.nodes[at].host.outgoing(serve).map(Iterator::collect).unwrap_or_default();
        if serve.inline {
            for (number, frame) in frames.iter().enumerate() {
                let last = number + 1 == frames.len();
                let piece = v1::Piece { request: request.0.to_vec(), frame: frame.clone(), last };
                self.send(at, serve.to, Message::Piece(piece));
            }
        } else {
            let transfer = self.transfers.entry(request).or_default();
            transfer.frames.extend(frames);
            self.pump(request);
        }
    }
    fn pump(&mut self, request: RequestId) {
        let Some(transfer) = self.transfers.get_mut(&request) else { return };
        let Some((at, ticket, mut incoming)) = transfer.sink.take() else { return };
        let mut is_over = false;
        while let Some(frame) = transfer.frames.pop_front() {
            is_over |= incoming.take(&frame).is_err();
        }
        if is_over || incoming.is_done() {
            self.transfers.remove(&request);
            let _ = self.bell.send(Bell::Done(at, ticket, Done::Received(incoming.finish())));
        } else {
            transfer.sink = Some((at, ticket, incoming));
        }
    }
    fn dial(&mut self, at: usize, to: NodeKey) {
        let found = self.nodes.iter().position(|node| node.key == to);
        let peer = found.filter(|peer| *peer != at && self.nodes[at].is_on && self.nodes[*peer].is_on);
        let Some(peer) = peer else { return self.inputs.push_back((at, Input::Unreachable(to))) };
        if self.nodes[at].peers.insert(peer) {
            self.nodes[peer].peers.insert(at);
            let own = self.nodes[at].key;
            self.inputs.push_back((at, Input::Connected(to)));
            self.inputs.push_back((peer, Input::Connected(own)));
        }
    }
    fn switch(&mut self, at: usize, is_on: bool) {
        self.nodes[at].is_on = is_on;
        if is_on {
            return self.step(at, Input::Timeout);
        }
        for peer in std::mem::take(&mut self.nodes[at].peers) {
            self.nodes[peer].peers.remove(&at);
            let (own, other) = (self.nodes[at].key, self.nodes[peer].key);
            self.step(at, Input::Disconnected(other));
            self.step(peer, Input::Disconnected(own));
        }
    }
}

/// Longest sleep.
const IDLE_MS: u64 = 50;
