//! A slow line: what goes in at one end comes out at the other a while later, in order, however much it is.
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// One end of the line; the other is a port of this machine. Carries until the program ends.
pub struct Line {
    /// Where it begins.
    pub addr: SocketAddr,
    bytes: Arc<AtomicU64>,
    calls: Arc<AtomicU64>,
}

impl Line {
    /// A line to `port` on which a round trip takes this long.
    pub fn to(port: u16, round_trip: Duration) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let addr = listener.local_addr().expect("bound");
        let (bytes, calls) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (all, count) = (bytes.clone(), calls.clone());
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let Ok(far) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                count.fetch_add(1, Ordering::Relaxed);
                let _ = (near.set_nodelay(true), far.set_nodelay(true));
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let (Ok(from), Ok(to)) = (from.try_clone(), to.try_clone()) else { continue };
                    carry(from, to, round_trip / 2, all.clone());
                }
            }
        });
        Self { addr, bytes, calls }
    }
    /// Bytes that it carried, and how many calls came in.
    pub fn carried(&self) -> (u64, u64) {
        (self.bytes.load(Ordering::Relaxed), self.calls.load(Ordering::Relaxed))
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, delay: Duration, bytes: Arc<AtomicU64>) {
    let (sent, under_way) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut piece = vec![0; PIECE];
        while let Ok(count @ 1..) = from.read(&mut piece) {
            bytes.fetch_add(count as u64, Ordering::Relaxed);
            if sent.send((Instant::now() + delay, piece[..count].to_vec())).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || {
        for (due, piece) in under_way {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&piece).is_err() {
                return;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}

const PIECE: usize = 64 << 10;
