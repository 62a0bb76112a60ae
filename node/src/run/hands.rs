use peer::{Completion, EngineHandle, Keeper};
use protocol::confirm::{Answer, Values};
use protocol::data::{Batch, View, Write};
use protocol::engine::{Done, Engine, Event, Input, Receive, Source};
use protocol::fetch::Item;
use protocol::ids::{Hash, PatientRef, RequestId};
use protocol::time::Millis;
use service::engine::{Host, Inbox, Keeping, Shelf};
use std::borrow::Cow;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The service's hands, as the network's driver of the Engine wants them.
pub struct Hands {
    host: Host,
    /// What the use cases want of the Engine; none after the end.
    inbox: Mutex<Option<Inbox>>,
}

impl Hands {
    /// Of an opened node.
    pub fn new(host: Host, inbox: Inbox) -> Self {
        Self { host, inbox: Mutex::new(Some(inbox)) }
    }
    /// From now on every command wakes the Engine.
    pub fn wake(&self, engine: EngineHandle) {
        if let Some(inbox) = &*self.inbox() {
            let bell = engine.clone();
            inbox.on_command(Box::new(move || bell.wake()));
        }
        // For what came before.
        engine.wake();
    }
    /// The Engine has ended: who waits for it hears *stopped*.
    pub fn close(&self) {
        self.inbox().take();
    }
    fn inbox(&self) -> MutexGuard<'_, Option<Inbox>> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl peer::Host for Hands {
    fn now(&self) -> Millis {
        self.host.now()
    }
    fn commit(&self, batch: Batch, done: Completion) {
        self.host.commit(batch, move |outcome| answer(done, outcome));
    }
    fn forget(&self, requests: Vec<RequestId>, done: Completion) {
        self.host.forget(&requests, move |outcome| answer(done, outcome));
    }
    fn values(&self, patient: PatientRef) -> Option<Values> {
        self.host.values(patient)
    }
    fn judge(&self, patient: PatientRef, agreed: &[bool]) -> Answer {
        self.host.judge(patient, agreed)
    }
    fn shelf(&self) -> Box<dyn peer::Shelf> {
        Box::new(Own(self.host.shelf()))
    }
    fn keep(&self, receive: &Receive) -> io::Result<Box<dyn Keeper>> {
        Ok(Box::new(Kept(self.host.keeping(receive))))
    }
    fn event(&self, event: Event) {
        self.host.on_event(event);
    }
    fn next(&self) -> Option<Input> {
        self.inbox().as_ref().and_then(Inbox::next)
    }
    fn settle<V: View>(&self, engine: &Engine<V>) {
        self.host.settle(engine);
    }
}

fn answer(done: Completion, outcome: Done) {
    match outcome {
        Done::Committed(leaves) => done.committed(leaves),
        Done::Failed(why) => done.failed(why),
        other => done.failed(format!("the store answered a batch with {other:?}")),
    }
}

struct Own(Shelf);

impl peer::Shelf for Own {
    fn open(&mut self, source: &Source, _item: &Item) -> io::Result<Box<dyn io::Read + Send>> {
        Ok(Box::new(self.0.item(source).map_err(io::Error::other)?))
    }
    fn small(&mut self, source: &Source, _item: &Item) -> io::Result<Cow<'_, [u8]>> {
        self.0.small(source).map_err(io::Error::other)
    }
    fn hashes(&mut self, source: &Source) -> Option<Vec<Hash>> {
        self.0.hashes(source)
    }
}

struct Kept(Keeping);

impl Keeper for Kept {
    fn write(&mut self, item: u32, offset: u64, bytes: &[u8], last: bool) -> io::Result<()> {
        self.0.write(item, offset, bytes, last).map_err(io::Error::other)
    }
    fn finish(self: Box<Self>) -> io::Result<Vec<Write>> {
        self.0.finish().map_err(io::Error::other)
    }
}
