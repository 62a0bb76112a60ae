//! Nodes without inbound port, and bulk streams.
mod support;

use futures::{AsyncReadExt, AsyncWriteExt};
use peer::limits::BULK_STREAMS_PER_PEER;
use peer::{BulkStream, Multiaddr, NetConfig, NetEvent, OpenError, Via};
use protocol::ids::NodeKey;
use support::*;
use tokio::time::timeout;

/// Bytes that differ everywhere.
fn piece(n: usize) -> Vec<u8> {
    (0..64 << 10).map(|place: usize| (place.wrapping_mul(31) ^ n.wrapping_mul(17) ^ (place >> 8)) as u8).collect()
}

async fn send(mut stream: BulkStream, pieces: usize) {
    for n in 0..pieces {
        stream.write_all(&piece(n)).await.expect("written");
    }
    stream.close().await.expect("closed");
    // The other side's answer: it has all.
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("answered");
    assert_eq!(answer, b"all");
}

async fn receive(mut stream: BulkStream, pieces: usize) {
    let mut got = vec![0; 64 << 10];
    for n in 0..pieces {
        stream.read_exact(&mut got).await.expect("read");
        assert!(got == piece(n), "piece {n} differs");
    }
    assert_eq!(stream.read(&mut got).await.expect("the end"), 0);
    stream.write_all(b"all").await.expect("answered");
    stream.close().await.expect("closed");
}

async fn transfer(from: &Node, to: &mut Node, pieces: usize) {
    let stream = from.net.open_bulk(to.key()).await.expect("opened");
    let sending = tokio::spawn(send(stream, pieces));
    let stream = to.bulk(from.key()).await;
    let receiving = tokio::spawn(receive(stream, pieces));
    timeout(DEADLINE * 4, async { (sending.await.expect("sent"), receiving.await.expect("received")) })
        .await
        .expect("in time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_megabytes_arrive_intact() {
    for listen in [QUIC, TCP] {
        let mut a = Node::listening(1, listen).await;
        let mut b = Node::start(2, NetConfig::default());
        b.join(&mut a).await;
        transfer(&b, &mut a, 800).await;
        transfer(&a, &mut b, 16).await;
        b.tell(&mut a, b"messages go on").await;
    }
}

#[tokio::test]
async fn bulk_streams_per_peer_are_bounded_on_both_sides() {
    let mut a = Node::listening(1, QUIC).await;
    let mut b = Node::start(2, NetConfig::default());
    assert_eq!(b.net.open_bulk(a.key()).await.err(), Some(OpenError::NotConnected));
    b.join(&mut a).await;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..BULK_STREAMS_PER_PEER {
        ours.push(b.net.open_bulk(a.key()).await.expect("opened"));
        theirs.push(a.bulk(b.key()).await);
    }
    assert_eq!(b.net.open_bulk(a.key()).await.err(), Some(OpenError::Full));
    ours.pop();
    theirs.pop();
    ours.push(b.net.open_bulk(a.key()).await.expect("a place is free again"));
    a.bulk(b.key()).await;
}

async fn reserved(node: &mut Node, at: NodeKey) {
    let found = |event: &mut NetEvent| match event {
        NetEvent::ReservationAccepted { relay } if *relay == at => Some(()),
        _ => None,
    };
    node.until("a reservation", found).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_without_inbound_port_is_reached_through_a_relay() {
    for listen in [QUIC, TCP] {
        let server = NetConfig { relay_server: true, ..NetConfig::default() };
        let relay = Node::listening_with(1, listen, server).await;
        let relays: Vec<Multiaddr> = relay.net.listen_addrs();
        let mut hidden = Node::start(2, NetConfig { relays, ..NetConfig::default() });
        reserved(&mut hidden, relay.key()).await;
        let circuit = hidden.listen_addr().await;
        assert!(circuit.to_string().contains("p2p-circuit"), "{circuit}");
        assert_eq!(hidden.net.listen_addrs(), vec![circuit.clone()]);

        let mut guest = Node::start(3, NetConfig::default());
        guest.net.dial(hidden.key(), vec![circuit]).expect("room");
        assert_eq!(guest.connected(hidden.key()).await, Via::Relayed);
        assert_eq!(hidden.connected(guest.key()).await, Via::Relayed);
        guest.tell(&mut hidden, b"through").await;
        hidden.tell(&mut guest, b"and back").await;
        transfer(&hidden, &mut guest, 80).await;
        transfer(&guest, &mut hidden, 8).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reservation_is_renewed_after_the_relay_was_lost() {
    let server = NetConfig { relay_server: true, ..NetConfig::default() };
    let relay = Node::listening_with(1, TCP, server.clone()).await;
    let relays: Vec<Multiaddr> = relay.net.listen_addrs();
    let key = relay.key();
    let mut hidden = Node::start(2, NetConfig { relays: relays.clone(), ..NetConfig::default() });
    reserved(&mut hidden, key).await;
    hidden.listen_addr().await;

    relay.net.shutdown().await;
    drop(relay);
    let lost = |event: &mut NetEvent| match event {
        NetEvent::ReservationLost { relay } => Some(*relay),
        _ => None,
    };
    assert_eq!(hidden.until("the loss", lost).await, key);
    assert_eq!(hidden.net.listen_addrs(), Vec::<Multiaddr>::new());

    let mut bare = relays[0].clone();
    bare.pop();
    let relay = Node::restart(1, NetConfig { listen: vec![bare], ..server }).await;
    reserved(&mut hidden, key).await;
    let circuit = hidden.listen_addr().await;
    let mut guest = Node::start(3, NetConfig::default());
    guest.net.dial(hidden.key(), vec![circuit]).expect("room");
    guest.connected(hidden.key()).await;
    guest.tell(&mut hidden, b"again").await;
    drop(relay);
}
