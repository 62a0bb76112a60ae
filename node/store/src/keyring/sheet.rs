//! The master key on paper, and back: fourteen groups of four letters and a check letter.
use crate::disk::{Disk, DiskError, RealDisk};
use crate::error::OpenError;
use crate::keys::MasterKey;
use crate::lock::FolderLock;
use protocol::ids::{PrintedError, from_printed, to_printed};
use std::path::Path;
use zeroize::Zeroizing;

/// What goes on paper.
#[derive(Clone, PartialEq, Eq)]
pub struct Sheet {
    /// The master key as groups, joined by hyphens. Whoever has them and a backup reads everything.
    pub groups: String,
    /// Tells which store it belongs to, and nothing of the key: 16 hexadecimal digits.
    pub check: String,
}

impl std::fmt::Debug for Sheet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sheet of store {}", self.check)
    }
}

/// Why there is no sheet.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// There is no store in the folder.
    #[error("{0}: there is no keys/store.key here; name the node's folder with --folder DIR")]
    NoKey(String),
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl Sheet {
    /// The sheet of the store in a folder; it may be running.
    ///
    /// # Errors
    /// [`SheetError`].
    pub fn of(folder: &Path) -> Result<Self, SheetError> {
        let master = MasterKey::load(&RealDisk::new(folder))?;
        let master = master.ok_or_else(|| SheetError::NoKey(folder.display().to_string()))?;
        let mut bytes = Zeroizing::new(master.bytes().to_vec());
        let check = check_of(&bytes);
        bytes.extend_from_slice(&check);
        Ok(Self { groups: to_printed(&bytes), check: hex(&master.check()) })
    }
}

/// Why a sheet was not taken. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// Something was mistyped; it says in which group.
    #[error(
        "the key was not typed as printed: {0}. Compare that group with the sheet, letter by letter, and type it all again"
    )]
    Typed(PrintedError),
    /// Every group is right in itself and together they are no key: groups are missing, swapped, or of several sheets.
    #[error(
        "these are not the {GROUPS} groups of one sheet: each is well typed, but together they are no key. Check their order, and that none is missing"
    )]
    Whole,
    /// The folder has a journal of another master key.
    #[error(
        "the key is typed well and belongs to store {typed}, but the folder holds store {found}. Take the sheet of that store, or the other folder"
    )]
    Foreign {
        /// Which store the sheet is of.
        typed: String,
        /// Which store is here.
        found: String,
    },
    /// There is nothing in the folder that the key could be tried on.
    #[error("the folder holds no journal to try the key on. Restore the backup into it first, then type the key")]
    Nothing,
    /// Another key is here.
    #[error(
        "keys/store.key is here already and is another key. Nothing was changed; move it aside if you are sure that it is the wrong one"
    )]
    Taken,
    /// The folder is in use, or cannot be written.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Writes `keys/store.key` from the groups of a sheet, once they are proven to be the key of the store in the folder. Gives
/// the store's check.
///
/// # Errors
/// [`RecoverError`]; nothing was written then.
pub fn recover(folder: &Path, typed: &str) -> Result<String, RecoverError> {
    let bytes = from_printed(typed).map(Zeroizing::new).map_err(|error| match error {
        PrintedError::Length(_) => RecoverError::Whole,
        error => RecoverError::Typed(error),
    })?;
    let (key, check) = bytes.split_first_chunk::<32>().ok_or(RecoverError::Whole)?;
    if check != check_of(key) {
        return Err(RecoverError::Whole);
    }
    let master = MasterKey::new(*key);
    let _lock = FolderLock::take(folder)?;
    let disk = RealDisk::new(folder);
    match store_check(&disk)? {
        None => return Err(RecoverError::Nothing),
        Some(found) if found != master.check() => {
            return Err(RecoverError::Foreign { typed: hex(&master.check()), found: hex(&found) });
        }
        Some(_) => {}
    }
    match MasterKey::load(&disk)? {
        Some(there) if there.bytes() == master.bytes() => {}
        Some(_) => return Err(RecoverError::Taken),
        None => master.save(&disk)?,
    }
    Ok(hex(&master.check()))
}

/// The check that stands in the first segment of the journal that has one.
fn store_check(disk: &dyn Disk) -> Result<Option<[u8; 8]>, DiskError> {
    for name in disk.list("journal")?.iter().filter(|name| name.ends_with(".seg")) {
        let path = format!("journal/{name}");
        if disk.len(&path)?.unwrap_or(0) < CHECK_END as u64 {
            continue;
        }
        let head = disk.read(&path, 0, CHECK_END)?;
        if let Some(check) = head.starts_with(b"musubi.j").then(|| head[CHECK_END - 8..].try_into().ok()).flatten() {
            return Ok(Some(check));
        }
    }
    Ok(None)
}

/// Three bytes over all groups: a swapped pair of them passes their own letters.
fn check_of(key: &[u8]) -> [u8; 3] {
    let hash = blake3::derive_key("musubi 2026 check of a sheet", key);
    [hash[0], hash[1], hash[2]]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where the key check of a segment ends: `"musubi.j" ‖ format ‖ check`.
const CHECK_END: usize = 8 + 1 + 8;
/// Groups of a sheet: 35 bytes are 56 letters, four in each.
const GROUPS: usize = 14;
