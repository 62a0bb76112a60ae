//! The front door: how often one source address may knock, checked before a handshake is paid for.
//!
//! Block lists know a peer only after its handshake; a flood of handshakes from one address is stopped here.
use crate::limits::SOURCES_MAX;
use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
    dummy,
};
use libp2p::{Multiaddr, PeerId};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::Ipv6Addr;
use std::task::{Context, Poll};
use tokio::time::Instant;

/// A bucket of permissions per source address.
pub(crate) struct FrontDoor {
    burst: f64,
    per_s: f64,
    sources: BTreeMap<Ipv6Addr, Bucket>,
}

struct Bucket {
    left: f64,
    at: Instant,
}

impl FrontDoor {
    pub(crate) fn new(burst: u32, per_s: u32) -> Self {
        Self { burst: f64::from(burst), per_s: f64::from(per_s), sources: BTreeMap::new() }
    }
    /// Whether this source may knock once more.
    fn admit(&mut self, source: Ipv6Addr, now: Instant) -> bool {
        if !self.sources.contains_key(&source) && self.sources.len() >= SOURCES_MAX {
            self.forget_one();
        }
        let bucket = self.sources.entry(source).or_insert(Bucket { left: self.burst, at: now });
        let earned = now.saturating_duration_since(bucket.at).as_secs_f64() * self.per_s;
        bucket.left = (bucket.left + earned).min(self.burst);
        bucket.at = now;
        let admitted = bucket.left >= 1.0;
        if admitted {
            bucket.left -= 1.0;
        }
        admitted
    }
    fn forget_one(&mut self) {
        if let Some(oldest) = self.sources.iter().min_by_key(|(_, bucket)| bucket.at).map(|(source, _)| *source) {
            self.sources.remove(&oldest);
        }
    }
}

/// The source of a connection; IPv6 counts by /64, which is what one site gets. Relayed connections have none of their own.
fn source_of(address: &Multiaddr) -> Option<Ipv6Addr> {
    if address.iter().any(|part| part == Protocol::P2pCircuit) {
        return None;
    }
    address.iter().find_map(|part| match part {
        Protocol::Ip4(ip) => Some(ip.to_ipv6_mapped()),
        Protocol::Ip6(ip) => Some(Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX))),
        _ => None,
    })
}

impl NetworkBehaviour for FrontDoor {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        match source_of(remote) {
            Some(source) if !self.admit(source, Instant::now()) => {
                Err(ConnectionDenied::new("too many connection attempts from this address"))
            }
            _ => Ok(()),
        }
    }
    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }
    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }
    fn on_swarm_event(&mut self, _: FromSwarm<'_>) {}
    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {}
    }
    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_stopped_and_time_heals() {
        let mut door = FrontDoor::new(3, 1);
        let source = source_of(&"/ip4/192.0.2.1/tcp/1".parse().expect("address")).expect("source");
        let other = source_of(&"/ip4/192.0.2.2/tcp/1".parse().expect("address")).expect("source");
        let start = Instant::now();
        assert_eq!((0..5).filter(|_| door.admit(source, start)).count(), 3);
        assert!(door.admit(other, start), "another source is not to suffer");
        let later = start + Duration::from_secs(2);
        assert_eq!((0..5).filter(|_| door.admit(source, later)).count(), 2);
    }

    #[test]
    fn one_site_of_ipv6_is_one_source() {
        let of = |text: &str| source_of(&text.parse().expect("address"));
        assert_eq!(of("/ip6/2001:db8::1/tcp/1"), of("/ip6/2001:db8::ffff/tcp/9"));
        assert_ne!(of("/ip6/2001:db8::1/tcp/1"), of("/ip6/2001:db8:0:1::1/tcp/1"));
        assert_eq!(of("/dns4/node.example/tcp/1"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn remembered_sources_are_bounded() {
        let mut door = FrontDoor::new(1, 1);
        for n in 0..(SOURCES_MAX as u128 + 10) {
            door.admit(Ipv6Addr::from_bits(n << 64), Instant::now());
        }
        assert_eq!(door.sources.len(), SOURCES_MAX);
    }
}
