//! A folder of the operating system.
use super::{Disk, DiskError};
use crate::limits::HANDLES_MAX;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A folder of the operating system, with the newest append handles kept open.
pub struct RealDisk {
    root: PathBuf,
    /// Newest last. One handle per file sees every write error of that file, so handles stay open until their file is done.
    open: Mutex<Vec<(String, Arc<File>)>>,
}

impl RealDisk {
    /// The folder at `root`, which must exist.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), open: Mutex::new(Vec::new()) }
    }

    fn at(&self, path: &str) -> PathBuf {
        path.split('/').filter(|part| !part.is_empty()).fold(self.root.clone(), |at, part| at.join(part))
    }

    fn handle(&self, path: &str) -> std::io::Result<Arc<File>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = open.iter().position(|(name, _)| name == path) {
            let entry = open.remove(at);
            let file = entry.1.clone();
            open.push(entry);
            return Ok(file);
        }
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        owner_only(&mut options);
        let file = Arc::new(options.open(self.at(path))?);
        if open.len() >= HANDLES_MAX {
            open.remove(0);
        }
        open.push((path.to_owned(), file.clone()));
        Ok(file)
    }

    fn forget(&self, path: &str) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).retain(|(name, _)| name != path);
    }
}

impl Disk for RealDisk {
    fn make_folder(&self, folder: &str) -> Result<(), DiskError> {
        fs::create_dir_all(self.at(folder)).map_err(|e| DiskError::io("making the folder", folder, &e))
    }

    fn append(&self, path: &str, bytes: &[u8]) -> Result<(), DiskError> {
        let written = self.handle(path).and_then(|file| (&*file).write_all(bytes));
        written.map_err(|e| DiskError::io("writing", path, &e))
    }

    fn write_at(&self, path: &str, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        let write = || {
            // A handle for appending writes at the end whatever its position, so this one is its own; the sync through the
            // kept handle covers the file.
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(false);
            owner_only(&mut options);
            let mut file = options.open(self.at(path))?;
            file.seek(SeekFrom::Start(offset))?;
            file.write_all(bytes)
        };
        write().map_err(|e| DiskError::io("writing", path, &e))
    }

    fn sync(&self, path: &str) -> Result<(), DiskError> {
        let synced = self.handle(path).and_then(|file| file.sync_data());
        synced.map_err(|e| DiskError::io("syncing", path, &e))
    }

    #[cfg(unix)]
    fn sync_folder(&self, folder: &str) -> Result<(), DiskError> {
        let synced = File::open(self.at(folder)).and_then(|file| file.sync_all());
        synced.map_err(|e| DiskError::io("syncing the folder", folder, &e))
    }

    /// Other systems keep their names durable by themselves and cannot open a folder.
    #[cfg(not(unix))]
    fn sync_folder(&self, _: &str) -> Result<(), DiskError> {
        Ok(())
    }

    fn truncate(&self, path: &str, len: u64) -> Result<(), DiskError> {
        let cut = self.handle(path).and_then(|file| file.set_len(len));
        cut.map_err(|e| DiskError::io("cutting", path, &e))
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), DiskError> {
        self.forget(from);
        self.forget(to);
        fs::rename(self.at(from), self.at(to)).map_err(|e| DiskError::io("renaming", from, &e))
    }

    fn remove(&self, path: &str) -> Result<(), DiskError> {
        self.forget(path);
        match fs::remove_file(self.at(path)) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(DiskError::io("removing", path, &e)),
            _ => Ok(()),
        }
    }

    fn len(&self, path: &str) -> Result<Option<u64>, DiskError> {
        match fs::metadata(self.at(path)) {
            Ok(data) => Ok(Some(data.len())),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(DiskError::io("looking at", path, &e)),
        }
    }

    fn read(&self, path: &str, offset: u64, bytes: usize) -> Result<Vec<u8>, DiskError> {
        let read = || {
            let mut file = File::open(self.at(path))?;
            let left = file.metadata()?.len().saturating_sub(offset);
            if left < bytes as u64 {
                return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof));
            }
            file.seek(SeekFrom::Start(offset))?;
            let mut out = Vec::with_capacity(bytes);
            file.take(bytes as u64).read_to_end(&mut out)?;
            if out.len() == bytes { Ok(out) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
        };
        read().map_err(|e| DiskError::io("reading", path, &e))
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, DiskError> {
        let entries = match fs::read_dir(self.at(folder)) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(DiskError::io("listing", folder, &e)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|e| DiskError::io("listing", folder, &e))?;
            let is_file = entry.file_type().map_err(|e| DiskError::io("listing", folder, &e))?.is_file();
            if is_file && let Ok(name) = entry.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn owner_only(_: &mut OpenOptions) {}
