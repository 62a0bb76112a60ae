//! Creating, replacing, deleting: what a record goes through on disk, and what becomes of it here.
use super::support::{HANAKO, NINES, Node, TARO, Tree, feed_of, lab, master, master_deleted, name, prescription};
use crate::records_read::{RecordId, RecordView};
use protocol::audit::What;
use protocol::fetch::State;
use protocol::ids::PatientRef;
use protocol::kinds::{Coarse, KindSet};
use records::model::Clinical;
use records::ssmix2::Flag;

#[test]
fn every_file_has_one_fate_and_a_second_scan_changes_nothing() {
    let (node, tree) = (Node::new(), Tree::new());
    tree.message(&name(HANAKO.0, "ADT-00", None, NINES, 1), &master(HANAKO));
    let old = name(HANAKO.0, "OMP-01", Some(10), "000000250610011", 2);
    tree.message(&old, &prescription(HANAKO, "000000250610011", 2));
    tree.flag(&old, Flag::Past);
    tree.message(
        &name(HANAKO.0, "OMP-01", Some(10), "000000250610011", 3),
        &prescription(HANAKO, "000000250610011", 1),
    );
    let void = name(HANAKO.0, "OML-11", Some(11), "000000250611001", 4);
    tree.message(&void, &lab(HANAKO, "000000250611001"));
    tree.flag(&void, Flag::Void);
    tree.put(&format!("000/765/{0}/20250610/OML-11/{0}_20250610_OML-11_1_20250610093012123_01_1", TARO.0), b"nothing");
    tree.put("000/123/.DS_Store", b"x");
    tree.put("readme.txt", b"x");
    let report = node.scan(&tree);
    let counts = (report.seen, report.stored, report.history, report.deleted, report.quarantined);
    assert_eq!(counts, (7, 2, 1, 1, 1));
    assert_eq!(report.ignored.values().sum::<u64>(), 2, "{:?}", report.ignored);
    assert_eq!((report.read, report.added, report.patients, report.unchanged), (5, 4, 2, 0));
    assert_eq!((node.told(What::FeedScanned), node.told(What::Quarantined)), (4, 1));
    let again = node.scan_unchanged(&tree);
    let counts = (again.seen, again.stored, again.history, again.deleted, again.quarantined);
    assert_eq!(counts, (7, 2, 1, 1, 1));
    assert_eq!(node.told(What::FeedScanned), 4);
}
#[test]
fn a_newer_file_replaces_the_current_one_and_both_keep_their_bytes() {
    let (node, tree) = (Node::new(), Tree::new());
    let first = name(HANAKO.0, "OMP-01", Some(10), "000000250610011", 2);
    tree.message(&first, &prescription(HANAKO, "000000250610011", 2));
    node.scan(&tree);
    assert_eq!(node.states(1, "OMP-01"), [(2, State::Current)]);
    tree.flag(&first, Flag::Past);
    tree.message(
        &name(HANAKO.0, "OMP-01", Some(10), "000000250610011", 3),
        &prescription(HANAKO, "000000250610011", 1),
    );
    let report = node.scan(&tree);
    assert_eq!((report.stored, report.history, report.read), (1, 1, 1), "a renamed file is not read again");
    assert_eq!(node.states(1, "OMP-01"), [(2, State::History), (3, State::Current)]);
    let rows = node.records().list(&node.staff, PatientRef(1)).expect("rows");
    let drugs = |id: RecordId| {
        let shown = node.records().show(&node.staff, PatientRef(1), id).expect("shown");
        match shown.view {
            RecordView::Clinical { clinical, .. } => match *clinical {
                Clinical::Prescription(prescription) => prescription.groups.iter().map(|group| group.drugs.len()).sum(),
                _ => 0,
            },
            RecordView::Unreadable(why) => panic!("{why}"),
        }
    };
    let mut counts: Vec<usize> = rows.iter().map(|row| drugs(row.id)).collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 2]);
    node.scan_unchanged(&tree);
}
#[test]
fn two_files_with_flag_1_leave_the_newer_one_whatever_order_they_come_in() {
    for order in [[2, 3], [3, 2]] {
        let (node, tree) = (Node::new(), Tree::new());
        for second in order {
            let name = name(HANAKO.0, "OMP-01", Some(10), "000000250610011", second);
            tree.message(&name, &prescription(HANAKO, "000000250610011", usize::from(second)));
            node.scan(&tree);
        }
        assert_eq!(node.states(1, "OMP-01"), [(2, State::History), (3, State::Current)]);
    }
}
#[test]
fn a_deletion_is_shown_as_deleted_and_a_record_made_again_is_alive() {
    let (node, tree) = (Node::new(), Tree::new());
    let first = name(HANAKO.0, "OMP-01", Some(10), "000000250610011", 2);
    tree.message(&first, &prescription(HANAKO, "000000250610011", 1));
    node.scan(&tree);
    let kinds = || node.patients().entry(PatientRef(1)).expect("a patient").kinds();
    assert_eq!(kinds(), KindSet::of(&[Coarse::Prescription]));
    tree.flag(&first, Flag::Void);
    let deletion = prescription(HANAKO, "000000250610011", 1).replace("ORC|NW", "ORC|CA");
    let void = name(HANAKO.0, "OMP-01", Some(10), "000000250610011", 3);
    tree.message(&records::ssmix2::FileName { flag: Flag::Void, ..void }, &deletion);
    let report = node.scan(&tree);
    assert_eq!((report.stored, report.deleted), (0, 2));
    assert_eq!(node.states(1, "OMP-01"), [(2, State::Deleted), (3, State::Deleted)]);
    assert_eq!(kinds(), KindSet::NONE);
    tree.message(
        &name(HANAKO.0, "OMP-01", Some(10), "000000250610011", 4),
        &prescription(HANAKO, "000000250610011", 1),
    );
    node.scan(&tree);
    assert_eq!(node.states(1, "OMP-01"), [(2, State::History), (3, State::History), (4, State::Current)]);
    assert_eq!(kinds(), KindSet::of(&[Coarse::Prescription]));
}
#[test]
fn content_changed_in_place_keeps_what_was_there_before() {
    let (node, tree) = (Node::new(), Tree::new());
    let file = name(HANAKO.0, "OMP-01", Some(10), "000000250610011", 2);
    tree.message(&file, &prescription(HANAKO, "000000250610011", 1));
    node.scan(&tree);
    tree.message(&file, &prescription(HANAKO, "000000250610011", 2));
    let report = node.scan(&tree);
    assert_eq!((report.stored, report.history, report.added), (1, 0, 1));
    let heads = node.heads(1);
    assert_eq!(heads.iter().filter(|head| head.state == State::Current).count(), 1);
    assert_eq!(heads.len(), 2);
    node.scan_unchanged(&tree);
}
#[test]
fn the_newest_master_data_show_the_patient_and_their_deletion_ends_publishing() {
    let (node, tree) = (Node::new(), Tree::new());
    tree.message(&name(HANAKO.0, "OML-11", Some(11), "1", 1), &lab(HANAKO, "1"));
    node.scan(&tree);
    assert_eq!(node.patients().entry(PatientRef(1)).map(|entry| entry.is_master), Some(false));
    let first = name(HANAKO.0, "ADT-00", None, NINES, 2);
    tree.message(&first, &master(HANAKO));
    node.scan(&tree);
    tree.flag(&first, Flag::Past);
    let married = (HANAKO.0, "架空^花子", "カクウ^ハナコ", HANAKO.3);
    let second = name(HANAKO.0, "ADT-00", None, NINES, 3);
    tree.message(&second, &master(married));
    node.scan(&tree);
    assert_eq!((node.finds("架空"), node.finds("見本")), (vec![1], vec![]));
    let second = tree.flag(&second, Flag::Void);
    let third = records::ssmix2::FileName { flag: Flag::Void, ..name(HANAKO.0, "ADT-00", None, NINES, 4) };
    tree.message(&third, &master_deleted(married));
    let first = tree.flag(&records::ssmix2::FileName { flag: Flag::Past, ..first }, Flag::Void);
    node.scan(&tree);
    let entry = node.patients().entry(PatientRef(1)).expect("a patient");
    assert!(entry.is_deleted && entry.published_kinds().is_empty() && !entry.kinds().is_empty());
    // The writer takes everything back: the first file holds again and must be read again.
    tree.flag(&first, Flag::Valid);
    node.scan(&tree);
    assert_eq!((node.finds("見本"), node.finds("架空")), (vec![1], vec![]));
    assert!(!node.patients().entry(PatientRef(1)).expect("a patient").is_deleted);
    assert_eq!(second.flag, Flag::Void);
}
#[test]
fn the_same_record_in_two_volumes_is_one_record() {
    let (node, old, new) = (Node::new(), Tree::new(), Tree::new());
    let first = name(HANAKO.0, "OMP-01", Some(10), "000000250610011", 2);
    for tree in [&old, &new] {
        tree.message(&first, &prescription(HANAKO, "000000250610011", 1));
    }
    assert_eq!((node.scan_as(&old, "STD01").added, node.scan_as(&new, "STD02").added), (1, 0));
    assert_eq!(node.heads(1).len(), 1);
    tree_update(&new, &first);
    node.scan_as(&new, "STD02");
    assert_eq!(node.states(1, "OMP-01"), [(2, State::History), (3, State::Current)]);
    node.scan_as(&old, "STD01");
    assert_eq!(node.states(1, "OMP-01"), [(2, State::History), (3, State::Current)]);
    assert_eq!(node.patients().count(), 1);
}
fn tree_update(tree: &Tree, first: &records::ssmix2::FileName) {
    tree.flag(first, Flag::Past);
    tree.message(
        &name(HANAKO.0, "OMP-01", Some(10), "000000250610011", 3),
        &prescription(HANAKO, "000000250610011", 2),
    );
}
#[test]
fn a_document_is_one_record_of_all_its_files() {
    let (node, tree) = (Node::new(), Tree::new());
    let file = name(HANAKO.0, "DOC-18842-5", Some(10), "77", 2);
    let folder = "^退院サマリ^^18842-5^退院時サマリ^LN";
    let scan = vec![0xFF; 700_000];
    tree.document(&file, folder, "main_document.xml", b"<ClinicalDocument/>");
    tree.document(&file, folder, "images/page1.jpg", &scan);
    let report = node.scan(&tree);
    assert_eq!((report.stored, report.added, report.read), (2, 1, 2));
    let rows = node.records().list(&node.staff, PatientRef(1)).expect("rows");
    assert_eq!((rows.len(), rows[0].title.as_str(), rows[0].kind.as_str()), (1, "退院時サマリ", "DOC-18842-5"));
    let shown = node.records().show(&node.staff, PatientRef(1), rows[0].id).expect("shown");
    let RecordView::Clinical { clinical, .. } = shown.view else { panic!("a document is readable") };
    let Clinical::Document(document) = *clinical else { panic!("a document is a document") };
    assert_eq!((document.main.as_str(), document.files.len()), ("main_document.xml", 2));
    let mut page = Vec::new();
    let at = (PatientRef(1), rows[0].id);
    node.records().write_file_to(&node.staff, at, "images/page1.jpg", &mut page).expect("written");
    assert_eq!(page, scan);
    node.scan_unchanged(&tree);
    tree.document(&file, folder, "images/page2.jpg", b"two");
    let report = node.scan(&tree);
    assert_eq!((report.stored, report.added), (3, 1));
    assert_eq!(node.heads(1).iter().filter(|head| head.state == State::Current).count(), 1);
}
#[test]
fn what_changed_waits_in_the_outbox_until_it_is_published() {
    let (node, tree) = (Node::new(), Tree::new());
    tree.message(&name(HANAKO.0, "ADT-00", None, NINES, 1), &master(HANAKO));
    tree.message(&name(TARO.0, "ADT-00", None, NINES, 1), &master(TARO));
    let ingest = node.ingest();
    ingest.scan(&feed_of(&tree, "main"), &mut |_| {}).expect("a scan");
    let outbox = ingest.outbox();
    let pending = outbox.pending(None, 10);
    assert_eq!(pending.iter().map(|pending| pending.patient.0).collect::<Vec<_>>(), [1, 2]);
    // One changes again before it is published.
    tree.message(&name(HANAKO.0, "OML-11", Some(11), "1", 2), &lab(HANAKO, "1"));
    ingest.scan(&feed_of(&tree, "main"), &mut |_| {}).expect("a scan");
    outbox.published(pending).expect("noted");
    let left = outbox.pending(None, 10);
    assert_eq!(left.iter().map(|pending| pending.patient.0).collect::<Vec<_>>(), [1]);
    outbox.published(left).expect("noted");
    node.scan_unchanged(&tree);
    assert!(outbox.pending(None, 10).is_empty());
}
