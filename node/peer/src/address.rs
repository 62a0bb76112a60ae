//! What an address says about the path to a node, without asking anybody.
use crate::config::Transports;
use crate::identity::node_key_of;
use crate::limits::ADDRESSES_PER_PEER_MAX;
use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use protocol::ids::NodeKey;

/// The kinds of path in the order of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathKind {
    /// One UDP port, one round trip less.
    Quic,
    /// TCP with Noise: where UDP is closed, often port 443.
    Tcp,
    /// Through another member that both reach.
    Relay,
}

/// The kind of path that `address` means, or `None` for one that we cannot dial.
pub fn path_kind(address: &Multiaddr) -> Option<PathKind> {
    let mut kind = None;
    for part in address {
        match part {
            Protocol::P2pCircuit => return Some(PathKind::Relay),
            Protocol::QuicV1 => kind = Some(PathKind::Quic),
            Protocol::Tcp(_) => kind = Some(PathKind::Tcp),
            _ => {}
        }
    }
    kind
}

/// The node that `address` ends at, if it says so.
pub fn target_of(address: &Multiaddr) -> Option<NodeKey> {
    match address.iter().last() {
        Some(Protocol::P2p(peer)) => node_key_of(&peer),
        _ => None,
    }
}

/// The relay of `…/p2p/RELAY[/p2p-circuit…]` and the part up to it, or `None` if there is no relay's key in it.
pub fn relay_of(address: &Multiaddr) -> Option<(NodeKey, Multiaddr)> {
    let mut before = Multiaddr::empty();
    for part in address {
        if let Protocol::P2p(peer) = part {
            return node_key_of(&peer).filter(|_| !before.is_empty()).map(|node| (node, before));
        }
        before.push(part);
    }
    None
}

/// The addresses of `node` that may be dialled: of allowed transports, not of somebody else, at most 16, without repetition.
pub(crate) fn usable(node: NodeKey, addresses: Vec<Multiaddr>, transports: Transports) -> Vec<Multiaddr> {
    let mut kept: Vec<Multiaddr> = Vec::new();
    for address in addresses {
        let Some(kind) = path_kind(&address) else { continue };
        let ends_elsewhere = match address.iter().last() {
            Some(Protocol::P2p(peer)) => node_key_of(&peer) != Some(node),
            _ => false,
        };
        if !ends_elsewhere && allowed(&address, kind, transports) && !kept.contains(&address) {
            kept.push(address);
        }
        if kept.len() == ADDRESSES_PER_PEER_MAX {
            break;
        }
    }
    kept
}

/// Whether the configuration lets us use this path; for a relay, what counts is how the relay itself is reached.
pub(crate) fn allowed(address: &Multiaddr, kind: PathKind, transports: Transports) -> bool {
    match kind {
        PathKind::Quic => transports.quic,
        PathKind::Tcp => transports.tcp,
        PathKind::Relay => match relay_of(address) {
            Some((_, relay)) => match path_kind(&relay) {
                Some(PathKind::Quic) => transports.quic,
                Some(PathKind::Tcp) => transports.tcp,
                _ => false,
            },
            None => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::peer_id_of;

    const BOTH: Transports = Transports { quic: true, tcp: true };
    const NODE: NodeKey = NodeKey([1; 32]);
    const RELAY: NodeKey = NodeKey([2; 32]);

    #[track_caller]
    fn check(text: &str, expect: Option<PathKind>) {
        assert_eq!(path_kind(&text.parse().expect("address")), expect, "path of {text}");
    }

    #[test]
    fn the_kind_of_a_path_shows_in_its_address() {
        check("/ip4/10.0.0.1/udp/4001/quic-v1", Some(PathKind::Quic));
        check("/dns4/node.example/tcp/443", Some(PathKind::Tcp));
        check("/ip4/10.0.0.1/udp/4001", None);
        check(&format!("/ip4/10.0.0.1/tcp/443/p2p/{}/p2p-circuit", peer_id_of(RELAY)), Some(PathKind::Relay));
    }

    #[test]
    fn addresses_of_others_and_of_forbidden_transports_are_dropped() {
        let quic: Multiaddr = "/ip4/10.0.0.1/udp/4001/quic-v1".parse().expect("address");
        let tcp: Multiaddr = "/ip4/10.0.0.1/tcp/4001".parse().expect("address");
        let own = tcp.clone().with(Protocol::P2p(peer_id_of(NODE)));
        let other = tcp.clone().with(Protocol::P2p(peer_id_of(RELAY)));
        let all = vec![quic.clone(), own.clone(), own.clone(), other.clone()];
        assert_eq!(usable(NODE, all.clone(), BOTH), vec![quic.clone(), own.clone()]);
        assert_eq!(usable(NODE, all, Transports { quic: false, tcp: true }), vec![own]);
        let circuit = other.with(Protocol::P2pCircuit);
        assert_eq!(usable(NODE, vec![circuit.clone()], Transports { quic: true, tcp: false }), vec![]);
        assert_eq!(usable(NODE, vec![circuit.clone()], BOTH), vec![circuit]);
    }

    #[test]
    fn a_relay_without_key_or_address_is_none() {
        let bare: Multiaddr = format!("/p2p/{}/p2p-circuit", peer_id_of(RELAY)).parse().expect("address");
        assert_eq!(relay_of(&bare), None);
        let whole: Multiaddr = format!("/ip4/10.0.0.1/tcp/443/p2p/{}", peer_id_of(RELAY)).parse().expect("address");
        assert_eq!(relay_of(&whole), Some((RELAY, "/ip4/10.0.0.1/tcp/443".parse().expect("address"))));
        assert_eq!(target_of(&whole), Some(RELAY));
    }
}
