use crate::address::{PathKind, allowed, path_kind, relay_of};
use crate::limits::{CONNECTIONS_MAX, IDLE_TIMEOUT, RELAYS_MAX, SOURCE_BURST, SOURCE_PER_S};
use libp2p::Multiaddr;
use protocol::ids::NodeKey;
use std::time::Duration;

/// How this node is reached and reaches others.
#[derive(Clone, Debug)]
pub struct NetConfig {
    /// Where to listen, such as `/ip4/0.0.0.0/udp/4001/quic-v1`. Empty: no inbound port, outbound and relays only.
    pub listen: Vec<Multiaddr>,
    /// Addresses under which others reach us although no interface has them (port forwarding, a public name).
    pub announce: Vec<Multiaddr>,
    /// Which transports may be used, in both directions.
    pub transports: Transports,
    /// Whether this node relays for members without inbound port.
    pub relay_server: bool,
    /// Relays to keep a reservation at, each `…/p2p/RELAY`; at most four.
    pub relays: Vec<Multiaddr>,
    /// What this machine can carry.
    pub limits: NetLimits,
    /// Whether neighbours on the LAN are looked for by multicast DNS. Without the cargo feature `mdns` it does nothing.
    pub mdns: bool,
    /// Connections without any stream are closed after this time. Default 120 s, sensible 60 s to 300 s.
    pub idle_timeout: Duration,
    /// Seed of the jitter in back-offs: nodes that start together must not redial together.
    pub jitter_seed: u64,
}

impl Default for NetConfig {
    fn default() -> Self {
        Self {
            listen: Vec::new(),
            announce: Vec::new(),
            transports: Transports { quic: true, tcp: true },
            relay_server: false,
            relays: Vec::new(),
            limits: NetLimits::default(),
            mdns: false,
            idle_timeout: IDLE_TIMEOUT,
            jitter_seed: 0,
        }
    }
}

impl NetConfig {
    /// The relays' keys, their addresses, and where to ask for the reservation.
    ///
    /// # Errors
    /// [`StartError::Relay`] for an address without a relay's key, or of a transport that is off; [`StartError::Relays`] for
    /// more than four.
    pub(crate) fn checked_relays(&self) -> Result<Vec<(NodeKey, Multiaddr)>, StartError> {
        if self.relays.len() > RELAYS_MAX {
            return Err(StartError::Relays(self.relays.len()));
        }
        let parse = |address: &Multiaddr| {
            relay_of(address)
                .filter(|(_, at)| path_kind(at).is_some_and(|kind| allowed(at, kind, self.transports)))
                .ok_or_else(|| StartError::Relay(address.clone()))
        };
        self.relays.iter().map(parse).collect()
    }
    /// Where to listen.
    ///
    /// # Errors
    /// [`StartError::Address`] for an address that is neither QUIC nor TCP, or of a transport that is off.
    pub(crate) fn checked_listen(&self) -> Result<&[Multiaddr], StartError> {
        let fits = |address: &&Multiaddr| match path_kind(address) {
            Some(PathKind::Relay) | None => false,
            Some(kind) => allowed(address, kind, self.transports),
        };
        match self.listen.iter().find(|address| !fits(address)) {
            Some(address) => Err(StartError::Address(address.clone())),
            None => Ok(&self.listen),
        }
    }
}

/// Which transports may be used. Both are always compiled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transports {
    /// QUIC over UDP.
    pub quic: bool,
    /// TCP with Noise and Yamux.
    pub tcp: bool,
}

/// What this machine can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetLimits {
    /// Established connections in all: two per member and some for joiners. Default 512.
    pub connections_max: u32,
    /// Memory of this process from which on new connections are refused; `None` means 80 % of the machine's.
    pub memory_bytes_max: Option<usize>,
    /// Connection attempts that one source address may make at once, before it has to wait. Default 128.
    pub source_burst: u32,
    /// Attempts per second that a source address earns back. Default 8.
    pub source_per_s: u32,
}

impl Default for NetLimits {
    fn default() -> Self {
        Self {
            connections_max: CONNECTIONS_MAX,
            memory_bytes_max: None,
            source_burst: SOURCE_BURST,
            source_per_s: SOURCE_PER_S,
        }
    }
}

/// Why the network part could not be started. Nothing is running then.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration names an address that we cannot listen on.
    #[error(
        "cannot listen on {0}: write /ip4/ADDRESS/udp/PORT/quic-v1 or /ip4/ADDRESS/tcp/PORT, of a transport that is on"
    )]
    Address(Multiaddr),
    /// The operating system refused the address.
    #[error("cannot listen on {address}: {why}; is another program using the port?")]
    Listen {
        /// The address from the configuration.
        address: Multiaddr,
        /// What the system said.
        why: String,
    },
    /// A relay's address does not name the relay.
    #[error("{0} is no relay's address: write /ip4/ADDRESS/tcp/PORT/p2p/PEER-ID, of a transport that is on")]
    Relay(Multiaddr),
    /// Too many relays.
    #[error("{0} relays are configured; at most four make sense")]
    Relays(usize),
    /// The handshake keys could not be made.
    #[error("the node's key was refused by the transport: {0}")]
    Key(String),
    /// Multicast DNS could not be started.
    #[error("cannot look for neighbours by multicast DNS: {0}; switch mdns off if the network forbids it")]
    Mdns(String),
}
