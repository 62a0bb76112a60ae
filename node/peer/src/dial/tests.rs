use super::*;
use crate::identity::peer_id_of;
use libp2p::multiaddr::Protocol;

const NODE: NodeKey = NodeKey([1; 32]);

fn quic() -> Multiaddr {
    "/ip4/10.0.0.1/udp/4001/quic-v1".parse().expect("address")
}
fn tcp() -> Multiaddr {
    "/ip4/10.0.0.1/tcp/4001".parse().expect("address")
}
fn circuit() -> Multiaddr {
    let relay = Protocol::P2p(peer_id_of(NodeKey([2; 32])));
    "/ip4/10.0.0.9/tcp/443".parse::<Multiaddr>().expect("address").with(relay).with(Protocol::P2pCircuit)
}
fn all() -> Vec<Multiaddr> {
    vec![quic(), tcp(), circuit()]
}
fn attempt(addresses: Vec<Multiaddr>) -> Vec<Attempt> {
    vec![Attempt { node: NODE, addresses }]
}

#[test]
fn direct_paths_come_first_and_a_relay_after_their_head_start() {
    let (mut dialer, start) = (Dialer::new(1), Instant::now());
    dialer.want(start, NODE, all());
    assert_eq!(dialer.due(start), attempt(vec![quic(), tcp()]));
    assert_eq!(dialer.deadline(), Some(start + DIRECT_HEAD_START));
    assert_eq!(dialer.due(start), vec![]);
    assert_eq!(dialer.due(start + DIRECT_HEAD_START), attempt(vec![circuit()]));
    assert_eq!(dialer.deadline(), None);
}

#[test]
fn a_failed_stage_does_not_wait_for_its_head_start() {
    let (mut dialer, start) = (Dialer::new(1), Instant::now());
    dialer.want(start, NODE, all());
    dialer.due(start);
    assert_eq!(dialer.finished(start, NODE, Some("refused".into()), false), None);
    assert_eq!(dialer.due(start), attempt(vec![circuit()]));
}

#[test]
fn the_address_that_worked_last_is_tried_alone_first() {
    let (mut dialer, start) = (Dialer::new(1), Instant::now());
    dialer.want(start, NODE, all());
    dialer.due(start);
    dialer.connected(start, NODE, Some(&tcp()));
    dialer.finished(start, NODE, None, true);
    assert_eq!(dialer.deadline(), None, "connected");
    dialer.disconnected(start, NODE);
    let again = dialer.deadline().expect("a reconnect");
    assert!(again > start && again <= start + DIAL_RETRY.0 * 2, "a moment later");
    assert_eq!(dialer.due(again), attempt(vec![tcp()]));
    assert_eq!(dialer.due(again + KNOWN_HEAD_START), attempt(vec![quic(), tcp()]));
}

#[test]
fn lost_rounds_wait_longer_and_longer_and_say_why() {
    let (mut dialer, mut now) = (Dialer::new(7), Instant::now());
    dialer.want(now, NODE, vec![tcp()]);
    let mut longest = Duration::ZERO;
    for round in 0..20 {
        assert_eq!(dialer.due(now).len(), 1, "round {round}");
        assert_eq!(dialer.finished(now, NODE, Some("refused".into()), false), Some("refused".into()));
        let next = dialer.deadline().expect("wanted");
        longest = longest.max(next - now);
        assert!(next - now <= DIAL_RETRY.1 * 3 / 2);
        now = next;
    }
    assert!(longest >= DIAL_RETRY.1 / 2, "grown to the bound");
}

#[test]
fn new_addresses_are_tried_at_once() {
    let (mut dialer, start) = (Dialer::new(1), Instant::now());
    dialer.want(start, NODE, vec![tcp()]);
    dialer.due(start);
    dialer.finished(start, NODE, Some("refused".into()), false);
    dialer.want(start, NODE, vec![tcp()]);
    assert!(dialer.deadline() > Some(start), "the same addresses are no news");
    for _ in 0..9 {
        let at = dialer.deadline().expect("wanted");
        dialer.due(at);
        dialer.finished(at, NODE, Some("refused".into()), false);
    }
    let (waits, rested) = (dialer.deadline().expect("wanted"), start + DIAL_RETRY.1);
    assert!(waits > rested);
    dialer.want(rested, NODE, vec![tcp()]);
    assert_eq!(dialer.deadline(), Some(rested), "whoever asks after a while needs it now");
    dialer.want(start, NODE, vec![quic()]);
    assert_eq!(dialer.due(start), attempt(vec![quic()]));
}

#[test]
fn a_single_dial_is_forgotten_after_its_round() {
    let (mut dialer, start) = (Dialer::new(1), Instant::now());
    dialer.dial(start, NODE, vec![tcp()]);
    dialer.due(start);
    assert_eq!(dialer.finished(start, NODE, Some("refused".into()), false), Some("refused".into()));
    assert!(dialer.targets.is_empty());
    dialer.dial(start, NODE, vec![tcp()]);
    dialer.due(start);
    dialer.connected(start, NODE, Some(&tcp()));
    assert_eq!(dialer.finished(start, NODE, None, true), None);
    assert!(dialer.targets.is_empty());
}

#[test]
fn a_peer_without_address_is_a_lost_round() {
    let (mut dialer, start) = (Dialer::new(1), Instant::now());
    dialer.dial(start, NODE, vec![]);
    assert_eq!(dialer.due(start), attempt(vec![]));
    assert_eq!(dialer.finished(start, NODE, Some("no address".into()), false), Some("no address".into()));
}

#[test]
fn an_unwanted_peer_is_not_dialled_again() {
    let (mut dialer, start) = (Dialer::new(1), Instant::now());
    dialer.want(start, NODE, vec![tcp()]);
    dialer.due(start);
    dialer.connected(start, NODE, Some(&tcp()));
    dialer.finished(start, NODE, None, true);
    dialer.unwant(NODE);
    dialer.disconnected(start, NODE);
    assert_eq!(dialer.deadline(), None);
}

#[test]
fn a_connection_from_the_other_side_ends_the_waiting() {
    let (mut dialer, start) = (Dialer::new(1), Instant::now());
    dialer.want(start, NODE, vec![tcp()]);
    dialer.due(start);
    dialer.finished(start, NODE, Some("refused".into()), false);
    dialer.connected(start, NODE, None);
    assert_eq!(dialer.deadline(), None);
}

#[test]
fn a_connection_lost_before_its_dial_was_reported_is_dialled_again() {
    let (mut dialer, start) = (Dialer::new(1), Instant::now());
    dialer.want(start, NODE, all());
    dialer.due(start);
    dialer.connected(start, NODE, None);
    dialer.disconnected(start, NODE);
    assert!(dialer.finished(start, NODE, Some("refused".into()), false).is_some());
    assert!(dialer.deadline().is_some());
}

#[test]
fn dials_in_flight_are_bounded() {
    let (mut dialer, start) = (Dialer::new(1), Instant::now());
    for n in 0..50 {
        dialer.want(start, NodeKey([n; 32]), vec![tcp()]);
    }
    let attempts = dialer.due(start);
    assert_eq!(attempts.len(), DIALS_IN_FLIGHT_MAX);
    assert_eq!((dialer.due(start), dialer.deadline()), (vec![], None));
    dialer.finished(start, attempts[0].node, Some("refused".into()), false);
    assert_eq!(dialer.due(start).len(), 1);
}

#[test]
fn jitter_stays_around_the_pause() {
    let mut jitter = Jitter(3);
    let pause = Duration::from_secs(10);
    let all: Vec<_> = (0..100).map(|_| jitter.of(pause)).collect();
    assert!(all.iter().all(|jittered| (pause / 2..pause * 3 / 2).contains(jittered)));
    assert!(all.iter().any(|jittered| *jittered < pause) && all.iter().any(|jittered| *jittered > pause));
}
