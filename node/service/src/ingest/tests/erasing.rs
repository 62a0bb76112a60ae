//! Erasing a patient that feeds brought: nothing of it is left to read, and no scan brings it back.
use super::support::{HANAKO, NINES, NOW, Node, TARO, Tree, master, name, prescription};
use crate::bodies::Body;
use crate::clock::{Clock, HandClock};
use crate::erasing::{EraseError, Eraser};
use crate::staff::Staff;
use protocol::audit::{self, What};
use protocol::data::Space;
use protocol::ids::PatientRef;
use protocol::kinds::Role;
use std::path::Path;
use std::sync::Arc;
use store::{Store, StoreConfig};
use tempfile::TempDir;

fn node_in(folder: TempDir) -> Node {
    let store = Store::open(folder.path(), StoreConfig::new([7; 32])).expect("a store").0;
    let staff = Staff::new("c-1", Role::Clerk).expect("a number");
    let clock: Arc<dyn Clock> = Arc::new(HandClock::at(NOW));
    Node { store: Arc::new(store), clock, folder, staff }
}

fn reopened(node: Node) -> Node {
    let Node { store, folder, .. } = node;
    store.close();
    drop(store);
    node_in(folder)
}

fn erase(node: &Node, patient: u64, reason: &str) -> Result<u64, EraseError> {
    let eraser = Eraser { store: node.store.clone(), folder: node.folder.path(), now: NOW };
    eraser.erase(&node.staff, PatientRef(patient), reason).map(|erased| erased.records)
}

/// Two patients with the same large document, one of them with a file that cannot be read.
fn hospital(tree: &Tree) {
    for person in [HANAKO, TARO] {
        tree.message(&name(person.0, "ADT-00", None, NINES, 1), &master(person));
        let order = "000000250610011";
        tree.message(&name(person.0, "OMP-01", Some(10), order, 2), &prescription(person, order, 2));
        let text = "SCANNED LETTER ".repeat(40_000);
        tree.document(&name(person.0, "XXX", Some(11), "doc1", 3), "-", "letter.pdf", text.as_bytes());
    }
    tree.put(
        &format!("000/123/{0}/20250612/OML-11/{0}_20250612_OML-11_1_20250612093012123_01_1", HANAKO.0),
        b"nothing",
    );
}

fn holds(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|part| part == word.as_bytes())
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => out.extend(files(&path)),
            false => out.extend(std::fs::read(&path).ok()),
        }
    }
    out
}

fn document(node: &Node, patient: u64) -> Option<Vec<u8>> {
    let large = node.heads(patient).into_iter().find(|head| head.size > 100_000)?;
    Body::open(&node.store.view(), node.store.blobs(), PatientRef(patient), large.place).ok()?.bytes(1 << 20).ok()
}

#[test]
fn of_an_erased_patient_nothing_is_readable_and_no_scan_brings_it_back() {
    let (node, tree) = (node_in(TempDir::new().expect("a folder")), Tree::new());
    hospital(&tree);
    let report = node.scan(&tree);
    assert_eq!((report.stored, report.quarantined), (6, 1), "{report:?}");
    let (her, other) = (node.finds(HANAKO.0)[0], node.finds(TARO.0)[0]);
    assert!(holds(&document(&node, her).expect("a document"), "SCANNED LETTER"));
    assert!(matches!(erase(&node, her, " "), Err(EraseError::Reason)));
    assert!(matches!(erase(&node, 9, "no such"), Err(EraseError::NoPatient(_))));
    assert_eq!(erase(&node, her, "asked for by letter 12").expect("erased"), 3);
    assert!(matches!(erase(&node, her, "again"), Err(EraseError::NoPatient(_))));
    let node = reopened(node);
    for _ in 0..2 {
        assert_eq!(node.finds(HANAKO.0), Vec::<u64>::new());
        assert_eq!((node.heads(her), document(&node, her)), (vec![], None));
        assert!(node.ingest().quarantined().is_empty());
        assert!(holds(&document(&node, other).expect("the other's own file"), "SCANNED LETTER"));
        let report = node.scan(&tree);
        assert_eq!((report.stored, report.added, report.quarantined), (3, 0, 0), "{report:?}");
        assert_eq!(report.ignored.get("of a patient who was erased here"), Some(&4), "{:?}", report.ignored);
    }
    assert_eq!(node.told(What::PatientErased), 3);
    audit::verify_log(&node.store.view(), node.store.salt_key()).expect("the log verifies");
    let verified = node.store.verify();
    assert!(verified.is_sound(), "{:?}", verified.damages);
    // With the master key, from everything that was ever written: not her number, not her name.
    let words = [HANAKO.0, "見本", "ミホン"];
    let mut others = 0;
    node.store
        .journal(|write| {
            let value = write.value.unwrap_or_default();
            let names = words.iter().any(|word| holds(&value, word) || holds(&write.key, word));
            assert!(!names, "a value of {:?} names her", write.space);
            others += u64::from(write.space == Space::Patients);
        })
        .expect("a whole journal");
    assert!(others >= 2);
    for bytes in files(node.folder.path()) {
        assert!(!words.iter().chain(&["SCANNED"]).any(|word| holds(&bytes, word)));
    }
}
