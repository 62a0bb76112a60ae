//! What the swarm reports.
use super::Net;
use crate::behaviour::BehavioursEvent;
use crate::event::{NetEvent, Via, Warning};
use crate::handle::PeerStatus;
use crate::identity::node_key_of;
use crate::limits::{LISTEN_RETRY, PINGS_LOST_MAX};
use crate::session::{Session, Surroundings};
use libp2p::core::transport::ListenerId;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{ConnectionId, DialError, SwarmEvent};
use libp2p::{Multiaddr, PeerId, ping, relay};
use protocol::ids::NodeKey;
use std::error::Error;
use std::io;
use tokio::time::Instant;

impl Net {
    pub(super) fn on_swarm_event(&mut self, event: SwarmEvent<BehavioursEvent>) {
        match event {
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                let dialled = endpoint.is_dialer().then(|| endpoint.get_remote_address());
                self.on_opened(peer_id, connection_id, dialled);
            }
            SwarmEvent::ConnectionClosed { peer_id, connection_id, num_established, .. } => {
                self.on_closed(peer_id, connection_id, num_established);
            }
            SwarmEvent::OutgoingConnectionError { connection_id, error, .. } => {
                if let Some(node) = self.attempts.remove(&connection_id) {
                    self.on_attempt_failed(node, &error);
                }
            }
            SwarmEvent::NewListenAddr { address, .. } => {
                // A relay tells its guests these addresses; without any it cannot reserve.
                if self.relay_server && !is_circuit(&address) {
                    self.swarm.add_external_address(address.clone());
                }
                self.reachable(address);
            }
            SwarmEvent::ExpiredListenAddr { address, .. } => self.unreachable(&address),
            SwarmEvent::ListenerClosed { listener_id, addresses, reason } => {
                for address in &addresses {
                    self.unreachable(address);
                }
                self.on_listener_closed(listener_id, reason);
            }
            SwarmEvent::Behaviour(event) => self.on_behaviour_event(event),
            other => tracing::trace!(event = ?other, "swarm"),
        }
    }

    fn on_behaviour_event(&mut self, event: BehavioursEvent) {
        match event {
            BehavioursEvent::Ping(ping::Event { peer, connection, result }) => self.on_ping(peer, connection, result),
            BehavioursEvent::RelayClient(relay::client::Event::ReservationReqAccepted { relay_peer_id, .. }) => {
                if let Some(relay) = node_key_of(&relay_peer_id)
                    && self.reservations.accepted(relay)
                {
                    self.emit(NetEvent::ReservationAccepted { relay });
                }
            }
            #[cfg(feature = "mdns")]
            BehavioursEvent::Mdns(libp2p::mdns::Event::Discovered(found)) => {
                for (peer, addr) in found {
                    if let Some(node) = node_key_of(&peer) {
                        self.emit(NetEvent::Neighbour { node, addr });
                    }
                }
            }
            other => tracing::trace!(event = ?other, "behaviour"),
        }
    }

    fn on_opened(&mut self, peer: PeerId, id: ConnectionId, dialled: Option<&Multiaddr>) {
        let Some(node) = node_key_of(&peer) else { return };
        let Some(best) = self.swarm.behaviour().paths.best(&peer).cloned() else { return };
        let now = Instant::now();
        self.dialer.connected(now, node, dialled);
        if self.attempts.remove(&id).is_some() {
            self.dialer.finished(now, node, None, true);
        }
        if best.via == Via::Direct {
            self.reservations.connected(now, node);
        }
        let (via, addr) = (best.via, best.address().clone());
        match self.sessions.get_mut(&node) {
            Some(session) if session.carrier != best.id => {
                session.move_to(best.id);
                self.set_path(node, via, &addr);
                self.emit(NetEvent::Moved { node, via, addr });
            }
            Some(_) => {}
            None => {
                let status = PeerStatus::new(node, via, addr.clone());
                let (session, line) = Session::open(status, best.id, self.surroundings());
                self.sessions.insert(node, session);
                self.board.lines_mut().insert(node, line);
                self.emit(NetEvent::Connected { node, via, addr });
            }
        }
    }

    fn on_closed(&mut self, peer: PeerId, id: ConnectionId, left: u32) {
        self.pings_lost.remove(&id);
        let Some(node) = node_key_of(&peer) else { return };
        let best = self.swarm.behaviour().paths.best(&peer).cloned();
        let (Some(best), true) = (best, left > 0) else {
            self.board.lines_mut().remove(&node);
            self.hanging.remove(&node);
            if self.sessions.remove(&node).is_some() {
                self.emit(NetEvent::Disconnected { node });
            }
            return self.dialer.disconnected(Instant::now(), node);
        };
        let Some(session) = self.sessions.get_mut(&node) else { return };
        if session.carrier == id {
            session.move_to(best.id);
            let (via, addr) = (best.via, best.address().clone());
            self.set_path(node, via, &addr);
            // What was under way on the broken path is lost, and the driver must know.
            self.emit(NetEvent::Disconnected { node });
            self.emit(NetEvent::Connected { node, via, addr });
        }
    }

    pub(super) fn on_attempt_failed(&mut self, node: NodeKey, error: &DialError) {
        let is_connected = self.sessions.contains_key(&node);
        let why = self.dialer.finished(Instant::now(), node, Some(told(error)), is_connected);
        if let Some(why) = why {
            self.emit(NetEvent::DialFailed { node, why });
        }
    }

    fn on_ping(&mut self, peer: PeerId, id: ConnectionId, result: Result<std::time::Duration, ping::Failure>) {
        match result {
            Ok(round_trip) => {
                self.pings_lost.remove(&id);
                if let Some(node) = node_key_of(&peer)
                    && self.sessions.get(&node).is_some_and(|session| session.carrier == id)
                    && let Some(line) = self.board.lines_mut().get_mut(&node)
                {
                    line.status.round_trip = Some(round_trip);
                }
            }
            Err(ping::Failure::Unsupported) => {}
            Err(ping::Failure::Timeout | ping::Failure::Other { .. }) => {
                let lost = self.pings_lost.entry(id).or_default();
                *lost = lost.saturating_add(1);
                if *lost >= PINGS_LOST_MAX {
                    self.pings_lost.remove(&id);
                    self.swarm.close_connection(id);
                }
            }
        }
    }

    fn on_listener_closed(&mut self, listener: ListenerId, reason: io::Result<()>) {
        let now = Instant::now();
        let why = reason.err().map_or_else(|| "closed".to_owned(), |error| deepest(&error));
        let paths = &self.swarm.behaviour().paths;
        let is_direct = |relay| paths.is_direct(&crate::identity::peer_id_of(relay));
        match self.reservations.closed(now, listener, is_direct) {
            Some((relay, true)) => self.emit(NetEvent::ReservationLost { relay }),
            Some((relay, false)) => tracing::debug!(?relay, why, "no reservation"),
            None => {
                let Some(place) = self.listeners.iter().position(|(id, _)| *id == listener) else { return };
                let (_, address) = self.listeners.swap_remove(place);
                self.relisten.push((now + LISTEN_RETRY, address.clone()));
                self.warn(None, Warning::ListenerLost { address, why });
            }
        }
    }

    /// We are reachable under this address.
    pub(super) fn reachable(&mut self, address: Multiaddr) {
        let address = self.whole(&address);
        let mut known = self.board.addresses_mut();
        if !known.contains(&address) {
            known.push(address.clone());
            drop(known);
            self.emit(NetEvent::ListenAddr(address));
        }
    }
    fn unreachable(&mut self, address: &Multiaddr) {
        let address = self.whole(address);
        let mut known = self.board.addresses_mut();
        let before = known.len();
        known.retain(|other| *other != address);
        let is_news = known.len() < before;
        drop(known);
        if is_news {
            self.emit(NetEvent::ListenAddrGone(address));
        }
    }
    /// The address with our own PeerId at its end.
    fn whole(&self, address: &Multiaddr) -> Multiaddr {
        address.clone().with_p2p(self.own).unwrap_or_else(|other| other)
    }
    fn set_path(&self, node: NodeKey, via: Via, addr: &Multiaddr) {
        if let Some(line) = self.board.lines_mut().get_mut(&node) {
            line.status = PeerStatus::new(node, via, addr.clone());
        }
    }
    fn surroundings(&self) -> Surroundings {
        Surroundings {
            control: self.control.clone(),
            events: self.events.clone(),
            notices: self.notices_in.clone(),
            inbound_bytes: self.inbound_bytes.clone(),
        }
    }
}

fn is_circuit(address: &Multiaddr) -> bool {
    address.iter().any(|part| part == Protocol::P2pCircuit)
}

/// A failed dial for the person who looks for the cause: each address with what was at the bottom of it.
fn told(error: &DialError) -> String {
    match error {
        DialError::Transport(errors) => {
            let each = errors.iter().map(|(address, error)| format!("{address}: {}", deepest(error)));
            each.collect::<Vec<_>>().join("; ")
        }
        DialError::NoAddresses => "no address is known that may be dialled".to_owned(),
        DialError::WrongPeerId { address, .. } => format!("{address}: another node answered there"),
        other => deepest(other),
    }
}

/// The last cause in a chain of errors that says something; the ones above it only wrap.
pub(super) fn deepest(error: &(dyn Error + 'static)) -> String {
    let mut told = error.to_string();
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
        let text = cause.to_string();
        if !text.is_empty() {
            told = text;
        }
    }
    told
}
