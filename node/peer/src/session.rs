//! What exists while a peer is connected: its two stream tasks and their queues.
use crate::event::{NetEvent, Via};
use crate::handle::{Line, PeerStatus};
use crate::identity::peer_id_of;
use crate::limits::*;
use crate::msg::{Reader, Writer, read_loop, write_loop};
use crate::swarm::Notice;
use libp2p::Stream;
use libp2p::swarm::ConnectionId;
use libp2p_stream::Control;
use protocol::ids::NodeKey;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::AbortHandle;

/// A connected peer. Dropping it ends its tasks.
pub(crate) struct Session {
    /// The connection that new streams take.
    pub carrier: ConnectionId,
    /// Places for the peer's bulk streams.
    pub bulk: Arc<Semaphore>,
    pub strikes: u32,
    path: watch::Sender<u64>,
    streams: mpsc::Sender<Stream>,
    tasks: [AbortHandle; 2],
}

/// What a session shares with the rest of the node.
pub(crate) struct Surroundings {
    pub control: Control,
    pub events: mpsc::Sender<NetEvent>,
    pub notices: mpsc::Sender<Notice>,
    pub inbound_bytes: Arc<Semaphore>,
}

impl Session {
    /// Starts the tasks and opens the line on which others send to this peer.
    pub(crate) fn open(status: PeerStatus, carrier: ConnectionId, around: Surroundings) -> (Self, Line) {
        let node = status.node;
        let (frames_in, frames) = mpsc::channel(OUTBOUND_FRAMES_MAX);
        let (streams_in, streams) = mpsc::channel(STREAMS_WAITING_MAX);
        let (path_in, path) = watch::channel(0);
        let writer = tokio::spawn(write_loop(Writer {
            node,
            peer: peer_id_of(node),
            control: around.control,
            frames,
            path,
            events: around.events.clone(),
            notices: around.notices.clone(),
        }));
        let reader = tokio::spawn(read_loop(Reader {
            node,
            streams,
            events: around.events,
            notices: around.notices,
            frames: Arc::new(Semaphore::new(INBOUND_FRAMES_PER_PEER)),
            bytes: around.inbound_bytes,
        }));
        let session = Self {
            carrier,
            bulk: Arc::new(Semaphore::new(BULK_STREAMS_PER_PEER)),
            strikes: 0,
            path: path_in,
            streams: streams_in,
            tasks: [writer.abort_handle(), reader.abort_handle()],
        };
        let line = Line {
            frames: frames_in,
            room: Arc::new(Semaphore::new(OUTBOUND_BYTES_MAX)),
            bulk: Arc::new(Semaphore::new(BULK_STREAMS_PER_PEER)),
            status,
        };
        (session, line)
    }
    /// Lets our message stream move to another connection.
    pub(crate) fn move_to(&mut self, carrier: ConnectionId) {
        self.carrier = carrier;
        self.path.send_modify(|path| *path = path.wrapping_add(1));
    }
    /// Queues a message stream of the peer; false if it opened too many.
    pub(crate) fn read(&self, stream: Stream) -> bool {
        self.streams.try_send(stream).is_ok()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl PeerStatus {
    pub(crate) fn new(node: NodeKey, via: Via, addr: libp2p::Multiaddr) -> Self {
        Self { node, via, addr, round_trip: None }
    }
}
