//! `form ‖ …`: bytes as they are, or by zstd with their plain length in front, whichever is shorter.

use std::cell::RefCell;
use zstd::bulk::{Compressor, Decompressor};

/// Whether compression is worth a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Keep the bytes as they are.
    Plain,
    /// Keep what zstd makes of them if that is shorter by a sixteenth.
    Squeeze,
}

/// Packs bytes.
pub(crate) fn pack(plain: &[u8], effort: Effort) -> Vec<u8> {
    if effort == Effort::Squeeze
        && let Ok(len) = u32::try_from(plain.len())
        && let Some(short) = compress(plain)
        && short.len() + plain.len() / 16 < plain.len()
    {
        let mut out = Vec::with_capacity(short.len() + HEAD + ROOM);
        out.push(ZSTD);
        out.extend_from_slice(&len.to_be_bytes());
        out.extend_from_slice(&short);
        return out;
    }
    let mut out = Vec::with_capacity(plain.len() + HEAD + ROOM);
    out.push(PLAIN);
    out.extend_from_slice(plain);
    out
}

/// The bytes that were packed; none if they are damaged or longer than `max`.
pub(crate) fn unpack(mut packed: Vec<u8>, max: usize) -> Option<Vec<u8>> {
    match *packed.first()? {
        PLAIN if packed.len() <= max.saturating_add(1) => {
            packed.remove(0);
            Some(packed)
        }
        ZSTD => {
            let len = u32::from_be_bytes(packed.get(1..HEAD)?.try_into().ok()?) as usize;
            if len > max {
                return None;
            }
            let plain = decompress(&packed[HEAD..], len)?;
            (plain.len() == len).then_some(plain)
        }
        _ => None,
    }
}

fn compress(plain: &[u8]) -> Option<Vec<u8>> {
    thread_local! {
        /// Making one takes longer than most values do.
        static CONTEXT: RefCell<Option<Compressor<'static>>> = RefCell::new(Compressor::new(LEVEL).ok());
    }
    CONTEXT.with_borrow_mut(|context| context.as_mut()?.compress(plain).ok())
}

fn decompress(short: &[u8], len: usize) -> Option<Vec<u8>> {
    thread_local! {
        static CONTEXT: RefCell<Option<Decompressor<'static>>> = RefCell::new(Decompressor::new().ok());
    }
    CONTEXT.with_borrow_mut(|context| context.as_mut()?.decompress(short, len).ok())
}

/// Whether `packed` was made shorter.
pub(crate) fn is_squeezed(packed: &[u8]) -> bool {
    packed.first() == Some(&ZSTD)
}

const PLAIN: u8 = 0;
const ZSTD: u8 = 1;
const HEAD: usize = 5;
/// Room for nonce and tag, so that sealing does not move the bytes again.
const ROOM: usize = 28;
/// Level 1: level 3 gains some 5 % here and costs twice the time.
const LEVEL: i32 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_shrinks_and_noise_stays() {
        assert!(is_squeezed(&pack(&[b'a'; 4000], Effort::Squeeze)));
        assert!(!is_squeezed(&pack(blake3::hash(b"noise").as_bytes(), Effort::Squeeze)));
    }

    #[test]
    fn a_claimed_length_above_the_limit_is_refused_before_allocation() {
        let mut packed = pack(&[0; 4000], Effort::Squeeze);
        packed[1..5].copy_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(unpack(packed, 5000), None);
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_back(plain in proptest::collection::vec(0u8..4, 0..3000), squeeze: bool) {
            let effort = if squeeze { Effort::Squeeze } else { Effort::Plain };
            prop_assert_eq!(unpack(pack(&plain, effort), plain.len()), Some(plain));
        }

        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = unpack(bytes, 1000);
        }
    }
}
