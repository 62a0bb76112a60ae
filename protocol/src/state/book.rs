use super::chain::Chain;
use super::standing::Digests;
use super::{
    Accord, Charter, Directory, Disaster, Membership, NodeCert, Object, ObjectKind, Revocation, Signed, Suspension,
    Target,
};
use crate::crypto::Crypto;
use crate::data::{Space, View};
use crate::ids::{AccordId, FacilityId, NetworkId, NodeKey, PublicKey};
use crate::limits::{CLOCK_TOLERANCE_MS, SUSPENSION_AGAIN_MS};
use crate::time::Millis;
use crate::wire::FieldError;
use std::collections::{BTreeMap, BTreeSet};

/// The newest valid object of each kind and subject, and what follows from them.
///
/// An object is taken only if it is signed by the keys that its kind demands, which the book itself knows: charters of own
/// networks are pinned by their id, partner networks by an accord that k founders of an own network signed.
#[derive(Clone, Debug, Default)]
pub struct Book {
    pub(super) own: BTreeSet<NetworkId>,
    pub(super) objects: BTreeMap<(ObjectKind, Vec<u8>), (Signed, Object)>,
    /// Charters by network (genesis has no subject of its own).
    pub(super) charters: BTreeMap<NetworkId, Chain>,
    pub(super) roots: BTreeMap<PublicKey, BTreeSet<(NetworkId, FacilityId)>>,
    pub(super) nodes: BTreeMap<NodeKey, BTreeSet<PublicKey>>,
    /// Suspensions by network, past ones too: they are asked at every message, and there are few.
    suspensions: BTreeMap<NetworkId, Vec<Suspension>>,
    /// What was computed of the above: gone with the first change.
    pub(super) digests: Digests,
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
        [&[signed.kind.code()], Self::subject_of(signed).as_slice()].concat()
    }
    /// Under what an object is kept and compared. Each version of a charter stands for itself: later ones lean on earlier ones.
    pub fn subject_of(signed: &Signed) -> Vec<u8> {
        match Charter::network_of(signed) {
            Some(network) if signed.kind == ObjectKind::Charter && signed.seq == 0 => network.0.to_vec(),
            Some(network) if signed.kind == ObjectKind::Charter => [&network.0[..], &signed.seq.to_be_bytes()].concat(),
            _ => signed.subject.clone(),
        }
    }
    /// Networks of our own facilities, or that we are about to join.
    pub fn own(&self) -> &BTreeSet<NetworkId> {
        &self.own
    }
    /// Pins a network as our own: its charter may now be taken.
    pub fn pin(&mut self, network: NetworkId) {
        self.digests.clear();
        self.own.insert(network);
    }

    /// Checks an object and keeps it if it is newer than what is known.
    ///
    /// # Errors
    /// [`Refused`]; nothing changed. `Signatures`, `Field`, `Future` and `Fork` are the signer's or sender's fault.
    pub fn accept(&mut self, crypto: &dyn Crypto, signed: &Signed, now: Millis) -> Result<Accepted, Refused> {
        let object = Object::decode(signed)?;
        if let Some(old) = self.current(signed) {
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
    fn current(&self, signed: &Signed) -> Option<&Signed> {
        if signed.kind == ObjectKind::Charter {
            let chain = self.charters.get(&Charter::network_of(signed)?)?;
            return chain.version(signed.seq).or_else(|| chain.newest()).map(|(signed, _)| signed);
        }
        self.objects.get(&(signed.kind, signed.subject.clone())).map(|(signed, _)| signed)
    }
    fn check(&self, crypto: &dyn Crypto, signed: &Signed, object: &Object, now: Millis) -> Result<(), Refused> {
        let kind = signed.kind;
        // A quorum of the charter that was in force when the object says that it was made.
        let quorum = |network: NetworkId, made_at: Millis| match self.charters.get(&network) {
            Some(chain) if chain.has_quorum(crypto, signed, made_at) => Ok(()),
            Some(_) => Err(Refused::Signatures { kind }),
            None => Err(Refused::Unanchored { kind }),
        };
        let founder = |network: NetworkId, key: &PublicKey, made_at: Millis| match self.charters.get(&network) {
            Some(chain) if chain.has_founder(key, made_at) && signed.is_signed_by(crypto, key) => Ok(()),
            Some(_) => Err(Refused::Signatures { kind }),
            None => Err(Refused::Unanchored { kind }),
        };
        let not_ahead = |at: Millis| match at > now.plus(CLOCK_TOLERANCE_MS) {
            true => Err(Refused::Future { kind }),
            false => Ok(()),
        };
        match object {
            Object::Charter(charter) => {
                not_ahead(charter.made_at).and_then(|()| self.check_charter(crypto, signed, charter))
            }
            Object::Membership(membership) => quorum(membership.network, membership.from),
            Object::Accord(accord) => quorum(accord.a, accord.from).and_then(|()| quorum(accord.b, accord.from)),
            Object::Revocation(revocation) => {
                not_ahead(revocation.effective)?;
                quorum(revocation.network, revocation.effective)
            }
            Object::Suspension(suspension) => {
                not_ahead(suspension.from)?;
                founder(suspension.network, &suspension.founder, suspension.from)
            }
            Object::Disaster(disaster) => {
                not_ahead(disaster.from)?;
                match &disaster.founder {
                    Some(one) => founder(disaster.network, one, disaster.from),
                    None => quorum(disaster.network, disaster.from),
                }
            }
            Object::EvaluatorCall(call) => {
                not_ahead(call.from)?;
                quorum(call.network, call.from)
            }
            Object::EvaluatorKey(key) => self.check_key(crypto, signed, key),
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
        let Some(before) = signed.seq.checked_sub(1) else {
            return if self.is_awaited(network) { Ok(()) } else { Err(Refused::Unanchored { kind }) };
        };
        match self.charters.get(&network).and_then(|chain| chain.version(before)) {
            Some((_, old)) if !old.has_quorum(crypto, signed) => Err(Refused::Signatures { kind }),
            Some((_, old)) if charter.made_at <= old.made_at => Err(FieldError("charter.made_at").into()),
            Some(_) => Ok(()),
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
        let signed_by_ours = ours.clone().any(|network| {
            self.charters.get(&network).is_some_and(|chain| chain.has_quorum(crypto, accord, body.from))
        });
        if !signed_by_ours {
            return Err(Refused::Signatures { kind: ObjectKind::Accord });
        }
        let mut trial = self.clone();
        trial.own.extend([body.a, body.b]);
        let mut taken = Vec::new();
        let mut charters: Vec<&Signed> = charters.iter().filter(|signed| signed.kind == ObjectKind::Charter).collect();
        charters.sort_by_key(|signed| signed.seq);
        for charter in charters {
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
        self.digests.clear();
        match &object {
            Object::Charter(charter) => {
                if let Some(network) = Charter::network_of(&signed) {
                    self.charters.entry(network).or_default().keep(signed, charter.clone());
                }
                return;
            }
            Object::Membership(m) => {
                self.roots.entry(m.root).or_default().insert((m.network, m.facility.clone()));
            }
            Object::Suspension(suspension) => {
                let known = self.suspensions.entry(suspension.network).or_default();
                if !known.contains(suspension) {
                    known.push(suspension.clone());
                }
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
        self.charters.get(&network).and_then(Chain::newest).map(|(_, charter)| charter)
    }
    /// Every version of a network's charter, oldest first: what a newcomer must take to trust the newest.
    pub fn charter_objects(&self, network: NetworkId) -> Vec<&Signed> {
        self.charters.get(&network).map(|chain| chain.iter().collect()).unwrap_or_default()
    }
    /// Every network whose charter is known.
    pub fn networks(&self) -> impl Iterator<Item = (NetworkId, &Charter)> {
        self.charters.iter().filter_map(|(network, chain)| Some((*network, &chain.newest()?.1)))
    }
    pub(super) fn object(&self, kind: ObjectKind, subject: &[u8]) -> Option<&(Signed, Object)> {
        self.objects.get(&(kind, subject.to_vec()))
    }
    pub(super) fn of_kind(&self, kind: ObjectKind) -> impl Iterator<Item = &(Signed, Object)> {
        self.objects.range((kind, Vec::new())..).take_while(move |((of, _), _)| *of == kind).map(|(_, found)| found)
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
    /// What took a node out of a network known here: revocations and suspensions of its key, or of the facilities that it serves
    /// or served.
    pub fn revocations_of(&self, node: &NodeKey, now: Millis) -> Vec<&Signed> {
        let roots = self.nodes.get(node).into_iter().flatten();
        let places = roots.filter_map(|root| self.roots.get(root)).flatten();
        let seats = places.map(|(network, facility)| (*network, Target::Membership(facility.clone())));
        let keys = self.charters.keys().map(|network| (*network, Target::Node(*node)));
        let targets: Vec<(NetworkId, Target)> = seats.chain(keys).collect();
        let revoked = targets
            .iter()
            .filter_map(|(network, target)| self.object(ObjectKind::Revocation, &Revocation::subject(*network, target)))
            .filter(|(_, object)| matches!(object, Object::Revocation(revocation) if self.still_binds(revocation, now)))
            .map(|(signed, _)| signed);
        let resting = targets
            .iter()
            .filter_map(|(network, target)| self.suspended(*network, target, Millis(0), now))
            .filter_map(|suspension| self.object(ObjectKind::Suspension, &suspension.subject()))
            .map(|(signed, _)| signed);
        revoked.chain(resting).collect()
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
    /// What rests a target at `now`, by one founder of `network` and from `since` on: a membership that was given anew is not
    /// touched by what was said of the one before.
    ///
    /// A founder's second word on the same target within a fortnight is void, whichever arrived first.
    pub fn suspended(&self, network: NetworkId, target: &Target, since: Millis, now: Millis) -> Option<&Suspension> {
        let known = self.suspensions.get(&network)?;
        let of_target = || known.iter().filter(|suspension| suspension.target == *target);
        let is_repeated = |one: &Suspension| {
            let by_same = of_target().filter(|other| other.founder == one.founder && other.from < one.from);
            by_same.into_iter().any(|other| one.from.since(other.from) < SUSPENSION_AGAIN_MS)
        };
        let in_force = of_target().filter(|one| one.is_in_force(now) && one.from >= since && !is_repeated(one));
        in_force.max_by_key(|one| one.until)
    }
    /// Every suspension that is known, in force or not.
    pub fn suspensions(&self) -> impl Iterator<Item = &Suspension> {
        self.suspensions.values().flatten()
    }
    /// A disaster that is declared in a network at `now`, and not over.
    pub fn disasters(&self, network: NetworkId, now: Millis) -> impl Iterator<Item = &Disaster> {
        let declared = self.objects.range((ObjectKind::Disaster, network.0.to_vec())..);
        let declared = declared
            .take_while(move |((kind, subject), _)| *kind == ObjectKind::Disaster && subject.starts_with(&network.0));
        declared.filter_map(move |(_, (_, object))| match object {
            Object::Disaster(disaster) if disaster.is_in_force(now) => Some(disaster),
            _ => None,
        })
    }
    /// A facility's membership if it is in force at `now`, not revoked since it was given, and not suspended.
    pub fn live(&self, network: NetworkId, facility: &FacilityId, now: Millis) -> Option<&Membership> {
        let membership = self.membership(network, facility)?;
        let revoked = self
            .revoked(network, &Target::Membership(facility.clone()))
            .is_some_and(|revocation| revocation.effective >= membership.from && revocation.effective <= now);
        let target = Target::Membership(facility.clone());
        let rests = self.suspended(network, &target, membership.from, now).is_some();
        (membership.from <= now && now < membership.to && !revoked && !rests).then_some(membership)
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
        let rests = || self.suspended(network, &Target::Node(cert.node), cert.from, now).is_some();
        (cert.facility == *facility && cert.from <= now && now < cert.to && !revoked && !rests()).then_some(cert)
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
        let rests = [a, b].into_iter().any(|network| self.suspended(network, &target, accord.from, now).is_some());
        (accord.is_in_force(now) && !revoked && !rests).then_some(accord)
    }
}
