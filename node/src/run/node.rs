use super::hands::Hands;
use super::keeper::Keeper;
use super::tasks::Tasks;
use crate::config::Config;
use crate::control::Server;
use crate::desk::{Desk, Parts};
use crate::failure::Failure;
use crate::page::{self, Page};
use peer::{Net, NetHandle, Running};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// What a node is started with.
pub struct Start<'a> {
    /// Its folder.
    pub folder: &'a Path,
    /// Its configuration.
    pub config: Config,
    /// Whether verbs may ask it over its control socket.
    pub has_socket: bool,
}

/// A running node. [`Node::stop`] ends it in reverse order of its start.
pub struct Node {
    desk: Arc<Desk>,
    runtime: Runtime,
    net: NetHandle,
    engine: peer::EngineHandle,
    hands: Arc<Hands>,
    has_ended: Arc<AtomicBool>,
    tasks: Tasks,
    keeper: Keeper,
    server: Option<Server>,
    page: Option<Page>,
}

/// Starts a node: store and keys, engine and service, peer, feeds, control socket, page.
///
/// # Errors
/// [`Failure`] of the first that did not start.
pub fn start(start: Start<'_>) -> Result<Node, Failure> {
    let Start { folder, config, has_socket } = start;
    let thread = |error: std::io::Error| Failure::store(format!("the operating system refused: {error}"));

    // Store (repair), keys, service.
    let Parts { desk, host, inbox, report } = Desk::parts(folder, config.clone())?;
    report_opening(&report);
    let desk = Arc::new(desk);

    // Network and Engine.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(BLOCKING_MAX)
        .thread_name("net")
        .enable_all()
        .build()
        .map_err(thread)?;
    let entered = runtime.enter();
    let mut net_config = config.net.clone();
    net_config.jitter_seed = jitter_seed();
    let (net, events) = Net::start(net_config, *host.node_secret().expose()).map_err(start_failure)?;
    let hands = Arc::new(Hands::new(host.clone(), inbox));
    let (engine, running) = peer::drive(host.engine(), hands.clone(), net.clone(), events).map_err(thread)?;
    hands.wake(engine.clone());
    let has_ended = watch(running);
    drop(entered);
    await_addresses(&net, &config);
    desk.set_net(net.clone());
    for address in &config.bootstrap {
        if let Some(node) = peer::target_of(address) {
            // An error means a full queue; the directory names peers too.
            let _ = net.want(node, vec![address.clone()]);
        }
    }

    // Feeds and other work by the clock.
    let tasks = Tasks::start(desk.clone()).map_err(thread)?;
    let keeper = Keeper::start(desk.clone()).map_err(thread)?;

    // Doors for people.
    let server = match has_socket {
        true => Some(
            Server::start(desk.clone())
                .map_err(|error| Failure::store(format!("the control socket could not be made: {error}")))?,
        ),
        false => None,
    };
    let page = match config.portal {
        Some(listen) => Some(page::open(&desk, listen, page::Kind::Real, runtime.handle())?),
        None => None,
    };
    if let Some(page) = &page {
        desk.set_page(page.url());
    }
    tracing::info!(node = %desk.service().node_key(), facilities = config.facilities.len(), "node runs");
    Ok(Node { desk, runtime, net, engine, hands, has_ended, tasks, keeper, server, page })
}

impl Node {
    /// The use cases and handlers.
    pub fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }
    /// A link for the first administrator, while nobody has an account; each call voids the one before.
    pub fn set_up_link(&self) -> Option<String> {
        self.page.as_ref().and_then(Page::set_up_link)
    }
    /// Where others reach it.
    pub fn addresses(&self) -> Vec<String> {
        self.net.listen_addrs().iter().map(ToString::to_string).collect()
    }
    /// Whether the Engine ended without being told to: the process must end.
    pub fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Relaxed)
    }
    /// The runtime of its sockets.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }
    /// Stops in reverse order of the start list, then flushes.
    pub fn stop(self) {
        let Self { desk, runtime, net, engine, hands, has_ended: _, tasks, keeper, server, page } = self;
        if let Some(page) = page {
            page.stop(&runtime);
        }
        drop(server);
        keeper.stop();
        desk.ingest().stop();
        tasks.stop();
        // The Engine still carries out what was asked before.
        runtime.block_on(engine.stop());
        hands.close();
        runtime.block_on(net.shutdown());
        runtime.shutdown_timeout(STOP);
        desk.service().store().close();
        tracing::info!("node stopped");
    }
}

/// Waits until the first address is bound: who reads that the node is ready may be told where it is reached, and an invite may
/// be made. A port that cannot be bound was an error before; nothing hangs on an interface that is slow to tell.
fn await_addresses(net: &NetHandle, config: &Config) {
    let until = Instant::now() + BIND_WAIT;
    while !config.net.listen.is_empty() && net.listen_addrs().is_empty() && Instant::now() < until {
        std::thread::sleep(BIND_LOOK);
    }
}

/// Notes when the Engine ends.
fn watch(running: Running) -> Arc<AtomicBool> {
    let has_ended = Arc::new(AtomicBool::new(false));
    let flag = has_ended.clone();
    tokio::spawn(async move {
        running.ended().await;
        flag.store(true, Ordering::Relaxed);
    });
    has_ended
}

fn report_opening(report: &store::OpenReport) {
    if let Some(rebuilt) = &report.rebuilt {
        tracing::warn!(why = rebuilt.why, "the index was made anew from the journal");
    }
    if report.cut.is_some() {
        tracing::warn!("an incomplete frame at the end of the journal was removed; nothing acknowledged was in it");
    }
    tracing::info!(position = report.position, replayed = report.replayed, is_new = report.is_new, "store open");
}

fn start_failure(error: peer::StartError) -> Failure {
    use peer::StartError::{Address, Key, Listen, Mdns, Relay, Relays};
    match &error {
        Listen { .. } => {
            Failure::unreachable(&error).next("choose another port in peer.listen, or stop the other program")
        }
        Address(_) | Relay(_) | Relays(_) => Failure::usage(&error)
            .next("`musubi config explain peer.listen` and `musubi config explain peer.relay` show the forms"),
        Key(_) => Failure::store(&error),
        Mdns(_) => Failure::unreachable(&error),
    }
}

/// Nodes that start together must not redial together. Nothing secret: the clock is enough where the system has no randomness.
fn jitter_seed() -> u64 {
    let mut bytes = [0; 8];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u64::from_le_bytes(bytes),
        Err(_) => u64::from(std::process::id()),
    }
}

/// Threads for sockets: they only move bytes.
const WORKERS: usize = 2;
/// Threads that may wait for a disk, for transfers and pages at once.
const BLOCKING_MAX: usize = 64;
/// Longest wait for the first address; on loopback it takes a millisecond.
const BIND_WAIT: Duration = Duration::from_secs(3);
/// Between two looks at it.
const BIND_LOOK: Duration = Duration::from_millis(2);
/// Longest wait for threads that still read or write at the end.
const STOP: Duration = Duration::from_secs(5);
