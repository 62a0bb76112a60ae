//! The bytes of a snapshot: a header, sealed pages of pairs in order, a sealed end.
//!
//! `header (89) ‖ page … page ‖ end`, a page being `'p' ‖ length u32 ‖ sealed`, the end `'e' ‖ length u32 ‖ sealed`. The end
//! counts pages and pairs and has the digest of all pages, so a file that lost its tail is never taken for a shorter one.
use super::error::SnapshotError;
use crate::disk::{Disk, DiskError};
use crate::journal::{JournalKeys, Mark, decode, encode};
use crate::keys::MasterKey;
use crate::limits::{FRAME_BYTES_MAX, SNAPSHOT_PAGE_BYTES};
use crate::pack::{Effort, pack, unpack};
use crate::seal::Seal;
use protocol::data::Write;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The keys of snapshots.
pub(crate) struct SnapshotKeys {
    seal: Seal,
    check: [u8; 8],
}

impl SnapshotKeys {
    pub(crate) fn new(master: &MasterKey, journal: &JournalKeys) -> Self {
        Self { seal: Seal::new(&master.derive("snapshots")), check: journal.check }
    }
}

/// File name of the snapshot of this frame.
pub(crate) fn name(position: u64) -> String {
    format!("{position:016x}.snap")
}

pub(crate) fn path(position: u64) -> String {
    format!("{FOLDER}/{}", name(position))
}

/// Frames of which there are snapshots, ascending. Nothing of them was read yet.
pub(crate) fn list(disk: &dyn Disk) -> Result<Vec<u64>, DiskError> {
    let names = disk.list(FOLDER)?;
    Ok(names.iter().filter_map(|name| u64::from_str_radix(name.strip_suffix(".snap")?, 16).ok()).collect())
}

/// Marks of the snapshots whose header is good, ascending.
pub(crate) fn headers(disk: &Arc<dyn Disk>, keys: &SnapshotKeys) -> Result<Vec<Mark>, SnapshotError> {
    let mut marks = Vec::new();
    for position in list(&**disk)? {
        match SnapshotReader::open(disk.clone(), keys, position) {
            Ok(reader) => marks.push(reader.mark),
            Err(SnapshotError::Damaged { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(marks)
}

/// Reads all of a snapshot; gives its mark, its pairs and its bytes.
pub(crate) fn check(
    disk: &Arc<dyn Disk>,
    keys: &SnapshotKeys,
    position: u64,
    pace: &mut dyn FnMut(u64) -> bool,
) -> Result<Option<Checked>, SnapshotError> {
    let mut reader = SnapshotReader::open(disk.clone(), keys, position)?;
    let mut pairs = 0;
    let mut done = 0;
    while let Some(page) = reader.next_page(keys)? {
        pairs += page.len() as u64;
        if !pace(reader.at - done) {
            return Ok(None);
        }
        done = reader.at;
    }
    Ok(Some(Checked { mark: reader.mark, pairs, bytes: reader.at }))
}

/// What a check of a whole snapshot found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checked {
    pub(crate) mark: Mark,
    pub(crate) pairs: u64,
    pub(crate) bytes: u64,
}

/// Writes pages behind each other into a file that has no name of its own yet.
pub(crate) struct PageWriter {
    disk: Arc<dyn Disk>,
    path: String,
    mark: Mark,
    page: Vec<Write>,
    page_bytes: usize,
    pages: u64,
    pairs: u64,
    digest: Sha256,
}

impl PageWriter {
    /// Begins a file at `path`, in place of what is there.
    pub(crate) fn begin(disk: Arc<dyn Disk>, keys: &SnapshotKeys, path: String, mark: Mark) -> Result<Self, DiskError> {
        disk.remove(&path)?;
        disk.append(&path, &header(keys, &mark))?;
        let (page, digest) = (Vec::new(), Sha256::new());
        Ok(Self { disk, path, mark, page, page_bytes: 0, pages: 0, pairs: 0, digest })
    }

    /// Adds a pair; the caller gives them in order.
    pub(crate) fn add(&mut self, keys: &SnapshotKeys, write: Write) -> Result<(), DiskError> {
        self.page_bytes += 8 + write.key.len() + write.value.as_ref().map_or(0, Vec::len);
        self.page.push(write);
        if self.page_bytes >= SNAPSHOT_PAGE_BYTES { self.turn(keys) } else { Ok(()) }
    }

    /// Writes the end and syncs the file. It still has to be renamed.
    pub(crate) fn finish(mut self, keys: &SnapshotKeys) -> Result<String, DiskError> {
        self.turn(keys)?;
        let digest: [u8; 32] = self.digest.clone().finalize().into();
        let end = [&self.pages.to_be_bytes()[..], &self.pairs.to_be_bytes(), &digest].concat();
        let sealed = keys.seal.seal(&place(END, self.mark.position, self.pages), pack(&end, Effort::Plain));
        self.disk.append(&self.path, &framed(END, &sealed))?;
        self.disk.sync(&self.path)?;
        Ok(self.path)
    }

    fn turn(&mut self, keys: &SnapshotKeys) -> Result<(), DiskError> {
        if self.page.is_empty() {
            return Ok(());
        }
        let page = std::mem::take(&mut self.page);
        let plain = pack(&encode(&page), Effort::Squeeze);
        let sealed = framed(PAGE, &keys.seal.seal(&place(PAGE, self.mark.position, self.pages), plain));
        self.digest.update(&sealed);
        self.disk.append(&self.path, &sealed)?;
        self.pages += 1;
        self.pairs += page.len() as u64;
        self.page_bytes = 0;
        Ok(())
    }
}

/// A snapshot open for reading, page by page.
pub(crate) struct SnapshotReader {
    disk: Arc<dyn Disk>,
    path: String,
    file: String,
    /// The frame that it is of.
    pub(crate) mark: Mark,
    /// Bytes of the file.
    pub(crate) bytes: u64,
    at: u64,
    pages: u64,
    pairs: u64,
    digest: Sha256,
    is_over: bool,
}

impl SnapshotReader {
    /// Reads the header.
    pub(crate) fn open(disk: Arc<dyn Disk>, keys: &SnapshotKeys, position: u64) -> Result<Self, SnapshotError> {
        Self::open_at(disk, keys, path(position), Some(position))
    }

    /// As [`SnapshotReader::open`], for a file with another name.
    pub(crate) fn open_at(
        disk: Arc<dyn Disk>,
        keys: &SnapshotKeys,
        path: String,
        position: Option<u64>,
    ) -> Result<Self, SnapshotError> {
        let file = path.rsplit('/').next().unwrap_or_default().to_owned();
        let bytes = disk.len(&path)?.unwrap_or(0);
        let head = disk.read(&path, 0, bytes.min(HEADER_BYTES as u64) as usize)?;
        let mark = parse_header(&head, keys, &file)?;
        if position.is_some_and(|position| position != mark.position) {
            return Err(SnapshotError::Damaged { file, offset: 0, what: "it was written under another name" });
        }
        let (at, digest) = (HEADER_BYTES as u64, Sha256::new());
        Ok(Self { disk, path, file, mark, bytes, at, pages: 0, pairs: 0, digest, is_over: false })
    }

    /// The next pairs, in order; none behind the last, once the end was found to fit.
    pub(crate) fn next_page(&mut self, keys: &SnapshotKeys) -> Result<Option<Vec<Write>>, SnapshotError> {
        if self.is_over {
            return Ok(None);
        }
        let head = self.take(FRAME_HEAD, "it ends before its end was written")?;
        let len = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        if len as usize > FRAME_BYTES_MAX + 64 || !matches!(head[0], PAGE | END) {
            return Err(self.damaged("a page does not begin where it should"));
        }
        let sealed =
            self.take(u64::from(len) + FRAME_HEAD, "it ends in the middle of a page")?.split_off(FRAME_HEAD as usize);
        let opened = keys.seal.open(&place(head[0], self.mark.position, self.pages), sealed.clone());
        let plain = opened.and_then(|packed| unpack(packed, FRAME_BYTES_MAX));
        let plain = plain.ok_or_else(|| self.damaged("a page is not what was written"))?;
        if head[0] == END {
            return self.end(&plain, u64::from(len) + FRAME_HEAD);
        }
        let writes = decode(&plain).ok_or_else(|| self.damaged("a page cannot be read"))?;
        self.digest.update(&head);
        self.digest.update(&sealed);
        self.at += u64::from(len) + FRAME_HEAD;
        self.pages += 1;
        self.pairs += writes.len() as u64;
        Ok(Some(writes))
    }

    fn end(&mut self, plain: &[u8], bytes: u64) -> Result<Option<Vec<Write>>, SnapshotError> {
        let digest: [u8; 32] = self.digest.clone().finalize().into();
        let expect = [&self.pages.to_be_bytes()[..], &self.pairs.to_be_bytes(), &digest].concat();
        if plain != expect {
            return Err(self.damaged("its end does not fit its pages"));
        }
        if self.at + bytes != self.bytes {
            return Err(self.damaged("there are bytes behind its end"));
        }
        (self.is_over, self.at) = (true, self.bytes);
        Ok(None)
    }

    fn take(&self, bytes: u64, what: &'static str) -> Result<Vec<u8>, SnapshotError> {
        if self.at + bytes > self.bytes {
            return Err(self.damaged(what));
        }
        Ok(self.disk.read(&self.path, self.at, usize::try_from(bytes).unwrap_or(usize::MAX))?)
    }

    fn damaged(&self, what: &'static str) -> SnapshotError {
        SnapshotError::Damaged { file: self.file.clone(), offset: self.at, what }
    }
}

/// `magic ‖ format ‖ key check ‖ number and digest of the frame ‖ digest of all that`.
fn header(keys: &SnapshotKeys, mark: &Mark) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER_BYTES);
    out.extend_from_slice(MAGIC);
    out.push(FORMAT);
    out.extend_from_slice(&keys.check);
    out.extend_from_slice(&mark.position.to_be_bytes());
    out.extend_from_slice(&mark.digest);
    let digest: [u8; 32] = Sha256::digest(&out).into();
    out.extend_from_slice(&digest);
    out
}

fn parse_header(head: &[u8], keys: &SnapshotKeys, file: &str) -> Result<Mark, SnapshotError> {
    let damaged = |what| SnapshotError::Damaged { file: file.to_owned(), offset: 0, what };
    let head: &[u8; HEADER_BYTES] = head.try_into().map_err(|_| damaged("its header is incomplete"))?;
    let (said, digest) = head.split_at(HEADER_BYTES - 32);
    if digest != Sha256::digest(said).as_slice() || &head[..8] != MAGIC {
        return Err(damaged("its header is not what was written"));
    }
    if head[8] > FORMAT {
        return Err(SnapshotError::Newer { file: file.to_owned(), found: head[8], known: FORMAT });
    }
    if head[9..17] != keys.check {
        return Err(SnapshotError::WrongKey { file: file.to_owned() });
    }
    let mut mark = Mark::default();
    let mut position = [0; 8];
    position.copy_from_slice(&head[17..25]);
    mark.position = u64::from_be_bytes(position);
    mark.digest.copy_from_slice(&head[25..57]);
    Ok(mark)
}

fn framed(kind: u8, sealed: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(sealed.len() + FRAME_HEAD as usize);
    out.push(kind);
    // A page holds a page's bytes and one value at most, far below four bytes of length.
    out.extend_from_slice(&(sealed.len() as u32).to_be_bytes());
    out.extend_from_slice(sealed);
    out
}

/// What a page is sealed for.
fn place(kind: u8, position: u64, index: u64) -> [u8; 17] {
    let mut out = [kind; 17];
    out[1..9].copy_from_slice(&position.to_be_bytes());
    out[9..].copy_from_slice(&index.to_be_bytes());
    out
}

pub(super) const FOLDER: &str = "snapshots";
const MAGIC: &[u8; 8] = b"musubi.s";
const FORMAT: u8 = 1;
const HEADER_BYTES: usize = 8 + 1 + 8 + 8 + 32 + 32;
const PAGE: u8 = b'p';
const END: u8 = b'e';
/// Kind and length.
const FRAME_HEAD: u64 = 5;
