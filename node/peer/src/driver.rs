//! The Engine's thread: feeds it with what the network, the node and the clock bring, and performs what it decides, in order.
//!
//! Nothing here decides. Messages are decoded and encoded, batches go to the [`Host`], connections to the [`NetHandle`], and
//! the bytes of transfers never touch this thread: `serve` and `receive` move them in tasks of their own.
//!
//! Bounds: the network's queue of events is bounded there, that of commands by the [`Host`]. Answers to effects come through a
//! queue without a bound of its own, so that no store thread ever waits for the Engine (which may wait for the store): it
//! holds at most one answer per effect that the Engine waits for.
use crate::event::NetEvent;
use crate::handle::{NetHandle, SendError};
use crate::host::{Completion, Host};
use crate::limits::{BELLS_MAX, FRAME_BYTES_MAX};
use protocol::data::View;
use protocol::engine::{Done, Effect, Engine, Input, Output, Received, Ticket};
use protocol::ids::NodeKey;
use protocol::wire::{self, Message, WireError, v1};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::sleep;

mod addresses;
mod inline;
mod receive;
mod serve;
mod transfers;

use transfers::Transfers;

/// The way to a running Engine. Cheap to clone; when the last clone is dropped, the Engine ends.
#[derive(Clone)]
pub struct EngineHandle {
    bell: mpsc::Sender<Bell>,
}

/// What the node wants of the Engine's thread.
enum Bell {
    /// To look what [`Host::next`] has.
    Ring,
    /// To end.
    Stop,
}

/// A running Engine, to wait for its end.
pub struct Running {
    thread: JoinHandle<()>,
}

/// How an Engine ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was asked to, or nobody needs it any more.
    Stopped,
    /// A bug. What is on disk is whole; the process must end and be started anew.
    Panicked,
}

/// Starts the Engine's thread; call it inside of a tokio runtime, which will move the bytes of transfers. The network ends
/// with the Engine.
///
/// # Errors
/// The operating system has no thread left.
pub fn drive<V, H>(
    engine: Engine<V>,
    host: Arc<H>,
    net: NetHandle,
    events: mpsc::Receiver<NetEvent>,
) -> std::io::Result<(EngineHandle, Running)>
where
    V: View + Send + 'static,
    H: Host,
{
    let (bell, rings) = mpsc::channel(BELLS_MAX);
    let (answers_in, answers) = mpsc::unbounded_channel();
    let transfers = Transfers::new(host.clone(), net.clone(), Handle::current());
    let driver = Driver { engine, host, net, transfers, answers_in };
    let clock = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let queues = Queues { events, rings, answers };
    let run = move || clock.block_on(driver.run(queues));
    let thread = std::thread::Builder::new().name("engine".to_owned()).spawn(run)?;
    Ok((EngineHandle { bell }, Running { thread }))
}

impl EngineHandle {
    /// Something waits in the [`Host`]. Never waits itself.
    pub fn wake(&self) {
        // A full queue holds a ring that is still to come, and an Engine that ended takes nothing.
        let _ = self.bell.try_send(Bell::Ring);
    }
    /// Ends the Engine after what waits in the [`Host`] already.
    pub async fn stop(&self) {
        self.wake();
        // An error means that it has ended already.
        let _ = self.bell.send(Bell::Stop).await;
    }
}

impl Running {
    /// Waits for the end.
    pub async fn ended(self) -> End {
        let joined = tokio::task::spawn_blocking(|| self.thread.join()).await;
        if matches!(joined, Ok(Ok(()))) { End::Stopped } else { End::Panicked }
    }
}

struct Queues {
    events: mpsc::Receiver<NetEvent>,
    rings: mpsc::Receiver<Bell>,
    answers: mpsc::UnboundedReceiver<(Ticket, Done)>,
}

struct Driver<V: View, H: Host> {
    engine: Engine<V>,
    host: Arc<H>,
    net: NetHandle,
    transfers: Transfers<H>,
    answers_in: mpsc::UnboundedSender<(Ticket, Done)>,
}

impl<V: View, H: Host> Driver<V, H> {
    async fn run(mut self, mut queues: Queues) {
        self.feed(Input::Timeout);
        self.listening();
        loop {
            let wait = self.engine.deadline().map(|at| Duration::from_millis(at.since(self.host.now())));
            tokio::select! {
                answer = queues.answers.recv() => {
                    // The driver holds a sender itself, so there is always an answer.
                    if let Some((ticket, done)) = answer {
                        self.feed(Input::Done(ticket, done));
                    }
                }
                event = queues.events.recv() => match event {
                    Some(event) => self.on_net_event(event),
                    None => break,
                },
                ring = queues.rings.recv() => match ring {
                    Some(Bell::Ring) => {
                        while let Some(input) = self.host.next() {
                            self.feed(input);
                        }
                    }
                    Some(Bell::Stop) | None => break,
                },
                () = sleep(wait.unwrap_or_default()), if wait.is_some() => self.feed(Input::Timeout),
            }
        }
        self.engine.write_held();
        self.perform_all();
        self.transfers.cancel_all();
    }

    /// One input, and everything that follows from it.
    fn feed(&mut self, input: Input) {
        self.engine.handle(self.host.now(), input);
        self.perform_all();
        self.host.settle(&self.engine);
    }

    fn perform_all(&mut self) {
        while let Some(output) = self.engine.poll() {
            match output {
                Output::Send { to, message } => self.send(to, message),
                Output::Effect(ticket, effect) => self.perform(ticket, effect),
                Output::Event(event) => self.host.event(event),
            }
        }
    }

    fn send(&self, to: NodeKey, message: Message) {
        match self.net.send(to, wire::encode(message)) {
            Ok(()) => {}
            // The Engine hears of it as `Disconnected`, or has heard already.
            Err(SendError::NotConnected) => {}
            Err(SendError::Full) => {
                // A lost message would leave both sides with different pictures: begin anew instead.
                tracing::debug!(node = ?to, "takes messages too slowly; connecting anew");
                let _ = self.net.reset(to);
            }
            Err(SendError::Length(bytes)) => {
                tracing::error!(bytes, limit = FRAME_BYTES_MAX, "a message of ours is too long and was not sent");
            }
        }
    }

    fn perform(&mut self, ticket: Ticket, effect: Effect) {
        let owed = |unanswered| Completion::new(ticket, unanswered, self.answers_in.clone());
        let unwritten = || Done::Failed("the store gave no answer".to_owned());
        match effect {
            Effect::Commit(batch) => self.host.commit(batch, owed(unwritten())),
            Effect::Forget(requests) => self.host.forget(requests, owed(unwritten())),
            Effect::Dial { node, addresses } => {
                let addresses = addresses.iter().filter_map(|text| text.parse().ok()).collect();
                let addresses = addresses::worth_dialling(addresses, &self.net.listen_addrs());
                if self.net.want(node, addresses).is_err() {
                    tracing::debug!(?node, "not dialled now: too much to do");
                }
            }
            Effect::Hangup { node, until } => {
                let time = Duration::from_millis(until.since(self.host.now()));
                let done = if time.is_zero() { self.net.hangup(node) } else { self.net.block(node, time) };
                if done.is_err() {
                    tracing::warn!(?node, "not hung up: too much to do");
                }
            }
            Effect::Values(patient) => owed(Done::Values(None)).answer(Done::Values(self.host.values(patient))),
            Effect::Judge { patient, agreed } => {
                let answer = self.host.judge(patient, &agreed);
                owed(Done::Judged(answer)).answer(Done::Judged(answer));
            }
            Effect::Serve(serve) => self.transfers.serve(serve, owed(Done::Served { complete: false })),
            Effect::Receive(receive) => {
                self.transfers.receive(receive, owed(Done::Received(Received::default())));
            }
            Effect::Cancel(request) => self.transfers.cancel(request),
        }
    }

    fn on_net_event(&mut self, event: NetEvent) {
        match event {
            NetEvent::Frame { node, bytes } => self.on_frame(node, &bytes),
            NetEvent::Bulk { node, stream } => self.transfers.on_bulk(node, stream),
            NetEvent::Connected { node, .. } => self.feed(Input::Connected(node)),
            NetEvent::Disconnected { node } => {
                self.transfers.on_disconnected(node);
                self.feed(Input::Disconnected(node));
            }
            NetEvent::DialFailed { node, why } => {
                tracing::debug!(?node, why, "not reached");
                self.feed(Input::Unreachable(node));
            }
            NetEvent::ListenAddr(_) | NetEvent::ListenAddrGone(_) => self.listening(),
            NetEvent::Warning { node, warning } => {
                tracing::warn!(?node, %warning, "network");
                if let Some(from) = node.filter(|_| warning.is_strike()) {
                    self.feed(Input::Garbage { from });
                }
            }
            NetEvent::Moved { node, via, .. } => tracing::debug!(?node, ?via, "another path"),
            NetEvent::ReservationAccepted { relay } => tracing::info!(?relay, "reachable through a relay"),
            NetEvent::ReservationLost { relay } => tracing::warn!(?relay, "no longer reachable through this relay"),
            NetEvent::Neighbour { node, addr } => tracing::info!(?node, %addr, "a neighbour on this network"),
        }
    }

    fn on_frame(&mut self, from: NodeKey, bytes: &[u8]) {
        match wire::decode(bytes) {
            // Pieces belong to a transfer; one without is late, and nobody waits for it.
            Ok(Message::Piece(piece)) => self.transfers.on_piece(from, piece),
            Ok(message) => self.feed(Input::Message { from, message }),
            Err(WireError::Unknown(version)) => {
                let hint = format!("unknown message of wire version {version}; the older side should be updated");
                self.send(from, Message::Refuse(v1::Refuse { code: REFUSE_UNKNOWN, hint }));
            }
            Err(WireError::Long(_) | WireError::Garbage) => self.feed(Input::Garbage { from }),
        }
    }

    fn listening(&mut self) {
        let addresses = addresses::worth_telling(&self.net.listen_addrs());
        self.feed(Input::Listening(addresses));
    }
}

/// `Refuse.code`: a message that this version does not know.
const REFUSE_UNKNOWN: u32 = 3;
