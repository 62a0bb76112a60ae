use super::{
    digest::{digest_of, root_of},
    frame::{CHUNK_HEAD_BYTES, PackFrame, Resume, chunk_head, hashes_frame, missing_frame, offset_of, packed_len},
    plan::{Plan, PlanError},
};
use crate::{ids::Hash, limits::CHUNK_BYTES_MAX};

/// What the holder's driver should bring next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// The hash of every chunk of this item ([`super::Digester`]), for [`Sender::hashes`].
    Hashes {
        /// Index of the item in the plan.
        item: u32,
    },
    /// These bytes of this item, for [`Sender::bytes`].
    Bytes {
        /// Index of the item in the plan.
        item: u32,
        /// Where in the item they begin.
        offset: u64,
        /// How many; zero for an empty item.
        len: u64,
    },
}

/// Why something that the driver brought cannot be sent. The stored record is not what the plan promised: tell the log, call
/// [`Sender::missing`] and go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Not what [`Sender::want`] asked for.
    #[error("this is not what comes next in the plan")]
    Unwanted,
    /// Its bytes or hashes differ from the plan: a damaged disk, or a record that changed after the plan was made.
    #[error("item {0} is no longer what the plan promised")]
    Changed(u32),
}

/// The holder's side of one transfer: says what to read next and makes frames of it. Each call gives the frames, with their
/// lengths, that are ready to be sent, in order; the last ones come with the last piece.
#[derive(Clone, Debug)]
pub struct Sender {
    items: Vec<(u64, Hash)>,
    at: Resume,
    hashes: Vec<Hash>,
    pack: PackFrame,
}

impl Sender {
    /// Serves `plan` from where the reader wants to go on.
    ///
    /// # Errors
    /// [`PlanError`] if the plan breaks a limit or `from` is not in it.
    pub fn new(plan: &Plan, from: Resume) -> Result<Self, PlanError> {
        plan.check()?;
        from.check(plan)?;
        let items = plan.items.iter().map(|item| (item.size, item.digest)).collect();
        Ok(Self { items, at: from, hashes: Vec::new(), pack: PackFrame::default() })
    }
    /// What to bring next; none at the end.
    pub fn want(&self) -> Option<Want> {
        let (size, _) = *self.items.get(self.at.item as usize)?;
        let item = self.at.item;
        if size > CHUNK_BYTES_MAX && self.hashes.is_empty() {
            return Some(Want::Hashes { item });
        }
        let offset = offset_of(self.at.chunk);
        Some(Want::Bytes { item, offset, len: (size - offset).min(CHUNK_BYTES_MAX) })
    }
    /// Takes the chunk hashes of the large item that comes next.
    ///
    /// # Errors
    /// [`SendError`]; then nothing has changed.
    pub fn hashes(&mut self, hashes: Vec<Hash>) -> Result<Vec<Vec<u8>>, SendError> {
        let Some(Want::Hashes { item }) = self.want() else { return Err(SendError::Unwanted) };
        let (size, digest) = self.items[item as usize];
        if hashes.len() as u64 != size.div_ceil(CHUNK_BYTES_MAX) || root_of(&hashes) != digest {
            return Err(SendError::Changed(item));
        }
        let mut frames = self.flush();
        frames.push(hashes_frame(item, &hashes));
        self.hashes = hashes;
        Ok(frames)
    }
    /// Takes the bytes that come next.
    ///
    /// # Errors
    /// [`SendError`]; then nothing has changed.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, SendError> {
        if self.is_chunk() {
            let mut frame = vec![0; CHUNK_HEAD_BYTES];
            frame.extend_from_slice(bytes);
            self.chunk(&mut frame)?;
            return Ok(vec![frame]);
        }
        let Some(Want::Bytes { item, len, .. }) = self.want() else { return Err(SendError::Unwanted) };
        if bytes.len() as u64 != len || digest_of(bytes) != self.items[item as usize].1 {
            return Err(SendError::Changed(item));
        }
        let is_full = self.pack.len() + packed_len(bytes.len()) > packed_len(CHUNK_BYTES_MAX as usize);
        let mut frames = if is_full { self.flush() } else { Vec::new() };
        self.pack.add(item, bytes);
        self.step();
        frames.extend(self.flush_at_end());
        Ok(frames)
    }
    /// Whether what [`Sender::want`] asks for are bytes of a large item, which [`Sender::chunk`] takes too.
    pub fn is_chunk(&self) -> bool {
        !self.hashes.is_empty()
    }
    /// As [`Sender::bytes`], for a chunk that lies in its frame already, behind [`CHUNK_HEAD_BYTES`] of room: a large document
    /// need not be copied once more. The frame is ready to be sent then.
    ///
    /// # Errors
    /// [`SendError`]; then nothing has changed.
    pub fn chunk(&mut self, frame: &mut [u8]) -> Result<(), SendError> {
        let Some(Want::Bytes { item, len, .. }) = self.want().filter(|_| self.is_chunk()) else {
            return Err(SendError::Unwanted);
        };
        // It was read from a store that lets no altered byte pass, under hashes that give the plan's digest; the reader
        // checks it against them. To hash it here once more would cost a large document a third of its rate.
        let (head, bytes) = frame.split_first_chunk_mut().ok_or(SendError::Changed(item))?;
        if bytes.len() as u64 != len {
            return Err(SendError::Changed(item));
        }
        *head = chunk_head(item, self.at.chunk, bytes.len());
        self.at.chunk += 1;
        if self.at.chunk as usize == self.hashes.len() {
            self.step();
        }
        Ok(())
    }
    /// Tells the reader that the item under way cannot be given any more, and goes on with the next.
    pub fn missing(&mut self) -> Vec<Vec<u8>> {
        if self.want().is_none() {
            return Vec::new();
        }
        let mut frames = self.flush();
        frames.push(missing_frame(self.at.item));
        self.step();
        frames
    }

    fn step(&mut self) {
        self.at = self.at.next_item();
        self.hashes.clear();
    }
    fn flush_at_end(&mut self) -> Vec<Vec<u8>> {
        if self.want().is_none() { self.flush() } else { Vec::new() }
    }
    fn flush(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.pack).finish().into_iter().collect()
    }
}
