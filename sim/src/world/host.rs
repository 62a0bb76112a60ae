use super::{HostClock, HostDisk, Incoming, Micros, Outgoing};
use protocol::audit;
use protocol::crypto::Crypto;
use protocol::data::{Batch, Space, Write};
use protocol::engine::{Engine, EngineConfig, Identity, Input, Output, Ticket};
use protocol::ids::{FacilityId, NodeKey, PatientRef, RequestId};
use protocol::time::Millis;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use store::{OpenError, StoreView, Work};

/// One machine: a disk and a clock that go on when its process does not, and the process.
pub struct Host {
    /// Short name.
    pub id: String,
    /// Its node key.
    pub key: NodeKey,
    /// Its facility.
    pub facility: FacilityId,
    /// What stays when the process is killed.
    pub disk: HostDisk,
    /// What it believes of time.
    pub clock: HostClock,
    /// How often its process was started.
    pub boots: u64,
    /// Its process, if it runs.
    pub running: Option<Running>,
    /// Whom it does not let in until when.
    pub blocked: BTreeMap<usize, Micros>,
    /// Whether it is switched off, and does not start.
    pub is_off: bool,
    /// What its Engine is started with; an outsider has no Engine.
    pub engine: Option<(Identity, EngineConfig)>,
}

/// A process: an Engine and what its driver remembers.
pub struct Running {
    /// The state machine under test.
    pub engine: Engine<StoreView>,
    /// What it reads.
    pub view: StoreView,
    /// Batches that wait for the disk.
    pub jobs: VecDeque<(Option<Ticket>, Job)>,
    /// The disk is at work on those that waited.
    pub is_writing: bool,
    /// Answers on their way out.
    pub outgoing: BTreeMap<RequestId, (Ticket, Outgoing)>,
    /// Answers on their way in.
    pub incoming: BTreeMap<RequestId, (Ticket, Incoming)>,
    /// Peers to whom a connection is kept, and the next wait if it fails.
    pub wanted: BTreeMap<usize, u64>,
    /// When it is woken next, and the number of that alarm: earlier ones are void.
    pub wake: Option<(Micros, u64)>,
    /// Numbers of alarms.
    pub alarms: u64,
}

/// Work for the disk.
#[derive(Clone, Debug)]
pub enum Job {
    /// A batch.
    Batch(Batch),
    /// Deletes the copies that these requests brought; looked up when its turn comes, so that none in the queue is missed.
    Forget(Vec<RequestId>),
}

impl Job {
    /// As the store takes it.
    pub fn work(self) -> Work {
        match self {
            Self::Batch(batch) => Work::Batch(batch),
            Self::Forget(requests) => Work::Build(Box::new(move |view| {
                let mut batch = Batch::default();
                for request in &requests {
                    let prefix = [b"copy/".as_slice(), &request.0].concat();
                    for (key, _) in view.scan(Space::Desk, &prefix, &[], usize::MAX) {
                        batch.remove(Space::Desk, key);
                    }
                }
                Ok(batch)
            })),
        }
    }
}

impl Host {
    /// Starts the process.
    ///
    /// # Errors
    /// [`OpenError`] if the disk refuses; try again later.
    pub fn boot(&mut self, at: Micros, crypto: Arc<dyn Crypto>, seed: [u8; 32]) -> Result<(), OpenError> {
        let Some((identity, config)) = self.engine.clone() else { return Ok(()) };
        let view = self.disk.open()?;
        let size = audit::head(&view).size;
        let newest = size.checked_sub(1).and_then(|last| audit::event(&view, last)).map(|event| event.at);
        self.clock.boot(at, newest);
        self.boots += 1;
        let engine = Engine::new(crypto, identity, config, view.clone(), seed);
        self.running = Some(Running {
            engine,
            view,
            jobs: VecDeque::new(),
            is_writing: false,
            outgoing: BTreeMap::new(),
            incoming: BTreeMap::new(),
            wanted: BTreeMap::new(),
            wake: None,
            alarms: 0,
        });
        Ok(())
    }
    /// What time it is here.
    pub fn now(&mut self, at: Micros) -> Millis {
        self.clock.now(at).0
    }
    /// Feeds the Engine and takes what it wants done.
    pub fn handle(&mut self, at: Micros, input: Input) -> Vec<Output> {
        let now = self.now(at);
        let Some(running) = &mut self.running else { return Vec::new() };
        running.engine.handle(now, input);
        std::iter::from_fn(|| running.engine.poll()).collect()
    }
}

/// How copies of others' records are kept: apart from own ones, under the request that brought them.
pub struct Copies<'a> {
    /// Whose copies.
    pub facility: &'a FacilityId,
    /// When they came.
    pub now: Millis,
}

impl Copies<'_> {
    /// The writes that keep what came.
    pub fn keep(&self, incoming: &Incoming) -> Vec<Write> {
        let (plan, items) = incoming.items();
        let mut batch = Batch::default();
        for (at, bytes) in items {
            batch.put(Space::Desk, copy_key(plan.request, at), bytes.clone());
            #[cfg(feature = "plants")]
            if protocol::plants::on("P14") {
                self.keep_as_own(incoming, at, bytes, &mut batch);
            }
        }
        batch.writes
    }
    /// Planted bug P14: what was fetched lies among what is served.
    #[cfg(feature = "plants")]
    fn keep_as_own(&self, incoming: &Incoming, at: usize, bytes: &[u8], batch: &mut Batch) {
        use protocol::fetch::{Place, RecordHead, State, head_key};
        let (item, patient) = (&incoming.receive.plan.items[at], incoming.receive.patient);
        let number = 1_000_000 + u32::from_be_bytes([0, item.id[0], item.id[1], item.id[2]]);
        let authority = protocol::ids::AuthorityId::parse("1.2.392").expect("an OID");
        let head = RecordHead {
            key: protocol::ids::RecordKey {
                facility: self.facility.clone(),
                patient: protocol::ids::PatientId::new(authority, "1").expect("a number"),
                kind: item.kind.clone(),
                care_date: item.care_date,
                key: number.to_string(),
            },
            at: item.made_at,
            department: String::new(),
            title: item.title.clone(),
            digest: item.digest,
            size: item.size,
            place: Place::Bundle { number, frame: 0 },
            state: State::Current,
            source: "fetched".into(),
            stored_at: self.now,
        };
        batch.put(
            Space::Records,
            head_key(patient, item.care_date, &item.kind, &item.id),
            protocol::data::encode(&head),
        );
        batch.put(Space::Bodies, body_key(patient, number), bytes);
    }
}

/// Where a record's bytes lie in [`Space::Bodies`].
pub fn body_key(patient: PatientRef, bundle: u32) -> Vec<u8> {
    [&patient.0.to_be_bytes()[..], &bundle.to_be_bytes()].concat()
}

/// Where a copy lies in [`Space::Desk`].
pub fn copy_key(request: RequestId, item: usize) -> Vec<u8> {
    [b"copy/".as_slice(), &request.0, &(item as u32).to_be_bytes()].concat()
}
