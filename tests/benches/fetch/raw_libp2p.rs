//! libp2p alone: the transport that the nodes use, one stream per question as theirs, and nothing of ours around it.
use bytes::Bytes;
use futures::{AsyncReadExt, AsyncWriteExt, StreamExt};
use libp2p::multiaddr::Protocol;
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, PeerId, Stream, StreamProtocol, Swarm, SwarmBuilder};
use libp2p_stream::{Behaviour, Control};

/// Serves until the process ends; the address names the server's key.
pub async fn serve(source: Bytes) -> Multiaddr {
    let mut swarm = swarm();
    let mut incoming = swarm.behaviour().new_control().accept(PROTOCOL).expect("the only one who accepts");
    swarm.listen_on("/ip4/127.0.0.1/udp/0/quic-v1".parse().expect("an address")).expect("a port of loopback");
    let address = loop {
        if let SwarmEvent::NewListenAddr { address, .. } = swarm.select_next_some().await {
            break address.with(Protocol::P2p(*swarm.local_peer_id()));
        }
    };
    tokio::spawn(turn(swarm));
    tokio::spawn(async move {
        while let Some((_, stream)) = incoming.next().await {
            tokio::spawn(serve_one(stream, source.clone()));
        }
    });
    address
}

async fn serve_one(mut stream: Stream, source: Bytes) {
    let mut wanted = [0; 8];
    if stream.read_exact(&mut wanted).await.is_err() {
        return;
    }
    let size = usize::try_from(u64::from_be_bytes(wanted)).unwrap_or(usize::MAX).min(source.len());
    for chunk in source[..size].chunks(CHUNK_BYTES) {
        if stream.write_all(chunk).await.is_err() {
            return;
        }
    }
    let _ = stream.close().await;
}

/// A live connection.
pub struct Client {
    control: Control,
    server: PeerId,
    buffer: Vec<u8>,
}

impl Client {
    pub async fn connect(address: Multiaddr) -> Self {
        let mut swarm = swarm();
        let Some(Protocol::P2p(server)) = address.iter().last() else { panic!("{address} names no key") };
        swarm.dial(address).expect("an address of loopback");
        while !matches!(swarm.select_next_some().await, SwarmEvent::ConnectionEstablished { .. }) {}
        let control = swarm.behaviour().new_control();
        tokio::spawn(turn(swarm));
        Self { control, server, buffer: vec![0; CHUNK_BYTES] }
    }
    /// Asks for so many bytes and reads them all.
    pub async fn fetch(&mut self, size: u64) {
        let mut stream = self.control.open_stream(self.server, PROTOCOL).await.expect("a stream");
        stream.write_all(&size.to_be_bytes()).await.expect("the raw server reads");
        stream.flush().await.expect("the raw server reads");
        let mut got = 0;
        loop {
            match stream.read(&mut self.buffer).await.expect("the raw server writes") {
                0 => break,
                read => got += read as u64,
            }
        }
        assert_eq!(got, size, "libp2p brought another number of bytes");
    }
}

fn swarm() -> Swarm<Behaviour> {
    // The idle timeout counts while no stream is open; the rounds of the others come between ours.
    SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_quic()
        .with_behaviour(|_| Behaviour::new())
        .expect("nothing that fails")
        .with_swarm_config(|config| config.with_idle_connection_timeout(IDLE))
        .build()
}

async fn turn(mut swarm: Swarm<Behaviour>) {
    loop {
        swarm.select_next_some().await;
    }
}

const PROTOCOL: StreamProtocol = StreamProtocol::new("/bench/1");
/// As large as a chunk of ours.
const CHUNK_BYTES: usize = 256 << 10;
const IDLE: std::time::Duration = std::time::Duration::from_secs(3600);
