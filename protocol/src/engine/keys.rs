//! Where the Engine's own values lie in the key spaces, and readers for them that others may use.
use super::{JoinRequest, LinkQuestion, Publication};
use crate::confirm::Confirmation;
use crate::data::{Space, View, decode};
use crate::ids::{AccordId, FacilityId, Handle, Hash, NetworkId, NodeKey, PatientRef, ReceiptId, RequestId, ShelfId};
use crate::kinds::KindSet;
use crate::state::Signed;
use crate::time::Millis;
use serde::{Deserialize, Serialize};

/// Whose secret: one per network for its inside, one per accord.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// Of a network.
    Network(NetworkId),
    /// Of an accord.
    Accord(AccordId),
}

impl Scope {
    pub(super) fn parts(&self) -> (u8, [u8; 32]) {
        match self {
            Self::Network(id) => (1, id.0),
            Self::Accord(id) => (2, id.0),
        }
    }
    pub(super) fn from_parts(code: u32, id: [u8; 32]) -> Option<Self> {
        match code {
            1 => Some(Self::Network(NetworkId(id))),
            2 => Some(Self::Accord(AccordId(id))),
            _ => None,
        }
    }
}

/// What people at a desk said of a patient and a handle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkState {
    /// One person or two.
    pub same: bool,
    /// Who said it (opaque number).
    pub staff: String,
    /// When.
    pub at: Millis,
    /// In answer to which question.
    pub question: RequestId,
}

/// What was published of one patient on one shelf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Published {
    pub handle: Handle,
    pub kinds: KindSet,
    pub consent: ReceiptId,
    pub tags: Vec<(u8, [u8; 32])>,
}

/// A copy that a reader holds, as its holder remembers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Handed {
    pub node: NodeKey,
    pub reader: FacilityId,
    pub plan: Hash,
    pub leaf: u64,
    pub until: Millis,
}

pub(super) fn secret(scope: Scope, epoch: u32) -> Vec<u8> {
    let (code, id) = scope.parts();
    [b"secret/".as_slice(), &[code], &id, &epoch.to_be_bytes()].concat()
}
/// The tags of a patient under a key of evaluators.
pub(super) fn tags(patient: PatientRef, call: Hash) -> Vec<u8> {
    [b"tags/".as_slice(), &patient.0.to_be_bytes(), &call.0].concat()
}
/// Our share of a key of evaluators.
pub(super) fn share(call: Hash) -> Vec<u8> {
    [b"share/".as_slice(), &call.0].concat()
}
/// The seed of a key generation under way.
pub(super) fn keygen_seed(call: Hash) -> Vec<u8> {
    [b"keygen/".as_slice(), &call.0].concat()
}
/// How many strings of a facility we evaluated on its last day.
pub(super) fn evaluated(asker: &FacilityId) -> Vec<u8> {
    [b"evaluated/".as_slice(), asker.as_bytes()].concat()
}
pub(super) fn source(patient: PatientRef) -> Vec<u8> {
    [b"source/".as_slice(), &patient.0.to_be_bytes()].concat()
}
pub(super) fn published(shelf: ShelfId, patient: PatientRef) -> Vec<u8> {
    [b"published/".as_slice(), &shelf.0, &patient.0.to_be_bytes()].concat()
}
pub(super) fn handle(handle: Handle) -> Vec<u8> {
    [b"handle/".as_slice(), &handle.0].concat()
}
pub(super) fn executed(node: &NodeKey, request: RequestId) -> Vec<u8> {
    [b"x".as_slice(), &node.0, &request.0].concat()
}
pub(super) fn handed(patient: PatientRef, request: RequestId) -> Vec<u8> {
    [b"s".as_slice(), &patient.0.to_be_bytes(), &request.0].concat()
}
pub(super) fn handed_of(patient: PatientRef) -> Vec<u8> {
    [b"s".as_slice(), &patient.0.to_be_bytes()].concat()
}
pub(super) fn drop_open(node: &NodeKey, request: RequestId) -> Vec<u8> {
    [b"d".as_slice(), &node.0, &request.0].concat()
}
pub(super) fn drops_of(node: &NodeKey) -> Vec<u8> {
    [b"d".as_slice(), &node.0].concat()
}
pub(super) fn manifest(shelf: ShelfId) -> Vec<u8> {
    [b"signed/".as_slice(), &shelf.0].concat()
}
pub(super) fn proposal(hash: Hash) -> Vec<u8> {
    [&[0xFE], hash.0.as_slice()].concat()
}
pub(super) fn invite(id: Hash) -> Vec<u8> {
    [b"invite/".as_slice(), &id.0].concat()
}
pub(super) fn join(id: Hash) -> Vec<u8> {
    [b"join/".as_slice(), &id.0].concat()
}
pub(super) fn question(id: RequestId) -> Vec<u8> {
    [b"link/".as_slice(), &id.0].concat()
}
/// A confirmation with the signatures of both sides.
pub(super) fn confirmation(id: RequestId) -> Vec<u8> {
    [b"confirmed/".as_slice(), &id.0].concat()
}
/// What confirmations are counted by.
pub(super) enum Counted<'a> {
    Handle(Handle),
    Staff(&'a FacilityId, &'a str),
    Node(NodeKey),
}
/// Where confirmations of a day are counted.
pub(super) const CONFIRMS: &[u8] = b"confirms/";
pub(super) fn confirms(asked_here: bool, counted: Counted<'_>) -> Vec<u8> {
    let side = if asked_here { b"a" } else { b"h" };
    let what = match counted {
        Counted::Handle(handle) => [b"h".as_slice(), &handle.0].concat(),
        Counted::Staff(facility, staff) => [b"s".as_slice(), facility.as_bytes(), staff.as_bytes()].concat(),
        Counted::Node(node) => [b"n".as_slice(), &node.0].concat(),
    };
    [CONFIRMS, side, &what].concat()
}
pub(super) fn checkpoint() -> Vec<u8> {
    b"c".to_vec()
}
pub(super) fn witnessed(log: &crate::ids::PublicKey) -> Vec<u8> {
    [b"w".as_slice(), &log.0].concat()
}
/// Where emergency reads lie; the store seals them with the patient's key.
pub(super) const GLASS: &[u8] = b"glass/";
pub(super) fn glass(patient: PatientRef, request: RequestId) -> Vec<u8> {
    [GLASS, &patient.0.to_be_bytes(), &request.0].concat()
}
/// Where recalls lie; the store seals them with the patient's key.
pub(super) const RECALL: &[u8] = b"recall/";
pub(super) fn recall(patient: PatientRef, receipt: ReceiptId) -> Vec<u8> {
    [RECALL, &patient.0.to_be_bytes(), &receipt.0].concat()
}
/// What our desk said of our patient and another holder's handle (we read).
pub(super) fn link_reader(patient: PatientRef, holder: &FacilityId, handle: Handle) -> Vec<u8> {
    [b"r".as_slice(), &patient.0.to_be_bytes(), holder.as_bytes(), &handle.0].concat()
}
/// What our desk said of our handle for a reader (we hold).
pub(super) fn link_holder(handle: Handle, reader: &FacilityId) -> Vec<u8> {
    [b"h".as_slice(), &handle.0, reader.as_bytes()].concat()
}

/// What people said of our `patient` and a handle of `holder`.
pub fn link_here(view: &dyn View, patient: PatientRef, holder: &FacilityId, handle: Handle) -> Option<LinkState> {
    decode(&view.get(Space::People, &link_reader(patient, holder, handle))?)
}
/// Every handle of another holder that people said something of, for our `patient`.
pub fn links_here(view: &dyn View, patient: PatientRef) -> Vec<(FacilityId, Handle, LinkState)> {
    let prefix = [b"r".as_slice(), &patient.0.to_be_bytes()].concat();
    let read = |(key, value): (Vec<u8>, Vec<u8>)| {
        let holder = FacilityId::parse(std::str::from_utf8(key.get(9..19)?).ok()?).ok()?;
        Some((holder, Handle::from_slice(key.get(19..)?)?, decode(&value)?))
    };
    view.scan(Space::People, &prefix, &[], crate::limits::LINK_ASKS_MAX).into_iter().filter_map(read).collect()
}
/// What people here said of our `handle` for `reader`.
pub fn link_there(view: &dyn View, handle: Handle, reader: &FacilityId) -> Option<LinkState> {
    decode(&view.get(Space::People, &link_holder(handle, reader))?)
}
/// What both sides signed of a blind confirmation.
pub fn confirmation_of(view: &dyn View, id: RequestId) -> Option<Confirmation> {
    decode(&view.get(Space::Desk, &confirmation(id))?)
}
/// Half-signed objects that wait for founders.
pub fn proposals(view: &dyn View) -> Vec<Signed> {
    let found = view.scan(Space::State, &[0xFE], &[], crate::limits::PROPOSALS_MAX);
    found.into_iter().filter_map(|(_, value)| Signed::decode(&value).ok()).collect()
}
/// Requests to join that wait for founders at this node.
pub fn pending_joins(view: &dyn View) -> Vec<JoinRequest> {
    let found = view.scan(Space::Desk, b"join/", &[], crate::limits::JOINS_MAX);
    found.into_iter().filter_map(|(_, value)| decode(&value)).collect()
}
/// Which nodes were called on to drop copies of this patient and have not said yet that they did, and when the last of those
/// copies ends by itself.
pub fn open_drops(view: &dyn View, patient: PatientRef) -> Vec<(NodeKey, Millis)> {
    let mut out = std::collections::BTreeMap::new();
    for (key, value) in view.scan(Space::Jobs, b"d", &[], crate::limits::FETCHES_MAX) {
        let node = key.get(1..33).and_then(|bytes| bytes.try_into().ok()).map(NodeKey);
        let (Some(node), Some((of, until))) = (node, decode::<(PatientRef, Millis)>(&value)) else { continue };
        if of == patient {
            let last = out.entry(node).or_insert(until);
            *last = until.max(*last);
        }
    }
    out.into_iter().collect()
}
/// Questions about links, ours and others'.
pub fn pending_links(view: &dyn View) -> Vec<LinkQuestion> {
    let found = view.scan(Space::Desk, b"link/", &[], crate::limits::LINK_ASKS_MAX);
    found.into_iter().filter_map(|(_, value)| decode(&value)).collect()
}
/// Everything that was given to the Engine to publish.
pub(super) fn sources(view: &dyn View, after: Option<PatientRef>, limit: usize) -> Vec<Publication> {
    let from = after.map_or_else(Vec::new, |p| source(PatientRef(p.0.saturating_add(1))));
    view.scan(Space::Entries, b"source/", &from, limit).into_iter().filter_map(|(_, value)| decode(&value)).collect()
}
