//! Round trip of one small frame between two nodes on loopback, over QUIC and over TCP: `cargo run --release --example round_trip`.
use peer::{Net, NetConfig, NetEvent, NetHandle, Transports};
use protocol::ids::NodeKey;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

type Node = (NetHandle, mpsc::Receiver<NetEvent>);

const ROUNDS: usize = 5_000;
/// Rounds that do not count: windows and caches settle.
const WARM_UP: usize = 500;

#[tokio::main]
async fn main() {
    for (name, listen, quic) in [("QUIC", "/ip4/127.0.0.1/udp/0/quic-v1", true), ("TCP", "/ip4/127.0.0.1/tcp/0", false)]
    {
        let mut times = measure(listen, Transports { quic, tcp: !quic }).await;
        times.sort();
        let at = |share: usize| times[times.len() * share / 100].as_micros();
        println!(
            "{name}: p50 {} us, p95 {} us, p99 {} us ({} bytes, {} rounds)",
            at(50),
            at(95),
            at(99),
            BYTES,
            times.len()
        );
    }
}

const BYTES: usize = 200;

async fn measure(listen: &str, transports: Transports) -> Vec<Duration> {
    let listen = vec![listen.parse().expect("an address")];
    let config = NetConfig { transports, ..NetConfig::default() };
    let mut a = Net::start(NetConfig { listen, ..config.clone() }, [1; 32]).expect("a node");
    let mut b = Net::start(config, [2; 32]).expect("a node");
    wait(&mut a, |event| matches!(event, NetEvent::ListenAddr(_))).await;
    let (a_key, b_key) = (a.0.node(), b.0.node());
    b.0.want(a_key, a.0.listen_addrs()).expect("room");
    wait(&mut a, |event| matches!(event, NetEvent::Connected { .. })).await;
    wait(&mut b, |event| matches!(event, NetEvent::Connected { .. })).await;
    tokio::spawn(async move {
        while let Some(event) = a.1.recv().await {
            if let NetEvent::Frame { bytes, .. } = event {
                send(&a.0, b_key, bytes.to_vec());
            }
        }
    });
    let mut times = Vec::new();
    for round in 0..WARM_UP + ROUNDS {
        let begun = Instant::now();
        send(&b.0, a_key, vec![7; BYTES]);
        wait(&mut b, |event| matches!(event, NetEvent::Frame { .. })).await;
        if round >= WARM_UP {
            times.push(begun.elapsed());
        }
    }
    times
}

fn send(net: &NetHandle, to: NodeKey, frame: Vec<u8>) {
    net.send(to, frame).expect("connected");
}

async fn wait(node: &mut Node, is_it: impl Fn(&NetEvent) -> bool) {
    while !is_it(&node.1.recv().await.expect("the node runs")) {}
}
