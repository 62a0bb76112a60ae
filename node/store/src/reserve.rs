//! Room that is kept on the disk for a bad day: given back when the disk is full, so that the store can go on a little.
use crate::disk::{Disk, DiskError};

/// The file that holds the room.
pub(crate) struct Reserve {
    bytes: u64,
    is_there: bool,
}

impl Reserve {
    /// Makes the reserve if the disk has room for it; without room the store goes on without.
    pub(crate) fn open(disk: &dyn Disk, bytes: u64) -> Self {
        let mut reserve = Self { bytes, is_there: false };
        reserve.refill(disk);
        reserve
    }

    pub(crate) fn is_there(&self) -> bool {
        self.is_there
    }

    /// Gives the room back. True if there was some.
    pub(crate) fn free(&mut self, disk: &dyn Disk) -> bool {
        std::mem::take(&mut self.is_there) && free(disk).is_ok()
    }

    /// Makes the reserve again. A reserve that does not fit is removed at once.
    pub(crate) fn refill(&mut self, disk: &dyn Disk) {
        if self.is_there {
            return;
        }
        self.is_there = fill(disk, self.bytes).is_ok();
        if !self.is_there && free(disk).is_err() {
            tracing::warn!("the reserve file could not be removed");
        }
    }
}

/// Gives the room back without knowing whether there is some. Cut first: a name alone frees nothing while it is open.
pub(crate) fn free(disk: &dyn Disk) -> Result<(), DiskError> {
    if disk.len(PATH)?.is_some() {
        disk.truncate(PATH, 0)?;
    }
    disk.remove(PATH)
}

fn fill(disk: &dyn Disk, bytes: u64) -> Result<(), DiskError> {
    // Not zeros: some file systems store none for them.
    let piece = vec![0xA5; PIECE_BYTES];
    let mut there = disk.len(PATH)?.unwrap_or(0);
    if there >= bytes {
        return Ok(());
    }
    while there < bytes {
        let len = (bytes - there).min(PIECE_BYTES as u64) as usize;
        disk.append(PATH, &piece[..len])?;
        there += len as u64;
    }
    disk.sync(PATH)
}

const PATH: &str = "reserve";
const PIECE_BYTES: usize = 256 << 10;
