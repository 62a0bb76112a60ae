//! Raw quinn: a stream that asks for so many bytes, and nothing else around it.
use crate::tls::{self, Key};
use bytes::Bytes;
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn::{ClientConfig, Connection, Endpoint, Incoming, SendStream, ServerConfig, TransportConfig, VarInt};
use rustls::pki_types::CertificateDer;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// Serves until the process ends.
pub fn serve(key: &Key, source: Bytes) -> SocketAddr {
    let tls = QuicServerConfig::try_from(key.server()).expect("TLS 1.3 with a cipher for QUIC");
    let mut config = ServerConfig::with_crypto(Arc::new(tls));
    config.transport_config(transport());
    let endpoint = Endpoint::server(config, (Ipv4Addr::LOCALHOST, 0).into()).expect("a port of loopback");
    let address = endpoint.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Some(incoming) = endpoint.accept().await {
            tokio::spawn(serve_one(incoming, source.clone()));
        }
    });
    address
}

async fn serve_one(incoming: Incoming, source: Bytes) {
    let Ok(connection) = incoming.await else { return };
    while let Ok((mut send, mut receive)) = connection.accept_bi().await {
        let source = source.clone();
        tokio::spawn(async move {
            let mut wanted = [0; 8];
            if receive.read_exact(&mut wanted).await.is_ok() {
                let size = usize::try_from(u64::from_be_bytes(wanted)).unwrap_or(usize::MAX).min(source.len());
                send_all(&mut send, source.slice(..size)).await;
            }
        });
    }
}

async fn send_all(send: &mut SendStream, mut bytes: Bytes) {
    while !bytes.is_empty() {
        let chunk = bytes.split_to(bytes.len().min(CHUNK_BYTES));
        if send.write_chunk(chunk).await.is_err() {
            return;
        }
    }
    let _ = send.finish();
}

/// A live connection.
pub struct Client {
    connection: Connection,
}

impl Client {
    pub async fn connect(cert: CertificateDer<'static>, address: SocketAddr) -> Self {
        let mut endpoint = Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).expect("a port of loopback");
        let tls = QuicClientConfig::try_from(tls::client(cert)).expect("TLS 1.3 with a cipher for QUIC");
        let mut config = ClientConfig::new(Arc::new(tls));
        config.transport_config(transport());
        endpoint.set_default_client_config(config);
        let connecting = endpoint.connect(address, tls::NAME).expect("an address of loopback");
        Self { connection: connecting.await.expect("the raw server answers") }
    }
    /// Asks for so many bytes and reads them all.
    pub async fn fetch(&self, size: u64) {
        let (mut send, mut receive) = self.connection.open_bi().await.expect("a stream");
        send.write_all(&size.to_be_bytes()).await.expect("the raw server reads");
        send.finish().expect("open");
        let mut got = 0u64;
        while let Some(chunk) = receive.read_chunk(usize::MAX, true).await.expect("the raw server writes") {
            got += chunk.bytes.len() as u64;
        }
        assert_eq!(got, size, "raw quinn brought another number of bytes");
    }
}

/// The windows of libp2p's QUIC, so that neither side has more room.
fn transport() -> Arc<TransportConfig> {
    let mut config = TransportConfig::default();
    config.stream_receive_window(VarInt::from_u32(10_000_000));
    config.receive_window(VarInt::from_u32(15_000_000));
    config.send_window(15_000_000);
    // As libp2p's: on a busy machine a round of the others may take longer than an idle connection lives.
    config.keep_alive_interval(Some(Duration::from_secs(5)));
    Arc::new(config)
}

/// As large as a chunk of ours.
const CHUNK_BYTES: usize = 256 << 10;
