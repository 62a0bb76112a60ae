//! One key in 64 bytes: `state ‖ 3 zeros ‖ the key, sealed`. Eight of them fill a sector, so a torn write tears no slot.
use crate::seal::Seal;
use zeroize::Zeroizing;

/// What a slot holds.
pub(super) enum Slot {
    /// Nothing yet.
    Blank,
    /// A key.
    Live(Zeroizing<[u8; 32]>),
    /// A key was here and is gone for good.
    Erased,
    /// Neither: torn or damaged.
    Damaged,
}

impl Slot {
    /// Reads the slot of patient `p`.
    pub(super) fn parse(wrap: &Seal, p: u64, bytes: &[u8]) -> Self {
        if bytes.iter().all(|byte| *byte == 0) {
            return Self::Blank;
        }
        let Some((state, sealed)) = bytes.split_first_chunk::<4>() else { return Self::Damaged };
        let opened = wrap.open(&place(p, state[0]), sealed.to_vec()).map(Zeroizing::new);
        let key = opened.and_then(|key| <[u8; 32]>::try_from(key.as_slice()).ok());
        match (state, key) {
            ([LIVE, 0, 0, 0], Some(key)) => Self::Live(Zeroizing::new(key)),
            ([ERASED, 0, 0, 0], Some(_)) => Self::Erased,
            _ => Self::Damaged,
        }
    }
}

/// The bytes of a key of patient `p`.
pub(super) fn live(wrap: &Seal, p: u64, key: &[u8; 32]) -> Vec<u8> {
    bytes(wrap, p, LIVE, key)
}

/// What takes the place of a key that is erased. Sealed too, so that damage never looks like it.
pub(super) fn erased(wrap: &Seal, p: u64) -> Vec<u8> {
    bytes(wrap, p, ERASED, &[0; 32])
}

fn bytes(wrap: &Seal, p: u64, state: u8, key: &[u8; 32]) -> Vec<u8> {
    let mut out = vec![state, 0, 0, 0];
    out.extend_from_slice(&wrap.seal(&place(p, state), key.to_vec()));
    out
}

fn place(p: u64, state: u8) -> [u8; 9] {
    let mut out = [state; 9];
    out[..8].copy_from_slice(&p.to_be_bytes());
    out
}

/// Bytes of a slot.
pub(super) const SLOT_BYTES: usize = 64;
const LIVE: u8 = 1;
const ERASED: u8 = 2;
const _: () = assert!(SLOT_BYTES == 4 + 32 + crate::seal::SEAL_BYTES);
