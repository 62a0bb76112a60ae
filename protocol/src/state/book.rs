use super::{Accord, Charter, Directory, Membership, NodeCert, Object, ObjectKind, Revocation, Signed, Target};
use crate::crypto::Crypto;
use crate::data::{Space, View};
use crate::ids::{AccordId, FacilityId, Hash, NetworkId, NodeKey, PublicKey};
use crate::kinds::MemberRole;
use crate::limits::CLOCK_TOLERANCE_MS;
use crate::time::Millis;
use crate::wire::FieldError;
use std::collections::{BTreeMap, BTreeSet};

/// The newest valid object of each kind and subject, and what follows from them.
///
/// An object is taken only if it is signed by the keys that its kind demands, which the book itself knows: charters of own
/// networks are pinned by their id, partner networks by an accord that k founders of an own network signed.
#[derive(Clone, Debug, Default)]
pub struct Book {
    own: BTreeSet<NetworkId>,
    objects: BTreeMap<(ObjectKind, Vec<u8>), (Signed, Object)>,
    /// Charter by network (genesis has no subject of its own).
    charters: BTreeMap<NetworkId, (Signed, Charter)>,
    roots: BTreeMap<PublicKey, BTreeSet<(NetworkId, FacilityId)>>,
    nodes: BTreeMap<NodeKey, BTreeSet<PublicKey>>,
}

/// What became of an object that was offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// Newer than what was known: kept, to be stored and passed on.
    New(Box<Object>),
    /// Known already, or older than what is known.
    Known,
}

/// Why an object was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Its form.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The keys that must sign did not, or too few of them.
    #[error("{kind:?} lacks the signatures it needs")]
    Signatures {
        /// Kind of the object.
        kind: ObjectKind,
    },
    /// It leans on a charter, membership or certificate that is not known here (yet).
    #[error("{kind:?} leans on something unknown here")]
    Unanchored {
        /// Kind of the object.
        kind: ObjectKind,
    },
    /// Dated further ahead than clocks may differ.
    #[error("{kind:?} is dated in the future")]
    Future {
        /// Kind of the object.
        kind: ObjectKind,
    },
    /// Same kind, subject and seq as a known one, other content, both signed well.
    #[error("two different {kind:?} objects with one sequence number")]
    Fork {
        /// Kind of the object.
        kind: ObjectKind,
    },
}

/// A facility that a node serves, in one network, as far as certificates say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeFacility {
    /// In which network.
    pub network: NetworkId,
    /// Who.
    pub facility: FacilityId,
}

/// How another node stands to us at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Shares these own networks with us.
    Member(BTreeSet<NetworkId>),
    /// Of networks that an own network has an accord with, in force.
    Partner(BTreeSet<AccordId>),
    /// No live membership that concerns us.
    Stranger,
}

impl Book {
    /// Loads what the store holds. Signatures were checked when each object was taken.
    pub fn load(view: &dyn View, own: BTreeSet<NetworkId>) -> Self {
        let mut book = Self { own, ..Self::default() };
        for kind in ObjectKind::ALL {
            for (_, value) in view.scan(Space::State, &[kind.code()], &[], usize::MAX) {
                if let Ok(signed) = Signed::decode(&value)
                    && let Ok(object) = Object::decode(&signed)
                {
                    book.keep(signed, object);
                }
            }
        }
        book
    }
    /// The key in [`Space::State`] under which an object lies.
    pub fn state_key(signed: &Signed) -> Vec<u8> {
        let subject = match Charter::network_of(signed) {
            Some(network) if signed.kind == ObjectKind::Charter => network.0.to_vec(),
            _ => signed.subject.clone(),
        };
        [&[signed.kind.code()], subject.as_slice()].concat()
    }
    /// Networks of our own facilities, or that we are about to join.
    pub fn own(&self) -> &BTreeSet<NetworkId> {
        &self.own
    }
    /// Pins a network as our own: its charter may now be taken.
    pub fn pin(&mut self, network: NetworkId) {
        self.own.insert(network);
    }

    /// Checks an object and keeps it if it is newer than what is known.
    ///
    /// # Errors
    /// [`Refused`]; nothing changed. `Signatures`, `Field`, `Future` and `Fork` are the signer's or sender's fault.
    pub fn accept(&mut self, crypto: &dyn Crypto, signed: &Signed, now: Millis) -> Result<Accepted, Refused> {
        let object = Object::decode(signed)?;
        if let Some((old, _)) = self.current(signed) {
            if old.seq > signed.seq || old.hash() == signed.hash() {
                return Ok(Accepted::Known);
            }
            if old.seq == signed.seq {
                // Two quorums always share a founder: this can only be if one signed twice.
                self.check(crypto, signed, &object, now)?;
                return Err(Refused::Fork { kind: signed.kind });
            }
        }
        self.check(crypto, signed, &object, now)?;
        self.keep(signed.clone(), object.clone());
        Ok(Accepted::New(Box::new(object)))
    }
    fn current(&self, signed: &Signed) -> Option<(&Signed, u64)> {
        let found = if signed.kind == ObjectKind::Charter {
            self.charters.get(&Charter::network_of(signed)?).map(|(signed, _)| signed)
        } else {
            self.objects.get(&(signed.kind, signed.subject.clone())).map(|(signed, _)| signed)
        };
        found.map(|signed| (signed, signed.seq))
    }
    fn check(&self, crypto: &dyn Crypto, signed: &Signed, object: &Object, now: Millis) -> Result<(), Refused> {
        let kind = signed.kind;
        let quorum = |network: NetworkId| match self.charter(network) {
            Some(charter) if charter.has_quorum(crypto, signed) => Ok(()),
            Some(_) => Err(Refused::Signatures { kind }),
            None => Err(Refused::Unanchored { kind }),
        };
        match object {
            Object::Charter(charter) => self.check_charter(crypto, signed, charter),
            Object::Membership(membership) => quorum(membership.network),
            Object::Accord(accord) => quorum(accord.a).and_then(|()| quorum(accord.b)),
            Object::Revocation(revocation) => {
                if revocation.effective > now.plus(CLOCK_TOLERANCE_MS) {
                    return Err(Refused::Future { kind });
                }
                quorum(revocation.network)
            }
            Object::NodeKey(cert) => {
                if !self.roots.contains_key(&cert.root) {
                    return Err(Refused::Unanchored { kind });
                }
                // Root and node key: nobody can put somebody else's node under its own facility.
                let both = signed.signers(crypto, &[cert.root, cert.node.into()]).len() == 2;
                if both { Ok(()) } else { Err(Refused::Signatures { kind }) }
            }
            Object::Directory(directory) => {
                if signed.seq > now.plus(CLOCK_TOLERANCE_MS).0 {
                    return Err(Refused::Future { kind });
                }
                if !self.nodes.contains_key(&directory.node) {
                    return Err(Refused::Unanchored { kind });
                }
                if signed.is_signed_by(crypto, &directory.node.into()) {
                    Ok(())
                } else {
                    Err(Refused::Signatures { kind })
                }
            }
        }
    }
    fn check_charter(&self, crypto: &dyn Crypto, signed: &Signed, charter: &Charter) -> Result<(), Refused> {
        let kind = ObjectKind::Charter;
        let network = Charter::network_of(signed).ok_or(FieldError("signed.subject"))?;
        if !charter.has_quorum(crypto, signed) {
            return Err(Refused::Signatures { kind });
        }
        match self.charters.get(&network) {
            Some((_, old)) if signed.seq > 0 && old.has_quorum(crypto, signed) => Ok(()),
            Some(_) => Err(Refused::Signatures { kind }),
            None if signed.seq == 0 && self.is_awaited(network) => Ok(()),
            None => Err(Refused::Unanchored { kind }),
        }
    }
    /// Whether a charter of `network` may be taken: an own network, or one that an offered accord with an own network names
    /// (see [`Book::accept_with_charters`]).
    fn is_awaited(&self, network: NetworkId) -> bool {
        self.own.contains(&network)
    }
    /// Takes an accord together with the charters it names, if k founders of an own network signed it. So a partner's
    /// charter is anchored by our own founders' signatures.
    ///
    /// # Errors
    /// [`Refused`] as [`Book::accept`]; nothing changed.
    pub fn accept_with_charters(
        &mut self,
        crypto: &dyn Crypto,
        accord: &Signed,
        charters: &[Signed],
        now: Millis,
    ) -> Result<Vec<(Signed, Accepted)>, Refused> {
        let Object::Accord(body) = Object::decode(accord)? else { return Err(FieldError("signed.kind").into()) };
        let ours = [body.a, body.b].into_iter().filter(|network| self.own.contains(network));
        let signed_by_ours =
            ours.clone().any(|network| self.charter(network).is_some_and(|charter| charter.has_quorum(crypto, accord)));
        if !signed_by_ours {
            return Err(Refused::Signatures { kind: ObjectKind::Accord });
        }
        let mut trial = self.clone();
        trial.own.extend([body.a, body.b]);
        let mut taken = Vec::new();
        for charter in charters.iter().filter(|signed| signed.kind == ObjectKind::Charter) {
            let named = Charter::network_of(charter).is_some_and(|network| network == body.a || network == body.b);
            if named && let Ok(accepted @ Accepted::New(_)) = trial.accept(crypto, charter, now) {
                taken.push((charter.clone(), accepted));
            }
        }
        taken.push((accord.clone(), trial.accept(crypto, accord, now)?));
        trial.own.clone_from(&self.own);
        *self = trial;
        Ok(taken)
    }
    fn keep(&mut self, signed: Signed, object: Object) {
        match &object {
            Object::Charter(charter) => {
                if let Some(network) = Charter::network_of(&signed) {
                    self.charters.insert(network, (signed, charter.clone()));
                }
                return;
            }
            Object::Membership(m) => {
                self.roots.entry(m.root).or_default().insert((m.network, m.facility.clone()));
            }
            Object::NodeKey(cert) => {
                self.nodes.entry(cert.node).or_default().insert(cert.root);
            }
            _ => {}
        }
        self.objects.insert((signed.kind, signed.subject.clone()), (signed, object));
    }

    /// The charter in force of a network.
    pub fn charter(&self, network: NetworkId) -> Option<&Charter> {
        self.charters.get(&network).map(|(_, charter)| charter)
    }
    /// The signed charter of a network.
    pub fn charter_object(&self, network: NetworkId) -> Option<&Signed> {
        self.charters.get(&network).map(|(signed, _)| signed)
    }
    /// Every network whose charter is known.
    pub fn networks(&self) -> impl Iterator<Item = (NetworkId, &Charter)> {
        self.charters.iter().map(|(network, (_, charter))| (*network, charter))
    }
    fn object(&self, kind: ObjectKind, subject: &[u8]) -> Option<&(Signed, Object)> {
        self.objects.get(&(kind, subject.to_vec()))
    }
    /// The seq of what is known of a kind and subject.
    pub fn seq(&self, kind: ObjectKind, subject: &[u8]) -> Option<u64> {
        self.object(kind, subject).map(|(signed, _)| signed.seq)
    }
    /// A facility's membership, in force or not.
    pub fn membership(&self, network: NetworkId, facility: &FacilityId) -> Option<&Membership> {
        match self.object(ObjectKind::Membership, &Membership::subject(network, facility)) {
            Some((_, Object::Membership(membership))) => Some(membership),
            _ => None,
        }
    }
    /// When a target was revoked by `network`, if it was.
    pub fn revoked(&self, network: NetworkId, target: &Target) -> Option<&Revocation> {
        match self.object(ObjectKind::Revocation, &Revocation::subject(network, target)) {
            Some((_, Object::Revocation(revocation))) => Some(revocation),
            _ => None,
        }
    }
    /// What took a node out of a network known here: revocations of its key, or of the facilities that it serves or served.
    pub fn revocations_of(&self, node: &NodeKey, now: Millis) -> Vec<&Signed> {
        let roots = self.nodes.get(node).into_iter().flatten();
        let places = roots.filter_map(|root| self.roots.get(root)).flatten();
        let seats = places.map(|(network, facility)| (*network, Target::Membership(facility.clone())));
        let keys = self.charters.keys().map(|network| (*network, Target::Node(*node)));
        seats
            .chain(keys)
            .filter_map(|(network, target)| self.object(ObjectKind::Revocation, &Revocation::subject(network, &target)))
            .filter(|(_, object)| matches!(object, Object::Revocation(revocation) if self.still_binds(revocation, now)))
            .map(|(signed, _)| signed)
            .collect()
    }
    /// Whether a revocation is in force, and no later membership came after it.
    fn still_binds(&self, revocation: &Revocation, now: Millis) -> bool {
        let given_anew = match &revocation.target {
            Target::Membership(facility) => self
                .membership(revocation.network, facility)
                .is_some_and(|membership| membership.from > revocation.effective),
            _ => false,
        };
        revocation.effective <= now && !given_anew
    }
    /// A facility's membership if it is in force at `now` and not revoked since it was given.
    pub fn live(&self, network: NetworkId, facility: &FacilityId, now: Millis) -> Option<&Membership> {
        let membership = self.membership(network, facility)?;
        let revoked = self
            .revoked(network, &Target::Membership(facility.clone()))
            .is_some_and(|revocation| revocation.effective >= membership.from && revocation.effective <= now);
        (membership.from <= now && now < membership.to && !revoked).then_some(membership)
    }
    /// All memberships of a network, in order of facilities.
    pub fn members(&self, network: NetworkId) -> impl Iterator<Item = &Membership> {
        self.objects
            .range((ObjectKind::Membership, network.0.to_vec())..)
            .take_while(move |((kind, subject), _)| *kind == ObjectKind::Membership && subject.starts_with(&network.0))
            .filter_map(|(_, (_, object))| match object {
                Object::Membership(membership) => Some(membership),
                _ => None,
            })
    }
    /// A root's node certificate.
    pub fn node_cert(&self, root: &PublicKey) -> Option<&NodeCert> {
        match self.object(ObjectKind::NodeKey, &root.0) {
            Some((_, Object::NodeKey(cert))) => Some(cert),
            _ => None,
        }
    }
    /// The certificate of the node that serves a facility now: membership live, certificate in force, key not revoked.
    pub fn node_of(&self, network: NetworkId, facility: &FacilityId, now: Millis) -> Option<&NodeCert> {
        let cert = self.node_cert(&self.live(network, facility, now)?.root)?;
        let revoked = self.revoked(network, &Target::Node(cert.node)).is_some_and(|r| r.effective <= now);
        (cert.facility == *facility && cert.from <= now && now < cert.to && !revoked).then_some(cert)
    }
    /// Which facilities a node serves now, in every network known here.
    pub fn facilities_of(&self, node: &NodeKey, now: Millis) -> Vec<NodeFacility> {
        let roots = self.nodes.get(node).into_iter().flatten();
        let places = roots.filter_map(|root| self.roots.get(root)).flatten();
        let live = places
            .filter(|(network, facility)| self.node_of(*network, facility, now).is_some_and(|cert| cert.node == *node));
        live.map(|(network, facility)| NodeFacility { network: *network, facility: facility.clone() }).collect()
    }
    /// A node's directory entry.
    pub fn directory(&self, node: &NodeKey) -> Option<&Directory> {
        match self.object(ObjectKind::Directory, &node.0) {
            Some((_, Object::Directory(directory))) => Some(directory),
            _ => None,
        }
    }
    /// All directory entries.
    pub fn directories(&self) -> impl Iterator<Item = &Directory> {
        self.objects.values().filter_map(|(_, object)| match object {
            Object::Directory(directory) => Some(directory),
            _ => None,
        })
    }
    /// An accord by its pair, in force or not.
    pub fn accord(&self, id: AccordId) -> Option<&Accord> {
        match self.object(ObjectKind::Accord, &id.0) {
            Some((_, Object::Accord(accord))) => Some(accord),
            _ => None,
        }
    }
    /// All accords, in force or not.
    pub fn accords(&self) -> impl Iterator<Item = &Accord> {
        self.objects.values().filter_map(|(_, object)| match object {
            Object::Accord(accord) => Some(accord),
            _ => None,
        })
    }
    /// The accord between two networks if it is in force at `now` and neither side took it back.
    pub fn accord_in_force(&self, a: NetworkId, b: NetworkId, now: Millis) -> Option<&Accord> {
        let accord = self.accord(Accord::id_of(a, b))?;
        let target = Target::Accord(accord.id());
        let revoked = [a, b]
            .into_iter()
            .filter_map(|network| self.revoked(network, &target))
            .any(|revocation| revocation.effective >= accord.from && revocation.effective <= now);
        (accord.is_in_force(now) && !revoked).then_some(accord)
    }
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
        let charters = realms.iter().filter_map(|network| self.charter_object(*network));
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
            Object::Accord(accord) => match standing {
                Standing::Member(shared) => shared.contains(&accord.a) || shared.contains(&accord.b),
                Standing::Partner(accords) => accords.contains(&accord.id()),
                Standing::Stranger => false,
            },
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
        let hashes: BTreeSet<Hash> = self.visible(standing).into_iter().map(Signed::hash).collect();
        let parts: Vec<&[u8]> = hashes.iter().map(|hash| &hash.0[..]).collect();
        crate::crypto::sha256(&parts)
    }
}
