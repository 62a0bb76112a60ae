//! One file of the journal: its header, a walk over its frames, and a judgement of what does not fit.
use super::error::JournalError;
use super::frame::{HEAD_BYTES, JournalKeys, Mark, PAYLOAD_BYTES_MAX, digest};
use crate::disk::{Disk, DiskError, Trouble};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// What lies behind the last good frame of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// Nothing.
    Clean,
    /// A frame that a crash left incomplete; it was never acknowledged.
    Torn,
    /// Bytes that were whole once.
    Damaged(&'static str),
    /// The visitor had enough.
    Stopped,
}

/// Where a walk ended.
pub(super) struct Walked {
    /// The last good frame, or what the header says is before the first.
    pub(super) head: Mark,
    /// Where the last good frame ends.
    pub(super) end: u64,
    pub(super) tail: Tail,
}

/// File name of the segment whose first frame has this number.
pub(crate) fn name(first: u64) -> String {
    format!("{first:016x}.seg")
}

/// Numbers of first frames of all segments, in order.
pub(crate) fn list(disk: &dyn Disk) -> Result<Vec<u64>, DiskError> {
    let names = disk.list(FOLDER)?;
    Ok(names.iter().filter_map(|name| u64::from_str_radix(name.strip_suffix(".seg")?, 16).ok()).collect())
}

pub(crate) fn path(first: u64) -> String {
    format!("{FOLDER}/{}", name(first))
}

/// `magic ‖ format ‖ key check ‖ number and digest of the frame before ‖ digest of all that`.
pub(super) fn header(keys: &JournalKeys, before: &Mark) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER_BYTES);
    out.extend_from_slice(MAGIC);
    out.push(FORMAT);
    out.extend_from_slice(&keys.check);
    out.extend_from_slice(&before.position.to_be_bytes());
    out.extend_from_slice(&before.digest);
    let digest: [u8; 32] = Sha256::digest(&out).into();
    out.extend_from_slice(&digest);
    out
}

/// Reads the header of the segment that begins with frame `first`; gives the mark before it.
///
/// `Ok(None)` means that a crash left the file without a whole header: no frame was ever in it.
pub(super) fn open(bytes: &[u8], keys: &JournalKeys, first: u64) -> Result<Option<Mark>, JournalError> {
    let damaged = |what| JournalError::Damaged { segment: name(first), offset: 0, position: first, what };
    let whole = bytes.get(..HEADER_BYTES);
    let good = whole.filter(|head| {
        let (said, digest) = head.split_at(HEADER_BYTES - 32);
        digest == Sha256::digest(said).as_slice()
    });
    let Some(head) = good else {
        if bytes.len() <= HEADER_BYTES {
            return Ok(None);
        }
        return Err(damaged("its header is not what was written"));
    };
    if &head[..8] != MAGIC {
        return Err(damaged("it is no segment of a journal"));
    }
    if head[8] > FORMAT {
        return Err(JournalError::Newer { segment: name(first), found: head[8], known: FORMAT });
    }
    if head[9..17] != keys.check {
        return Err(JournalError::WrongKey { segment: name(first) });
    }
    let mut before = Mark::default();
    let mut position = [0; 8];
    position.copy_from_slice(&head[17..25]);
    before.position = u64::from_be_bytes(position);
    before.digest.copy_from_slice(&head[25..57]);
    if before.position.checked_add(1) != Some(first) {
        return Err(damaged("it was written under another name"));
    }
    Ok(Some(before))
}

/// Goes over the frames of a segment in order, checking the chain.
pub(super) fn walk(
    bytes: &[u8],
    keys: &JournalKeys,
    before: Mark,
    mut visit: impl FnMut(Mark, &[u8]) -> ControlFlow<()>,
) -> Walked {
    let mut head = before;
    let mut at = HEADER_BYTES;
    while at < bytes.len() {
        let Some((mark, payload)) = frame_at(bytes, at, keys, &head) else {
            return Walked { head, end: at as u64, tail: judge(bytes, at, keys, &head) };
        };
        head = mark;
        at += HEAD_BYTES + payload.len();
        if visit(mark, payload).is_break() {
            return Walked { head, end: at as u64, tail: Tail::Stopped };
        }
    }
    Walked { head, end: at as u64, tail: Tail::Clean }
}

/// All bytes of a segment.
pub(super) fn load(disk: &dyn Disk, first: u64) -> Result<Vec<u8>, DiskError> {
    let path = path(first);
    let len = disk.len(&path)?.ok_or_else(|| DiskError::new("reading", &path, Trouble::Missing))?;
    disk.read(&path, 0, usize::try_from(len).unwrap_or(usize::MAX))
}

fn frame_at<'a>(bytes: &'a [u8], at: usize, keys: &JournalKeys, before: &Mark) -> Option<(Mark, &'a [u8])> {
    let head = bytes.get(at..at + HEAD_BYTES)?;
    let position = before.position.checked_add(1)?;
    if head[..8] != keys.marker(position) {
        return None;
    }
    let len = u32::from_be_bytes(head[8..12].try_into().ok()?);
    if len as usize > PAYLOAD_BYTES_MAX {
        return None;
    }
    let payload = bytes.get(at + HEAD_BYTES..)?.get(..len as usize)?;
    let digest = digest(before, len, payload);
    (head[12..] == digest).then_some((Mark { position, digest }, payload))
}

/// Torn or damaged? A frame is written only after the one before it was synced, and a crash loses whole sectors, which
/// read as zeros or lie behind the end of the file. So a bad frame with a later one behind it, or one that lacks no
/// sector, was whole once. Test: `every_flipped_bit_is_named_and_nothing_is_cut`.
fn judge(bytes: &[u8], at: usize, keys: &JournalKeys, before: &Mark) -> Tail {
    let rest = &bytes[at..];
    if has_later_frame(rest, keys, before.position) {
        return Tail::Damaged("later frames are behind it");
    }
    if rest.len() < HEAD_BYTES || lacks_sector(bytes, at) {
        return Tail::Torn;
    }
    let payload = &rest[HEAD_BYTES..];
    if u32::try_from(payload.len()).is_ok_and(|len| digest(before, len, payload) == rest[12..HEAD_BYTES]) {
        return Tail::Damaged("its marker or its length is not what was written");
    }
    let len = u32::from_be_bytes([rest[8], rest[9], rest[10], rest[11]]) as usize;
    let is_short = len <= PAYLOAD_BYTES_MAX && len > payload.len() && rest[..8] == keys.marker(before.position + 1);
    if is_short { Tail::Torn } else { Tail::Damaged("it is whole, but its digest is another") }
}

fn has_later_frame(rest: &[u8], keys: &JournalKeys, position: u64) -> bool {
    let later: BTreeSet<[u8; 8]> = (2..2 + LOOK_AHEAD).map(|n| keys.marker(position.saturating_add(n))).collect();
    // Nearly every window fails at its first two bytes.
    let mut begins = vec![false; 1 << 16];
    later.iter().for_each(|marker| begins[usize::from(u16::from_be_bytes([marker[0], marker[1]]))] = true);
    let may_begin = |window: &[u8]| begins[usize::from(u16::from_be_bytes([window[0], window[1]]))];
    rest.windows(8).skip(1).any(|window| may_begin(window) && later.contains(window))
}

/// Whether a sector of the file from `at` on reads as zeros.
fn lacks_sector(bytes: &[u8], at: usize) -> bool {
    let mut from = at;
    while from < bytes.len() {
        let to = ((from / SECTOR_BYTES + 1) * SECTOR_BYTES).min(bytes.len());
        if bytes[from..to].iter().all(|byte| *byte == 0) {
            return true;
        }
        from = to;
    }
    false
}

pub(crate) const FOLDER: &str = "journal";
pub(super) const HEADER_BYTES: usize = 8 + 1 + 8 + 8 + 32 + 32;
const MAGIC: &[u8; 8] = b"musubi.j";
const FORMAT: u8 = 1;
const SECTOR_BYTES: usize = 512;
/// How many of the next markers are looked for behind a bad frame.
const LOOK_AHEAD: u64 = 256;
