use crate::address::relay_of;
use crate::bulk::{BULK_PROTOCOL, BulkStream};
use crate::event::Via;
use crate::identity::peer_id_of;
use crate::limits::*;
use crate::msg::Queued;
use libp2p::Multiaddr;
use libp2p_stream::Control;
use protocol::ids::NodeKey;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;

/// Everything that others may ask of the network part. Cheap to clone; when the last clone is dropped, the network stops.
#[derive(Clone)]
pub struct NetHandle {
    pub(crate) own: NodeKey,
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) board: Arc<Board>,
    pub(crate) control: Control,
}

/// What the swarm's task is asked to do.
pub(crate) enum Command {
    Dial { node: NodeKey, addresses: Vec<Multiaddr> },
    Want { node: NodeKey, addresses: Vec<Multiaddr> },
    Unwant(NodeKey),
    Reserve { relay: NodeKey, address: Multiaddr },
    Hangup(NodeKey),
    Reset(NodeKey),
    Block { node: NodeKey, time: Duration },
    Unblock(NodeKey),
    Shutdown(oneshot::Sender<()>),
}

/// What the swarm's task lets others see at once, without asking it.
#[derive(Default)]
pub(crate) struct Board {
    lines: RwLock<BTreeMap<NodeKey, Line>>,
    addresses: RwLock<Vec<Multiaddr>>,
    sent_bytes: AtomicU64,
}

/// The line to one connected peer.
pub(crate) struct Line {
    pub frames: mpsc::Sender<Queued>,
    pub room: Arc<Semaphore>,
    pub bulk: Arc<Semaphore>,
    pub status: PeerStatus,
}

/// How a connected peer is reached right now.
#[derive(Clone, Debug, PartialEq)]
pub struct PeerStatus {
    /// The peer.
    pub node: NodeKey,
    /// Whether somebody is in between.
    pub via: Via,
    /// The peer's address as seen from here.
    pub addr: Multiaddr,
    /// The last ping's round trip, once there was one.
    pub round_trip: Option<Duration>,
}

impl Board {
    pub(crate) fn lines(&self) -> RwLockReadGuard<'_, BTreeMap<NodeKey, Line>> {
        self.lines.read().unwrap_or_else(PoisonError::into_inner)
    }
    pub(crate) fn lines_mut(&self) -> RwLockWriteGuard<'_, BTreeMap<NodeKey, Line>> {
        self.lines.write().unwrap_or_else(PoisonError::into_inner)
    }
    pub(crate) fn addresses(&self) -> RwLockReadGuard<'_, Vec<Multiaddr>> {
        self.addresses.read().unwrap_or_else(PoisonError::into_inner)
    }
    pub(crate) fn addresses_mut(&self) -> RwLockWriteGuard<'_, Vec<Multiaddr>> {
        self.addresses.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl NetHandle {
    /// This node's own key.
    pub fn node(&self) -> NodeKey {
        self.own
    }
    /// Tries to reach a peer once: direct addresses first, then relays. Ends in `Connected` or `DialFailed`; if the peer is
    /// connected already, in nothing.
    ///
    /// # Errors
    /// [`Busy`] if too much is asked at once; nothing happens then.
    pub fn dial(&self, node: NodeKey, addresses: Vec<Multiaddr>) -> Result<(), Busy> {
        self.ask(Command::Dial { node, addresses })
    }
    /// Keeps a peer connected from now on, with growing pauses between rounds. New addresses replace the old and are tried at
    /// once.
    ///
    /// # Errors
    /// [`Busy`] if too much is asked at once; nothing happens then.
    pub fn want(&self, node: NodeKey, addresses: Vec<Multiaddr>) -> Result<(), Busy> {
        self.ask(Command::Want { node, addresses })
    }
    /// Ends [`NetHandle::want`]. A connection stays until it idles out.
    ///
    /// # Errors
    /// [`Busy`] if too much is asked at once; nothing happens then.
    pub fn unwant(&self, node: NodeKey) -> Result<(), Busy> {
        self.ask(Command::Unwant(node))
    }
    /// Keeps a reservation at a relay from now on, besides those of the configuration (at most four in all), so that others
    /// reach this node through it. `address` is `…/p2p/RELAY`; one that is no relay's address changes nothing.
    ///
    /// # Errors
    /// [`Busy`] if too much is asked at once; nothing happens then.
    pub fn reserve(&self, address: &Multiaddr) -> Result<(), Busy> {
        match relay_of(address) {
            Some((relay, address)) => self.ask(Command::Reserve { relay, address }),
            None => Ok(()),
        }
    }
    /// Closes all connections to a peer and ends [`NetHandle::want`]. What is queued for it leaves before, unless it takes
    /// longer than two seconds to read that.
    ///
    /// # Errors
    /// [`Busy`] if too much is asked at once; nothing happens then.
    pub fn hangup(&self, node: NodeKey) -> Result<(), Busy> {
        self.ask(Command::Hangup(node))
    }
    /// Closes all connections to a peer, for instance because it takes nothing any more; a wanted one is dialled again.
    ///
    /// # Errors
    /// [`Busy`] if too much is asked at once; nothing happens then.
    pub fn reset(&self, node: NodeKey) -> Result<(), Busy> {
        self.ask(Command::Reset(node))
    }
    /// Hangs up and refuses connections in both directions for this time.
    ///
    /// # Errors
    /// [`Busy`] if too much is asked at once; nothing happens then.
    pub fn block(&self, node: NodeKey, time: Duration) -> Result<(), Busy> {
        self.ask(Command::Block { node, time })
    }
    /// Ends [`NetHandle::block`] early.
    ///
    /// # Errors
    /// [`Busy`] if too much is asked at once; nothing happens then.
    pub fn unblock(&self, node: NodeKey) -> Result<(), Busy> {
        self.ask(Command::Unblock(node))
    }
    fn ask(&self, command: Command) -> Result<(), Busy> {
        self.commands.try_send(command).map_err(|_| Busy)
    }
    /// Queues one frame for a connected peer; frames leave in order. Never waits. Success means queued: a frame is lost when
    /// the peer disconnects before it left.
    ///
    /// # Errors
    /// [`SendError`] says why it was not queued; no earlier frame is touched.
    pub fn send(&self, node: NodeKey, frame: Vec<u8>) -> Result<(), SendError> {
        if frame.is_empty() || frame.len() > FRAME_BYTES_MAX {
            return Err(SendError::Length(frame.len()));
        }
        let size = u32::try_from(frame.len()).map_err(|_| SendError::Length(frame.len()))?;
        let lines = self.board.lines();
        let line = lines.get(&node).ok_or(SendError::NotConnected)?;
        let room = line.room.clone().try_acquire_many_owned(size).map_err(|_| SendError::Full)?;
        line.frames.try_send(Queued { bytes: frame, _room: room }).map_err(|error| match error {
            TrySendError::Full(_) => SendError::Full,
            TrySendError::Closed(_) => SendError::NotConnected,
        })?;
        self.board.sent_bytes.fetch_add(size.into(), Ordering::Relaxed);
        Ok(())
    }
    /// Bytes of messages queued for peers since the start, without those of transfers.
    pub fn sent_bytes(&self) -> u64 {
        self.board.sent_bytes.load(Ordering::Relaxed)
    }
    /// Opens a bulk stream to a connected peer.
    ///
    /// # Errors
    /// [`OpenError`] says why there is none.
    pub async fn open_bulk(&self, node: NodeKey) -> Result<BulkStream, OpenError> {
        let bulk = self.board.lines().get(&node).ok_or(OpenError::NotConnected)?.bulk.clone();
        let place = bulk.try_acquire_owned().map_err(|_| OpenError::Full)?;
        let mut control = self.control.clone();
        match timeout(STREAM_OPEN_DEADLINE, control.open_stream(peer_id_of(node), BULK_PROTOCOL)).await {
            Ok(Ok(stream)) => Ok(BulkStream::new(stream, place)),
            Ok(Err(error)) => Err(OpenError::Refused(error.to_string())),
            Err(_) => Err(OpenError::Late),
        }
    }
    /// The addresses under which we are reachable now, each ending with our own PeerId; circuits through relays included.
    pub fn listen_addrs(&self) -> Vec<Multiaddr> {
        self.board.addresses().clone()
    }
    /// How each connected peer is reached right now, by key.
    pub fn peers(&self) -> Vec<PeerStatus> {
        self.board.lines().values().map(|line| line.status.clone()).collect()
    }
    /// Closes all connections and listeners; returns when the network part has ended. Waits at most some seconds.
    pub async fn shutdown(&self) {
        let (done, ended) = oneshot::channel();
        if self.commands.send(Command::Shutdown(done)).await.is_ok() {
            // An error means that it ended by itself meanwhile.
            let _ = ended.await;
        }
    }
}

/// Too much is asked of the network part at once, or it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the network part has too much to do or has ended; try again later")]
pub struct Busy;

/// Why a frame was not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The peer takes frames more slowly than we send. Wait, or give the peer up.
    #[error("the queue to this peer is full")]
    Full,
    /// There is no connection. Dial first.
    #[error("this peer is not connected")]
    NotConnected,
    /// The frame is empty or longer than 1 MiB. A mistake of the caller.
    #[error("a frame has 1 to {FRAME_BYTES_MAX} bytes, not {0}")]
    Length(usize),
}

/// Why no bulk stream was opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// As many as allowed are open to this peer. Wait until one ends.
    #[error("{BULK_STREAMS_PER_PEER} bulk streams are open to this peer already")]
    Full,
    /// There is no connection. Dial first.
    #[error("this peer is not connected")]
    NotConnected,
    /// The peer or the connection refused.
    #[error("no bulk stream: {0}")]
    Refused(String),
    /// The peer did not answer in time.
    #[error("no bulk stream: the peer did not answer in time")]
    Late,
}
