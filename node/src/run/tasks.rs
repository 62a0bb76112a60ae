use crate::config::Relays;
use crate::desk::{Desk, follow_all, link_some, publish_pending, roots, scan_all};
use peer::{Multiaddr, PathKind, path_kind};
use protocol::data::Batch;
use protocol::kinds::MemberRole;
use service::ingest::Feed;
use service::view_cache::ViewCache;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Work that comes back by the clock, on one thread of its own: feeds, publications, copies that end, relays.
pub struct Tasks {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Tasks {
    /// Starts them. Everything that may have been missed before a crash is published first.
    ///
    /// # Errors
    /// The operating system has no thread left.
    pub fn start(desk: Arc<Desk>) -> io::Result<Self> {
        let (stop, stopped) = channel();
        let work = move || {
            if let Err(error) = desk.service().publish_all() {
                tracing::warn!(%error, "not everything could be published at the start; it is tried again");
            }
            let mut turns = Turns::default();
            loop {
                turns.turn(&desk);
                if !matches!(stopped.recv_timeout(TURN), Err(RecvTimeoutError::Timeout)) {
                    return;
                }
            }
        };
        Ok(Self { stop, thread: std::thread::Builder::new().name("tasks".into()).spawn(work)? })
    }
    /// Ends them; a scan ends after the batch it is at.
    pub fn stop(self) {
        drop(self.stop);
        // A panic was printed when it happened.
        let _ = self.thread.join();
    }
}

/// When each was done last.
#[derive(Default)]
struct Turns {
    scanned: BTreeMap<(String, String), Instant>,
    followed: Option<Instant>,
    expired: Option<Instant>,
}

impl Turns {
    fn turn(&mut self, desk: &Desk) {
        if self.followed.is_none_or(|last| last.elapsed() >= FOLLOW) {
            self.followed = Some(Instant::now());
            for feed in follow_all(desk) {
                self.scanned.remove(&(feed.facility.to_string(), feed.name));
            }
        }
        link_some(desk);
        let due = self.due(roots(desk));
        if !due.is_empty() {
            // Each failure is in the log; the next turn tries again.
            let _ = scan_all(desk, &due);
        } else if let Err(error) = publish_pending(desk) {
            tracing::debug!(%error, "not published now");
        }
        if self.expired.is_none_or(|last| last.elapsed() >= EXPIRE) {
            self.expired = Some(Instant::now());
            expire_copies(desk);
            desk.service().accounts().sweep();
        }
        keep_reservations(desk);
    }
    fn due(&mut self, feeds: Vec<(Feed, u64)>) -> Vec<Feed> {
        let now = Instant::now();
        let mut due = Vec::new();
        for (feed, interval) in feeds {
            let key = (feed.facility.to_string(), feed.name.clone());
            let is_due = self.scanned.get(&key).is_none_or(|last| now - *last >= Duration::from_secs(interval));
            if is_due {
                self.scanned.insert(key, now);
                due.push(feed);
            }
        }
        due
    }
}

/// Copies of others' records go when their time is over.
fn expire_copies(desk: &Desk) {
    let service = desk.service();
    let writes = match ViewCache::new(service.store().clone()).expire(service.now()) {
        Ok(writes) => writes,
        Err(error) => return tracing::warn!(%error, "copies that ended could not be removed; it is tried again"),
    };
    if !writes.is_empty()
        && let Err(error) = service.commit(Batch { writes, events: Vec::new() })
    {
        tracing::warn!(%error, "copies that ended could not be removed; it is tried again");
    }
}

/// A node without an inbound port keeps a reservation at members that relay, as soon as it knows of some.
fn keep_reservations(desk: &Desk) {
    let config = desk.config();
    let Some(net) = desk.net().filter(|_| config.relays == Relays::Auto && config.net.listen.is_empty()) else {
        return;
    };
    let has_room =
        net.listen_addrs().iter().filter(|address| path_kind(address) == Some(PathKind::Relay)).count() < RELAYS;
    if !has_room {
        return;
    }
    let (service, book) = (desk.service(), desk.service().book());
    let networks = service.networks();
    let relays = networks.iter().flat_map(|network| book.nodes_with(*network, MemberRole::Relay, service.now()));
    for relay in relays.filter(|relay| *relay != service.node_key()) {
        let Some(directory) = book.directory(&relay).filter(|directory| directory.relay) else { continue };
        let parsed = directory.addresses.iter().filter_map(|text| text.parse::<Multiaddr>().ok());
        let direct = parsed.filter(|address| matches!(path_kind(address), Some(PathKind::Quic | PathKind::Tcp)));
        for address in direct.filter(|address| peer::target_of(address) == Some(relay)) {
            // What is kept already stays as it is; a full queue is met at the next turn.
            let _ = net.reserve(&address);
        }
    }
}

/// How often the list is gone through.
const TURN: Duration = Duration::from_millis(500);
/// How often transaction storages are looked at: one look is the length of one file.
const FOLLOW: Duration = Duration::from_secs(3);
/// How often copies that ended are looked for.
const EXPIRE: Duration = Duration::from_secs(60);
/// Two relays are enough to survive one.
const RELAYS: usize = 2;
