//! Which addresses are told to others, and which of those that others tell are dialled.
use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use std::net::IpAddr;

/// The addresses that others should know: loopback only where there is nothing else (a demo on one machine).
pub(super) fn worth_telling(addresses: &[Multiaddr]) -> Vec<String> {
    let outside: Vec<_> = addresses.iter().filter(|address| !is_loopback(address)).collect();
    let told = if outside.is_empty() { addresses.iter().collect() } else { outside };
    told.into_iter().map(ToString::to_string).collect()
}

/// What a peer says of itself is dialled only where a peer can be: not at our own doors, nowhere that is nobody's, and on loopback
/// only if we are met there ourselves. Names are not resolved here; whoever answers must prove the peer's key anyhow.
pub(super) fn worth_dialling(told: Vec<Multiaddr>, own: &[Multiaddr]) -> Vec<Multiaddr> {
    let on_one_machine = own.iter().all(is_loopback);
    let is_own = |address: &Multiaddr| own.iter().any(|own| address.iter().take(2).eq(own.iter().take(2)));
    let reaches = |address: &Multiaddr| match ip_of(address) {
        Some(ip) if ip.is_loopback() => on_one_machine,
        Some(ip) => !ip.is_unspecified() && !ip.is_multicast() && !is_link_local(ip),
        None => true,
    };
    told.into_iter().filter(|address| reaches(address) && !is_own(address)).collect()
}

fn is_loopback(address: &Multiaddr) -> bool {
    ip_of(address).is_some_and(|ip| ip.is_loopback())
}

/// Addresses without a router: 169.254.0.0/16 (RFC 3927) with the doors of machines' keepers in clouds, fe80::/10 (RFC 4291), and
/// the broadcast.
fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local() || ip.is_broadcast(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

fn ip_of(address: &Multiaddr) -> Option<IpAddr> {
    match address.iter().next()? {
        Protocol::Ip4(ip) => Some(ip.into()),
        // The old form within the new (::ffff:127.0.0.1) leads to the same place.
        Protocol::Ip6(ip) => Some(ip.to_canonical()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(addresses: &[&str]) -> Vec<Multiaddr> {
        addresses.iter().map(|text| text.parse().expect("address")).collect()
    }

    #[track_caller]
    fn check(addresses: &[&str], expect: &[&str]) {
        assert_eq!(worth_telling(&parsed(addresses)), expect);
    }

    #[test]
    fn loopback_is_told_only_where_there_is_nothing_else() {
        check(&["/ip4/127.0.0.1/tcp/1", "/ip4/10.0.0.1/tcp/1"], &["/ip4/10.0.0.1/tcp/1"]);
        check(&["/ip4/127.0.0.1/tcp/1"], &["/ip4/127.0.0.1/tcp/1"]);
        check(&["/ip6/::1/tcp/1", "/dns4/node.example/tcp/1"], &["/dns4/node.example/tcp/1"]);
        check(&[], &[]);
    }
    #[test]
    fn row_59_a_peer_leads_nobody_to_its_own_doors_or_nowhere() {
        let own = parsed(&["/ip4/10.0.0.5/tcp/4001", "/ip4/127.0.0.1/tcp/4001"]);
        let false_ones = [
            "/ip4/127.0.0.1/tcp/22",
            "/ip6/::1/tcp/22",
            "/ip6/::ffff:127.0.0.1/tcp/22",
            "/ip4/0.0.0.0/tcp/22",
            "/ip4/169.254.169.254/tcp/80",
            "/ip6/fe80::1/tcp/80",
            "/ip4/224.0.0.1/udp/9/quic-v1",
            "/ip4/255.255.255.255/udp/9/quic-v1",
            "/ip4/10.0.0.5/tcp/4001",
        ];
        assert_eq!(worth_dialling(parsed(&false_ones), &own), Vec::new());
        let good = ["/ip4/10.0.0.6/tcp/4001", "/dns4/node.example/tcp/4001", "/ip4/10.0.0.5/tcp/4002"];
        assert_eq!(worth_dialling(parsed(&good), &own), parsed(&good));
        // A demo on one machine, and a node that listens nowhere.
        for own in [parsed(&["/ip4/127.0.0.1/tcp/4001"]), Vec::new()] {
            assert_eq!(worth_dialling(parsed(&["/ip4/127.0.0.1/tcp/4002"]), &own).len(), 1);
        }
    }
}
