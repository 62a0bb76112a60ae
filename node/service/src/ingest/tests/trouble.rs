//! Bad input and bad luck: a reason for each, and nothing lost.
use super::support::NOW;
use super::support::{HANAKO, NINES, Node, TARO, Tree, feed_of, lab, master, name, prescription};
use crate::clock::Clock;
use crate::ingest::{BatchLimits, Ingest, QuarantineReason, Retry, ScanError};
use protocol::audit::What;
use protocol::clock::Trust;
use protocol::fetch::State;
use protocol::time::Millis;
use records::ssmix2::layout;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

#[test]
fn what_cannot_be_read_is_copied_with_its_reason_and_leaves_when_it_is_whole() {
    let (node, tree) = (Node::new(), Tree::new());
    let file = name(HANAKO.0, "OMP-01", Some(10), "000000250610011", 2);
    tree.put(&layout::relative_path(&file), b"MSH|^~\\&|HIS");
    assert_eq!(node.scan(&tree).quarantined, 1);
    let ingest = node.ingest();
    let items = ingest.quarantined();
    assert_eq!(items.len(), 1);
    assert!(matches!(items[0].reason, QuarantineReason::Content(_)), "{:?}", items[0]);
    let copy = ingest.quarantine_copy(&items[0]).expect("a copy");
    assert_eq!(std::fs::read(&copy).expect("the copy"), b"MSH|^~\\&|HIS");
    let note = std::fs::read_to_string(copy.with_extension("txt")).expect("the note");
    assert!(!note.contains(HANAKO.0) && note.contains("1319999999"), "{note}");
    node.scan_unchanged(&tree);
    // Trying again without a change changes nothing either.
    let again = ingest.retry(&feed_of(&tree, "main"), &mut |_| {}).expect("a scan");
    assert_eq!((again.quarantined, again.read), (1, 1));
    assert_eq!((node.told(What::Quarantined), ingest.quarantined().len()), (1, 1));
    tree.message(&file, &prescription(HANAKO, "000000250610011", 1));
    let report = node.scan(&tree);
    assert_eq!((report.stored, report.quarantined), (1, 0));
    assert!(node.ingest().quarantined().is_empty());
    assert!(copy.exists() && copy.with_extension("resolved.txt").exists(), "what came first is kept");
}
#[test]
fn another_patient_in_the_message_than_in_the_path_never_becomes_visible() {
    let (node, tree) = (Node::new(), Tree::new());
    tree.message(&name(HANAKO.0, "OML-11", Some(10), "1", 2), &lab(TARO, "1"));
    tree.message(&name(TARO.0, "ADT-00", None, NINES, 2), &master(TARO));
    let report = node.scan(&tree);
    assert_eq!((report.quarantined, report.stored), (1, 1));
    assert_eq!(node.patients().count(), 1);
    assert!(node.heads(2).is_empty());
}
#[test]
fn misplaced_files_wait_in_quarantine_and_leave_it_when_they_are_moved() {
    let (node, tree) = (Node::new(), Tree::new());
    let file = name(HANAKO.0, "OML-11", Some(10), "1", 2);
    let right = tree.message(&file, &lab(HANAKO, "1"));
    let wrong = tree.at(&layout::file_name(&file));
    std::fs::rename(&right, &wrong).expect("moved");
    assert_eq!(node.scan(&tree).quarantined, 1);
    std::fs::rename(&wrong, &right).expect("moved back");
    let report = node.scan(&tree);
    assert_eq!((report.stored, report.quarantined, report.seen), (1, 0, 1));
    assert!(node.ingest().quarantined().is_empty());
    node.scan_unchanged(&tree);
}
#[cfg(unix)]
#[test]
fn symbolic_links_are_not_followed() {
    let (node, tree, outside) = (Node::new(), Tree::new(), Tree::new());
    let file = name(HANAKO.0, "OML-11", Some(10), "1", 2);
    let target = outside.message(&file, &lab(HANAKO, "1"));
    let link = tree.put(&layout::relative_path(&file), b"");
    std::fs::remove_file(&link).expect("removed");
    std::os::unix::fs::symlink(&target, &link).expect("a link");
    std::os::unix::fs::symlink(outside.root(), tree.at("elsewhere")).expect("a link");
    let report = node.scan(&tree);
    assert_eq!((report.seen, report.stored, report.read), (2, 0, 0));
    assert_eq!(report.ignored.get("symbolic link"), Some(&2));
}
#[test]
fn a_root_that_is_away_deletes_nothing() {
    let (node, tree) = (Node::new(), Tree::new());
    tree.message(&name(HANAKO.0, "OML-11", Some(10), "1", 2), &lab(HANAKO, "1"));
    node.scan(&tree);
    let feed = feed_of(&tree, "main");
    drop(tree);
    assert!(matches!(node.ingest().scan(&feed, &mut |_| {}), Err(ScanError::Root { .. })));
    assert_eq!(node.states(1, "OML-11"), [(2, State::Current)]);
}
#[test]
fn files_that_vanish_leave_their_records() {
    let (node, tree) = (Node::new(), Tree::new());
    let file = tree.message(&name(HANAKO.0, "OML-11", Some(10), "1", 2), &lab(HANAKO, "1"));
    tree.message(&name(HANAKO.0, "OML-11", Some(10), "2", 3), &lab(HANAKO, "2"));
    node.scan(&tree);
    std::fs::remove_file(file).expect("removed");
    let report = node.scan(&tree);
    assert_eq!((report.seen, report.stored, report.vanished), (1, 1, 1));
    assert_eq!(node.states(1, "OML-11"), [(2, State::Current), (3, State::Current)]);
}
/// Stops a scan when it asks for the time so often: at any unit, by whichever worker.
struct StopClock {
    asked: AtomicU64,
    cut: u64,
    ingest: OnceLock<Ingest>,
}

impl Clock for StopClock {
    fn now(&self) -> Millis {
        if self.asked.fetch_add(1, Ordering::Relaxed) == self.cut
            && let Some(ingest) = self.ingest.get()
        {
            ingest.stop();
        }
        NOW
    }
    fn trust(&self) -> Trust {
        Trust::Sound
    }
}

#[test]
fn a_scan_that_was_cut_goes_on_where_it_was_and_the_counts_add_up() {
    let tree = Tree::new();
    for patient in 0..6u32 {
        let number = format!("00012345{patient:02}");
        let person = (number.as_str(), "見本^花子", "ミホン^ハナコ", "19580312");
        tree.message(&name(&number, "ADT-00", None, NINES, 1), &master(person));
        for order in 1..=4u8 {
            let key = format!("{order:015}");
            tree.message(&name(&number, "OMP-01", Some(order), &key, order), &prescription(person, &key, 1));
        }
    }
    let whole = Node::new();
    let expect = whole.scan(&tree);
    assert_eq!((expect.stored, expect.added), (30, 30));
    for cut in [2, 5, 12, 25, 33] {
        let node = Node::new();
        let clock = Arc::new(StopClock { asked: AtomicU64::new(0), cut, ingest: OnceLock::new() });
        let limits = BatchLimits { files: 3, bytes: 8 << 20 };
        let ingest = Ingest::with_limits(node.store.clone(), clock.clone(), node.folder.path(), limits);
        let _ = clock.ingest.set(ingest.clone());
        let stopped = ingest.scan(&feed_of(&tree, "main"), &mut |_| {});
        assert!(matches!(stopped, Err(ScanError::Stopped)), "{stopped:?}");
        let rest = node.ingest_in_batches(3).scan_with(&feed_of(&tree, "main"), Retry::Changed, &mut |_| {});
        let rest = rest.expect("the rest");
        assert!(rest.adds_up());
        assert_eq!((rest.seen, rest.stored), (30, 30));
        assert_eq!(node.told(What::FeedScanned), 30, "the log tells every record once");
        assert_eq!(node.patients().count(), 6);
        for patient in 1..=6 {
            assert_eq!(node.heads(patient).len(), 5);
            assert!(node.heads(patient).iter().all(|head| head.state == State::Current));
        }
        node.scan_unchanged(&tree);
    }
}
#[test]
fn one_feed_is_scanned_once_at_a_time() {
    let (node, tree) = (Node::new(), Tree::new());
    tree.message(&name(HANAKO.0, "OML-11", Some(10), "1", 2), &lab(HANAKO, "1"));
    let (ingest, feed) = (node.ingest(), feed_of(&tree, "main"));
    let mut second = None;
    ingest
        .scan(&feed, &mut |_| {
            second.get_or_insert_with(|| ingest.scan(&feed, &mut |_| {}).map(drop));
        })
        .expect("the first");
    assert!(matches!(second, Some(Err(ScanError::Running(_)))));
}
