//! Taking in: every file that is seen has exactly one fate, a second scan changes nothing, and what cannot be read is listed with
//! a reason and taken when it is repaired.
use e2e::cluster::{CLINIC, Cluster, HOSPITAL, Listen, Node, Region, RegionPlan};
use serde_json::Value;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

const FILE: &str = "feed_scan_counts_add_up";
const FATES: [&str; 5] = ["stored", "history", "deleted", "quarantined", "ignored"];

/// The fates of a scan, summed over the roots of a feed.
#[track_caller]
fn fates(scan: &Value) -> [u64; 5] {
    let feeds = scan["feeds"].as_array().expect("a list of feeds");
    let sum = |name: &str| feeds.iter().map(|feed| feed[name].as_u64().expect("a count")).sum::<u64>();
    let fates = FATES.map(sum);
    assert_eq!(sum("seen"), fates.iter().sum::<u64>(), "{scan}");
    assert!(feeds.iter().all(|feed| feed["adds_up"] == true), "{scan}");
    fates
}

/// Files below a folder: what a scan must have seen. A small house has no extended storage.
fn files_below(folder: &Path) -> u64 {
    folder
        .read_dir()
        .into_iter()
        .flatten()
        .map(|entry| entry.expect("readable"))
        .map(|entry| match entry.file_type().expect("it is there") {
            kind if kind.is_dir() => files_below(&entry.path()),
            _ => 1,
        })
        .sum()
}

/// A second scan finds everything as it was and writes nothing.
#[track_caller]
fn scan_unchanged(node: &Node, before: [u64; 5]) {
    let size = |node: &Node| node.cli(["status"])["log"]["size"].as_u64().expect("a size");
    let log = size(node);
    let scan = node.scan();
    assert_eq!(fates(&scan), before, "{scan}");
    for feed in scan["feeds"].as_array().expect("a list") {
        let quarantined_again = feed["read"].as_u64() <= feed["quarantined"].as_u64();
        assert!(feed["added"] == 0 && feed["patients_changed"] == 0 && quarantined_again, "{feed}");
    }
    assert_eq!(size(node), log, "a scan that finds nothing new logs nothing");
}

fn check_region(name: &str, preset: &str) {
    let town = Cluster::new(FILE, name);
    let region = Region::make(&town, "region", RegionPlan { preset, patients: 40, seed: 5, houses: &[] });
    for house in [HOSPITAL, CLINIC] {
        let node = town.set_up(house, Listen::Nowhere);
        let storage = region.storage(&house);
        node.add_feed(&storage);
        let scan = node.scan();
        let found = fates(&scan);
        let files = files_below(&storage.join("standard")) + files_below(&storage.join("extended"));
        assert_eq!(found.iter().sum::<u64>(), files, "every file was seen");
        for (name, count) in FATES.iter().zip(found) {
            let expected = |root: &str| region.summary(&house)[root]["expected"][*name].as_u64().unwrap_or_default();
            assert_eq!(count, expected("standard") + expected("extended"), "{name} at {}: {scan}", house.word);
        }
        scan_unchanged(&node, found);
        check_quarantine(&node, found[3]);
    }
}

/// Everything in quarantine is listed with a reason that says something.
#[track_caller]
fn check_quarantine(node: &Node, count: u64) {
    let list = node.cli(["feed", "quarantine", "--limit", "10000"]);
    assert_eq!(list["count"].as_u64(), Some(count), "{list}");
    let items = list["items"].as_array().expect("a list");
    assert_eq!(items.len() as u64, count);
    for item in items {
        assert!(item["reason"].as_str().is_some_and(|reason| reason.len() > 10), "{item}");
        assert!(item["path"].as_str().is_some_and(|path| !path.is_empty()), "{item}");
    }
}

#[test]
fn a_storage_by_the_book_is_taken_in_whole() {
    check_region("a_storage_by_the_book_is_taken_in_whole", "clean");
}

#[test]
fn a_storage_with_every_deviation_gets_the_fates_that_its_generator_expects() {
    check_region("a_storage_with_every_deviation_gets_the_fates_that_its_generator_expects", "worst");
}

/// A storage that somebody else's program wrote, by hand: other folder habits, UTF-8, LF, missing parts, odd names.
struct Foreign {
    root: PathBuf,
    files: u64,
}

impl Foreign {
    fn new(town: &Cluster) -> Self {
        let root = town.file("somebody-elses");
        std::fs::create_dir(&root).expect("a new folder");
        Self { root, files: 0 }
    }
    fn put(&mut self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> PathBuf {
        let at = self.root.join(path);
        std::fs::create_dir_all(at.parent().expect("below the root")).expect("the folder is ours");
        std::fs::write(&at, bytes).expect("the folder is ours");
        self.files += 1;
        at
    }
}

/// A message as programs write it that never saw ours: UTF-8 without saying so, LF, few fields.
fn message(kind: &str, number: &str, rest: &str) -> String {
    format!(
        "MSH|^~\\&|OtherHIS||||20240203101500||{kind}|77|P|2.5\nPID|1||{number}||架空^一郎^^^^^L^I~カクウ^イチロウ^^^^^L^P||19500101|M\n{rest}"
    )
}

#[test]
fn a_storage_made_by_somebody_else_adds_up_and_what_is_repaired_is_taken() {
    let town = Cluster::new(FILE, "a_storage_made_by_somebody_else_adds_up_and_what_is_repaired_is_taken");
    let node = town.set_up(CLINIC, Listen::Nowhere);
    let mut tree = Foreign::new(&town);
    write_foreign(&mut tree);
    // A link to a folder outside of the root, with a record in it that must not be taken in.
    let outside = town.file("outside");
    std::fs::create_dir_all(outside.join("-/ADT-00")).expect("a new folder");
    std::fs::write(
        outside.join("-/ADT-00/00000099_-_ADT-00_1_20240203101500000_-_1"),
        message("ADT^A08", "00000099", ""),
    )
    .expect("written");
    std::os::unix::fs::symlink(&outside, tree.root.join("000/000/00000099")).expect("a link");
    std::os::unix::fs::symlink("/etc/hostname", tree.root.join("000/000/00000012/hostname")).expect("a link");
    tree.files += 2;
    let broken = tree
        .put("000/000/00000012/20240203/OMP-01/00000012_20240203_OMP-01_000000000000003_20240203111500000_01_1", b"");

    node.add_feed(&tree.root);
    let tested = node.cli([OsStr::new("feed"), "test".as_ref(), tree.root.as_os_str()]);
    let scan = node.scan();
    let found = fates(&scan);
    assert_eq!(fates(&tested), found, "a test says what a scan does");
    assert_eq!(found.iter().sum::<u64>(), tree.files, "{scan}");
    let [stored, history, deleted, quarantined, ignored] = found;
    assert!(stored >= 4 && history >= 1 && deleted >= 1 && quarantined >= 4 && ignored >= 3, "{found:?} {scan}");
    assert_eq!(scan["feeds"][0]["ignored_by_reason"]["symbolic link"], 2, "{scan}");
    scan_unchanged(&node, found);
    check_quarantine(&node, quarantined);
    let empty = |node: &Node| {
        let list = node.cli(["feed", "quarantine"]);
        list["items"]
            .as_array()
            .expect("a list")
            .iter()
            .any(|item| item["path"].as_str().is_some_and(|path| broken.ends_with(path)))
    };
    assert!(empty(&node), "the empty file is listed");

    // Nobody of the folder behind the link is known; the patient is, by kanji and by kana of any width.
    assert_eq!(node.cli(["patient", "find", "00000099"])["patients"], serde_json::json!([]));
    for words in [&["架空"][..], &["ｶｸｳ", "イチロウ"], &["00000012"], &["S25.1.1"]] {
        let found = node.cli(["patient", "find"].into_iter().chain(words.iter().copied()));
        assert_eq!(found["patients"][0]["number"], "00000012", "{words:?}: {found}");
    }

    // Retrying without a repair changes nothing; the repaired file is taken.
    assert_eq!(fates(&node.retry()), found);
    let order = "ORC|NW|3\nRXE||101140301^アムロジピン錠５ｍｇ^HOT9|1||TAB^錠^MR9P\nTQ1|||1013044400000000^内服・経口・１日３回朝昼夕食後^JAMISDP01|||14^D\nRXR|PO^口^HL70162\n";
    std::fs::write(&broken, message("RDE^O11^RDE_O11", "00000012", order)).expect("repaired");
    let repaired = fates(&node.retry());
    assert_eq!(repaired, [stored + 1, history, deleted, quarantined - 1, ignored]);
    assert!(!empty(&node), "it left the quarantine");
    scan_unchanged(&node, repaired);
    assert_eq!(node.cli(["audit", "verify"])["ok"], true);
}

/// Good, old, deleted, odd and hopeless files.
fn write_foreign(tree: &mut Foreign) {
    let day = "000/000/00000012/20240203";
    let pid = "00000012";
    let adt = message("ADT^A08^ADT_A01", pid, "");
    tree.put(format!("000/000/{pid}/-/ADT-00/{pid}_-_ADT-00_999999999999999_20240203101500000_-_1"), &adt);
    tree.put(format!("000/000/{pid}/-/ADT-00/{pid}_-_ADT-00_999999999999999_20230203101500000_-_2"), &adt);
    // Folders in the other order of some programs: kind before day.
    let visit = message("ADT^A04^ADT_A01", pid, "EVN||20240203\nPV1|1|O|01\n");
    tree.put(format!("000/000/{pid}/ADT-12/20240203/{pid}_20240203_ADT-12_5_20240203101500000_01_1"), &visit);
    tree.put(format!("{day}/ADT-12/{pid}_20240203_ADT-12_6_20240203101500_01_1.HL7"), &visit);
    let drug = "ORC|NW|1\nRXE||101140301^アムロジピン錠５ｍｇ^HOT9|1||TAB\n";
    let order = message("RDE^O11^RDE_O11", pid, drug);
    tree.put(format!("{day}/OMP-01/{pid}_20240203_OMP-01_000000000000001_20240203101500000_01_1"), &order);
    tree.put(format!("{day}/OMP-01/{pid}_20240203_OMP-01_000000000000002_20240203101500000_01_0"), &order);
    let lab =
        "ORC|SC|9\nOBR|1|9||E001^末梢血^99ZL1|||20240203\nOBX|1|NM|2A020^赤血球数^JC10||450|10*4/uL|380-500|N|||F\n";
    tree.put(
        format!("{day}/OML-11/{pid}_20240203_OML-11_9_20240203101500000_01_1"),
        message("OUL^R22^OUL_R22", pid, lab).replace('\n', "\r\n"),
    );
    // Names with parts missing or too many, another patient's file, flags that nobody knows.
    tree.put(format!("{day}/OMP-01/{pid}_20240203_OMP-01"), &order);
    tree.put(format!("{day}/OMP-01/copy of {pid}_20240203_OMP-01_1_20240203101500000_01_1"), &order);
    tree.put(format!("{day}/OMP-01/00000013_20240203_OMP-01_7_20240203101500000_01_1"), &order);
    tree.put(format!("{day}/OMP-01/{pid}_20240203_OMP-01_8_20240203101500000_01_7"), &order);
    tree.put(format!("{day}/OMP-01/{pid}_20240203_OMP-01_10_20240203101500000_01_1"), "MSH|^~\\&|cut");
    tree.put(format!("{day}/OMP-01/{pid}_20240203_OMP-01_11_20240203101500000_01_1"), [0xff, 0xfe, 0x00, 0x01, 0x02]);
    // Names that are no text.
    tree.put(Path::new(OsStr::from_bytes(b"000/000/00000012/\x93\xfa\x96\x7b/\x83\x81\x83\x82")), "memo");
    // What lies about on shares.
    tree.put("Thumbs.db", [0xd0, 0xcf]);
    tree.put(format!("{day}/.DS_Store"), "x");
    tree.put(format!("{day}/desktop.ini"), "[.ShellClassInfo]");
    tree.put("readme.txt", "how we export");
    tree.put("export/2024/log.csv", "a,b\n");
}
