//! Writing a blob piece by piece.
use super::{
    BlobError, BlobId, Blobs, HASHES, MAGIC_HIDDEN, MAGIC_PLAIN, TABLE, chunk_place, sealed_hash, table_place,
};
use crate::ledger::Note;
use crate::limits::{BLOB_BYTES_MAX, CHUNK_BYTES};
use crate::pack::{Effort, is_squeezed, pack};
use crate::seal::TAG;

/// A blob on its way to the disk. Dropped before [`BlobWriter::finish`], nothing stays of it.
pub struct BlobWriter {
    blobs: Blobs,
    part: String,
    owner: Vec<u8>,
    /// Less than a chunk that waits for more.
    rest: Vec<u8>,
    hashes: Vec<[u8; 32]>,
    table: Vec<u8>,
    len: u64,
    begun: bool,
    /// Chunks that are not even tried with zstd, since the last try did not shrink.
    skip: u32,
    skip_next: u32,
}

impl BlobWriter {
    pub(super) fn new(blobs: Blobs, part: String, owner: Vec<u8>) -> Self {
        Self {
            blobs,
            part,
            owner,
            rest: Vec::new(),
            hashes: Vec::new(),
            table: Vec::new(),
            len: 0,
            begun: false,
            skip: 0,
            skip_next: 1,
        }
    }

    /// Bytes added so far.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether none were added yet.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds bytes.
    ///
    /// # Errors
    /// After any error the blob cannot be finished; drop it.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), BlobError> {
        if self.len.saturating_add(bytes.len() as u64) > BLOB_BYTES_MAX {
            return Err(BlobError::TooLarge);
        }
        self.len += bytes.len() as u64;
        while self.rest.len() + bytes.len() >= CHUNK_BYTES {
            if self.rest.is_empty() {
                let (chunk, more) = bytes.split_at(CHUNK_BYTES);
                self.chunk(chunk)?;
                bytes = more;
                continue;
            }
            let (fill, more) = bytes.split_at(CHUNK_BYTES - self.rest.len());
            let mut chunk = std::mem::take(&mut self.rest);
            chunk.extend_from_slice(fill);
            self.chunk(&chunk)?;
            chunk.clear();
            self.rest = chunk;
            bytes = more;
        }
        self.rest.extend_from_slice(bytes);
        Ok(())
    }

    /// Seals the table, syncs the file and gives it its name. On `Ok` the blob is durable; a copy is only complete.
    pub fn finish(mut self) -> Result<BlobId, BlobError> {
        if !self.rest.is_empty() {
            let chunk = std::mem::take(&mut self.rest);
            self.chunk(&chunk)?;
        }
        self.begin()?;
        let id = self.blobs.name(&self.owner, self.len, &self.hashes);
        let inner = &self.blobs.inner;
        let disk = &*inner.disk;
        let file = self.blobs.file(id);
        if disk.len(&self.blobs.path(file))?.is_some() && self.blobs.reader(id).is_ok() {
            // The same content is here already; `drop` removes this copy. It is noted again: what noted it may have failed.
            self.blobs.note(Note::Came(file, self.len));
            return Ok(id);
        }
        let mut table = self.len.to_be_bytes().to_vec();
        table.append(&mut self.table);
        if let Some(hidden) = &inner.hidden {
            table.extend_from_slice(&hidden.hashes(id).seal(&table_place(HASHES, file), self.hashes.concat()));
        }
        let mut table = inner.seal.seal(&table_place(TABLE, file), table);
        // At most BLOB_CHUNKS_MAX rows, below 1 MiB.
        let len = table.len() as u32;
        table.extend_from_slice(&len.to_be_bytes());
        disk.append(&self.part, &table)?;
        let (path, folder) = (self.blobs.path(file), self.blobs.folder_of(file));
        if !inner.is_lasting {
            disk.make_folder(&folder)?;
            disk.rename(&self.part, &path)?;
            self.begun = false;
            return Ok(id);
        }
        disk.sync(&self.part)?;
        disk.make_folder(&folder)?;
        disk.sync_folder(inner.folder)?;
        disk.rename(&self.part, &path)?;
        disk.sync_folder(&folder)?;
        self.blobs.note(Note::Came(file, self.len));
        self.begun = false;
        Ok(id)
    }

    fn begin(&mut self) -> Result<(), BlobError> {
        if !std::mem::replace(&mut self.begun, true) {
            let inner = &self.blobs.inner;
            inner.disk.append(&self.part, if inner.hidden.is_some() { MAGIC_HIDDEN } else { MAGIC_PLAIN })?;
        }
        Ok(())
    }

    fn chunk(&mut self, plain: &[u8]) -> Result<(), BlobError> {
        self.begin()?;
        let inner = &self.blobs.inner;
        let hash = self.blobs.chunk_hash(plain);
        let effort = if self.skip == 0 { Effort::Squeeze } else { Effort::Plain };
        let packed = pack(plain, effort);
        if is_squeezed(&packed) {
            (self.skip, self.skip_next) = (0, 1);
        } else if self.skip > 0 {
            self.skip -= 1;
        } else {
            self.skip = self.skip_next;
            self.skip_next = (self.skip_next * 2).min(SKIP_CHUNKS_MAX);
        }
        let index = self.hashes.len() as u64;
        let place = chunk_place(index);
        let (sealed, proof) = match &inner.hidden {
            None => {
                let sealed = inner.seal.seal_hashed(&place, packed, &hash);
                let mut tag = [0; TAG];
                tag.copy_from_slice(&sealed[sealed.len() - TAG..]);
                (sealed, tag)
            }
            Some(hidden) => {
                let sealed = hidden.chunk(&hash).seal_hashed(&place, packed, &hash);
                let proof = sealed_hash(&sealed);
                (sealed, proof)
            }
        };
        inner.disk.append(&self.part, &sealed)?;
        // A chunk and its seal are far below four bytes of length.
        self.table.extend_from_slice(&(sealed.len() as u32).to_be_bytes());
        self.table.extend_from_slice(&proof);
        self.hashes.push(hash);
        Ok(())
    }
}

impl Drop for BlobWriter {
    fn drop(&mut self) {
        if self.begun && self.blobs.inner.disk.remove(&self.part).is_err() {
            tracing::warn!("an unfinished blob stays in {} until the next start", self.part);
        }
    }
}

/// Images come compressed: after some chunks that did not shrink only one in so many is tried.
const SKIP_CHUNKS_MAX: u32 = 32;
