//! Consent given and withdrawn: the decision obeys at commit, entries go at once, readers with copies are told.
use super::core::{Engine, Then};
use super::input::Ticket;
use super::keys::{self, Handed};
use super::output::{Effect, Event, Progress};
use crate::audit::{self, What};
use crate::consent::{ConsentReceipt, Forgetting, Stance, keep, receipts_of};
use crate::crypto::Signature;
use crate::data::{Batch, Space, View, decode, encode};
use crate::ids::{FacilityId, NodeKey, PatientRef, ReceiptId, RequestId};
use crate::limits::FETCHES_MAX;
use crate::time::Millis;
use crate::wire::{Message, v1};
use std::collections::{BTreeMap, BTreeSet};

impl<V: View> Engine<V> {
    pub(super) fn consent(&mut self, now: Millis, ticket: Ticket, patient: PatientRef, mut receipt: ConsentReceipt) {
        // The holder's moment of receipt bounds the effect: nothing is antedated.
        receipt.received_at = now;
        receipt.from = receipt.from.max(Millis(0));
        let withdraws = matches!(receipt.stance, Stance::Deny | Stance::Stop);
        let mut batch = Batch::default();
        batch.writes.push(keep(patient, &receipt));
        let said_no = |old: &ConsentReceipt| matches!(old.stance, Stance::Deny | Stance::Stop);
        if receipt.stance == Stance::Permit && receipts_of(&self.view, patient).iter().any(said_no) {
            // Signed again after a no: within its scope the new yes takes that no back.
            let lift = receipt.lift(ReceiptId(self.random()));
            batch.writes.push(keep(patient, &lift));
        }
        let what = if withdraws { What::ConsentWithdrawn } else { What::ConsentGiven };
        let event = audit::Event::new(now, what).patient(patient).facility(receipt.taker.clone());
        batch.log(event.staff(receipt.staff.clone()).kinds(receipt.kinds).object(receipt.evidence));
        let mut progress = Progress { at: now, ..Progress::default() };
        if withdraws {
            self.stop_serves(patient);
            let told = self.note_drops(now, patient, &mut batch);
            self.new_recall(now, patient, (receipt.id, &receipt.taker), &told, &mut batch);
            progress.told = told.into_keys().collect();
            progress.withdrawn = Some(receipt.id);
        }
        #[cfg(feature = "plants")]
        if crate::plants::on("P09") {
            self.event(Event::Consented(ticket, progress.clone()));
        }
        self.commit(batch, Then::Consented(ticket, patient, Box::new(progress)));
    }
    fn stop_serves(&mut self, patient: PatientRef) {
        #[cfg(feature = "plants")]
        if crate::plants::on("P08") {
            return;
        }
        let running: Vec<RequestId> =
            self.serves.iter().filter(|(_, serving)| serving.patient == patient).map(|(request, _)| *request).collect();
        for request in running {
            self.serves.remove(&request);
            self.hint(Effect::Cancel(request));
        }
    }
    /// Writes down who has copies, so that they are told even if they come back after a restart of ours.
    fn note_drops(&self, now: Millis, patient: PatientRef, batch: &mut Batch) -> BTreeMap<NodeKey, Millis> {
        let mut nodes = BTreeMap::new();
        for (key, value) in self.view.scan(Space::Jobs, &keys::handed_of(patient), &[], FETCHES_MAX) {
            let request = key.get(9..).and_then(RequestId::from_slice);
            let (Some(request), Some(handed)) = (request, decode::<Handed>(&value)) else { continue };
            if handed.until > now {
                batch.put(Space::Jobs, keys::drop_open(&handed.node, request), encode(&(patient, handed.until)));
                let last = nodes.entry(handed.node).or_insert(handed.until);
                *last = handed.until.max(*last);
            }
        }
        nodes
    }
    /// The consent is on disk: the index follows at once, copies are called back.
    pub(super) fn consented(
        &mut self,
        now: Millis,
        ticket: Ticket,
        patient: PatientRef,
        (mut progress, leaf): (Progress, u64),
    ) {
        self.dirty.remove(&patient);
        let shown_on = match progress.withdrawn {
            Some(_) => self.showing(&self.own_shelves(now), patient),
            None => Vec::new(),
        };
        progress.entries_removed = self.publish_patients(now, &[patient]);
        if let Some(receipt) = progress.withdrawn {
            self.recall(now, patient, (receipt, leaf), &shown_on);
        }
        for node in progress.told.clone() {
            self.send_drops(node);
        }
        self.event(Event::Consented(ticket, progress));
    }
    /// Calls back what a node still has of patients who withdrew.
    pub(super) fn send_drops(&mut self, node: NodeKey) {
        if !self.peers.is_up(&node) {
            return;
        }
        let open = self.view.scan(Space::Jobs, &keys::drops_of(&node), &[], FETCHES_MAX);
        let requests: Vec<Vec<u8>> = open.iter().filter_map(|(key, _)| key.get(33..)).map(<[u8]>::to_vec).collect();
        if requests.is_empty() {
            return;
        }
        let ticket: [u8; 16] = self.random();
        self.send(node, Message::Drop(v1::Drop { requests, holder: String::new(), ticket: ticket.to_vec() }));
    }
    pub(super) fn on_drop(&mut self, now: Millis, from: NodeKey, message: v1::Drop) {
        let requests: Option<Vec<RequestId>> = message.requests.iter().map(|id| RequestId::from_slice(id)).collect();
        let ack = <[u8; 16]>::try_from(message.ticket.as_slice());
        let (Some(requests), Ok(ack)) = (requests, ack) else { return self.strike(now, from, "malformed drop") };
        if requests.len() > FETCHES_MAX {
            return self.strike(now, from, "too many requests in one drop");
        }
        for request in &requests {
            self.hint(Effect::Cancel(*request));
        }
        self.effect(Effect::Forget(requests.clone()), Then::Forgotten { to: from, ack, requests });
    }
    pub(super) fn forgotten(&mut self, now: Millis, to: NodeKey, ack: [u8; 16], requests: Vec<RequestId>) {
        let mut batch = Batch::default();
        let count = u32::try_from(requests.len()).unwrap_or(u32::MAX);
        batch.log(audit::Event::new(now, What::Dropped).node(to).count(count));
        let mut ticket = ack.to_vec();
        ticket.extend(requests.iter().flat_map(|request| request.0));
        let word = Forgetting::sign(&*self.crypto, &self.identity.node, &to, now, requests.clone());
        let ack = v1::Ack { ticket, at: now.0, signature: word.signature.0.to_vec() };
        let told = super::Output::Send { to, message: Message::Ack(ack) };
        self.commit(batch, Then::Release(vec![told, super::Output::Event(Event::Forgotten(requests))]));
    }
    pub(super) fn on_ack(&mut self, now: Millis, from: NodeKey, message: v1::Ack) {
        let requests = message.ticket.get(16..).unwrap_or_default().chunks_exact(16).filter_map(RequestId::from_slice);
        let requests: Vec<RequestId> = requests.take(FETCHES_MAX).collect();
        // The word that a certificate needs; one of an earlier version has none, and its copies count as open until they end.
        let word = Signature::from_slice(&message.signature).map(|signature| Forgetting {
            at: Millis(message.at),
            requests: requests.clone(),
            signature,
        });
        if word.as_ref().is_some_and(|word| !word.verify(&*self.crypto, &from, &self.node)) {
            return self.strike(now, from, "a word that it did not sign");
        }
        let mut batch = Batch::default();
        let mut patients = BTreeSet::new();
        for request in requests.iter().copied() {
            let key = keys::drop_open(&from, request);
            let noted = self.view.get(Space::Jobs, &key).and_then(|value| decode::<(PatientRef, Millis)>(&value));
            if let Some((patient, _)) = noted {
                batch.remove(Space::Jobs, key);
                batch.remove(Space::Jobs, keys::handed(patient, request));
                patients.insert(patient);
            }
        }
        if batch.is_empty() {
            return;
        }
        for patient in patients {
            batch.log(audit::Event::new(now, What::Dropped).patient(patient).node(from));
            self.note_forgetting((now, from), patient, (word.as_ref(), &requests), &mut batch);
        }
        let dropped = batch.writes.iter().filter(|write| write.value.is_none()).count() / 2;
        let open = self.view.scan(Space::Jobs, b"d", &[], FETCHES_MAX).len().saturating_sub(dropped);
        self.commit(batch, Then::Release(vec![super::Output::Event(Event::Obeyed { node: from, open })]));
    }
    /// Own facilities of this node, for callers that take consents.
    pub fn is_own(&self, facility: &FacilityId, now: Millis) -> bool {
        self.serves_facility(facility, now)
    }
}
