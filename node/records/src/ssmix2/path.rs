//! The folder hierarchy and the seven-part file name of the standardized storage.
use super::flags::Flag;
use super::kinds;
use super::occurred::OccurredAt;
use crate::limits::{KEY_CHARS_MAX, PATH_BYTES_MAX, PATH_NAME_BYTES_MAX, PATH_PREFIX_MAX, PATIENT_CHARS_MAX};
use crate::parsed::Problems;
use crate::{Fault, Parsed, Place, Redacted};
use protocol::kinds::DataKind;
use protocol::time::Date;
use serde::{Deserialize, Serialize};

/// What the path of one file says. It has the same authority as the message in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileName {
    /// 患者ID, from the third folder level.
    pub patient: Redacted<String>,
    /// 診療日; none under the hyphen folder, or if the folder is no date.
    pub care_date: Option<Date>,
    /// データ種別
    pub kind: DataKind,
    /// 特定キー, normally the order number; fifteen nines where there is none.
    pub key: String,
    /// 発生日時
    pub occurred_at: OccurredAt,
    /// 診療科コード; empty for the hyphen.
    pub department: String,
    /// コンディションフラグ
    pub flag: Flag,
}

/// Which record a file is a version of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// 患者ID
    pub patient: Redacted<String>,
    /// 診療日
    pub care_date: Option<Date>,
    /// データ種別
    pub kind: DataKind,
    /// 特定キー
    pub key: String,
}

impl FileName {
    /// Which record it is a version of. Department and time are no part of it.
    pub fn identity(&self) -> Identity {
        Identity {
            patient: self.patient.clone(),
            care_date: self.care_date,
            kind: self.kind.clone(),
            key: self.key.clone(),
        }
    }
}

/// Why a path does not say what its file is. The file goes to quarantine. No message holds a part of the path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum PathReason {
    /// Not `ID/ID/患者ID/診療日/データ種別/file`.
    #[error("path: stands {levels} levels deep, but patient, date and kind folders make six; move it where it belongs")]
    Depth {
        /// How many folder and file names the path has.
        levels: usize,
    },
    /// `..`, drive letters, device names, control characters.
    #[error("path: has a name that no storage may have (.., a drive, a device or control characters); rename it")]
    Dangerous,
    /// Beyond what a storage can have.
    #[error("path: is longer than {PATH_BYTES_MAX} bytes or has a name of more than {PATH_NAME_BYTES_MAX}; shorten it")]
    TooLong,
    /// Not six or seven parts.
    #[error("file name: has {parts} parts, but the standard asks for seven joined by _; check what writes here")]
    Parts {
        /// How many it has.
        parts: usize,
    },
    /// The patient number is no number of a patient.
    #[error("path: the patient folder is empty or longer than a patient number can be")]
    Patient,
    /// The patient in the name is not the patient of the folder: wrong-patient risk.
    #[error("file name: names another patient than its folder; a person must decide whose it is")]
    OtherPatient,
    /// Not a code.
    #[error("path: the kind folder is not a code of letters, digits and hyphens")]
    Kind,
    /// Empty or too long.
    #[error("file name: the fourth part (order number) is empty or too long")]
    Key,
    /// 発生日時 is no time.
    #[error("file name: the fifth part (time sent) is not a time of 8 to 17 digits")]
    Occurred,
    /// Not 0, 1 or 2.
    #[error("file name: the last part is not a condition flag 0, 1 or 2")]
    Flag,
}

/// Reads a path below the storage root (`/` between its names): folders first, then the name's seven parts against them.
///
/// Folders of roots and volumes above the patient tree are skipped. Tolerated and told: six parts, spaces, extensions, short
/// times, lower case, other dates in name and folder.
///
/// # Errors
/// [`PathReason`], with which the file goes to quarantine.
pub fn parse(rel_path: &str) -> Result<Parsed<FileName>, PathReason> {
    let names = names(rel_path)?;
    let start = anchor(&names).filter(|start| names.len() == start + LEVELS);
    let start = start.ok_or(PathReason::Depth { levels: names.len() })?;
    let mut problems = Problems::default();
    let folders = Folders::read(&names[start..], &mut problems)?;
    let upper = folders.kind.to_ascii_uppercase();
    if upper != folders.kind {
        problems.add(Place::Path, Fault::LowerCase);
    }
    let kind = DataKind::parse(&upper).ok_or(PathReason::Kind)?;
    let stem = without_extension(names[start + LEVELS - 1], &mut problems);
    let parts = Parts::split(stem, &folders, &[folders.kind], &mut problems)?;
    if kinds::info(&kind).is_none() {
        problems.add(Place::Path, Fault::UnknownKind);
    } else if kind.is_whole_state() && folders.care_date.is_some() {
        problems.add(Place::Path, Fault::UndatedUnderDate);
    } else if !kind.is_whole_state() && folders.date == "-" {
        problems.add(Place::Path, Fault::DatedUnderHyphen);
    }
    let name = parts.check(&folders, kind, &mut problems)?;
    if name.kind.as_str().starts_with('O') && name.key.bytes().all(|b| b == b'9') {
        problems.add(Place::Path, Fault::NoOrderNumber);
    }
    Ok(problems.with(name))
}

/// Whether two patient numbers are the same but for leading zeros, hyphens, case and width.
pub fn same_patient(a: &str, b: &str) -> bool {
    let (a, b) = (bare_patient(a), bare_patient(b));
    !a.is_empty() && a == b
}

/// What two forms of one patient number share.
pub(crate) fn bare_patient(text: &str) -> String {
    let half = text.trim().chars().map(|c| match c {
        '！'..='～' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        other => other,
    });
    let bare: String = half.filter(|c| !matches!(c, '-' | ' ' | '‐' | '−')).flat_map(char::to_uppercase).collect();
    bare.trim_start_matches('0').to_owned()
}

/// 患者ID 1-3, 患者ID 4-6, 患者ID, 診療日, データ種別, file.
pub(super) const LEVELS: usize = 6;

/// The names of a path, none of which leads anywhere else.
pub(super) fn names(rel_path: &str) -> Result<Vec<&str>, PathReason> {
    if rel_path.len() > PATH_BYTES_MAX {
        return Err(PathReason::TooLong);
    }
    let names: Vec<&str> = rel_path.split('/').collect();
    for name in &names {
        if name.len() > PATH_NAME_BYTES_MAX {
            return Err(PathReason::TooLong);
        }
        let stem = name.split('.').next().unwrap_or_default().trim();
        let device = DEVICES.iter().any(|device| device.eq_ignore_ascii_case(stem));
        let odd = |c: char| c.is_control() || matches!(c, '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if matches!(*name, "" | "." | "..") || device || !name.bytes().all(plain) && name.contains(odd) {
            return Err(PathReason::Dangerous);
        }
    }
    Ok(names)
}

/// At which name the patient tree begins: where the third name starts with the first two and the fourth is a date. Patient
/// numbers of a few characters do not show it; then the tree begins at the start.
pub(super) fn anchor(names: &[&str]) -> Option<usize> {
    let fits = |start: &usize| match names.get(*start..start + LEVELS) {
        Some([a, b, patient, date, ..]) => {
            is_date_folder(date) && patient.strip_prefix(a).is_some_and(|rest| rest.starts_with(b))
        }
        _ => false,
    };
    (0..=PATH_PREFIX_MAX).find(fits).or_else(|| (names.len() >= LEVELS).then_some(0))
}

fn is_date_folder(name: &str) -> bool {
    name == "-" || name.len() >= 8 && name.bytes().all(|b| b.is_ascii_digit() || b == b'-')
}

/// What the folders say.
pub(super) struct Folders<'a> {
    pub(super) patient: &'a str,
    pub(super) date: &'a str,
    pub(super) kind: &'a str,
    pub(super) care_date: Option<Date>,
}

impl<'a> Folders<'a> {
    /// Reads the names from the patient tree's start on; there are at least six.
    pub(super) fn read(names: &[&'a str], problems: &mut Problems) -> Result<Self, PathReason> {
        let [a, b, patient, date, kind, ..] = names else { return Err(PathReason::Depth { levels: names.len() }) };
        if patient.trim().is_empty() || patient.chars().count() > PATIENT_CHARS_MAX {
            return Err(PathReason::Patient);
        }
        if !patient.strip_prefix(a).is_some_and(|rest| rest.starts_with(b)) {
            problems.add(Place::Path, Fault::SplitFolders);
        }
        let care_date = Date::parse(date);
        if care_date.is_none() && *date != "-" {
            problems.add(Place::Path, Fault::CareDateForm);
        }
        let digits = || date.chars().filter(|c| !matches!(c, '-' | '/' | '.')).collect::<String>();
        Ok(Self { patient, date, kind, care_date: care_date.or_else(|| Date::parse(&digits())) })
    }
}

/// The seven parts of a name as texts.
pub(super) struct Parts {
    patient: String,
    date: String,
    kind: String,
    key: String,
    occurred: String,
    department: String,
    flag: String,
    kind_fits: bool,
}

impl Parts {
    /// Splits a name at `_`. The folders are anchors on the left; flag, department and time count from the right; what is
    /// left over in the middle is the key, with its underscores.
    pub(super) fn split(
        name: &str,
        folders: &Folders<'_>,
        kind_names: &[&str],
        problems: &mut Problems,
    ) -> Result<Self, PathReason> {
        let parts: Vec<&str> = name.split('_').collect();
        if parts.iter().any(|part| part.trim() != *part) {
            problems.add(Place::Path, Fault::Spaces);
        }
        let anchored = kind_names.iter().find_map(|kind| {
            let rest = name.strip_prefix(folders.patient)?.strip_prefix('_')?;
            let rest = rest.strip_prefix(folders.date)?.strip_prefix('_')?;
            rest.strip_prefix(kind)?.strip_prefix('_')
        });
        let (head, rest): ([&str; 3], Vec<&str>) = match anchored {
            Some(rest) => ([folders.patient, folders.date, folders.kind], rest.split('_').collect()),
            None => match parts.split_at_checked(3) {
                Some(([patient, date, kind], rest)) => ([*patient, *date, *kind], rest.to_vec()),
                _ => return Err(PathReason::Parts { parts: parts.len() }),
            },
        };
        let rest: Vec<&str> = rest.into_iter().map(str::trim).collect();
        let time = |text: &str| OccurredAt::parse(text).is_some_and(|_| text.len() >= 12);
        let (key, occurred, department, flag) = match rest.as_slice() {
            [key @ .., occurred, department, flag] if !key.is_empty() && !time(department) => {
                (key, *occurred, *department, *flag)
            }
            [key @ .., occurred, flag] if !key.is_empty() && time(occurred) => {
                problems.add(Place::Path, Fault::SixParts);
                (key, *occurred, "-", *flag)
            }
            _ => return Err(PathReason::Parts { parts: rest.len() + 3 }),
        };
        Ok(Self {
            patient: head[0].trim().to_owned(),
            date: head[1].trim().to_owned(),
            kind: head[2].trim().to_owned(),
            key: key.join("_"),
            occurred: occurred.to_owned(),
            department: department.to_owned(),
            flag: flag.to_owned(),
            kind_fits: anchored.is_some() || kind_names.iter().any(|kind| kind.eq_ignore_ascii_case(head[2].trim())),
        })
    }

    /// Checks the parts against the folders.
    pub(super) fn check(
        self,
        folders: &Folders<'_>,
        kind: DataKind,
        problems: &mut Problems,
    ) -> Result<FileName, PathReason> {
        if self.patient != folders.patient {
            if !same_patient(&self.patient, folders.patient) {
                return Err(PathReason::OtherPatient);
            }
            problems.add(Place::Path, Fault::PatientForm);
        }
        if self.date != folders.date || !self.kind_fits && self.kind != kind.as_str() {
            problems.add(Place::Path, Fault::NameDisagrees);
        }
        if self.key.is_empty() || self.key.chars().count() > KEY_CHARS_MAX {
            return Err(PathReason::Key);
        }
        let (occurred_at, short) = OccurredAt::parse(&self.occurred).ok_or(PathReason::Occurred)?;
        if short {
            problems.add(Place::Path, Fault::StampForm);
        }
        let flag = Flag::parse(&self.flag).ok_or(PathReason::Flag)?;
        let hyphen = folders.date == "-";
        let care_date = folders.care_date.or_else(|| Date::parse(&self.date).filter(|_| !hyphen));
        let department = if self.department == "-" { String::new() } else { self.department };
        let patient = Redacted::new(folders.patient.to_owned());
        Ok(FileName { patient, care_date, kind, key: self.key, occurred_at, department, flag })
    }
}

fn without_extension<'a>(name: &'a str, problems: &mut Problems) -> &'a str {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    if TEXT_EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension)) {
        problems.add(Place::Path, Fault::Extension);
        return stem;
    }
    name
}

const TEXT_EXTENSIONS: &[&str] = &["hl7", "txt", "dat", "msg"];
#[rustfmt::skip]
const DEVICES: &[&str] = &[
    "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$", "COM0", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8",
    "COM9", "LPT0", "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9",
];

#[cfg(test)]
#[path = "path_tests.rs"]
mod tests;
