use super::extended::{self, ExtendedFile};
use super::path::{self, FileName, LEVELS, PathReason};
use crate::Parsed;
use serde::{Deserialize, Serialize};

/// What a file below a storage root is, by its path alone. Every path has exactly one class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Class {
    /// A message of the standardized storage.
    Standard(Parsed<FileName>),
    /// A file of a document of the extended storage.
    Extended(Parsed<ExtendedFile>),
    /// Nothing of a patient's record.
    Ignored(IgnoreReason),
    /// May be of a patient's record, but the path does not say of which.
    Quarantine(PathReason),
}

/// Why a file is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, thiserror::Error)]
pub enum IgnoreReason {
    /// `.DS_Store`, `.git` and the like.
    #[error("hidden file")]
    Hidden,
    /// `Thumbs.db`, `desktop.ini`, `@eaDir`.
    #[error("file of the operating system")]
    System,
    /// `.tmp`, `.bak`, `.swp`, `~`: a writer or an editor is at work.
    #[error("temporary or backup file")]
    Temporary,
    /// The index database: it can lag behind, the files win.
    #[error("index database")]
    IndexDatabase,
    /// The journal beside the storage (`TR_….DAT`): what it tells is in the storage.
    #[error("transaction storage")]
    Transaction,
    /// Stands above the patients' folders and has no name of a record.
    #[error("not below a patient's folder")]
    Outside,
}

/// Sorts one path below a storage root (`/` between its names) into its class.
pub fn classify(rel_path: &str) -> Class {
    if let Some(reason) = ignored(rel_path) {
        return Class::Ignored(reason);
    }
    let names = match path::names(rel_path) {
        Ok(names) => names,
        Err(reason) => return Class::Quarantine(reason),
    };
    let Some(start) = path::anchor(&names) else {
        let last = names.last().copied().unwrap_or_default();
        let outside = names.len() <= ABOVE_PATIENTS && last.split('_').count() < LEVELS;
        return if outside {
            Class::Ignored(IgnoreReason::Outside)
        } else {
            Class::Quarantine(PathReason::Depth { levels: names.len() })
        };
    };
    let kind = names.get(start + LEVELS - 2).copied().unwrap_or_default();
    let foreign = kind.contains('^') || !kind.is_ascii() || kind.starts_with('L');
    if foreign || names.len() > start + LEVELS {
        return extended::parse(rel_path).map_or_else(Class::Quarantine, Class::Extended);
    }
    path::parse(rel_path).map_or_else(Class::Quarantine, Class::Standard)
}

/// Files this near to the root are no patient's, unless their name says so.
const ABOVE_PATIENTS: usize = 3;

fn ignored(rel_path: &str) -> Option<IgnoreReason> {
    let names: Vec<&str> = rel_path.split('/').collect();
    let (last, folders) = names.split_last()?;
    let lower = last.to_ascii_lowercase();
    let system = ["thumbs.db", "desktop.ini", "ehthumbs.db"].contains(&lower.as_str());
    if system || names.iter().any(|name| matches!(*name, "@eaDir" | "$RECYCLE.BIN" | "System Volume Information")) {
        return Some(IgnoreReason::System);
    }
    if names.iter().any(|name| name.starts_with('.') && !matches!(*name, "." | "..")) {
        return Some(IgnoreReason::Hidden);
    }
    let ends = |extensions: &[&str]| extensions.iter().any(|extension| lower.ends_with(extension));
    if ends(&[".tmp", ".bak", ".swp", ".part", ".partial", ".crdownload", "~"]) || lower.starts_with("~$") {
        return Some(IgnoreReason::Temporary);
    }
    if lower.starts_with("tr_") && ends(&[".dat"]) {
        return Some(IgnoreReason::Transaction);
    }
    let shallow = folders.len() < ABOVE_PATIENTS;
    (shallow && ends(&[".mdb", ".accdb", ".ldb", ".laccdb", ".db", ".sqlite", ".mdf", ".ldf", ".fdb"]))
        .then_some(IgnoreReason::IndexDatabase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STANDARD: &str = "000/123/0001234567/-/ADT-00/0001234567_-_ADT-00_999999999999999_20250610093012123_-_1";

    #[track_caller]
    fn ignored_as(path: &str, reason: IgnoreReason) {
        assert_eq!(classify(path), Class::Ignored(reason), "{path}");
    }

    #[test]
    fn records_and_documents_are_told_apart() {
        assert!(matches!(classify(STANDARD), Class::Standard(_)));
        assert!(matches!(classify(&STANDARD.replace("ADT-00", "ZZZ-77")), Class::Standard(_)));
        assert!(matches!(classify(&STANDARD.replace("ADT-00", "L-1^記録^99Z")), Class::Extended(_)));
        assert!(matches!(
            classify(&format!("{}/a.pdf", STANDARD.replace("ADT-00", "L-1^記録^99Z"))),
            Class::Extended(_)
        ));
    }
    #[test]
    fn what_is_nobodys_record_is_ignored_with_a_reason() {
        ignored_as("000/.DS_Store", IgnoreReason::Hidden);
        ignored_as("000/123/Thumbs.db", IgnoreReason::System);
        ignored_as("@eaDir/x", IgnoreReason::System);
        ignored_as(&format!("{STANDARD}.tmp"), IgnoreReason::Temporary);
        ignored_as("2025/TR_20250610000000000_00001.DAT", IgnoreReason::Transaction);
        ignored_as("SSMIXIDX.mdb", IgnoreReason::IndexDatabase);
        ignored_as("readme.txt", IgnoreReason::Outside);
    }
    #[test]
    fn misplaced_records_go_to_quarantine() {
        let name = STANDARD.rsplit('/').next().expect("a name");
        assert_eq!(classify(name), Class::Quarantine(PathReason::Depth { levels: 1 }));
        assert_eq!(classify(&format!("000/123/0001234567/{name}")), Class::Quarantine(PathReason::Depth { levels: 4 }));
        assert_eq!(classify(&STANDARD.replace("_-_1", "_-_9")), Class::Quarantine(PathReason::Flag));
        assert_eq!(classify("../x"), Class::Quarantine(PathReason::Dangerous));
        assert_eq!(classify(&STANDARD.replace("7_-_", "8_-_")), Class::Quarantine(PathReason::OtherPatient));
    }
    proptest! {
        #[test]
        fn every_path_has_a_class(path in "([0-9A-Z^._/-]|.){0,150}") { let _ = classify(&path); }
    }
}
