//! The raw servers in a process of their own, and their clients in this one.
use crate::tls::Key;
use crate::{https, raw_libp2p, raw_quinn};
use bytes::Bytes;
use libp2p::Multiaddr;
use rustls::pki_types::CertificateDer;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// The word by which this program is started as the raw servers.
pub const SERVE: &str = "--serve-raw";

/// The servers: print where they are, and end when nobody holds their standard input any more.
pub fn serve(bytes: u64) {
    let runtime = Runtime::new().expect("a runtime");
    let source = Bytes::from(crate::noise::bytes(usize::try_from(bytes).expect("fits into memory"), 1));
    let key = Key::new();
    let (quinn, libp2p, https) = runtime.block_on(async {
        let libp2p = raw_libp2p::serve(source.clone()).await;
        (raw_quinn::serve(&key, source.clone()), libp2p, https::serve(&key, source).await)
    });
    let cert = key.cert.to_vec();
    println!("{}", serde_json::json!({ "quinn": quinn, "libp2p": libp2p.to_string(), "https": https, "cert": cert }));
    let _ = std::io::stdin().read(&mut [0]);
}

/// The clients, each with a live connection.
pub struct Raw {
    runtime: Runtime,
    quinn: raw_quinn::Client,
    libp2p: raw_libp2p::Client,
    https: https::Client,
    server: Child,
    _stdin: Option<ChildStdin>,
}

#[derive(serde::Deserialize)]
struct Where {
    quinn: SocketAddr,
    libp2p: String,
    https: SocketAddr,
    cert: Vec<u8>,
}

impl Raw {
    /// Starts the servers, with as many bytes to give as are ever asked for, and connects.
    pub fn start(bytes: u64) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut server = Command::new(program)
            .args([SERVE, &bytes.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the raw servers start");
        let stdin = server.stdin.take();
        let mut line = String::new();
        BufReader::new(server.stdout.take().expect("piped")).read_line(&mut line).expect("the raw servers speak");
        let at: Where = serde_json::from_str(&line).expect("where the raw servers are");
        let cert = CertificateDer::from(at.cert);
        let runtime = Runtime::new().expect("a runtime");
        let libp2p: Multiaddr = at.libp2p.parse().expect("an address");
        let (quinn, libp2p, https) = runtime.block_on(async {
            let quinn = raw_quinn::Client::connect(cert.clone(), at.quinn).await;
            (quinn, raw_libp2p::Client::connect(libp2p).await, https::Client::connect(cert, at.https).await)
        });
        Self { runtime, quinn, libp2p, https, server, _stdin: stdin }
    }
    /// How long raw quinn takes for so many bytes.
    pub fn quinn(&self, size: u64) -> Duration {
        let begun = Instant::now();
        self.runtime.block_on(self.quinn.fetch(size));
        begun.elapsed()
    }
    /// How long libp2p alone takes for so many bytes.
    pub fn libp2p(&mut self, size: u64) -> Duration {
        let begun = Instant::now();
        self.runtime.block_on(self.libp2p.fetch(size));
        begun.elapsed()
    }
    /// How long HTTPS takes for so many bytes.
    pub fn https(&mut self, size: u64) -> Duration {
        let begun = Instant::now();
        self.runtime.block_on(self.https.fetch(size));
        begun.elapsed()
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
