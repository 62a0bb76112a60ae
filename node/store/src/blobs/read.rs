//! Reading a blob chunk by chunk.
use super::{
    BlobError, BlobId, Blobs, HASHES, MAGIC_HIDDEN, MAGIC_PLAIN, ROW_BYTES, TABLE, chunk_place, sealed_hash,
    table_place,
};
use crate::limits::{BLOB_CHUNKS_MAX, CHUNK_BYTES};
use crate::pack::unpack;
use crate::seal::{SEAL_BYTES, TAG};

/// A blob open for reading, any chunk at any time.
pub struct BlobReader {
    blobs: Blobs,
    /// Of the file.
    id: BlobId,
    is_hidden: bool,
    /// Of a hidden one: the hashes of its chunks, if its name was given.
    hashes: Vec<[u8; 32]>,
    path: String,
    len: u64,
    rows: Vec<Row>,
}

/// Where a chunk lies, and the tag or hash that makes it this blob's.
struct Row {
    offset: u64,
    bytes: usize,
    proof: [u8; TAG],
}

impl BlobReader {
    pub(super) fn open(blobs: Blobs, id: BlobId) -> Result<Self, BlobError> {
        let file = blobs.file(id);
        match Self::of_file(blobs.clone(), file, Some(id)) {
            // It may be from before files were called by another name than their blobs.
            Err(BlobError::Missing(_)) if file != id => {
                Self::of_file(blobs, id, Some(id)).map_err(|error| match error {
                    BlobError::Missing(_) => BlobError::Missing(file),
                    other => other,
                })
            }
            opened => opened,
        }
    }

    /// Opens a file; without the blob's name a hidden one can be checked only.
    pub(super) fn of_file(blobs: Blobs, id: BlobId, name: Option<BlobId>) -> Result<Self, BlobError> {
        let path = blobs.path(id);
        let damaged = |what| BlobError::Damaged { id, what };
        let disk = &*blobs.inner.disk;
        let size = disk.len(&path)?.ok_or(BlobError::Missing(id))?;
        let least = (MAGIC_BYTES + SEAL_BYTES + 8 + 4) as u64;
        let magic = if size < least { Vec::new() } else { disk.read(&path, 0, MAGIC_BYTES)? };
        let is_hidden = magic == MAGIC_HIDDEN;
        if !is_hidden && magic != MAGIC_PLAIN {
            return Err(damaged("it is cut short or no blob of this format"));
        }
        let tail = disk.read(&path, size - 4, 4)?;
        let table_bytes = u64::from(u32::from_be_bytes([tail[0], tail[1], tail[2], tail[3]]));
        let table_max = BLOB_CHUNKS_MAX * (ROW_BYTES as u64 + 32) + 2 * SEAL_BYTES as u64 + 8;
        let start = (size - 4).checked_sub(table_bytes).filter(|_| table_bytes <= table_max);
        let start = start.ok_or_else(|| damaged("its end is not what was written"))?;
        let sealed = disk.read(&path, start, table_bytes as usize)?;
        let table = blobs.inner.seal.open(&table_place(TABLE, id), sealed);
        let table = table.ok_or_else(|| damaged("its table is not what was written"))?;
        let unfit = || damaged("its table does not fit its file");
        let (len, rest) = table.split_first_chunk::<8>().ok_or_else(unfit)?;
        let len = u64::from_be_bytes(*len);
        let chunks = len.div_ceil(CHUNK_BYTES as u64);
        let rows =
            usize::try_from(chunks).ok().and_then(|chunks| rest.split_at_checked(chunks.checked_mul(ROW_BYTES)?));
        let (rows, sealed) = rows.ok_or_else(unfit)?;
        let rows = parse(rows, start).ok_or_else(unfit)?;
        let mut hashes = Vec::new();
        if !is_hidden && !sealed.is_empty() {
            return Err(unfit());
        }
        if let Some((hidden, name)) = blobs.inner.hidden.as_ref().filter(|_| is_hidden).zip(name) {
            let opened = hidden.hashes(name).open(&table_place(HASHES, id), sealed.to_vec());
            let opened = opened.ok_or_else(|| damaged("it is another blob's"))?;
            let (found, over) = opened.as_chunks::<32>();
            if found.len() as u64 != chunks || !over.is_empty() {
                return Err(unfit());
            }
            hashes = found.to_vec();
        }
        Ok(Self { path, len, rows, id, is_hidden, hashes, blobs })
    }

    /// Plain length.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many chunks of 256 KiB it has; the last may be shorter.
    pub fn chunks(&self) -> u64 {
        self.rows.len() as u64
    }

    pub(super) fn is_hidden(&self) -> bool {
        self.is_hidden
    }

    /// Reads every chunk of a hidden blob and compares it with the table; needs no name. Gives the plain length.
    pub(super) fn check(&self, pace: &mut dyn FnMut(u64) -> bool) -> Result<u64, BlobError> {
        for row in &self.rows {
            let sealed = self.blobs.inner.disk.read(&self.path, row.offset, row.bytes)?;
            if sealed_hash(&sealed) != row.proof {
                return Err(self.damaged());
            }
            if !pace(row.bytes as u64) {
                break;
            }
        }
        Ok(self.len)
    }

    fn damaged(&self) -> BlobError {
        BlobError::Damaged { id: self.id, what: "a chunk is not what was written" }
    }

    /// The plain bytes of one chunk.
    pub fn read_chunk(&self, index: u64) -> Result<Vec<u8>, BlobError> {
        let damaged = || self.damaged();
        let row = usize::try_from(index).ok().and_then(|index| self.rows.get(index));
        let row = row.ok_or(BlobError::NoChunk { id: self.id, index })?;
        let inner = &self.blobs.inner;
        let sealed = inner.disk.read(&self.path, row.offset, row.bytes)?;
        let place = chunk_place(index);
        let packed = match inner.hidden.as_ref().filter(|_| self.is_hidden) {
            None if sealed[row.bytes - TAG..] == row.proof => inner.seal.open(&place, sealed),
            None => None,
            Some(hidden) => {
                let hash = usize::try_from(index).ok().and_then(|index| self.hashes.get(index));
                hash.and_then(|hash| hidden.chunk(hash).open(&place, sealed))
            }
        };
        let packed = packed.ok_or_else(damaged)?;
        let plain = unpack(packed, CHUNK_BYTES).ok_or_else(damaged)?;
        let expect = (self.len - index * CHUNK_BYTES as u64).min(CHUNK_BYTES as u64);
        if plain.len() as u64 == expect { Ok(plain) } else { Err(damaged()) }
    }
}

/// The rows of a table; none if they do not fill the file up to it.
fn parse(table: &[u8], end: u64) -> Option<Vec<Row>> {
    let mut offset = MAGIC_BYTES as u64;
    let mut rows = Vec::with_capacity(table.len() / ROW_BYTES);
    for row in table.chunks(ROW_BYTES) {
        let (bytes, tag) = row.split_first_chunk::<4>()?;
        let bytes = u32::from_be_bytes(*bytes);
        rows.push(Row { offset, bytes: usize::try_from(bytes).ok()?, proof: tag.try_into().ok()? });
        offset = offset.checked_add(u64::from(bytes))?;
    }
    (offset == end && rows.iter().all(|row| row.bytes > SEAL_BYTES)).then_some(rows)
}

const MAGIC_BYTES: usize = MAGIC_PLAIN.len();
