//! Two Engines with real sockets between them: one read, small and large, cut and resumed.
mod support;

use peer::{Completion, End, EngineHandle, Host, Keeper, NetConfig, NetHandle, Running, Shelf, drive};
use protocol::crypto::Real;
use protocol::data::{Batch, View, Write};
use protocol::engine::{
    Answer, Candidate, Command, Engine, EngineConfig, Event, FetchOrder, HolderStatus, Input, LocateOrder, Publication,
    Receive, Scope, Source, Ticket,
};
use protocol::fetch::{Item, digest_of};
use protocol::ids::{FacilityId, Hash, NodeKey, PatientRef, RequestId};
use protocol::kinds::{FacilityClass, KindSet, Purpose, Role};
use protocol::policy::{Evidence, EvidenceKind};
use protocol::testing::builders::{self, TestNetwork};
use protocol::testing::pair::SharedView;
use protocol::time::{Millis, Period};
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};
use support::*;
use tokio::sync::mpsc;
use tokio::time::timeout;

const PATIENT: PatientRef = PatientRef(1);

type Wanted = Arc<Mutex<VecDeque<Input>>>;
type Copies = Arc<Mutex<BTreeMap<u32, Vec<u8>>>>;
type Cut = Arc<Mutex<Option<Box<dyn FnOnce() + Send>>>>;

/// A node's rest: maps.
struct Rest {
    view: SharedView,
    bodies: BTreeMap<Hash, Vec<u8>>,
    copies: Copies,
    events: mpsc::UnboundedSender<Event>,
    /// Called once, in the middle of reading a large record.
    cut: Cut,
    wanted: Wanted,
    up: Arc<AtomicUsize>,
}

impl Host for Rest {
    fn now(&self) -> Millis {
        now()
    }
    fn commit(&self, batch: Batch, done: Completion) {
        done.committed(self.view.commit(&batch));
    }
    fn values(&self, _: protocol::ids::PatientRef) -> Option<protocol::confirm::Values> {
        None
    }
    fn judge(&self, _: protocol::ids::PatientRef, _: &[bool]) -> protocol::confirm::Answer {
        protocol::confirm::Answer::NotSame
    }
    fn forget(&self, _: Vec<RequestId>, done: Completion) {
        self.copies.lock().expect("lock").clear();
        done.committed(Vec::new());
    }
    fn shelf(&self) -> Box<dyn Shelf> {
        Box::new(Books { bodies: self.bodies.clone(), cut: self.cut.clone() })
    }
    fn keep(&self, _: &Receive) -> io::Result<Box<dyn Keeper>> {
        Ok(Box::new(Keep { begun: BTreeMap::new(), copies: self.copies.clone() }))
    }
    fn event(&self, event: Event) {
        let _ = self.events.send(event);
    }
    fn next(&self) -> Option<Input> {
        self.wanted.lock().expect("lock").pop_front()
    }
    fn settle<V: View>(&self, engine: &Engine<V>) {
        self.up.store(engine.snapshot(now()).up.len(), Ordering::Relaxed);
    }
}

struct Books {
    bodies: BTreeMap<Hash, Vec<u8>>,
    cut: Cut,
}

impl Shelf for Books {
    fn open(&mut self, _: &Source, item: &Item) -> io::Result<Box<dyn Read + Send>> {
        let body = self.bodies.get(&item.digest).cloned().ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(Body { body, at: 0, cut: self.cut.clone() }))
    }
    fn hashes(&mut self, _: &Source) -> Option<Vec<Hash>> {
        None
    }
}

struct Body {
    body: Vec<u8>,
    at: usize,
    cut: Cut,
}

impl Read for Body {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at > 10 << 20
            && let Some(cut) = self.cut.lock().expect("lock").take()
        {
            cut();
        }
        let read = into.len().min(self.body.len() - self.at);
        into[..read].copy_from_slice(&self.body[self.at..][..read]);
        self.at += read;
        Ok(read)
    }
}

struct Keep {
    begun: BTreeMap<u32, Vec<u8>>,
    copies: Copies,
}

impl Keeper for Keep {
    fn write(&mut self, item: u32, offset: u64, bytes: &[u8], last: bool) -> io::Result<()> {
        let begun = self.begun.entry(item).or_default();
        assert_eq!(begun.len() as u64, offset, "in order");
        begun.extend_from_slice(bytes);
        if last {
            let whole = self.begun.remove(&item).unwrap_or_default();
            self.copies.lock().expect("lock").insert(item, whole);
        }
        Ok(())
    }
    fn finish(self: Box<Self>) -> io::Result<Vec<Write>> {
        Ok(Vec::new())
    }
}

fn now() -> Millis {
    Millis(SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as u64)
}

/// A driven node.
struct Site {
    key: NodeKey,
    facility: FacilityId,
    view: SharedView,
    engine: EngineHandle,
    wanted: Wanted,
    /// Nodes it is connected to.
    up: Arc<AtomicUsize>,
    running: Running,
    net: NetHandle,
    copies: Copies,
    cut: Cut,
    events: mpsc::UnboundedReceiver<Event>,
    tickets: u64,
}

impl Site {
    fn start(name: &str, number: u32, network: &TestNetwork, bodies: &[Vec<u8>], start: Millis) -> Self {
        let facility = builders::facility(number);
        let identity = builders::identity(&Real, name, std::slice::from_ref(&facility), start);
        let seed = *identity.node.expose();
        let listen = vec![TCP.parse().expect("address")];
        let (net, net_events) =
            peer::Net::start(NetConfig { listen, ..NetConfig::default() }, seed).expect("on loopback");
        let config = EngineConfig {
            name: name.to_owned(),
            networks: [network.id].into(),
            relay: false,
            build: "test".into(),
            limits: protocol::engine::Limits { publish_ms: 0, ..Default::default() },
        };
        let view = SharedView::default();
        let certs = identity.certs.clone();
        let engine = Engine::new(Arc::new(Real), identity, config, view.clone(), [number as u8; 32]);
        let key = engine.node_key();
        assert_eq!(key, net.node());
        let (events_in, events) = mpsc::unbounded_channel();
        let (copies, cut, wanted, up) = (Copies::default(), Cut::default(), Wanted::default(), Arc::default());
        let rest = Rest {
            view: view.clone(),
            bodies: bodies.iter().map(|body| (digest_of(body), body.clone())).collect(),
            copies: copies.clone(),
            events: events_in,
            cut: cut.clone(),
            wanted: wanted.clone(),
            up: Arc::clone(&up),
        };
        let (engine, running) = drive(engine, Arc::new(rest), net.clone(), net_events).expect("a thread");
        let mut site = Self { key, facility, view, engine, wanted, up, running, net, copies, cut, events, tickets: 0 };
        site.command(Command::Pin(network.id, Some(network.charter.clone())));
        let membership = network.admit(&Real, &site.facility, FacilityClass::Hospital, start);
        site.command(Command::Take([vec![membership], certs].concat()));
        site.command(Command::KeepSecret { scope: Scope::Network(network.id), epoch: 1, secret: network.secret });
        site
    }
    fn command(&mut self, command: Command) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(1 << 40 | self.tickets);
        self.wanted.lock().expect("lock").push_back(Input::Command(ticket, command));
        self.engine.wake();
        ticket
    }
    async fn until<T>(&mut self, what: &str, pick: impl Fn(&Event) -> Option<T>) -> T {
        let mut meanwhile = Vec::new();
        let wait = async {
            loop {
                let event = self.events.recv().await.expect("the engine runs");
                match pick(&event) {
                    Some(found) => return found,
                    None => meanwhile.push(event),
                }
            }
        };
        match timeout(DEADLINE, wait).await {
            Ok(found) => found,
            Err(_) => panic!("waited in vain for {what}; meanwhile: {meanwhile:?}"),
        }
    }
    async fn consent(&mut self) {
        let receipt = builders::consent(&self.facility, 7, 1, now());
        self.command(Command::Consent { patient: PATIENT, receipt: Box::new(receipt) });
        self.until("the consent", |event| matches!(event, Event::Consented(..)).then_some(())).await;
    }
    async fn locate(&mut self) -> Candidate {
        let found = async {
            loop {
                let facility = self.facility.clone();
                self.command(Command::Locate(LocateOrder { patient: PATIENT, facility, strings: strings() }));
                let located = |event: &Event| match event {
                    Event::Located(_, found) => Some(found.clone()),
                    _ => None,
                };
                if let Some(candidate) = self.until("a look-up", located).await.into_iter().next() {
                    return candidate;
                }
                tokio::task::yield_now().await;
            }
        };
        timeout(DEADLINE, found).await.expect("a candidate")
    }
    async fn fetch(&mut self, candidate: Candidate) -> Answer {
        let order = FetchOrder {
            patient: PATIENT,
            facility: self.facility.clone(),
            candidate,
            strings: strings(),
            staff: "s1".into(),
            role: Role::Doctor,
            purpose: Purpose::Treatment,
            evidence: Some(Evidence { kind: EvidenceKind::Reception, commitment: Hash([1; 32]) }),
            base: None,
            emergency: None,
            kinds: KindSet::ALL,
            period: Period::ALL,
            limit_bytes: 1 << 30,
            wait_ms: 25_000,
            ground: Batch::default(),
        };
        let ticket = self.command(Command::Fetch(Box::new(order)));
        let answer = |event: &Event| match event {
            Event::Answer(of, answer) if *of == ticket && answer.status != HolderStatus::Late => Some(answer.clone()),
            _ => None,
        };
        *self.until("an answer", answer).await
    }
    fn kept(&self) -> Vec<Vec<u8>> {
        self.copies.lock().expect("lock").values().cloned().collect()
    }
}

fn strings() -> Vec<(u8, Vec<u8>)> {
    [2_u8, 7, 9].into_iter().map(|rule| (rule, vec![rule; 20])).collect()
}

fn body(number: usize, size: usize) -> Vec<u8> {
    (0..size).map(|at| (at / 97 + number) as u8).collect()
}

/// A holder with these lab reports of the patient, and a reader, both consented, connected and in step.
/// Where a node is met, once it is.
async fn listening(site: &Site) -> Vec<peer::Multiaddr> {
    let address = timeout(DEADLINE, async {
        loop {
            match site.net.listen_addrs() {
                addresses if addresses.is_empty() => tokio::task::yield_now().await,
                addresses => return addresses,
            }
        }
    });
    address.await.expect("listens")
}

async fn scene(bodies: &[Vec<u8>], given: &[Vec<u8>]) -> (Site, Site, Candidate) {
    let start = now();
    let network = TestNetwork::found(&Real, "kesen", start);
    let mut holder = Site::start("hospital", 2, &network, given, start);
    let mut reader = Site::start("clinic", 1, &network, &[], start);
    let mut batch = Batch::default();
    for (at, body) in bodies.iter().enumerate() {
        batch.writes.push(builders::record(&holder.facility, PATIENT, 7, "OML-11", 20260401 + at as u32, body));
    }
    holder.view.commit(&batch);
    let facility = holder.facility.clone();
    let publication = Publication { patient: PATIENT, facility, kinds: KindSet::ALL, strings: strings() };
    holder.command(Command::Publish(vec![publication]));
    holder.consent().await;
    reader.consent().await;
    reader.net.want(holder.key, listening(&holder).await).expect("room");
    reader.until("the peer", |event| matches!(event, Event::PeerUp(_)).then_some(())).await;
    let candidate = reader.locate().await;
    (holder, reader, candidate)
}

async fn check_read(bodies: Vec<Vec<u8>>) {
    let (holder, mut reader, candidate) = scene(&bodies, &bodies).await;
    let answer = reader.fetch(candidate).await;
    assert_eq!(answer.status, HolderStatus::Data);
    assert_eq!((answer.items.len(), answer.cut), (bodies.len(), false));
    // Newest first.
    assert_eq!(reader.kept(), bodies.into_iter().rev().collect::<Vec<_>>());
    let request = answer.request.expect("sent");
    let countersigned = timeout(DEADLINE, async {
        while protocol::fetch::receipt_of(&holder.view, request).is_none() {
            tokio::task::yield_now().await;
        }
    });
    countersigned.await.expect("both sides keep the receipt");
    assert_eq!(reader.up.load(Ordering::Relaxed), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_answer_travels_on_the_message_stream() {
    check_read(vec![body(1, 100), body(2, 3_000), body(3, 0)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_answer_travels_on_a_bulk_stream() {
    check_read(vec![body(1, 100), body(2, 3 << 20), body(3, 200 << 10), body(4, 256 << 10)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_transfer_goes_on_where_it_was_cut() {
    let bodies = vec![body(1, 700), body(2, 24 << 20)];
    let (holder, mut reader, candidate) = scene(&bodies, &bodies).await;
    // The first pass over a large record makes its hashes; the cut comes in the second, while chunks travel.
    let (net, key, cut) = (holder.net.clone(), reader.key, holder.cut.clone());
    let (done_in, mut done) = mpsc::unbounded_channel();
    let second: Box<dyn FnOnce() + Send> = Box::new(move || {
        let _ = done_in.send(());
        net.reset(key).expect("room");
    });
    let again = cut.clone();
    *cut.lock().expect("lock") = Some(Box::new(move || {
        // Set again from another thread: the lock is held while this runs.
        std::thread::spawn(move || *again.lock().expect("lock") = Some(second));
    }));
    let answer = reader.fetch(candidate).await;
    assert!(done.recv().await.is_some(), "the line was cut");
    assert_eq!((answer.status, answer.cut), (HolderStatus::Data, false));
    assert_eq!(reader.kept(), bodies.into_iter().rev().collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_is_gone_makes_the_answer_incomplete_and_never_silent() {
    let bodies = vec![body(1, 100), body(2, 200 << 10), body(3, 300)];
    let given = [bodies[0].clone(), bodies[2].clone()];
    let (_holder, mut reader, candidate) = scene(&bodies, &given).await;
    let answer = reader.fetch(candidate).await;
    assert_eq!((answer.status, answer.cut), (HolderStatus::Data, true));
    assert_eq!(reader.copies.lock().expect("lock").len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_is_stopped_ends_and_takes_the_network_along() {
    let network = TestNetwork::found(&Real, "kesen", now());
    let site = Site::start("clinic", 1, &network, &[], now());
    site.engine.stop().await;
    assert_eq!(timeout(DEADLINE, site.running.ended()).await, Ok(End::Stopped));
    timeout(DEADLINE, site.net.shutdown()).await.expect("ended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_57_an_unknown_message_is_refused_and_the_line_stays() {
    let network = TestNetwork::found(&Real, "kesen", now());
    let site = Site::start("clinic", 1, &network, &[], now());
    let mut later = Node::start(9, NetConfig::default());
    let address = listening(&site).await;
    later.net.dial(site.key, address).expect("room");
    later.connected(site.key).await;
    // More often than strikes would allow: a newer version says what this one does not know, and means no harm.
    for _ in 0..2 * protocol::limits::STRIKES_MAX {
        later.net.send(site.key, vec![0x08, 9]).expect("connected");
        let refused = later.refused(site.key).await;
        assert!(refused.contains("version 9"), "{refused}");
    }
    site.engine.stop().await;
}
