//! Links across networks made by people: our desk asks, the holder's desk answers; both keep it, both can take it back.
use super::core::{Engine, Then};
use super::input::{LinkVerdict, Ticket};
use super::keys::{self, LinkState};
use super::locate::Candidate;
use super::output::{Event, Output};
use crate::audit::{self, What};
use crate::data::{Batch, Space, View, decode, encode};
use crate::ids::{FacilityId, Handle, NodeKey, PatientRef, RequestId, ShelfId};
use crate::limits::{LINK_ASKS_MAX, TEXT_BYTES_MAX};
use crate::time::Millis;
use crate::wire::{FieldError, Message, bytes16, bytes32, v1};
use serde::{Deserialize, Serialize};

/// A question whether a handle and a reader's patient are one person, at either desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkQuestion {
    /// Which.
    pub id: RequestId,
    /// Our desk asked; else it was asked.
    pub asked_here: bool,
    /// Our patient.
    pub patient: PatientRef,
    /// Who reads.
    pub reader: FacilityId,
    /// Who holds.
    pub holder: FacilityId,
    /// On which shelf it was found.
    pub shelf: ShelfId,
    /// The holder's name for the patient.
    pub handle: Handle,
    /// The other side's node.
    pub node: NodeKey,
    /// Who vouches at the reader's desk (opaque number).
    pub staff: String,
    /// What the desks agreed on, without personal data.
    pub statement: String,
    /// When it was asked.
    pub at: Millis,
    /// The holder's desk's answer.
    pub verdict: Option<LinkVerdict>,
    /// Whether the other side has our word (question or answer).
    pub sent: bool,
}

/// What a desk wants to ask.
pub(super) struct AskLink {
    pub patient: PatientRef,
    pub facility: FacilityId,
    pub candidate: Candidate,
    pub staff: String,
    pub statement: String,
}

impl<V: View> Engine<V> {
    pub(super) fn ask_link(&mut self, now: Millis, ticket: Ticket, ask: AskLink) {
        let Some(node) = self.book.node_of(ask.candidate.network, &ask.candidate.holder, now).map(|cert| cert.node)
        else {
            return self.event(Event::CommandDone(ticket, Err("the holder has no live membership".into())));
        };
        let question = LinkQuestion {
            id: RequestId(self.random()),
            asked_here: true,
            patient: ask.patient,
            reader: ask.facility,
            holder: ask.candidate.holder,
            shelf: ask.candidate.shelf,
            handle: ask.candidate.handle,
            node,
            staff: ask.staff,
            statement: ask.statement.chars().take(200).collect(),
            at: now,
            verdict: None,
            sent: false,
        };
        let mut batch = Batch::default();
        batch.put(Space::Desk, keys::question(question.id), encode(&question));
        batch.log(event_of(now, What::LinkAsked, &question));
        let message = ask_message(&question);
        let mut then =
            vec![Output::Event(Event::CommandDone(ticket, Ok(()))), Output::Event(Event::LinkAsked(question.id))];
        if self.peers.is_up(&question.node) {
            then.insert(0, Output::Send { to: question.node, message });
        }
        self.commit(batch, Then::Release(then));
    }
    pub(super) fn on_link_ask(&mut self, now: Millis, from: NodeKey, message: v1::LinkAsk) {
        let Ok(mut question) = read_ask(now, from, &message) else {
            return self.strike(now, from, "malformed link question");
        };
        let is_readers = self.book.facilities_of(&from, now).iter().any(|f| f.facility == question.reader);
        let patient = self.patient_of(question.handle).filter(|(_, shelf)| *shelf == question.shelf);
        let (Some((patient, _)), true) = (patient, is_readers && self.serves_facility(&question.holder, now)) else {
            return;
        };
        question.patient = patient;
        let known: Option<LinkQuestion> =
            self.view.get(Space::Desk, &keys::question(question.id)).and_then(|value| decode(&value));
        if let Some(known) = known {
            if known.node == from && known.verdict.is_some() {
                self.send_answer(&known);
            }
            return;
        }
        if keys::pending_links(&self.view).len() >= LINK_ASKS_MAX {
            return;
        }
        let mut batch = Batch::default();
        batch.put(Space::Desk, keys::question(question.id), encode(&question));
        batch.log(event_of(now, What::LinkAsked, &question));
        self.commit(batch, Then::Release(vec![Output::Event(Event::LinkAsked(question.id))]));
    }
    /// The holder's desk answers, or either desk takes a link back.
    pub(super) fn answer_link(
        &mut self,
        now: Millis,
        ticket: Ticket,
        id: RequestId,
        verdict: LinkVerdict,
        staff: String,
    ) {
        let found: Option<LinkQuestion> =
            self.view.get(Space::Desk, &keys::question(id)).and_then(|value| decode(&value));
        let Some(mut question) = found else {
            return self.event(Event::CommandDone(ticket, Err("no such question about a link".into())));
        };
        if question.asked_here && verdict != LinkVerdict::Undone {
            let hint = "the holder's desk answers; here a link can only be taken back".to_owned();
            return self.event(Event::CommandDone(ticket, Err(hint)));
        }
        question.verdict = Some(verdict);
        let mut batch = Batch::default();
        self.keep_link(now, &question, &staff, &mut batch);
        batch.put(Space::Desk, keys::question(id), encode(&question));
        let mut then = vec![Output::Event(Event::CommandDone(ticket, Ok(())))];
        if self.peers.is_up(&question.node) {
            then.push(Output::Send { to: question.node, message: answer_message(&question) });
        }
        self.commit(batch, Then::Release(then));
    }
    pub(super) fn keep_link(&self, now: Millis, question: &LinkQuestion, staff: &str, batch: &mut Batch) {
        let key = if question.asked_here {
            keys::link_reader(question.patient, &question.holder, question.handle)
        } else {
            keys::link_holder(question.handle, &question.reader)
        };
        let what = match question.verdict {
            Some(LinkVerdict::Undone) | None => {
                batch.remove(Space::People, key);
                What::LinkUndone
            }
            Some(verdict) => {
                let same = verdict == LinkVerdict::Same;
                let state = LinkState { same, staff: staff.to_owned(), at: now, question: question.id };
                batch.put(Space::People, key, encode(&state));
                if same { What::LinkMade } else { What::LinkUndone }
            }
        };
        batch.log(event_of(now, what, question).staff(staff));
    }
    pub(super) fn on_link_answer(&mut self, now: Millis, from: NodeKey, message: v1::LinkAnswer) {
        let verdict = match message.answer {
            1 => LinkVerdict::Same,
            2 => LinkVerdict::NotSame,
            3 => LinkVerdict::Undone,
            _ => return self.strike(now, from, "malformed link answer"),
        };
        let Ok(id) = bytes16(&message.id, "link_answer.id") else {
            return self.strike(now, from, "malformed link answer");
        };
        let found = self.view.get(Space::Desk, &keys::question(RequestId(id))).and_then(|v| decode::<LinkQuestion>(&v));
        let Some(mut question) = found.filter(|question| question.node == from) else { return };
        // The holder's desk answers our question; our desk may only take it back at the holder.
        if !question.asked_here && verdict != LinkVerdict::Undone || question.verdict == Some(verdict) {
            return;
        }
        question.verdict = Some(verdict);
        let mut batch = Batch::default();
        self.keep_link(now, &question, &question.staff.clone(), &mut batch);
        batch.put(Space::Desk, keys::question(question.id), encode(&question));
        self.commit(batch, Then::Release(vec![Output::Event(Event::LinkAnswered(question.id))]));
    }
    /// A peer is back: questions of ours and answers of ours that it may have missed.
    pub(super) fn resume_links(&mut self, node: NodeKey) {
        for question in keys::pending_links(&self.view) {
            if question.node != node {
                continue;
            }
            match (question.asked_here, question.verdict) {
                (true, None) => self.send(node, ask_message(&question)),
                (false, Some(_)) | (true, Some(LinkVerdict::Undone)) => self.send_answer(&question),
                _ => {}
            }
        }
    }
    fn send_answer(&mut self, question: &LinkQuestion) {
        self.send(question.node, answer_message(question));
    }
}

fn event_of(now: Millis, what: What, question: &LinkQuestion) -> audit::Event {
    let (own, peer) =
        if question.asked_here { (&question.reader, &question.holder) } else { (&question.holder, &question.reader) };
    audit::Event::new(now, what)
        .patient(question.patient)
        .facility(own.clone())
        .peer(peer.clone())
        .staff(question.staff.clone())
        .request(question.id)
}

fn ask_message(question: &LinkQuestion) -> Message {
    Message::LinkAsk(v1::LinkAsk {
        id: question.id.0.to_vec(),
        shelf: question.shelf.0.to_vec(),
        handle: question.handle.0.to_vec(),
        reader: question.reader.as_str().to_owned(),
        holder: question.holder.as_str().to_owned(),
        staff: question.staff.clone(),
        statement: question.statement.clone(),
    })
}

fn answer_message(question: &LinkQuestion) -> Message {
    let answer = match question.verdict {
        Some(LinkVerdict::Same) => 1,
        Some(LinkVerdict::NotSame) => 2,
        Some(LinkVerdict::Undone) | None => 3,
    };
    Message::LinkAnswer(v1::LinkAnswer { id: question.id.0.to_vec(), answer })
}

fn read_ask(now: Millis, from: NodeKey, message: &v1::LinkAsk) -> Result<LinkQuestion, FieldError> {
    if message.staff.len() > TEXT_BYTES_MAX || message.statement.len() > TEXT_BYTES_MAX * 2 {
        return Err(FieldError("link_ask.statement"));
    }
    let facility = |text: &str, name| FacilityId::parse(text).map_err(|_| FieldError(name));
    Ok(LinkQuestion {
        id: RequestId(bytes16(&message.id, "link_ask.id")?),
        asked_here: false,
        patient: PatientRef(0),
        reader: facility(&message.reader, "link_ask.reader")?,
        holder: facility(&message.holder, "link_ask.holder")?,
        shelf: ShelfId(bytes32(&message.shelf, "link_ask.shelf")?),
        handle: Handle(bytes16(&message.handle, "link_ask.handle")?),
        node: from,
        staff: message.staff.clone(),
        statement: message.statement.clone(),
        at: now,
        verdict: None,
        sent: true,
    })
}
