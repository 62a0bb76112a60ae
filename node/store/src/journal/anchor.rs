//! Which segment is the newest, kept beside the journal: so that a newest file that went missing is noticed without an index.
use super::frame::JournalKeys;
use crate::disk::{Disk, DiskError};

/// The number of the newest segment; none if nothing, or nothing readable, is there: an old store, or one of a few frames.
pub(crate) fn read(disk: &dyn Disk, keys: &JournalKeys) -> Result<Option<u64>, DiskError> {
    if disk.len(PATH)? != Some(BYTES) {
        return Ok(None);
    }
    let bytes = disk.read(PATH, 0, BYTES as usize)?;
    let Some((number, check)) = bytes.split_first_chunk::<8>() else { return Ok(None) };
    let number = u64::from_be_bytes(*number);
    Ok((check == keys.marker(number)).then_some(number))
}

/// Notes the newest segment, whole or not at all, after its file is durable.
pub(super) fn write(disk: &dyn Disk, keys: &JournalKeys, number: u64) -> Result<(), DiskError> {
    disk.remove(PART)?;
    disk.append(PART, &[number.to_be_bytes(), keys.marker(number)].concat())?;
    disk.sync(PART)?;
    disk.rename(PART, PATH)?;
    disk.sync_folder("")
}

const PATH: &str = "anchor";
const PART: &str = "anchor.part";
/// The number, and the marker of its first frame.
const BYTES: u64 = 16;
