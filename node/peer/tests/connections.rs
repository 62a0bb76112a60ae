//! Connecting, losing and finding each other again.
mod support;

use libp2p::multiaddr::Protocol;
use peer::{Multiaddr, Net, NetConfig, NetEvent, StartError, Via};
use protocol::ids::NodeKey;
use std::time::Duration;
use support::*;

async fn dial_failed(node: &mut Node, about: NodeKey) -> String {
    let found = |event: &mut NetEvent| match event {
        NetEvent::DialFailed { node, why } if *node == about => Some(why.clone()),
        _ => None,
    };
    node.until("a failed dial", found).await
}

#[tokio::test]
async fn a_wanted_peer_is_found_again_after_it_restarted() {
    for listen in [QUIC, TCP] {
        let a = Node::listening(1, listen).await;
        let fixed: Vec<Multiaddr> = a.net.listen_addrs();
        let key = a.key();
        let mut a = a;
        let mut b = Node::start(2, NetConfig::default());
        b.net.want(key, fixed.clone()).expect("room");
        assert_eq!(b.connected(key).await, Via::Direct);
        a.connected(b.key()).await;

        a.net.shutdown().await;
        b.disconnected(key).await;
        drop(a);

        let mut bare = fixed[0].clone();
        bare.pop();
        let mut a = Node::restart(1, NetConfig { listen: vec![bare], ..NetConfig::default() }).await;
        assert_eq!(a.listen_addr().await, fixed[0]);
        b.connected(key).await;
        a.connected(b.key()).await;
        a.tell(&mut b, b"back").await;
        b.tell(&mut a, b"again").await;
    }
}

#[tokio::test]
async fn a_dial_without_success_says_why() {
    let mut a = Node::start(1, NetConfig::default());
    let nobody = NodeKey([9; 32]);
    let closed: Multiaddr = {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        format!("/ip4/127.0.0.1/tcp/{}", socket.local_addr().expect("address").port()).parse().expect("address")
    };
    a.net.dial(nobody, vec![closed.clone()]).expect("room");
    let why = dial_failed(&mut a, nobody).await;
    assert!(why.contains(&closed.to_string()) && why.contains("refused"), "{why}");
    a.net.dial(nobody, vec![]).expect("room");
    let why = dial_failed(&mut a, nobody).await;
    assert!(why.contains("no address"), "{why}");
    a.net.dial(a.key(), vec![closed]).expect("room");
    let own = a.key();
    assert!(dial_failed(&mut a, own).await.contains("itself"));
}

#[tokio::test]
async fn another_node_at_the_address_is_not_the_one_we_want() {
    let b = Node::listening(2, QUIC).await;
    let mut a = Node::start(1, NetConfig::default());
    let mut address = b.net.listen_addrs()[0].clone();
    address.pop();
    let wanted = NodeKey([9; 32]);
    a.net.dial(wanted, vec![address]).expect("room");
    dial_failed(&mut a, wanted).await;
    assert!(a.net.peers().is_empty());
}

#[tokio::test]
async fn a_blocked_peer_is_cut_off_and_comes_back_when_the_block_ends() {
    let mut a = Node::listening(1, QUIC).await;
    let mut b = Node::start(2, NetConfig::default());
    b.net.want(a.key(), a.net.listen_addrs()).expect("room");
    b.connected(a.key()).await;
    a.connected(b.key()).await;
    a.net.block(b.key(), Duration::from_secs(2)).expect("room");
    a.disconnected(b.key()).await;
    b.disconnected(a.key()).await;
    // `b` dials on and is refused until then.
    a.connected(b.key()).await;
    a.tell(&mut b, b"welcome back").await;
}

#[tokio::test]
async fn a_hang_up_ends_the_wish() {
    let mut a = Node::listening(1, QUIC).await;
    let mut b = Node::start(2, NetConfig::default());
    b.net.want(a.key(), a.net.listen_addrs()).expect("room");
    b.connected(a.key()).await;
    a.connected(b.key()).await;
    b.net.hangup(a.key()).expect("room");
    a.disconnected(b.key()).await;
    b.disconnected(a.key()).await;
    // A dial after it works, and it is the first thing that connects them again.
    b.join(&mut a).await;
}

#[tokio::test]
async fn both_dialling_at_once_end_up_connected() {
    let mut a = Node::listening(1, QUIC).await;
    let mut b = Node::listening(2, QUIC).await;
    a.net.want(b.key(), b.net.listen_addrs()).expect("room");
    b.net.want(a.key(), a.net.listen_addrs()).expect("room");
    a.connected(b.key()).await;
    b.connected(a.key()).await;
    for n in 0..20_u8 {
        a.tell(&mut b, &[n]).await;
        b.tell(&mut a, &[n]).await;
    }
}

#[tokio::test]
async fn a_wrong_configuration_says_what_to_write() {
    let address = |text: &str| -> Multiaddr { text.parse().expect("address") };
    let refuse = |config: NetConfig| Net::start(config, [1; 32]).err().expect("refused");
    let udp = NetConfig { listen: vec![address("/ip4/127.0.0.1/udp/1")], ..NetConfig::default() };
    assert!(matches!(refuse(udp), StartError::Address(_)));
    let off = NetConfig { listen: vec![address(QUIC)], ..only(false, true) };
    assert!(matches!(refuse(off), StartError::Address(_)));
    let relay = NetConfig { relays: vec![address("/ip4/127.0.0.1/tcp/1")], ..NetConfig::default() };
    assert!(matches!(refuse(relay), StartError::Relay(_)));
    let taken = Node::listening(2, QUIC).await;
    let mut same = taken.net.listen_addrs()[0].clone();
    assert!(matches!(same.pop(), Some(Protocol::P2p(_))));
    let taken_too = refuse(NetConfig { listen: vec![same], ..NetConfig::default() });
    assert!(matches!(&taken_too, StartError::Listen { why, .. } if why.contains("in use")), "{taken_too}");
}
