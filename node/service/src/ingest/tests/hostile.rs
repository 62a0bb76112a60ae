//! What lies about in storages and must not stop a scan, fill the memory or lead elsewhere: refused or put aside with a reason.
use super::support::{HANAKO, NINES, Node, Tree, feed_of, lab, master, name, prescription};
use crate::ingest::crew;
use crate::ingest::limits::{FOLDER_DEPTH_MAX, UNIT_FILES_MAX};
use crate::ingest::quarantine::Quarantine;
use crate::ingest::read::{Reader, Root};
use crate::ingest::scan::Retry;
use crate::ingest::walk::again;
use crate::ingest::worker::{Counts, Job};
use crate::ingest::{Ingest, ScanReport};
use protocol::fetch::State;
use records::ssmix2::layout;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::atomic::Ordering;

const DAY: &str = "000/123/0001234567/20250610";

/// Why each file in quarantine is there, by the end of its path.
fn reason(node: &Node, end: &str) -> String {
    let items = node.ingest().quarantined();
    let found = items.iter().find(|item| item.path.expose().ends_with(end));
    found.unwrap_or_else(|| panic!("{end:?} is not in quarantine")).reason.to_string()
}
/// The good record beside the bad ones is there.
#[track_caller]
fn good_is_there(node: &Node) {
    assert_eq!(node.finds("見本").len(), 1, "the scan went on");
}
fn with_good() -> (Node, Tree) {
    let (node, tree) = (Node::new(), Tree::new());
    tree.message(&name(HANAKO.0, "ADT-00", None, NINES, 1), &master(HANAKO));
    (node, tree)
}

#[test]
fn names_with_path_tricks_and_names_that_are_no_text_are_put_aside() {
    let (node, tree) = with_good();
    let tail = "_20250610_OMP-01_1_20250610093012123_01_1";
    let put = |file: &[u8]| {
        let at = tree.at(&format!("{DAY}/OMP-01")).join(OsStr::from_bytes(file));
        fs::create_dir_all(at.parent().expect("a parent")).expect("folders");
        fs::write(at, prescription(HANAKO, "1", 1)).expect("written");
    };
    put(format!("{}\\..\\..{tail}", HANAKO.0).as_bytes());
    put(format!("C:{}{tail}", HANAKO.0).as_bytes());
    put(b"CON");
    put(format!("{}{tail}\n", HANAKO.0).as_bytes());
    put(&[HANAKO.0.as_bytes(), b"_\x93\xfa", tail.as_bytes()].concat());
    put("x".repeat(255).as_bytes());
    let report = node.scan(&tree);
    assert_eq!((report.seen, report.stored, report.quarantined), (7, 1, 6), "{report:?}");
    assert!(reason(&node, "CON").contains("no storage may have"));
    good_is_there(&node);
    node.scan_unchanged(&tree);
}
#[test]
fn pipes_sockets_and_links_are_ignored_and_never_opened() {
    let (node, tree) = with_good();
    let outside = tempfile::TempDir::new().expect("a folder");
    fs::write(outside.path().join("secret"), b"x").expect("written");
    let day = tree.at(DAY);
    fs::create_dir_all(day.join("OMP-01")).expect("folders");
    let pipe = day.join("OMP-01/pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).expect("a pipe");
    let _socket = UnixListener::bind(day.join("s")).expect("a socket");
    symlink(outside.path(), tree.at("000/123/0001234568")).expect("a link");
    symlink(outside.path().join("secret"), day.join("OMP-01/link")).expect("a link");
    symlink("../../../..", day.join("up")).expect("a link");
    symlink("/dev/zero", day.join("OMP-01/zero")).expect("a link");
    let ingest = node.ingest();
    let report = ingest.scan(&feed_of(&tree, "main"), &mut |_| {}).expect("a scan");
    assert!(report.adds_up());
    assert_eq!(
        (report.seen, report.stored, report.ignored["symbolic link"], report.ignored["not a file"]),
        (7, 1, 4, 2)
    );
    assert_eq!(ingest.inner.opened.load(Ordering::Relaxed), 1, "only the message was opened");
    good_is_there(&node);
}
#[test]
fn empty_and_enormous_files_are_put_aside_without_being_read() {
    let (node, tree) = with_good();
    let big = layout::relative_path(&name(HANAKO.0, "OML-11", Some(10), "1", 2));
    let file = File::create(tree.put(&big, b"MSH|")).expect("a file");
    file.set_len(1 << 30).expect("a file with a hole");
    let kind = "^退院サマリ^^18842-5^退院時サマリ^LN";
    let document = name(HANAKO.0, "DOC-18842-5", Some(10), "2", 3);
    let file = File::create(tree.document(&document, kind, "scan.tiff", b"")).expect("a file");
    file.set_len((1 << 30) + 1).expect("a file with a hole");
    tree.put(&layout::relative_path(&name(HANAKO.0, "OML-11", Some(10), "3", 4)), b"");
    let ingest = node.ingest();
    let report = ingest.scan(&feed_of(&tree, "main"), &mut |_| {}).expect("a scan");
    assert!(report.adds_up());
    assert_eq!((report.seen, report.stored, report.quarantined), (4, 1, 3));
    assert!(reason(&node, &big).contains("more than the 33554432 that are read"));
    assert!(reason(&node, "scan.tiff").contains("more than"));
    let copies: u64 = fs::read_dir(node.folder.path().join("quarantine"))
        .expect("a folder")
        .map(|entry| entry.expect("readable").metadata().expect("there").len())
        .sum();
    assert!(copies < 100_000, "no copy of a file that is not read: {copies} bytes");
    good_is_there(&node);
}
#[test]
fn a_message_of_a_million_fields_and_a_bomb_of_escapes_do_not_stop_a_scan() {
    let (node, tree) = with_good();
    let wide = prescription(HANAKO, "1", 1) + "ZZZ" + &"|a".repeat(1_000_000) + "\r";
    tree.message(&name(HANAKO.0, "OMP-01", Some(10), "1", 2), &wide);
    let deep = lab(HANAKO, "2") + "NTE|1||" + &"\\X0D\\\\F\\\\.br\\".repeat(200_000) + "\r";
    tree.message(&name(HANAKO.0, "OML-11", Some(10), "2", 3), &deep);
    let mut runs = master(HANAKO).into_bytes();
    runs.extend_from_slice(&b"\x1b$B\x1b(B".repeat(300_000));
    tree.put(&layout::relative_path(&name(HANAKO.0, "ADT-00", None, NINES, 4)), &runs);
    let segments = prescription(HANAKO, "5", 1) + &"NTE\r".repeat(500_000);
    tree.message(&name(HANAKO.0, "OMP-01", Some(10), "5", 5), &segments);
    let report = node.scan(&tree);
    assert_eq!(report.seen, 5, "{report:?}");
    assert_eq!(report.stored + report.history + report.quarantined, 5, "{report:?}");
    good_is_there(&node);
    node.scan_unchanged(&tree);
}
#[test]
fn more_files_than_a_unit_may_have_and_folders_too_deep_are_counted() {
    let (node, tree) = with_good();
    let folder = tree.at(&format!("{DAY}/OMP-01"));
    fs::create_dir_all(&folder).expect("folders");
    for number in 0..UNIT_FILES_MAX + 50 {
        fs::write(folder.join(format!("{number}.tmp")), b"").expect("written");
    }
    let mut deep = tree.at("000/123/0001234567/20250611");
    (0..FOLDER_DEPTH_MAX + 2).for_each(|_| deep.push("d"));
    fs::create_dir_all(&deep).expect("folders");
    fs::write(deep.join("x"), b"x").expect("written");
    let report = node.scan(&tree);
    assert_eq!(report.ignored["beyond the limit of files in one folder"], 50);
    assert_eq!(report.ignored["beyond the limit of folders within each other"], 1);
    assert_eq!(report.ignored["temporary or backup file"], UNIT_FILES_MAX as u64);
    good_is_there(&node);
}

/// Scans what was listed before the tree changed: as if a writer had been at work between listing and reading.
fn scan_between(ingest: &Ingest, tree: &Tree, unit: &str, change: impl FnOnce()) -> ScanReport {
    let feed = feed_of(tree, "main");
    let root = Root::open_at(tree.root()).expect("a root");
    let listed = again(&root.path, unit);
    change();
    fs::create_dir_all(&ingest.inner.quarantine).expect("a folder");
    let inner = &*ingest.inner;
    let reader =
        Reader { root: &root, feed: &feed, salt: &inner.salt, blobs: ingest.store.blobs(), opened: &inner.opened };
    let quarantine = Quarantine { folder: &inner.quarantine, salt: &inner.salt, feed: &feed };
    let counts = Counts::default();
    let (reader, quarantine) = (&reader, &quarantine);
    let job = Job { ingest, feed: &feed, retry: Retry::Changed, reader, quarantine, counts, has_erased: false };
    let walk =
        |each: &mut dyn FnMut(crate::ingest::walk::Unit) -> Result<(), crate::ingest::walk::WalkError>| each(listed);
    let worked = crew::work(&job, walk, &mut |_| {});
    let Ok((mut whole, _)) = worked else { panic!("the scan ended early") };
    whole.commit(None).map(drop).expect("committed");
    assert!(whole.report.adds_up());
    whole.report
}

#[test]
fn a_file_that_grows_between_listing_and_reading_is_stored_whole_and_once() {
    let (node, tree) = with_good();
    let file = name(HANAKO.0, "OMP-01", Some(10), "1", 2);
    let (half, whole) = (prescription(HANAKO, "1", 1), prescription(HANAKO, "1", 3));
    tree.message(&file, &half);
    let report = scan_between(&node.ingest(), &tree, DAY, || drop(tree.message(&file, &whole)));
    assert_eq!((report.seen, report.stored, report.history, report.quarantined), (1, 1, 0, 0));
    let heads = node.heads(1);
    assert_eq!(heads.len(), 1, "nothing of the half is stored");
    assert_eq!(heads[0].size, records::hl7::encode_iso2022jp(&whole).len() as u64);
}
#[test]
fn an_update_between_listing_and_reading_is_seen_as_it_is_in_the_end() {
    let (node, tree) = with_good();
    let first = name(HANAKO.0, "OMP-01", Some(10), "1", 2);
    tree.message(&first, &prescription(HANAKO, "1", 1));
    let report = scan_between(&node.ingest(), &tree, DAY, || {
        tree.flag(&first, records::ssmix2::Flag::Past);
        tree.message(&name(HANAKO.0, "OMP-01", Some(10), "1", 3), &prescription(HANAKO, "1", 2));
    });
    assert_eq!((report.seen, report.stored, report.history, report.vanished), (2, 1, 1, 0));
    assert_eq!(node.states(1, "OMP-01"), [(2, State::History), (3, State::Current)]);
}
#[test]
fn a_document_that_changes_under_the_reader_is_stored_as_it_is_in_the_end() {
    let (node, tree) = with_good();
    let document = name(HANAKO.0, "DOC-18842-5", Some(10), "2", 3);
    let kind = "^退院サマリ^^18842-5^退院時サマリ^LN";
    tree.document(&document, kind, "main_document.xml", b"<a");
    let report = scan_between(&node.ingest(), &tree, DAY, || {
        tree.document(&document, kind, "main_document.xml", b"<a/>");
        tree.document(&document, kind, "page.png", b"PNG");
    });
    assert_eq!((report.seen, report.stored, report.quarantined), (2, 2, 0));
    assert_eq!(node.heads(1).len(), 1, "one document");
}
#[test]
fn a_scan_of_an_unchanged_tree_opens_no_file_with_many_patients_and_workers() {
    let (node, tree) = (Node::new(), Tree::new());
    for patient in 0..60u32 {
        let number = format!("{patient:010}");
        let person = (number.as_str(), "見本^花子", "ミホン^ハナコ", "19580312");
        tree.message(&name(&number, "ADT-00", None, NINES, 1), &master(person));
        for day in 1..=3u8 {
            tree.message(&name(&number, "OMP-01", Some(day), "1", day), &prescription(person, "1", 1));
        }
    }
    let ingest = node.ingest_in_batches(25);
    let feed = feed_of(&tree, "main");
    let report = ingest.scan(&feed, &mut |_| {}).expect("a scan");
    assert!(report.adds_up());
    assert_eq!((report.seen, report.stored, report.added, report.patients), (240, 240, 240, 60));
    assert_eq!((report.patients_changed, ingest.inner.opened.load(Ordering::Relaxed)), (60, 240));
    let mut told = Vec::new();
    let again = ingest.scan(&feed, &mut |progress| told.push(progress.seen)).expect("a scan");
    assert_eq!((again.seen, again.unchanged, again.read, again.added), (240, 240, 0, 0));
    assert_eq!(ingest.inner.opened.load(Ordering::Relaxed), 240, "not one more was opened");
    assert_eq!(told.last(), Some(&240));
    assert!(told.is_sorted());
}
#[test]
fn a_pipe_in_the_place_of_a_listed_file_is_not_waited_for() {
    let (node, tree) = with_good();
    let at = tree.message(&name(HANAKO.0, "OMP-01", Some(10), "1", 2), &prescription(HANAKO, "1", 1));
    let report = scan_between(&node.ingest(), &tree, DAY, || {
        fs::remove_file(&at).expect("removed");
        rustix::fs::mkfifoat(rustix::fs::CWD, Path::new(&at), rustix::fs::Mode::RWXU).expect("a pipe");
    });
    assert_eq!((report.seen, report.stored), (1, 0), "{report:?}");
    assert_eq!(report.quarantined + report.ignored.values().sum::<u64>(), 1);
}
