use super::Known;
use crate::scenario::Scenario;
use crate::world::{Founded, People};
use protocol::crypto::LocalKey;
use protocol::data::{Space, Write};
use protocol::ids::{AccordId, FacilityId, Hash, NetworkId, NodeKey, ReceiptId, ShelfId, Tag};
use protocol::index::{Audience, Shelf};
use protocol::kinds::FacilityClass;
use protocol::oprf::{Seat, Share, whole_tag};
use protocol::state::{Accord, Membership};
use protocol::time::Millis;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// What is so: networks, members, accords, people. Made once, before the first event.
pub struct Truth {
    /// Short names of the hosts.
    pub names: Vec<String>,
    /// Which host has which key.
    pub hosts: BTreeMap<NodeKey, usize>,
    /// Which host serves which facility.
    pub facilities: BTreeMap<FacilityId, usize>,
    /// Facility of each host.
    pub facility: Vec<FacilityId>,
    /// Key of each host.
    pub keys: Vec<NodeKey>,
    /// Membership of each host's facility, and the moment after the last of its certificate.
    pub members: Vec<(Option<Membership>, Millis)>,
    /// All accords.
    pub accords: Vec<Accord>,
    /// Everybody and all records.
    pub people: People,
    /// Where each record lies: host, patient, bundle → number.
    pub places: BTreeMap<(usize, u64, u32), usize>,
    /// Hosts at which each person is known.
    pub known_at: BTreeMap<u32, BTreeSet<usize>>,
    /// Every shelf that can be, with what makes its tags.
    pub shelves: BTreeMap<ShelfId, (Shelf, TagsBy)>,
    /// Shares of evaluators' keys that disks took, by the hash of their call.
    pub shares: BTreeMap<Hash, BTreeMap<Seat, Share>>,
    /// Tags of evaluators that the observer has made, which costs.
    tags: RefCell<BTreeMap<(Hash, Vec<u8>), Tag>>,
    /// Receipts that were ever given, by host and patient.
    pub receipts: BTreeMap<(usize, u64), BTreeSet<ReceiptId>>,
}

/// What makes the tags of a shelf.
#[derive(Clone, Debug)]
pub enum TagsBy {
    /// A secret.
    Local(LocalKey),
    /// Evaluators: the hash of their call, and how many of them it takes.
    Evaluators(Hash, usize),
}

impl Truth {
    /// The tag of an identity string, as only somebody with all secrets and shares can make it. None while evaluators have no
    /// key, when nothing can be on their shelves.
    pub fn tag(&self, by: &TagsBy, text: &[u8]) -> Option<Tag> {
        let (call, threshold) = match by {
            TagsBy::Local(key) => return Some(key.tag(text)),
            TagsBy::Evaluators(call, threshold) => (*call, *threshold),
        };
        if let Some(tag) = self.tags.borrow().get(&(call, text.to_vec())) {
            return Some(*tag);
        }
        let shares: Vec<Share> = self.shares.get(&call)?.values().take(threshold).cloned().collect();
        let tag = (shares.len() == threshold).then(|| whole_tag(&shares, text))??;
        self.tags.borrow_mut().insert((call, text.to_vec()), tag);
        Some(tag)
    }
    /// A share that a disk took.
    pub fn take_share(&mut self, write: &Write) {
        let call = write.key.strip_prefix(b"share/").and_then(Hash::from_slice);
        let share = write.value.as_ref().and_then(|value| {
            let (seat, bytes) = value.split_at_checked(2)?;
            let seat = Seat::new(u16::from_be_bytes(seat.try_into().ok()?).into())?;
            Share::from_bytes(seat, bytes)
        });
        if let (Space::Meta, Some(call), Some(share)) = (write.space, call, share) {
            self.shares.entry(call).or_default().insert(share.seat(), share);
        }
    }
    /// Gathers it.
    pub fn new(scenario: &Scenario, founded: &Founded, people: People) -> Self {
        let nodes = &founded.nodes;
        let records = people.records.iter().enumerate();
        let places = records
            .map(|(number, record)| ((record.node, people.patients[record.patient].patient.0, record.bundle), number));
        let mut known_at: BTreeMap<u32, BTreeSet<usize>> = BTreeMap::new();
        for patient in &people.patients {
            known_at.entry(patient.person).or_default().insert(patient.node);
        }
        Self {
            names: scenario.nodes.iter().map(|node| node.id.clone()).collect(),
            hosts: nodes.iter().enumerate().map(|(at, node)| (node.key, at)).collect(),
            facilities: nodes.iter().enumerate().map(|(at, node)| (node.facility.clone(), at)).collect(),
            facility: nodes.iter().map(|node| node.facility.clone()).collect(),
            keys: nodes.iter().map(|node| node.key).collect(),
            members: nodes
                .iter()
                .map(|node| (node.membership.as_ref().map(|(m, _)| m.clone()), node.cert_to))
                .collect(),
            accords: founded.accords.iter().map(|accord| accord.body.clone()).collect(),
            places: places.collect(),
            known_at,
            shelves: shelves(founded),
            shares: BTreeMap::new(),
            tags: RefCell::default(),
            receipts: BTreeMap::new(),
            people,
        }
    }
    /// The membership of a host if it is in force at `now`, its key is good, and `known` has not heard that it is taken back.
    pub fn live(&self, host: usize, now: Millis, known: &Known) -> Option<&Membership> {
        let (membership, cert_to) = &self.members[host];
        let membership = membership.as_ref()?;
        let revoked = known.revoked.get(&membership.facility).is_some_and(|effective| *effective <= now);
        let rests = known.suspended.iter().any(|(facility, _, from, until)| {
            *facility == membership.facility && membership.from <= *from && *from <= now && now < *until
        });
        (membership.from <= now && now < membership.to && now < *cert_to && !revoked && !rests).then_some(membership)
    }
    /// The accord of two networks, if it is in force at `now`.
    pub fn accord(&self, a: NetworkId, b: NetworkId, now: Millis) -> Option<&Accord> {
        let id = Accord::id_of(a, b);
        self.accords.iter().find(|accord| accord.id() == id && accord.from <= now && now < accord.to)
    }
    /// The accord with this id, in force or not.
    pub fn accord_by_id(&self, id: AccordId) -> Option<&Accord> {
        self.accords.iter().find(|accord| accord.id() == id)
    }
    /// Whether `peer` has any standing at `host` at `now`: a live membership in the same network, or one across an accord.
    pub fn has_standing(&self, host: usize, peer: usize, now: Millis, known: &Known) -> bool {
        let own = self.members[host].0.as_ref().map(|membership| membership.network);
        match (own, self.live(peer, now, known)) {
            (Some(own), Some(theirs)) => own == theirs.network || self.accord(own, theirs.network, now).is_some(),
            _ => false,
        }
    }
    /// Class of a host's facility.
    pub fn class(&self, host: usize) -> Option<FacilityClass> {
        self.members[host].0.as_ref().map(|membership| membership.class)
    }
}

fn shelves(founded: &Founded) -> BTreeMap<ShelfId, (Shelf, TagsBy)> {
    let mut shelves = BTreeMap::new();
    let mut add = |shelf: Shelf, scope: &[u8; 32], secret: &[u8; 32]| {
        let key = LocalKey::derive(secret, scope, shelf.epoch);
        shelves.insert(shelf.id(), (shelf.clone(), TagsBy::Local(key)));
        let network = founded.nodes.iter().find(|node| node.facility == shelf.holder);
        let network = network.and_then(|node| node.membership.as_ref()).map(|(membership, _)| membership.network);
        let call = founded.networks.iter().find(|made| Some(made.id) == network).and_then(|made| made.call.as_ref());
        if let Some((call, signed)) = call {
            let by = TagsBy::Evaluators(signed.hash(), call.threshold as usize);
            let shelf = Shelf { epoch: call.epoch, ..shelf };
            shelves.insert(shelf.id(), (shelf, by));
        }
    };
    for node in &founded.nodes {
        let Some((membership, _)) = &node.membership else { continue };
        for network in founded.networks.iter().filter(|network| network.id == membership.network) {
            for classes in &network.body.audiences {
                let audience = Audience::Network { network: network.id, classes: *classes };
                let shelf = Shelf { holder: node.facility.clone(), audience, epoch: network.body.epoch };
                add(shelf, &network.id.0, &network.secret);
            }
        }
        for accord in founded.accords.iter().filter(|accord| accord.body.other(membership.network).is_some()) {
            let audience = Audience::Accord { accord: accord.id };
            let shelf = Shelf { holder: node.facility.clone(), audience, epoch: accord.body.epoch };
            add(shelf, &accord.id.0, &accord.secret);
        }
    }
    shelves
}
