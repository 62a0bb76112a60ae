//! The way back: every file of a backup into an empty folder, each compared with its digest.
use super::error::BackupFault;
use super::make::{BackupPace, config_seal, digest_of, pieces};
use super::manifest::{Entry, Manifest, ManifestKey};
use super::set::{CONFIG_PATH, belongs_to_backup};
use crate::core::RESTORING_PATH;
use crate::disk::{Disk, Trouble};
use crate::journal::{JournalKeys, Mark};
use crate::keys::MasterKey;

/// What a restore did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// When the backup was made, in Unix milliseconds.
    pub at: u64,
    /// The last frame of the backup, as the restored journal must have it.
    pub mark: Mark,
    /// Files that were put there.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that the backup has no good copy of, in sentences. Everything else is there.
    pub left_out: Vec<String>,
}

/// Puts every file of the backup at `from` into the folder at `to`, which has nothing but keys in it or the beginning of the
/// same restore. A file `restoring` stands there until all is: no store opens meanwhile.
pub(crate) fn restore(
    from: &dyn Disk,
    to: &dyn Disk,
    master: &MasterKey,
    pace: BackupPace<'_>,
) -> Result<Restored, BackupFault> {
    let check = JournalKeys::new(master).check;
    let manifest = Manifest::load(from, &ManifestKey::new(master), &check)?;
    begin(to)?;
    let mut done = Restored { at: manifest.at, mark: manifest.mark, ..Restored::default() };
    for (count, (path, entry)) in manifest.files.iter().enumerate() {
        if !pace(count as u64, manifest.files.len() as u64) {
            return Err(BackupFault::Stopped);
        }
        let placed = if path == CONFIG_PATH { config(from, to, master, entry) } else { file(from, to, path, entry) };
        match placed {
            Ok(()) => (done.files, done.bytes) = (done.files + 1, done.bytes + entry.bytes),
            Err(Placing::Bad(what)) => done.left_out.push(format!("{path}: {what} ({})", entry.object())),
            Err(Placing::Failed(error)) => return Err(error),
        }
    }
    to.remove(RESTORING_PATH)?;
    to.sync_folder("")?;
    Ok(done)
}

/// Why one file was not put there.
pub(super) enum Placing {
    /// The backup's copy is no good.
    Bad(&'static str),
    Failed(BackupFault),
}

impl<E: Into<BackupFault>> From<E> for Placing {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Marks the folder as being restored, or finds that it is so already.
fn begin(to: &dyn Disk) -> Result<(), BackupFault> {
    if to.len(RESTORING_PATH)?.is_some() {
        return Ok(());
    }
    for folder in ["", "journal", "snapshots", "db"] {
        let names = to.list(folder)?;
        if let Some(name) = names.iter().find(|name| *name != "lock") {
            let at = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            return Err(BackupFault::NotEmpty(format!("The folder, with {at} in it,")));
        }
    }
    to.append(RESTORING_PATH, b"musubi restore was begun here and is not finished; run it again\n")?;
    to.sync(RESTORING_PATH)?;
    Ok(to.sync_folder("")?)
}

/// One file from its object; kept if it is there already and right.
pub(super) fn file(from: &dyn Disk, to: &dyn Disk, path: &str, entry: &Entry) -> Result<(), Placing> {
    if !belongs_to_backup(path) {
        return Err(Placing::Bad("it is no file of a store"));
    }
    if to.len(path)? == Some(entry.bytes) && digest_of(to, path, None)?.0 == entry.digest {
        return Ok(());
    }
    check_object(from, entry)?;
    let (folder, above) = folders(path);
    to.make_folder(folder)?;
    to.sync_folder(above)?;
    to.remove(PART)?;
    to.append(PART, b"")?;
    pieces(from, &entry.object(), entry.bytes, |piece| to.append(PART, piece))?;
    if digest_of(to, PART, None)?.0 != entry.digest {
        return Err(Placing::Bad("it changed while it was read"));
    }
    to.sync(PART)?;
    to.rename(PART, path)?;
    to.sync_folder(folder)?;
    Ok(())
}

/// Whether the backup's copy is what the manifest says.
pub(super) fn check_object(from: &dyn Disk, entry: &Entry) -> Result<(), Placing> {
    let object = entry.object();
    match from.len(&object)? {
        None => return Err(Placing::Bad("its copy is missing in the backup")),
        Some(bytes) if bytes != entry.bytes => return Err(Placing::Bad("its copy in the backup has another length")),
        Some(_) => {}
    }
    match digest_of(from, &object, None) {
        Ok((digest, _)) if digest == entry.digest => Ok(()),
        Ok(_) => Err(Placing::Bad("its copy in the backup is damaged")),
        Err(error) if matches!(error.trouble, Trouble::Missing | Trouble::Short) => {
            Err(Placing::Bad("its copy in the backup is damaged"))
        }
        Err(error) => Err(error.into()),
    }
}

fn config(from: &dyn Disk, to: &dyn Disk, master: &MasterKey, entry: &Entry) -> Result<(), Placing> {
    check_object(from, entry)?;
    let sealed = from.read(&entry.object(), 0, usize::try_from(entry.bytes).unwrap_or(usize::MAX))?;
    let plain = config_seal(master).open(CONFIG_PATH.as_bytes(), sealed);
    let plain = plain.ok_or(Placing::Bad("its copy in the backup does not open"))?;
    to.remove(PART)?;
    to.append(PART, &plain)?;
    to.sync(PART)?;
    to.rename(PART, CONFIG_PATH)?;
    Ok(to.sync_folder("")?)
}

/// The folder of a path, and the one above that.
fn folders(path: &str) -> (&str, &str) {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    (folder, folder.rsplit_once('/').map_or("", |(above, _)| above))
}

const PART: &str = "restore.part";
