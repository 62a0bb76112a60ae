//! The conformance suite: what both backends must do alike.
use super::*;
use proptest::prelude::*;
use protocol::data::{MemoryView, View, Write};

fn both(check: impl Fn(&dyn Db)) {
    check(&MapDb::default());
    let folder = tempfile::tempdir().unwrap();
    check(&SledDb::open(&folder.path().join("db"), 1 << 20).unwrap());
}

fn put(key: &str, value: &str) -> Change {
    (key.into(), Some(value.into()))
}

#[test]
fn a_later_change_to_the_same_key_wins() {
    both(|db| {
        db.apply(vec![(Space::Jobs, vec![put("k", "1"), put("k", "2")])]).unwrap();
        assert_eq!(db.get(Space::Jobs, b"k").unwrap(), Some(b"2".to_vec()));
        db.apply(vec![(Space::Jobs, vec![put("k", "3"), ("k".into(), None)])]).unwrap();
        assert_eq!(db.get(Space::Jobs, b"k").unwrap(), None);
    });
}

#[test]
fn spaces_do_not_see_each_other() {
    both(|db| {
        db.apply(vec![(Space::Jobs, vec![put("k", "jobs")]), (Space::Letters, vec![put("k", "letters")])]).unwrap();
        assert_eq!(db.get(Space::Jobs, b"k").unwrap(), Some(b"jobs".to_vec()));
        assert_eq!(db.scan(Space::Letters, b"", b"", 9).unwrap(), vec![(b"k".to_vec(), b"letters".to_vec())]);
        assert_eq!(db.get(Space::Desk, b"k").unwrap(), None);
    });
}

#[test]
fn a_scan_keeps_order_prefix_start_and_limit() {
    both(|db| {
        let keys = ["a", "b1", "b2", "b3", "b\u{7f}", "c"];
        db.apply(vec![(Space::Records, keys.map(|key| put(key, key)).to_vec())]).unwrap();
        let scan = |prefix: &str, from: &str, limit| -> Vec<String> {
            let found = db.scan(Space::Records, prefix.as_bytes(), from.as_bytes(), limit).unwrap();
            found.into_iter().map(|(key, _)| String::from_utf8(key).unwrap()).collect()
        };
        assert_eq!(scan("b", "", 9), ["b1", "b2", "b3", "b\u{7f}"]);
        assert_eq!(scan("b", "b2", 9), ["b2", "b3", "b\u{7f}"]);
        assert_eq!(scan("b", "a", 2), ["b1", "b2"]);
        assert_eq!(scan("b", "c", 9), [""; 0]);
        assert_eq!(scan("", "b3", 9), ["b3", "b\u{7f}", "c"]);
        assert_eq!(scan("", "", 0), [""; 0]);
    });
}

#[test]
fn empty_and_large_values_come_back() {
    both(|db| {
        let large = vec![7; 300_000];
        db.apply(vec![(Space::Bodies, vec![("e".into(), Some(vec![])), ("l".into(), Some(large.clone()))])]).unwrap();
        assert_eq!(db.get(Space::Bodies, b"e").unwrap(), Some(vec![]));
        assert_eq!(db.get(Space::Bodies, b"l").unwrap(), Some(large.clone()));
    });
}

#[test]
fn sled_keeps_its_pairs_over_a_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let db = SledDb::open(&path, 1 << 20).unwrap();
    db.apply(vec![(Space::Staff, vec![put("k", "v")])]).unwrap();
    db.flush().unwrap();
    drop(db);
    let db = SledDb::open(&path, 1 << 20).unwrap();
    assert_eq!(db.get(Space::Staff, b"k").unwrap(), Some(b"v".to_vec()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn both_backends_agree_with_the_view_of_the_core(
        batches in proptest::collection::vec(
            proptest::collection::vec((0u8..3, proptest::collection::vec(0u8..4, 0..4), any::<Option<u8>>()), 0..20), 1..8),
        prefix in proptest::collection::vec(0u8..4, 0..2),
        from in proptest::collection::vec(0u8..4, 0..3),
        limit in 0usize..12,
    ) {
        let mut model = MemoryView::default();
        let folder = tempfile::tempdir().unwrap();
        let map = MapDb::default();
        let sled = SledDb::open(&folder.path().join("db"), 1 << 20).unwrap();
        for batch in batches {
            for (space, key, value) in batch {
                let (space, value) = (Space::from_code(space).unwrap(), value.map(|v| vec![v]));
                model.apply(&[Write { space, key: key.clone(), value: value.clone() }]);
                map.apply(vec![(space, vec![(key.clone(), value.clone())])]).unwrap();
                sled.apply(vec![(space, vec![(key, value)])]).unwrap();
            }
        }
        for space in Space::ALL {
            let expect = model.scan(space, &prefix, &from, limit);
            prop_assert_eq!(&map.scan(space, &prefix, &from, limit).unwrap(), &expect);
            prop_assert_eq!(&sled.scan(space, &prefix, &from, limit).unwrap(), &expect);
        }
    }
}
