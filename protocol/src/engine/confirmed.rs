//! What becomes of a blind confirmation: a link that both signed, a parting, a question for both desks, or nothing. And how
//! many there may be.
use super::confirm::Run;
use super::core::{Engine, Then};
use super::input::LinkVerdict;
use super::keys::{self, Counted};
use super::links::LinkQuestion;
use super::output::{Alarm, Event, Output};
use super::timers::Timer;
use crate::audit::{self, What};
use crate::confirm::{Answer, Confirmation, combine};
use crate::data::{Batch, Space, View, decode, encode};
use crate::ids::RequestId;
use crate::limits::{CONFIRMS_A_DAY_HANDLE, CONFIRMS_A_DAY_NODE, CONFIRMS_A_DAY_STAFF, FORGET_MAX};
use crate::time::{DAY_MS, Millis};

impl Run {
    /// A leaf about this run, at our side.
    pub(super) fn event(&self, now: Millis, what: What) -> audit::Event {
        let of = &self.transcript;
        let (own, peer) = if self.asked_here { (&of.reader, &of.holder) } else { (&of.holder, &of.reader) };
        audit::Event::new(now, what)
            .patient(self.patient)
            .facility(own.clone())
            .peer(peer.clone())
            .node(self.other())
            .staff(self.staff.clone())
            .request(of.id)
            .purpose(of.purpose)
    }
    /// What both said, one veto being enough. Not the same while nobody said anything.
    fn outcome(&self) -> Answer {
        self.said.iter().map(|said| said.answer).reduce(combine).unwrap_or(Answer::NotSame)
    }
    /// As the question between desks that it stands for: so it is listed, answered and taken back like one.
    fn question(&self, now: Millis, verdict: Option<LinkVerdict>) -> LinkQuestion {
        let of = &self.transcript;
        LinkQuestion {
            id: of.id,
            asked_here: self.asked_here,
            patient: self.patient,
            reader: of.reader.clone(),
            holder: of.holder.clone(),
            shelf: of.shelf,
            handle: of.handle,
            node: self.other(),
            staff: self.staff.clone(),
            statement: "blind confirmation".into(),
            at: now,
            verdict,
            sent: true,
        }
    }
    /// What this run counts against, with the most that there may be in a day.
    fn counted(&self) -> [(Vec<u8>, u32, &'static str); 3] {
        let of = &self.transcript;
        let key = |counted| keys::confirms(self.asked_here, counted);
        [
            (key(Counted::Handle(of.handle)), CONFIRMS_A_DAY_HANDLE, "about one patient"),
            (key(Counted::Staff(&of.reader, &self.staff)), CONFIRMS_A_DAY_STAFF, "by one member of staff"),
            (key(Counted::Node(of.asker_node)), CONFIRMS_A_DAY_NODE, "by one node"),
        ]
    }
}

impl<V: View> Engine<V> {
    /// Both sides have said all that there is to say.
    pub(super) fn confirmed(&mut self, now: Millis, id: RequestId, last: Option<Output>) {
        self.timers.clear(Timer::Confirm(id));
        let Some(run) = self.confirming.remove(&id) else { return };
        let outcome = run.outcome();
        let verdict = match outcome {
            Answer::Same => Some(LinkVerdict::Same),
            Answer::NotSame => Some(LinkVerdict::NotSame),
            Answer::NeedsHuman => None,
        };
        let question = run.question(now, verdict);
        let mut batch = Batch::default();
        batch.put(Space::Desk, keys::question(id), encode(&question));
        match outcome {
            Answer::NeedsHuman => {
                batch.log(run.event(now, What::LinkAsked).note("blind confirmation: people must say"))
            }
            _ => self.keep_link(now, &question, &run.staff, &mut batch),
        }
        let (ask, signature) = run.ask;
        let confirmation = Confirmation { id, ask, signature, said: run.said };
        batch.put(Space::Desk, keys::confirmation(id), encode(&confirmation));
        let mut then: Vec<Output> = last.into_iter().collect();
        let told = if outcome == Answer::NeedsHuman { Event::LinkAsked(id) } else { Event::LinkAnswered(id) };
        then.push(Output::Event(told));
        then.extend(run.ticket.map(|ticket| Output::Event(Event::Confirmed(ticket, id, outcome))));
        self.commit(batch, Then::Release(then));
    }
    /// A run ends without a word about the patient. Both sides have it in their logs.
    pub(super) fn confirm_ends(&mut self, now: Millis, id: RequestId, why: &str) {
        self.timers.clear(Timer::Confirm(id));
        let Some(run) = self.confirming.remove(&id) else { return };
        let mut batch = Batch::default();
        batch.log(run.event(now, What::LinkAsked).note(format!("blind confirmation without outcome: {why}")));
        self.commit(batch, Then::Nothing);
        if let Some(ticket) = run.ticket {
            self.event(Event::CommandDone(ticket, Err(why.to_owned())));
        }
    }
    /// Whether people here said that the two are different persons.
    pub(super) fn is_parted(&self, run: &Run) -> bool {
        let of = &run.transcript;
        let said = if run.asked_here {
            keys::link_here(&self.view, run.patient, &of.holder, of.handle)
        } else {
            keys::link_there(&self.view, of.handle, &of.reader)
        };
        said.is_some_and(|link| !link.same)
    }

    // --- how many ----------------------------------------------------------------------------------------------------

    pub(super) fn within_budget(&self, now: Millis, run: &Run) -> Result<(), &'static str> {
        let over = run.counted().into_iter().find(|(key, most, _)| self.confirms_today(now, key) >= *most);
        over.map_or(Ok(()), |(_, _, which)| Err(which))
    }
    pub(super) fn count_run(&self, now: Millis, run: &Run, batch: &mut Batch) {
        for (key, ..) in run.counted() {
            let count = self.confirms_today(now, &key).saturating_add(1);
            batch.put(Space::Meta, key, encode(&(now.0 / DAY_MS, count)));
        }
    }
    /// A clock that went back frees nothing.
    fn confirms_today(&self, now: Millis, key: &[u8]) -> u32 {
        let counted = self.view.get(Space::Meta, key).and_then(|value| decode(&value));
        counted.filter(|(day, _): &(u64, u32)| *day >= now.0 / DAY_MS).map_or(0, |(_, count)| count)
    }
    /// Too many: refused, logged, and somebody should look.
    pub(super) fn over_budget(&mut self, now: Millis, run: &Run, which: &'static str) {
        let mut batch = Batch::default();
        batch.log(run.event(now, What::Alarm).note(format!("too many blind confirmations {which} today")));
        self.commit(batch, Then::Nothing);
        let facility = run.transcript.reader.clone();
        self.event(Event::Alarm(Alarm::Confirmations { facility, which }));
        if let Some(ticket) = run.ticket {
            let why = format!("too many confirmations {which} today; ask the holder's desk with `musubi link ask`");
            self.event(Event::CommandDone(ticket, Err(why)));
        }
    }
    /// Counts of past days.
    pub(super) fn forget_confirms(&mut self, now: Millis) {
        let mut batch = Batch::default();
        for (key, value) in self.view.scan(Space::Meta, keys::CONFIRMS, &[], FORGET_MAX) {
            if decode(&value).is_none_or(|(day, _): (u64, u32)| day < now.0 / DAY_MS) {
                batch.remove(Space::Meta, key);
            }
        }
        if !batch.is_empty() {
            self.commit(batch, Then::Nothing);
        }
    }
}
