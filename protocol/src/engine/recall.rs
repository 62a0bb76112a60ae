//! Recalls: what became of a withdrawal at every node that had something, as far as each has shown it. The certificate is made of it.
use super::core::{Engine, Then};
use super::keys;
use super::publish::OwnShelf;
use crate::consent::{Announced, Certificate, CertifiedNode, Copied, Forgetting};
use crate::crypto::sha256;
use crate::data::{Batch, Space, View, decode, encode};
use crate::ids::{FacilityId, NodeKey, PatientRef, ReceiptId, RequestId, ShelfId};
use crate::index;
use crate::limits::{CERTIFICATE_NODES_MAX, FETCHES_MAX, MANIFEST_MS, RECALLS_MAX};
use crate::time::Millis;
use crate::wire::v1;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One withdrawal and everybody whom it concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recall {
    /// Whose.
    pub patient: PatientRef,
    /// By which statement.
    pub receipt: ReceiptId,
    /// Who took it.
    pub holder: FacilityId,
    /// When it was on disk.
    pub at: Millis,
    /// Its place in the log.
    pub leaf: u64,
    /// Shelves that showed the patient, each with the version from which on it does not as before.
    pub shelves: Vec<(ShelfId, u64)>,
    /// Every node that was concerned.
    pub nodes: Vec<CertifiedNode>,
}

/// Recalls that are not complete, by the shelves that they wait for; and up to which version each node's word was heard.
#[derive(Debug, Default)]
pub(super) struct Recalls {
    open: BTreeMap<ShelfId, BTreeMap<u64, Vec<(PatientRef, ReceiptId)>>>,
    heard: BTreeMap<(ShelfId, NodeKey), u64>,
    /// Copies from before the start of which nobody has said yet that they are the newest: a patient may have withdrawn meanwhile.
    unconfirmed: BTreeSet<ShelfId>,
}

impl Recalls {
    fn note(&mut self, recall: &Recall) {
        if recall.nodes.iter().any(|node| node.announced == Announced::Open) {
            for (shelf, seq) in &recall.shelves {
                let known = self.open.entry(*shelf).or_default().entry(*seq).or_default();
                if !known.contains(&(recall.patient, recall.receipt)) {
                    known.push((recall.patient, recall.receipt));
                }
                // What a node said before may answer the new one too.
                self.heard.retain(|(of, _), _| of != shelf);
            }
        }
    }
    fn done(&mut self, recall: &Recall) {
        for (shelf, seq) in &recall.shelves {
            if let Some(waiting) = self.open.get_mut(shelf) {
                if let Some(of) = waiting.get_mut(seq) {
                    of.retain(|one| *one != (recall.patient, recall.receipt));
                }
                waiting.retain(|_, of| !of.is_empty());
            }
        }
        self.open.retain(|_, waiting| !waiting.is_empty());
    }
}

impl<V: View> Engine<V> {
    /// Recalls that were open when this node ended.
    pub(super) fn load_recalls(&mut self) {
        let mut from = Vec::new();
        for _ in 0..RECALLS_MAX.div_ceil(RECALLS_PAGE) {
            let page = self.view.scan(Space::Desk, keys::RECALL, &from, RECALLS_PAGE);
            for recall in page.iter().filter_map(|(_, value)| decode(value)) {
                self.recalls.note(&recall);
            }
            match page.last() {
                Some((last, _)) if page.len() == RECALLS_PAGE => from = [last.as_slice(), &[0]].concat(),
                _ => return,
            }
        }
    }
    /// After a while off, nothing is shown of a copy until a peer has said that it is the newest.
    pub(super) fn doubt_copies(&mut self, now: Millis) {
        let last = self.known_until.unwrap_or(now);
        if now.since(last) > DOUBT_MS {
            self.recalls.unconfirmed = self.shelves.keys().copied().collect();
        }
    }
    /// A copy is the newest as far as anybody says.
    pub(super) fn confirm_copy(&mut self, shelf: &ShelfId) {
        self.recalls.unconfirmed.remove(shelf);
    }
    /// Whether anything may be shown of a copy.
    pub(super) fn is_confirmed(&self, shelf: &ShelfId) -> bool {
        #[cfg(feature = "plants")]
        if crate::plants::on("P23") {
            return true;
        }
        !self.recalls.unconfirmed.contains(shelf)
    }
    /// Holders whose copies are shown to nobody yet: whoever looks somebody up must hear that they are unknown.
    pub(super) fn unconfirmed_holders(&self, now: Millis) -> BTreeSet<FacilityId> {
        let doubted = self.recalls.unconfirmed.iter().filter_map(|id| self.shelves.get(id));
        let own: BTreeSet<FacilityId> = self.own_facilities(now).into_iter().map(|own| own.facility).collect();
        let foreign = doubted.filter(|shelf| !own.contains(&shelf.holder) && self.is_ours_to_read(now, shelf));
        foreign.map(|shelf| shelf.holder.clone()).collect()
    }
    /// What goes to disk with a withdrawal: who has copies.
    pub(super) fn new_recall(
        &self,
        now: Millis,
        patient: PatientRef,
        (receipt, holder): (ReceiptId, &FacilityId),
        told: &BTreeMap<NodeKey, Millis>,
        batch: &mut Batch,
    ) {
        let row = |(node, until): (&NodeKey, &Millis)| CertifiedNode {
            copied: Copied::Open { until: *until },
            ..self.concerned(now, *node)
        };
        let nodes = told.iter().map(row).collect();
        let holder = holder.clone();
        put(batch, &Recall { patient, receipt, holder, at: now, leaf: 0, shelves: Vec::new(), nodes });
    }
    fn concerned(&self, now: Millis, node: NodeKey) -> CertifiedNode {
        let mut facilities: Vec<FacilityId> =
            self.book.facilities_of(&node, now).into_iter().map(|of| of.facility).collect();
        facilities.sort();
        facilities.dedup();
        CertifiedNode { node, facilities, announced: Announced::Never, copied: Copied::Never, words: Vec::new() }
    }
    /// The shelves that show a patient now.
    pub(super) fn showing(&self, own: &[OwnShelf], patient: PatientRef) -> Vec<ShelfId> {
        let ids = own.iter().map(|own| own.shelf.id());
        ids.filter(|id| self.published_of(*id, patient).is_some()).collect()
    }
    /// The withdrawal is on disk and its shelves have newer versions: from now on it is noted who follows them.
    pub(super) fn recall(
        &mut self,
        now: Millis,
        patient: PatientRef,
        (receipt, leaf): (ReceiptId, u64),
        shown_on: &[ShelfId],
    ) {
        let Some(mut recall) = load(&self.view, patient, receipt) else { return };
        recall.leaf = leaf;
        let newest = |id: &ShelfId| Some((*id, index::manifest(&self.view, *id)?.seq));
        recall.shelves = shown_on.iter().filter_map(newest).collect();
        let shelves: Vec<_> = recall.shelves.iter().filter_map(|(id, _)| self.shelves.get(id).cloned()).collect();
        for node in self.book.reachable(now) {
            if node == self.node || !shelves.iter().any(|shelf| self.may_have(now, &node, shelf)) {
                continue;
            }
            let place = recall.nodes.iter().position(|known| known.node == node);
            let place = place.unwrap_or_else(|| {
                recall.nodes.push(self.concerned(now, node));
                recall.nodes.len() - 1
            });
            recall.nodes[place].announced = Announced::Open;
        }
        recall.nodes.truncate(CERTIFICATE_NODES_MAX);
        let mut batch = Batch::default();
        put(&mut batch, &recall);
        self.recalls.note(&recall);
        self.commit(batch, Then::Nothing);
    }
    /// A peer says which versions of shelves it follows: so it obeys every withdrawal up to them.
    pub(super) fn heard_following(&mut self, now: Millis, from: NodeKey, heads: &[v1::ShelfHead]) {
        let mut found = Vec::new();
        for head in heads {
            let Some(shelf) = ShelfId::from_slice(&head.shelf) else { continue };
            let Some(waiting) = self.recalls.open.get(&shelf) else { continue };
            let before = self.recalls.heard.get(&(shelf, from)).copied().unwrap_or_default();
            if before < head.seq {
                found.extend(waiting.range(before.saturating_add(1)..=head.seq).flat_map(|(_, of)| of.iter().copied()));
                self.recalls.heard.insert((shelf, from), head.seq);
            }
        }
        found.sort();
        found.dedup();
        let mut batch = Batch::default();
        for of in found {
            self.note_following(now, from, of, &mut batch);
        }
        if !batch.is_empty() {
            self.commit(batch, Then::Nothing);
        }
    }
    fn note_following(
        &mut self,
        now: Millis,
        from: NodeKey,
        (patient, receipt): (PatientRef, ReceiptId),
        batch: &mut Batch,
    ) {
        let Some(mut recall) = load(&self.view, patient, receipt) else { return };
        let follows = |(shelf, seq): &(ShelfId, u64)| {
            // A node that is not of a shelf's audience has nothing of it to follow.
            let Some(of) = self.shelves.get(shelf) else { return true };
            !self.may_have(now, &from, of) || self.recalls.heard.get(&(*shelf, from)).is_some_and(|heard| heard >= seq)
        };
        let all = recall.shelves.iter().all(follows);
        let mut open = recall.nodes.iter_mut().filter(|row| row.announced == Announced::Open);
        let Some(row) = open.find(|row| row.node == from && all) else { return };
        row.announced = Announced::Obeyed(now);
        put(batch, &recall);
        if recall.nodes.iter().all(|row| row.announced != Announced::Open) {
            self.recalls.done(&recall);
        }
    }
    /// A reader dropped copies of these patients: its word goes into their recalls.
    pub(super) fn note_forgetting(
        &self,
        (now, from): (Millis, NodeKey),
        patient: PatientRef,
        (word, done): (Option<&Forgetting>, &[RequestId]),
        batch: &mut Batch,
    ) {
        let left = self.view.scan(Space::Jobs, &keys::drops_of(&from), &[], FETCHES_MAX);
        let is_left = left.iter().any(|(key, value)| {
            let request = key.get(33..).and_then(RequestId::from_slice);
            let of = decode::<(PatientRef, Millis)>(value).map(|(of, _)| of);
            of == Some(patient) && request.is_some_and(|request| !done.contains(&request))
        });
        for mut recall in recalls_of(&self.view, patient) {
            let Some(row) = recall.nodes.iter_mut().find(|row| row.node == from) else { continue };
            if !matches!(row.copied, Copied::Open { .. }) {
                continue;
            }
            let Some(word) = word else { continue };
            row.words.push(word.clone());
            if !is_left {
                row.copied = Copied::Gone(now);
            }
            put(batch, &recall);
        }
    }
}

/// The certificate of a withdrawal as it stands: what ends by itself counts as ended then.
pub fn certificate(
    view: &dyn View,
    (patient, receipt): (PatientRef, ReceiptId),
    holder_node: NodeKey,
    now: Millis,
) -> Option<Certificate> {
    let recall = load(view, patient, receipt)?;
    let statement = crate::consent::receipts_of(view, patient).into_iter().find(|one| one.id == receipt)?;
    let mut nodes = recall.nodes;
    for row in &mut nodes {
        if row.announced == Announced::Open && recall.at.plus(MANIFEST_MS) <= now {
            // The announcement that it may still have is past its own date: nobody may use it.
            row.announced = Announced::Obeyed(recall.at.plus(MANIFEST_MS));
        }
        // Copies that ended by themselves have no word of their reader: the row keeps saying until when they were.
    }
    nodes.sort_by_key(|row| row.node);
    Some(Certificate {
        holder: recall.holder,
        holder_node,
        receipt,
        statement: sha256(&[&encode(&statement)]),
        withdrawn_at: recall.at,
        leaf: recall.leaf,
        made_at: now,
        nodes,
    })
}

fn recalls_of(view: &dyn View, patient: PatientRef) -> Vec<Recall> {
    let prefix = [keys::RECALL, &patient.0.to_be_bytes()].concat();
    view.scan(Space::Desk, &prefix, &[], RECALLS_MAX).into_iter().filter_map(|(_, value)| decode(&value)).collect()
}

fn load(view: &dyn View, patient: PatientRef, receipt: ReceiptId) -> Option<Recall> {
    decode(&view.get(Space::Desk, &keys::recall(patient, receipt))?)
}

fn put(batch: &mut Batch, recall: &Recall) {
    batch.put(Space::Desk, keys::recall(recall.patient, recall.receipt), encode(recall));
}

/// A node that was off no longer than this has missed no withdrawal that others obeyed.
const DOUBT_MS: u64 = 60_000;
/// Recalls read at once at a start.
const RECALLS_PAGE: usize = 500;
