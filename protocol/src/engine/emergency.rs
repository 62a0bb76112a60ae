//! Break-glass (緊急時の閲覧): written down at both sides before anything moves, told to the holder's desk, reviewed there.
use super::core::{Engine, Then};
use super::input::{FetchOrder, Ticket};
use super::keys;
use super::output::{Event, Output};
use crate::audit::{self, What};
use crate::data::{Batch, Space, View, decode, encode};
use crate::ids::{FacilityId, NetworkId, NodeKey, PatientRef, RequestId};
use crate::kinds::{KindSet, Purpose, Role};
use crate::limits::{
    EMERGENCY_REQUESTS, EMERGENCY_SERVES, EMERGENCY_TEXT_CHARS_MAX, GLASS_KEPT_MS, GLASSES_MAX, SERVES_MAX,
    TEXT_BYTES_MAX,
};
use crate::policy::{Ask, BreakGlass, EmergencyFacts, EmergencyReason, Verdict, Why, is_emergency, may_break};
use crate::time::Millis;
use crate::wire::{FieldError, Message, bytes16, v1};
use serde::{Deserialize, Serialize};

/// One read without consent, as either side remembers it until it is reviewed and afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Glass {
    /// Which request.
    pub request: RequestId,
    /// Our staff broke it; else our records were read.
    pub is_ours: bool,
    /// Our patient.
    pub patient: PatientRef,
    /// Who read.
    pub reader: FacilityId,
    /// Whose records.
    pub holder: FacilityId,
    /// The other side's node.
    pub node: NodeKey,
    /// Who broke it, by opaque number.
    pub staff: String,
    /// What they are.
    pub role: Role,
    /// Emergency, or declared disaster.
    pub purpose: Purpose,
    /// What they said.
    pub said: BreakGlass,
    /// Kinds that were asked for or served.
    pub kinds: KindSet,
    /// When.
    pub at: Millis,
    /// Whether records came of it: only then there is something to review.
    pub is_served: bool,
    /// When the review should be done.
    pub review_by: Millis,
    /// When the reader's right is off if it is not.
    pub lapses_at: Millis,
    /// The review.
    pub review: Option<Review>,
}

/// What the holder's desk said of an emergency read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Whether it was one.
    pub verdict: Verdict,
    /// Who looked at it, by opaque number; empty at the reader.
    pub staff: String,
    /// In words, without names or numbers.
    pub note: String,
    /// When.
    pub at: Millis,
    /// Whether the other side has it.
    pub is_heard: bool,
}

impl Glass {
    /// Whether it waits for its review.
    pub fn is_open(&self) -> bool {
        self.is_served && self.review.is_none()
    }
    /// Whether it was left without review for so long that the reader's right is off.
    pub fn has_lapsed(&self, now: Millis) -> bool {
        #[cfg(feature = "plants")]
        if crate::plants::on("P65") {
            return false;
        }
        self.is_open() && self.lapses_at <= now
    }
}

impl<V: View> Engine<V> {
    /// What a holder knows of an emergency request. Nothing is looked up for other requests.
    pub(super) fn emergency_facts(&self, now: Millis, ask: &Ask, holder_network: NetworkId) -> EmergencyFacts {
        if !is_emergency(ask.purpose) {
            return EmergencyFacts::default();
        }
        let opens = |purpose: Purpose| {
            self.book.charter(holder_network).is_some_and(|charter| charter.purposes.has(purpose.code()))
        };
        let mut declared = self.book.disasters(holder_network, now);
        EmergencyFacts {
            is_open: opens(Purpose::Emergency),
            // Those who flee are seen where they arrive; those who help come from elsewhere.
            is_disaster: declared.any(|disaster| disaster.covers(&ask.reader) || disaster.covers(&ask.holder))
                && opens(Purpose::Disaster),
            is_lapsed: glasses(&self.view)
                .iter()
                .any(|glass| !glass.is_ours && glass.reader == ask.reader && glass.has_lapsed(now)),
        }
    }
    /// Requests that the reader may still make. Emergencies have a lane of their own, narrower and never crowded by others.
    pub(super) fn quota_left(&self, now: Millis, ask: &Ask) -> u32 {
        let (lane, allowed, serves) = match is_emergency(ask.purpose) {
            true => (&self.emergency_quota, EMERGENCY_REQUESTS, SERVES_MAX + EMERGENCY_SERVES),
            false => (&self.quota, self.config.limits.quota, SERVES_MAX),
        };
        if self.serves.len() >= serves { 0 } else { lane.left(&ask.reader, allowed, now) }
    }
    /// Why our own staff may not break the glass now; both sides ask the same rules.
    ///
    /// # Errors
    /// What is missing, or that the right is off until earlier reads are reviewed.
    pub(super) fn may_ask_without_consent(&self, now: Millis, order: &FetchOrder) -> Result<(), Why> {
        let said = order.emergency.as_ref().ok_or(Why::EmergencyNotAllowed)?;
        if !is_emergency(order.purpose) {
            return Err(Why::EmergencyNotAllowed);
        }
        may_break(said, order.role, order.purpose)?;
        if order.purpose == Purpose::Emergency && !self.lapsed_here(now, &order.facility).is_empty() {
            return Err(Why::EmergencyLapsed);
        }
        Ok(())
    }
    /// Emergency reads of ours whose review is too late. One of a holder that is no member any more can be reviewed by nobody.
    fn lapsed_here(&self, now: Millis, facility: &FacilityId) -> Vec<Glass> {
        let mut lapsed = glasses(&self.view);
        lapsed.retain(|glass| glass.is_ours && glass.reader == *facility && glass.has_lapsed(now));
        lapsed.retain(|glass| !self.book.facilities_of(&glass.node, now).is_empty());
        lapsed
    }
    /// What goes to our disk before we ask without consent.
    pub(super) fn note_breaking(&self, now: Millis, request: RequestId, order: &FetchOrder, node: NodeKey) -> Batch {
        let mut batch = Batch::default();
        let Some(said) = &order.emergency else { return batch };
        let glass = Glass {
            request,
            is_ours: true,
            patient: order.patient,
            reader: order.facility.clone(),
            holder: order.candidate.holder.clone(),
            node,
            staff: order.staff.clone(),
            role: order.role,
            purpose: order.purpose,
            said: said.clone(),
            kinds: order.kinds,
            at: now,
            is_served: false,
            review_by: now.plus(self.config.limits.emergency_review_ms),
            lapses_at: now.plus(self.config.limits.emergency_lapse_ms),
            review: None,
        };
        note(&mut batch, &glass);
        batch
    }
    /// What goes to our disk with records that came without consent.
    pub(super) fn note_served_here(&self, request: RequestId, patient: PatientRef, batch: &mut Batch) {
        if let Some(mut glass) = glass(&self.view, patient, request) {
            glass.is_served = true;
            put(batch, &glass);
        }
    }
    /// What goes to the holder's disk, in one batch with its decision, before records leave without consent: the leaf and the
    /// entry of the review queue, which is the notice to the holder's desk.
    pub(super) fn note_opened(&self, glass: Glass, batch: &mut Batch) {
        #[cfg(feature = "plants")]
        if crate::plants::on("P66") {
            return; // served, and nobody hears of it
        }
        note(batch, &glass);
    }
    /// When an emergency read of this moment is to be reviewed, and when the right is off if it was not.
    pub(super) fn review_times(&self, now: Millis) -> (Millis, Millis) {
        let limits = &self.config.limits;
        (now.plus(limits.emergency_review_ms), now.plus(limits.emergency_lapse_ms))
    }

    /// The holder's desk says what it thinks of an emergency read.
    pub(super) fn review(&mut self, now: Millis, ticket: Ticket, request: RequestId, review: Review) {
        let found = glasses(&self.view).into_iter().find(|glass| glass.request == request);
        let refusal = match &found {
            None => Some("no emergency read has this number here"),
            Some(glass) if glass.is_ours => {
                Some("your own staff made this read; the holder of the records reviews it, nobody else")
            }
            Some(glass) if glass.review.is_some() => Some("this emergency read was reviewed already"),
            Some(_) => None,
        };
        let (Some(mut glass), None) = (found, refusal) else {
            return self.event(Event::CommandDone(ticket, Err(refusal.unwrap_or_default().to_owned())));
        };
        let plain = review.note.chars().filter(|letter| !letter.is_control());
        let text: String = plain.take(EMERGENCY_TEXT_CHARS_MAX).collect();
        glass.review = Some(Review { note: text, at: now, is_heard: false, ..review });
        let mut batch = Batch::default();
        put(&mut batch, &glass);
        batch.log(reviewed_event(now, &glass));
        let mut then = vec![Output::Event(Event::CommandDone(ticket, Ok(()))), Output::Event(Event::Reviewed(request))];
        if self.peers.is_up(&glass.node) {
            then.extend(reviewed_message(&glass).map(|message| Output::Send { to: glass.node, message }));
        }
        self.commit(batch, Then::Release(then));
    }
    /// A holder's review of a read of ours, or a reader's word that it has ours.
    pub(super) fn on_reviewed(&mut self, now: Millis, from: NodeKey, message: v1::Reviewed) {
        let read = |message: &v1::Reviewed| -> Result<(RequestId, Verdict), FieldError> {
            let verdict = u8::try_from(message.verdict).ok().and_then(Verdict::from_code);
            let fits = message.note.len() <= TEXT_BYTES_MAX * 2 && !message.note.chars().any(char::is_control);
            let verdict = verdict.filter(|_| fits).ok_or(FieldError("reviewed.verdict"))?;
            Ok((RequestId(bytes16(&message.request, "reviewed.request")?), verdict))
        };
        let Ok((request, verdict)) = read(&message) else { return self.strike(now, from, "malformed review") };
        let found = glasses(&self.view).into_iter().find(|glass| glass.request == request && glass.node == from);
        let Some(mut glass) = found else { return };
        let mut batch = Batch::default();
        match (&mut glass.review, glass.is_ours, message.heard) {
            (Some(review), false, true) if !review.is_heard => {
                review.is_heard = true;
                put(&mut batch, &glass);
                self.commit(batch, Then::Nothing);
            }
            (_, true, false) => {
                let heard = Message::Reviewed(v1::Reviewed { heard: true, note: String::new(), ..message.clone() });
                let mut then = vec![Output::Send { to: from, message: heard }];
                if glass.review.is_none() {
                    let note = message.note.chars().take(EMERGENCY_TEXT_CHARS_MAX).collect();
                    glass.review = Some(Review { verdict, staff: String::new(), note, at: now, is_heard: true });
                    put(&mut batch, &glass);
                    batch.log(reviewed_event(now, &glass));
                    then.push(Output::Event(Event::Reviewed(request)));
                }
                self.commit(batch, Then::Release(then));
            }
            _ => {}
        }
    }
    /// Forgets what was reviewed, or came to nothing, long ago; the log keeps that it was.
    pub(super) fn forget_glasses(&self, now: Millis, batch: &mut Batch) {
        for glass in glasses(&self.view) {
            if !glass.is_open() && glass.at.plus(GLASS_KEPT_MS) <= now {
                batch.remove(Space::Desk, keys::glass(glass.patient, glass.request));
            }
        }
    }
    /// Reviews that this node has not heard of yet.
    pub(super) fn resume_reviews(&mut self, node: NodeKey) {
        let waiting = glasses(&self.view).into_iter().filter(|glass| {
            glass.node == node && !glass.is_ours && glass.review.as_ref().is_some_and(|review| !review.is_heard)
        });
        let messages: Vec<Message> = waiting.filter_map(|glass| reviewed_message(&glass)).collect();
        for message in messages {
            self.send(node, message);
        }
    }
}

/// Emergency reads that either side's desk remembers, in order of patients; those of erased patients are gone.
pub fn glasses(view: &dyn View) -> Vec<Glass> {
    let found = view.scan(Space::Desk, keys::GLASS, &[], GLASSES_MAX);
    found.into_iter().filter_map(|(_, value)| decode(&value)).collect()
}

fn glass(view: &dyn View, patient: PatientRef, request: RequestId) -> Option<Glass> {
    decode(&view.get(Space::Desk, &keys::glass(patient, request))?)
}

fn put(batch: &mut Batch, glass: &Glass) {
    batch.put(Space::Desk, keys::glass(glass.patient, glass.request), encode(glass));
}

/// The record and the leaf that tells of it, together.
fn note(batch: &mut Batch, glass: &Glass) {
    put(batch, glass);
    let said = &glass.said;
    let (own, peer) = if glass.is_ours { (&glass.reader, &glass.holder) } else { (&glass.holder, &glass.reader) };
    let event = audit::Event::new(glass.at, What::BreakGlass)
        .patient(glass.patient)
        .facility(own.clone())
        .peer(peer.clone())
        .node(glass.node)
        .staff(glass.staff.clone())
        .request(glass.request)
        .purpose(glass.purpose)
        .kinds(glass.kinds);
    batch.log(event.note(format!("{} ({}; {} factors): {}", said.reason, glass.role, said.factors, said.text)));
}

fn reviewed_event(now: Millis, glass: &Glass) -> audit::Event {
    let (own, peer) = if glass.is_ours { (&glass.reader, &glass.holder) } else { (&glass.holder, &glass.reader) };
    let event = audit::Event::new(now, What::EmergencyReviewed)
        .patient(glass.patient)
        .facility(own.clone())
        .peer(peer.clone())
        .node(glass.node)
        .request(glass.request);
    match &glass.review {
        Some(review) => event.staff(review.staff.clone()).note(review.verdict.word()),
        None => event,
    }
}

fn reviewed_message(glass: &Glass) -> Option<Message> {
    let review = glass.review.as_ref()?;
    Some(Message::Reviewed(v1::Reviewed {
        request: glass.request.0.to_vec(),
        verdict: review.verdict.code().into(),
        note: review.note.clone(),
        heard: false,
    }))
}

/// For the wire.
pub(super) fn emergency_message(said: &BreakGlass) -> v1::Emergency {
    v1::Emergency {
        reason: said.reason.code().into(),
        text: said.text.clone(),
        factors: said.factors.into(),
        present: said.is_present,
    }
}

/// From the wire. A reason of a later version is none: the request is judged as one without.
///
/// # Errors
/// [`FieldError`] if the text is too long to be one.
pub(super) fn read_emergency(wire: &v1::Emergency) -> Result<Option<BreakGlass>, FieldError> {
    if wire.text.chars().count() > EMERGENCY_TEXT_CHARS_MAX || wire.text.chars().any(char::is_control) {
        return Err(FieldError("request.emergency.text"));
    }
    let reason = u8::try_from(wire.reason).ok().and_then(EmergencyReason::from_code);
    Ok(reason.map(|reason| BreakGlass {
        reason,
        text: wire.text.clone(),
        factors: u8::try_from(wire.factors).unwrap_or(u8::MAX),
        is_present: wire.present,
    }))
}
