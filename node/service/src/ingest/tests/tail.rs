//! Following a transaction storage: what it tells is taken in without a walk, what it does not tell waits for one.
use super::support::{HANAKO, NINES, Node, TARO, Tree, feed_of, lab, master, name, prescription};
use crate::ingest::{Followed, Ingest};
use protocol::fetch::State;
use records::ssmix2::{FileName, Flag};
use std::fs::OpenOptions;
use std::io::Write;
use std::sync::atomic::Ordering;

const FIRST: &str = "2025/TR_20250610000000000_00001.DAT";
const NEXT: &str = "2025/TR_20250611000000000_00001.DAT";

/// Adds to a file of a journal, as its writer does.
fn write(journal: &Tree, file: &str, text: &str) {
    let at = journal.at(file);
    std::fs::create_dir_all(at.parent().expect("a parent")).expect("folders");
    let mut file = OpenOptions::new().create(true).append(true).open(at).expect("a file");
    file.write_all(text.as_bytes()).expect("written");
}
fn header(name: &FileName, action: &str) -> String {
    let date = name.care_date.map_or_else(|| "-".to_owned(), |date| format!("{:08}", date.number()));
    let (patient, kind, key) = (name.patient.expose(), &name.kind, &name.key);
    format!("#SSMIX,2.00,1319999999,{patient},{date},{kind},{key},{action},01,{}\r", name.occurred_at)
}
fn follow(ingest: &Ingest, tree: &Tree, journal: &Tree) -> Followed {
    let followed = ingest.follow(&feed_of(tree, "main"), journal.root(), &mut |_| {}).expect("followed");
    assert!(followed.scan.adds_up());
    followed
}
/// A node that scanned once and knows where the journal ends.
fn begun() -> (Node, Tree, Tree, Ingest) {
    let (node, tree, journal) = (Node::new(), Tree::new(), Tree::new());
    tree.message(&name(HANAKO.0, "ADT-00", None, NINES, 1), &master(HANAKO));
    tree.message(&name(TARO.0, "ADT-00", None, NINES, 1), &master(TARO));
    write(&journal, FIRST, &header(&name(HANAKO.0, "ADT-00", None, NINES, 1), "INS"));
    let ingest = node.ingest();
    assert!(follow(&ingest, &tree, &journal).needs_scan, "a journal that was never read tells nothing");
    ingest.scan(&feed_of(&tree, "main"), &mut |_| {}).expect("a scan");
    (node, tree, journal, ingest)
}

#[test]
fn a_change_is_taken_in_without_a_walk_and_only_its_folder_is_listed() {
    let (node, tree, journal, ingest) = begun();
    assert_eq!(follow(&ingest, &tree, &journal), Followed::default(), "nothing is new");
    let file = name(HANAKO.0, "OMP-01", Some(10), "1", 2);
    tree.message(&file, &prescription(HANAKO, "1", 1));
    // Another change that the journal does not tell.
    tree.message(&name(TARO.0, "OML-11", Some(10), "2", 3), &lab(TARO, "2"));
    write(&journal, FIRST, &(header(&file, "INS") + &prescription(HANAKO, "1", 1)));
    let opened = ingest.inner.opened.load(Ordering::Relaxed);
    let followed = follow(&ingest, &tree, &journal);
    assert_eq!((followed.changes, followed.odd, followed.needs_scan), (1, 0, false));
    assert_eq!((followed.scan.seen, followed.scan.added), (1, 1));
    assert_eq!(ingest.inner.opened.load(Ordering::Relaxed), opened + 1);
    assert_eq!(ingest.last_report(&feed_of(&tree, "main")).map(|last| last.seen), Some(2), "the walk's report stays");
    let scan = node.scan(&tree);
    assert_eq!((scan.read, scan.added, scan.unchanged), (1, 1, 3), "the walk finds what was not told");
}
#[test]
fn an_update_and_a_deletion_are_followed_over_files_and_restarts() {
    let (node, tree, journal, ingest) = begun();
    let first = name(HANAKO.0, "OMP-01", Some(10), "1", 2);
    tree.message(&first, &prescription(HANAKO, "1", 1));
    write(&journal, FIRST, &header(&first, "INS"));
    follow(&ingest, &tree, &journal);
    let first = tree.flag(&first, Flag::Past);
    let second = name(HANAKO.0, "OMP-01", Some(10), "1", 3);
    tree.message(&second, &prescription(HANAKO, "1", 2));
    write(&journal, FIRST, &(header(&second, "DEL") + &header(&second, "INS")));
    // A new process goes on where the last one was.
    let followed = follow(&node.ingest(), &tree, &journal);
    assert_eq!((followed.changes, followed.scan.read), (2, 1), "the renamed file is not read again");
    assert_eq!(node.states(1, "OMP-01"), [(2, State::History), (3, State::Current)]);
    tree.flag(&first, Flag::Void);
    tree.flag(&second, Flag::Void);
    write(&journal, NEXT, &header(&second, "DEL"));
    assert_eq!(follow(&node.ingest(), &tree, &journal).changes, 1);
    assert_eq!(node.states(1, "OMP-01"), [(2, State::Deleted), (3, State::Deleted)]);
}
#[test]
fn a_journal_that_is_ahead_of_its_file_is_looked_at_once_more() {
    let (node, tree, journal, ingest) = begun();
    let file = name(HANAKO.0, "OMP-01", Some(10), "1", 2);
    let line = header(&file, "INS");
    // The line is not written to its end yet: it counts when it is.
    write(&journal, FIRST, &line[..30]);
    assert_eq!(follow(&ingest, &tree, &journal).changes, 0);
    write(&journal, FIRST, &line[30..]);
    assert_eq!((follow(&ingest, &tree, &journal).changes, node.heads(1).len()), (1, 1));
    tree.message(&file, &prescription(HANAKO, "1", 1));
    let followed = follow(&ingest, &tree, &journal);
    assert_eq!((followed.changes, followed.scan.added), (0, 1));
}
#[test]
fn what_a_journal_does_not_tell_clearly_asks_for_a_walk() {
    let (_, tree, journal, ingest) = begun();
    let file = name(HANAKO.0, "OMP-01", Some(10), "1", 2);
    let others = header(&file, "INS").replace("1319999999", "1310000000");
    write(&journal, FIRST, &others);
    let followed = follow(&ingest, &tree, &journal);
    assert_eq!((followed.odd, followed.needs_scan), (1, false), "another facility's");
    write(&journal, FIRST, "#SSMIX,2.00,1319999999,../../etc,20250610,OMP-01,1,INS,01,20250610093002123\n");
    assert!(follow(&ingest, &tree, &journal).needs_scan);
    write(&journal, FIRST, &("x".repeat(3 << 20) + "\r" + &header(&file, "INS")));
    assert_eq!(follow(&ingest, &tree, &journal).changes, 1, "a long line is passed over");
    std::fs::write(journal.at(FIRST), "").expect("cut");
    assert!(follow(&ingest, &tree, &journal).needs_scan, "shorter than it was");
    std::fs::remove_file(journal.at(FIRST)).expect("removed");
    write(&journal, NEXT, &header(&file, "INS"));
    let followed = follow(&ingest, &tree, &journal);
    assert_eq!((followed.needs_scan, followed.changes), (true, 1), "the file that it was at is gone");
}
