//! The transports: QUIC and TCP with Noise and Yamux, names resolved, and circuits through relays over both.
use crate::config::StartError;
use crate::limits::HANDSHAKE_DEADLINE;
use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::{Boxed, timeout::TransportTimeout};
use libp2p::core::upgrade::Version;
use libp2p::identity::Keypair;
use libp2p::{PeerId, Transport, dns, noise, quic, relay, tcp, yamux};

/// The whole stack and the client part of the relay protocol that belongs to it.
pub(crate) fn build(
    keypair: &Keypair,
) -> Result<(Boxed<(PeerId, StreamMuxerBox)>, relay::client::Behaviour), StartError> {
    let noise = noise::Config::new(keypair).map_err(|error| StartError::Key(error.to_string()))?;
    let direct = || {
        // Frames are small and waited for: never hold one back to fill a packet (TCP_NODELAY).
        let tcp = tcp::tokio::Transport::new(tcp::Config::new().nodelay(true))
            .upgrade(Version::V1Lazy)
            .authenticate(noise.clone())
            .multiplex(yamux::Config::default())
            .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)));
        quic::tokio::Transport::new(quic::Config::new(keypair))
            .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)))
            .or_transport(TransportTimeout::new(tcp, HANDSHAKE_DEADLINE))
            .map(|either, _| either.into_inner())
    };
    // A machine without a resolver still reaches numeric addresses, and no name leaves it to a resolver it did not choose.
    let named = dns::tokio::Transport::system(direct()).unwrap_or_else(|error| {
        tracing::warn!(%error, "no name resolver on this machine: only numeric addresses can be reached");
        dns::tokio::Transport::custom(
            direct(),
            dns::ResolverConfig::from_parts(None, Vec::new(), Vec::new()),
            dns::ResolverOpts::default(),
        )
    });
    let (circuits, client) = relay::client::new(keypair.public().to_peer_id());
    let circuits = circuits
        .upgrade(Version::V1Lazy)
        .authenticate(noise.clone())
        .multiplex(yamux::Config::default())
        .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)));
    let circuits = TransportTimeout::new(circuits, HANDSHAKE_DEADLINE);
    let whole = circuits.or_transport(named).map(|either, _| either.into_inner()).boxed();
    Ok((whole, client))
}
