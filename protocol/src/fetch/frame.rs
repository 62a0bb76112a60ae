//! Frames of the bulk stream: `length u32 ‖ tag u8 ‖ …`, numbers big-endian; the length counts what follows it.
//!
//! | Tag | Behind it | Meaning |
//! |---|---|---|
//! | 1 Hashes | item u32, hash (32)… | of every chunk of a large item (more than one chunk), before its first chunk |
//! | 2 Chunk | item u32, index u32, bytes | one chunk of a large item |
//! | 3 Pack | (item u32, length u32, bytes)… | small items, whole |
//! | 4 Missing | item u32 | the holder cannot give this item any more |
use super::plan::{Plan, PlanError};
use crate::{
    ids::Hash,
    limits::{BULK_FRAME_BYTES_MAX, CHUNK_BYTES_MAX},
};
use serde::{Deserialize, Serialize};

/// Where a transfer goes on: everything before it has arrived and was verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Resume {
    /// Index of the item in the plan; as many as it has items: at the end.
    pub item: u32,
    /// Chunk of that item.
    pub chunk: u32,
}

impl Resume {
    /// Whether it is a place in `plan`, or its end.
    pub(super) fn check(self, plan: &Plan) -> Result<(), PlanError> {
        let fits = match plan.items.get(self.item as usize) {
            Some(item) => self.chunk == 0 || u64::from(self.chunk) < item.chunks(),
            None => self.item as usize == plan.items.len() && self.chunk == 0,
        };
        if fits { Ok(()) } else { Err(PlanError::Resume { item: self.item, chunk: self.chunk }) }
    }
    /// The first chunk of the next item.
    pub(super) fn next_item(self) -> Self {
        Self { item: self.item + 1, chunk: 0 }
    }
}

/// How many bytes follow a frame's first four; none if more than a frame may have, or nothing. For drivers, before they
/// make room.
pub fn frame_len(first: [u8; 4]) -> Option<usize> {
    usize::try_from(u32::from_be_bytes(first)).ok().filter(|len| (1..=BULK_FRAME_BYTES_MAX).contains(len))
}

/// One frame, taken apart.
pub(super) enum Frame<'a> {
    Hashes { item: u32, hashes: Vec<Hash> },
    Chunk { item: u32, index: u32, bytes: &'a [u8] },
    Pack(Vec<(u32, &'a [u8])>),
    Missing { item: u32 },
}

impl<'a> Frame<'a> {
    /// Reads one frame with its length; none if it is not exactly one.
    pub(super) fn parse(frame: &'a [u8]) -> Option<Self> {
        let (first, rest) = frame.split_first_chunk::<4>()?;
        if frame_len(*first)? != rest.len() {
            return None;
        }
        let (tag, mut rest) = rest.split_first()?;
        match *tag {
            HASHES => {
                let item = number(&mut rest)?;
                let (hashes, over) = rest.as_chunks::<32>();
                over.is_empty().then(|| Self::Hashes { item, hashes: hashes.iter().copied().map(Hash).collect() })
            }
            CHUNK => Some(Self::Chunk { item: number(&mut rest)?, index: number(&mut rest)?, bytes: rest }),
            PACK => {
                let mut items = Vec::new();
                while !rest.is_empty() {
                    let (item, len) = (number(&mut rest)?, number(&mut rest)?);
                    let (bytes, later) = rest.split_at_checked(usize::try_from(len).ok()?)?;
                    items.push((item, bytes));
                    rest = later;
                }
                // An empty pack would be a frame without progress.
                Some(Self::Pack(items)).filter(|_| frame.len() > 5)
            }
            MISSING => Some(Self::Missing { item: number(&mut rest)? }).filter(|_| rest.is_empty()),
            _ => None,
        }
    }
}

/// The frame with the hash of every chunk of a large item.
pub(super) fn hashes_frame(item: u32, hashes: &[Hash]) -> Vec<u8> {
    let mut out = begin(HASHES, 4 + hashes.len() * 32);
    out.extend(item.to_be_bytes());
    hashes.iter().for_each(|hash| out.extend_from_slice(&hash.0));
    end(out)
}

/// The frame that tells that an item cannot be given any more.
pub(super) fn missing_frame(item: u32) -> Vec<u8> {
    let mut out = begin(MISSING, 4);
    out.extend(item.to_be_bytes());
    end(out)
}

/// What stands before the bytes of a chunk in its frame.
pub(super) fn chunk_head(item: u32, index: u32, bytes: usize) -> [u8; CHUNK_HEAD_BYTES] {
    let mut head = [CHUNK; CHUNK_HEAD_BYTES];
    // A chunk is far below four bytes of length.
    head[..4].copy_from_slice(&((CHUNK_HEAD_BYTES - 4 + bytes) as u32).to_be_bytes());
    head[5..9].copy_from_slice(&item.to_be_bytes());
    head[9..].copy_from_slice(&index.to_be_bytes());
    head
}

/// A pack that is being filled.
#[derive(Clone, Debug, Default)]
pub(super) struct PackFrame {
    frame: Vec<u8>,
}

impl PackFrame {
    /// Bytes of its items with their heads.
    pub(super) fn len(&self) -> usize {
        self.frame.len().saturating_sub(HEAD_BYTES)
    }
    /// Adds one item.
    pub(super) fn add(&mut self, item: u32, bytes: &[u8]) {
        if self.frame.is_empty() {
            self.frame = begin(PACK, packed_len(bytes.len()));
        }
        self.frame.extend(item.to_be_bytes());
        self.frame.extend((bytes.len() as u32).to_be_bytes());
        self.frame.extend_from_slice(bytes);
    }
    /// The frame, unless nothing is in it.
    pub(super) fn finish(self) -> Option<Vec<u8>> {
        (!self.frame.is_empty()).then(|| end(self.frame))
    }
}

fn begin(tag: u8, more: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD_BYTES + more);
    out.extend([0, 0, 0, 0, tag]);
    out
}

/// The length goes to its place when all is there.
fn end(mut frame: Vec<u8>) -> Vec<u8> {
    let len = (frame.len() - 4) as u32;
    frame[..4].copy_from_slice(&len.to_be_bytes());
    frame
}

/// Bytes that one more item adds to a pack.
pub(super) fn packed_len(bytes: usize) -> usize {
    8 + bytes
}

/// Where chunk `index` begins in its item.
pub(super) fn offset_of(index: u32) -> u64 {
    u64::from(index) * CHUNK_BYTES_MAX
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    let (number, later) = rest.split_first_chunk::<4>()?;
    *rest = later;
    Some(u32::from_be_bytes(*number))
}

/// Room that the head of a chunk's frame takes: length, tag, item and index.
pub const CHUNK_HEAD_BYTES: usize = HEAD_BYTES + 8;
/// Length and tag.
const HEAD_BYTES: usize = 5;
const HASHES: u8 = 1;
const CHUNK: u8 = 2;
const PACK: u8 = 3;
const MISSING: u8 = 4;
