//! One unit's versions and where in the export each of their files goes.
use crate::ingest::cursor::{Cursor, Fate, FileEntry, Gone};
use crate::ingest::report::IgnoredWhy;
use crate::ingest::unit::version;
use crate::ingest::walk::real_path;
use protocol::fetch::State;
use protocol::kinds::DataKind;
use protocol::time::Date;
use records::ssmix2::{Class, Flag, classify};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// One version with all of its files.
pub(super) struct Version {
    pub(super) name: [u8; 16],
    pub(super) number: String,
    pub(super) kind: DataKind,
    pub(super) date: Option<Date>,
    pub(super) files: Vec<Placed>,
    /// Its files are not where they were any more.
    pub(super) is_gone: bool,
}

/// One file of a version.
#[derive(Clone)]
pub(super) struct Placed {
    /// Below the feed's root, when it came.
    pub(super) path: String,
    /// Its name within a document; none in the standardized storage.
    pub(super) inner: Option<String>,
    pub(super) entry: FileEntry,
}

/// What is in one unit.
pub(super) struct Contents {
    pub(super) versions: Vec<Version>,
    /// Files in quarantine.
    pub(super) quarantined: Vec<(String, FileEntry)>,
    /// Files that are no records; their bytes were never taken in.
    pub(super) ignored: Vec<(String, IgnoredWhy)>,
    /// Files whose path no version can have any more: read by an earlier release.
    pub(super) unclear: Vec<String>,
}

impl Contents {
    /// Sorts what is noted of a unit: present versions first, then those that are gone.
    pub(super) fn of(cursor: &Cursor, gone: &Gone) -> Self {
        let mut contents =
            Self { versions: Vec::new(), quarantined: Vec::new(), ignored: Vec::new(), unclear: Vec::new() };
        let mut present = BTreeMap::new();
        for (path, entry) in &cursor.files {
            match entry.fate {
                Fate::Record { .. } => contents.gather(&mut present, path, entry, false),
                Fate::Quarantined { .. } => contents.quarantined.push((path.clone(), *entry)),
                Fate::Ignored(why) => contents.ignored.push((path.clone(), why)),
            }
        }
        let here: BTreeSet<[u8; 16]> = present.keys().map(|(name, _)| *name).collect();
        let mut past = BTreeMap::new();
        for file in gone.files.iter().filter(|file| file.entry.fate.name().is_some_and(|name| !here.contains(&name))) {
            contents.gather(&mut past, &file.path, &file.entry, true);
        }
        // Of a version that was gone twice, the newer place counts.
        let past: BTreeMap<[u8; 16], Version> = past.into_iter().map(|((name, _), version)| (name, version)).collect();
        contents.versions = present.into_values().chain(past.into_values()).collect();
        contents
    }

    fn gather(
        &mut self,
        into: &mut BTreeMap<([u8; 16], String), Version>,
        path: &str,
        entry: &FileEntry,
        is_gone: bool,
    ) {
        let Some((group, present)) = version(path, entry) else { return self.unclear.push(path.to_owned()) };
        let (content, inner) = match classify(path) {
            Class::Extended(parsed) => (parsed.value.content, Some(parsed.value.inner)),
            _ => (path.to_owned(), None),
        };
        let slot = into.entry((present.name, content)).or_insert_with(|| Version {
            name: present.name,
            number: group.number,
            kind: group.kind,
            date: group.date,
            files: Vec::new(),
            is_gone,
        });
        slot.files.retain(|file| file.path != path);
        slot.files.push(Placed { path: path.to_owned(), inner, entry: *entry });
    }
}

/// Paths of a unit that are given away.
#[derive(Default)]
pub(super) struct Taken(BTreeSet<PathBuf>);

/// Where a file goes.
pub(super) enum Place {
    /// To where it was.
    Own(PathBuf),
    /// Under a name with another flag: its own holds something else, or says what does not hold.
    Flagged(PathBuf),
    /// Beside the storage, since every name for it is taken.
    Beside,
}

impl Taken {
    /// Where the files of a version go, all in the same way.
    pub(super) fn place(&mut self, version: &Version, state: State) -> Vec<Place> {
        let own = || version.files.iter().map(|file| real_path(&file.path)).collect::<Option<Vec<PathBuf>>>();
        let flagged = || version.files.iter().map(with_flag_2).collect::<Option<Vec<PathBuf>>>();
        let replaced = version.is_gone && state == State::History && version.files.iter().any(|file| holds(&file.path));
        let named = [(!replaced).then(own).flatten(), version.is_gone.then(flagged).flatten()];
        for (is_flagged, paths) in named.into_iter().enumerate() {
            let Some(paths) = paths.filter(|paths| paths.iter().all(|path| !self.0.contains(path))) else { continue };
            self.0.extend(paths.iter().cloned());
            let place = |path| if is_flagged == 1 { Place::Flagged(path) } else { Place::Own(path) };
            return paths.into_iter().map(place).collect();
        }
        version.files.iter().map(|_| Place::Beside).collect()
    }
    /// Gives a path away that holds no version; none if it leads elsewhere.
    pub(super) fn own(&mut self, path: &str) -> Option<PathBuf> {
        real_path(path).filter(|path| self.0.insert(path.clone()))
    }
}

/// Whether a path says that its content holds.
fn holds(path: &str) -> bool {
    match classify(path) {
        Class::Standard(parsed) => parsed.value.flag == Flag::Valid,
        Class::Extended(parsed) => parsed.value.name.flag == Flag::Valid,
        Class::Ignored(_) | Class::Quarantine(_) => false,
    }
}

/// The path with flag 2 in place of the one it has: what a writer would have made of it.
fn with_flag_2(file: &Placed) -> Option<PathBuf> {
    let (content, rest) = match &file.inner {
        Some(inner) => match file.path.strip_suffix(inner.as_str()).and_then(|path| path.strip_suffix('/')) {
            Some(content) if content.ends_with(['0', '1', '2']) => (content, format!("/{inner}")),
            _ => (file.path.as_str(), String::new()),
        },
        None => (file.path.as_str(), String::new()),
    };
    let (stem, extension) = match content.rsplit_once('.') {
        Some((stem, extension)) if !extension.contains(['/', '_']) => (stem, format!(".{extension}")),
        _ => (content, String::new()),
    };
    let stem = stem.strip_suffix(['0', '1', '2']).filter(|stem| stem.ends_with('_'))?;
    real_path(&format!("{stem}2{extension}{rest}"))
}
