//! Batches on their way to the disk, and leaves that may wait for the next of them.
use super::core::{Engine, Then};
use super::input::{Done, Ticket};
use super::output::{Effect, Output};
use super::timers::Timer;
use crate::data::{Batch, View};
use crate::time::Millis;

impl<V: View> Engine<V> {
    /// Sends a batch to disk; what follows waits for it. What was held back goes in front of it, under the same sync.
    pub(super) fn commit(&mut self, batch: Batch, then: Then) {
        let mut whole = std::mem::take(&mut self.held);
        let foreign = whole.events.len();
        if !whole.is_empty() {
            self.timers.clear(Timer::Held);
        }
        whole.writes.extend(batch.writes);
        whole.events.extend(batch.events);
        let ticket = self.ticket();
        self.view.lay(ticket, &whole);
        self.waiting.insert(ticket, (foreign, then));
        self.outputs.push_back(Output::Effect(ticket, Effect::Commit(whole)));
    }
    /// Sends a batch to disk that nothing waits for: with the next one, or when [`HELD_MS`] are over. So the leaf that we asked
    /// costs no sync of its own when the answer comes in time.
    pub(super) fn commit_soon(&mut self, now: Millis, batch: Batch) {
        self.held.writes.extend(batch.writes);
        self.held.events.extend(batch.events);
        self.timers.set_by(Timer::Held, now.plus(HELD_MS));
    }
    /// Sends what was held back to disk. For drivers too, before they end: drain [`Engine::poll`] once more after it.
    pub fn write_held(&mut self) {
        if !self.held.is_empty() {
            self.commit(Batch::default(), Then::Nothing);
        }
    }
    /// What follows of an effect that is done, with the leaves of its own batch.
    pub(super) fn take_done(&mut self, ticket: Ticket, done: Done) -> Option<(Then, Done)> {
        self.view.settle(ticket);
        let (foreign, then) = self.waiting.remove(&ticket)?;
        let done = match done {
            Done::Committed(leaves) => Done::Committed(leaves.get(foreign..).unwrap_or_default().to_vec()),
            done => done,
        };
        Some((then, done))
    }
}

/// How long a leaf may wait for company: longer than an answer takes across the country, shorter than anybody notices.
const HELD_MS: u64 = 100;
