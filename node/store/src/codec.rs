//! Values at rest: packed where it pays, sealed with the key of their space, bound to their key.
use crate::keyring::is_guarded;
use crate::keys::MasterKey;
use crate::limits::{PACK_BYTES_MIN, VALUE_BYTES_MAX};
use crate::pack::{Effort, pack, unpack};
use crate::seal::Seal;
use protocol::data::Space;

/// The sixteen seals.
pub(crate) struct Codec {
    seals: Vec<Seal>,
}

impl Codec {
    pub(crate) fn new(master: &MasterKey) -> Self {
        Self { seals: Space::ALL.iter().map(|space| master.space(*space)).collect() }
    }

    /// The bytes that the index keeps for `value` under `key`.
    pub(crate) fn seal(&self, space: Space, key: &[u8], value: &[u8]) -> Vec<u8> {
        // A patient's value was packed before it was sealed, and what is sealed does not shrink.
        let may_shrink = holds_text(space) && value.len() >= PACK_BYTES_MIN && !is_guarded(value);
        let effort = if may_shrink { Effort::Squeeze } else { Effort::Plain };
        self.seals[space as usize].seal(key, pack(value, effort))
    }

    /// The value again; none if the bytes are damaged or belong to another key.
    pub(crate) fn open(&self, space: Space, key: &[u8], sealed: Vec<u8>) -> Option<Vec<u8>> {
        unpack(self.seals[space as usize].open(key, sealed)?, VALUE_BYTES_MAX)
    }
}

/// Spaces whose values are mostly text.
fn holds_text(space: Space) -> bool {
    matches!(space, Space::Bodies | Space::Letters | Space::Desk)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn codec() -> Codec {
        Codec::new(&MasterKey::new([5; 32]))
    }

    #[test]
    fn a_value_moved_to_another_key_or_space_does_not_open() {
        let codec = codec();
        let sealed = codec.seal(Space::Patients, b"p1", b"value");
        assert_eq!(codec.open(Space::Patients, b"p2", sealed.clone()), None);
        assert_eq!(codec.open(Space::People, b"p1", sealed), None);
    }

    #[test]
    fn bodies_are_packed() {
        let text = "MSH|^~\\&|".repeat(200);
        assert!(codec().seal(Space::Bodies, b"k", text.as_bytes()).len() < text.len() / 4);
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens(space in 0u8..16, key: Vec<u8>, value: Vec<u8>) {
            let space = Space::from_code(space).unwrap();
            let codec = codec();
            let sealed = codec.seal(space, &key, &value);
            prop_assert_eq!(codec.open(space, &key, sealed), Some(value));
        }
    }
}
