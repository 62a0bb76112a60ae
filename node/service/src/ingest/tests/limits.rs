//! Large and many.
use super::support::{HANAKO, Node, Tree, name, prescription};
use protocol::fetch::Place;
use protocol::ids::PatientRef;

#[test]
fn a_message_too_large_for_a_bundle_comes_back_whole() {
    let (node, tree) = (Node::new(), Tree::new());
    let text = prescription(HANAKO, "000000250610011", 2_000);
    let file = tree.message(&name(HANAKO.0, "OMP-01", Some(10), "000000250610011", 2), &text);
    node.scan(&tree);
    assert!(matches!(node.heads(1)[0].place, Place::Blob { .. }));
    let rows = node.records().list(&node.staff, PatientRef(1)).expect("rows");
    let mut bytes = Vec::new();
    node.records().write_to(&node.staff, PatientRef(1), rows[0].id, &mut bytes).expect("written");
    assert_eq!(bytes, std::fs::read(file).expect("the file"));
}
#[test]
fn many_versions_of_one_record_settle_over_many_batches() {
    let (node, tree) = (Node::new(), Tree::new());
    for second in 0..40u8 {
        let mut file = name(HANAKO.0, "OMP-01", Some(10), "000000250610011", second);
        let text = prescription(HANAKO, "000000250610011", usize::from(second) + 1);
        if second < 39 {
            file.flag = records::ssmix2::Flag::Past;
        }
        tree.message(&file, &text);
    }
    let ingest = node.ingest_in_batches(7);
    let report = ingest.scan(&super::support::feed_of(&tree, "main"), &mut |_| {}).expect("a scan");
    assert!(report.adds_up());
    assert_eq!((report.stored, report.history, report.added), (1, 39, 40));
    let states = node.states(1, "OMP-01");
    assert_eq!(states.iter().filter(|(_, state)| *state == protocol::fetch::State::Current).count(), 1);
    assert_eq!(states[39], (39, protocol::fetch::State::Current));
    node.scan_unchanged(&tree);
}
