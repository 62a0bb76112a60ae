//! What others ask for, and what the stream tasks report.
use super::{Net, Notice};
use crate::address::usable;
use crate::bulk::BulkStream;
use crate::event::{NetEvent, Warning};
use crate::handle::Command;
use crate::identity::{node_key_of, peer_id_of};
use crate::limits::{BLOCKED_MAX, HANGUP_DRAIN, STRIKES_MAX};
use libp2p::{Multiaddr, Stream};
use protocol::ids::NodeKey;
use std::time::Duration;
use tokio::time::Instant;

impl Net {
    pub(super) fn on_command(&mut self, command: Command) {
        match command {
            Command::Dial { node, addresses } => self.on_dial(node, addresses, false),
            Command::Want { node, addresses } => self.on_dial(node, addresses, true),
            Command::Unwant(node) => self.dialer.unwant(node),
            Command::Reserve { relay, address } => self.on_reserve(relay, &address),
            Command::Hangup(node) => self.hang_up(node),
            Command::Reset(node) => self.reset(node),
            Command::Block { node, time } => self.block(node, time),
            Command::Unblock(node) => self.unblock(node),
            // The loop takes it out before.
            Command::Shutdown(_) => {}
        }
    }
    fn on_dial(&mut self, node: NodeKey, addresses: Vec<Multiaddr>, wanted: bool) {
        if node_key_of(&self.own) == Some(node) {
            return self.emit(NetEvent::DialFailed { node, why: "this is the node itself".to_owned() });
        }
        let now = Instant::now();
        let addresses = usable(node, addresses, self.transports);
        let taken = match wanted {
            true => self.dialer.want(now, node, addresses),
            false => self.dialer.dial(now, node, addresses),
        };
        if !taken {
            let why = "too many peers are being dialled; try again later".to_owned();
            self.emit(NetEvent::DialFailed { node, why });
        } else if self.sessions.contains_key(&node) {
            self.dialer.connected(now, node, None);
        }
    }
    fn on_reserve(&mut self, relay: NodeKey, address: &Multiaddr) {
        if usable(relay, vec![address.clone()], self.transports).is_empty() || !self.reservations.add(relay, address) {
            return;
        }
        self.on_dial(relay, vec![address.clone()], true);
        if self.swarm.behaviour().paths.is_direct(&peer_id_of(relay)) {
            self.reservations.connected(Instant::now(), relay);
        }
    }
    /// Closes the connections once the peer has what is queued for it, above all the reason; after a while in any case.
    fn hang_up(&mut self, node: NodeKey) {
        self.dialer.unwant(node);
        // Dropping the line ends the queue: the writer empties it and says so.
        let queued = self.board.lines_mut().remove(&node).is_some();
        if queued && self.sessions.contains_key(&node) {
            self.hanging.insert(node, Instant::now() + HANGUP_DRAIN);
        } else if !self.hanging.contains_key(&node) {
            self.reset(node);
        }
    }
    pub(super) fn on_drained(&mut self, node: NodeKey) {
        if self.hanging.remove(&node).is_some() {
            self.reset(node);
        }
    }
    fn reset(&mut self, node: NodeKey) {
        // An error means that there is no connection.
        let _ = self.swarm.disconnect_peer_id(peer_id_of(node));
    }
    fn block(&mut self, node: NodeKey, time: Duration) {
        self.dialer.unwant(node);
        if !self.blocked.contains_key(&node) && self.blocked.len() >= BLOCKED_MAX {
            let first = self.blocked.iter().min_by_key(|(_, until)| **until).map(|(node, _)| *node);
            if let Some(first) = first {
                self.unblock(first);
            }
        }
        let now = Instant::now();
        let until = now.checked_add(time).unwrap_or(now + FOREVER);
        self.blocked.insert(node, until);
        self.swarm.behaviour_mut().blocked.block_peer(peer_id_of(node));
    }
    pub(super) fn unblock(&mut self, node: NodeKey) {
        self.blocked.remove(&node);
        self.swarm.behaviour_mut().blocked.unblock_peer(peer_id_of(node));
    }
    pub(super) fn on_notice(&mut self, notice: Notice) {
        match notice {
            Notice::Messages { node, stream } => {
                // No session: the connection closed meanwhile, and the stream is dead.
                if self.sessions.get(&node).is_some_and(|session| !session.read(stream)) {
                    self.strike(node, Warning::TooManyStreams);
                }
            }
            Notice::Bulk { node, stream } => self.on_bulk(node, stream),
            Notice::Strike { node, warning } => self.strike(node, warning),
            Notice::Drained(node) => self.on_drained(node),
        }
    }
    fn on_bulk(&mut self, node: NodeKey, stream: Stream) {
        let Some(session) = self.sessions.get(&node) else { return };
        match session.bulk.clone().try_acquire_owned() {
            Ok(place) => self.emit(NetEvent::Bulk { node, stream: BulkStream::new(stream, place) }),
            Err(_) => self.strike(node, Warning::TooManyBulkStreams),
        }
    }
    /// Counts a violation; after some, hangs up. Whether the peer is blocked is decided above.
    fn strike(&mut self, node: NodeKey, warning: Warning) {
        self.warn(Some(node), warning);
        let Some(session) = self.sessions.get_mut(&node) else { return };
        session.strikes = session.strikes.saturating_add(1);
        if session.strikes == STRIKES_MAX {
            self.warn(Some(node), Warning::CutOff(STRIKES_MAX));
            self.dialer.unwant(node);
            self.reset(node);
        }
    }
}

/// A block without an end that the clock can express.
const FOREVER: Duration = Duration::from_secs(10 * 365 * 86_400);
