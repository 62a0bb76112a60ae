//! A handful of Engines over maps: messages arrive at once, through the real codec; one clock that the test moves.
use crate::audit;
use crate::confirm::{Answer, Values};
use crate::crypto::{Crypto, Real};
use crate::data::{Batch, MemoryView, View};
use crate::engine::{
    Command, Done, Effect, Engine, EngineConfig, Event, Identity, Input, Limits, Output, Received, Ticket,
};
use crate::ids::{NetworkId, NodeKey, PatientRef, RequestId};
use crate::time::Millis;
use crate::wire::{self, Message};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// A map that an Engine reads and its driver writes.
#[derive(Clone, Default)]
pub struct SharedView(pub Arc<Mutex<MemoryView>>);

impl View for SharedView {
    fn get(&self, space: crate::data::Space, key: &[u8]) -> Option<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(space, key)
    }
    fn scan(&self, space: crate::data::Space, prefix: &[u8], from: &[u8], limit: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).scan(space, prefix, from, limit)
    }
}

impl SharedView {
    /// Commits as a store does: events get their leaves, then all is applied.
    pub fn commit(&self, batch: &Batch) -> Vec<u64> {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        map.apply(&batch.writes);
        let appended = audit::append(&*map, &SALT, &batch.events);
        map.apply(&appended.writes);
        appended.leaves
    }
}

/// The salt key of every test log.
pub const SALT: [u8; 32] = [7; 32];

/// One node of a test.
pub struct Node {
    /// Its Engine.
    pub engine: Engine<SharedView>,
    /// What it has on disk.
    pub view: SharedView,
    /// Events since they were last taken.
    pub events: Vec<Event>,
    /// Requests whose copies were forgotten.
    pub forgotten: Vec<RequestId>,
    /// Whom a confirmation may be about.
    pub people: BTreeMap<PatientRef, Person>,
    /// What agreed, each time that this node judged.
    pub judged: Vec<Vec<bool>>,
    /// How many batches went to disk: each costs a sync.
    pub commits: usize,
}

/// A patient as a confirmation sees it.
pub struct Person {
    /// Its values.
    pub values: Values,
    /// What follows from those that agree.
    pub judge: fn(&[bool]) -> Answer,
}

/// Changes or drops what a node sends.
pub type Tamper = Box<dyn Fn(NodeKey, Message) -> Option<Message>>;

/// Several nodes.
#[derive(Default)]
pub struct World {
    /// By key.
    pub nodes: BTreeMap<NodeKey, Node>,
    /// The one clock.
    pub now: Millis,
    /// Pairs that are connected.
    pub links: BTreeSet<(NodeKey, NodeKey)>,
    queue: VecDeque<(NodeKey, NodeKey, Vec<u8>)>,
    tickets: u64,
    starts: u64,
    /// Every frame that was sent, for tests that look for what must not be there.
    pub frames: Vec<(NodeKey, NodeKey, Vec<u8>)>,
    /// For tests of peers that lie or are silent.
    pub tamper: Option<Tamper>,
}

impl World {
    /// A world whose clock stands at `now`.
    pub fn at(now: Millis) -> Self {
        Self { now, ..Self::default() }
    }
    /// Adds a node with short intervals.
    pub fn add(&mut self, name: &str, identity: Identity, networks: &[NetworkId]) -> NodeKey {
        self.start(name, identity, networks, SharedView::default())
    }
    /// Starts a node anew over what `disk` holds, as after a restore from a backup; its connections are gone.
    pub fn restore(&mut self, name: &str, identity: Identity, networks: &[NetworkId], disk: MemoryView) -> NodeKey {
        let key = self.start(name, identity, networks, SharedView(Arc::new(Mutex::new(disk))));
        let peers: Vec<NodeKey> = self.links.iter().filter(|(node, _)| *node == key).map(|(_, peer)| *peer).collect();
        self.links.retain(|(a, b)| *a != key && *b != key);
        for peer in peers {
            self.input(peer, Input::Disconnected(key));
        }
        self.settle();
        key
    }
    /// Kills a node and starts it again with what it has on disk and without lines.
    pub fn restart(&mut self, key: NodeKey, name: &str, identity: Identity, networks: &[NetworkId]) {
        let others: Vec<NodeKey> = self.nodes.keys().copied().filter(|other| *other != key).collect();
        others.into_iter().for_each(|other| self.cut(key, other));
        if let Some(dead) = self.nodes.remove(&key) {
            self.start(&format!("{name} again"), identity, networks, dead.view);
        }
    }
    fn start(&mut self, name: &str, identity: Identity, networks: &[NetworkId], view: SharedView) -> NodeKey {
        let config = EngineConfig {
            name: name.to_owned(),
            networks: networks.iter().copied().collect(),
            relay: false,
            build: "test".into(),
            limits: Limits { publish_ms: 0, ..Limits::default() },
        };
        // A second start draws other numbers than the first.
        self.starts += 1;
        let seed = crate::crypto::sha256(&[b"seed", name.as_bytes(), &self.starts.to_be_bytes()]).0;
        let engine = Engine::new(Arc::new(Real), identity, config, view.clone(), seed);
        let key = engine.node_key();
        let node = Node {
            engine,
            view,
            events: Vec::new(),
            forgotten: Vec::new(),
            people: BTreeMap::new(),
            judged: Vec::new(),
            commits: 0,
        };
        self.nodes.insert(key, node);
        key
    }
    /// Connects two nodes.
    pub fn connect(&mut self, a: NodeKey, b: NodeKey) {
        self.links.insert((a, b));
        self.links.insert((b, a));
        self.input(a, Input::Connected(b));
        self.input(b, Input::Connected(a));
        self.settle();
    }
    /// Cuts two nodes apart.
    pub fn cut(&mut self, a: NodeKey, b: NodeKey) {
        self.links.remove(&(a, b));
        self.links.remove(&(b, a));
        self.input(a, Input::Disconnected(b));
        self.input(b, Input::Disconnected(a));
        self.settle();
    }
    /// Gives a command and lets everything that follows happen; returns its ticket.
    pub fn command(&mut self, node: NodeKey, command: Command) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(1 << 40 | self.tickets);
        self.input(node, Input::Command(ticket, command));
        self.settle();
        ticket
    }
    /// Moves the clock; timers that come due fire in order.
    pub fn pass(&mut self, ms: u64) {
        let end = self.now.plus(ms);
        loop {
            let next = self.nodes.iter().filter_map(|(key, node)| Some((node.engine.deadline()?, *key))).min();
            match next {
                Some((at, key)) if at <= end => {
                    self.now = self.now.max(at);
                    self.input(key, Input::Timeout);
                    self.settle();
                }
                _ => break,
            }
        }
        self.now = end;
    }
    /// Takes a node's events.
    pub fn events(&mut self, node: NodeKey) -> Vec<Event> {
        self.nodes.get_mut(&node).map(|node| std::mem::take(&mut node.events)).unwrap_or_default()
    }
    /// Feeds one input and performs what follows at that node; messages wait for [`World::settle`].
    pub fn input(&mut self, key: NodeKey, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let Some(node) = self.nodes.get_mut(&key) else { return };
            node.engine.handle(self.now, input);
            while let Some(output) = node.engine.poll() {
                match output {
                    Output::Send { to, message } => {
                        if self.links.contains(&(key, to)) {
                            let frame = wire::encode(message);
                            self.frames.push((key, to, frame.clone()));
                            self.queue.push_back((key, to, frame));
                        }
                    }
                    Output::Event(event) => node.events.push(event),
                    Output::Effect(ticket, effect) => inputs.extend(perform(node, ticket, effect)),
                }
            }
        }
    }
    /// Delivers until nothing is under way.
    pub fn settle(&mut self) {
        while let Some((from, to, frame)) = self.queue.pop_front() {
            if !self.links.contains(&(from, to)) {
                continue;
            }
            let read = wire::decode(&frame).map(|message| match &self.tamper {
                Some(tamper) => tamper(from, message),
                None => Some(message),
            });
            match read {
                Ok(None) => {}
                Ok(Some(message)) => self.input(to, Input::Message { from, message }),
                Err(_) => self.input(to, Input::Garbage { from }),
            }
        }
    }
}

fn perform(node: &mut Node, ticket: Ticket, effect: Effect) -> Option<Input> {
    let done = match effect {
        Effect::Commit(batch) => {
            node.commits += 1;
            Done::Committed(node.view.commit(&batch))
        }
        Effect::Serve(_) => Done::Served { complete: true },
        // Bytes are not moved here: the plan counts as arrived.
        Effect::Receive(receive) => Done::Received(Received {
            complete: true,
            damaged: false,
            items: receive.plan.items.len() as u32,
            bytes: receive.plan.total,
            writes: Vec::new(),
        }),
        Effect::Values(patient) => Done::Values(node.people.get(&patient).map(|person| person.values.clone())),
        Effect::Judge { patient, agreed } => {
            let answer = node.people.get(&patient).map_or(Answer::NotSame, |person| (person.judge)(&agreed));
            node.judged.push(agreed);
            Done::Judged(answer)
        }
        Effect::Forget(requests) => {
            node.forgotten.extend(requests);
            Done::Committed(Vec::new())
        }
        Effect::Dial { .. } | Effect::Hangup { .. } | Effect::Cancel(_) => return None,
    };
    Some(Input::Done(ticket, done))
}

/// Real signatures, for tests that make objects.
pub fn crypto() -> &'static dyn Crypto {
    &Real
}
