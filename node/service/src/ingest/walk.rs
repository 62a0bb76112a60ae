//! A root in units: one patient's day with everything below it, or the files of one other folder.
//!
//! All files of one record lie in one unit, so a unit can be compared and settled alone. No more than one unit is in memory.
use super::feed::Feed;
use super::limits::{FOLDER_DEPTH_MAX, UNIT_FILES_MAX};
use super::report::{IgnoredWhy, ScanError};
use protocol::time::Millis;
use records::ssmix2::cursor::Print;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{DirEntry, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// One file as the walk saw it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// Where it is.
    pub(super) at: PathBuf,
    /// Size and time.
    pub(super) print: Print,
    /// Known without looking at its name.
    pub(super) ignored: Option<IgnoredWhy>,
}

/// One unit as the walk saw it.
#[derive(Default)]
pub(super) struct Unit {
    /// Path of its folder below the root.
    pub(super) path: String,
    /// Its files by their paths below the root.
    pub(super) files: BTreeMap<String, Seen>,
    /// Files beyond the limits, by reason; their names are not kept.
    pub(super) beyond: BTreeMap<IgnoredWhy, u64>,
    /// Folders of it that could not be read.
    pub(super) unreadable: u64,
}

/// What ends a walk: the root cannot be read, or the scan cannot go on.
pub(super) enum WalkError {
    Root(io::Error),
    Scan(ScanError),
}

impl From<io::Error> for WalkError {
    fn from(error: io::Error) -> Self {
        Self::Root(error)
    }
}
impl From<ScanError> for WalkError {
    fn from(error: ScanError) -> Self {
        Self::Scan(error)
    }
}
impl WalkError {
    pub(super) fn into_scan_error(self, feed: &Feed) -> ScanError {
        match self {
            Self::Root(error) => ScanError::Root { root: feed.root.clone(), why: error.to_string() },
            Self::Scan(error) => error,
        }
    }
}

/// Walks below `root` and gives every unit to `each`, folders in order of their names, until it fails.
///
/// A folder that cannot be read is a unit that says so.
///
/// # Errors
/// The error of `each`, or of reading the root itself.
pub(super) fn walk(root: &Path, each: &mut dyn FnMut(Unit) -> Result<(), WalkError>) -> Result<(), WalkError> {
    let first = list(root, "")?;
    folder(first, String::new(), 0, each)
}

/// A unit as it is now.
pub(super) fn again(root: &Path, path: &str) -> Unit {
    let mut unit = Unit { path: path.to_owned(), ..Unit::default() };
    let Some(at) = (if path.is_empty() { Some(PathBuf::new()) } else { real_path(path) }) else { return unit };
    let (at, depth) = (root.join(at), path.split('/').filter(|name| !name.is_empty()).count());
    if is_day(path) || depth >= DEPTH_OF_KINDS {
        gather(&at, path, depth, &mut unit);
    } else if list_into(&at, path, &mut unit).is_err() {
        unit.unreadable += 1;
    }
    unit
}

/// A folder's subfolders and, as the beginning of a unit, its files.
struct Listed {
    unit: Unit,
    folders: BTreeMap<String, PathBuf>,
}

/// A folder above the days of patients: its files are a unit, its subfolders come after it.
fn folder(
    listed: Listed,
    path: String,
    depth: usize,
    each: &mut dyn FnMut(Unit) -> Result<(), WalkError>,
) -> Result<(), WalkError> {
    let Listed { mut unit, folders } = listed;
    let (mut days, mut above) = (Vec::new(), Vec::new());
    for (name, at) in folders {
        let below = join(&path, &name);
        if is_day(&below) || depth + 1 >= DEPTH_OF_KINDS {
            days.push((below, at));
            continue;
        }
        above.push((below, at));
    }
    unit.path = path;
    if !unit.files.is_empty() || !unit.beyond.is_empty() || unit.unreadable > 0 {
        each(unit)?;
    }
    for (below, at) in days {
        let mut unit = Unit { path: below.clone(), ..Unit::default() };
        gather(&at, &below, depth + 1, &mut unit);
        each(unit)?;
    }
    for (below, at) in above {
        match list(&at, &below) {
            Ok(listed) => folder(listed, below, depth + 1, each)?,
            Err(_) => each(Unit { path: below, unreadable: 1, ..Unit::default() })?,
        }
    }
    Ok(())
}

/// Everything below a folder, in one unit.
fn gather(at: &Path, path: &str, depth: usize, unit: &mut Unit) {
    let Ok(listed) = list_into(at, path, unit) else {
        unit.unreadable += 1;
        return;
    };
    for (name, at) in listed {
        if depth >= FOLDER_DEPTH_MAX {
            *unit.beyond.entry(IgnoredWhy::TooDeep).or_default() += 1;
        } else {
            gather(&at, &join(path, &name), depth + 1, unit);
        }
    }
}

fn list(at: &Path, path: &str) -> io::Result<Listed> {
    let mut unit = Unit::default();
    let folders = list_into(at, path, &mut unit)?;
    Ok(Listed { unit, folders })
}

/// Adds a folder's files to the unit and gives its subfolders.
fn list_into(at: &Path, path: &str, unit: &mut Unit) -> io::Result<BTreeMap<String, PathBuf>> {
    let mut folders = BTreeMap::new();
    for entry in std::fs::read_dir(at)? {
        let Ok(entry) = entry else {
            unit.unreadable += 1;
            continue;
        };
        // The entry's own data: links are not followed.
        let Ok(data) = entry.metadata() else { continue };
        let name = printable(&entry.file_name());
        if data.is_dir() {
            folders.insert(name, entry.path());
        } else if unit.files.len() >= UNIT_FILES_MAX {
            *unit.beyond.entry(IgnoredWhy::TooMany).or_default() += 1;
        } else {
            unit.files.insert(join(path, &name), seen(&entry, &data));
        }
    }
    Ok(folders)
}

fn seen(entry: &DirEntry, data: &Metadata) -> Seen {
    let ignored = match data.file_type() {
        kind if kind.is_symlink() => Some(IgnoredWhy::Link),
        kind if !kind.is_file() => Some(IgnoredWhy::NotAFile),
        _ => None,
    };
    Seen { at: entry.path(), print: print_of(data), ignored }
}

/// The fingerprint of a file.
pub(super) fn print_of(data: &Metadata) -> Print {
    let modified = data.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let modified = modified.and_then(|span| u64::try_from(span.as_millis()).ok()).unwrap_or_default();
    Print { bytes: data.len(), modified: Millis(modified) }
}

/// A name as text. Bytes that are no UTF-8 are written as `\xNN` and a backslash twice, so that no two names become the same;
/// the backslash sends the file to quarantine.
fn printable(name: &OsStr) -> String {
    let mut out = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        out.push_str(&chunk.valid().replace('\\', "\\\\"));
        chunk.invalid().iter().for_each(|byte| out.push_str(&format!("\\x{byte:02X}")));
    }
    out
}

/// The path that was made printable; none if this text was not made by [`printable`], or leads anywhere but down.
pub(super) fn real_path(text: &str) -> Option<PathBuf> {
    let mut path = PathBuf::new();
    for name in text.split('/') {
        let bytes = real_name(name)?;
        if matches!(bytes.as_slice(), b"" | b"." | b"..") {
            return None;
        }
        #[cfg(unix)]
        path.push(<std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes));
        #[cfg(not(unix))]
        path.push(String::from_utf8(bytes).ok()?);
    }
    Some(path)
}

fn real_name(name: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.extend_from_slice(plain.as_bytes());
        rest = if let Some(rest) = escape.strip_prefix('\\') {
            out.push(b'\\');
            rest
        } else {
            let digits = escape.strip_prefix('x')?;
            let byte = u8::from_str_radix(digits.get(..2)?, 16).ok().filter(|byte| !byte.is_ascii())?;
            out.push(byte);
            &digits[2..]
        };
    }
    out.extend_from_slice(rest.as_bytes());
    Some(out)
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }
}

/// Whether a path ends in `ID 1-3/ID 4-6/患者ID/診療日`.
fn is_day(path: &str) -> bool {
    let names: Vec<&str> = path.split('/').collect();
    let Some([a, b, patient, date]) = names.last_chunk::<4>() else { return false };
    let is_date = *date == "-" || date.len() >= 8 && date.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    is_date && patient.strip_prefix(a).is_some_and(|rest| rest.starts_with(b))
}

/// Which patient's folder a unit lies in, as far as its path says.
pub(super) fn patient_folder(path: &str) -> Option<&str> {
    is_day(path).then(|| path.rsplit_once('/').map_or(path, |(patient, _)| patient))
}

/// Folders this deep hold the records of one day and kind even where patient numbers are too short to be recognised.
const DEPTH_OF_KINDS: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_patients_are_units_below_volumes_too() {
        for path in ["000/123/0001234567/20250610", "1319999999_01/000/123/0001234567/-", "a/b/ab/20250610"] {
            assert!(is_day(path), "{path}");
        }
        for path in ["000/123/0001234567", "000/123/0001234567/20250610/ADT-00", "000/123/999/20250610", "-", ""] {
            assert!(!is_day(path), "{path}");
        }
        assert_eq!(patient_folder("v/000/123/0001234567/-"), Some("v/000/123/0001234567"));
    }
    #[cfg(unix)]
    #[test]
    fn names_that_are_no_text_are_told_apart_and_end_in_quarantine() {
        use std::os::unix::ffi::OsStrExt;
        for (name, text) in
            [(&b"a\x93\xfab"[..], "a\\x93\\xFAb"), (b"a\\x93", "a\\\\x93"), ("日\\".as_bytes(), "日\\\\")]
        {
            assert_eq!(printable(OsStr::from_bytes(name)), text);
            assert_eq!(real_path(text), Some(PathBuf::from(OsStr::from_bytes(name))));
        }
        assert_eq!(real_path("a/../b"), None);
        assert_eq!(real_path("a\\x2F"), None);
    }
}
