//! Blind confirmation across networks: is that holder's handle our patient? Two rounds at most, in which either side learns one
//! word of the other ([`crate::confirm`]).
//!
//! Who asks signs why. The holder judges first; if it says *one person*, the roles change, and who asked may object. Values and
//! their meaning are asked of the driver ([`Effect::Values`], [`Effect::Judge`]); what becomes of it is in `confirmed`.
use super::core::{Engine, Then};
use super::input::{ConfirmOrder, Done, Ticket};
use super::keys;
use super::output::{Effect, Event, Output};
use super::timers::Timer;
use crate::audit::What;
use crate::confirm::{Answer, ConfirmError, Masks, Raised, Reason, Round, Said, Transcript, Values, answer_text};
use crate::crypto::{Signature, domain};
use crate::data::{Batch, Space, View, encode};
use crate::ids::{FacilityId, Handle, Hash, NodeKey, PatientRef, RequestId, ShelfId};
use crate::kinds::{Purpose, Role};
use crate::limits::{
    CLOCK_TOLERANCE_MS, CONFIRM_WAIT_MS, CONFIRMS_MAX, EXECUTED_KEPT_MS, REQUEST_LIFE_MS, TEXT_BYTES_MAX,
};
use crate::time::Millis;
use crate::wire::{FieldError, Message, bytes16, bytes32, v1};
use prost::Message as _;

/// One confirmation under way, at either side.
pub(super) struct Run {
    pub transcript: Transcript,
    /// The question's body and its signature.
    pub ask: (Vec<u8>, Signature),
    pub asked_here: bool,
    /// Ours.
    pub patient: PatientRef,
    pub staff: String,
    /// Who waits for it.
    pub ticket: Option<Ticket>,
    pub said: Vec<Said>,
    step: Step,
}

/// What a run waits for.
enum Step {
    /// Its leaf to be on disk.
    Noted,
    /// Our values.
    Valuing,
    /// The other side's masks.
    Waiting(Values),
    /// Our masks to be raised.
    Masked(Values, Masks),
    /// Our judgement.
    Judging(Values, Hash),
    /// The other side's judgement.
    Raised(Values, Hash),
}

impl Run {
    pub(super) fn other(&self) -> NodeKey {
        if self.asked_here { self.transcript.holder_node } else { self.transcript.asker_node }
    }
    /// The round under way.
    fn round(&self) -> Round {
        if self.said.is_empty() { Round::HolderJudges } else { Round::AskerJudges }
    }
    fn judges(&self) -> bool {
        self.asked_here == (self.round() == Round::AskerJudges)
    }
}

impl<V: View> Engine<V> {
    /// Begins a confirmation for one of ours.
    pub(super) fn confirm(&mut self, now: Millis, ticket: Ticket, order: ConfirmOrder) {
        let refuse = |why: &str| Event::CommandDone(ticket, Err(why.to_owned()));
        let candidate = &order.candidate;
        let node = self.book.node_of(candidate.network, &candidate.holder, now).map(|cert| cert.node);
        let epoch = self.shelves.get(&candidate.shelf).map(|shelf| shelf.epoch);
        let (Some(holder_node), Some(epoch)) = (node, epoch) else {
            return self.event(refuse("the holder has no live membership, or its shelf is gone; locate again"));
        };
        if !self.peers.is_up(&holder_node) {
            return self
                .event(refuse("the holder's node is not connected now; try again when `musubi peers` shows it"));
        }
        if self.confirming.len() >= CONFIRMS_MAX {
            return self.event(refuse("too many confirmations are under way; try again in a minute"));
        }
        let transcript = Transcript {
            id: RequestId(self.random()),
            reader: order.facility,
            holder: candidate.holder.clone(),
            asker_node: self.node,
            holder_node,
            shelf: candidate.shelf,
            handle: candidate.handle,
            epoch,
            purpose: order.purpose,
            reason: order.reason,
        };
        let body = ask_body(&transcript, &order.staff, order.role, now).encode_to_vec();
        let signature = self.crypto.sign(&self.identity.node, &domain("confirm-ask", &[&body]));
        let run = Run {
            transcript,
            ask: (body, signature),
            asked_here: true,
            patient: order.patient,
            staff: order.staff,
            ticket: Some(ticket),
            said: Vec::new(),
            step: Step::Noted,
        };
        if let Err(over) = self.within_budget(now, &run) {
            return self.over_budget(now, &run, over);
        }
        self.note_run(now, run);
    }
    /// The leaf of a run goes to disk with its count, before anything leaves.
    fn note_run(&mut self, now: Millis, run: Run) {
        let id = run.transcript.id;
        let mut batch = Batch::default();
        self.count_run(now, &run, &mut batch);
        batch.put(Space::Jobs, keys::executed(&run.other(), id), encode(&now.plus(EXECUTED_KEPT_MS)));
        let reason = format!("blind confirmation: {}", run.transcript.reason.word());
        batch.log(run.event(now, What::LinkAsked).note(reason));
        self.confirming.insert(id, run);
        self.timers.set(Timer::Confirm(id), now.plus(CONFIRM_WAIT_MS));
        self.commit(batch, Then::Confirm(id));
    }
    pub(super) fn on_confirm_ask(&mut self, now: Millis, from: NodeKey, message: v1::ConfirmAsk) {
        let Ok(run) = self.open_ask(now, &from, message) else {
            return self.strike(now, from, "confirmation that does not hold");
        };
        let (id, transcript) = (run.transcript.id, &run.transcript);
        // A run that was seen before is not answered again: its secrets are gone.
        if self.confirming.contains_key(&id) || self.view.get(Space::Jobs, &keys::executed(&from, id)).is_some() {
            return self.strike(now, from, "confirmation that was sent before");
        }
        let is_readers = self.book.facilities_of(&from, now).iter().any(|f| f.facility == transcript.reader);
        let found = self.patient_of(transcript.handle).filter(|(_, shelf)| *shelf == transcript.shelf);
        let epoch = self.shelves.get(&transcript.shelf).map(|shelf| shelf.epoch);
        let is_ours = self.serves_facility(&transcript.holder, now) && epoch == Some(transcript.epoch);
        let (Some((patient, _)), true, true) = (found, is_readers && is_ours, self.confirming.len() < CONFIRMS_MAX)
        else {
            return self.decline(from, id);
        };
        let run = Run { patient, ..run };
        if let Err(over) = self.within_budget(now, &run) {
            self.decline(from, id);
            return self.over_budget(now, &run, over);
        }
        self.note_run(now, run);
    }
    fn decline(&mut self, to: NodeKey, id: RequestId) {
        let answer = v1::ConfirmAnswer { id: id.0.to_vec(), round: 1, answer: NOT_NOW, signature: Vec::new() };
        self.send(to, Message::ConfirmAnswer(answer));
    }
    fn open_ask(&self, now: Millis, from: &NodeKey, message: v1::ConfirmAsk) -> Result<Run, FieldError> {
        let signature = Signature::from_slice(&message.signature).ok_or(FieldError("confirm_ask.signature"))?;
        if !self.crypto.verify(&(*from).into(), &domain("confirm-ask", &[&message.body]), &signature) {
            return Err(FieldError("confirm_ask.signature"));
        }
        let body = v1::ConfirmAskBody::decode(message.body.as_slice()).map_err(|_| FieldError("confirm_ask"))?;
        let transcript = read_ask(from, &body)?;
        let role = u8::try_from(body.role).ok().and_then(Role::from_code);
        let made_at = Millis(body.made_at);
        let timely =
            made_at <= now.plus(CLOCK_TOLERANCE_MS) && now.since(made_at) <= REQUEST_LIFE_MS + CLOCK_TOLERANCE_MS;
        if body.staff.len() > TEXT_BYTES_MAX || role.is_none() || !timely || transcript.holder_node != self.node {
            return Err(FieldError("confirm_ask"));
        }
        Ok(Run {
            transcript,
            ask: (message.body, signature),
            asked_here: false,
            patient: PatientRef(0),
            staff: body.staff,
            ticket: None,
            said: Vec::new(),
            step: Step::Noted,
        })
    }

    // --- steps -------------------------------------------------------------------------------------------------------

    /// An effect of a run is done.
    pub(super) fn confirm_done(&mut self, now: Millis, id: RequestId, done: Done) {
        let Some(run) = self.confirming.get_mut(&id) else { return };
        match (&run.step, done) {
            (Step::Noted, Done::Committed(_)) => {
                run.step = Step::Valuing;
                let patient = run.patient;
                self.effect(Effect::Values(patient), Then::Confirm(id));
            }
            (Step::Valuing, Done::Values(Some(values))) => self.confirm_valued(now, id, values),
            (Step::Judging(..), Done::Judged(answer)) => self.confirm_judged(now, id, answer),
            _ => self.confirm_ends(now, id, "it could not be carried out here"),
        }
    }
    fn confirm_valued(&mut self, now: Millis, id: RequestId, values: Values) {
        let Some(run) = self.confirming.get_mut(&id) else { return };
        if !run.asked_here {
            return self.send_masks(now, id, values);
        }
        run.step = Step::Waiting(values);
        let (body, signature) = (run.ask.0.clone(), run.ask.1.0.to_vec());
        let to = run.other();
        self.send(to, Message::ConfirmAsk(v1::ConfirmAsk { body, signature }));
    }
    /// We judge: our values go out under a secret made for this round.
    fn send_masks(&mut self, now: Millis, id: RequestId, values: Values) {
        let seed = self.random();
        let Some(run) = self.confirming.get_mut(&id) else { return };
        let round = run.round();
        let masks = Masks::of(&run.transcript, round, &values.judging, seed);
        let (to, elements) = (run.other(), masks.sent());
        run.step = Step::Masked(values, masks);
        self.timers.set(Timer::Confirm(id), now.plus(CONFIRM_WAIT_MS));
        let message = v1::ConfirmMask { id: id.0.to_vec(), round: round.number(), elements };
        self.send(to, Message::ConfirmMask(message));
    }
    pub(super) fn on_confirm_mask(&mut self, now: Millis, from: NodeKey, message: v1::ConfirmMask) {
        let Some(id) = self.run_of(&from, &message.id, message.round) else { return };
        let seed = self.random();
        let Some(run) = self.confirming.get_mut(&id) else { return };
        let raised = match &run.step {
            Step::Waiting(values) if !run.judges() => {
                let masks = Masks::of(&run.transcript, run.round(), &values.shown, seed);
                masks.raise(&message.elements).map(|raised| (values.clone(), raised))
            }
            _ => Err(ConfirmError::Turn),
        };
        match raised {
            Ok((values, raised)) => {
                run.step = Step::Raised(values, raised.seen(&message.elements));
                let Raised { public, raised, proof, elements } = raised;
                let raise = v1::ConfirmRaise { id: message.id, round: message.round, public, raised, proof, elements };
                self.timers.set(Timer::Confirm(id), now.plus(CONFIRM_WAIT_MS));
                self.send(from, Message::ConfirmRaise(raise));
            }
            Err(error) => self.confirm_broken(now, id, from, error),
        }
    }
    pub(super) fn on_confirm_raise(&mut self, now: Millis, from: NodeKey, message: v1::ConfirmRaise) {
        let Some(id) = self.run_of(&from, &message.id, message.round) else { return };
        let Some(run) = self.confirming.get_mut(&id) else { return };
        let v1::ConfirmRaise { public, raised, proof, elements, .. } = message;
        let raised = Raised { public, raised, proof, elements };
        let judged = match &run.step {
            Step::Masked(values, masks) => {
                masks.agreed(&raised).map(|agreed| (values.clone(), raised.seen(&masks.sent()), agreed))
            }
            _ => Err(ConfirmError::Turn),
        };
        match judged {
            Ok((values, seen, agreed)) => {
                let patient = run.patient;
                run.step = Step::Judging(values, seen);
                self.effect(Effect::Judge { patient, agreed }, Then::Confirm(id));
            }
            Err(error) => self.confirm_broken(now, id, from, error),
        }
    }
    /// Our judgement is signed and said. *One person* of the holder calls for the second round; all else ends it.
    fn confirm_judged(&mut self, now: Millis, id: RequestId, answer: Answer) {
        let Some(run) = self.confirming.get(&id) else { return };
        let Step::Judging(values, seen) = &run.step else { return };
        let (values, seen, round) = (values.clone(), *seen, run.round());
        // What people said outranks any agreement.
        let answer = if self.is_parted(run) { Answer::NotSame } else { answer };
        let Some(run) = self.confirming.get_mut(&id) else { return };
        let signature = self.crypto.sign(&self.identity.node, &answer_text(&run.ask.0, round, seen, answer));
        run.said.push(Said { node: self.node, round, seen, answer, signature });
        let message = Message::ConfirmAnswer(v1::ConfirmAnswer {
            id: id.0.to_vec(),
            round: round.number(),
            answer: answer.code(),
            signature: signature.0.to_vec(),
        });
        let to = run.other();
        if answer == Answer::Same && round == Round::HolderJudges {
            run.step = Step::Waiting(values);
            self.timers.set(Timer::Confirm(id), now.plus(CONFIRM_WAIT_MS));
            return self.send(to, message);
        }
        self.confirmed(now, id, Some(Output::Send { to, message }));
    }
    pub(super) fn on_confirm_answer(&mut self, now: Millis, from: NodeKey, message: v1::ConfirmAnswer) {
        let Some(id) = self.run_of(&from, &message.id, message.round) else { return };
        if message.answer == NOT_NOW {
            return self.confirm_ends(
                now,
                id,
                "the holder does not confirm this now; ask its desk with `musubi link ask`",
            );
        }
        let Some(run) = self.confirming.get_mut(&id) else { return };
        let round = run.round();
        let said = match &run.step {
            Step::Raised(values, seen) => Some((values.clone(), *seen)),
            _ => None,
        };
        let answer = Answer::from_code(message.answer);
        let signature = Signature::from_slice(&message.signature);
        let (Some((values, seen)), Some(answer), Some(signature)) = (said, answer, signature) else {
            return self.confirm_broken(now, id, from, ConfirmError::Turn);
        };
        if !self.crypto.verify(&from.into(), &answer_text(&run.ask.0, round, seen, answer), &signature) {
            return self.confirm_broken(now, id, from, ConfirmError::Proof);
        }
        run.said.push(Said { node: from, round, seen, answer, signature });
        if answer == Answer::Same && round == Round::HolderJudges {
            return self.send_masks(now, id, values);
        }
        self.confirmed(now, id, None);
    }
    /// The run that a message belongs to: of this peer, and in this round. Late ones belong to none.
    fn run_of(&self, from: &NodeKey, id: &[u8], round: u32) -> Option<RequestId> {
        let id = RequestId(bytes16(id, "confirm.id").ok()?);
        let run = self.confirming.get(&id)?;
        (run.other() == *from && Round::from_number(round) == Some(run.round())).then_some(id)
    }
    fn confirm_broken(&mut self, now: Millis, id: RequestId, from: NodeKey, error: ConfirmError) {
        self.confirm_ends(now, id, &format!("what the other node sent does not hold: {error}"));
        self.strike(now, from, "confirmation that breaks its rules");
    }
    /// The other side has been silent for too long.
    pub(super) fn confirm_waited(&mut self, now: Millis, id: RequestId) {
        self.confirm_ends(now, id, "the other node did not answer in time; try again");
    }
}

fn ask_body(transcript: &Transcript, staff: &str, role: Role, now: Millis) -> v1::ConfirmAskBody {
    v1::ConfirmAskBody {
        id: transcript.id.0.to_vec(),
        reader: transcript.reader.as_str().to_owned(),
        holder: transcript.holder.as_str().to_owned(),
        holder_node: transcript.holder_node.0.to_vec(),
        shelf: transcript.shelf.0.to_vec(),
        handle: transcript.handle.0.to_vec(),
        epoch: transcript.epoch,
        staff: staff.to_owned(),
        role: role.code().into(),
        purpose: transcript.purpose.code().into(),
        reason: transcript.reason.code(),
        made_at: now.0,
    }
}

fn read_ask(from: &NodeKey, body: &v1::ConfirmAskBody) -> Result<Transcript, FieldError> {
    let facility = |text: &str, name| FacilityId::parse(text).map_err(|_| FieldError(name));
    let purpose = u8::try_from(body.purpose).ok().and_then(Purpose::from_code);
    Ok(Transcript {
        id: RequestId(bytes16(&body.id, "confirm_ask.id")?),
        reader: facility(&body.reader, "confirm_ask.reader")?,
        holder: facility(&body.holder, "confirm_ask.holder")?,
        asker_node: *from,
        holder_node: NodeKey(bytes32(&body.holder_node, "confirm_ask.holder_node")?),
        shelf: ShelfId(bytes32(&body.shelf, "confirm_ask.shelf")?),
        handle: Handle(bytes16(&body.handle, "confirm_ask.handle")?),
        epoch: body.epoch,
        purpose: purpose.ok_or(FieldError("confirm_ask.purpose"))?,
        reason: Reason::from_code(body.reason).ok_or(FieldError("confirm_ask.reason"))?,
    })
}

/// In the place of an answer: not now, for a reason that says nothing of the patient.
const NOT_NOW: u32 = 4;
