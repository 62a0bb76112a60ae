use super::Known;
use crate::scenario::Scenario;
use crate::world::{Founded, People};
use protocol::crypto::LocalKey;
use protocol::ids::{AccordId, FacilityId, NetworkId, NodeKey, ReceiptId, ShelfId};
use protocol::index::{Audience, Shelf};
use protocol::kinds::FacilityClass;
use protocol::state::{Accord, Membership};
use protocol::time::Millis;
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
    /// Every shelf that can be, with its tags' key.
    pub shelves: BTreeMap<ShelfId, (Shelf, LocalKey)>,
    /// Receipts that were ever given, by host and patient.
    pub receipts: BTreeMap<(usize, u64), BTreeSet<ReceiptId>>,
}

impl Truth {
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

fn shelves(founded: &Founded) -> BTreeMap<ShelfId, (Shelf, LocalKey)> {
    let mut shelves = BTreeMap::new();
    let mut add = |shelf: Shelf, scope: &[u8; 32], secret: &[u8; 32]| {
        let key = LocalKey::derive(secret, scope, shelf.epoch);
        shelves.insert(shelf.id(), (shelf, key));
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
