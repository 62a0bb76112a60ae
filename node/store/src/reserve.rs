//! Room that is kept on the disk for a bad day: one file for writes, given back when the disk is full so that the store can
//! go on a little, and one for openings, so that a node that is started on a full disk still opens and reads.
use crate::disk::{Disk, DiskError};

/// The files that hold the room.
pub(crate) struct Reserve {
    bytes: u64,
    is_there: bool,
    /// The room for openings was given back while the store was open.
    is_opening_spent: bool,
}

impl Reserve {
    /// Makes the reserves if the disk has room for them; without room the store goes on without.
    pub(crate) fn open(disk: &dyn Disk, bytes: u64) -> Self {
        keep_for_openings(disk, bytes);
        let mut reserve = Self { bytes, is_there: false, is_opening_spent: false };
        reserve.refill(disk);
        reserve
    }

    pub(crate) fn is_there(&self) -> bool {
        self.is_there
    }

    /// Nothing of it was given back, or all of that was made again.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_there && !self.is_opening_spent
    }

    /// The room for openings was given back.
    pub(crate) fn note_spent(&mut self) {
        self.is_opening_spent = true;
    }

    /// Gives the room for writes back. True if there was some.
    pub(crate) fn free(&mut self, disk: &dyn Disk) -> bool {
        std::mem::take(&mut self.is_there) && give_back(disk, PATH).is_ok()
    }

    /// Makes the reserve for writes again, after that for openings. A reserve that does not fit is removed at once.
    pub(crate) fn refill(&mut self, disk: &dyn Disk) {
        if self.is_whole() {
            return;
        }
        keep_for_openings(disk, self.bytes);
        self.is_opening_spent = false;
        self.is_there = self.is_there || self.fill(disk);
    }

    fn fill(&self, disk: &dyn Disk) -> bool {
        let is_there = fill(disk, PATH, self.bytes).is_ok();
        if !is_there && give_back(disk, PATH).is_err() {
            tracing::warn!("the reserve file could not be removed");
        }
        is_there
    }
}

/// Gives all room back for an opening, without knowing whether there is some.
pub(crate) fn free(disk: &dyn Disk) -> Result<(), DiskError> {
    give_back(disk, PATH)?;
    free_for_opening(disk)
}

/// Gives the room that is kept for openings back.
pub(crate) fn free_for_opening(disk: &dyn Disk) -> Result<(), DiskError> {
    give_back(disk, OPENING_PATH)
}

/// Keeps as much of it as fits: part of it may do for the next opening, and writes must not take the rest.
fn keep_for_openings(disk: &dyn Disk, bytes: u64) {
    if fill(disk, OPENING_PATH, bytes).is_err() {
        tracing::debug!("the reserve for openings is not whole");
    }
}

/// Cut first: a name alone frees nothing while it is open.
fn give_back(disk: &dyn Disk, path: &str) -> Result<(), DiskError> {
    if disk.len(path)?.is_some() {
        disk.truncate(path, 0)?;
    }
    disk.remove(path)
}

fn fill(disk: &dyn Disk, path: &str, bytes: u64) -> Result<(), DiskError> {
    // Not zeros: some file systems store none for them.
    let piece = vec![0xA5; PIECE_BYTES];
    let mut there = disk.len(path)?.unwrap_or(0);
    if there >= bytes {
        return Ok(());
    }
    while there < bytes {
        let len = (bytes - there).min(PIECE_BYTES as u64) as usize;
        disk.append(path, &piece[..len])?;
        there += len as u64;
    }
    disk.sync(path)
}

const PATH: &str = "reserve";
const OPENING_PATH: &str = "reserve.open";
const PIECE_BYTES: usize = 64 << 10;
