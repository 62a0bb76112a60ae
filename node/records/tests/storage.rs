//! A small storage from walk to records: every file has exactly one fate, and unchanged trees give no work.
use protocol::kinds::DataKind;
use protocol::time::{Date, Millis};
use records::hl7::{Stamp, encode_iso2022jp};
use records::ssmix2::cursor::{Change, Listing, diff};
use records::ssmix2::flags::{Settled, State, Version, settle};
use records::ssmix2::{Class, FileName, Flag, Identity, OccurredAt, classify, layout};
use records::{Parsed, parse_file};
use std::collections::BTreeMap;

const PATIENT: &str = "0000700021";

fn name(kind: &str, key: &str, minute: u8, flag: Flag) -> FileName {
    let kind = DataKind::parse(kind).expect("a kind");
    FileName {
        patient: PATIENT.to_owned().into(),
        care_date: if kind.is_whole_state() { None } else { Date::new(2024, 4, 5) },
        kind,
        key: key.to_owned(),
        occurred_at: OccurredAt::parse(&format!("202404051015{minute:02}000")).expect("digits").0,
        department: "06".to_owned(),
        flag,
    }
}

fn meal(patient: &str) -> Vec<u8> {
    let lines = [
        "MSH|^~\\&|EMR|9910000017|||20240405101530||OMD^O03^OMD_O03|1|P|2.5||||||~ISO IR87||ISO 2022-1994".to_owned(),
        format!("PID|1||{patient}^^^^PI||橋本^日向^^^^^L^I~ハシモト^ヒナタ^^^^^L^P||19410927|M"),
        "ORC|NW|000000700000101|||||||20240405101500".to_owned(),
        "ODS|D||012^五分粥^99XY3".to_owned(),
    ];
    encode_iso2022jp(&(lines.join("\r") + "\r"))
}

/// One tree: an updated record, a deleted one, a wrong patient's, a broken one, a misplaced one and two of nobody.
fn tree() -> BTreeMap<String, Vec<u8>> {
    let mut tree = BTreeMap::new();
    let mut add = |key: &str, minute: u8, flag: Flag, bytes: Vec<u8>| {
        tree.insert(layout::relative_path(&name("OMD", key, minute, flag)), bytes);
    };
    add("000000700000101", 1, Flag::Past, meal(PATIENT));
    add("000000700000101", 2, Flag::Valid, meal(PATIENT));
    add("000000700000102", 1, Flag::Void, meal(PATIENT));
    add("000000700000102", 2, Flag::Void, meal(PATIENT));
    add("000000700000103", 1, Flag::Valid, meal("0000700022"));
    add("000000700000104", 1, Flag::Valid, b"MSH|^~".to_vec());
    let stray = layout::file_name(&name("OMD", "000000700000105", 1, Flag::Valid));
    tree.insert(format!("000/{stray}"), meal(PATIENT));
    tree.insert("000/Thumbs.db".into(), vec![0]);
    tree.insert("2024/TR_20240405000000000_00001.DAT".into(), vec![0]);
    tree
}

#[test]
fn every_file_seen_is_stored_history_deleted_quarantined_or_ignored() {
    let tree = tree();
    let (mut stored, mut history, mut deleted, mut quarantined, mut ignored) = (0, 0, 0, 0, 0);
    let mut groups: BTreeMap<Identity, Vec<(FileName, &str)>> = BTreeMap::new();
    for path in tree.keys() {
        match classify(path) {
            Class::Standard(Parsed { value, .. }) => groups.entry(value.identity()).or_default().push((value, path)),
            Class::Extended(_) => panic!("there is no document here"),
            Class::Ignored(_) => ignored += 1,
            Class::Quarantine(_) => quarantined += 1,
        }
    }
    for group in groups.values() {
        let versions: Vec<Version<'_>> = group
            .iter()
            .map(|(name, path)| Version {
                flag: name.flag,
                occurred_at: &name.occurred_at,
                modified: Millis(0),
                name: path,
            })
            .collect();
        let Settled { states, .. } = settle(&versions).value;
        for ((name, path), state) in group.iter().zip(states) {
            match (parse_file(name, &tree[*path]), state) {
                (Err(_), _) => quarantined += 1,
                (Ok(_), State::Current) => stored += 1,
                (Ok(_), State::History) => history += 1,
                (Ok(_), State::Deleted) => deleted += 1,
            }
        }
    }
    assert_eq!((stored, history, deleted, quarantined, ignored), (1, 1, 2, 3, 2));
    assert_eq!(tree.len(), stored + history + deleted + quarantined + ignored);
}

#[test]
fn an_update_costs_one_read() {
    let listing = |files: &[(&str, u8, Flag)]| {
        let mut listing = Listing::default();
        for (key, minute, flag) in files {
            listing.add(layout::relative_path(&name("OMD", key, *minute, *flag)), 400, Millis(u64::from(*minute)));
        }
        listing
    };
    let before = listing(&[("1", 1, Flag::Valid), ("2", 1, Flag::Valid)]);
    assert!(diff(&before, &before).is_empty());
    let after = listing(&[("1", 1, Flag::Past), ("1", 2, Flag::Valid), ("2", 1, Flag::Valid)]);
    let changes = diff(&before, &after);
    assert!(matches!(changes.as_slice(), [Change::Renamed { .. }, Change::Added { .. }]));
}

#[test]
fn nothing_of_a_patient_is_printed() {
    let read = parse_file(&name("OMD", "000000700000101", 1, Flag::Valid), &meal(PATIENT)).expect("readable");
    let printed = format!("{read:?} {:?}", name("OMD", "1", 1, Flag::Valid));
    for secret in ["橋本", "ハシモト", "19410927", "1941-09-27", PATIENT, "五分粥"] {
        assert!(!printed.contains(secret), "{secret} was printed");
    }
    let refused = parse_file(&name("OMD", "1", 1, Flag::Valid), &meal("0000700022")).expect_err("another patient");
    assert!(!refused.to_string().contains("700022"));
    assert_eq!(Stamp::parse("20240405").0.map(|stamp| stamp.to_string()).as_deref(), Some("2024-04-05"));
}
