//! Frames between two nodes.
mod support;

use futures::AsyncWriteExt;
use libp2p::swarm::SwarmEvent;
use libp2p::{Stream, Swarm, SwarmBuilder};
use peer::limits::{FRAME_BYTES_MAX, INBOUND_FRAMES_PER_PEER, OUTBOUND_BYTES_MAX, OUTBOUND_FRAMES_MAX, STRIKES_MAX};
use peer::{MSG_PROTOCOL, NetConfig, NetEvent, SendError, Warning, node_key_of, peer_id_of};
use protocol::ids::NodeKey;
use support::*;
use tokio::time::timeout;

async fn check_exchange(listen: &str, config: NetConfig) {
    let mut a = Node::listening_with(1, listen, config.clone()).await;
    let mut b = Node::start(2, config);
    b.join(&mut a).await;
    a.tell(&mut b, b"ping").await;
    b.tell(&mut a, b"pong").await;
    b.tell(&mut a, &vec![7; FRAME_BYTES_MAX]).await;
    for n in 0..1000_u32 {
        let mut tries = 0;
        while a.net.send(b.key(), n.to_be_bytes().to_vec()) == Err(SendError::Full) {
            tries += 1;
            assert!(tries < 1_000_000, "the queue never empties");
            tokio::task::yield_now().await;
        }
    }
    for n in 0..1000_u32 {
        assert_eq!(b.frame(a.key()).await, n.to_be_bytes(), "in order");
    }
    assert_eq!(a.net.peers().len(), 1);
    b.net.shutdown().await;
    a.disconnected(b.key()).await;
    assert_eq!(a.net.send(b.key(), vec![1]), Err(SendError::NotConnected));
}

#[tokio::test]
async fn two_nodes_exchange_frames_over_quic() {
    check_exchange(QUIC, only(true, false)).await;
}

#[tokio::test]
async fn two_nodes_exchange_frames_over_tcp() {
    check_exchange(TCP, only(false, true)).await;
}

#[tokio::test]
async fn frames_without_content_or_too_long_are_the_callers_mistake() {
    let mut a = Node::listening(1, QUIC).await;
    let mut b = Node::start(2, NetConfig::default());
    b.join(&mut a).await;
    assert_eq!(b.net.send(a.key(), vec![]), Err(SendError::Length(0)));
    let long = FRAME_BYTES_MAX + 1;
    assert_eq!(b.net.send(a.key(), vec![0; long]), Err(SendError::Length(long)));
}

/// Queues frames without letting any task run in between; how many fitted.
fn fill(from: &Node, to: NodeKey, frame: &[u8]) -> usize {
    let mut fitted = 0;
    loop {
        match from.net.send(to, frame.to_vec()) {
            Ok(()) => fitted += 1,
            Err(error) => {
                assert_eq!(error, SendError::Full);
                return fitted;
            }
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_full_outbound_queue_is_an_error_and_does_not_grow() {
    let mut a = Node::listening(1, TCP).await;
    let mut b = Node::start(2, NetConfig::default());
    b.join(&mut a).await;
    let large = vec![1; 256 << 10];
    assert_eq!(fill(&b, a.key(), &large), OUTBOUND_BYTES_MAX / large.len(), "bounded in bytes");
    for _ in 0..OUTBOUND_BYTES_MAX / large.len() {
        assert_eq!(a.frame(b.key()).await, large, "what was queued before is not touched");
    }
    assert_eq!(fill(&b, a.key(), &[2]), OUTBOUND_FRAMES_MAX, "bounded in frames");
    for _ in 0..OUTBOUND_FRAMES_MAX {
        assert_eq!(a.frame(b.key()).await, [2]);
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_driver_that_handles_nothing_stops_the_sender_and_loses_nothing() {
    let mut a = Node::listening(1, TCP).await;
    let mut b = Node::start(2, NetConfig::default());
    b.join(&mut a).await;
    let (mut sent, mut full_in_a_row) = (0_u32, 0);
    while full_in_a_row < 20_000 {
        let mut frame = vec![0; 256 << 10];
        frame[..4].copy_from_slice(&sent.to_be_bytes());
        match b.net.send(a.key(), frame) {
            Ok(()) => (sent, full_in_a_row) = (sent + 1, 0),
            Err(_) => full_in_a_row += 1,
        }
        assert!(sent < 1000, "250 MiB went nowhere");
        assert!(a.events.len() <= INBOUND_FRAMES_PER_PEER);
        tokio::task::yield_now().await;
    }
    for n in 0..sent {
        assert_eq!(a.frame(b.key()).await[..4], n.to_be_bytes());
    }
}

/// A peer of another make: opens our protocol and writes what it likes.
struct Stranger {
    swarm: Swarm<libp2p_stream::Behaviour>,
}

impl Stranger {
    fn new() -> Self {
        let swarm = SwarmBuilder::with_new_identity()
            .with_tokio()
            .with_tcp(Default::default(), libp2p::noise::Config::new, libp2p::yamux::Config::default)
            .expect("tcp")
            .with_behaviour(|_| libp2p_stream::Behaviour::new())
            .expect("behaviour")
            .with_swarm_config(|config| config.with_idle_connection_timeout(DEADLINE))
            .build();
        Self { swarm }
    }
    fn key(&self) -> NodeKey {
        node_key_of(self.swarm.local_peer_id()).expect("Ed25519")
    }
    /// Connects, then lets the swarm run by itself; returns what opens streams.
    async fn connect(mut self, to: &Node) -> libp2p_stream::Control {
        use futures::StreamExt;
        let control = self.swarm.behaviour().new_control();
        self.swarm.dial(to.net.listen_addrs()[0].clone()).expect("dial");
        let connected =
            async { while !matches!(self.swarm.select_next_some().await, SwarmEvent::ConnectionEstablished { .. }) {} };
        timeout(DEADLINE, connected).await.expect("connected");
        tokio::spawn(async move {
            loop {
                self.swarm.select_next_some().await;
            }
        });
        control
    }
}

async fn open(control: &mut libp2p_stream::Control, to: &Node) -> Stream {
    timeout(DEADLINE, control.open_stream(peer_id_of(to.key()), MSG_PROTOCOL)).await.expect("in time").expect("opened")
}

async fn write(stream: &mut Stream, bytes: &[u8]) {
    stream.write_all(bytes).await.expect("written");
    stream.flush().await.expect("flushed");
}

/// The stream ends from the other side.
async fn must_end(mut stream: Stream) {
    use futures::AsyncReadExt;
    let ended = timeout(DEADLINE, stream.read(&mut [0; 1])).await.expect("the stream must be closed");
    assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
}

#[tokio::test]
async fn row_51_a_frame_over_the_limit_closes_its_stream_and_others_are_served() {
    let mut a = Node::listening(1, TCP).await;
    let mut honest = Node::start(2, NetConfig::default());
    honest.join(&mut a).await;
    let stranger = Stranger::new();
    let key = stranger.key();
    let mut control = stranger.connect(&a).await;
    a.connected(key).await;
    assert_eq!(a.warning(key).await, Warning::Foreign, "it does not accept our stream");

    let mut stream = open(&mut control, &a).await;
    write(&mut stream, &[0, 0, 0, 2, 1, 2]).await;
    assert_eq!(a.frame(key).await, [1, 2]);
    write(&mut stream, &[0xff; 64]).await;
    let warning = a.warning(key).await;
    assert_eq!(warning, Warning::FrameTooLong(u32::MAX));
    assert!(warning.is_strike());
    must_end(stream).await;

    let mut stream = open(&mut control, &a).await;
    write(&mut stream, &[0, 0, 0, 0]).await;
    assert_eq!(a.warning(key).await, Warning::FrameEmpty);
    must_end(stream).await;

    let mut stream = open(&mut control, &a).await;
    write(&mut stream, &[0, 0, 0, 9, 1]).await;
    stream.close().await.expect("closed");
    assert_eq!(a.warning(key).await, Warning::FrameCut);

    honest.tell(&mut a, b"still here").await;
    let mut stream = open(&mut control, &a).await;
    write(&mut stream, &[0, 0, 0, 1, 5]).await;
    assert_eq!(a.frame(key).await, [5], "the stranger too, as long as it keeps to the rules");
}

#[tokio::test]
async fn row_49_who_goes_on_breaking_the_rules_is_cut_off() {
    let mut a = Node::listening(1, TCP).await;
    let stranger = Stranger::new();
    let key = stranger.key();
    let mut control = stranger.connect(&a).await;
    a.connected(key).await;
    for _ in 0..STRIKES_MAX {
        let mut stream = open(&mut control, &a).await;
        write(&mut stream, &[0, 0, 0, 0]).await;
        let empty = |event: &mut NetEvent| match event {
            NetEvent::Warning { warning: Warning::FrameEmpty, .. } => Some(()),
            _ => None,
        };
        a.until("a strike", empty).await;
    }
    a.disconnected(key).await;
    let cut_off = |event: &mut NetEvent| match event {
        NetEvent::Warning { warning: Warning::CutOff(strikes), .. } => Some(*strikes),
        _ => None,
    };
    assert_eq!(a.until("the reason", cut_off).await, STRIKES_MAX);
}
