//! Making a backup beside a running writer.
use super::error::BackupFault;
use super::manifest::{Entry, Manifest, ManifestKey, NAME, OBJECTS, OLD_NAME, hex};
use super::plan::{Step, plan};
use super::set::{CONFIG_PATH, candidates};
use crate::blobs::BlobId;
use crate::check::FileCheck;
use crate::disk::{Disk, DiskError, Trouble};
use crate::journal::{Mark, SegmentState, judge};
use crate::keys::MasterKey;
use crate::seal::Seal;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Hears of each file: how many are done, of how many. Ends the work with `false`.
pub type BackupPace<'a> = &'a mut dyn FnMut(u64, u64) -> bool;

/// What a backup did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackedUp {
    /// Last frame in it: everything acknowledged before it began.
    pub position: u64,
    /// Files in the backup.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that were copied now; the others were there.
    pub copied_files: u64,
    /// Bytes that were copied now.
    pub copied_bytes: u64,
    /// What is damaged or missing here and could not be taken, in sentences. Everything else is in the backup.
    pub problems: Vec<String>,
}

/// A backup on its way.
pub(crate) struct Backup<'a> {
    pub(crate) files: &'a FileCheck,
    pub(crate) master: &'a MasterKey,
    pub(crate) to: &'a dyn Disk,
    /// Tells the last frame that is acknowledged.
    pub(crate) head: &'a dyn Fn() -> u64,
    /// The blobs that should be there.
    pub(crate) ledger: BTreeSet<BlobId>,
    /// For the manifest, in Unix milliseconds.
    pub(crate) at: u64,
}

impl Backup<'_> {
    /// Copies what is new, then the manifest; removes what neither it nor the one before needs.
    pub(crate) fn make(&self, pace: BackupPace<'_>) -> Result<BackedUp, BackupFault> {
        let key = ManifestKey::new(self.master);
        let old = match Manifest::load(self.to, &key, &self.files.keys.check) {
            Ok(manifest) => manifest,
            Err(BackupFault::WrongKey) => return Err(BackupFault::OtherStore),
            Err(BackupFault::None | BackupFault::Manifest(_)) => Manifest::default(),
            Err(error) => return Err(error),
        };
        self.clean()?;
        let (head, here) = candidates(&*self.files.disk, self.head)?;
        let ledger: Vec<String> = self.ledger.iter().map(|id| self.files.blobs.path(*id)).collect();
        let has = |entry: &Entry| self.to.len(&entry.object()).is_ok_and(|len| len == Some(entry.bytes));
        let steps = plan(&here, &ledger, &old.files, has);
        let mut done = BackedUp { position: head, ..BackedUp::default() };
        let mut manifest = Manifest { check: self.files.keys.check, at: self.at, ..Manifest::default() };
        let total = steps.len() as u64;
        for (count, (path, step)) in steps.into_iter().enumerate() {
            if !pace(count as u64, total) {
                return Err(BackupFault::Stopped);
            }
            let entry = match step {
                Step::Keep(entry) => Some(entry),
                Step::Lost => {
                    done.problems.push(format!("{path} is missing, and the backup does not have it"));
                    None
                }
                Step::Copy { grows } => self.copy(&path, grows, &mut manifest.mark, &mut done)?,
            };
            manifest.files.extend(entry.map(|entry| (path, entry)));
        }
        self.check_journal(&manifest, &done)?;
        self.copy_config(&mut manifest, &mut done)?;
        self.publish(&manifest, &key)?;
        self.sweep(&manifest, &old)?;
        done.files = manifest.files.len() as u64;
        done.bytes = manifest.files.values().map(|entry| entry.bytes).sum();
        Ok(done)
    }

    /// Copies one file after it was checked; none if it is damaged or gone.
    fn copy(
        &self,
        path: &str,
        grows: bool,
        mark: &mut Mark,
        done: &mut BackedUp,
    ) -> Result<Option<Entry>, BackupFault> {
        let disk = &*self.files.disk;
        let number = |end: &str| u64::from_str_radix(path.rsplit('/').next()?.strip_suffix(end)?, 16).ok();
        let damage = if let Some(first) = number(".seg") {
            let Some(len) = disk.len(path)? else { return Ok(None) };
            let mut bytes = disk.read(path, 0, usize::try_from(len).unwrap_or(usize::MAX))?;
            let state = judge(&bytes, &self.files.keys, first, done.position);
            let is_whole = !grows || state.head.position == done.position;
            match state {
                SegmentState { damage: None, head, end, .. } if is_whole => {
                    bytes.truncate(usize::try_from(end).unwrap_or(usize::MAX));
                    if grows {
                        *mark = head;
                    }
                    return self.put(&bytes, done).map(Some);
                }
                SegmentState { damage: Some((byte, what)), .. } => format!("{path} at byte {byte}: {what}"),
                SegmentState { end, .. } => format!("{path} at byte {end}: newer frames are missing"),
            }
        } else if let Some(position) = number(".snap") {
            match self.files.snapshot(position, &mut |_| true) {
                None => return self.stream(path, done).map(Some),
                Some(damage) => damage.to_string(),
            }
        } else {
            let id = path.rsplit('/').next().and_then(BlobId::parse);
            match id.map(|id| self.files.blob(id, &mut |_| true)) {
                // A blob that was removed since the list was made is nobody's any more.
                Some(Ok(_)) if disk.len(path)?.is_some() => return self.stream(path, done).map(Some),
                Some(Err(damage)) if disk.len(path)?.is_some() => damage.to_string(),
                _ => return Ok(None),
            }
        };
        done.problems.push(damage);
        Ok(None)
    }

    /// Whether the journal in the backup reaches from its newest snapshot to its last frame; else it is none.
    fn check_journal(&self, manifest: &Manifest, done: &BackedUp) -> Result<(), BackupFault> {
        let numbers = |folder: &str, end: &str| -> Vec<u64> {
            let paths = manifest.files.keys();
            let names = paths.filter_map(|path| path.strip_prefix(folder)?.strip_suffix(end));
            names.filter_map(|number| u64::from_str_radix(number, 16).ok()).collect()
        };
        let base = numbers("snapshots/", ".snap").last().copied().unwrap_or(0);
        let held = numbers("journal/", ".seg");
        let here = crate::journal::segments(&*self.files.disk)?;
        let needed = here.iter().skip(here.partition_point(|first| *first <= base.max(1)).saturating_sub(1));
        let missing: Vec<&u64> = needed.filter(|first| !held.contains(first)).collect();
        let starts = held.first().is_some_and(|first| *first <= base + 1);
        if missing.is_empty() && starts && manifest.mark.position >= done.position {
            return Ok(());
        }
        let why = done.problems.iter().find(|problem| problem.starts_with("journal/")).cloned();
        let why = why.unwrap_or_else(|| format!("the journal does not reach from frame {base} to {}", done.position));
        Err(BackupFault::Damaged(format!("{why}. `musubi store verify` names all damage")))
    }

    /// The configuration, sealed: it has names and addresses in it.
    fn copy_config(&self, manifest: &mut Manifest, done: &mut BackedUp) -> Result<(), BackupFault> {
        let disk = &*self.files.disk;
        let Some(len) = disk.len(CONFIG_PATH)? else { return Ok(()) };
        let bytes = disk.read(CONFIG_PATH, 0, usize::try_from(len).unwrap_or(usize::MAX))?;
        let sealed = config_seal(self.master).seal(CONFIG_PATH.as_bytes(), bytes);
        let entry = self.put(&sealed, done)?;
        manifest.files.insert(CONFIG_PATH.to_owned(), entry);
        Ok(())
    }

    /// Bytes as an object, durable when this returns.
    fn put(&self, bytes: &[u8], done: &mut BackedUp) -> Result<Entry, BackupFault> {
        let entry = Entry { digest: Sha256::digest(bytes).into(), bytes: bytes.len() as u64 };
        self.place(entry, done, |part| self.to.append(part, bytes).map_err(BackupFault::from))
    }

    /// A file as an object, piece by piece.
    fn stream(&self, path: &str, done: &mut BackedUp) -> Result<Entry, BackupFault> {
        let (digest, bytes) = digest_of(&*self.files.disk, path, None)?;
        let entry = Entry { digest, bytes };
        self.place(entry, done, |part| {
            let mut copied = Sha256::new();
            pieces(&*self.files.disk, path, bytes, |piece| {
                copied.update(piece);
                self.to.append(part, piece)
            })?;
            if <[u8; 32]>::from(copied.finalize()) == digest {
                return Ok(());
            }
            Err(BackupFault::Damaged(format!("{path} changed while it was read")))
        })
    }

    fn place(
        &self,
        entry: Entry,
        done: &mut BackedUp,
        fill: impl FnOnce(&str) -> Result<(), BackupFault>,
    ) -> Result<Entry, BackupFault> {
        let object = entry.object();
        if self.to.len(&object)? == Some(entry.bytes) {
            return Ok(entry);
        }
        self.to.remove(PART)?;
        // An empty file has no bytes to append and is there all the same.
        self.to.append(PART, b"")?;
        fill(PART)?;
        self.to.sync(PART)?;
        let folder = object.rsplit_once('/').map_or("", |(folder, _)| folder);
        self.to.make_folder(folder)?;
        self.to.sync_folder(OBJECTS)?;
        self.to.rename(PART, &object)?;
        self.to.sync_folder(folder)?;
        done.copied_files += 1;
        done.copied_bytes += entry.bytes;
        Ok(entry)
    }

    fn publish(&self, manifest: &Manifest, key: &ManifestKey) -> Result<(), BackupFault> {
        if let Some(len) = self.to.len(NAME)? {
            let old = self.to.read(NAME, 0, usize::try_from(len).unwrap_or(usize::MAX))?;
            // Only one that reads may replace the one before.
            let reads =
                String::from_utf8(old.clone()).is_ok_and(|text| Manifest::parse(&text, key, &manifest.check).is_ok());
            if reads {
                self.write_whole(OLD_NAME, &old)?;
            }
        }
        Ok(self.write_whole(NAME, manifest.to_text(key).as_bytes())?)
    }

    fn write_whole(&self, name: &str, bytes: &[u8]) -> Result<(), DiskError> {
        self.to.remove(PART)?;
        self.to.append(PART, bytes)?;
        self.to.sync(PART)?;
        self.to.rename(PART, name)?;
        self.to.sync_folder("")
    }

    fn clean(&self) -> Result<(), DiskError> {
        self.to.make_folder(OBJECTS)?;
        self.to.sync_folder("")?;
        self.to.remove(PART)
    }

    /// Removes objects that no manifest names.
    fn sweep(&self, manifest: &Manifest, old: &Manifest) -> Result<(), DiskError> {
        let named: BTreeSet<String> =
            manifest.files.values().chain(old.files.values()).map(|entry| hex(&entry.digest)).collect();
        for first in 0..=u8::MAX {
            let folder = format!("{OBJECTS}/{first:02x}");
            for name in self.to.list(&folder)?.iter().filter(|name| !named.contains(*name)) {
                self.to.remove(&format!("{folder}/{name}"))?;
            }
        }
        Ok(())
    }
}

/// Seals the configuration for a backup.
pub(super) fn config_seal(master: &MasterKey) -> Seal {
    Seal::new(&master.derive("backup/config"))
}

/// SHA-256 and length of a file, or of its first `bytes`.
pub(super) fn digest_of(disk: &dyn Disk, path: &str, bytes: Option<u64>) -> Result<([u8; 32], u64), DiskError> {
    let len = disk.len(path)?.ok_or_else(|| DiskError::new("reading", path, Trouble::Missing))?;
    let bytes = bytes.unwrap_or(len);
    let mut digest = Sha256::new();
    pieces(disk, path, bytes, |piece| {
        digest.update(piece);
        Ok(())
    })?;
    Ok((digest.finalize().into(), bytes))
}

/// Reads a file piece by piece.
pub(super) fn pieces(
    disk: &dyn Disk,
    path: &str,
    bytes: u64,
    mut visit: impl FnMut(&[u8]) -> Result<(), DiskError>,
) -> Result<(), DiskError> {
    let mut at = 0;
    while at < bytes {
        let len = (bytes - at).min(PIECE_BYTES);
        visit(&disk.read(path, at, len as usize)?)?;
        at += len;
    }
    Ok(())
}

const PART: &str = "part";
const PIECE_BYTES: u64 = 1 << 20;
