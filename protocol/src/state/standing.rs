use super::{Accord, Book, Object, Signed, Standing};
use crate::ids::{AccordId, Hash, NetworkId, NodeKey, PublicKey};
use crate::kinds::MemberRole;
use crate::time::Millis;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

impl Book {
    /// How `node` stands to us now.
    pub fn standing(&self, node: &NodeKey, now: Millis) -> Standing {
        let theirs: BTreeSet<NetworkId> = self.facilities_of(node, now).into_iter().map(|f| f.network).collect();
        let shared: BTreeSet<NetworkId> = theirs.intersection(&self.own).copied().collect();
        if !shared.is_empty() {
            return Standing::Member(shared);
        }
        let accords: BTreeSet<AccordId> = theirs
            .iter()
            .flat_map(|their| self.own.iter().filter_map(|own| self.accord_in_force(*own, *their, now)))
            .map(Accord::id)
            .collect();
        if accords.is_empty() { Standing::Stranger } else { Standing::Partner(accords) }
    }
    /// Nodes of live members with a role in a network.
    pub fn nodes_with(&self, network: NetworkId, role: MemberRole, now: Millis) -> BTreeSet<NodeKey> {
        let members = self.members(network).filter(|m| m.roles.has(role.code()));
        members.filter_map(|m| self.node_of(network, &m.facility, now)).map(|cert| cert.node).collect()
    }
    /// Every node that we may talk to now: live members of own networks and of partners.
    pub fn reachable(&self, now: Millis) -> BTreeSet<NodeKey> {
        let known = self.nodes.keys().copied();
        known.filter(|node| self.standing(node, now) != Standing::Stranger).collect()
    }

    /// The objects that a peer standing so may have, in the order in which they must be taken in. Both sides compute the
    /// same set from the same book.
    pub fn visible(&self, standing: &Standing) -> Vec<&Signed> {
        let realms: BTreeSet<NetworkId> = match standing {
            Standing::Stranger => return Vec::new(),
            Standing::Member(shared) => {
                let partners = shared.iter().flat_map(|own| self.partners(*own));
                partners.chain(shared.iter().copied()).collect()
            }
            Standing::Partner(accords) => {
                accords.iter().filter_map(|id| self.accord(*id)).flat_map(|accord| [accord.a, accord.b]).collect()
            }
        };
        let charters = realms.iter().flat_map(|network| self.charter_objects(*network));
        let rest = self.objects.values().filter(|(_, object)| self.is_within(object, &realms, standing));
        charters.chain(rest.map(|(signed, _)| signed)).collect()
    }
    fn is_within(&self, object: &Object, realms: &BTreeSet<NetworkId>, standing: &Standing) -> bool {
        let node_within = |root: &PublicKey| {
            self.roots.get(root).is_some_and(|places| places.iter().any(|(network, _)| realms.contains(network)))
        };
        match object {
            Object::Charter(_) => false,
            Object::Membership(membership) => realms.contains(&membership.network),
            Object::Revocation(revocation) => realms.contains(&revocation.network),
            Object::Suspension(suspension) => realms.contains(&suspension.network),
            Object::Disaster(disaster) => realms.contains(&disaster.network),
            Object::Accord(accord) => match standing {
                Standing::Member(shared) => shared.contains(&accord.a) || shared.contains(&accord.b),
                Standing::Partner(accords) => accords.contains(&accord.id()),
                Standing::Stranger => false,
            },
            Object::EvaluatorCall(call) => realms.contains(&call.network),
            Object::EvaluatorKey(key) => realms.contains(&key.network),
            Object::NodeKey(cert) => node_within(&cert.root),
            Object::Directory(directory) => {
                self.nodes.get(&directory.node).is_some_and(|roots| roots.iter().any(node_within))
            }
        }
    }
    fn partners(&self, network: NetworkId) -> Vec<NetworkId> {
        self.accords().filter_map(|accord| accord.other(network)).collect()
    }
    /// A digest of [`Book::visible`]: equal on two nodes that hold the same for each other.
    pub fn digest(&self, standing: &Standing) -> Hash {
        self.digests.of(standing, || self.digest_anew(standing))
    }
    fn digest_anew(&self, standing: &Standing) -> Hash {
        let hashes: BTreeSet<Hash> = self.visible(standing).into_iter().map(Signed::hash).collect();
        let parts: Vec<&[u8]> = hashes.iter().map(|hash| &hash.0[..]).collect();
        crate::crypto::sha256(&parts)
    }
}

/// Digests by standing: they are asked for with every comparison of notes, and change with the book only.
#[derive(Debug, Default)]
pub(super) struct Digests(Mutex<Vec<(Standing, Hash)>>);

impl Digests {
    pub(super) fn clear(&mut self) {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
    }
    fn of(&self, standing: &Standing, anew: impl FnOnce() -> Hash) -> Hash {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, hash)) = known.iter().find(|(of, _)| of == standing) {
            return *hash;
        }
        let hash = anew();
        if known.len() >= DIGESTS_KEPT {
            known.clear();
        }
        known.push((standing.clone(), hash));
        hash
    }
}

/// A copy of a book computes its own.
impl Clone for Digests {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// Standings whose digest is kept: one for every set of networks that is shared with somebody.
const DIGESTS_KEPT: usize = 64;
