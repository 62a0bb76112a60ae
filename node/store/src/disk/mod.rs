//! The file layer: what the journal, the blobs and the reserve ask of a disk, and nothing more.
//!
//! [`RealDisk`] is a folder of the operating system. [`VirtualDisk`] keeps what is pending apart from what is durable and
//! lies when told to: tests and the simulator crash it, tear it and fill it, the same way for the same seed.
mod real;
mod virt;

pub use real::RealDisk;
pub use virt::{Faults, VirtualDisk};

/// A folder with files in it. Paths are relative, with `/` between their parts.
///
/// Nothing is durable before [`Disk::sync`] on the file and, for a new or renamed one, [`Disk::sync_folder`] on its folder.
pub trait Disk: Send + Sync {
    /// Makes a folder and those above it; no error if it is there.
    fn make_folder(&self, folder: &str) -> Result<(), DiskError>;
    /// Adds bytes at the end of a file, which it makes if need be. After an error any part may have been written.
    fn append(&self, path: &str, bytes: &[u8]) -> Result<(), DiskError>;
    /// Writes over the bytes from `offset` on in a file, which it makes if need be; what lies between its end and `offset`
    /// reads as zeros. After an error any part may have been written.
    fn write_at(&self, path: &str, offset: u64, bytes: &[u8]) -> Result<(), DiskError>;
    /// Makes all bytes of a file durable. After an error they count as lost: never try again and go on.
    fn sync(&self, path: &str) -> Result<(), DiskError>;
    /// Makes the names in a folder durable.
    fn sync_folder(&self, folder: &str) -> Result<(), DiskError>;
    /// Cuts a file to `len` bytes.
    fn truncate(&self, path: &str, len: u64) -> Result<(), DiskError>;
    /// Gives a file another name, in place of what had it.
    fn rename(&self, from: &str, to: &str) -> Result<(), DiskError>;
    /// Removes a file; no error if it is gone.
    fn remove(&self, path: &str) -> Result<(), DiskError>;
    /// Length of a file, or none if there is no such file.
    fn len(&self, path: &str) -> Result<Option<u64>, DiskError>;
    /// Exactly `bytes` bytes from `offset` on.
    ///
    /// # Errors
    /// [`Trouble::Short`] if the file ends before.
    fn read(&self, path: &str, offset: u64, bytes: usize) -> Result<Vec<u8>, DiskError>;
    /// Names of the files in a folder, sorted; empty if there is no such folder.
    fn list(&self, folder: &str) -> Result<Vec<String>, DiskError>;
}

/// What a disk could not do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {action} failed: {trouble}")]
pub struct DiskError {
    /// What was tried.
    pub action: &'static str,
    /// The file or folder, relative to the store's folder.
    pub path: String,
    /// Why it failed.
    pub trouble: Trouble,
}

/// Why a disk could not do it; the arms are those that somebody treats differently.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// No room is left. Reading goes on.
    #[error("the disk is full")]
    Full,
    /// The account that runs the node may not do this here, or the disk is mounted read-only.
    #[error("not permitted; give the node's account write access to the folder")]
    Denied,
    /// No such file.
    #[error("no such file")]
    Missing,
    /// The file ends before the bytes that were asked for.
    #[error("the file is too short")]
    Short,
    /// Anything else, in the words of the operating system.
    #[error("{0}")]
    Other(String),
}

impl DiskError {
    pub(crate) fn new(action: &'static str, path: &str, trouble: Trouble) -> Self {
        Self { action, path: path.to_owned(), trouble }
    }
    pub(crate) fn io(action: &'static str, path: &str, error: &std::io::Error) -> Self {
        Self::new(action, path, Trouble::from(error))
    }
}

impl From<&std::io::Error> for Trouble {
    fn from(error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        match error.kind() {
            Kind::StorageFull | Kind::QuotaExceeded => Self::Full,
            Kind::PermissionDenied | Kind::ReadOnlyFilesystem => Self::Denied,
            Kind::NotFound => Self::Missing,
            Kind::UnexpectedEof => Self::Short,
            _ => Self::Other(error.to_string()),
        }
    }
}
