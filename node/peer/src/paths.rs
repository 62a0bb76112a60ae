//! The connections to each peer, and which of them new streams take. The one file that knows `libp2p-stream`'s behaviour.
//!
//! `libp2p-stream` opens a stream on any connection to the peer, by chance. [`Paths`] shows it only the best one: a direct
//! connection rather than a relayed one, and among equals the newest, because the older may have died unnoticed. Streams that
//! are open on another connection stay there until they end; then it idles out.
use crate::event::Via;
use crate::identity::node_key_of;
use libp2p::core::transport::PortUse;
use libp2p::core::{ConnectedPoint, Endpoint};
use libp2p::swarm::behaviour::ConnectionEstablished;
use libp2p::swarm::{
    ConnectionClosed, ConnectionDenied, ConnectionId, DialError, DialFailure, FromSwarm, NetworkBehaviour, THandler,
    THandlerInEvent, THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};
use std::collections::BTreeMap;
use std::task::{Context, Poll};

/// Streams over the best connection of each peer.
pub(crate) struct Paths {
    streams: libp2p_stream::Behaviour,
    peers: BTreeMap<PeerId, Vec<Path>>,
}

/// One established connection.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    pub id: ConnectionId,
    pub via: Via,
    endpoint: ConnectedPoint,
}

impl Path {
    /// The peer's address on this connection.
    pub(crate) fn address(&self) -> &Multiaddr {
        self.endpoint.get_remote_address()
    }
}

impl Paths {
    pub(crate) fn new() -> Self {
        Self { streams: libp2p_stream::Behaviour::new(), peers: BTreeMap::new() }
    }
    /// A control for opening and accepting streams.
    pub(crate) fn control(&self) -> libp2p_stream::Control {
        self.streams.new_control()
    }
    /// The connection that new streams to this peer take.
    pub(crate) fn best(&self, peer: &PeerId) -> Option<&Path> {
        self.peers.get(peer).and_then(|paths| best_of(paths))
    }
    /// Whether there is a connection to this peer with nobody in between.
    pub(crate) fn is_direct(&self, peer: &PeerId) -> bool {
        self.best(peer).is_some_and(|path| path.via == Via::Direct)
    }
    fn opened(&mut self, event: ConnectionEstablished<'_>) {
        let paths = self.peers.entry(event.peer_id).or_default();
        let before = best_of(paths).cloned();
        let via = if event.endpoint.is_relayed() { Via::Relayed } else { Via::Direct };
        paths.push(Path { id: event.connection_id, via, endpoint: event.endpoint.clone() });
        let after = best_of(paths).cloned();
        self.streams.on_swarm_event(FromSwarm::ConnectionEstablished(event));
        for path in paths.clone() {
            let is_best = after.as_ref().is_some_and(|best| best.id == path.id);
            let is_shown = path.id == event.connection_id || before.as_ref().is_some_and(|best| best.id == path.id);
            if is_shown && !is_best {
                self.hide(event.peer_id, &path);
            }
        }
    }
    fn closed(&mut self, event: ConnectionClosed<'_>) {
        self.streams.on_swarm_event(FromSwarm::ConnectionClosed(event));
        let Some(paths) = self.peers.get_mut(&event.peer_id) else { return };
        let was_best = best_of(paths).is_some_and(|best| best.id == event.connection_id);
        paths.retain(|path| path.id != event.connection_id);
        match best_of(paths).cloned() {
            None => {
                self.peers.remove(&event.peer_id);
            }
            Some(best) if was_best => self.show(event.peer_id, &best),
            Some(_) => {}
        }
    }
    /// Tells `libp2p-stream` that a connection is gone, so that it opens nothing new on it. Its handler lives on: streams that
    /// are open, and those that the peer opens, are not touched.
    fn hide(&mut self, peer_id: PeerId, path: &Path) {
        self.streams.on_swarm_event(FromSwarm::ConnectionClosed(ConnectionClosed {
            peer_id,
            connection_id: path.id,
            endpoint: &path.endpoint,
            cause: None,
            remaining_established: 1,
        }));
    }
    fn show(&mut self, peer_id: PeerId, path: &Path) {
        self.streams.on_swarm_event(FromSwarm::ConnectionEstablished(ConnectionEstablished {
            peer_id,
            connection_id: path.id,
            endpoint: &path.endpoint,
            failed_addresses: &[],
            other_established: 0,
        }));
    }
}

fn best_of(paths: &[Path]) -> Option<&Path> {
    paths.iter().max_by_key(|path| (path.via == Via::Direct, path.id))
}

/// Only Ed25519 identities are nodes.
fn must_be_node(peer: &PeerId) -> Result<(), ConnectionDenied> {
    match node_key_of(peer) {
        Some(_) => Ok(()),
        None => Err(ConnectionDenied::new("the peer's key is no Ed25519 key")),
    }
}

impl NetworkBehaviour for Paths {
    type ConnectionHandler = <libp2p_stream::Behaviour as NetworkBehaviour>::ConnectionHandler;
    type ToSwarm = ();

    fn handle_established_inbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        must_be_node(&peer)?;
        self.streams.handle_established_inbound_connection(id, peer, local, remote)
    }
    fn handle_established_outbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        must_be_node(&peer)?;
        self.streams.handle_established_outbound_connection(id, peer, address, role, port)
    }
    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionEstablished(event) => self.opened(event),
            FromSwarm::ConnectionClosed(event) => self.closed(event),
            other => self.streams.on_swarm_event(other),
        }
    }
    fn on_connection_handler_event(&mut self, peer: PeerId, id: ConnectionId, event: THandlerOutEvent<Self>) {
        self.streams.on_connection_handler_event(peer, id, event);
    }
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        loop {
            match self.streams.poll(cx) {
                // It wants to dial for a stream to a peer that is gone. Dialling is the dialer's business: fail the stream.
                Poll::Ready(ToSwarm::Dial { opts }) => {
                    self.streams.on_swarm_event(FromSwarm::DialFailure(DialFailure {
                        peer_id: opts.get_peer_id(),
                        error: &DialError::NoAddresses,
                        connection_id: opts.connection_id(),
                    }));
                }
                other => return other,
            }
        }
    }
}
