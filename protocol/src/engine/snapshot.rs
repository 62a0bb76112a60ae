//! A picture of a running Engine, for status pages.
use super::core::Engine;
use crate::data::View;
use crate::ids::{FacilityId, NodeKey};
use crate::index::Shelf;
use crate::policy::Freshness;
use crate::state::NodeFacility;
use crate::time::Millis;
use std::collections::{BTreeMap, BTreeSet};

impl<V: View> Engine<V> {
    /// A picture of the running Engine, for status pages.
    pub fn snapshot(&self, now: Millis) -> Snapshot {
        Snapshot {
            node: self.node,
            up: self.peers.up(),
            seen: self.peers.map.iter().filter_map(|(node, peer)| peer.seen.map(|at| (*node, at))).collect(),
            freshness: self.freshness(now),
            facilities: self.own_facilities(now),
            shelves: self.shelves.values().cloned().collect(),
            unconfirmed: self.unconfirmed_holders(now),
            copies: self.mending.copies,
            fetches: self.fetches.len(),
            serves: self.serves.len(),
            addresses: self.addresses.clone(),
            keygens: self.keygen_views(),
            tags_wanted: self.tags_wanted(),
        }
    }
}

/// A picture of a running Engine.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Own key.
    pub node: NodeKey,
    /// Peers that said hello.
    pub up: BTreeSet<NodeKey>,
    /// When each peer was heard of last.
    pub seen: BTreeMap<NodeKey, Millis>,
    /// How far shared state may be trusted.
    pub freshness: Freshness,
    /// Own facilities in live memberships.
    pub facilities: Vec<NodeFacility>,
    /// Shelves held here, own and copies.
    pub shelves: Vec<Shelf>,
    /// Holders whose index nobody has confirmed since the start: whether they know a patient is unknown until then.
    pub unconfirmed: BTreeSet<FacilityId>,
    /// How copies came here.
    pub copies: super::Copies,
    /// Fetches under way.
    pub fetches: usize,
    /// Transfers being sent.
    pub serves: usize,
    /// Own addresses.
    pub addresses: Vec<String>,
    /// Key generations that this node takes part in.
    pub keygens: Vec<super::KeygenView>,
    /// Patients of ours that wait for tags of evaluators.
    pub tags_wanted: usize,
}
