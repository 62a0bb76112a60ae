use crate::bulk::BulkStream;
use crate::limits::FRAME_BYTES_MAX;
use libp2p::Multiaddr;
use protocol::ids::NodeKey;
use std::fmt;
use std::ops::Deref;
use tokio::sync::OwnedSemaphorePermit;

/// What the network reports, in order per peer: `Connected`, then frames and bulk streams, then `Disconnected`.
#[derive(Debug)]
pub enum NetEvent {
    /// A peer is connected and its key is proven. Whether it is a member is not decided here.
    Connected {
        /// The peer.
        node: NodeKey,
        /// Whether somebody is in between.
        via: Via,
        /// The peer's address as seen from here.
        addr: Multiaddr,
    },
    /// Messages to a connected peer go another way from now on, usually a better one. Nothing was lost.
    Moved {
        /// The peer.
        node: NodeKey,
        /// Whether somebody is in between.
        via: Via,
        /// The peer's address as seen from here.
        addr: Multiaddr,
    },
    /// A peer is gone; what was queued for it is lost. Directly followed by `Connected` if only the path in use broke and
    /// another one is left.
    Disconnected {
        /// The peer.
        node: NodeKey,
    },
    /// One frame of `/musubi/msg/1`. Drop `bytes` when it is handled: until then it counts against the peer.
    Frame {
        /// Who sent it.
        node: NodeKey,
        /// 1 byte to 1 MiB, not looked into.
        bytes: FrameBytes,
    },
    /// A peer opened a bulk stream towards us.
    Bulk {
        /// Who opened it.
        node: NodeKey,
        /// The stream; dropping it resets it.
        stream: BulkStream,
    },
    /// We are reachable under this address (it ends with our own PeerId).
    ListenAddr(Multiaddr),
    /// We are no longer reachable under this address.
    ListenAddrGone(Multiaddr),
    /// A round of dialling found no way to the peer. If it is wanted, the next round comes by itself.
    DialFailed {
        /// The peer.
        node: NodeKey,
        /// What each address said, for the person who looks for the cause.
        why: String,
    },
    /// A relay keeps us reachable.
    ReservationAccepted {
        /// The relay.
        relay: NodeKey,
    },
    /// A relay no longer does; it is asked again by itself.
    ReservationLost {
        /// The relay.
        relay: NodeKey,
    },
    /// A node was seen on the LAN (cargo feature `mdns`). It is not dialled by itself.
    Neighbour {
        /// Who it claims to be; proven only when connected.
        node: NodeKey,
        /// Where.
        addr: Multiaddr,
    },
    /// Something that a person may want to know, or a strike against a peer.
    Warning {
        /// Whom it is about, if about a peer.
        node: Option<NodeKey>,
        /// What happened.
        warning: Warning,
    },
}

/// How a peer is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// Nobody in between.
    Direct,
    /// Through a relay, which sees sizes and times only.
    Relayed,
}

/// Something wrong that was dealt with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// A frame's header claims more than allowed. The stream was closed.
    #[error("claimed a frame of {0} bytes; at most {FRAME_BYTES_MAX} are allowed")]
    FrameTooLong(u32),
    /// A frame without content. The stream was closed.
    #[error("sent an empty frame")]
    FrameEmpty,
    /// A stream ended inside of a frame.
    #[error("ended a stream inside of a frame")]
    FrameCut,
    /// A frame did not arrive in time. The stream was closed.
    #[error("began a frame and did not end it in time")]
    FrameSlow,
    /// The peer wrote on the stream that only we write on. The stream was closed.
    #[error("answered on a stream of the other direction")]
    WrongDirection,
    /// More message streams than an honest peer opens; the new one was refused.
    #[error("opened too many message streams")]
    TooManyStreams,
    /// More bulk streams than allowed; the new one was refused.
    #[error("opened more bulk streams than allowed")]
    TooManyBulkStreams,
    /// So many of the above that we hung up.
    #[error("was cut off after {0} violations")]
    CutOff(u32),
    /// A frame was being written when its stream broke; whether it arrived is unknown.
    #[error("a frame may be lost: its stream broke")]
    FrameLost,
    /// The peer does not speak `/musubi/msg/1`.
    #[error("does not speak our protocol; is it another program or a much newer version?")]
    Foreign,
    /// A listener closed; it is opened again.
    #[error("no longer listening on {address}: {why}; trying again")]
    ListenerLost {
        /// The address.
        address: Multiaddr,
        /// What the system said.
        why: String,
    },
}

impl Warning {
    /// Whether it is the peer's fault and counts against it.
    pub fn is_strike(&self) -> bool {
        match self {
            Self::FrameTooLong(_)
            | Self::FrameEmpty
            | Self::FrameCut
            | Self::FrameSlow
            | Self::WrongDirection
            | Self::TooManyStreams
            | Self::TooManyBulkStreams
            | Self::CutOff(_) => true,
            Self::FrameLost | Self::Foreign | Self::ListenerLost { .. } => false,
        }
    }
}

/// The bytes of a frame with the room that they take in our queues; dropping them gives the room back.
pub struct FrameBytes {
    bytes: Vec<u8>,
    _room: [OwnedSemaphorePermit; 2],
}

impl FrameBytes {
    pub(crate) fn new(bytes: Vec<u8>, room: [OwnedSemaphorePermit; 2]) -> Self {
        Self { bytes, _room: room }
    }
}

impl Deref for FrameBytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for FrameBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.bytes.len())
    }
}
