use super::host::Board;
use crate::limits::{ANSWERS_MAX, COMMAND_WAIT_MS, EVENTS_MAX, SNAPSHOT_WAIT_MS, SUBSCRIBERS_MAX};
use protocol::engine::{Alarm, Command, Event, JoinStatus, Snapshot, Ticket};
use protocol::ids::NetworkId;
use protocol::state::Book;
use protocol::time::Millis;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// Too much is asked at once; nothing happened.
    #[error("the node has too much to do right now; try again in a moment")]
    Busy,
    /// Nobody drives the Engine (any more); what was on its way may have happened.
    #[error("the node is not running, or is stopping; start it with `musubi run`")]
    Stopped,
    /// No answer in time; it may still happen.
    #[error("the node did not answer in time; look at `musubi status`")]
    Late,
    /// The Engine said no, and why.
    #[error("{0}")]
    Refused(String),
}

/// The way to the running Engine for every use case. Cheap to clone; every call may block.
#[derive(Clone)]
pub struct EngineHandle {
    pub(super) link: Arc<Link>,
}

/// Called after a command was queued.
pub(super) type Waker = Box<dyn Fn() + Send + Sync>;

/// What waits for the Engine's driver.
pub(super) enum Job {
    /// Something to do.
    Command(Ticket, Command),
    /// Somebody wants a picture of the Engine.
    Look(SyncSender<Arc<Snapshot>>),
}

/// What handle, host and inbox have in common.
pub(super) struct Link {
    pub queue: SyncSender<Job>,
    pub waker: Mutex<Option<Waker>>,
    pub next: AtomicU64,
    pub slots: Mutex<BTreeMap<Ticket, SyncSender<Event>>>,
    pub subscribers: Mutex<Vec<SyncSender<Event>>>,
    pub lookers: Mutex<Vec<SyncSender<Arc<Snapshot>>>>,
    pub board: RwLock<Board>,
}

/// A command on its way: gives the events that answer it.
pub struct Pending {
    ticket: Ticket,
    events: Receiver<Event>,
    link: Arc<Link>,
}

impl EngineHandle {
    /// Sends a command and gives the place where its answers come.
    ///
    /// # Errors
    /// [`CommandError::Busy`] or [`CommandError::Stopped`]; nothing happened then.
    pub fn send(&self, command: Command) -> Result<Pending, CommandError> {
        let ticket = Ticket(self.link.next.fetch_add(1, Ordering::Relaxed));
        let (slot, events) = sync_channel(ANSWERS_MAX);
        lock(&self.link.slots).insert(ticket, slot);
        let pending = Pending { ticket, events, link: self.link.clone() };
        self.link.queue.try_send(Job::Command(ticket, command)).map_err(|error| match error {
            TrySendError::Full(_) => CommandError::Busy,
            TrySendError::Disconnected(_) => CommandError::Stopped,
        })?;
        self.link.wake();
        Ok(pending)
    }
    /// Sends a command and waits until it is carried out.
    ///
    /// # Errors
    /// [`CommandError`]; a refusal carries the Engine's words.
    pub fn ask(&self, command: Command) -> Result<(), CommandError> {
        let pending = self.send(command)?;
        loop {
            if let Event::CommandDone(_, outcome) = pending.next(Duration::from_millis(COMMAND_WAIT_MS))? {
                return outcome.map_err(CommandError::Refused);
            }
        }
    }
    /// Sends a command whose outcome nobody waits for.
    ///
    /// # Errors
    /// As [`EngineHandle::send`].
    pub fn cast(&self, command: Command) -> Result<(), CommandError> {
        self.send(command).map(drop)
    }
    /// Every event from now on. Whoever reads too slowly loses events; drop the receiver to end it.
    ///
    /// # Errors
    /// [`CommandError::Busy`] if too many listen already.
    pub fn subscribe(&self) -> Result<Receiver<Event>, CommandError> {
        let mut subscribers = lock(&self.link.subscribers);
        if subscribers.len() >= SUBSCRIBERS_MAX {
            return Err(CommandError::Busy);
        }
        let (sender, receiver) = sync_channel(EVENTS_MAX);
        subscribers.push(sender);
        Ok(receiver)
    }
    /// What is known of networks and members, as of the last thing that happened.
    pub fn book(&self) -> Arc<Book> {
        self.link.board(|board| board.book.clone())
    }
    /// A picture of the Engine as it is now; none if nobody drives it or it has too much to do.
    pub fn snapshot(&self) -> Option<Arc<Snapshot>> {
        if !self.is_running() {
            return None;
        }
        let (sender, picture) = sync_channel(1);
        self.link.queue.try_send(Job::Look(sender)).ok()?;
        self.link.wake();
        picture.recv_timeout(Duration::from_millis(SNAPSHOT_WAIT_MS)).ok()
    }
    /// How a request of ours to join stands, since the start.
    pub fn join_status(&self, network: NetworkId) -> Option<JoinStatus> {
        self.link.board(|board| board.joins.get(&network).cloned())
    }
    /// The newest alarms since the start, oldest first.
    pub fn alarms(&self) -> Vec<(Millis, Alarm)> {
        self.link.board(|board| board.alarms.iter().cloned().collect())
    }
    /// The newest word of witnesses since the start: size of the log, cosignatures, enough.
    pub fn witnessed(&self) -> Option<(u64, usize, bool)> {
        self.link.board(|board| board.witnessed)
    }
    /// Whether somebody drives the Engine.
    pub fn is_running(&self) -> bool {
        self.link.board(|board| board.running)
    }
}

impl Pending {
    /// Under which ticket it runs.
    pub fn ticket(&self) -> Ticket {
        self.ticket
    }
    /// The next event that answers it.
    ///
    /// # Errors
    /// [`CommandError::Late`] after `wait`, [`CommandError::Stopped`] if the Engine ended.
    pub fn next(&self, wait: Duration) -> Result<Event, CommandError> {
        self.events.recv_timeout(wait).map_err(|error| match error {
            RecvTimeoutError::Timeout => CommandError::Late,
            RecvTimeoutError::Disconnected => CommandError::Stopped,
        })
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        lock(&self.link.slots).remove(&self.ticket);
    }
}

impl Link {
    pub(super) fn wake(&self) {
        if let Some(waker) = &*lock(&self.waker) {
            waker();
        }
    }
    fn board<T>(&self, read: impl FnOnce(&Board) -> T) -> T {
        read(&self.board.read().unwrap_or_else(PoisonError::into_inner))
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
