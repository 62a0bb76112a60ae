//! Coming in (参加): a facility is set up on its node, invited, asks to join, and is admitted by founders.
use crate::engine::CommandError;
use crate::keys::{KeyError, KeyFolder, KeyName, Share};
use crate::limits::{BACKDATE_MS, NODE_KEY_RENEW_MS};
use crate::object_file::{FileError, FileKind, ObjectFile};
use crate::random::fresh;
use crate::service::{OpenError, Service, WriteError, commit};
use crate::signing::{SignError, Signing, next_seq};
use protocol::audit::{self, Event, What};
use protocol::crypto::{Crypto, Real, Secret, seal_public};
use protocol::data::{Batch, Space, View, decode, encode};
use protocol::engine::{Command, Identity, JoinRequest, JoinStatus, pending_joins};
use protocol::ids::{FacilityId, Hash, NetworkId, NodeKey, PublicKey, to_printed};
use protocol::kinds::{Codes, FacilityClass, KindSet, MemberRole, member_roles};
use protocol::limits::{INVITE_MS, MEMBERSHIP_MS, NODE_KEY_MS};
use protocol::state::{
    Book, Charter, Invite, InviteError, JoinBody, Membership, NodeCert, Object, ObjectKind, Signed, Target,
};
use protocol::time::Millis;
use serde::{Deserialize, Serialize};
use store::Store;

/// What a facility is, as its own people say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacilitySpec {
    /// Its ten digits.
    pub id: FacilityId,
    /// Its name.
    pub name: String,
    /// What kind of house.
    pub class: FacilityClass,
    /// Kinds it wants to hold and read.
    pub kinds: KindSet,
    /// Roles it offers; codes of [`MemberRole`].
    pub roles: Codes,
}

impl FacilitySpec {
    /// All kinds; holds, reads and witnesses, and relays if the node does.
    pub fn usual(id: FacilityId, name: impl Into<String>, class: FacilityClass, relay: bool) -> Self {
        use MemberRole::{Holder, Reader, Relay, Witness};
        let roles = if relay {
            member_roles(&[Holder, Reader, Witness, Relay])
        } else {
            member_roles(&[Holder, Reader, Witness])
        };
        Self { id, name: name.into(), class, kinds: KindSet::ALL, roles }
    }
}

/// A facility that was set up on this node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacilitySetup {
    /// Its ten digits.
    pub id: FacilityId,
    /// Its name.
    pub name: String,
    /// What kind of house.
    pub class: FacilityClass,
    /// Kinds it wants to hold and read.
    pub kinds: KindSet,
    /// Roles it offers.
    pub roles: Codes,
    /// Its root key.
    pub root: PublicKey,
    /// Which keys its node uses, signed by the root.
    pub cert: Signed,
}

/// Why a facility was not set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The name does not fit into a membership.
    #[error("the name of a facility has 1 to {max} bytes", max = protocol::limits::TEXT_BYTES_MAX)]
    Name,
    /// A key file.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The store.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Why no invite was made.
#[derive(Debug, thiserror::Error)]
pub enum InviteMakeError {
    /// The network's charter is not known here.
    #[error("the charter of {0:?} is not known here; found the network or join it first")]
    NoCharter(NetworkId),
    /// Nobody could reach this node.
    #[error("this node has no address that others could reach; start it, or give an address with --contact")]
    NoAddress,
    /// The Engine.
    #[error(transparent)]
    Command(#[from] CommandError),
}

/// Why joining did not begin.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The text.
    #[error(transparent)]
    Invite(#[from] InviteError),
    /// The facility it is for is not set up here.
    #[error(
        "the invite is for facility {0}, which is not set up on this node; run `musubi setup` first, or compare the ten digits"
    )]
    NotHere(FacilityId),
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file has no charter that its founders signed.
    #[error("the file has no charter that enough founders signed; ask for the network's charter file again")]
    NoCharter,
    /// The Engine.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The store.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// A request to join that waits at this node.
#[derive(Clone, Debug)]
pub struct PendingJoin {
    /// What was asked.
    pub request: JoinRequest,
    /// In which network.
    pub network: NetworkId,
    /// The membership as far as founders have signed it, if one has.
    pub signing: Option<Signing>,
}

#[derive(Serialize, Deserialize)]
struct StoredFacility {
    id: FacilityId,
    name: String,
    class: FacilityClass,
    kinds: KindSet,
    roles: Codes,
    root: PublicKey,
    cert: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct StoredJoin {
    invite: String,
    body: Vec<u8>,
}

impl Service {
    /// Sets a facility up on this node: its root key, and the certificate of the node's keys. Doing it again renews the
    /// certificate and takes the new name, class and kinds for the next membership.
    ///
    /// A running Engine hears of a new facility at the next start.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn set_up_facility(&self, spec: &FacilitySpec) -> Result<FacilitySetup, SetupError> {
        set_up(self.store(), self.keys(), self.identity(), spec, self.now())
    }
    /// A facility's root secret as groups with check letters, for the paper in the safe; none if it is not on this node (any
    /// more).
    ///
    /// # Errors
    /// [`KeyError`] if its file cannot be read.
    pub fn root_paper(&self, facility: &FacilityId) -> Result<Option<String>, KeyError> {
        let found = self.keys().find(&KeyName::Root(facility.clone()))?;
        Ok(found.map(|secret| to_printed(secret.expose())))
    }
    /// Some letters of a network's name, to compare by telephone.
    pub fn check_phrase(network: NetworkId) -> String {
        to_printed(&network.0[..10])
    }

    /// Opens an invite for a facility at this node. Without `contacts` the node's own addresses are used.
    ///
    /// # Errors
    /// [`InviteMakeError`].
    pub fn invite(
        &self,
        network: NetworkId,
        facility: FacilityId,
        contacts: Vec<String>,
    ) -> Result<Invite, InviteMakeError> {
        if self.book().charter(network).is_none() {
            return Err(InviteMakeError::NoCharter(network));
        }
        let contacts = if contacts.is_empty() { self.addresses() } else { contacts };
        if contacts.is_empty() {
            return Err(InviteMakeError::NoAddress);
        }
        let invite = Invite { network, secret: fresh(), facility, until: self.now().plus(INVITE_MS), contacts };
        self.engine().ask(Command::OpenInvite(invite.clone()))?;
        Ok(invite)
    }
    /// The addresses at which this node is met now, as the running Engine knows them.
    pub fn addresses(&self) -> Vec<String> {
        self.engine().snapshot().map(|snapshot| snapshot.addresses.clone()).unwrap_or_default()
    }
    /// Asks to join with the text of an invite. The Engine goes on asking, also after a restart, until it is admitted or
    /// refused; see [`Service::join_status`].
    ///
    /// # Errors
    /// [`JoinError`]; a mistyped text names the group.
    pub fn join(&self, invite_text: &str) -> Result<NetworkId, JoinError> {
        let invite = Invite::parse(invite_text)?;
        let network = invite.network;
        let body = self.join_body(network, &invite.facility)?;
        let stored = StoredJoin { invite: invite.to_text(), body: body.encode() };
        self.engine().ask(Command::Join { invite, body: Box::new(body) })?;
        let mut batch = Batch::default();
        batch.put(Space::Meta, join_key(network), encode(&stored));
        self.commit(batch)?;
        self.keep_network(network)?;
        Ok(network)
    }
    fn join_body(&self, network: NetworkId, facility: &FacilityId) -> Result<JoinBody, JoinError> {
        let setup = self.facilities().into_iter().find(|setup| setup.id == *facility);
        let setup = setup.ok_or_else(|| JoinError::NotHere(facility.clone()))?;
        Ok(JoinBody {
            network,
            facility: setup.id,
            name: setup.name,
            class: setup.class,
            root: setup.root,
            roles: setup.roles,
            kinds: setup.kinds,
            node: setup.cert,
            at: self.now(),
        })
    }
    /// How far joining a network is; none if it was never asked for here.
    pub fn join_status(&self, network: NetworkId) -> Option<JoinStatus> {
        let (book, now) = (self.book(), self.now());
        if self
            .facilities()
            .iter()
            .any(|setup| book.live(network, &setup.id, now).is_some_and(|m| m.root == setup.root))
        {
            return Some(JoinStatus::Admitted);
        }
        let asked = self.view().get(Space::Meta, &join_key(network)).is_some();
        self.engine().join_status(network).or(asked.then_some(JoinStatus::Searching))
    }

    /// Requests to join that wait at this node and are not answered by a membership yet.
    pub fn pending_joins(&self) -> Vec<PendingJoin> {
        let (book, now) = (self.book(), self.now());
        let waiting = self.proposals();
        let read = |request: JoinRequest| {
            let body = JoinBody::decode(&request.body).ok()?;
            let is_in = book.live(body.network, &body.facility, now).is_some_and(|m| m.root == body.root);
            let signing = waiting.iter().find(|signing| is_membership_of(signing, &body)).cloned();
            (!is_in).then_some(PendingJoin { request, network: body.network, signing })
        };
        pending_joins(&self.view()).into_iter().filter_map(read).collect()
    }
    /// Admits who asked with this invite: signs its membership with the shares at hand. With fewer than k shares the other
    /// founders sign at their nodes or by file ([`Service::sign_proposal`], [`Service::export`]).
    ///
    /// # Errors
    /// [`SignError::Unknown`] if nobody asks with this invite.
    pub fn admit(&self, invite: Hash, shares: &[Share]) -> Result<Signing, SignError> {
        let request = pending_joins(&self.view()).into_iter().find(|request| request.invite == invite);
        let body = JoinBody::decode(&request.ok_or(SignError::Unknown(invite))?.body)?;
        self.admit_body(&body, shares)
    }
    fn admit_body(&self, body: &JoinBody, shares: &[Share]) -> Result<Signing, SignError> {
        if let Some(begun) = self.proposals().into_iter().find(|signing| is_membership_of(signing, body)) {
            let signed = self.add_shares(begun.signed, shares)?;
            return self.propose(signed);
        }
        let book = self.book();
        if book.charter(body.network).is_none() {
            return Err(SignError::NoCharter(body.network));
        }
        let from = first_moment(&book, body.network, &body.facility, self.now());
        let membership = body.membership(from, from.plus(MEMBERSHIP_MS));
        let seq = next_seq(&book, ObjectKind::Membership, &Membership::subject(body.network, &body.facility));
        let signed = self.add_shares(membership.draft(seq).sign(&Real, &[]), shares)?;
        self.propose(signed)
    }
    /// Forgets a request to join and closes its invite.
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn refuse_join(&self, invite: Hash) -> Result<(), CommandError> {
        self.engine().ask(Command::RefuseJoin(invite))
    }

    // --- without a line between the nodes ----------------------------------------------------------------------------

    /// A request to join as a file, for a network whose charter file is at hand. No invite is needed: founders see the file
    /// itself.
    ///
    /// # Errors
    /// [`JoinError`].
    pub fn join_file(&self, charter_file: &str, facility: &FacilityId) -> Result<String, JoinError> {
        let charters = ObjectFile::parse_as(FileKind::Charter, charter_file)?.objects()?;
        let charter = charters.into_iter().find(has_own_quorum).ok_or(JoinError::NoCharter)?;
        let network = Charter::network_of(&charter).ok_or(JoinError::NoCharter)?;
        let body = self.join_body(network, facility)?;
        self.keep_network(network)?;
        self.ask_durably(Command::Pin(network, Some(charter)))?;
        Ok(ObjectFile { kind: FileKind::Join, parts: vec![body.encode()] }.to_text())
    }
    /// Admits who asks by a file, as [`Service::admit`]. When complete, [`Service::welcome_file`] goes back.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn admit_file(&self, join_file: &str, shares: &[Share]) -> Result<Signing, SignError> {
        let file = ObjectFile::parse_as(FileKind::Join, join_file)?;
        let body = JoinBody::decode(file.parts.first().ok_or(FileError::Damaged)?)?;
        let cert = NodeCert::decode(&body.node.body)?;
        let is_signed = body.node.signers(&Real, &[cert.root, cert.node.into()]).len() == 2;
        let is_sound = cert.root == body.root && cert.facility == body.facility && is_signed;
        if !is_sound {
            return Err(
                CommandError::Refused("the node certificate does not fit the facility's root key".into()).into()
            );
        }
        let signing = self.admit_body(&body, shares)?;
        if signing.is_complete() {
            self.ask_durably(Command::Take(vec![body.node]))?;
        }
        Ok(signing)
    }
    /// Charter and membership of a facility as a file for its node; none until it is admitted.
    ///
    /// # Errors
    /// [`SignError::NoCharter`] if the network is not known here.
    pub fn welcome_file(&self, network: NetworkId, facility: &FacilityId) -> Result<Option<String>, SignError> {
        let chains = self.charter_chains();
        let charters = chains.get(&network).ok_or(SignError::NoCharter(network))?;
        let key = [&[ObjectKind::Membership.code()], Membership::subject(network, facility).as_slice()].concat();
        let membership = self.view().get(Space::State, &key).and_then(|value| Signed::decode(&value).ok());
        let file = |membership: Signed| {
            let objects: Vec<&Signed> = charters.iter().chain([&membership]).collect();
            ObjectFile::of(FileKind::Welcome, &objects).to_text()
        };
        Ok(membership.map(file))
    }
    /// Takes a welcome: the network becomes an own one, the membership ours.
    pub(crate) fn take_welcome(&self, file: &ObjectFile) -> Result<(), SignError> {
        let (mut charters, mut rest) = file.charters_and_rest()?;
        charters.sort_by_key(|signed| signed.seq);
        let charter = charters.iter().find(|signed| has_own_quorum(signed)).cloned().ok_or(FileError::Damaged)?;
        rest.extend(charters.into_iter().filter(|signed| signed.seq > 0));
        let network = Charter::network_of(&charter).ok_or(FileError::Damaged)?;
        self.keep_network(network)?;
        self.ask_durably(Command::Pin(network, Some(charter)))?;
        rest.extend(self.identity().certs.iter().cloned());
        self.ask_durably(Command::Take(rest))?;
        Ok(())
    }
}

/// The facilities that were set up in this store.
pub(crate) fn facilities(view: &dyn View) -> Vec<FacilitySetup> {
    let found = view.scan(Space::Meta, FACILITIES, &[], usize::MAX);
    found.into_iter().filter_map(|(_, value)| read_setup(&value)).collect()
}

fn read_setup(value: &[u8]) -> Option<FacilitySetup> {
    let stored: StoredFacility = decode(value)?;
    let StoredFacility { id, name, class, kinds, roles, root, cert } = stored;
    Some(FacilitySetup { id, name, class, kinds, roles, root, cert: Signed::decode(&cert).ok()? })
}

/// Sets up or renews one facility; see [`Service::set_up_facility`].
pub(crate) fn set_up(
    store: &Store,
    keys: &KeyFolder,
    identity: &Identity,
    spec: &FacilitySpec,
    now: Millis,
) -> Result<FacilitySetup, SetupError> {
    if spec.name.trim().is_empty() || spec.name.len() > protocol::limits::TEXT_BYTES_MAX {
        return Err(SetupError::Name);
    }
    let root = keys.get_or_make(&KeyName::Root(spec.id.clone()))?;
    let cert = certify(identity, &spec.id, &root, audit::head(&store.view()).size, now);
    let FacilitySpec { id, name, class, kinds, roles } = spec.clone();
    let setup = FacilitySetup { id, name, class, kinds, roles, root: Real.public(&root), cert };
    save(store, &setup, now)?;
    Ok(setup)
}

/// Sets up a facility of the configuration, unless it is as the configuration says already.
pub(crate) fn set_up_if_new(
    store: &Store,
    keys: &KeyFolder,
    identity: &Identity,
    spec: &FacilitySpec,
    now: Millis,
) -> Result<(), SetupError> {
    let known = facilities(&store.view()).into_iter().find(|setup| setup.id == spec.id);
    let same = known.is_some_and(|setup| {
        (&setup.name, setup.class, setup.kinds, setup.roles) == (&spec.name, spec.class, spec.kinds, spec.roles)
    });
    if same { Ok(()) } else { set_up(store, keys, identity, spec, now).map(drop) }
}

fn save(store: &Store, setup: &FacilitySetup, now: Millis) -> Result<(), WriteError> {
    let stored = StoredFacility {
        id: setup.id.clone(),
        name: setup.name.clone(),
        class: setup.class,
        kinds: setup.kinds,
        roles: setup.roles,
        root: setup.root,
        cert: setup.cert.encode(),
    };
    let mut batch = Batch::default();
    batch.put(Space::Meta, [FACILITIES, setup.id.as_bytes()].concat(), encode(&stored));
    batch.log(Event::new(now, What::KeyChanged).facility(setup.id.clone()).object(setup.cert.hash()));
    commit(store, batch).map(drop)
}

fn certify(identity: &Identity, facility: &FacilityId, root: &Secret, log_size: u64, now: Millis) -> Signed {
    let from = now.minus(BACKDATE_MS);
    let cert = NodeCert {
        facility: facility.clone(),
        root: Real.public(root),
        node: NodeKey(Real.public(&identity.node).0),
        index: Real.public(&identity.index),
        log: Real.public(&identity.log),
        witness: Real.public(&identity.witness),
        seal: seal_public(&identity.seal),
        from,
        to: now.plus(NODE_KEY_MS),
        log_size,
    };
    // The moment as seq: a later certificate always wins, also one made from paper on a new machine.
    // Root and node key both sign: nobody can put somebody else's node under its own facility.
    cert.draft(now.0).sign(&Real, &[root, &identity.node])
}

/// Renews certificates that end soon, where the facility's root is at hand.
pub(crate) fn renew_certs(store: &Store, keys: &KeyFolder, identity: &Identity, now: Millis) -> Result<(), OpenError> {
    let node = NodeKey(Real.public(&identity.node).0);
    for setup in facilities(&store.view()) {
        let cert = NodeCert::decode(&setup.cert.body).ok();
        let fits = cert.is_some_and(|cert| cert.node == node && cert.to > now.plus(NODE_KEY_RENEW_MS));
        if fits {
            continue;
        }
        let Some(root) = keys.find(&KeyName::Root(setup.id.clone()))? else { continue };
        let cert = certify(identity, &setup.id, &root, audit::head(&store.view()).size, now);
        save(store, &FacilitySetup { cert, ..setup }, now).map_err(|error| OpenError::Write(error.0))?;
    }
    Ok(())
}

/// Requests to join that go on after a restart: those that no membership has answered.
pub(crate) fn open_joins(view: &dyn View, book: &Book, now: Millis) -> Vec<Command> {
    let found = view.scan(Space::Meta, JOINS, &[], usize::MAX);
    let read = |value: Vec<u8>| {
        let stored: StoredJoin = decode(&value)?;
        let invite = Invite::parse(&stored.invite).ok()?;
        let body = JoinBody::decode(&stored.body).ok()?;
        let is_in = book.live(body.network, &body.facility, now).is_some_and(|m| m.root == body.root);
        (!is_in).then(|| Command::Join { invite, body: Box::new(body) })
    };
    found.into_iter().filter_map(|(_, value)| read(value)).collect()
}

/// From when on a new membership counts: a little before now, so that no clock finds it in the future, but after what was
/// revoked before.
pub(crate) fn first_moment(book: &Book, network: NetworkId, facility: &FacilityId, now: Millis) -> Millis {
    let revoked =
        book.revoked(network, &Target::Membership(facility.clone())).map(|revocation| revocation.effective.plus(1));
    now.minus(BACKDATE_MS).max(revoked.unwrap_or(Millis(0)))
}

fn is_membership_of(signing: &Signing, body: &JoinBody) -> bool {
    matches!(&signing.object, Object::Membership(m)
        if m.network == body.network && m.facility == body.facility && m.root == body.root)
}

fn has_own_quorum(signed: &Signed) -> bool {
    signed.kind == ObjectKind::Charter
        && Charter::decode(&signed.body).is_ok_and(|charter| charter.has_quorum(&Real, signed))
}

fn join_key(network: NetworkId) -> Vec<u8> {
    [JOINS, &network.0].concat()
}

const FACILITIES: &[u8] = b"service/facility/";
const JOINS: &[u8] = b"service/join/";
