//! What is done with a store that no node has open: checking it, restoring it, repairing it, trying a backup out.
use crate::backup::{BackupFault, BackupPace, Repair, Repaired, Restored, restore};
use crate::blobs::Blobs;
use crate::check::{FileCheck, Pace, VerifyReport, inspect};
use crate::db::{Db, SledDb};
use crate::disk::{Disk, DiskError, RealDisk};
use crate::error::{OpenError, OpenReport};
use crate::journal::JournalKeys;
use crate::keys::MasterKey;
use crate::limits::CACHE_BYTES_DEFAULT;
use crate::lock::FolderLock;
use crate::snapshot::SnapshotKeys;
use crate::store::{Store, StoreConfig};
use std::path::Path;
use std::sync::Arc;

/// Checks the store in `folder` as a start would find it: a start is made, and what it put right is told; what does not open
/// is checked file by file. Nothing of it is changed then.
///
/// # Errors
/// The folder is held by a node, or has no key that fits.
pub fn check_closed(folder: &Path, config: StoreConfig, pace: Pace<'_>) -> Result<VerifyReport, OpenError> {
    match Store::open(folder, config) {
        Ok((store, opened)) => {
            let mut report = store.verify_paced(pace);
            report.healed.extend(healed(&opened));
            Ok(report)
        }
        Err(error @ (OpenError::Journal(_) | OpenError::Snapshot(_) | OpenError::IndexUnfit(_))) => {
            let _lock = FolderLock::take(folder)?;
            let (files, _) = files_of(Arc::new(RealDisk::new(folder)))?;
            let mut report = inspect(&files, pace);
            report.add_refusal(&error);
            Ok(report)
        }
        Err(error) => Err(error),
    }
}

fn healed(opened: &OpenReport) -> Vec<String> {
    let mut lines = opened.bad_snapshots.clone();
    lines.extend(opened.rebuilt.as_ref().map(|rebuilt| {
        let kept = rebuilt.kept_as.as_ref().map(|at| format!(" (its files are in {at})")).unwrap_or_default();
        format!("db: {}; it was made anew{kept}", rebuilt.why)
    }));
    lines.extend(opened.cut.as_ref().map(|cut| {
        format!(
            "journal/{} at byte {}: a frame that a crash left incomplete was removed; it was never acknowledged",
            cut.segment, cut.offset
        )
    }));
    lines
}

/// Restores the backup in `from` into the folder `to`, whose `keys/` are there already.
///
/// # Errors
/// [`BackupFault`]. Once begun, the same call goes on.
pub fn restore_to(from: &Path, to: &Path, pace: BackupPace<'_>) -> Result<Restored, BackupFault> {
    let _lock = FolderLock::take(to).map_err(|error| BackupFault::NotEmpty(format!("{} ({error})", to.display())))?;
    let disk = RealDisk::new(to);
    let master = MasterKey::load(&disk)?.ok_or_else(|| BackupFault::NoKey(to.join("keys").display().to_string()))?;
    restore(&RealDisk::new(from), &disk, &master, pace)
}

/// What a drill found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drill {
    /// What was restored.
    pub restored: Restored,
    /// What a check of the restored store found.
    pub report: VerifyReport,
    /// Why the backup is no good, in sentences; empty if it is.
    pub problems: Vec<String>,
}

/// Restores the backup in `from` into `to`, opens the store, checks all of it and compares it with what the backup says. The
/// caller gives an empty folder with a copy of the keys, and deletes it.
///
/// # Errors
/// [`BackupFault`] if it could not even be restored.
pub fn drill(from: &Path, to: &Path, config: StoreConfig, pace: BackupPace<'_>) -> Result<Drill, BackupFault> {
    let restored = restore_to(from, to, pace)?;
    let mut done = Drill { problems: restored.left_out.clone(), restored, ..Drill::default() };
    match Store::open(to, config) {
        Err(error) => done.problems.push(format!("the restored store does not open: {error}")),
        Ok((store, opened)) => {
            done.report = store.verify();
            done.problems.extend(done.report.damages.iter().map(ToString::to_string));
            let mark = done.restored.mark;
            if opened.position < mark.position || !store.has_frame(&mark) {
                done.problems.push(format!("the restored journal does not have frame {} of the backup", mark.position));
            }
        }
    }
    Ok(done)
}

/// Puts right what can be: damaged files move to `quarantine/`, good ones come from the backup in `from`; where nothing else
/// has a stretch of the journal, a snapshot of the index takes its place.
///
/// # Errors
/// The folder is held by a node, has no key, or the backup cannot be used.
pub fn repair_closed(folder: &Path, from: Option<&Path>) -> Result<Repaired, BackupFault> {
    let _lock = FolderLock::take(folder).map_err(|error| BackupFault::Damaged(error.to_string()))?;
    let (files, master) = files_of(Arc::new(RealDisk::new(folder)))
        .map_err(|_| BackupFault::NoKey(folder.join("keys").display().to_string()))?;
    let backup = from.map(RealDisk::new);
    let from = backup.as_ref().map(|disk| disk as &dyn Disk);
    let at = folder.join("db");
    let db = if at.is_dir() { SledDb::open(&at, CACHE_BYTES_DEFAULT).ok() } else { None };
    let index = db.map(|db| Arc::new(db) as Arc<dyn Db>);
    Repair { files: &files, master: &master, from, index }.run()
}

pub(crate) fn files_of(disk: Arc<dyn Disk>) -> Result<(FileCheck, MasterKey), OpenError> {
    let master = MasterKey::load(&*disk)?.ok_or(OpenError::KeyMissing)?;
    let keys = Arc::new(JournalKeys::new(&master));
    let snapshots = Arc::new(SnapshotKeys::new(&master, &keys));
    let (blobs, _) = Blobs::open(disk.clone(), &master)?;
    Ok((FileCheck { disk, keys, snapshots, blobs }, master))
}

/// Makes a folder for its owner alone; a backup is sealed, but whom it belongs to is nobody else's business.
pub(crate) fn make_private(folder: &Path) -> Result<(), DiskError> {
    let made = {
        #[cfg(unix)]
        {
            use std::os::unix::fs::DirBuilderExt;
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
        }
        #[cfg(not(unix))]
        std::fs::create_dir_all(folder)
    };
    made.map_err(|error| DiskError::io("making the folder", &folder.display().to_string(), &error))
}
