//! The bytes of one frame.
use crate::keys::MasterKey;
use crate::limits::{FRAME_BYTES_MAX, KEY_BYTES_MAX, VALUE_BYTES_MAX};
use crate::pack::{Effort, pack, unpack};
use crate::seal::Seal;
use protocol::data::{Space, Write};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// A place in the journal: the number of a frame (the first is 1) and its digest, which stands for all before it too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Number of the frame; 0 stands for the empty journal.
    pub position: u64,
    /// Digest of the frame.
    pub digest: [u8; 32],
}

/// The keys of the journal.
pub(crate) struct JournalKeys {
    seal: Seal,
    markers: Zeroizing<[u8; 32]>,
    /// Tells a wrong key from damage; stands in every segment.
    pub(crate) check: [u8; 8],
}

impl JournalKeys {
    pub(crate) fn new(master: &MasterKey) -> Self {
        let (seal, markers) = (Seal::new(&master.derive("journal")), master.derive("journal/markers"));
        Self { seal, markers, check: master.check() }
    }

    /// What a frame with this number begins with. By it a frame is found again behind a damaged one.
    pub(super) fn marker(&self, position: u64) -> [u8; 8] {
        let hash = blake3::keyed_hash(&self.markers, &position.to_be_bytes());
        let mut out = [0; 8];
        out.copy_from_slice(&hash.as_bytes()[..8]);
        out
    }

    /// The whole frame behind `before`, and its mark.
    pub(super) fn frame(&self, before: &Mark, writes: &[Write]) -> Result<(Vec<u8>, Mark), usize> {
        let plain = encode(writes);
        if plain.len() > FRAME_BYTES_MAX {
            return Err(plain.len());
        }
        let position = before.position + 1;
        let payload = self.seal.seal(&position.to_be_bytes(), pack(&plain, Effort::Squeeze));
        let len = u32::try_from(payload.len()).map_err(|_| plain.len())?;
        let digest = digest(before, len, &payload);
        let mut frame = Vec::with_capacity(HEAD_BYTES + payload.len());
        frame.extend_from_slice(&self.marker(position));
        frame.extend_from_slice(&len.to_be_bytes());
        frame.extend_from_slice(&digest);
        frame.extend_from_slice(&payload);
        Ok((frame, Mark { position, digest }))
    }

    /// The writes of a frame whose digest was checked.
    pub(super) fn writes(&self, position: u64, payload: &[u8]) -> Option<Vec<Write>> {
        decode(&unpack(self.seal.open(&position.to_be_bytes(), payload.to_vec())?, FRAME_BYTES_MAX)?)
    }
}

/// The digest of a frame: of the one before it, its number, its length and its payload.
pub(super) fn digest(before: &Mark, len: u32, payload: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"musubi/journal/1");
    hash.update(before.digest);
    hash.update((before.position + 1).to_be_bytes());
    hash.update(len.to_be_bytes());
    hash.update(payload);
    hash.finalize().into()
}

/// `count`, then for each write `space ‖ put? ‖ key length ‖ key ‖ value length ‖ value`.
pub(crate) fn encode(writes: &[Write]) -> Vec<u8> {
    let size: usize = writes.iter().map(|w| 8 + w.key.len() + w.value.as_ref().map_or(0, Vec::len)).sum();
    let mut out = Vec::with_capacity(size + 4);
    // Counts and lengths are bounded by BATCH_BYTES_MAX long before they reach four bytes.
    out.extend_from_slice(&(writes.len() as u32).to_be_bytes());
    for write in writes {
        out.push(write.space as u8);
        out.push(u8::from(write.value.is_some()));
        out.extend_from_slice(&(write.key.len() as u16).to_be_bytes());
        out.extend_from_slice(&write.key);
        if let Some(value) = &write.value {
            out.extend_from_slice(&(value.len() as u32).to_be_bytes());
            out.extend_from_slice(value);
        }
    }
    out
}

/// The writes again; none if the bytes are not exactly what [`encode`] makes.
pub(crate) fn decode(mut bytes: &[u8]) -> Option<Vec<Write>> {
    let count = u32::from_be_bytes(take(&mut bytes, 4)?.try_into().ok()?) as usize;
    // Each write has at least four bytes, so a false count cannot ask for more memory than the frame has.
    let mut writes = Vec::with_capacity(count.min(bytes.len() / 4));
    for _ in 0..count {
        let head = take(&mut bytes, 4)?;
        let space = Space::from_code(head[0])?;
        let key_len = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let key = take(&mut bytes, key_len)?.to_vec();
        let value = match head[1] {
            0 => None,
            1 => {
                let len = u32::from_be_bytes(take(&mut bytes, 4)?.try_into().ok()?) as usize;
                Some(take(&mut bytes, len)?.to_vec())
            }
            _ => return None,
        };
        if key.len() > KEY_BYTES_MAX || value.as_ref().is_some_and(|v| v.len() > VALUE_BYTES_MAX) {
            return None;
        }
        writes.push(Write { space, key, value });
    }
    bytes.is_empty().then_some(writes)
}

fn take<'a>(bytes: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (part, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(part)
}

/// Marker, length and digest.
pub(super) const HEAD_BYTES: usize = 8 + 4 + 32;
/// Largest sealed payload.
pub(super) const PAYLOAD_BYTES_MAX: usize = FRAME_BYTES_MAX + 64;
const _: () = assert!(KEY_BYTES_MAX <= u16::MAX as usize && FRAME_BYTES_MAX <= u32::MAX as usize);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn writes_survive_the_round_trip(
            writes in proptest::collection::vec((0u8..16, any::<Vec<u8>>(), any::<Option<Vec<u8>>>()), 0..20)
        ) {
            let writes: Vec<Write> = writes
                .into_iter()
                .map(|(space, key, value)| Write { space: Space::from_code(space).unwrap(), key, value })
                .collect();
            prop_assert_eq!(decode(&encode(&writes)), Some(writes));
        }

        #[test]
        fn garbage_never_panics(bytes: Vec<u8>) {
            let _ = decode(&bytes);
        }
    }
}
