use peer::{Completion, EngineHandle, Keeper};
use protocol::data::{Batch, Write};
use protocol::engine::{Done, Event, Input, Receive, Source};
use protocol::fetch::Item;
use protocol::ids::{Hash, RequestId};
use protocol::time::Millis;
use service::engine::{Host, Inbox, Keeping, Shelf};
use std::borrow::Cow;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use store::StoreView;
use tokio::runtime::Handle;

/// The service's hands, as the network's driver of the Engine wants them.
pub struct Hands(pub Host);

impl peer::Host for Hands {
    fn now(&self) -> Millis {
        self.0.now()
    }
    fn commit(&self, batch: Batch, done: Completion) {
        self.0.commit(batch, move |outcome| answer(done, outcome));
    }
    fn forget(&self, requests: Vec<RequestId>, done: Completion) {
        self.0.forget(&requests, move |outcome| answer(done, outcome));
    }
    fn shelf(&self) -> Box<dyn peer::Shelf> {
        Box::new(Own(self.0.shelf()))
    }
    fn keep(&self, receive: &Receive) -> io::Result<Box<dyn Keeper>> {
        Ok(Box::new(Kept(self.0.keeping(receive))))
    }
    fn event(&self, event: Event) {
        self.0.on_event(event);
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

/// The thread that carries commands of use cases to the Engine, and what the Engine told back to them.
pub struct Carrier {
    stopping: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Carrier {
    /// Starts it.
    ///
    /// # Errors
    /// The operating system has no thread left.
    pub fn start(host: Host, inbox: Inbox, engine: EngineHandle<StoreView>, runtime: Handle) -> io::Result<Self> {
        let stopping = Arc::new(AtomicBool::new(false));
        let flag = stopping.clone();
        host.settle_later();
        let carry = move || {
            while !flag.load(Ordering::Relaxed) {
                if let Some(Input::Command(ticket, command)) = inbox.wait(LOOK) {
                    while engine.command(ticket, command.clone()).is_err() && !flag.load(Ordering::Relaxed) {
                        // Its queue is full: the bounded inbox behind us fills up, and callers hear *busy*.
                        std::thread::sleep(FULL);
                    }
                }
                if host.is_unsettled() {
                    let own = host.clone();
                    // An error means that the Engine has too much to do; the next round settles.
                    let _ = runtime.block_on(engine.look(move |engine, _| own.settle(engine)));
                }
            }
        };
        Ok(Self { stopping, thread: std::thread::Builder::new().name("carrier".into()).spawn(carry)? })
    }
    /// Whether it ended without being told to: a bug.
    pub fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }
    /// Ends it; callers that wait hear *stopped*.
    pub fn stop(self) {
        self.stopping.store(true, Ordering::Relaxed);
        // A panic was printed when it happened.
        let _ = self.thread.join();
    }
}

/// Events and commands wake the thread at once; this only bounds how late it sees the end.
const LOOK: Duration = Duration::from_millis(200);
/// Pause when the Engine's queue is full.
const FULL: Duration = Duration::from_millis(5);
