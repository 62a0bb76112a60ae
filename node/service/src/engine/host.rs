use super::handle::{EngineHandle, Job, Link, Waker, lock};
use super::transfer::{Incoming, Keeping, Outgoing, Shelf};
use crate::clock::Clock;
use crate::confirming;
use crate::limits::{ALARMS_MAX, COMMANDS_MAX};
use crate::view_cache::ViewCache;
use protocol::confirm::{Answer, Values};
use protocol::crypto::{Crypto, Real};
use protocol::data::{Batch, Outcome, View};
use protocol::engine::{Alarm, Done, Engine, EngineConfig, Event, Identity, Input, JoinStatus, Receive, Serve, Ticket};
use protocol::fetch::PlanError;
use protocol::ids::{NetworkId, NodeKey, PatientRef, RequestId};
use protocol::state::Book;
use protocol::time::Millis;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use store::{Store, StoreView};

/// The hands of whoever drives the Engine: store, clock, transfers, and the ears of all who wait. Cheap to clone.
#[derive(Clone)]
pub struct Host {
    parts: Arc<Parts>,
}

struct Parts {
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    crypto: Arc<dyn Crypto>,
    identity: Identity,
    config: EngineConfig,
    seed: [u8; 32],
    link: Arc<Link>,
    /// Events since the last settling: told only when book and snapshot show what they speak of.
    told: Mutex<Vec<Event>>,
}

/// The commands that wait for the Engine. One driver has it; when it is dropped, everybody who waits hears *stopped*.
pub struct Inbox {
    commands: Receiver<Job>,
    link: Arc<Link>,
}

/// What others see of the Engine without asking it.
pub(super) struct Board {
    pub book: Arc<Book>,
    pub joins: BTreeMap<NetworkId, JoinStatus>,
    pub alarms: VecDeque<(Millis, Alarm)>,
    pub witnessed: Option<(u64, usize, bool)>,
    pub running: bool,
}

/// What a host is made of.
pub(crate) struct HostParts {
    pub store: Arc<Store>,
    pub clock: Arc<dyn Clock>,
    pub identity: Identity,
    pub config: EngineConfig,
    pub seed: [u8; 32],
}

/// Makes the three ends of the border.
pub(crate) fn open(parts: HostParts) -> (EngineHandle, Host, Inbox) {
    let HostParts { store, clock, identity, config, seed } = parts;
    let (queue, commands) = sync_channel(COMMANDS_MAX);
    let board = Board {
        book: Arc::new(Book::load(&store.view(), config.networks.clone())),
        joins: BTreeMap::new(),
        alarms: VecDeque::new(),
        witnessed: None,
        running: false,
    };
    let link = Arc::new(Link {
        queue,
        waker: Mutex::new(None),
        next: AtomicU64::new(1),
        slots: Mutex::new(BTreeMap::new()),
        subscribers: Mutex::new(Vec::new()),
        lookers: Mutex::new(Vec::new()),
        board: RwLock::new(board),
    });
    let parts = Parts {
        store,
        clock,
        crypto: Arc::new(Real),
        identity,
        config,
        seed,
        link: link.clone(),
        told: Mutex::new(Vec::new()),
    };
    (EngineHandle { link: link.clone() }, Host { parts: Arc::new(parts) }, Inbox { commands, link })
}

impl Host {
    /// A fresh Engine over this node's store. One at a time.
    pub fn engine(&self) -> Engine<StoreView> {
        let parts = &self.parts;
        let engine =
            Engine::new(parts.crypto.clone(), parts.identity.clone(), parts.config.clone(), self.view(), parts.seed);
        self.board(|board| board.running = true);
        engine
    }
    /// The guarded moment; never runs backward.
    pub fn now(&self) -> Millis {
        self.parts.clock.now()
    }
    /// This node's key.
    pub fn node_key(&self) -> NodeKey {
        NodeKey(self.parts.crypto.public(&self.parts.identity.node).0)
    }
    /// The secret of the node key, for the transport's identity.
    pub fn node_secret(&self) -> protocol::crypto::Secret {
        self.parts.identity.node.clone()
    }
    /// A look at the key spaces.
    pub fn view(&self) -> StoreView {
        self.parts.store.view()
    }
    /// Writes a batch; `done` hears the outcome on the store's thread, in order of the calls. Waits while the store's queue
    /// is full, which slows the Engine down instead of losing anything.
    pub fn commit(&self, batch: Batch, done: impl FnOnce(Done) + Send + 'static) {
        let answer = Box::new(move |outcome| done(done_of(outcome)));
        if let Err(busy) = self.parts.store.submit(batch, answer) {
            let outcome = self.parts.store.commit(busy.batch);
            (busy.done)(outcome);
        }
    }
    /// The place of own records, for the items of one answer.
    pub fn shelf(&self) -> Shelf {
        Shelf::new(self.parts.store.clone())
    }
    /// The place where verified items of an answer are kept. Blocks.
    pub fn keeping(&self, receive: &Receive) -> Keeping {
        Keeping::new(self.parts.store.clone(), receive)
    }
    /// The frames of a permitted answer, one after the other: [`Host::shelf`] behind `fetch::Sender`. Blocks.
    ///
    /// # Errors
    /// [`PlanError`] if the plan breaks a limit; answer `Done::Served { complete: false }`.
    pub fn outgoing(&self, serve: &Serve) -> Result<Outgoing, PlanError> {
        Outgoing::new(self.parts.store.clone(), serve)
    }
    /// The place where an announced answer is verified and kept: `fetch::Check` before [`Host::keeping`]. Blocks.
    ///
    /// # Errors
    /// [`PlanError`] if the plan breaks a limit; answer `Done::Received(Received { damaged: true, .. })`.
    pub fn incoming(&self, receive: &Receive) -> Result<Incoming, PlanError> {
        Incoming::new(self.parts.store.clone(), receive)
    }
    /// A patient's values for a blind confirmation.
    pub fn values(&self, patient: PatientRef) -> Option<Values> {
        confirming::values(&self.view(), patient)
    }
    /// What it means that these of them agree.
    pub fn judge(&self, patient: PatientRef, agreed: &[bool]) -> Answer {
        confirming::judge(&self.view(), patient, agreed)
    }
    /// Deletes the copies that these requests brought; `done` hears the outcome.
    pub fn forget(&self, requests: &[RequestId], done: impl FnOnce(Done) + Send + 'static) {
        match ViewCache::new(self.parts.store.clone()).forget(requests) {
            Ok(writes) => self.commit(Batch { writes, events: Vec::new() }, done),
            Err(error) => done(Done::Failed(error.to_string())),
        }
    }
    /// Notes what the Engine tells. What speaks of the book waits for [`Host::settle`]; answers go to who waits at once.
    pub fn on_event(&self, event: Event) {
        let mut told = lock(&self.parts.told);
        if told.is_empty() && matches!(event, Event::Located(..) | Event::Answer(..)) {
            // Says all by itself: whoever waits for it needs no new book or snapshot.
            drop(told);
            return self.tell(event);
        }
        if told.is_empty() && !speaks_of_book(&event) {
            drop(told);
            let now = self.now();
            self.board(|board| board.note(now, &event));
            return self.tell(event);
        }
        told.push(event);
    }
    /// After every round: publishes what changed, then tells everybody who waits.
    pub fn settle<V: View>(&self, engine: &Engine<V>) {
        let told = std::mem::take(&mut *lock(&self.parts.told));
        self.refresh(engine, &told);
        for event in told {
            self.tell(event);
        }
    }
    fn refresh<V: View>(&self, engine: &Engine<V>, told: &[Event]) {
        let changed = told.iter().any(speaks_of_book);
        if !told.is_empty() {
            let now = self.now();
            let book = changed.then(|| Arc::new(engine.book().clone()));
            self.board(|board| {
                if let Some(book) = book {
                    board.book = book;
                }
                told.iter().for_each(|event| board.note(now, event));
            });
        }
        for event in told {
            if let Event::Synced(node) = event {
                let holders = engine.book().facilities_of(node, self.now());
                let heard = ViewCache::new(self.parts.store.clone()).heard(holders.iter().map(|of| &of.facility));
                if !heard.is_empty() {
                    self.commit(heard, |_| {});
                }
            }
        }
        let lookers = std::mem::take(&mut *lock(&self.parts.link.lookers));
        if !lookers.is_empty() {
            let snapshot = Arc::new(engine.snapshot(self.now()));
            for looker in lookers {
                // One that waits no longer has dropped its end.
                let _ = looker.send(snapshot.clone());
            }
        }
    }
    fn tell(&self, event: Event) {
        if let Some(ticket) = ticket_of(&event) {
            // A caller that waits no more has dropped its slot; one that reads too slowly has had its answer.
            if let Some(slot) = lock(&self.parts.link.slots).get(&ticket) {
                let _ = slot.try_send(event.clone());
            }
        }
        lock(&self.parts.link.subscribers).retain(|subscriber| {
            !matches!(subscriber.try_send(event.clone()), Err(std::sync::mpsc::TrySendError::Disconnected(_)))
        });
    }
    fn board(&self, change: impl FnOnce(&mut Board)) {
        change(&mut self.parts.link.board.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Board {
    fn note(&mut self, now: Millis, event: &Event) {
        match event {
            Event::Joining(network, status) => {
                self.joins.insert(*network, status.clone());
            }
            Event::BreakGlass(_) => {
                tracing::warn!(
                    "records were read without consent; `musubi emergency list` shows what is to be reviewed"
                );
            }
            Event::Witnessed { size, cosignatures, good } => self.witnessed = Some((*size, *cosignatures, *good)),
            Event::Alarm(alarm) => {
                if self.alarms.len() == ALARMS_MAX {
                    self.alarms.pop_front();
                }
                self.alarms.push_back((now, alarm.clone()));
            }
            _ => {}
        }
    }
}

impl Inbox {
    /// Sets what is called, on the caller's thread, after each command that was queued: it must be quick.
    pub fn on_command(&self, waker: Waker) {
        *lock(&self.link.waker) = Some(waker);
    }
    /// The next thing for the Engine, if one waits.
    pub fn next(&self) -> Option<Input> {
        self.commands.try_recv().ok().map(|job| self.input(job))
    }
    fn input(&self, job: Job) -> Input {
        match job {
            Job::Command(ticket, command) => Input::Command(ticket, command),
            Job::Look(looker) => {
                lock(&self.link.lookers).push(looker);
                Input::Timeout
            }
        }
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        *lock(&self.link.waker) = None;
        self.link.board.write().unwrap_or_else(PoisonError::into_inner).running = false;
        lock(&self.link.slots).clear();
        lock(&self.link.subscribers).clear();
        lock(&self.link.lookers).clear();
    }
}

fn done_of(outcome: Outcome) -> Done {
    match outcome {
        Outcome::Committed { leaves } => Done::Committed(leaves),
        Outcome::Failed(why) => Done::Failed(why),
    }
}

/// Whether those who hear of it will look into the book, which must show it then.
fn speaks_of_book(event: &Event) -> bool {
    matches!(event, Event::StateChanged(_) | Event::CommandDone(..) | Event::Joining(..) | Event::Synced(_))
}

fn ticket_of(event: &Event) -> Option<Ticket> {
    match event {
        Event::CommandDone(ticket, _)
        | Event::Located(ticket, _)
        | Event::Answer(ticket, _)
        | Event::Consented(ticket, _)
        | Event::Confirmed(ticket, ..) => Some(*ticket),
        _ => None,
    }
}
