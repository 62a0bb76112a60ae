//! The key ring in one file, to be kept apart from ordinary backups: with an own, short life, since an old copy of a key that
//! was erased meanwhile undoes the erasure until it is gone too.
//!
//! `"musubi.r" ‖ 01 ‖ key check (8) ‖ made u64 ‖ expires u64 ‖ floor u64 ‖ slots ‖ BLAKE3 keyed over all of it (32)`
use super::ring::{Keyring, KeyringError};
use super::slot::SLOT_BYTES;
use crate::disk::RealDisk;
use crate::error::OpenError;
use crate::keys::MasterKey;
use crate::lock::FolderLock;
use protocol::time::Millis;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A backup of the key ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingBackup {
    /// Its file.
    pub path: PathBuf,
    /// Until when it may be restored.
    pub expires: Millis,
    /// Patients' slots in it.
    pub slots: u64,
    /// Older backups in the same folder that had expired and were overwritten and removed.
    pub removed: u64,
}

/// Why the key ring could not be saved or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file is none, or damaged, or of another store.
    #[error("{path}: {what}. Nothing was changed; take another backup of the key ring")]
    Unfit {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// It is too old: keys in it may have been erased since.
    #[error(
        "{path}: expired. Keys in it may belong to patients who were erased since. If there is no younger one, restore it with --expired and remove it then"
    )]
    Expired {
        /// The file.
        path: PathBuf,
    },
    /// `keys/store.key` is missing.
    #[error("keys/store.key is missing. Type it in from its sheet first: `musubi key recover`")]
    NoKey,
    /// The folder is in use, or cannot be written.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The key ring refused.
    #[error(transparent)]
    Keys(#[from] KeyringError),
    /// A file could not be read or written.
    #[error("{path}: {why}")]
    File {
        /// The file.
        path: PathBuf,
        /// In the words of the operating system.
        why: String,
    },
}

impl Keyring {
    /// Writes all keys into a new file in `to`, and removes backups there that have expired.
    pub(crate) fn back_up(
        &self,
        master: &MasterKey,
        to: &Path,
        now: Millis,
        life_ms: u64,
    ) -> Result<RingBackup, BackupError> {
        let failed = |path: &Path, error: &std::io::Error| file_error(path, error);
        fs::create_dir_all(to).map_err(|error| failed(to, &error))?;
        let floor = self.floor();
        let expires = Millis(now.0.saturating_add(life_ms));
        let mut bytes = [MAGIC, &master.check()].concat();
        [now.0, expires.0, floor].iter().for_each(|number| bytes.extend_from_slice(&number.to_be_bytes()));
        bytes.extend_from_slice(&self.slots(floor)?);
        bytes.extend_from_slice(mac(master, &bytes).as_bytes());
        let path = to.join(format!("keys-{}{EXTENSION}", now.0));
        let part = path.with_extension("part");
        let mut file = own_file(&part).map_err(|error| failed(&part, &error))?;
        file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(|error| failed(&part, &error))?;
        fs::rename(&part, &path).map_err(|error| failed(&path, &error))?;
        #[cfg(unix)]
        File::open(to).and_then(|folder| folder.sync_all()).map_err(|error| failed(to, &error))?;
        let removed = remove_expired(master, to, now).map_err(|error| failed(to, &error))?;
        Ok(RingBackup { path, expires, slots: floor.saturating_sub(1), removed })
    }
}

/// Gives the key ring of a stopped node every key that it lacks and the backup has. A key that is erased stays erased.
/// Gives how many keys came back.
///
/// # Errors
/// [`BackupError`]; nothing was changed if it is about the file.
pub(crate) fn restore(folder: &Path, from: &Path, now: Millis, expired: Expired) -> Result<u64, BackupError> {
    let _lock = FolderLock::take(folder)?;
    let disk = Arc::new(RealDisk::new(folder));
    let master = MasterKey::load(&*disk).map_err(OpenError::from)?.ok_or(BackupError::NoKey)?;
    let bytes = fs::read(from).map_err(|error| file_error(from, &error))?;
    let unfit = |what| BackupError::Unfit { path: from.to_owned(), what };
    let body = opened(&master, &bytes).map_err(unfit)?;
    if body.expires <= now && expired == Expired::Refuse {
        return Err(BackupError::Expired { path: from.to_owned() });
    }
    // No keys are made here, so no entropy is needed.
    let is_new = !Keyring::exists(&*disk).map_err(OpenError::from)?;
    let ring = Keyring::open(disk, &master, &[0; 32], is_new)?;
    Ok(ring.fill(body.slots)?)
}

/// What becomes of a backup that has expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expired {
    /// It is refused.
    Refuse,
    /// It is taken all the same: there is no other.
    Take,
}

struct Body<'a> {
    expires: Millis,
    slots: &'a [u8],
}

fn opened<'a>(master: &MasterKey, bytes: &'a [u8]) -> Result<Body<'a>, &'static str> {
    let (body, end) = bytes.split_last_chunk::<32>().ok_or("too short for a backup of a key ring")?;
    let rest = body.strip_prefix(MAGIC).ok_or("no backup of a key ring of this format")?;
    if rest.get(..8) != Some(master.check().as_slice()) {
        return Err("belongs to another keys/store.key");
    }
    if mac(master, body) != blake3::Hash::from_bytes(*end) {
        return Err("damaged");
    }
    let number = |at: usize| rest.get(at..at + 8).and_then(|bytes| Some(u64::from_be_bytes(bytes.try_into().ok()?)));
    let expires = number(16).map(Millis).ok_or("damaged")?;
    let slots = rest.get(32..).filter(|slots| slots.len().is_multiple_of(SLOT_BYTES)).ok_or("damaged")?;
    Ok(Body { expires, slots })
}

/// Overwrites and removes backups of this store in a folder that have expired.
fn remove_expired(master: &MasterKey, folder: &Path, now: Millis) -> std::io::Result<u64> {
    let mut removed = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_backup = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.ends_with(EXTENSION));
        if !is_backup {
            continue;
        }
        let bytes = fs::read(&path)?;
        if opened(master, &bytes).is_ok_and(|body| body.expires <= now) {
            let mut file = OpenOptions::new().write(true).open(&path)?;
            file.write_all(&vec![0; bytes.len()])?;
            file.sync_all()?;
            fs::remove_file(&path)?;
            removed += 1;
        }
    }
    Ok(removed)
}

fn mac(master: &MasterKey, bytes: &[u8]) -> blake3::Hash {
    blake3::keyed_hash(&master.derive("patients/backup"), bytes)
}

fn own_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn file_error(path: &Path, error: &std::io::Error) -> BackupError {
    BackupError::File { path: path.to_owned(), why: error.to_string() }
}

const MAGIC: &[u8] = b"musubi.r\x01";
const EXTENSION: &str = ".ring";
