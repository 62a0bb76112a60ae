//! Large values (documents, images): one file each, named by a keyed hash of its content.
//!
//! A blob is cut into chunks of 256 KiB of plain bytes. Each is packed where that pays, sealed and stands alone, so any
//! chunk can be read by itself. A sealed table at the end says where they lie and binds them to the blob. A blob is
//! written beside its place, synced and renamed before the batch that names it is committed; the same content written
//! twice is one file.
//!
//! `"musubi.b" ‖ format ‖ chunk … chunk ‖ table ‖ length of the table (u32)`
//!
//! The name is the key: chunks of an own blob are sealed with keys that follow from their content, and what finds those is
//! sealed with the name, which stands only in the record that has the blob. Where that record can no longer be read, nobody
//! reads the blob; its file is called by a hash of the name.
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::BlobReader;
pub use write::BlobWriter;

use crate::disk::{Disk, DiskError};
use crate::keys::MasterKey;
use crate::ledger::Note;
use crate::limits::BLOB_BYTES_MAX;
use crate::seal::{Seal, TAG};
use protocol::data::Write;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// The name of a blob, a keyed hash of its content: who has it and the key of the store can read the blob. In lists and in
/// errors it is the name of the file, which opens nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId(pub [u8; 32]);

impl BlobId {
    /// Reads the 64 hexadecimal digits; none if it is anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut out = [0; 32];
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |at: u8| char::from(at).to_digit(16);
            *byte = u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()?;
        }
        Some(Self(out))
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlobId({self})")
    }
}

/// Why a blob could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// There is no blob of this name.
    #[error("blob {0} is not here")]
    Missing(BlobId),
    /// Its bytes are not what was written. They must come back from a backup or from the source.
    #[error("blob {id} is damaged: {what}. Put its file back from a backup")]
    Damaged {
        /// Which.
        id: BlobId,
        /// What is wrong with it.
        what: &'static str,
    },
    /// There is no such chunk in it.
    #[error("blob {id} has no chunk {index}")]
    NoChunk {
        /// Which blob.
        id: BlobId,
        /// Which chunk was asked for.
        index: u64,
    },
    /// More than a blob may hold. Nothing is kept.
    #[error("a blob may hold {BLOB_BYTES_MAX} bytes at most; split it")]
    TooLarge,
    /// The disk refused. Nothing is kept.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// All large values of a store. Cheap to clone; calls block.
#[derive(Clone)]
pub struct Blobs {
    inner: Arc<Inner>,
}

struct Inner {
    disk: Arc<dyn Disk>,
    /// Where the files lie; parts of unfinished ones in `parts` below it.
    folder: &'static str,
    /// Whether a blob outlives a power cut once it is finished.
    is_lasting: bool,
    seal: Seal,
    /// Makes the names of files and the keys of chunks and tables; none for copies, whose files have their own names.
    hidden: Option<Hidden>,
    /// Hashes chunks and, from their hashes, the whole.
    names: Zeroizing<[u8; 32]>,
    parts: AtomicU64,
    /// What came and went since the last frame of the journal; of lasting ones only.
    notes: Mutex<Vec<Note>>,
}

/// What makes a blob unreadable without its name.
struct Hidden {
    files: Zeroizing<[u8; 32]>,
    contents: Zeroizing<[u8; 32]>,
}

impl Hidden {
    /// Seals one chunk.
    fn chunk(&self, hash: &[u8; 32]) -> Seal {
        Seal::new(blake3::keyed_hash(&self.contents, &[b"chunk", hash.as_slice()].concat()).as_bytes())
    }
    /// Seals the hashes of all chunks.
    fn hashes(&self, id: BlobId) -> Seal {
        Seal::new(blake3::keyed_hash(&self.contents, &[b"table", id.0.as_slice()].concat()).as_bytes())
    }
}

impl Blobs {
    /// Opens the folder and removes what was never finished; says how many files that were.
    pub(crate) fn open(disk: Arc<dyn Disk>, master: &MasterKey) -> Result<(Self, u64), DiskError> {
        let hidden = Hidden { files: master.derive("blobs/files"), contents: master.derive("blobs/contents") };
        Self::open_at(disk, (FOLDER, Some(hidden)), (master.derive("blobs"), master.derive("blobs/names")))
    }

    /// As [`Blobs::open`], for copies of what others hold: they need not outlive a power cut, so nothing waits for the disk.
    pub(crate) fn open_copies(disk: Arc<dyn Disk>, master: &MasterKey) -> Result<(Self, u64), DiskError> {
        Self::open_at(disk, (COPIES, None), (master.derive("copies"), master.derive("copies/names")))
    }

    fn open_at(
        disk: Arc<dyn Disk>,
        (folder, hidden): (&'static str, Option<Hidden>),
        (key, names): (Zeroizing<[u8; 32]>, Zeroizing<[u8; 32]>),
    ) -> Result<(Self, u64), DiskError> {
        let at = format!("{folder}/{PARTS}");
        disk.make_folder(&at)?;
        disk.sync_folder("")?;
        let parts = disk.list(&at)?;
        for part in &parts {
            disk.remove(&format!("{at}/{part}"))?;
        }
        let (seal, is_lasting) = (Seal::new(&key), hidden.is_some());
        let inner =
            Inner { disk, folder, is_lasting, seal, hidden, names, parts: AtomicU64::new(0), notes: Mutex::default() };
        Ok((Self { inner: Arc::new(inner) }, parts.len() as u64))
    }

    /// Begins a blob that is written piece by piece.
    pub fn writer(&self) -> BlobWriter {
        self.writer_of(&[])
    }

    /// As [`Blobs::writer`], for a blob that belongs to `owner`: the same content of another owner is another file.
    pub fn writer_of(&self, owner: &[u8]) -> BlobWriter {
        let number = self.inner.parts.fetch_add(1, Ordering::Relaxed);
        let part = format!("{}/{PARTS}/{number}.part", self.inner.folder);
        BlobWriter::new(self.clone(), part, owner.to_vec())
    }

    /// Writes a whole blob.
    pub fn put(&self, bytes: &[u8]) -> Result<BlobId, BlobError> {
        let mut writer = self.writer();
        writer.write(bytes)?;
        writer.finish()
    }

    /// Opens a blob for reading; reads its table only.
    pub fn reader(&self, id: BlobId) -> Result<BlobReader, BlobError> {
        BlobReader::open(self.clone(), id)
    }

    /// One chunk of 256 KiB; the last may be shorter. For more than one keep a [`Blobs::reader`].
    pub fn read_chunk(&self, id: BlobId, index: u64) -> Result<Vec<u8>, BlobError> {
        self.reader(id)?.read_chunk(index)
    }

    /// Plain length.
    pub fn len(&self, id: BlobId) -> Result<u64, BlobError> {
        Ok(self.reader(id)?.len())
    }

    /// Whether the blob is here, by its name alone.
    pub fn has(&self, id: BlobId) -> Result<bool, BlobError> {
        let there = |file| self.inner.disk.len(&self.path(file));
        Ok(there(self.file(id))?.is_some() || there(id)?.is_some())
    }

    /// A whole blob of up to `max` bytes.
    pub fn read(&self, id: BlobId, max: u64) -> Result<Vec<u8>, BlobError> {
        let reader = self.reader(id)?;
        if reader.len() > max {
            return Err(BlobError::TooLarge);
        }
        let mut out = Vec::with_capacity(usize::try_from(reader.len()).unwrap_or(0));
        for index in 0..reader.chunks() {
            out.extend_from_slice(&reader.read_chunk(index)?);
        }
        Ok(out)
    }

    /// Removes a blob; the caller has made sure that no batch names it any more. One of format 1 stays: several patients may
    /// have it.
    pub fn remove(&self, id: BlobId) -> Result<(), BlobError> {
        let file = self.file(id);
        self.note(Note::Went(file));
        Ok(self.inner.disk.remove(&self.path(file))?)
    }

    /// The entry of the ledger that a blob need not be there any more.
    pub(crate) fn gone(&self, id: BlobId) -> Write {
        Note::Went(self.file(id)).write()
    }

    /// What came and went since this was last asked: for the ledger, by the names of the files.
    pub(crate) fn take_notes(&self) -> Vec<Note> {
        std::mem::take(&mut *self.inner.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts notes back that no frame could take, before newer ones.
    pub(crate) fn put_back(&self, mut notes: Vec<Note>) {
        let mut held = self.inner.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.append(&mut held);
        *held = notes;
    }

    fn note(&self, note: Note) {
        if self.inner.is_lasting {
            self.inner.notes.lock().unwrap_or_else(PoisonError::into_inner).push(note);
        }
    }

    /// Names of the files of all blobs, for [`Blobs::check`].
    pub fn list(&self) -> Result<Vec<BlobId>, BlobError> {
        let mut ids = Vec::new();
        for first in 0..=u8::MAX {
            let names = self.inner.disk.list(&format!("{}/{first:02x}", self.inner.folder))?;
            ids.extend(names.iter().filter_map(|name| BlobId::parse(name)));
        }
        Ok(ids)
    }

    /// Reads a whole blob by the name of its file, also one that nobody can open any more. Gives its plain length.
    pub fn check(&self, file: BlobId) -> Result<u64, BlobError> {
        self.check_paced(file, &mut |_| true)
    }

    /// As [`Blobs::check`]; `pace` hears how many bytes were read and may stop it, which counts as good.
    pub(crate) fn check_paced(&self, id: BlobId, pace: &mut dyn FnMut(u64) -> bool) -> Result<u64, BlobError> {
        let reader = match BlobReader::of_file(self.clone(), id, None)? {
            reader if reader.is_hidden() => return reader.check(pace),
            reader => reader,
        };
        let mut hashes = Vec::new();
        for index in 0..reader.chunks() {
            let chunk = reader.read_chunk(index)?;
            hashes.push(self.chunk_hash(&chunk));
            if !pace(chunk.len() as u64) {
                return Ok(reader.len());
            }
        }
        if self.name(&[], reader.len(), &hashes) != id {
            return Err(BlobError::Damaged { id, what: "its content is not what its name says" });
        }
        Ok(reader.len())
    }

    /// The name of the file of a blob.
    pub(crate) fn file(&self, id: BlobId) -> BlobId {
        let hidden = self.inner.hidden.as_ref();
        hidden.map_or(id, |hidden| BlobId(*blake3::keyed_hash(&hidden.files, &id.0).as_bytes()))
    }

    fn folder_of(&self, file: BlobId) -> String {
        format!("{}/{:02x}", self.inner.folder, file.0[0])
    }

    /// Where a file lies.
    pub(crate) fn path(&self, file: BlobId) -> String {
        format!("{}/{file}", self.folder_of(file))
    }

    fn chunk_hash(&self, plain: &[u8]) -> [u8; 32] {
        *blake3::keyed_hash(&self.inner.names, plain).as_bytes()
    }

    /// The name of a blob of this owner, with this length and these hashes of chunks.
    fn name(&self, owner: &[u8], len: u64, chunks: &[[u8; 32]]) -> BlobId {
        let mut hasher = blake3::Hasher::new_keyed(&self.inner.names);
        hasher.update(b"blob").update(&len.to_be_bytes());
        chunks.iter().for_each(|chunk| {
            hasher.update(chunk);
        });
        // Behind hashes whose number follows from the length, so that no owner reads as one of them.
        hasher.update(owner);
        BlobId(*hasher.finalize().as_bytes())
    }
}

/// What a chunk is sealed for.
fn chunk_place(index: u64) -> [u8; 9] {
    let mut out = [b'c'; 9];
    out[1..].copy_from_slice(&index.to_be_bytes());
    out
}

/// What the table of a file, or the hashes of its chunks in it, are sealed for.
fn table_place(what: u8, file: BlobId) -> [u8; 33] {
    let mut out = [what; 33];
    out[1..].copy_from_slice(&file.0);
    out
}

/// Tells whether sealed bytes are what was written, without their key.
fn sealed_hash(sealed: &[u8]) -> [u8; TAG] {
    let mut out = [0; TAG];
    out.copy_from_slice(&blake3::hash(sealed).as_bytes()[..TAG]);
    out
}

const FOLDER: &str = "blobs";
const COPIES: &str = "copies";
const PARTS: &str = "parts";
/// All chunks under one key, the file called by the blob's name: copies, and own blobs from before there were keys of patients.
const MAGIC_PLAIN: &[u8; 9] = b"musubi.b\x01";
/// Chunks under keys that the blob's name opens.
const MAGIC_HIDDEN: &[u8; 9] = b"musubi.b\x02";
/// What the table holds of a blob.
const TABLE: u8 = b't';
/// What it holds of the hashes of its chunks.
const HASHES: u8 = b'h';
/// Length of a chunk on disk, and its tag or, of a hidden one, its hash.
const ROW_BYTES: usize = 4 + TAG;
