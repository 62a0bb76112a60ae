use super::{FacilityId, PatientId};
use crate::{kinds::DataKind, time::Date};
use serde::{Deserialize, Serialize};

/// Which record: SS-MIX2's identity of a stored object (医療施設ID, 患者ID, データ種別, 診療日, 特定キー).
///
/// Source: SS-MIX2 標準化ストレージ構成の説明と構築ガイドライン, file name parts 1-4.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordKey {
    /// Who holds it.
    pub facility: FacilityId,
    /// Of whom.
    pub patient: PatientId,
    /// What it is.
    pub kind: DataKind,
    /// 診療日; none for the whole-state kinds under the hyphen folder.
    pub care_date: Option<Date>,
    /// 特定キー, normally the order number.
    pub key: String,
}
