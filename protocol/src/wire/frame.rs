use super::{Envelope, Message};
use crate::limits::{FRAME_BYTES_MAX, WIRE_VERSION};
use prost::Message as _;

/// Why a frame is not a message of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Longer than a frame may be; refused before parsing.
    #[error("frame of {0} bytes is above the limit of {FRAME_BYTES_MAX}")]
    Long(usize),
    /// Not protobuf of our schema.
    #[error("frame is not a musubi envelope")]
    Garbage,
    /// An envelope without a message that this version knows.
    #[error("unknown message of wire version {0}")]
    Unknown(u32),
}

/// The frame's bytes without the length in front.
pub fn encode(message: Message) -> Vec<u8> {
    Envelope { version: WIRE_VERSION, message: Some(message) }.encode_to_vec()
}

/// Reads one frame.
///
/// # Errors
/// [`WireError`]; always the sender's fault.
pub fn decode(frame: &[u8]) -> Result<Message, WireError> {
    if frame.len() > FRAME_BYTES_MAX {
        return Err(WireError::Long(frame.len()));
    }
    let envelope = Envelope::decode(frame).map_err(|_| WireError::Garbage)?;
    envelope.message.ok_or(WireError::Unknown(envelope.version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::v1;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) { let _ = decode(&bytes); }
        #[test]
        fn a_message_round_trips(shelf in proptest::collection::vec(any::<u8>(), 0..64), from in any::<u64>()) {
            let message = Message::Follow(v1::Follow { shelf, from, whole: false });
            prop_assert_eq!(decode(&encode(message.clone())), Ok(message));
        }
    }
    #[test]
    fn row_51_a_frame_above_the_limit_is_refused_unread() {
        assert_eq!(decode(&vec![0; FRAME_BYTES_MAX + 1]), Err(WireError::Long(FRAME_BYTES_MAX + 1)));
    }
}
