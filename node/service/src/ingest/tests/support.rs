//! A storage in a temporary folder, and a node that scans it.
use crate::clock::{Clock, HandClock};
use crate::ingest::{BatchLimits, Feed, Ingest, Progress, ScanReport};
use crate::patients::{Patients, Query};
use crate::records_read::Records;
use crate::staff::Staff;
use protocol::audit::{self, What};
use protocol::fetch::{RecordHead, State, heads};
use protocol::ids::{AuthorityId, FacilityId, PatientRef};
use protocol::kinds::{DataKind, Role};
use protocol::time::{Date, Millis};
use records::hl7::encode_iso2022jp;
use records::ssmix2::extended::KindFolder;
use records::ssmix2::{FileName, Flag, OccurredAt, layout};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Store, StoreConfig};
use tempfile::TempDir;

pub(super) const NOW: Millis = Millis(1_760_000_000_000);
pub(super) const NINES: &str = "999999999999999";

/// A root of a storage.
pub(super) struct Tree {
    root: PathBuf,
    _folder: Option<TempDir>,
}

impl Tree {
    pub(super) fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        Self { root: folder.path().to_owned(), _folder: Some(folder) }
    }
    /// One that lies somewhere already.
    pub(super) fn at_folder(root: &Path) -> Self {
        Self { root: root.to_owned(), _folder: None }
    }
    pub(super) fn root(&self) -> &Path {
        &self.root
    }
    pub(super) fn at(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }
    pub(super) fn put(&self, path: &str, bytes: &[u8]) -> PathBuf {
        let at = self.at(path);
        std::fs::create_dir_all(at.parent().expect("a parent")).expect("folders");
        std::fs::write(&at, bytes).expect("written");
        at
    }
    pub(super) fn message(&self, name: &FileName, text: &str) -> PathBuf {
        self.put(&layout::relative_path(name), &encode_iso2022jp(text))
    }
    pub(super) fn document(&self, name: &FileName, folder: &str, inner: &str, bytes: &[u8]) -> PathBuf {
        self.put(&layout::extended_path(name, &KindFolder::parse(folder), inner), bytes)
    }
    /// Renames a file to another flag, as writers do.
    pub(super) fn flag(&self, name: &FileName, flag: Flag) -> FileName {
        let renamed = FileName { flag, ..name.clone() };
        std::fs::rename(self.at(&layout::relative_path(name)), self.at(&layout::relative_path(&renamed)))
            .expect("renamed");
        renamed
    }
}

/// The name of a current file: `kind` of `patient`, on `day` of June 2025 or undated, written at `second`.
pub(super) fn name(patient: &str, kind: &str, day: Option<u8>, key: &str, second: u8) -> FileName {
    FileName {
        patient: patient.to_owned().into(),
        care_date: day.and_then(|day| Date::new(2025, 6, day)),
        kind: DataKind::parse(kind).expect("a kind"),
        key: key.to_owned(),
        occurred_at: OccurredAt::parse(&format!("202506100930{second:02}123")).expect("digits").0,
        department: "01".to_owned(),
        flag: Flag::Valid,
    }
}

/// A patient as messages write it: number, kanji name, kana name, birth date.
pub(super) type Person<'a> = (&'a str, &'a str, &'a str, &'a str);

pub(super) const HANAKO: Person<'static> = ("0001234567", "見本^花子", "ミホン^ハナコ", "19580312");
pub(super) const TARO: Person<'static> = ("0007654321", "山崎^太郎", "ヤマザキ^タロウ", "20010401");

fn head_of(person: Person<'_>, message: &str) -> String {
    let (number, kanji, kana, birth) = person;
    format!(
        "MSH|^~\\&|HIS|1319999999|GW|RCV|20250610093012.1230||{message}|1|P|2.5||||||~ISO IR87||ISO 2022-1994|SS-MIX2_1.20\r\
         EVN||20250610093012\r\
         PID|0001||{number}^^^^PI||{kanji}^^^^^L^I~{kana}^^^^^L^P||{birth}|F|||^^^^999-0001^JPN^H^静岡県架空市本町１−２−３\r\
         PV1|0001|O|01^^^^^C\r"
    )
}
pub(super) fn master(person: Person<'_>) -> String {
    head_of(person, "ADT^A08^ADT_A01")
}
pub(super) fn master_deleted(person: Person<'_>) -> String {
    head_of(person, "ADT^A23^ADT_A21")
}
/// A prescription of as many drugs.
pub(super) fn prescription(person: Person<'_>, order: &str, drugs: usize) -> String {
    let mut text = head_of(person, "RDE^O11^RDE_O11");
    for drug in 1..=drugs {
        text += &format!(
            "ORC|NW|{order}||{order}_01_{drug:03}|||||20250610\r\
             RXE||101140301^アムロジピン錠５ｍｇ^HOT9|1||TAB^錠^MR9P|TAB^錠^MR9P|||||14|TAB^錠^MR9P\r\
             TQ1|||1013044400000000&内服・経口・１日３回朝昼夕食後&JAMISDP01|||14^D&日&ISO+|20250610\rRXR|PO^口^HL70162\r"
        );
    }
    text
}
pub(super) fn lab(person: Person<'_>, order: &str) -> String {
    head_of(person, "OUL^R22^OUL_R22")
        + &format!(
            "SPM|1|||019^全血^JC10|||||||||||||20250610\rOBR|1|{order}||E001^末梢血^99ZL1|||20250610\r\
             ORC|SC|{order}\rOBX|1|NM|2A020000001930101^赤血球数^JC10||450|10*4/mm3^10*4/mm3^ISO+|380-500|N|||F\r"
        )
}

/// A node with a store in memory (or in `store`) and its quarantine folder.
pub(super) struct Node {
    pub(super) store: Arc<Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) folder: TempDir,
    pub(super) staff: Staff,
}

impl Node {
    pub(super) fn new() -> Self {
        let store = Store::in_memory(StoreConfig::new([7; 32])).expect("a store");
        let staff = Staff::new("c-1", Role::Clerk).expect("a number");
        let clock: Arc<dyn Clock> = Arc::new(HandClock::at(NOW));
        Self { store: Arc::new(store), clock, folder: TempDir::new().expect("a folder"), staff }
    }
    pub(super) fn ingest(&self) -> Ingest {
        Ingest::new(self.store.clone(), self.clock.clone(), self.folder.path())
    }
    pub(super) fn ingest_in_batches(&self, files: usize) -> Ingest {
        let limits = BatchLimits { files, bytes: 8 << 20 };
        Ingest::with_limits(self.store.clone(), self.clock.clone(), self.folder.path(), limits)
    }
    pub(super) fn scan(&self, tree: &Tree) -> ScanReport {
        self.scan_as(tree, "main")
    }
    pub(super) fn scan_as(&self, tree: &Tree, feed: &str) -> ScanReport {
        let report = self.ingest().scan(&feed_of(tree, feed), &mut |_: Progress| {}).expect("a scan");
        assert!(report.adds_up(), "{report:?}");
        report
    }
    /// A scan that must find everything as it was: no file read, nothing written.
    #[track_caller]
    pub(super) fn scan_unchanged(&self, tree: &Tree) -> ScanReport {
        let before = self.store.health().position;
        let report = self.scan(tree);
        assert_eq!((report.read, report.added, report.unchanged), (0, 0, report.seen), "{report:?}");
        assert_eq!(self.store.health().position, before, "something was written");
        report
    }
    pub(super) fn patients(&self) -> Patients {
        Patients::new(self.store.clone(), self.clock.clone())
    }
    pub(super) fn records(&self) -> Records {
        Records::new(self.store.clone(), self.clock.clone())
    }
    pub(super) fn heads(&self, patient: u64) -> Vec<RecordHead> {
        heads(&self.store.view(), PatientRef(patient)).into_iter().map(|(_, head)| head).collect()
    }
    /// State and last two digits of the second of every version of a kind, in order of time.
    pub(super) fn states(&self, patient: u64, kind: &str) -> Vec<(u64, State)> {
        let found = self.heads(patient).into_iter().filter(|head| head.key.kind.as_str() == kind);
        let mut states: Vec<_> = found.map(|head| (head.at.0 / 1000 % 60, head.state)).collect();
        states.sort_by_key(|(second, _)| *second);
        states
    }
    /// How many patients a text finds.
    pub(super) fn finds(&self, text: &str) -> Vec<u64> {
        let found = self.patients().find(&self.staff, &Query::new(text)).expect("a search");
        found.patients.iter().map(|row| row.patient.0).collect()
    }
    /// Sum of the counts of all events of a kind.
    pub(super) fn told(&self, what: What) -> u32 {
        let view = self.store.view();
        let events = (0..audit::head(&view).size).filter_map(|index| audit::event(&view, index));
        events.filter(|event| event.what == what).map(|event| event.count).sum()
    }
}

pub(super) fn feed_of(tree: &Tree, name: &str) -> Feed {
    Feed {
        name: name.to_owned(),
        root: tree.root().to_owned(),
        facility: FacilityId::parse("1319999999").expect("ten digits"),
        authority: AuthorityId::parse("1.2.392.100495.20.3.51.11319999999").expect("an OID"),
    }
}
