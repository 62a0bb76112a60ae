//! The libp2p behaviours of a node, all of them. No DHT, no gossip: members are found by signed objects.
use crate::config::{NetConfig, StartError};
use crate::front::FrontDoor;
use crate::limits::*;
use crate::paths::Paths;
use crate::relay::server_config;
use libp2p::allow_block_list::{self, BlockedPeers};
use libp2p::connection_limits::{self, ConnectionLimits};
use libp2p::identity::Keypair;
use libp2p::swarm::NetworkBehaviour;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::{dcutr, identify, memory_connection_limits, ping, relay};

/// Those that may refuse a connection stand first: what is refused costs the others nothing.
#[derive(NetworkBehaviour)]
pub(crate) struct Behaviours {
    front: FrontDoor,
    limits: connection_limits::Behaviour,
    memory: memory_connection_limits::Behaviour,
    pub(crate) blocked: allow_block_list::Behaviour<BlockedPeers>,
    pub(crate) paths: Paths,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
    relay_client: relay::client::Behaviour,
    relay_server: Toggle<relay::Behaviour>,
    dcutr: dcutr::Behaviour,
    #[cfg(feature = "mdns")]
    mdns: Toggle<libp2p::mdns::tokio::Behaviour>,
}

impl Behaviours {
    pub(crate) fn new(
        config: &NetConfig,
        keypair: &Keypair,
        relay_client: relay::client::Behaviour,
    ) -> Result<Self, StartError> {
        let own = keypair.public().to_peer_id();
        let limits = ConnectionLimits::default()
            .with_max_pending_incoming(Some(PENDING_CONNECTIONS_MAX))
            .with_max_pending_outgoing(Some(PENDING_CONNECTIONS_MAX))
            .with_max_established_per_peer(Some(CONNECTIONS_PER_PEER))
            .with_max_established(Some(config.limits.connections_max));
        let memory = match config.limits.memory_bytes_max {
            Some(bytes) => memory_connection_limits::Behaviour::with_max_bytes(bytes),
            None => memory_connection_limits::Behaviour::with_max_percentage(MEMORY_SHARE_MAX),
        };
        let identify = identify::Config::new(IDENTIFY_NAME.to_owned(), keypair.public())
            .with_agent_version(concat!("musubi/", env!("CARGO_PKG_VERSION")).to_owned())
            .with_push_listen_addr_updates(true)
            .with_cache_size(IDENTIFY_CACHE);
        Ok(Self {
            front: FrontDoor::new(config.limits.source_burst, config.limits.source_per_s),
            limits: connection_limits::Behaviour::new(limits),
            memory,
            blocked: allow_block_list::Behaviour::default(),
            paths: Paths::new(),
            identify: identify::Behaviour::new(identify),
            ping: ping::Behaviour::new(ping::Config::new().with_interval(PING.0).with_timeout(PING.1)),
            relay_client,
            relay_server: config.relay_server.then(|| relay::Behaviour::new(own, server_config())).into(),
            dcutr: dcutr::Behaviour::new(own),
            #[cfg(feature = "mdns")]
            mdns: mdns(config, own)?,
        })
    }
}

#[cfg(feature = "mdns")]
fn mdns(config: &NetConfig, own: libp2p::PeerId) -> Result<Toggle<libp2p::mdns::tokio::Behaviour>, StartError> {
    if !config.mdns {
        return Ok(None.into());
    }
    let behaviour = libp2p::mdns::tokio::Behaviour::new(libp2p::mdns::Config::default(), own)
        .map_err(|error| StartError::Mdns(error.to_string()))?;
    Ok(Some(behaviour).into())
}

/// What identify calls the whole set of protocols.
const IDENTIFY_NAME: &str = "/musubi/1";
