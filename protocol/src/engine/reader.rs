//! Our side of a read: ask one holder, take in what it permits, log, show, receipt.
use super::core::{Engine, Then};
use super::emergency::emergency_message;
use super::input::{FetchOrder, Received, Ticket};
use super::locate::Certainty;
use super::output::{Alarm, Answer, Effect, Event, HolderStatus, Receive};
use super::timers::Timer;
use crate::audit::{self, What};
use crate::consent::{Mode, Query, permitted_of, receipts_of};
use crate::crypto::{Signature, domain, mac};
use crate::data::{Batch, View};
use crate::fetch::{Countersigned, ExchangeReceipt, Item, Plan};
use crate::ids::{Hash, NetworkId, NodeKey, ReceiptId, RequestId, Tag};
use crate::kinds::{DataKind, KindSet};
use crate::limits::{COPY_MS, FETCHES_MAX, INLINE_BYTES_MAX, REQUEST_LIFE_MS};
use crate::policy::ReaderBase;
use crate::time::{HOUR_MS, Millis};
use crate::wire::{FieldError, Message, bytes16, bytes32, date_of, number_of, v1};
use prost::Message as _;

/// One order on its way.
#[derive(Debug)]
pub(super) struct Fetching {
    ticket: Ticket,
    order: FetchOrder,
    node: NodeKey,
    step: Step,
    deadline: Millis,
    late: bool,
}

#[derive(Debug)]
enum Step {
    /// Waiting for a connection.
    Dialing,
    /// The request is out.
    Asked,
    /// Bytes are coming.
    Receiving { plan: Plan, leaf: (u64, Hash), cut: bool },
}

/// What came, whose leaf is on its way to disk.
#[derive(Debug)]
pub(super) struct Kept {
    request: RequestId,
    fetching: Fetching,
    plan: Plan,
    plan_hash: Hash,
    leaf: (u64, Hash),
    cut: bool,
    received: Received,
}

impl<V: View> Engine<V> {
    pub(super) fn fetch(&mut self, now: Millis, ticket: Ticket, order: FetchOrder) {
        let holder = order.candidate.holder.clone();
        if order.candidate.certainty == Certainty::NotSame || self.fetches.len() >= FETCHES_MAX {
            let status = if order.candidate.certainty == Certainty::NotSame {
                HolderStatus::Nothing
            } else {
                HolderStatus::Busy
            };
            return self.answer_plain(now, ticket, &order, status);
        }
        if !self.serves_facility(&order.facility, now) {
            return self.answer_plain(now, ticket, &order, HolderStatus::NotMember);
        }
        // A consent at our side that covers an emergency is as good as ever; only without one the glass is broken.
        let may_ask = self.reader_base(now, &order).is_some() || self.may_ask_without_consent(now, &order).is_ok();
        if !may_ask {
            return self.answer_plain(now, ticket, &order, HolderStatus::NoConsentHere);
        }
        let Some(cert) = self.book.node_of(order.candidate.network, &holder, now) else {
            return self.answer_plain(now, ticket, &order, HolderStatus::Offline { last_seen: None });
        };
        let node = cert.node;
        let request = RequestId(self.random());
        let deadline = now.plus(order.wait_ms.clamp(1, REQUEST_LIFE_MS));
        let fetching = Fetching { ticket, order, node, step: Step::Dialing, deadline, late: false };
        self.fetches.insert(request, fetching);
        if self.peers.is_up(&node) {
            self.ask(now, request);
        } else {
            self.dial(node);
            self.timers.set(Timer::Fetch(request), now.plus(self.config.limits.dial_wait_ms).min(deadline));
        }
    }
    /// Our own consent to ask: a receipt of the patient at our facility that lets this member of staff view.
    fn reader_base(&self, now: Millis, order: &FetchOrder) -> Option<ReaderBase> {
        let receipts = receipts_of(&self.view, order.patient);
        let own = self.own_facilities(now).into_iter().find(|own| own.facility == order.facility)?;
        let class = self.book.live(own.network, &own.facility, now)?.class;
        let query = Query {
            mode: Mode::View,
            network: own.network,
            reader: own.facility,
            class,
            holder: order.candidate.holder.clone(),
            role: order.role,
            purpose: order.purpose,
        };
        let by = permitted_of(&receipts, &query, order.kinds, now).1.or(order.base)?;
        let base =
            receipts.iter().find(|receipt| receipt.id == by).map_or(crate::consent::LegalBase::Signed, |r| r.base);
        Some(ReaderBase { receipt: by, base })
    }
    fn ask(&mut self, now: Millis, request: RequestId) {
        let Some(fetching) = self.fetches.get(&request) else { return };
        let base = self.reader_base(now, &fetching.order);
        let order = &fetching.order;
        if base.is_none() && self.may_ask_without_consent(now, order).is_err() {
            return;
        }
        let body = self.request_body(now, request, fetching, base).encode_to_vec();
        let (node, deadline) = (fetching.node, fetching.deadline);
        let mut batch = order.ground.clone();
        batch.log(event_of(now, What::Requested, order).request(request).node(node));
        let signature = self.crypto.sign(&self.identity.node, &domain("request", &[&body]));
        let message = Message::Request(v1::Request { body, signature: signature.0.to_vec() });
        let is_emergency = order.emergency.is_some();
        batch.append(self.note_breaking(now, request, order, node));
        if let Some(fetching) = self.fetches.get_mut(&request) {
            fetching.step = Step::Asked;
            fetching.order.ground = Batch::default();
        }
        self.timers.set(Timer::Fetch(request), deadline);
        if is_emergency {
            // Who breaks the glass is written down before the question leaves.
            return self.commit(batch, Then::Asking { request, to: node, message: Box::new(message) });
        }
        self.send(node, message);
        // The leaf for asking need not precede the question: what must be logged first is what is released or shown, and
        // that takes this leaf along.
        self.commit_soon(now, batch);
    }
    /// The question could not be written down: it is not asked.
    pub(super) fn asking_failed(&mut self, request: RequestId) {
        self.timers.clear(Timer::Fetch(request));
        if let Some(fetching) = self.fetches.remove(&request) {
            self.answer_plain_as(fetching.ticket, Some(request), &fetching.order, HolderStatus::Busy);
        }
    }
    fn request_body(
        &self,
        now: Millis,
        request: RequestId,
        fetching: &Fetching,
        base: Option<ReaderBase>,
    ) -> v1::RequestBody {
        let order = &fetching.order;
        let shelf = self.shelves.get(&order.candidate.shelf);
        let key = shelf.and_then(|shelf| self.tag_key(now, shelf));
        let tags = key.map_or_else(Vec::new, |key| self.known_tags(key, order.patient, &order.strings));
        let proof = |(rule, tag): (u8, Option<Tag>)| {
            let proof = mac(&tag?.0, &[b"match", &request.0]).to_vec();
            Some(v1::RuleProof { rule: rule.into(), proof })
        };
        let agreed = tags.into_iter().filter(|(rule, _)| order.candidate.rules.contains(rule));
        v1::RequestBody {
            id: request.0.to_vec(),
            reader: order.facility.as_str().to_owned(),
            holder: order.candidate.holder.as_str().to_owned(),
            holder_node: fetching.node.0.to_vec(),
            shelf: order.candidate.shelf.0.to_vec(),
            handle: order.candidate.handle.0.to_vec(),
            proofs: agreed.filter_map(proof).collect(),
            staff: order.staff.clone(),
            role: Some(order.role.code().into()),
            purpose: Some(order.purpose.code().into()),
            kinds: order.kinds.bits(),
            date_from: number_of(order.period.from),
            date_to: number_of(order.period.to),
            limit_bytes: order.limit_bytes,
            made_at: now.0,
            // The row says "late" at the fetch's deadline; an answer may still fill it in for a while.
            deadline: fetching.deadline.plus(LATE_MS).min(now.plus(REQUEST_LIFE_MS)).0,
            evidence_kind: order.evidence.map_or(0, |evidence| evidence.kind.code().into()),
            evidence: order.evidence.map_or_else(Vec::new, |evidence| evidence.commitment.0.to_vec()),
            base: base.map_or_else(Vec::new, |base| base.receipt.0.to_vec()),
            base_kind: base.map_or(0, |base| base.base.code().into()),
            have: Vec::new(),
            emergency: order.emergency.as_ref().map(emergency_message),
        }
    }
    pub(super) fn resume_fetches(&mut self, now: Millis, node: NodeKey) {
        let waiting: Vec<RequestId> = self
            .fetches
            .iter()
            .filter(|(_, f)| f.node == node && matches!(f.step, Step::Dialing))
            .map(|(request, _)| *request)
            .collect();
        for request in waiting {
            self.ask(now, request);
        }
    }
    /// The connection to a holder broke: what waits for it is offline, said with when it was seen.
    pub(super) fn lost_holder(&mut self, now: Millis, node: NodeKey) {
        self.end_offline(now, node, |step| matches!(step, Step::Asked));
    }
    pub(super) fn unreachable_holder(&mut self, now: Millis, node: NodeKey) {
        self.end_offline(now, node, |step| matches!(step, Step::Dialing));
    }
    fn end_offline(&mut self, now: Millis, node: NodeKey, which: impl Fn(&Step) -> bool) {
        let last_seen = self.peers.get(node).seen;
        let ended: Vec<RequestId> = self
            .fetches
            .iter()
            .filter(|(_, f)| f.node == node && which(&f.step))
            .map(|(request, _)| *request)
            .collect();
        for request in ended {
            self.end(now, request, HolderStatus::Offline { last_seen });
        }
    }
    /// A node that does not know us as a member answers nothing else: what waits for it hears that.
    pub(super) fn on_refuse(&mut self, now: Millis, from: NodeKey, message: v1::Refuse) {
        if message.code != REFUSED_STRANGER {
            return;
        }
        let asked = self.fetches.iter().filter(|(_, f)| f.node == from && matches!(f.step, Step::Asked));
        let ended: Vec<RequestId> = asked.map(|(request, _)| *request).collect();
        for request in ended {
            self.end(now, request, HolderStatus::NotMember);
        }
    }
    pub(super) fn fetch_waited(&mut self, now: Millis, request: RequestId) {
        let Some(fetching) = self.fetches.get_mut(&request) else { return };
        match fetching.step {
            Step::Dialing => {
                let last_seen = self.peers.map.get(&fetching.node).and_then(|peer| peer.seen);
                self.end(now, request, HolderStatus::Offline { last_seen });
            }
            Step::Asked | Step::Receiving { .. } if !fetching.late => {
                // The row says "late" now; an answer within the request's life still fills it in.
                fetching.late = true;
                let (ticket, order) = (fetching.ticket, fetching.order.clone());
                self.write_held();
                self.answer_plain_as(ticket, Some(request), &order, HolderStatus::Late);
                self.timers.set(Timer::Fetch(request), now.plus(REQUEST_LIFE_MS));
            }
            _ => {
                self.fetches.remove(&request);
                self.hint(Effect::Cancel(request));
            }
        }
    }
    pub(super) fn on_decision(&mut self, now: Millis, from: NodeKey, message: v1::Decision) {
        let Ok((request, body)) = self.open_decision(&from, &message) else {
            return self.strike(now, from, "decision that does not hold");
        };
        let asked = self.fetches.get(&request).filter(|f| f.node == from && matches!(f.step, Step::Asked));
        let Some(network) = asked.map(|fetching| fetching.order.candidate.network) else { return };
        let status = match body.shown {
            1 => HolderStatus::Data,
            2 => HolderStatus::Nothing,
            3 => HolderStatus::Pending,
            4 => HolderStatus::Busy,
            5 => HolderStatus::OutsideAccord { clause: u16::try_from(body.clause).unwrap_or(u16::MAX) },
            _ => HolderStatus::NotMember,
        };
        if status != HolderStatus::Data {
            return self.end(now, request, status);
        }
        let leaf = Hash::from_slice(&body.leaf_hash).map(|hash| (body.leaf, hash));
        let plan = read_items(&body.items).ok().and_then(|items| Plan::new(request, items).ok());
        let (Some(plan), Some(leaf)) = (plan.filter(|plan| plan.total == body.total), leaf) else {
            self.end(now, request, HolderStatus::Damaged);
            return self.strike(now, from, "plan that does not hold");
        };
        let copy_ms = self.copy_ms(now, network);
        let Some(fetching) = self.fetches.get_mut(&request) else { return };
        let receive = Receive {
            from,
            holder: fetching.order.candidate.holder.clone(),
            patient: fetching.order.patient,
            plan: plan.clone(),
            inline: plan.total <= INLINE_BYTES_MAX,
            until: now.plus(copy_ms),
        };
        fetching.step = Step::Receiving { plan, leaf, cut: body.cut };
        self.effect(Effect::Receive(receive), Then::Received(request));
    }
    /// How long a copy from a holder in this network may be kept: a day, or less if the accord says so.
    fn copy_ms(&self, now: Millis, holder: NetworkId) -> u64 {
        let own = self.own_facilities(now);
        let within = own.iter().any(|own| own.network == holder);
        let mut accords = own.iter().filter_map(|own| self.book.accord_in_force(own.network, holder, now));
        let accord = accords.next().filter(|_| !within);
        accord.map_or(COPY_MS, |accord| COPY_MS.min(u64::from(accord.copy_hours) * HOUR_MS))
    }
    fn open_decision(
        &self,
        from: &NodeKey,
        message: &v1::Decision,
    ) -> Result<(RequestId, v1::DecisionBody), FieldError> {
        let signature = Signature::from_slice(&message.signature).ok_or(FieldError("decision.signature"))?;
        if !self.crypto.verify(&(*from).into(), &domain("decision", &[&message.body]), &signature) {
            return Err(FieldError("decision.signature"));
        }
        let body = v1::DecisionBody::decode(message.body.as_slice()).map_err(|_| FieldError("decision"))?;
        Ok((RequestId(bytes16(&body.request, "decision.request")?), body))
    }
    /// Bytes came or did not: the leaf goes to disk together with the copies, then the row is shown.
    pub(super) fn received(&mut self, now: Millis, request: RequestId, mut received: Received) {
        let Some(mut fetching) = self.fetches.remove(&request) else { return };
        self.timers.clear(Timer::Fetch(request));
        let Step::Receiving { plan, leaf, cut } = std::mem::replace(&mut fetching.step, Step::Asked) else { return };
        if received.damaged {
            self.event(Event::Alarm(Alarm::Damaged(fetching.order.candidate.holder.clone())));
            let mut batch = Batch::default();
            batch.log(event_of(now, What::Alarm, &fetching.order).request(request).note("damaged transfer"));
            self.commit(batch, Then::Nothing);
            return self.answer_plain_as(fetching.ticket, Some(request), &fetching.order, HolderStatus::Damaged);
        }
        if received.items == 0 && !plan.items.is_empty() {
            let last_seen = self.peers.get(fetching.node).seen;
            let status = HolderStatus::Offline { last_seen };
            let mut batch = Batch::default();
            batch.log(event_of(now, What::Received, &fetching.order).request(request).note("cut before anything came"));
            self.commit(batch, Then::Nothing);
            return self.answer_plain_as(fetching.ticket, Some(request), &fetching.order, status);
        }
        let mut batch = Batch { writes: std::mem::take(&mut received.writes), events: Vec::new() };
        let kinds = plan.items.iter().fold(KindSet::NONE, |set, item| set.or(KindSet::of(&[item.kind.coarse()])));
        let event = event_of(now, What::Received, &fetching.order).request(request).node(fetching.node);
        let plan_hash = plan.hash();
        if fetching.order.emergency.is_some() {
            self.note_served_here(request, fetching.order.patient, &mut batch);
        }
        batch.log(event.kinds(kinds).count(received.items).object(plan_hash));
        let cut = cut || !received.complete;
        self.commit(batch, Then::Kept(Box::new(Kept { request, fetching, plan, plan_hash, leaf, cut, received })));
    }
    pub(super) fn kept(&mut self, now: Millis, kept: Kept, leaves: &[u64]) {
        let Kept { request, fetching, plan, plan_hash, leaf, cut, received } = kept;
        let own_leaf = leaves.first().copied().unwrap_or_default();
        let own_hash = audit::leaf_hash(&self.view, own_leaf).unwrap_or(Hash([0; 32]));
        let receipt = ExchangeReceipt {
            request,
            reader: fetching.order.facility.clone(),
            holder: fetching.order.candidate.holder.clone(),
            plan: plan_hash,
            items: received.items,
            bytes: received.bytes,
            holder_leaf: leaf,
            reader_leaf: (own_leaf, own_hash),
            at: now,
        };
        let answer = Answer {
            request: Some(request),
            holder: receipt.holder.clone(),
            status: HolderStatus::Data,
            items: plan.items,
            bytes: received.bytes,
            cut,
            leaf: Some(own_leaf),
            holder_leaf: Some(leaf),
            announced: fetching.order.candidate.kinds,
        };
        self.event(Event::Answer(fetching.ticket, Box::new(answer)));
        let signature = receipt.sign(&*self.crypto, &self.identity.node);
        self.send(fetching.node, Message::Receipt(receipt_message(&receipt, &signature, None)));
    }
    pub(super) fn kept_failed(&mut self, kept: Kept) {
        // What cannot be logged is not shown.
        self.answer_plain_as(kept.fetching.ticket, Some(kept.request), &kept.fetching.order, HolderStatus::Busy);
    }
    /// The holder's countersignature for a receipt of ours: both sides keep the same.
    pub(super) fn on_countersigned(&mut self, now: Millis, from: NodeKey, signed: Countersigned) {
        let own = self.public(&self.identity.node);
        if !signed.verify(&*self.crypto, &own, &from.into()) {
            return self.strike(now, from, "countersignature that does not hold");
        }
        let mut batch = Batch::default();
        batch.writes.push(signed.write());
        let receipt = &signed.receipt;
        let event = audit::Event::new(now, What::Receipted).request(receipt.request).peer(receipt.holder.clone());
        batch.log(event.facility(receipt.reader.clone()).node(from).object(receipt.plan));
        self.commit(batch, Then::Nothing);
    }
    fn end(&mut self, now: Millis, request: RequestId, status: HolderStatus) {
        self.timers.clear(Timer::Fetch(request));
        let Some(mut fetching) = self.fetches.remove(&request) else { return };
        // Empty if the question was asked.
        let mut batch = std::mem::take(&mut fetching.order.ground);
        batch.log(event_of(now, What::Requested, &fetching.order).request(request).note(status.word()));
        self.commit(batch, Then::Nothing);
        self.answer_plain_as(fetching.ticket, Some(request), &fetching.order, status);
    }
    fn answer_plain(&mut self, now: Millis, ticket: Ticket, order: &FetchOrder, status: HolderStatus) {
        let mut batch = order.ground.clone();
        batch.log(event_of(now, What::Requested, order).note(status.word()));
        self.commit(batch, Then::Nothing);
        self.answer_plain_as(ticket, None, order, status);
    }
    fn answer_plain_as(
        &mut self,
        ticket: Ticket,
        request: Option<RequestId>,
        order: &FetchOrder,
        status: HolderStatus,
    ) {
        let answer = Answer {
            request,
            holder: order.candidate.holder.clone(),
            status,
            items: Vec::new(),
            bytes: 0,
            cut: false,
            leaf: None,
            holder_leaf: None,
            announced: order.candidate.kinds,
        };
        self.event(Event::Answer(ticket, Box::new(answer)));
    }
    /// The reader base that a request names must at least have the form of one.
    pub(super) fn base_of(body: &v1::RequestBody) -> Option<ReaderBase> {
        let receipt = ReceiptId::from_slice(&body.base)?;
        let base = u8::try_from(body.base_kind).ok().and_then(crate::consent::LegalBase::from_code)?;
        Some(ReaderBase { receipt, base })
    }
}

fn event_of(now: Millis, what: What, order: &FetchOrder) -> audit::Event {
    audit::Event::new(now, what)
        .patient(order.patient)
        .facility(order.facility.clone())
        .peer(order.candidate.holder.clone())
        .staff(order.staff.clone())
        .purpose(order.purpose)
        .kinds(order.kinds)
}

fn read_items(items: &[v1::Item]) -> Result<Vec<Item>, FieldError> {
    let read = |item: &v1::Item| {
        Ok(Item {
            id: bytes16(&item.id, "item.id")?,
            kind: DataKind::parse(&item.kind).ok_or(FieldError("item.kind"))?,
            care_date: date_of(item.care_date, "item.care_date")?,
            title: item.title.clone(),
            made_at: Millis(item.made_at),
            checked_at: Millis(item.checked_at),
            size: item.size,
            digest: Hash(bytes32(&item.digest, "item.digest")?),
        })
    };
    items.iter().map(read).collect()
}

pub(super) fn receipt_message(
    receipt: &ExchangeReceipt,
    reader: &Signature,
    holder: Option<&Signature>,
) -> v1::Receipt {
    v1::Receipt {
        request: receipt.request.0.to_vec(),
        reader: receipt.reader.as_str().to_owned(),
        holder: receipt.holder.as_str().to_owned(),
        plan: receipt.plan.0.to_vec(),
        items: receipt.items,
        bytes: receipt.bytes,
        holder_leaf: receipt.holder_leaf.0,
        holder_leaf_hash: receipt.holder_leaf.1.0.to_vec(),
        reader_leaf: receipt.reader_leaf.0,
        reader_leaf_hash: receipt.reader_leaf.1.0.to_vec(),
        at: receipt.at.0,
        reader_signature: reader.0.to_vec(),
        holder_signature: holder.map_or_else(Vec::new, |signature| signature.0.to_vec()),
    }
}

/// The code of a refusal to speak to a node without live membership or accord.
pub(super) const REFUSED_STRANGER: u32 = 1;
/// How long after the row said "late" a holder may still answer.
const LATE_MS: u64 = 300_000;
