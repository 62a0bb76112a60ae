//! The network part of a node and the thread of its Engine: libp2p underneath, no decision in between.
//!
//! [`Net::start`] gives a [`NetHandle`] to ask and a queue of [`NetEvent`]s to drain. A peer is a [`protocol::ids::NodeKey`];
//! its PeerId follows from it ([`peer_id_of`]). What a frame means, who is a member and whom to dial is decided by the Engine,
//! which [`drive`] runs between the network and the [`Host`].
//!
//! Reading order: `config`, `event` and `handle` (what others see), `swarm` (the one task that owns everything), `session`
//! with `msg` and `bulk` (what exists per peer), `dial` and `relay` (pure: whom to dial when, where to be reachable), `paths`
//! and `front` (small behaviours of our own), `behaviour` and `transport` (the libp2p parts as we set them); then `host` and
//! `driver` with `serve` and `receive` (the Engine's hands).
mod address;
mod behaviour;
mod bulk;
mod config;
mod dial;
mod driver;
mod event;
mod front;
mod handle;
mod host;
mod identity;
pub mod limits;
mod msg;
mod paths;
mod relay;
mod session;
mod swarm;
mod transport;

pub use address::{PathKind, path_kind, relay_of, target_of};
pub use bulk::{BULK_PROTOCOL, BulkStream};
pub use config::{NetConfig, NetLimits, StartError, Transports};
pub use driver::{End, EngineHandle, Running, drive};
pub use event::{FrameBytes, NetEvent, Via, Warning};
pub use handle::{Busy, NetHandle, OpenError, PeerStatus, SendError};
pub use host::{Completion, Host, Keeper, Shelf};
pub use identity::{node_key_of, peer_id_of};
pub use libp2p::{Multiaddr, PeerId};
pub use msg::MSG_PROTOCOL;
pub use swarm::Net;
