//! HTTPS: hyper over rustls, HTTP/1.1, one connection that stays open.
use crate::tls::{self, Key};
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName};
use std::convert::Infallible;
use std::future::poll_fn;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Serves until the process ends. The path is the number of bytes.
pub async fn serve(key: &Key, source: Bytes) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port of loopback");
    let address = listener.local_addr().expect("bound");
    let acceptor = TlsAcceptor::from(Arc::new(key.server()));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, source) = (acceptor.clone(), source.clone());
            let _ = stream.set_nodelay(true);
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let answer = service_fn(move |request: Request<Incoming>| {
                    let size = request.uri().path().trim_start_matches('/').parse().unwrap_or(0).min(source.len());
                    let body = Whole(source.slice(..size));
                    async move { Ok::<_, Infallible>(Response::new(body)) }
                });
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
            });
        }
    });
    address
}

/// Bytes in memory as a body, in pieces of a chunk.
struct Whole(Bytes);

impl Body for Whole {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let len = self.0.len().min(CHUNK_BYTES);
        Poll::Ready((len > 0).then(|| Ok(Frame::data(self.0.split_to(len)))))
    }
    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }
    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.len() as u64)
    }
}

/// A live connection.
pub struct Client {
    requests: SendRequest<Whole>,
}

impl Client {
    pub async fn connect(cert: CertificateDer<'static>, address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("the HTTPS server listens");
        stream.set_nodelay(true).expect("a TCP stream");
        let connector = TlsConnector::from(Arc::new(tls::client(cert)));
        let name = ServerName::try_from(tls::NAME).expect("a name");
        let stream = connector.connect(name, stream).await.expect("the HTTPS server answers");
        let (requests, connection) = handshake(TokioIo::new(stream)).await.expect("HTTP/1.1");
        tokio::spawn(connection);
        Self { requests }
    }
    /// Asks for so many bytes and reads them all.
    pub async fn fetch(&mut self, size: u64) {
        self.requests.ready().await.expect("the connection stays open");
        let request = Request::get(format!("/{size}")).header("host", tls::NAME).body(Whole(Bytes::new()));
        let answer = self.requests.send_request(request.expect("a request")).await.expect("an answer");
        let mut body = pin!(answer.into_body());
        let mut got = 0u64;
        while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
            got += frame.expect("a piece of the body").data_ref().map_or(0, |bytes| bytes.len() as u64);
        }
        assert_eq!(got, size, "HTTPS brought another number of bytes");
    }
}

/// As large as a chunk of ours.
const CHUNK_BYTES: usize = 256 << 10;
