//! Nodes on loopback; every wait has a deadline.
#![allow(dead_code, reason = "each test file uses its own part")]
use peer::{Multiaddr, Net, NetConfig, NetEvent, NetHandle, StartError, Transports, Via, Warning};
use protocol::ids::NodeKey;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Far above what loopback needs, also on a machine under load.
pub const DEADLINE: Duration = Duration::from_secs(30);

pub const QUIC: &str = "/ip4/127.0.0.1/udp/0/quic-v1";
pub const TCP: &str = "/ip4/127.0.0.1/tcp/0";

/// A node with what it reported and nobody asked for yet.
pub struct Node {
    pub net: NetHandle,
    pub events: mpsc::Receiver<NetEvent>,
    backlog: VecDeque<NetEvent>,
}

impl Node {
    /// A node whose seed is all `seed`.
    pub fn start(seed: u8, config: NetConfig) -> Self {
        let config = NetConfig { jitter_seed: u64::from(seed), ..config };
        let (net, events) = Net::start(config, [seed; 32]).expect("a node on loopback");
        Self { net, events, backlog: VecDeque::new() }
    }
    /// A node that takes over the address of one that was shut down; QUIC gives its port back only after the last goodbye.
    pub async fn restart(seed: u8, config: NetConfig) -> Self {
        let tries = async {
            loop {
                match Net::start(config.clone(), [seed; 32]) {
                    Ok((net, events)) => return Self { net, events, backlog: VecDeque::new() },
                    Err(StartError::Listen { .. }) => tokio::time::sleep(Duration::from_millis(10)).await,
                    Err(other) => panic!("{other}"),
                }
            }
        };
        timeout(DEADLINE, tries).await.expect("the port is free again")
    }
    /// A node that listens there.
    pub async fn listening(seed: u8, listen: &str) -> Self {
        Self::listening_with(seed, listen, NetConfig::default()).await
    }
    pub async fn listening_with(seed: u8, listen: &str, config: NetConfig) -> Self {
        let listen = vec![listen.parse().expect("address")];
        let mut node = Self::start(seed, NetConfig { listen, ..config });
        node.listen_addr().await;
        node
    }
    pub fn key(&self) -> NodeKey {
        self.net.node()
    }
    /// The first event of which `pick` makes something; the others are kept for later.
    pub async fn until<T>(&mut self, what: &str, mut pick: impl FnMut(&mut NetEvent) -> Option<T>) -> T {
        for place in 0..self.backlog.len() {
            if let Some(found) = pick(&mut self.backlog[place]) {
                self.backlog.remove(place);
                return found;
            }
        }
        let wait = async {
            loop {
                let mut event = self.events.recv().await.expect("the node runs");
                match pick(&mut event) {
                    Some(found) => return found,
                    None => self.backlog.push_back(event),
                }
            }
        };
        match timeout(DEADLINE, wait).await {
            Ok(found) => found,
            Err(_) => panic!("waited in vain for {what}; meanwhile: {:?}", self.backlog),
        }
    }
    pub async fn listen_addr(&mut self) -> Multiaddr {
        let found = |event: &mut NetEvent| match event {
            NetEvent::ListenAddr(address) => Some(address.clone()),
            _ => None,
        };
        self.until("a listen address", found).await
    }
    pub async fn connected(&mut self, to: NodeKey) -> Via {
        let found = |event: &mut NetEvent| match event {
            NetEvent::Connected { node, via, .. } if *node == to => Some(*via),
            _ => None,
        };
        self.until("a connection", found).await
    }
    pub async fn disconnected(&mut self, from: NodeKey) {
        let found = |event: &mut NetEvent| match event {
            NetEvent::Disconnected { node } if *node == from => Some(()),
            _ => None,
        };
        self.until("a disconnection", found).await;
    }
    pub async fn frame(&mut self, from: NodeKey) -> Vec<u8> {
        let found = |event: &mut NetEvent| match event {
            NetEvent::Frame { node, bytes } if *node == from => Some(bytes.to_vec()),
            _ => None,
        };
        self.until("a frame", found).await
    }
    pub async fn warning(&mut self, about: NodeKey) -> Warning {
        let found = |event: &mut NetEvent| match event {
            NetEvent::Warning { node, warning } if *node == Some(about) => Some(warning.clone()),
            _ => None,
        };
        self.until("a warning", found).await
    }
    pub async fn bulk(&mut self, from: NodeKey) -> peer::BulkStream {
        let found = |event: &mut NetEvent| match event {
            NetEvent::Bulk { node, .. } if *node == from => Some(()),
            _ => None,
        };
        // A stream cannot be cloned: find its place, then take it out of the backlog.
        let mut taken = None;
        let take = |event: &mut NetEvent| {
            found(event)?;
            let gone = NetEvent::Disconnected { node: from };
            if let NetEvent::Bulk { stream, .. } = std::mem::replace(event, gone) {
                taken = Some(stream);
            }
            Some(())
        };
        self.until("a bulk stream", take).await;
        taken.expect("taken above")
    }
    /// The hint of the next refusal of a message; what else comes meanwhile is passed over.
    pub async fn refused(&mut self, by: NodeKey) -> String {
        loop {
            match protocol::wire::decode(&self.frame(by).await) {
                Ok(protocol::wire::Message::Refuse(refuse)) => return refuse.hint,
                other => assert!(other.is_ok(), "{other:?}"),
            }
        }
    }
    /// Dials the other and waits until both are connected.
    pub async fn join(&mut self, other: &mut Self) {
        self.net.dial(other.key(), other.net.listen_addrs()).expect("room");
        self.connected(other.key()).await;
        other.connected(self.key()).await;
    }
    /// Sends a frame and sees it arrive.
    pub async fn tell(&self, other: &mut Self, frame: &[u8]) {
        self.net.send(other.key(), frame.to_vec()).expect("connected");
        assert_eq!(other.frame(self.key()).await, frame);
    }
}

pub fn only(quic: bool, tcp: bool) -> NetConfig {
    NetConfig { transports: Transports { quic, tcp }, ..NetConfig::default() }
}
