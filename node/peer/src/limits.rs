//! Every bound of this crate, with its reason.
use std::time::Duration;

pub use protocol::limits::FRAME_BYTES_MAX;
/// First allocation for an incoming frame: a peer that only claims a long frame gets no more memory than that.
pub const FRAME_BYTES_FIRST: usize = 16 << 10;
/// Up to this length a frame and its header are copied together and written at once: one packet instead of two.
pub const FRAME_BYTES_JOINED: usize = 64 << 10;
/// A frame once begun must be whole after this time: 1 MiB at 0.5 Mbit/s takes 17 s, and who is slower only occupies us.
pub const FRAME_READ_DEADLINE: Duration = Duration::from_secs(20);
/// One frame must have left after this time, backpressure of a busy peer included.
pub const FRAME_WRITE_DEADLINE: Duration = Duration::from_secs(30);
/// When a peer has opened a new message stream, the old one is read to its end, but no longer than it stays silent this long.
pub const STREAM_DRAIN: Duration = Duration::from_millis(500);
/// How long a peer that is hung up on may take to read what is queued for it: a few round trips of a poor line.
pub const HANGUP_DRAIN: Duration = Duration::from_secs(2);

/// Frames waiting to leave for one peer. A burst after a reconnect is some hundred heads and objects.
pub const OUTBOUND_FRAMES_MAX: usize = 1024;
/// Bytes waiting to leave for one peer, so that 1,024 frames of 1 MiB do not become 1 GiB.
pub const OUTBOUND_BYTES_MAX: usize = 8 << 20;
/// Frames of one peer that were handed over and not yet handled. More are left on the wire: backpressure on that stream alone.
pub const INBOUND_FRAMES_PER_PEER: usize = 32;
/// Bytes of all peers that were handed over and not yet handled.
pub const INBOUND_BYTES_MAX: usize = 32 << 20;
/// Events waiting for the driver; frames are bounded per peer besides.
pub const EVENTS_MAX: usize = 1024;
/// Events that the swarm's task itself holds back for a slow driver before it stops to poll the swarm.
pub const EVENTS_HELD_MAX: usize = 4096;
/// Commands waiting for the swarm's task: at start every member is wanted at once.
pub const COMMANDS_MAX: usize = 4096;
/// Notices of the stream tasks waiting for the swarm's task.
pub const NOTICES_MAX: usize = 1024;

/// Message streams of one peer that wait for the current one to end. An honest peer has one, two while it changes path.
pub const STREAMS_WAITING_MAX: usize = 2;
/// Opening a substream: one negotiation, a few round trips over a relay at the other end of the country.
pub const STREAM_OPEN_DEADLINE: Duration = Duration::from_secs(10);
/// A message stream that lived as long was a good one; the back-off of its successors starts anew.
pub const STREAM_STEADY: Duration = Duration::from_secs(10);
/// Shortest and longest pause before a broken message stream is opened again.
pub const STREAM_RETRY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));
/// Strikes at this level (frames too long, cut, too slow) in one connection before we hang up.
pub const STRIKES_MAX: u32 = 8;

/// Bulk streams that one peer may have open towards us, and we towards it. A timeline of one holder needs one; documents
/// beside it a few.
pub const BULK_STREAMS_PER_PEER: usize = 4;
/// A bulk stream on which nothing moves for so long is given up; the transfer resumes at its last chunk.
pub const BULK_STALL: Duration = Duration::from_secs(30);

/// Dials under way at the same time: 50 members in lock step would be a self-made storm.
pub const DIALS_IN_FLIGHT_MAX: usize = 16;
/// Addresses kept per peer. A node has some interfaces, a public name and two relays.
pub const ADDRESSES_PER_PEER_MAX: usize = 16;
/// Peers that the dialer knows; far above any regional network (the largest has some 8,000 facilities, many per node).
pub const DIAL_TARGETS_MAX: usize = 16_384;
/// Shortest and longest pause between two rounds of dialling one peer, before jitter.
pub const DIAL_RETRY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(300));
/// A peer that waits for its next round is tried at once when somebody needs it, but not more often than this.
pub const DIAL_NUDGE: Duration = Duration::from_secs(5);
/// How long the address that worked last is tried alone. One round trip of a slow line.
pub const KNOWN_HEAD_START: Duration = Duration::from_millis(300);
/// How long direct addresses are tried before a relay is tried beside them; a relay costs others bandwidth.
pub const DIRECT_HEAD_START: Duration = Duration::from_millis(1500);
/// A connection that lasted as long was a good one; the next loss is met with the shortest pause.
pub const CONNECTION_STEADY: Duration = Duration::from_secs(60);

/// Handshakes under way, each direction. A hub meets all members at once after a power cut; the rest tries again.
pub const PENDING_CONNECTIONS_MAX: u32 = 64;
/// Connections to one peer: one over a relay, two from dialling each other at the same moment, one that died unnoticed.
pub const CONNECTIONS_PER_PEER: u32 = 4;
/// Connections in all, if the configuration does not say otherwise (2 per member and 32 for joiners: 240 members).
pub const CONNECTIONS_MAX: u32 = 512;
/// Share of the machine's memory from which on new connections are refused, if the configuration does not say otherwise.
pub const MEMORY_SHARE_MAX: f64 = 0.8;
/// Connection attempts from one source address (IPv6: /64) before a handshake is paid for: a burst, then some per second.
/// A prefecture's closed network may bring all its members in from one address.
pub const SOURCE_BURST: u32 = 128;
/// Attempts per second that a source address earns back.
pub const SOURCE_PER_S: u32 = 8;
/// Source addresses remembered; the oldest is forgotten first.
pub const SOURCES_MAX: usize = 4096;
/// Peers blocked at the same time; beyond it the block that ends first is lifted.
pub const BLOCKED_MAX: usize = 10_000;

/// TLS or Noise and Yamux must be done by then.
pub const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);
/// Connections without any stream are closed after this time, if the configuration does not say otherwise.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(120);
/// How often a connection is pinged, and how long an answer may take.
pub const PING: (Duration, Duration) = (Duration::from_secs(15), Duration::from_secs(10));
/// Unanswered pings in a row after which a connection is dead: TCP alone would notice after many minutes.
pub const PINGS_LOST_MAX: u32 = 2;
/// Peers whose announced addresses `identify` remembers.
pub const IDENTIFY_CACHE: usize = 1024;
/// How long closing all connections may take at shutdown.
pub const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(2);
/// Pause before a lost listener is opened again.
pub const LISTEN_RETRY: Duration = Duration::from_secs(10);

/// Members that a relay keeps reachable.
pub const RELAY_RESERVATIONS_MAX: usize = 256;
/// Circuits open through a relay at the same time: each member behind it talks to a few.
pub const RELAY_CIRCUITS_MAX: usize = 512;
/// Circuits to one member behind the relay.
pub const RELAY_CIRCUITS_PER_PEER: usize = 64;
/// Bytes through one circuit, both ways: a CT series of 1 GiB passes (libp2p's own default of 128 KiB stops a document).
pub const RELAY_CIRCUIT_BYTES_MAX: u64 = 4 << 30;
/// How long one circuit lives. Message streams are opened again after it, so it only bounds forgotten ones.
pub const RELAY_CIRCUIT_TIME_MAX: Duration = Duration::from_secs(6 * 3600);
/// How long a reservation lives before the member renews it.
pub const RELAY_RESERVATION_TIME: Duration = Duration::from_secs(1800);
/// Reservations and circuits that one member may ask for per minute.
pub const RELAY_REQUESTS_PER_MINUTE: u32 = 60;
/// Relays that a node keeps reservations at: two are enough to survive one.
pub const RELAYS_MAX: usize = 4;

/// Rings of the Engine's bell that wait for it. A ring beyond tells nothing new: one that waits is still to be heard.
pub const BELLS_MAX: usize = 8;
/// Transfers on bulk streams under way, each direction; the rest waits. Each holds some chunks of 256 KiB and a thread.
pub const BULK_TRANSFERS_MAX: usize = 16;
/// Small transfers on the message streams under way, each direction; they last some milliseconds.
pub const INLINE_TRANSFERS_MAX: usize = 64;
/// Frames of a transfer between the disk and the line.
pub const TRANSFER_FRAMES: usize = 4;
/// Attempts of a holder to bring one transfer to its end, each going on where the one before was cut.
pub const TRANSFER_ATTEMPTS: u32 = 7;
/// Shortest and longest pause between two of them.
pub const TRANSFER_RETRY: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(4));
/// How long a reader waits for the next piece or bulk stream of a transfer before it is cut. Longer than all pauses of the
/// holder together.
pub const TRANSFER_SILENCE: Duration = Duration::from_secs(45);
/// How long a bulk stream waits for the decision that announces it: the two travel on different streams.
pub const ANNOUNCE_WAIT: Duration = Duration::from_secs(10);
/// Pause before a piece is offered again to a full queue.
pub const PIECE_RETRY: Duration = Duration::from_millis(20);
/// How long a piece is offered; then the peer is too slow for small answers.
pub const PIECE_DEADLINE: Duration = Duration::from_secs(20);

const _: () = assert!(FRAME_BYTES_MAX <= OUTBOUND_BYTES_MAX && FRAME_BYTES_MAX <= INBOUND_BYTES_MAX);
const _: () = assert!(FRAME_BYTES_FIRST <= FRAME_BYTES_JOINED && FRAME_BYTES_JOINED <= FRAME_BYTES_MAX);
const _: () =
    assert!(RELAY_CIRCUIT_BYTES_MAX > protocol::limits::FETCH_BYTES_MAX, "a fetch passes through one circuit");
const _: () = assert!(EVENTS_HELD_MAX >= BULK_STREAMS_PER_PEER * CONNECTIONS_MAX as usize);
