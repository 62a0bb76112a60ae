//! The データ種別 of the standardized storage.
use protocol::kinds::DataKind;

/// What the standard says of one data kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindInfo {
    /// The code, which is also the folder's name.
    pub code: &'static str,
    /// Its name in Japanese.
    pub japanese: &'static str,
    /// Message type and trigger that create or replace it.
    pub create: (&'static str, &'static str),
    /// Trigger that cancels it, where there is one of its own.
    pub cancel: &'static str,
    /// The segment without which a message of this kind says nothing.
    pub core: &'static str,
}

/// All data kinds of the standard, in its order.
#[rustfmt::skip]
pub const ALL: &[KindInfo] = &[
    kind("ADT-00", "患者基本情報", ("ADT", "A08"), "A23", "PID"),
    kind("ADT-01", "担当医", ("ADT", "A54"), "A55", "PV1"),
    kind("ADT-12", "外来診察の受付", ("ADT", "A04"), "", "PV1"),
    kind("ADT-21", "入院予定", ("ADT", "A14"), "A27", "PV1"),
    kind("ADT-22", "入院実施", ("ADT", "A01"), "A11", "PV1"),
    kind("ADT-31", "外出泊実施", ("ADT", "A21"), "A52", "PV1"),
    kind("ADT-32", "外出泊帰院実施", ("ADT", "A22"), "A53", "PV1"),
    kind("ADT-41", "転科・転棟予定", ("ADT", "A15"), "A26", "PV1"),
    kind("ADT-42", "転科・転棟実施", ("ADT", "A02"), "A12", "PV1"),
    kind("ADT-51", "退院予定", ("ADT", "A16"), "A25", "PV1"),
    kind("ADT-52", "退院実施", ("ADT", "A03"), "A13", "PV1"),
    kind("ADT-61", "アレルギー情報", ("ADT", "A60"), "", "IAM"),
    kind("PPR-01", "病名（歴）情報", ("PPR", "ZD1"), "", "PRB"),
    kind("OMD", "食事オーダ", ("OMD", "O03"), "", "ODS"),
    kind("OMP-01", "処方オーダ", ("RDE", "O11"), "", "RXE"),
    kind("OMP-11", "処方実施通知", ("RAS", "O17"), "", "RXA"),
    kind("OMP-02", "注射オーダ", ("RDE", "O11"), "", "RXE"),
    kind("OMP-12", "注射実施通知", ("RAS", "O17"), "", "RXA"),
    kind("OML-01", "検体検査オーダ", ("OML", "O33"), "", "OBR"),
    kind("OML-11", "検体検査結果通知", ("OUL", "R22"), "", "OBR"),
    kind("OMG-01", "放射線検査オーダ", ("OMG", "O19"), "", "OBR"),
    kind("OMG-11", "放射線検査の実施通知", ("OMI", "Z23"), "", "OBR"),
    kind("OMG-02", "内視鏡検査オーダ", ("OMG", "O19"), "", "OBR"),
    kind("OMG-12", "内視鏡検査の実施通知", ("OMI", "Z23"), "", "OBR"),
    kind("OMG-03", "生理検査オーダ", ("OMG", "O19"), "", "OBR"),
    kind("OMG-13", "生理検査結果通知", ("ORU", "R01"), "", "OBR"),
];

/// What the standard says of this kind; none if it does not list it.
pub fn info(kind: &DataKind) -> Option<&'static KindInfo> {
    ALL.iter().find(|info| info.code == kind.as_str())
}

/// The kind's name in Japanese, or its code.
pub fn japanese(kind: &DataKind) -> &str {
    info(kind).map_or(kind.as_str(), |info| info.japanese)
}

const fn kind(
    code: &'static str,
    japanese: &'static str,
    create: (&'static str, &'static str),
    cancel: &'static str,
    core: &'static str,
) -> KindInfo {
    KindInfo { code, japanese, create, cancel, core }
}
