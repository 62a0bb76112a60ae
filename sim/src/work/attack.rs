//! What bad neighbours do beside what their Engines do: members with good keys who try what they may not. The numbers are those of
//! the design of the simulator.
use crate::seed::Stream;
use prost::Message as _;
use protocol::crypto::{Crypto, Secret, domain};
use protocol::ids::FacilityId;
use protocol::wire::{Message, v1};

/// One behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attack {
    /// B02: a good request in which a byte was changed on the way.
    Flipped,
    /// B03: a request that was answered before, again.
    Replayed,
    /// B04: a request that was made for another holder.
    Elsewhere,
    /// B08: a request in the name of another facility.
    Borrowed,
    /// B10: many requests with guessed handles.
    Guessed,
    /// B11: a flood of frames that are none.
    Flood,
    /// B13: a frame that announces more than it may hold.
    Huge,
    /// B22: a membership taken back by one founder alone.
    LoneRevocation,
    /// B28: a suspension by one founder for longer than one founder may.
    LongSuspension,
}

impl Attack {
    /// All that are sent as frames.
    pub const ALL: [Self; 9] = [
        Self::Flipped,
        Self::Replayed,
        Self::Elsewhere,
        Self::Borrowed,
        Self::Guessed,
        Self::Flood,
        Self::Huge,
        Self::LoneRevocation,
        Self::LongSuspension,
    ];
    /// Its number in the design.
    pub fn id(self) -> &'static str {
        match self {
            Self::Flipped => "B02",
            Self::Replayed => "B03",
            Self::Elsewhere => "B04",
            Self::Borrowed => "B08",
            Self::Guessed => "B10",
            Self::Flood => "B11",
            Self::Huge => "B13",
            Self::LoneRevocation => "B22",
            Self::LongSuspension => "B28",
        }
    }
}

/// A request with one bit of its body changed after it was signed.
pub fn flipped(message: Message, draws: &mut Stream) -> Message {
    match message {
        Message::Request(mut request) => {
            let at = draws.index(request.body.len());
            if let Some(byte) = request.body.get_mut(at) {
                *byte ^= 1 << draws.below(8);
            }
            Message::Request(request)
        }
        other => other,
    }
}

/// A request in another facility's name, signed with the sender's own key.
pub fn borrowed(message: Message, name: &FacilityId, crypto: &dyn Crypto, key: &Secret) -> Message {
    let Message::Request(request) = message else { return message };
    let Ok(mut body) = v1::RequestBody::decode(request.body.as_slice()) else { return Message::Request(request) };
    body.reader = name.as_str().to_owned();
    let body = body.encode_to_vec();
    let signature = crypto.sign(key, &domain("request", &[&body]));
    Message::Request(v1::Request { body, signature: signature.0.to_vec() })
}

/// A frame of so many bytes that are no message, with the length of four gibibytes in front if it is to look huge.
pub fn garbage(is_huge: bool, draws: &mut Stream) -> Vec<u8> {
    let mut frame = draws.bytes::<64>().to_vec();
    if is_huge {
        frame[..6].copy_from_slice(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]);
    }
    frame
}
