//! Reading a blob chunk by chunk.
use super::{BlobError, BlobId, Blobs, MAGIC, ROW_BYTES, chunk_place, table_place};
use crate::limits::{BLOB_CHUNKS_MAX, CHUNK_BYTES};
use crate::pack::unpack;
use crate::seal::{SEAL_BYTES, TAG};

/// A blob open for reading, any chunk at any time.
pub struct BlobReader {
    blobs: Blobs,
    id: BlobId,
    path: String,
    len: u64,
    rows: Vec<Row>,
}

/// Where a chunk lies, and the tag that makes it this blob's.
struct Row {
    offset: u64,
    bytes: usize,
    tag: [u8; TAG],
}

impl BlobReader {
    pub(super) fn open(blobs: Blobs, id: BlobId) -> Result<Self, BlobError> {
        let path = blobs.path(id);
        let damaged = |what| BlobError::Damaged { id, what };
        let disk = &*blobs.inner.disk;
        let size = disk.len(&path)?.ok_or(BlobError::Missing(id))?;
        let least = (MAGIC.len() + SEAL_BYTES + 8 + 4) as u64;
        if size < least || disk.read(&path, 0, MAGIC.len())? != MAGIC {
            return Err(damaged("it is cut short or no blob of this format"));
        }
        let tail = disk.read(&path, size - 4, 4)?;
        let table_bytes = u64::from(u32::from_be_bytes([tail[0], tail[1], tail[2], tail[3]]));
        let table_max = BLOB_CHUNKS_MAX * ROW_BYTES as u64 + SEAL_BYTES as u64 + 8;
        let start = (size - 4).checked_sub(table_bytes).filter(|_| table_bytes <= table_max);
        let start = start.ok_or_else(|| damaged("its end is not what was written"))?;
        let sealed = disk.read(&path, start, table_bytes as usize)?;
        let table = blobs.inner.seal.open(&table_place(id), sealed);
        let table = table.ok_or_else(|| damaged("its table is not what was written"))?;
        let (len, rows) = parse(&table, start).ok_or_else(|| damaged("its table does not fit its file"))?;
        Ok(Self { path, len, rows, id, blobs })
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

    /// The plain bytes of one chunk.
    pub fn read_chunk(&self, index: u64) -> Result<Vec<u8>, BlobError> {
        let damaged = || BlobError::Damaged { id: self.id, what: "a chunk is not what was written" };
        let row = usize::try_from(index).ok().and_then(|index| self.rows.get(index));
        let row = row.ok_or(BlobError::NoChunk { id: self.id, index })?;
        let inner = &self.blobs.inner;
        let sealed = inner.disk.read(&self.path, row.offset, row.bytes)?;
        if sealed[row.bytes - TAG..] != row.tag {
            return Err(damaged());
        }
        let packed = inner.seal.open(&chunk_place(index), sealed).ok_or_else(damaged)?;
        let plain = unpack(packed, CHUNK_BYTES).ok_or_else(damaged)?;
        let expect = (self.len - index * CHUNK_BYTES as u64).min(CHUNK_BYTES as u64);
        if plain.len() as u64 == expect { Ok(plain) } else { Err(damaged()) }
    }
}

/// Length of the blob and its rows; none if they do not fill the file up to the table.
fn parse(table: &[u8], end: u64) -> Option<(u64, Vec<Row>)> {
    let (len, table) = table.split_first_chunk::<8>()?;
    let len = u64::from_be_bytes(*len);
    let mut offset = MAGIC.len() as u64;
    let mut rows = Vec::with_capacity(table.len() / ROW_BYTES);
    for row in table.chunks(ROW_BYTES) {
        let (bytes, tag) = row.split_first_chunk::<4>()?;
        let bytes = u32::from_be_bytes(*bytes);
        rows.push(Row { offset, bytes: usize::try_from(bytes).ok()?, tag: tag.try_into().ok()? });
        offset = offset.checked_add(u64::from(bytes))?;
    }
    let fits = rows.len() as u64 == len.div_ceil(CHUNK_BYTES as u64) && offset == end;
    (fits && rows.iter().all(|row| row.bytes > SEAL_BYTES)).then_some((len, rows))
}
