//! Folders, names and flags of one facility's storages, and what creating, replacing and deleting leaves on disk.
//!
//! Source: SS-MIX2 標準化ストレージ構成の説明と構築ガイドライン, folder hierarchy and condition flag.
use super::charset::Jis;
use super::deviation::{Deviation, Planted};
use super::generate::Sink;
use super::limits::ALL_DEVIATES_EVERY;
use super::moment::{Moment, compact};
use super::plan::Deviations;
use super::stream::Stream;
use super::summary::{FacilitySummary, Flag, Verdict};
use protocol::ids::FacilityId;
use protocol::time::Date;
use std::io;

/// Folder of the 標準化ストレージ below a facility's folder.
pub const STANDARD_ROOT: &str = "standard";
/// Folder of the 拡張ストレージ below a facility's folder.
pub const EXTENDED_ROOT: &str = "extended";

/// 特定キー where no order number exists.
pub(crate) const KEYLESS: &str = "999999999999999";

/// Identity of stored content, but for the patient.
#[derive(Clone, Copy)]
pub(crate) struct Slot<'a> {
    pub(crate) kind: &'static str,
    /// 診療日; none for the hyphen folder.
    pub(crate) date: Option<Date>,
    /// 特定キー
    pub(crate) key: &'a str,
    /// 診療科コード, or a hyphen.
    pub(crate) department: &'a str,
}

impl Slot<'_> {
    pub(crate) fn on(self, date: Option<Date>) -> Self {
        Self { date, ..self }
    }
    pub(crate) fn of(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }
}

/// One content of an identity.
pub(crate) struct Version {
    /// 発生日時
    pub(crate) sent: Moment,
    pub(crate) text: String,
}

/// How the story of an identity ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The last version is valid.
    Current,
    /// The last version is the deletion.
    Deleted,
}

/// One file of the standardized storage before it is written.
pub(crate) struct Draft<'a> {
    pub(crate) patient: &'a str,
    pub(crate) slot: &'a Slot<'a>,
    pub(crate) stamp: String,
    pub(crate) flag: Flag,
    pub(crate) text: &'a str,
}

impl Draft<'_> {
    /// The file by the book.
    pub(crate) fn plain(&self, jis: &Jis) -> Planted {
        let own = name(self.patient, self.slot, self.slot.key, &self.stamp, self.flag);
        Planted {
            path: format!("{}/{own}", folder(self.patient, self.slot.date, self.slot.kind)),
            bytes: jis.encode(self.text),
            item: Some((self.slot.kind, self.flag)),
            verdict: match self.flag {
                Flag::Current => Verdict::Stored,
                Flag::Past => Verdict::History,
                Flag::Void => Verdict::Deleted,
                Flag::Unknown => Verdict::Quarantined,
            },
        }
    }
}

/// One content of the extended storage.
pub(crate) struct Content<'a> {
    /// データ種別フォルダ
    pub(crate) kind: &'static str,
    pub(crate) date: Date,
    pub(crate) key: &'a str,
    pub(crate) sent: Moment,
    pub(crate) department: &'a str,
    pub(crate) flag: Flag,
    /// Name and bytes of the 主文書ファイル.
    pub(crate) main: (&'static str, Vec<u8>),
}

/// Which layout of the extended storage a document is written in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// A content folder, as since 1.2c.
    Foldered,
    /// The file itself has the seven parts, as up to 1.2b.
    Flat,
}

/// The storages of one facility while they are written.
pub(crate) struct Storage<'a> {
    pub(crate) facility: &'a FacilityId,
    pub(crate) jis: &'a Jis,
    pub(crate) sink: &'a mut dyn Sink,
    pub(crate) deviations: Deviations,
    pub(crate) chance: Stream,
    /// Chance for the further kinds of stays, so that they shift no draw of the others.
    pub(crate) further: Stream,
    pub(crate) summary: FacilitySummary,
}

impl Storage<'_> {
    /// Writes all versions of one identity with the flags that they have in the end.
    pub(crate) fn settle(
        &mut self,
        patient: &str,
        slot: &Slot<'_>,
        versions: &[Version],
        ending: Ending,
    ) -> io::Result<()> {
        for (at, version) in versions.iter().enumerate() {
            let flag = match ending {
                Ending::Deleted => Flag::Void,
                Ending::Current if at + 1 == versions.len() => Flag::Current,
                Ending::Current => Flag::Past,
            };
            let draft = Draft { patient, slot, stamp: version.sent.milli(), flag, text: &version.text };
            let files = match self.deviation(&draft) {
                Some(deviation) => {
                    *self.summary.planted.entry(deviation).or_default() += 1;
                    deviation.plant(&draft, self.jis)
                }
                None => vec![draft.plain(self.jis)],
            };
            for file in files {
                self.summary.standard.add(file.item, file.verdict);
                self.summary.standard.add_file(&file.bytes);
                self.sink.file(self.facility, &file.path, &file.bytes)?;
            }
        }
        Ok(())
    }
    /// Writes one content of the extended storage.
    pub(crate) fn content(&mut self, patient: &str, content: &Content<'_>) -> io::Result<()> {
        self.document(patient, content, Layout::Foldered, &[])
    }
    /// Writes one content with the files beside its main one; they need a folder.
    pub(crate) fn document(
        &mut self,
        patient: &str,
        content: &Content<'_>,
        layout: Layout,
        beside: &[(&str, Vec<u8>)],
    ) -> io::Result<()> {
        let Content { kind, date, key, department, flag, .. } = content;
        let date = compact(*date);
        let folder = self.document_folder(kind);
        let path = format!(
            "{EXTENDED_ROOT}/{}/{}/{patient}/{date}/{folder}/{patient}_{date}_{kind}_{key}_{}_{department}_{}",
            &patient[..3],
            &patient[3..6],
            content.sent.milli(),
            flag.digit(),
        );
        let verdict = match flag {
            Flag::Current => Verdict::Stored,
            Flag::Past => Verdict::History,
            _ => Verdict::Deleted,
        };
        let own = std::iter::once((content.main.0, content.main.1.as_slice()));
        let files = own.chain(beside.iter().map(|(name, bytes)| (*name, bytes.as_slice())));
        for (at, (name, bytes)) in files.enumerate() {
            self.summary.extended.add((at == 0).then_some((*kind, *flag)), verdict);
            self.summary.extended.add_file(bytes);
            let path = match layout {
                Layout::Foldered => format!("{path}/{name}"),
                Layout::Flat => format!("{path}.{}", name.rsplit('.').next().unwrap_or_default()),
            };
            self.sink.file(self.facility, &path, bytes)?;
        }
        Ok(())
    }
    /// The name of a kind's folder; where all deviations are wanted, its voice marks stand apart, as some file systems have it.
    fn document_folder(&mut self, kind: &str) -> String {
        let parted = kind.replace('ビ', "ヒ\u{3099}");
        if self.deviations != Deviations::All || parted == kind {
            return kind.to_owned();
        }
        *self.summary.planted.entry(Deviation::DecomposedFolder).or_default() += 1;
        parted
    }
    /// Whether this file deviates, and how.
    fn deviation(&mut self, draft: &Draft<'_>) -> Option<Deviation> {
        let hit = match self.deviations {
            Deviations::Off => return None,
            Deviations::Some { permille } => self.chance.permille(permille.into()),
            Deviations::All => self.chance.below(ALL_DEVIATES_EVERY) == 0,
        };
        if self.deviations == Deviations::All {
            let fitting = Deviation::ALL.iter().copied().filter(|deviation| deviation.fits(draft));
            let planted = |deviation: &Deviation| self.summary.planted.get(deviation).copied().unwrap_or(0);
            // What fits few files goes first, and what never occurred does not wait for its turn.
            let next = fitting.min_by_key(|deviation| (planted(deviation), deviation.breadth()));
            return next.filter(|deviation| hit || planted(deviation) == 0);
        }
        if !hit {
            return None;
        }
        let fitting: Vec<_> = Deviation::COMMON.iter().copied().filter(|deviation| deviation.fits(draft)).collect();
        (!fitting.is_empty()).then(|| *self.chance.pick(&fitting))
    }
}

/// `standard/000/123/0001234567/20250610/OMP-01`.
pub(crate) fn folder(patient: &str, date: Option<Date>, kind: &str) -> String {
    let date = date.map_or_else(|| "-".to_owned(), compact);
    format!("{STANDARD_ROOT}/{}/{}/{patient}/{date}/{kind}", &patient[..3], &patient[3..6])
}
/// The seven parts of a file's name.
pub(crate) fn name(patient: &str, slot: &Slot<'_>, key: &str, stamp: &str, flag: Flag) -> String {
    let date = slot.date.map_or_else(|| "-".to_owned(), compact);
    format!("{patient}_{date}_{}_{key}_{stamp}_{}_{}", slot.kind, slot.department, flag.digit())
}
