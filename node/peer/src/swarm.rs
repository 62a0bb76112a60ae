//! The one task that owns the libp2p swarm: a `select!` over a closed set of inputs that never waits for anything else.
//!
//! Commands, notices of the stream tasks and the swarm's own events come in; [`NetEvent`]s go out. A slow driver is met by
//! holding events back up to a bound and then by not polling the swarm: backpressure down to the sockets.
use crate::behaviour::Behaviours;
use crate::bulk::BULK_PROTOCOL;
use crate::config::{NetConfig, StartError, Transports};
use crate::dial::Dialer;
use crate::event::{NetEvent, Warning};
use crate::handle::{Board, Command, NetHandle};
use crate::identity::{keypair_of, node_key_of};
use crate::limits::*;
use crate::msg::MSG_PROTOCOL;
use crate::relay::Reservations;
use crate::session::Session;
use crate::transport;
use futures::StreamExt;
use libp2p::core::transport::ListenerId;
use libp2p::swarm::{ConnectionId, dial_opts::DialOpts, dial_opts::PeerCondition};
use libp2p::{Multiaddr, PeerId, Stream, Swarm, swarm};
use libp2p_stream::{Control, IncomingStreams};
use protocol::ids::NodeKey;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

mod on_command;
mod on_event;

/// The network part.
pub struct Net {
    own: PeerId,
    swarm: Swarm<Behaviours>,
    transports: Transports,
    relay_server: bool,
    control: Control,
    board: Arc<Board>,
    commands: mpsc::Receiver<Command>,
    notices: mpsc::Receiver<Notice>,
    notices_in: mpsc::Sender<Notice>,
    events: mpsc::Sender<NetEvent>,
    /// Events that found no room yet.
    held: VecDeque<NetEvent>,
    inbound_bytes: Arc<Semaphore>,
    sessions: BTreeMap<NodeKey, Session>,
    dialer: Dialer,
    /// Which of our dials a connection came from.
    attempts: BTreeMap<ConnectionId, NodeKey>,
    reservations: Reservations,
    blocked: BTreeMap<NodeKey, Instant>,
    /// Peers that still get what is queued for them, and until when, before their connections close.
    hanging: BTreeMap<NodeKey, Instant>,
    pings_lost: BTreeMap<ConnectionId, u32>,
    listeners: Vec<(ListenerId, Multiaddr)>,
    /// Listeners to open again, and when.
    relisten: Vec<(Instant, Multiaddr)>,
}

/// What a stream task tells the swarm's task.
pub(crate) enum Notice {
    /// A peer opened a message stream.
    Messages { node: NodeKey, stream: Stream },
    /// A peer opened a bulk stream.
    Bulk { node: NodeKey, stream: Stream },
    /// A peer broke the rules of a stream, which is closed already.
    Strike { node: NodeKey, warning: Warning },
    /// Everything queued for a peer that is hung up on has arrived there, or never will.
    Drained(NodeKey),
}

/// Whether the loop goes on.
enum Flow {
    On,
    Stop(Option<oneshot::Sender<()>>),
}

impl Net {
    /// Starts the network part with the node's identity; call it inside of a tokio runtime. The receiver must be drained:
    /// when it is full the network stands still, when it is dropped the network stops.
    ///
    /// # Errors
    /// [`StartError`] if the configuration or the machine does not allow it; nothing runs then.
    pub fn start(
        config: NetConfig,
        secret_key_seed: [u8; 32],
    ) -> Result<(NetHandle, mpsc::Receiver<NetEvent>), StartError> {
        let relays = config.checked_relays()?;
        let listen = config.checked_listen()?.to_vec();
        let keypair = keypair_of(secret_key_seed);
        let own = keypair.public().to_peer_id();
        let own_node = node_key_of(&own).expect("made from an Ed25519 key above");
        let (transport, relay_client) = transport::build(&keypair)?;
        let behaviours = Behaviours::new(&config, &keypair, relay_client)?;
        let mut control = behaviours.paths.control();
        let settings =
            swarm::Config::with_tokio_executor().with_idle_connection_timeout(config.idle_timeout).with_smart_dial();
        let (commands_in, commands) = mpsc::channel(COMMANDS_MAX);
        let (notices_in, notices) = mpsc::channel(NOTICES_MAX);
        let (events, events_out) = mpsc::channel(EVENTS_MAX);
        let board = Arc::new(Board::default());
        let mut net = Self {
            own,
            swarm: Swarm::new(transport, behaviours, own, settings),
            transports: config.transports,
            relay_server: config.relay_server,
            control: control.clone(),
            board: board.clone(),
            commands,
            notices,
            notices_in: notices_in.clone(),
            events,
            held: VecDeque::new(),
            inbound_bytes: Arc::new(Semaphore::new(INBOUND_BYTES_MAX)),
            sessions: BTreeMap::new(),
            dialer: Dialer::new(config.jitter_seed),
            attempts: BTreeMap::new(),
            reservations: Reservations::new(&relays, config.jitter_seed.rotate_left(32)),
            blocked: BTreeMap::new(),
            hanging: BTreeMap::new(),
            pings_lost: BTreeMap::new(),
            listeners: Vec::new(),
            relisten: Vec::new(),
        };
        for address in listen {
            let opened = net.swarm.listen_on(address.clone());
            let listener = opened
                .map_err(|error| StartError::Listen { address: address.clone(), why: on_event::deepest(&error) })?;
            net.listeners.push((listener, address));
        }
        for address in config.announce {
            net.swarm.add_external_address(address.clone());
            net.reachable(address);
        }
        for (relay, address) in relays {
            net.dialer.want(Instant::now(), relay, vec![address]);
        }
        let messages = control.accept(MSG_PROTOCOL).expect("accepted for the first time");
        let bulk = control.accept(BULK_PROTOCOL).expect("accepted for the first time");
        tokio::spawn(accept(messages, notices_in.clone(), |node, stream| Notice::Messages { node, stream }));
        tokio::spawn(accept(bulk, notices_in, |node, stream| Notice::Bulk { node, stream }));
        tokio::spawn(net.run());
        Ok((NetHandle { own: own_node, commands: commands_in, board, control }, events_out))
    }

    async fn run(mut self) {
        let events = self.events.clone();
        let done = loop {
            self.dial_due();
            let alarm = self.deadline();
            let has_room = self.held.len() < EVENTS_HELD_MAX;
            let flow = tokio::select! {
                room = events.reserve(), if !self.held.is_empty() => match room {
                    Ok(room) => {
                        if let Some(event) = self.held.pop_front() {
                            room.send(event);
                        }
                        Flow::On
                    }
                    Err(_) => Flow::Stop(None),
                },
                event = self.swarm.select_next_some(), if has_room => {
                    self.on_swarm_event(event);
                    Flow::On
                }
                command = self.commands.recv(), if has_room => match command {
                    Some(Command::Shutdown(done)) => Flow::Stop(Some(done)),
                    Some(command) => {
                        self.on_command(command);
                        Flow::On
                    }
                    None => Flow::Stop(None),
                },
                // Only when nothing is held: a peer's `Connected` must be out before the first frame of its stream.
                notice = self.notices.recv(), if self.held.is_empty() => {
                    if let Some(notice) = notice {
                        self.on_notice(notice);
                    }
                    Flow::On
                }
                () = sleep_until(alarm.unwrap_or_else(Instant::now)), if alarm.is_some() => {
                    self.on_alarm();
                    Flow::On
                }
                () = events.closed() => Flow::Stop(None),
            };
            if let Flow::Stop(done) = flow {
                break done;
            }
        };
        self.close_all().await;
        drop(self);
        if let Some(done) = done {
            let _ = done.send(());
        }
    }

    /// Dials what is due. An attempt that cannot even begin is over at once.
    fn dial_due(&mut self) {
        let now = Instant::now();
        for attempt in self.dialer.due(now) {
            let opts = DialOpts::peer_id(crate::identity::peer_id_of(attempt.node));
            let opts = match attempt.addresses.is_empty() {
                // Perhaps `identify` once learned an address of it.
                true => opts.condition(PeerCondition::Disconnected).build(),
                false => opts.condition(PeerCondition::Disconnected).addresses(attempt.addresses).build(),
            };
            let id = opts.connection_id();
            match self.swarm.dial(opts) {
                Ok(()) => {
                    self.attempts.insert(id, attempt.node);
                }
                Err(error) => self.on_attempt_failed(attempt.node, &error),
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let relisten = self.relisten.iter().map(|(at, _)| *at).min();
        let unblock = self.blocked.values().min().copied();
        let drained = self.hanging.values().min().copied();
        [self.dialer.deadline(), self.reservations.deadline(), relisten, unblock, drained].into_iter().flatten().min()
    }

    fn on_alarm(&mut self) {
        let now = Instant::now();
        for (relay, address) in self.reservations.due(now) {
            let listener = self.swarm.listen_on(address);
            self.reservations.asked(now, relay, listener.ok());
        }
        let (due, later) = std::mem::take(&mut self.relisten).into_iter().partition(|(at, _)| *at <= now);
        self.relisten = later;
        let due: Vec<_> = due;
        for (_, address) in due {
            match self.swarm.listen_on(address.clone()) {
                Ok(listener) => self.listeners.push((listener, address)),
                Err(_) => self.relisten.push((now + LISTEN_RETRY, address)),
            }
        }
        let over: Vec<_> = self.blocked.iter().filter(|(_, until)| **until <= now).map(|(node, _)| *node).collect();
        for node in over {
            self.unblock(node);
        }
        let late: Vec<_> = self.hanging.iter().filter(|(_, until)| **until <= now).map(|(node, _)| *node).collect();
        for node in late {
            self.on_drained(node);
        }
    }

    /// Says goodbye, so that the others need not wait for a time-out.
    async fn close_all(&mut self) {
        self.sessions.clear();
        self.board.lines_mut().clear();
        self.board.addresses_mut().clear();
        let peers: Vec<_> = self.swarm.connected_peers().copied().collect();
        for peer in peers {
            let _ = self.swarm.disconnect_peer_id(peer);
        }
        let closing = async {
            while self.swarm.network_info().num_peers() > 0 {
                self.swarm.select_next_some().await;
            }
        };
        if timeout(SHUTDOWN_DEADLINE, closing).await.is_err() {
            tracing::debug!("some connections did not close in time");
        }
    }

    fn emit(&mut self, event: NetEvent) {
        self.held.push_back(event);
    }
    fn warn(&mut self, node: Option<NodeKey>, warning: Warning) {
        self.emit(NetEvent::Warning { node, warning });
    }
}

/// Takes inbound streams as fast as they come (`libp2p-stream` drops what is not taken at once) and passes them on.
async fn accept(
    mut streams: IncomingStreams,
    notices: mpsc::Sender<Notice>,
    notice: impl Fn(NodeKey, Stream) -> Notice,
) {
    while let Some((peer, stream)) = streams.next().await {
        let Some(node) = node_key_of(&peer) else { continue };
        // No room: dropping the stream refuses it, and an honest peer opens it again later.
        if let Err(mpsc::error::TrySendError::Closed(_)) = notices.try_send(notice(node, stream)) {
            return;
        }
    }
}
