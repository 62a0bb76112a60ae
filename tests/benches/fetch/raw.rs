//! The raw servers in a process of their own, and their clients in this one.
use crate::tls::Key;
use crate::{https, raw_quinn};
use bytes::Bytes;
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
    let (quinn, https) =
        runtime.block_on(async { (raw_quinn::serve(&key, source.clone()), https::serve(&key, source).await) });
    println!("{}", serde_json::json!({ "quinn": quinn, "https": https, "cert": key.cert.to_vec() }));
    let _ = std::io::stdin().read(&mut [0]);
}

/// Both clients, each with a live connection.
pub struct Raw {
    runtime: Runtime,
    quinn: raw_quinn::Client,
    https: https::Client,
    server: Child,
    _stdin: Option<ChildStdin>,
}

#[derive(serde::Deserialize)]
struct Where {
    quinn: SocketAddr,
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
        let (quinn, https) = runtime.block_on(async {
            (raw_quinn::Client::connect(cert.clone(), at.quinn).await, https::Client::connect(cert, at.https).await)
        });
        Self { runtime, quinn, https, server, _stdin: stdin }
    }
    /// How long raw quinn takes for so many bytes.
    pub fn quinn(&self, size: u64) -> Duration {
        let begun = Instant::now();
        self.runtime.block_on(self.quinn.fetch(size));
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
