//! What changed in one unit since the last scan, and what each changed file becomes.
use super::contents::document_key;
use super::cursor::{Cursor, Fate, FileEntry, Past, Standing};
use super::heads::Group;
use super::quarantine::{Quarantine, QuarantineReason};
use super::read::{Fresh, ReadError, Reader};
use super::report::{IgnoredWhy, ScanReport};
use super::scan::Retry;
use super::walk::{Seen, Unit, patient_folder};
use protocol::data::{Batch, View};
use protocol::time::Millis;
use records::ssmix2::cursor::{Change, Listing, Print, diff};
use records::ssmix2::extended::ExtendedFile;
use records::ssmix2::flags::Flag;
use records::ssmix2::{Class, OccurredAt, classify};
use std::collections::{BTreeMap, BTreeSet};
use store::BlobError;

/// One thing to do in a unit.
pub(super) enum Step {
    /// A file is not there any more; `gone` is false if it goes on under another name.
    Remove { path: String, gone: bool },
    /// Only the flag changed.
    Rename { from: String, to: String },
    /// New, changed, or to be tried again; with what its path says.
    Take(String, Box<Class>),
    /// Something changed in this content of the extended storage.
    Content(String),
}

/// Everything to do in a unit, in order; nothing if it is as at the last scan.
pub(super) fn plan(cursor: &Cursor, unit: &Unit, retry: Retry) -> Vec<Step> {
    let mut after = Listing { partial: unit.unreadable > 0, ..Listing::default() };
    unit.files.iter().for_each(|(path, seen)| after.add(path.clone(), seen.print.bytes, seen.print.modified));
    let mut steps = Steps::default();
    for change in diff(&cursor.listing(), &after) {
        steps.add(cursor, change);
    }
    for (path, entry) in &cursor.files {
        let again = matches!(entry.fate, Fate::Quarantined { again } if again || retry == Retry::Quarantined);
        if again && after.files.get(path) == Some(&entry.print) {
            steps.take(path.clone());
        }
    }
    let Steps { mut list, takes, contents } = steps;
    list.extend(takes.into_iter().map(|(path, class)| Step::Take(path, class)));
    list.extend(contents.into_iter().map(Step::Content));
    list
}

#[derive(Default)]
struct Steps {
    list: Vec<Step>,
    takes: BTreeMap<String, Box<Class>>,
    contents: BTreeSet<String>,
}

impl Steps {
    fn add(&mut self, cursor: &Cursor, change: Change) {
        match change {
            Change::Added { path } | Change::Changed { path } => self.take(path),
            Change::Vanished { path } => {
                if let Class::Extended(parsed) = classify(&path) {
                    self.contents.insert(parsed.value.content);
                }
                self.list.push(Step::Remove { path, gone: true });
            }
            Change::Renamed { from, to } => {
                let was_record = cursor.files.get(&from).is_some_and(|old| matches!(old.fate, Fate::Record { .. }));
                match classify(&to) {
                    // Master data that hold again must be read again: the patient is shown by them.
                    Class::Standard(parsed)
                        if was_record
                            && !(parsed.value.kind.as_str() == "ADT-00" && parsed.value.flag == Flag::Valid) =>
                    {
                        self.list.push(Step::Rename { from, to });
                    }
                    _ => {
                        self.list.push(Step::Remove { path: from, gone: false });
                        self.take(to);
                    }
                }
            }
        }
    }
    fn take(&mut self, path: String) {
        match classify(&path) {
            Class::Extended(parsed) => drop(self.contents.insert(parsed.value.content)),
            class => drop(self.takes.insert(path, Box::new(class))),
        }
    }
}

/// A file as a version of a record.
#[derive(Clone)]
pub(super) struct Present {
    pub(super) path: String,
    pub(super) name: [u8; 16],
    pub(super) flag: Flag,
    pub(super) occurred_at: OccurredAt,
    pub(super) modified: Millis,
}

/// What one transaction does for a unit.
pub(super) struct Patch {
    pub(super) key: Vec<u8>,
    /// The patient's number by the unit's folder, if it is one patient's.
    pub(super) number: Option<String>,
    pub(super) cursor: Cursor,
    pub(super) fresh: Vec<Fresh>,
    pub(super) groups: BTreeMap<Group, Vec<Present>>,
    pub(super) side: Batch,
    /// Versions whose files are no longer where they were.
    pub(super) gone: Vec<Past>,
    /// The unit is complete; its files are counted.
    pub(super) is_last: bool,
    /// Files of an earlier scan in folders that cannot be read now: they stay noted and are not counted.
    pub(super) unseen: BTreeSet<String>,
}

impl Patch {
    /// What its records take in memory.
    pub(super) fn bytes(&self) -> usize {
        self.fresh.iter().map(Fresh::memory).sum()
    }
}

/// A unit on its way.
pub(super) struct Work<'a> {
    /// Files that change or vanish under the reader are left as they are: the unit is looked at again.
    pub(super) is_patient: bool,
    /// There were such files.
    pub(super) is_unsettled: bool,
    pub(super) key: Vec<u8>,
    pub(super) cursor: Cursor,
    pub(super) reader: &'a Reader<'a>,
    pub(super) quarantine: &'a Quarantine<'a>,
    pub(super) now: Millis,
    fresh: Vec<Fresh>,
    touched: BTreeSet<Group>,
    /// Files as versions, by path: what a path says is found out once.
    versions: BTreeMap<String, (Group, Present)>,
    side: Batch,
    noted: BTreeSet<String>,
    gone: Vec<Past>,
}

impl<'a> Work<'a> {
    pub(super) fn new(
        key: Vec<u8>,
        cursor: Cursor,
        reader: &'a Reader<'a>,
        quarantine: &'a Quarantine<'a>,
        now: Millis,
    ) -> Self {
        Self {
            is_patient: false,
            is_unsettled: false,
            key,
            cursor,
            reader,
            quarantine,
            now,
            fresh: Vec::new(),
            touched: BTreeSet::new(),
            versions: BTreeMap::new(),
            side: Batch::default(),
            noted: BTreeSet::new(),
            gone: Vec::new(),
        }
    }

    /// Does one step; gives how many bytes of memory it took.
    ///
    /// # Errors
    /// The store's disk refused; the steps before stay good.
    pub(super) fn step(
        &mut self,
        view: &dyn View,
        unit: &Unit,
        step: Step,
        report: &mut ScanReport,
    ) -> Result<usize, BlobError> {
        match step {
            Step::Remove { path, gone } => {
                self.drop_entry(view, &path);
                report.vanished += u64::from(gone);
                Ok(0)
            }
            Step::Rename { from, to } => {
                if let (Some(entry), Some(seen)) = (self.cursor.files.remove(&from), unit.files.get(&to)) {
                    self.cursor.files.insert(to.clone(), FileEntry { print: seen.print, ..entry });
                    self.noted.insert(to.clone());
                    self.touch(&to);
                }
                Ok(0)
            }
            Step::Take(path, class) => match unit.files.get(&path) {
                Some(seen) => self.take(view, (&path, *class), seen, report),
                None => Ok(0),
            },
            Step::Content(content) => self.content(view, unit, &content, report),
        }
    }

    /// What was done since the last call, as one transaction.
    pub(super) fn seal(&mut self, unit: &Unit, is_last: bool) -> Patch {
        let mut groups: BTreeMap<Group, Vec<Present>> = BTreeMap::new();
        if !self.touched.is_empty() {
            for (path, entry) in &self.cursor.files {
                let is_of = |found: &&(Group, Present)| {
                    Some(found.1.name) == entry.fate.name() && found.1.modified == entry.print.modified
                };
                let known = self.versions.get(path).filter(is_of).cloned();
                if let Some((group, present)) = known.or_else(|| version(path, entry))
                    && self.touched.contains(&group)
                {
                    groups.entry(group).or_default().push(present);
                }
            }
        }
        self.touched.clear();
        Patch {
            key: self.key.clone(),
            number: patient_folder(&unit.path).and_then(|path| path.rsplit('/').next()).map(str::to_owned),
            cursor: self.cursor.clone(),
            fresh: std::mem::take(&mut self.fresh),
            groups,
            side: std::mem::take(&mut self.side),
            gone: std::mem::take(&mut self.gone),
            is_last,
            unseen: self.cursor.files.keys().filter(|path| !unit.files.contains_key(*path)).cloned().collect(),
        }
    }

    /// How many files of the unit are as they were and had no part in what was done.
    pub(super) fn unchanged(&self, unit: &Unit) -> u64 {
        self.cursor.files.keys().filter(|path| unit.files.contains_key(*path) && !self.noted.contains(*path)).count()
            as u64
    }

    fn take(
        &mut self,
        view: &dyn View,
        (path, class): (&str, Class),
        seen: &Seen,
        report: &mut ScanReport,
    ) -> Result<usize, BlobError> {
        if let Some(why) = seen.ignored {
            self.note(view, path, seen.print, Fate::Ignored(why));
            return Ok(0);
        }
        let parsed = match class {
            Class::Ignored(why) => {
                self.note(view, path, seen.print, Fate::Ignored(IgnoredWhy::Path(why)));
                return Ok(0);
            }
            Class::Quarantine(reason) => {
                self.unfit(view, path, seen, QuarantineReason::Path(reason));
                return Ok(0);
            }
            Class::Extended(_) => return Ok(0),
            Class::Standard(parsed) => parsed,
        };
        report.read += 1;
        match self.reader.message(&parsed.value, seen) {
            Ok(fresh) => Ok(self.found(view, &[(path, seen.print)], fresh)),
            Err(ReadError::Vanished | ReadError::Unfit(QuarantineReason::Changing)) if self.is_patient => {
                self.is_unsettled = true;
                Ok(0)
            }
            Err(ReadError::Vanished) => {
                self.drop_entry(view, path);
                report.vanished += 1;
                Ok(0)
            }
            Err(ReadError::Unfit(reason)) => {
                self.unfit(view, path, seen, reason);
                Ok(0)
            }
            Err(ReadError::Store(error)) => Err(error),
        }
    }

    /// All files of one content become one record, or all go to quarantine for the same reason.
    fn content(
        &mut self,
        view: &dyn View,
        unit: &Unit,
        content: &str,
        report: &mut ScanReport,
    ) -> Result<usize, BlobError> {
        let inside =
            |path: &str| path.strip_prefix(content).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let near = unit.files.range(content.to_owned()..).take_while(|(path, _)| path.starts_with(content));
        let mut files: Vec<(&str, ExtendedFile, Seen)> = Vec::new();
        for (path, seen) in near.filter(|(path, _)| inside(path)) {
            match (seen.ignored, classify(path)) {
                // Links and the like within a content are ignored like anywhere else.
                (Some(why), _) => self.note(view, path, seen.print, Fate::Ignored(why)),
                (None, Class::Extended(parsed)) => files.push((path, parsed.value, seen.clone())),
                (None, _) => {}
            }
        }
        if files.is_empty() {
            return Ok(0);
        }
        report.read += files.len() as u64;
        let parts: Vec<(ExtendedFile, Seen)> =
            files.iter().map(|(_, file, seen)| (file.clone(), seen.clone())).collect();
        match self.reader.document(&parts) {
            Ok(fresh) => {
                let paths: Vec<(&str, Print)> = files.iter().map(|(path, _, seen)| (*path, seen.print)).collect();
                Ok(self.found(view, &paths, fresh))
            }
            Err(ReadError::Store(error)) => Err(error),
            Err(ReadError::Vanished | ReadError::Unfit(QuarantineReason::Changing)) if self.is_patient => {
                self.is_unsettled = true;
                Ok(0)
            }
            Err(failure) => {
                let reason = match failure {
                    ReadError::Unfit(reason) => reason,
                    _ => QuarantineReason::Changing,
                };
                for (path, _, seen) in &files {
                    self.unfit(view, path, seen, reason.clone());
                }
                Ok(0)
            }
        }
    }

    /// A record was read from these files.
    fn found(&mut self, view: &dyn View, files: &[(&str, Print)], fresh: Fresh) -> usize {
        let fate = Fate::Record { name: fresh.name, date: fresh.key.care_date, standing: Standing::History };
        for (path, print) in files {
            self.note(view, path, *print, fate);
            self.touch(path);
        }
        let bytes = fresh.memory();
        self.fresh.push(fresh);
        bytes
    }

    fn unfit(&mut self, view: &dyn View, path: &str, seen: &Seen, reason: QuarantineReason) {
        let fate = Fate::Quarantined { again: reason.is_tried_again() };
        self.quarantine.put(view, &mut self.side, self.now, (path, seen, reason));
        self.noted.insert(path.to_owned());
        let old = self.cursor.files.insert(path.to_owned(), FileEntry { print: seen.print, fate });
        self.remember(path, old, fate);
    }

    /// Notes a fate that is no trouble.
    fn note(&mut self, view: &dyn View, path: &str, print: Print, fate: Fate) {
        self.noted.insert(path.to_owned());
        let old = self.cursor.files.insert(path.to_owned(), FileEntry { print, fate });
        self.remember(path, old, fate);
        if old.is_some_and(|old| matches!(old.fate, Fate::Quarantined { .. })) {
            self.quarantine.resolve(view, &mut self.side, path);
        }
    }

    /// Keeps in mind where a version lay whose place holds something else now.
    fn remember(&mut self, path: &str, old: Option<FileEntry>, now: Fate) {
        let past = old.filter(|old| old.fate.name().is_some_and(|name| now.name() != Some(name)));
        self.gone.extend(past.map(|entry| Past { path: path.to_owned(), entry }));
    }

    fn drop_entry(&mut self, view: &dyn View, path: &str) {
        let old = self.cursor.files.remove(path);
        self.gone
            .extend(old.filter(|old| old.fate.name().is_some()).map(|entry| Past { path: path.to_owned(), entry }));
        if old.is_some_and(|old| matches!(old.fate, Fate::Quarantined { .. })) {
            self.quarantine.resolve(view, &mut self.side, path);
        }
    }

    fn touch(&mut self, path: &str) {
        if let Some(found) = self.cursor.files.get(path).and_then(|entry| version(path, entry)) {
            self.touched.insert(found.0.clone());
            self.versions.insert(path.to_owned(), found);
        }
    }
}

/// Which record a file is a version of, if it is one.
pub(super) fn version(path: &str, entry: &FileEntry) -> Option<(Group, Present)> {
    let Fate::Record { name, date, .. } = entry.fate else { return None };
    let (file, key) = match classify(path) {
        Class::Standard(parsed) => {
            let key = parsed.value.key.clone();
            (parsed.value, key)
        }
        Class::Extended(parsed) => {
            let key = document_key(&parsed.value.folder, &parsed.value.name.key);
            (parsed.value.name, key)
        }
        Class::Ignored(_) | Class::Quarantine(_) => return None,
    };
    let number = file.patient.expose().trim().to_owned();
    let group = Group { number, kind: file.kind, date, key };
    let modified = entry.print.modified;
    Some((group, Present { path: path.to_owned(), name, flag: file.flag, occurred_at: file.occurred_at, modified }))
}
