//! What the Engine's hands need from the rest of the node: a clock, a store, the bytes of records, and somebody to tell.
use protocol::confirm::{Answer, Values};
use protocol::data::{Batch, View, Write};
use protocol::engine::{Done, Engine, Event, Input, Receive, Source, Ticket};
use protocol::fetch::Item;
use protocol::ids::{Hash, PatientRef, RequestId};
use protocol::limits::CHUNK_BYTES_MAX;
use protocol::time::Millis;
use std::borrow::Cow;
use std::io::{self, Read as _};
use tokio::sync::mpsc;

/// The rest of the node, as the driver sees it.
pub trait Host: Send + Sync + 'static {
    /// The guarded moment; never backward.
    fn now(&self) -> Millis;
    /// Takes a batch for writing; `done` is called when it is durable and visible. Called on the Engine's thread, in order: it
    /// may wait for a place in a queue, not for a disk.
    fn commit(&self, batch: Batch, done: Completion);
    /// Deletes the copies that these requests fetched; `done` when it is durable. As [`Host::commit`].
    fn forget(&self, requests: Vec<RequestId>, done: Completion);
    /// A patient's values for a blind confirmation. Called on the Engine's thread: a read and a few hashes.
    fn values(&self, patient: PatientRef) -> Option<Values>;
    /// What it means that these of them agree. As [`Host::values`].
    fn judge(&self, patient: PatientRef, agreed: &[bool]) -> Answer;
    /// The records of one answer. Used on a thread that may block.
    fn shelf(&self) -> Box<dyn Shelf>;
    /// A place for the items of an answer. Called on a thread that may block.
    ///
    /// # Errors
    /// There is no room; the transfer ends incomplete.
    fn keep(&self, receive: &Receive) -> io::Result<Box<dyn Keeper>>;
    /// Something happened. Called on the Engine's thread, in order: must not wait.
    fn event(&self, event: Event);
    /// The next thing that the node wants of the Engine. Called on the Engine's thread, until there is none, after each
    /// [`crate::EngineHandle::wake`]: must not wait.
    fn next(&self) -> Option<Input>;
    /// Everything that followed from one input is under way, and this is the Engine now: what speaks of it may be told.
    /// Called on the Engine's thread: must not wait.
    fn settle<V: View>(&self, engine: &Engine<V>);
}

/// Gives the records of one answer, in the order of its plan.
pub trait Shelf: Send {
    /// The bytes of one item, from its beginning.
    ///
    /// # Errors
    /// The record cannot be given any more; the reader is told so.
    fn open(&mut self, source: &Source, item: &Item) -> io::Result<Box<dyn io::Read + Send>>;
    /// The whole bytes of an item of at most one chunk, without a copy where they lie at hand.
    ///
    /// # Errors
    /// As [`Shelf::open`].
    fn small(&mut self, source: &Source, item: &Item) -> io::Result<Cow<'_, [u8]>> {
        let mut bytes = Vec::new();
        // One byte more than there may be shows a record that is longer than its plan says.
        self.open(source, item)?.take(CHUNK_BYTES_MAX + 1).read_to_end(&mut bytes)?;
        Ok(Cow::Owned(bytes))
    }
    /// The hash of every chunk of a large item, if they are known without reading it.
    fn hashes(&mut self, source: &Source) -> Option<Vec<Hash>>;
}

/// Takes in one answer. Dropped before [`Keeper::finish`]: nothing is kept.
pub trait Keeper: Send {
    /// The next bytes of an item, verified; `last` if the item is whole with them. Items and bytes come in order.
    ///
    /// # Errors
    /// The disk refused; the transfer ends and nothing is kept.
    fn write(&mut self, item: u32, offset: u64, bytes: &[u8], last: bool) -> io::Result<()>;
    /// Nothing more comes. The whole items are on disk when this returns; what is begun and not whole is dropped.
    ///
    /// # Errors
    /// The disk refused; nothing is kept.
    fn finish(self: Box<Self>) -> io::Result<Vec<Write>>;
}

/// The answer that is owed to the Engine for one effect. Dropped unanswered, it answers for itself that nothing was done.
#[derive(Debug)]
pub struct Completion {
    ticket: Ticket,
    /// What is answered in the end; taken when it is.
    answer: Option<Done>,
    to: mpsc::UnboundedSender<(Ticket, Done)>,
}

impl Completion {
    pub(crate) fn new(ticket: Ticket, unanswered: Done, to: mpsc::UnboundedSender<(Ticket, Done)>) -> Self {
        Self { ticket, answer: Some(unanswered), to }
    }
    /// The batch is durable; the log index of each of its events.
    pub fn committed(self, leaves: Vec<u64>) {
        self.answer(Done::Committed(leaves));
    }
    /// Nothing was written; why, for the operator.
    pub fn failed(self, why: impl Into<String>) {
        self.answer(Done::Failed(why.into()));
    }
    pub(crate) fn answer(mut self, done: Done) {
        self.answer = Some(done);
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        if let Some(done) = self.answer.take() {
            // An error means that the Engine has ended and waits for nothing.
            let _ = self.to.send((self.ticket, done));
        }
    }
}
