//! What was written, and what a reader should make of it.
use super::deviation::Deviation;
use protocol::ids::FacilityId;
use serde::Serialize;
use std::collections::BTreeMap;

/// コンディションフラグ at the end of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Flag {
    /// 1: the valid content.
    Current,
    /// 2: replaced by a newer one.
    Past,
    /// 0: deleted, or the deletion itself.
    Void,
    /// Anything else; nothing that the standard knows.
    Unknown,
}

impl Flag {
    pub(crate) fn digit(self) -> char {
        match self {
            Self::Current => '1',
            Self::Past => '2',
            Self::Void => '0',
            Self::Unknown => '9',
        }
    }
}

/// What becomes of a file that a reader sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Taken in as the current content.
    Stored,
    /// Known as an earlier content.
    History,
    /// Known as deleted.
    Deleted,
    /// Kept apart with a reason.
    Quarantined,
    /// Not a record at all.
    Ignored,
}

/// One storage of one facility.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StorageSummary {
    /// Files on disk.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files of the standardized storage, contents (コンテンツフォルダ) of the extended one, by kind and flag. Planted files that
    /// are no records are not in it.
    pub items: BTreeMap<&'static str, BTreeMap<Flag, u64>>,
    /// The same items and all planted files by what a reader should make of them.
    pub expected: BTreeMap<Verdict, u64>,
}

impl StorageSummary {
    pub(crate) fn add(&mut self, item: Option<(&'static str, Flag)>, verdict: Verdict) {
        if let Some((kind, flag)) = item {
            *self.items.entry(kind).or_default().entry(flag).or_default() += 1;
        }
        *self.expected.entry(verdict).or_default() += 1;
    }
    pub(crate) fn add_file(&mut self, bytes: &[u8]) {
        self.files += 1;
        self.bytes += bytes.len() as u64;
    }
}

/// One facility.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FacilitySummary {
    /// People it knows.
    pub patients: u32,
    /// 標準化ストレージ
    pub standard: StorageSummary,
    /// 拡張ストレージ
    pub extended: StorageSummary,
    /// Planted deviations by kind.
    pub planted: BTreeMap<Deviation, u64>,
}

/// A whole region.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// By facility.
    pub facilities: BTreeMap<FacilityId, FacilitySummary>,
    /// People in the region.
    pub people: u32,
    /// Of them, known to more than one facility.
    pub shared: u32,
    /// Of them, known in more than one network.
    pub across_networks: u32,
    /// Pairs of twins.
    pub twins: u32,
    /// Pairs of strangers with one kana name, sex and birth date.
    pub namesakes: u32,
}

impl Summary {
    /// Files of all facilities and both storages.
    pub fn files(&self) -> u64 {
        self.facilities.values().map(|facility| facility.standard.files + facility.extended.files).sum()
    }
}
