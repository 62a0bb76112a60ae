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

/// The numbers of the files of large values in a folder.
fn packs_in(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = entries.filter(|path| path.to_string_lossy().contains("values-")).collect();
    found.sort();
    found
}

#[test]
fn values_beside_sled_come_back_alone_and_in_scans_whatever_their_length() {
    both(|db| {
        let sizes = [0, 1, 15, 16, 17, 127, 128, 1_023, 1_024, 70_000];
        for space in [Space::Records, Space::Desk] {
            let changes = sizes.iter().map(|size| (format!("{size:06}").into_bytes(), Some(vec![*size as u8; *size])));
            db.apply(vec![(space, changes.collect())]).unwrap();
            let found = db.scan(space, b"", b"", 99).unwrap();
            assert_eq!(found.iter().map(|(_, value)| value.len()).collect::<Vec<_>>(), sizes);
            for (key, value) in found {
                assert!(value.iter().all(|byte| *byte == value.len() as u8));
                assert_eq!(db.get(space, &key).unwrap(), Some(value));
            }
        }
        db.apply(vec![(Space::Records, vec![("070000".into(), None), ("001024".into(), Some(vec![9; 300]))])]).unwrap();
        assert_eq!(db.get(Space::Records, b"070000").unwrap(), None);
        assert_eq!(db.get(Space::Records, b"001024").unwrap(), Some(vec![9; 300]));
    });
}

#[test]
fn a_cut_or_missing_file_of_large_values_is_damage_and_never_nothing_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let change = |key: &str| (key.as_bytes().to_vec(), Some(vec![1; 4_000]));
    let db = SledDb::open(&path, 1 << 20).unwrap();
    db.apply(vec![(Space::Bodies, vec![change("a"), change("b")])]).unwrap();
    db.flush().unwrap();
    drop(db);
    let pack = packs_in(&path).pop().unwrap();
    std::fs::OpenOptions::new().write(true).open(&pack).unwrap().set_len(6_000).unwrap();
    let db = SledDb::open(&path, 1 << 20).unwrap();
    assert!(db.get(Space::Bodies, b"a").unwrap().is_some());
    assert!(matches!(db.get(Space::Bodies, b"b"), Err(DbError::Damaged(_))));
    assert!(matches!(db.scan(Space::Bodies, b"", b"", 9), Err(DbError::Damaged(_))));
    drop(db);
    std::fs::remove_file(&pack).unwrap();
    let db = SledDb::open(&path, 1 << 20).unwrap();
    assert!(matches!(db.get(Space::Bodies, b"a"), Err(DbError::Damaged(_))));
}

#[test]
fn room_of_values_that_are_gone_is_given_back_and_the_others_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let db = SledDb::open(&path, 1 << 20).unwrap();
    let value = |number: u32| vec![number as u8; 1 << 20];
    let change = |number: u32| (number.to_be_bytes().to_vec(), Some(value(number)));
    for number in 0..150 {
        db.apply(vec![(Space::Bodies, vec![change(number)])]).unwrap();
    }
    assert_eq!((packs_in(&path).len(), db.tidy().unwrap()), (3, 0), "all is alive");
    let removals = (0..60u32).map(|number| (number.to_be_bytes().to_vec(), None)).collect();
    db.apply(vec![(Space::Bodies, removals)]).unwrap();
    assert!(db.tidy().unwrap() > 60 << 20);
    assert_eq!(packs_in(&path).len(), 2, "what was alive in the first moved");
    drop(db);
    let db = SledDb::open(&path, 1 << 20).unwrap();
    for number in 0..150u32 {
        let found = db.get(Space::Bodies, &number.to_be_bytes()).unwrap();
        assert_eq!(found, (number >= 60).then(|| value(number)), "{number}");
    }
    db.apply(vec![(Space::Bodies, vec![change(1)])]).unwrap();
    assert_eq!(db.get(Space::Bodies, &1u32.to_be_bytes()).unwrap(), Some(value(1)), "and it goes on");
}
