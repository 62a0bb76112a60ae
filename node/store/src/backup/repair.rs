//! Putting single files of a damaged store right: from a backup, from the part that is whole, or from the index.
//!
//! Nothing is deleted: what is damaged moves to `quarantine/`. A file that comes from a backup must fit the chain of what is
//! here, or it is not taken.
use super::error::BackupFault;
use super::from_index::{restart_at, snapshot_of_index};
use super::manifest::{Manifest, ManifestKey};
use super::restore::{Placing, check_object, file};
use crate::check::{FileCheck, Part, inspect};
use crate::db::Db;
use crate::disk::{Disk, DiskError};
use crate::journal::{judge, segment_path, segments};
use crate::keys::MasterKey;
use std::sync::Arc;

/// What a repair did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repaired {
    /// What is right again, in sentences.
    pub healed: Vec<String>,
    /// What is not, and why.
    pub left: Vec<String>,
}

/// A repair of a store that is not open.
pub(crate) struct Repair<'a> {
    pub(crate) files: &'a FileCheck,
    pub(crate) master: &'a MasterKey,
    pub(crate) from: Option<&'a dyn Disk>,
    /// The index, if it opens.
    pub(crate) index: Option<Arc<dyn Db>>,
}

impl Repair<'_> {
    /// Goes over everything that a check names.
    pub(crate) fn run(&self) -> Result<Repaired, BackupFault> {
        let manifest = match self.from {
            Some(from) => Some(Manifest::load(from, &ManifestKey::new(self.master), &self.files.keys.check)?),
            None => None,
        };
        let mut done = Repaired::default();
        // Snapshots first: they decide which segments are needed.
        self.snapshots(manifest.as_ref(), &mut done)?;
        let report = inspect(self.files, &mut |_| true);
        let is_broken = |part| report.damages.iter().any(move |damage| damage.part == part);
        if is_broken(Part::Journal) {
            self.journal(manifest.as_ref(), &mut done)?;
            self.out_of_index(&mut done)?;
        }
        for id in inspect(self.files, &mut |_| true).damaged_blobs {
            let path = self.files.blobs.path(id);
            self.one(&path, manifest.as_ref(), &mut done)?;
        }
        Ok(done)
    }

    fn snapshots(&self, manifest: Option<&Manifest>, done: &mut Repaired) -> Result<(), BackupFault> {
        for position in crate::snapshot::list(&*self.files.disk)? {
            if self.files.snapshot(position, &mut |_| true).is_none() {
                continue;
            }
            let path = crate::snapshot::path(position);
            if manifest.is_some_and(|manifest| manifest.files.contains_key(&path)) {
                self.one(&path, manifest, done)?;
            } else {
                self.set_aside(&path)?;
                done.healed.push(format!("{path} was damaged and is out of the way; it is made again when one is due"));
            }
        }
        Ok(())
    }

    /// Segments: what a snapshot covers goes out of the way with all before it; the rest comes from the backup.
    fn journal(&self, manifest: Option<&Manifest>, done: &mut Repaired) -> Result<(), BackupFault> {
        let covered = self.files.covered();
        let firsts = segments(&*self.files.disk)?;
        let mut spare: Vec<u64> = Vec::new();
        for (first, next) in firsts.iter().zip(firsts.iter().skip(1)) {
            let is_bad = self.files.one_segment(*first, u64::MAX, &mut |_| true).is_some();
            if next - 1 <= covered && (is_bad || self.follows_badly(*first, *next)) {
                spare = firsts.iter().copied().take_while(|at| at <= first).collect();
            }
        }
        for first in &spare {
            self.set_aside(&segment_path(*first))?;
        }
        if let Some(last) = spare.last() {
            let upto = segment_path(*last);
            done.healed
                .push(format!("segments up to {upto} are out of the way; a good snapshot has all that is in them"));
        }
        let Some((manifest, from)) = manifest.zip(self.from) else { return self.what_is_left(done) };
        let paths = manifest.files.iter().filter(|(path, _)| path.starts_with("journal/"));
        for (path, entry) in paths {
            let number =
                path.rsplit('/').next().and_then(|name| u64::from_str_radix(name.strip_suffix(".seg")?, 16).ok());
            let Some(first) = number.filter(|first| !spare.contains(first)) else { continue };
            let is_here = self.files.disk.len(path)?.is_some();
            if is_here && self.files.one_segment(first, u64::MAX, &mut |_| true).is_none() {
                continue;
            }
            match self.splice(from, path, first, entry) {
                Ok(true) => done.healed.push(format!("{path} came back from the backup")),
                Ok(false) => {}
                Err(Placing::Bad(what)) => done.left.push(format!("{path}: {what}")),
                Err(Placing::Failed(error)) => return Err(error),
            }
        }
        self.what_is_left(done)
    }

    /// What nothing else heals: the content as the index has it takes the place of the whole journal.
    fn out_of_index(&self, done: &mut Repaired) -> Result<(), BackupFault> {
        let report = inspect(self.files, &mut |_| true);
        if report.damages.iter().all(|damage| damage.part != Part::Journal) {
            return Ok(());
        }
        let Some(index) = &self.index else { return Ok(()) };
        let mark = match snapshot_of_index(self.files, self.master, index.clone()) {
            Ok(mark) => mark,
            Err(why) => {
                done.left.push(format!("the index cannot take the place of the journal: {why}"));
                return Ok(());
            }
        };
        for first in segments(&*self.files.disk)? {
            self.set_aside(&segment_path(first))?;
        }
        restart_at(self.files, &mark).map_err(BackupFault::Damaged)?;
        done.left.retain(|line| !line.starts_with("journal"));
        done.healed.push(format!(
            "a snapshot of the index took the place of the damaged journal, up to frame {}; make a backup now",
            mark.position
        ));
        Ok(())
    }

    fn follows_badly(&self, first: u64, next: u64) -> bool {
        let state = |at| crate::journal::inspect(&*self.files.disk, &self.files.keys, at, u64::MAX);
        match (state(first), state(next)) {
            (Some(one), Some(two)) => two.before.is_some_and(|before| before != one.head),
            _ => true,
        }
    }

    fn what_is_left(&self, done: &mut Repaired) -> Result<(), BackupFault> {
        let report = inspect(self.files, &mut |_| true);
        let journal = report.damages.iter().filter(|damage| damage.part == Part::Journal);
        done.left.extend(journal.map(ToString::to_string));
        Ok(())
    }

    /// A segment from the backup, and behind it what the damaged one has that the backup does not; taken only if the whole
    /// is a good chain again.
    fn splice(&self, from: &dyn Disk, path: &str, first: u64, entry: &super::manifest::Entry) -> Result<bool, Placing> {
        check_object(from, entry)?;
        let here = &*self.files.disk;
        let mut bytes = from.read(&entry.object(), 0, usize::try_from(entry.bytes).unwrap_or(usize::MAX))?;
        let local = match here.len(path)? {
            Some(len) => here.read(path, 0, usize::try_from(len).unwrap_or(usize::MAX))?,
            None => Vec::new(),
        };
        bytes.extend_from_slice(local.get(bytes.len()..).unwrap_or_default());
        let state = judge(&bytes, &self.files.keys, first, u64::MAX);
        if state.damage.is_some() {
            return Err(Placing::Bad("the damage is in frames that came after this backup; it cannot heal them"));
        }
        if !local.is_empty() {
            self.set_aside(path)?;
        }
        here.make_folder("journal")?;
        here.remove(PART)?;
        here.append(PART, &bytes)?;
        here.sync(PART)?;
        here.rename(PART, path)?;
        here.sync_folder("journal")?;
        Ok(true)
    }

    /// A file that never changes, from the backup.
    fn one(&self, path: &str, manifest: Option<&Manifest>, done: &mut Repaired) -> Result<(), BackupFault> {
        let Some((manifest, from)) = manifest.zip(self.from) else {
            done.left.push(format!("{path} is damaged or missing; give a backup with --from DIR"));
            return Ok(());
        };
        let Some(entry) = manifest.files.get(path) else {
            done.left.push(format!("{path} is damaged or missing, and this backup does not have it"));
            return Ok(());
        };
        // The copy is looked at before what is here is moved.
        let placed = check_object(from, entry).and_then(|()| {
            if self.files.disk.len(path)?.is_some() {
                self.set_aside(path)?;
            }
            file(from, &*self.files.disk, path, entry)
        });
        match placed {
            Ok(()) => done.healed.push(format!("{path} came back from the backup")),
            Err(Placing::Bad(what)) => done.left.push(format!("{path}: {what}")),
            Err(Placing::Failed(error)) => return Err(error),
        }
        Ok(())
    }

    /// Moves a file to quarantine under the first free number.
    fn set_aside(&self, path: &str) -> Result<(), DiskError> {
        let disk = &*self.files.disk;
        disk.make_folder("quarantine")?;
        let name = path.replace('/', "-");
        let taken = disk.list("quarantine")?;
        let free = (1u32..).map(|number| format!("{name}-{number}")).find(|name| !taken.contains(name));
        disk.rename(path, &format!("quarantine/{}", free.unwrap_or(name)))?;
        disk.sync_folder("quarantine")?;
        disk.sync_folder(path.rsplit_once('/').map_or("", |(folder, _)| folder))
    }
}

const PART: &str = "repair.part";
