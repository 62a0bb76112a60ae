use super::input::{Command, Done, Input, Ticket};
use super::keys::{Published, Scope};
use super::output::{Alarm, Effect, Event, Output};
use super::overlay::Overlay;
use super::peers::Peers;
use super::reader::Fetching;
use super::shelves::Staged;
use super::timers::{Timer, Timers};
use crate::crypto::{Crypto, Secret};
use crate::data::{Batch, View};
use crate::ids::{FacilityId, Hash, NetworkId, NodeKey, PatientRef, PublicKey, RequestId, ShelfId};
use crate::index::Shelf;
use crate::limits;
use crate::oprf::Share;
use crate::policy::{Freshness, Quota};
use crate::state::{Book, NodeFacility, Signed};
use crate::time::{DAY_MS, Millis};
use crate::wire::{Message, v1};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// A node's keys and the facilities it serves.
#[derive(Clone)]
pub struct Identity {
    /// libp2p identity; signs requests, answers, receipts, directory.
    pub node: Secret,
    /// Signs manifests.
    pub index: Secret,
    /// Signs checkpoints.
    pub log: Secret,
    /// Co-signs others' checkpoints.
    pub witness: Secret,
    /// Opens what is sealed to this node.
    pub seal: Secret,
    /// One certificate per facility, signed by its root.
    pub certs: Vec<Signed>,
}

/// How long things take and how much of them there may be; tests and the demo run with shorter intervals.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Comparing notes with a peer.
    pub sync_ms: u64,
    /// Checkpoints of a changed log.
    pub checkpoint_ms: u64,
    /// Publishing additions.
    pub publish_ms: u64,
    /// Waiting for a holder to be reached.
    pub dial_wait_ms: u64,
    /// Asking a contact again about a request to join.
    pub join_retry_ms: u64,
    /// Requests that one reader may make in the quota's window.
    pub quota: u32,
    /// Until when an emergency read should be reviewed.
    pub emergency_review_ms: u64,
    /// After what time without review the reader may make no other.
    pub emergency_lapse_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sync_ms: limits::SYNC_INTERVAL_MS,
            checkpoint_ms: limits::CHECKPOINT_INTERVAL_MS,
            publish_ms: limits::PUBLISH_INTERVAL_MS,
            dial_wait_ms: limits::DIAL_WAIT_MS,
            join_retry_ms: limits::JOIN_RETRY_MS,
            quota: limits::QUOTA_REQUESTS,
            emergency_review_ms: limits::EMERGENCY_REVIEW_MS,
            emergency_lapse_ms: limits::EMERGENCY_LAPSE_MS,
        }
    }
}

/// What an Engine is started with.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// The node's name for people.
    pub name: String,
    /// Networks that our facilities are in, or are about to join.
    pub networks: BTreeSet<NetworkId>,
    /// Whether this node relays for others.
    pub relay: bool,
    /// Program and version, for the hello.
    pub build: String,
    /// Intervals and bounds.
    pub limits: Limits,
}

/// The sans-IO state machine of one node.
pub struct Engine<V: View> {
    pub(super) crypto: Arc<dyn Crypto>,
    pub(super) identity: Identity,
    pub(super) node: NodeKey,
    pub(super) config: EngineConfig,
    pub(super) view: Overlay<V>,
    pub(super) rng: ChaCha20Rng,
    pub(super) book: Book,
    pub(super) peers: Peers,
    pub(super) timers: Timers,
    pub(super) outputs: VecDeque<Output>,
    /// What follows, and how many leaves of its batch were held back for it.
    pub(super) waiting: BTreeMap<Ticket, (usize, Then)>,
    pub(super) held: Batch,
    pub(super) next_ticket: u64,
    pub(super) addresses: Vec<String>,
    pub(super) secrets: BTreeMap<(Scope, u32), [u8; 32]>,
    pub(super) fetches: BTreeMap<RequestId, Fetching>,
    pub(super) serves: BTreeMap<RequestId, Serving>,
    pub(super) staged: BTreeMap<ShelfId, Staged>,
    pub(super) mending: super::mending::Mending,
    pub(super) shelves: BTreeMap<ShelfId, Shelf>,
    pub(super) dirty: BTreeSet<PatientRef>,
    pub(super) published_at: Millis,
    pub(super) quota: Quota,
    pub(super) emergency_quota: Quota,
    pub(super) joins: BTreeMap<NetworkId, super::joining::Joining>,
    pub(super) witnessing: super::log::Witnessing,
    pub(super) recalls: super::recall::Recalls,
    pub(super) started: Option<Millis>,
    /// The newest moment that stood in the log at the start.
    pub(super) known_until: Option<Millis>,
    /// Our shares of evaluators' keys, by the hash of their call.
    pub(super) shares: BTreeMap<Hash, Share>,
    pub(super) keygens: super::keygen::Keygens,
    /// Key generations whose seed is on its way to the disk.
    pub(super) seeding: BTreeSet<Hash>,
    pub(super) tagging: super::tags::Tagging,
    pub(super) confirming: BTreeMap<RequestId, super::confirm::Run>,
    /// How each own network's tags were made when it was looked at last.
    pub(super) served: BTreeMap<NetworkId, (Vec<u32>, bool)>,
}

/// A transfer that this node is sending.
#[derive(Clone, Debug)]
pub(super) struct Serving {
    pub patient: PatientRef,
}

/// What follows when an effect is done.
#[derive(Debug)]
pub(super) enum Then {
    /// Nothing but an alarm if it failed.
    Nothing,
    /// These outputs, which the commit had to precede.
    Release(Vec<Output>),
    /// The holder's leaf is on disk: decide what to send with its position.
    Decided(Box<super::holder::Decided>),
    /// A transfer of ours ended.
    Served(RequestId),
    /// A transfer to us ended.
    Received(RequestId),
    /// Our leaf for what came is on disk.
    Kept(Box<super::reader::Kept>),
    /// A withdrawal or consent is on disk.
    Consented(Ticket, PatientRef, Box<super::output::Progress>),
    /// A manifest of ours, with so many entries, is on disk: tell those who follow.
    Authored(ShelfId, u64),
    /// The leaf of a break-glass is on disk: now it is asked.
    Asking { request: RequestId, to: NodeKey, message: Box<Message> },
    /// The copies are gone; tell the holder.
    Forgotten { to: NodeKey, ack: [u8; 16], requests: Vec<RequestId> },
    /// The seed of a key generation is on disk: deal.
    Seeded(Hash),
    /// A step of a confirmation is done.
    Confirm(RequestId),
    /// Our share of a key is on disk: say so.
    ShareKept(Hash, Share),
}

impl<V: View> Engine<V> {
    /// An Engine over what `view` holds. `seed` feeds every random choice, so it must be secret and fresh in a real node.
    pub fn new(crypto: Arc<dyn Crypto>, identity: Identity, config: EngineConfig, view: V, seed: [u8; 32]) -> Self {
        let book = Book::load(&view, config.networks.clone());
        let mut engine = Self {
            node: NodeKey(crypto.public(&identity.node).0),
            crypto,
            identity,
            config,
            view: Overlay::new(view),
            rng: ChaCha20Rng::from_seed(seed),
            book,
            peers: Peers::default(),
            timers: Timers::default(),
            outputs: VecDeque::new(),
            waiting: BTreeMap::new(),
            held: Batch::default(),
            next_ticket: 1,
            addresses: Vec::new(),
            secrets: BTreeMap::new(),
            fetches: BTreeMap::new(),
            serves: BTreeMap::new(),
            staged: BTreeMap::new(),
            mending: super::mending::Mending::default(),
            shelves: BTreeMap::new(),
            dirty: BTreeSet::new(),
            published_at: Millis(0),
            quota: Quota::default(),
            emergency_quota: Quota::default(),
            joins: BTreeMap::new(),
            witnessing: super::log::Witnessing::default(),
            recalls: super::recall::Recalls::default(),
            started: None,
            known_until: None,
            shares: BTreeMap::new(),
            keygens: BTreeMap::new(),
            seeding: BTreeSet::new(),
            tagging: super::tags::Tagging::default(),
            confirming: BTreeMap::new(),
            served: BTreeMap::new(),
        };
        engine.load_secrets();
        engine.load_shares();
        engine.load_shelves();
        engine.load_recalls();
        let size = crate::audit::head(&engine.view).size;
        engine.known_until =
            size.checked_sub(1).and_then(|last| crate::audit::event(&engine.view, last)).map(|event| event.at);
        engine
    }

    /// Takes one input at `now`. Never fails and never blocks: a bad message becomes a strike against its sender.
    pub fn handle(&mut self, now: Millis, input: Input) {
        if self.started.is_none() {
            self.started = Some(now);
            self.doubt_copies(now);
            self.start(now);
        }
        match input {
            Input::Message { from, message } => self.on_message(now, from, message),
            Input::Garbage { from } => self.strike(now, from, "garbage"),
            Input::Connected(peer) => self.on_connected(peer),
            Input::Disconnected(peer) => self.on_disconnected(now, peer),
            Input::Unreachable(peer) => self.on_unreachable(now, peer),
            Input::Listening(addresses) => self.on_listening(now, addresses),
            Input::Timeout => {}
            Input::Command(ticket, command) => self.on_command(now, ticket, command),
            Input::Done(ticket, done) => self.on_done(now, ticket, done),
        }
        while let Some(timer) = self.timers.due(now) {
            self.on_timer(now, timer);
        }
    }
    /// The next thing to do, in order. Drain it after every [`Engine::handle`].
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }
    /// When [`Input::Timeout`] is wanted next; none means: only if something happens.
    pub fn deadline(&self) -> Option<Millis> {
        self.timers.earliest()
    }
    /// What is known of networks and members.
    pub fn book(&self) -> &Book {
        &self.book
    }
    /// This node's key.
    pub fn node_key(&self) -> NodeKey {
        self.node
    }

    fn start(&mut self, now: Millis) {
        self.timers.set(Timer::Dial, now);
        self.timers.set(Timer::Checkpoint, now.plus(self.config.limits.checkpoint_ms));
        self.timers.set(Timer::Daily, now.plus(DAY_MS));
        self.begin_keygens(now);
        self.note_served(now);
        self.mark_all_dirty(now);
        self.wake_when_rest_ends(now);
    }
    fn on_message(&mut self, now: Millis, from: NodeKey, message: Message) {
        self.peers.get(from).seen = Some(now);
        if !self.may_speak(now, from, &message) {
            // Old notes from a node that lost its standing meet silence after one refusal; nothing depends on a patient.
            let hint = "no live membership or accord".to_owned();
            #[cfg(feature = "plants")]
            let hint = self.planted_hint(hint, &message);
            self.send(from, Message::Refuse(v1::Refuse { code: super::reader::REFUSED_STRANGER, hint }));
            return;
        }
        match message {
            Message::Hello(m) => self.on_hello(now, from, m),
            Message::Join(m) => self.on_join(now, from, m),
            Message::JoinAnswer(m) => self.on_join_answer(now, from, m),
            Message::Proposal(m) => self.on_proposal(now, from, m),
            Message::Heads(m) => self.on_heads(now, from, m),
            Message::Objects(m) => self.on_objects(now, from, m),
            Message::Want(m) => self.on_want(now, from, m),
            Message::Follow(m) => self.on_follow(now, from, m),
            Message::Changes(m) => self.on_changes(now, from, m),
            Message::Sketch(m) => self.on_sketch(now, from, m),
            Message::SketchMore(m) => self.on_sketch_more(now, from, m),
            Message::Mend(m) => self.on_mend(now, from, m),
            Message::SecretAsk(m) => self.on_secret_ask(now, from, m),
            Message::SecretGive(m) => self.on_secret_give(now, from, m),
            Message::Request(m) => self.on_request(now, from, m),
            Message::Decision(m) => self.on_decision(now, from, m),
            Message::Receipt(m) => self.on_receipt(now, from, m),
            Message::Drop(m) => self.on_drop(now, from, m),
            Message::Ack(m) => self.on_ack(now, from, m),
            Message::Checkpoint(m) => self.on_checkpoint(now, from, m),
            Message::Cosign(m) => self.on_cosign(now, from, m),
            Message::LinkAsk(m) => self.on_link_ask(now, from, m),
            Message::LinkAnswer(m) => self.on_link_answer(now, from, m),
            Message::Reviewed(m) => self.on_reviewed(now, from, m),
            Message::Keygen(m) => self.on_keygen(now, from, m),
            Message::EvaluateRequest(m) => self.on_evaluate_request(now, from, m),
            Message::EvaluateReply(m) => self.on_evaluate_reply(now, from, m),
            Message::ConfirmAsk(m) => self.on_confirm_ask(now, from, m),
            Message::ConfirmMask(m) => self.on_confirm_mask(now, from, m),
            Message::ConfirmRaise(m) => self.on_confirm_raise(now, from, m),
            Message::ConfirmAnswer(m) => self.on_confirm_answer(now, from, m),
            Message::Refuse(m) => self.on_refuse(now, from, m),
            // Pieces belong to the transfer that the driver takes in; one that comes here is late.
            Message::Piece(_) => {}
        }
    }
    fn on_command(&mut self, now: Millis, ticket: Ticket, command: Command) {
        match command {
            Command::Pin(network, charter) => self.pin(now, ticket, network, charter),
            Command::Take(objects) => self.take(now, ticket, objects),
            Command::Propose { object, charters } => self.propose(now, ticket, object, charters),
            Command::KeepSecret { scope, epoch, secret } => self.keep_secret(now, ticket, (scope, epoch), secret),
            Command::OpenInvite(invite) => self.open_invite(now, ticket, invite),
            Command::Join { invite, body } => self.join(now, ticket, invite, *body),
            Command::RefuseJoin(id) => self.refuse_join(now, ticket, id),
            Command::Publish(list) => self.publish(now, ticket, list),
            Command::Consent { patient, receipt } => self.consent(now, ticket, patient, *receipt),
            Command::Locate(order) => self.locate(now, ticket, order),
            Command::Fetch(order) => self.fetch(now, ticket, *order),
            Command::AskLink { patient, facility, candidate, staff, statement } => {
                self.ask_link(
                    now,
                    ticket,
                    super::links::AskLink { patient, facility, candidate: *candidate, staff, statement },
                );
            }
            Command::AnswerLink { id, verdict, staff } => self.answer_link(now, ticket, id, verdict, staff),
            Command::Confirm(order) => self.confirm(now, ticket, *order),
            Command::Review { request, review } => self.review(now, ticket, request, *review),
            Command::Checkpoint => {
                self.make_checkpoint(now);
                self.event(Event::CommandDone(ticket, Ok(())));
            }
            Command::SyncNow => {
                for peer in self.peers.up() {
                    self.send_heads(now, peer, false);
                }
                self.timers.set(Timer::Dial, now);
                self.event(Event::CommandDone(ticket, Ok(())));
            }
        }
    }
    fn on_done(&mut self, now: Millis, ticket: Ticket, done: Done) {
        let Some((then, done)) = self.take_done(ticket, done) else { return };
        if let Done::Failed(why) = &done {
            self.event(Event::Alarm(Alarm::Store(why.clone())));
            if matches!(then, Then::Authored(..)) {
                // Entries that should be gone must not stay because a disk was full for a moment.
                self.mark_all_dirty(now);
            }
            self.failed(now, then);
            return;
        }
        match (then, done) {
            (Then::Release(outputs), Done::Committed(_)) => self.outputs.extend(outputs),
            (Then::Asking { to, message, .. }, Done::Committed(_)) => self.send(to, *message),
            (Then::Decided(decided), Done::Committed(leaves)) => self.decided(*decided, &leaves),
            (Then::Kept(kept), Done::Committed(leaves)) => self.kept(now, *kept, &leaves),
            (Then::Consented(ticket, patient, progress), Done::Committed(leaves)) => {
                self.consented(now, ticket, patient, (*progress, leaves.first().copied().unwrap_or_default()));
            }
            (Then::Authored(shelf, entries), Done::Committed(_)) => self.authored(now, shelf, entries),
            (Then::Forgotten { to, ack, requests }, Done::Committed(_)) => self.forgotten(now, to, ack, requests),
            (Then::Seeded(call), Done::Committed(_)) => self.begin_keygen(call),
            (Then::ShareKept(call, share), Done::Committed(_)) => self.share_kept(now, call, share),
            (Then::Served(request), _) => {
                self.serves.remove(&request);
            }
            (Then::Confirm(id), done) => self.confirm_done(now, id, done),
            (Then::Received(request), Done::Received(received)) => self.received(now, request, received),
            (Then::Received(request), _) => self.received(now, request, super::Received::default()),
            _ => {}
        }
    }
    /// Nothing was written: whoever waits for it hears so, and nothing that it had to precede happens.
    fn failed(&mut self, now: Millis, then: Then) {
        match then {
            #[cfg(feature = "plants")]
            Then::Decided(decided) if crate::plants::on("P34") => self.decided(*decided, &[0, 0]),
            Then::Seeded(call) => {
                self.seeding.remove(&call);
            }
            Then::Confirm(id) => self.confirm_ends(now, id, "it could not be logged here"),
            // What cannot be logged is not answered; the reader's row says "late".
            Then::Decided(decided) => {
                self.serves.remove(&decided.request());
            }
            Then::Kept(kept) => self.kept_failed(*kept),
            Then::Asking { request, .. } => self.asking_failed(request),
            Then::Consented(ticket, ..) => {
                self.event(Event::CommandDone(
                    ticket,
                    Err("the consent could not be stored; nothing has changed".into()),
                ));
            }
            Then::Release(outputs) => {
                for output in outputs {
                    if let Output::Event(Event::CommandDone(ticket, _)) = output {
                        self.event(Event::CommandDone(ticket, Err("could not be stored; nothing has changed".into())));
                    }
                }
            }
            _ => {}
        }
    }
    fn on_timer(&mut self, now: Millis, timer: Timer) {
        match timer {
            Timer::Sync(peer) => {
                self.send_heads(now, peer, false);
                self.timers.set(timer, now.plus(self.config.limits.sync_ms));
            }
            Timer::Dial => self.dial_all(now),
            Timer::Checkpoint => {
                self.make_checkpoint(now);
                self.timers.set(timer, now.plus(self.config.limits.checkpoint_ms));
            }
            Timer::Publish => self.flush_publications(now),
            Timer::Daily => {
                self.renew_manifests(now);
                self.begin_keygens(now);
                if self.note_served(now) {
                    self.mark_all_dirty(now);
                }
                self.forget_past(now);
                self.forget_confirms(now);
                self.quota.forget(now);
                self.emergency_quota.forget(now);
                self.timers.set(timer, now.plus(DAY_MS));
            }
            Timer::Fetch(request) => self.fetch_waited(now, request),
            Timer::Join(network) => self.join_again(now, network),
            Timer::Rest => self.rest_is_over(now),
            Timer::Held => self.write_held(),
            Timer::Evaluate(call) => self.evaluate_waited(now, call),
            Timer::Confirm(id) => self.confirm_waited(now, id),
            Timer::Tags => self.start_rounds(now),
            Timer::Locates => self.release_locates(now),
        }
    }

    pub(super) fn send(&mut self, to: NodeKey, message: Message) {
        self.outputs.push_back(Output::Send { to, message });
    }
    pub(super) fn event(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }
    pub(super) fn ticket(&mut self) -> Ticket {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        ticket
    }
    pub(super) fn effect(&mut self, effect: Effect, then: Then) {
        let ticket = self.ticket();
        self.waiting.insert(ticket, (0, then));
        self.outputs.push_back(Output::Effect(ticket, effect));
    }
    /// An effect whose end nobody waits for.
    pub(super) fn hint(&mut self, effect: Effect) {
        let ticket = self.ticket();
        self.outputs.push_back(Output::Effect(ticket, effect));
    }
    pub(super) fn random<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }
    /// Facilities that this node serves in live memberships.
    pub(super) fn own_facilities(&self, now: Millis) -> Vec<NodeFacility> {
        let mut own = self.book.facilities_of(&self.node, now);
        own.retain(|f| self.book.own().contains(&f.network));
        own
    }
    pub(super) fn serves_facility(&self, facility: &FacilityId, now: Millis) -> bool {
        self.own_facilities(now).iter().any(|own| own.facility == *facility)
    }
    /// How far what we know of the network may be trusted: the age of the newest agreement with three members, or all.
    pub(super) fn freshness(&self, now: Millis) -> Freshness {
        let members: BTreeSet<NodeKey> = self
            .own_facilities(now)
            .iter()
            .flat_map(|own| {
                self.book.members(own.network).filter_map(|m| self.book.node_of(own.network, &m.facility, now))
            })
            .map(|cert| cert.node)
            .filter(|node| *node != self.node)
            .collect();
        let need = members.len().min(FRESH_PEERS);
        if need == 0 {
            return Freshness::Green;
        }
        // A node that was off for long knows no more than it did when it ended, however lately it was started.
        let started = self.known_until.unwrap_or(now).min(self.started.unwrap_or(now));
        let mut agreed: Vec<Millis> =
            members.iter().map(|node| self.peers.map.get(node).and_then(|p| p.agreed).unwrap_or(started)).collect();
        agreed.sort_by(|a, b| b.cmp(a));
        crate::policy::ladder(agreed.get(need - 1).map_or(0, |at| now.since(*at)))
    }
    pub(super) fn strike(&mut self, now: Millis, from: NodeKey, _why: &'static str) {
        let peer = self.peers.get(from);
        peer.strikes += 1;
        let strikes = peer.strikes;
        if strikes >= limits::STRIKES_MAX {
            let shift = (strikes - limits::STRIKES_MAX).min(6);
            self.hint(Effect::Hangup { node: from, until: now.plus(BACK_OFF_MS << shift) });
            self.event(Event::Alarm(Alarm::Strikes(from)));
        }
    }
    pub(super) fn published_of(&self, shelf: ShelfId, patient: PatientRef) -> Option<Published> {
        crate::data::decode(&self.view.get(crate::data::Space::Entries, &super::keys::published(shelf, patient))?)
    }
    pub(super) fn fork(&mut self, hash: Hash) {
        self.event(Event::Alarm(Alarm::Fork(hash)));
    }
    pub(super) fn public(&self, secret: &Secret) -> PublicKey {
        self.crypto.public(secret)
    }
}

/// Members whose agreement makes state fresh, or all others if fewer (trust: freshness ladder).
const FRESH_PEERS: usize = 3;
/// First back-off after too many strikes; doubles with each further one.
const BACK_OFF_MS: u64 = 60_000;
