//! The way back: what a node took in, written again, byte for byte, and what becomes of it at a second node.
use super::support::{HANAKO, NINES, Node, TARO, Tree, feed_of, lab, master, name, prescription};
use crate::ingest::{ExportError, ExportPart, ExportReport, WithQuarantine};
use protocol::audit::What;
use protocol::fetch::RecordHead;
use records::ssmix2::{FileName, Flag, layout};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const BELOW: &str = "1319999999/main";
const FOLDER: &str = "^退院サマリ^^18842-5^退院時サマリ^LN";

fn part(tree: &Tree) -> ExportPart {
    ExportPart { feed: feed_of(tree, "main"), below: BELOW.into() }
}

impl Node {
    fn try_export(&self, tree: &Tree, to: &Path, with: WithQuarantine) -> Result<ExportReport, ExportError> {
        self.ingest().export(&[part(tree)], to, with, &mut |_| {})
    }
    fn export(&self, tree: &Tree, to: &Path) -> ExportReport {
        self.try_export(tree, to, WithQuarantine::No).expect("an export")
    }
}

/// Every file below a folder by its path.
fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fn walk(root: &Path, at: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in std::fs::read_dir(at).into_iter().flatten().map(|entry| entry.expect("readable").path()) {
            if entry.is_dir() {
                walk(root, &entry, found);
            } else {
                let path = entry.strip_prefix(root).expect("below").to_owned();
                found.insert(path, std::fs::read(&entry).expect("readable"));
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(root, root, &mut found);
    found
}

/// What the list beside an export says.
fn told(report: &ExportReport) -> Vec<(String, String, String)> {
    let text = std::fs::read_to_string(&report.list).expect("the list");
    let row = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let path = fields[3].strip_prefix(&format!("{BELOW}/")).unwrap_or(fields[3]);
        (fields[0].to_owned(), path.to_owned(), fields[4].to_owned())
    };
    text.lines().skip(1).map(row).collect()
}

/// A storage with a bit of everything; its records, and paths that no export can have.
fn everything(tree: &Tree) -> [&'static str; 3] {
    tree.message(&name(HANAKO.0, "ADT-00", None, NINES, 1), &master(HANAKO));
    let old = name(HANAKO.0, "OMP-01", Some(10), "000000250610011", 2);
    tree.message(&old, &prescription(HANAKO, "000000250610011", 2));
    tree.flag(&old, Flag::Past);
    let new = name(HANAKO.0, "OMP-01", Some(10), "000000250610011", 3);
    tree.message(&new, &prescription(HANAKO, "000000250610011", 1));
    let void = name(HANAKO.0, "OML-11", Some(11), "000000250611001", 4);
    tree.message(&void, &lab(HANAKO, "000000250611001"));
    tree.flag(&void, Flag::Void);
    // Large enough to be a blob, in another character set, with another name than ours.
    let odd = layout::relative_path(&name(TARO.0, "OMP-01", Some(12), "7", 5));
    tree.put(&format!("{odd}.hl7"), prescription(TARO, "7", 2_000).as_bytes());
    let document = name(TARO.0, "DOC-18842-5", Some(12), "77", 6);
    for (inner, bytes) in [("main_document.xml", &b"<a/>"[..]), ("pages/1.png", &[7; 70_000]), ("empty.txt", b"")] {
        tree.document(&document, FOLDER, inner, bytes);
    }
    let broken = "000/765/0007654321/20250610/OML-11/0007654321_20250610_OML-11_1_20250610093012123_01_1";
    tree.put(broken, b"nothing");
    tree.put("000/123/.DS_Store", b"x");
    tree.put("readme.txt", b"x");
    [broken, "000/123/.DS_Store", "readme.txt"]
}

#[test]
fn every_file_comes_back_byte_for_byte_and_what_does_not_is_named() {
    let (node, tree, to) = (Node::new(), Tree::new(), TempDir::new().expect("a folder"));
    let not_records = everything(&tree);
    node.scan(&tree);
    let report = node.export(&tree, to.path());
    let (before, after) = (files(tree.root()), files(&to.path().join(BELOW)));
    let missing: Vec<String> =
        before.keys().filter(|path| !after.contains_key(*path)).map(|path| path.display().to_string()).collect();
    let mut named: Vec<String> = told(&report).into_iter().map(|(_, path, _)| path).collect();
    named.sort();
    assert_eq!(missing, named);
    let mut expected = not_records.map(str::to_owned);
    expected.sort();
    assert_eq!(missing, expected);
    assert!(after.iter().all(|(path, bytes)| before.get(path) == Some(bytes)), "every file there is as it was");
    assert_eq!((report.files, report.damaged, report.moved), (after.len() as u64, 0, 0));
    let modified = |root: &Path| {
        let at = root.join(layout::relative_path(&name(HANAKO.0, "ADT-00", None, NINES, 1)));
        super::super::walk::print_of(&std::fs::metadata(at).expect("there"))
    };
    assert_eq!(modified(tree.root()), modified(&to.path().join(BELOW)), "times to the millisecond");
    assert_eq!(node.told(What::Exported), 11, "the log says how much was to leave");
}
#[test]
fn the_quarantine_comes_along_when_asked_for() {
    use std::os::unix::ffi::OsStrExt;
    let (node, tree, to) = (Node::new(), Tree::new(), TempDir::new().expect("a folder"));
    let [broken, ..] = everything(&tree);
    let no_text = Path::new(std::ffi::OsStr::from_bytes(b"000/765/0007654321/\x93\xfa/a\\b_\x8c"));
    let at = tree.root().join(no_text);
    std::fs::create_dir_all(at.parent().expect("a parent")).expect("folders");
    std::fs::write(&at, b"memo").expect("written");
    node.scan(&tree);
    let report = node.try_export(&tree, to.path(), WithQuarantine::Yes).expect("an export");
    let after = files(&to.path().join(BELOW));
    assert_eq!(after.get(Path::new(broken)).map(Vec::as_slice), Some(&b"nothing"[..]));
    assert_eq!(after.get(no_text).map(Vec::as_slice), Some(&b"memo"[..]), "{:?}", told(&report));
    assert_eq!((report.from_quarantine, report.left_out.values().sum::<u64>()), (2, 2));
}

/// Everything that two nodes can have in common of their records.
fn common(head: &RecordHead) -> String {
    let RecordHead { key, at, department, title, digest, size, state, .. } = head;
    format!("{key:?} {} {at:?} {department} {title} {digest:?} {size} {state:?}", key.patient.expose_number())
}
fn all_heads(node: &Node) -> Vec<String> {
    let mut all: Vec<String> = (1..=2).flat_map(|patient| node.heads(patient)).map(|head| common(&head)).collect();
    all.sort();
    all
}

#[test]
fn a_second_node_that_takes_the_export_in_has_the_same_records() {
    let (node, tree, to) = (Node::new(), Tree::new(), TempDir::new().expect("a folder"));
    everything(&tree);
    node.scan(&tree);
    // What the store keeps although its file went: one vanished, two were overwritten, a document changed.
    std::fs::remove_file(tree.at(&layout::relative_path(&FileName {
        flag: Flag::Void,
        ..name(HANAKO.0, "OML-11", Some(11), "000000250611001", 4)
    })))
    .expect("removed");
    let changed = name(HANAKO.0, "OMP-01", Some(10), "000000250610011", 3);
    tree.message(&changed, &prescription(HANAKO, "000000250610011", 7));
    let document = name(TARO.0, "DOC-18842-5", Some(12), "77", 6);
    tree.document(&document, FOLDER, "main_document.xml", b"<b/>");
    node.scan(&tree);
    let report = node.try_export(&tree, to.path(), WithQuarantine::Yes).expect("an export");
    assert_eq!(
        (report.damaged, report.moved),
        (0, 4),
        "one message and three files of a document: {:?}",
        told(&report)
    );

    let second = Node::new();
    let copy = Tree::at_folder(&to.path().join(BELOW));
    let there = second.scan(&copy);
    assert_eq!(all_heads(&second), all_heads(&node));
    assert_eq!(there.seen, report.files);

    let again = TempDir::new().expect("a folder");
    let back = second.try_export(&copy, again.path(), WithQuarantine::Yes).expect("an export");
    assert_eq!(back.moved, 0);
    let sums = |at: &Path| std::fs::read_to_string(at.join("musubi-export/SHA256SUMS")).expect("the sums");
    let sorted = |text: String| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(sums(again.path())), sorted(sums(to.path())));
}
#[test]
fn what_finds_no_free_name_lies_beside_the_storage() {
    let (node, tree, to) = (Node::new(), Tree::new(), TempDir::new().expect("a folder"));
    let file = name(HANAKO.0, "OMP-01", Some(10), "1", 2);
    let texts: Vec<String> = (1..=3).map(|drugs| prescription(HANAKO, "1", drugs)).collect();
    for text in &texts {
        tree.message(&file, text);
        node.scan(&tree);
    }
    let report = node.export(&tree, to.path());
    assert_eq!((report.files, report.moved, report.left_out.len()), (3, 2, 0), "{:?}", told(&report));
    let found: Vec<Vec<u8>> = files(to.path()).into_values().collect();
    for text in texts {
        assert!(found.contains(&records::hl7::encode_iso2022jp(&text)));
    }
}
#[test]
fn a_call_that_was_cut_short_goes_on_and_an_old_export_is_brought_up_to_date() {
    let (node, tree, to) = (Node::new(), Tree::new(), TempDir::new().expect("a folder"));
    everything(&tree);
    node.scan(&tree);
    let whole = node.export(&tree, to.path());
    let own = to.path().join("musubi-export");
    // As if the call had been cut short: the list has no name yet, a file is missing, one is torn.
    std::fs::rename(own.join("SHA256SUMS"), own.join("SHA256SUMS.part")).expect("renamed");
    let after = files(&to.path().join(BELOW));
    let mut paths = after.keys();
    let (first, second) = (paths.next().expect("a file"), paths.next().expect("another"));
    std::fs::remove_file(to.path().join(BELOW).join(first)).expect("removed");
    std::fs::write(to.path().join(BELOW).join(second), b"torn").expect("written");
    let again = node.export(&tree, to.path());
    assert_eq!((again.files, again.same, again.removed), (whole.files, whole.files - 2, 0));
    assert_eq!(files(&to.path().join(BELOW)), after);

    // A flag that changed since: the file under its old name goes.
    let current = name(HANAKO.0, "OMP-01", Some(10), "000000250610011", 3);
    tree.flag(&current, Flag::Void);
    node.scan(&tree);
    let newer = node.export(&tree, to.path());
    assert_eq!((newer.files, newer.removed), (whole.files, 1));
    let there = files(&to.path().join(BELOW));
    assert!(!there.contains_key(Path::new(&layout::relative_path(&current))));
    assert!(there.contains_key(Path::new(&layout::relative_path(&FileName { flag: Flag::Void, ..current }))));
}
#[test]
fn a_folder_with_anything_else_in_it_is_refused_and_stays_as_it_is() {
    let (node, other, tree) = (Node::new(), Node::new(), Tree::new());
    everything(&tree);
    node.scan(&tree);
    let to = TempDir::new().expect("a folder");
    std::fs::write(to.path().join("notes.txt"), b"mine").expect("written");
    let refused = node.try_export(&tree, to.path(), WithQuarantine::No);
    assert!(matches!(refused, Err(ExportError::NotEmpty(_))), "{refused:?}");
    assert_eq!(files(to.path()).len(), 1);
    let of_other = TempDir::new().expect("a folder");
    std::fs::create_dir(of_other.path().join("musubi-export")).expect("made");
    std::fs::write(of_other.path().join("musubi-export/export.json"), b"{\"musubi_export\":1,\"node\":\"00\"}\n")
        .expect("written");
    let refused = other.try_export(&tree, of_other.path(), WithQuarantine::No);
    assert!(matches!(refused, Err(ExportError::NotEmpty(_))), "{refused:?}");
    let within = node.try_export(&tree, &tree.at("new/export"), WithQuarantine::No);
    assert!(matches!(within, Err(ExportError::WithinFeed(_))), "{within:?}");
    assert!(!tree.at("new").exists());
}
