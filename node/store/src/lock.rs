//! One process per folder.
use crate::error::OpenError;
use fs4::{FileExt, TryLockError};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

/// Holds a store's folder until it is dropped, or its process ends however it ends.
pub(crate) struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Makes the folder if need be, and takes it.
    pub(crate) fn take(folder: &Path) -> Result<Self, OpenError> {
        let not_writable = |e: std::io::Error| match e.kind() {
            std::io::ErrorKind::StorageFull => OpenError::Full,
            _ => OpenError::NotWritable { folder: folder.to_owned(), why: e.to_string() },
        };
        make_folder(folder).map_err(not_writable)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(folder.join("lock")).map_err(not_writable)?;
        match lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let read = (&file).take(16).read_to_string(&mut pid);
                let pid = read.ok().and_then(|_| pid.trim().parse().ok());
                return Err(OpenError::Held { folder: folder.to_owned(), pid });
            }
            Err(TryLockError::Error(e)) => return Err(not_writable(e)),
        }
        // The number is a courtesy to whoever finds the folder taken; a full disk must not stop a node for it.
        let noted =
            file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
        if noted.is_err() {
            tracing::debug!("the lock file could not be given the number of this process");
        }
        Ok(Self { _file: file })
    }
}

/// Tries for a moment: a program that this process is just starting holds all that is open here until it begins.
fn lock(file: &File) -> Result<(), TryLockError> {
    for _ in 1..TRIES {
        match FileExt::try_lock(file) {
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            done => return done,
        }
    }
    FileExt::try_lock(file)
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}

/// A fifth of a second.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(20);
