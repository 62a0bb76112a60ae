//! The master key on paper and the key ring in a file, over real folders.
use super::*;
use crate::tests::config;
use crate::{OpenError, Store};
use protocol::data::{Batch, Outcome, Space, View};
use protocol::ids::PatientRef;
use protocol::time::Millis;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn folder() -> TempDir {
    TempDir::new().unwrap()
}

fn open(folder: &Path) -> Store {
    Store::open(folder, config()).unwrap().0
}

fn write(store: &Store, p: u64) {
    let mut batch = Batch::default();
    batch.put(Space::Patients, p.to_be_bytes(), format!("patient {p}"));
    assert!(matches!(store.commit(batch), Outcome::Committed { .. }));
}

fn read(store: &Store, p: u64) -> Option<String> {
    store.view().get(Space::Patients, &p.to_be_bytes()).map(|value| String::from_utf8(value).unwrap())
}

/// What an ordinary backup holds: everything but `keys/`.
fn backup_of(from: &Path) -> TempDir {
    let to = folder();
    fs::create_dir(to.path().join("journal")).unwrap();
    for entry in fs::read_dir(from.join("journal")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.path().join("journal").join(entry.file_name())).unwrap();
    }
    to
}

fn no_key(folder: &Path) {
    let opened = Store::open(folder, config()).map(|_| ());
    assert!(matches!(opened, Err(OpenError::KeyMissing | OpenError::Keys(KeyringError::Missing))), "{opened:?}");
}

#[test]
fn a_backup_is_opened_again_with_the_sheet_and_the_ring_and_with_neither_alone() {
    let (old, rings) = (folder(), folder());
    let store = open(old.path());
    write(&store, 3);
    let ring = store.back_up_keys(rings.path(), Millis(1_000), 500).unwrap();
    store.close();
    let sheet = Sheet::of(old.path()).unwrap();
    let new = backup_of(old.path());
    no_key(new.path());
    let early = Store::restore_keys(new.path(), &ring.path, Millis(1_100), Expired::Refuse).unwrap_err();
    assert!(matches!(early, BackupError::NoKey), "{early}");
    assert_eq!(recover(new.path(), &sheet.groups.to_lowercase().replace('-', "  ")).unwrap(), sheet.check);
    assert_eq!(recover(new.path(), &sheet.groups).unwrap(), sheet.check, "twice does no harm");
    no_key(new.path());
    assert!(Store::restore_keys(new.path(), &ring.path, Millis(1_100), Expired::Refuse).unwrap() > 0);
    assert_eq!(read(&open(new.path()), 3).as_deref(), Some("patient 3"));
}

#[test]
fn a_mistyped_sheet_says_where_and_writes_nothing() {
    let old = folder();
    open(old.path()).close();
    let new = backup_of(old.path());
    let groups: Vec<String> = Sheet::of(old.path()).unwrap().groups.split('-').map(str::to_owned).collect();
    assert_eq!(groups.len(), 14);
    let fails = |groups: &[String], word: &str| {
        let error = recover(new.path(), &groups.join(" ")).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
        assert!(!new.path().join("keys/store.key").exists());
    };
    let mut wrong = groups.clone();
    let letter = if wrong[6].starts_with('K') { "L" } else { "K" };
    wrong[6].replace_range(..1, letter);
    fails(&wrong, "group 7");
    wrong[6] = "A*AAA".into();
    fails(&wrong, "never occurs");
    fails(&groups[..13], "no key");
    // Groups whose check letters fit wherever they stand, for they stand seven apart.
    let mut swapped = groups.clone();
    swapped.swap(2, 9);
    fails(&swapped, if swapped == groups { "" } else { "no key" });
    let other = folder();
    open(other.path()).close();
    fs::write(other.path().join("keys/store.key"), [1; 32]).unwrap();
    let foreign = Sheet::of(other.path()).unwrap();
    fails(&[foreign.groups], "holds store");
    let nothing = recover(folder().path(), &groups.join("-")).unwrap_err();
    assert!(matches!(nothing, RecoverError::Nothing), "{nothing}");
    let taken = recover(other.path(), &groups.join("-")).unwrap_err();
    assert!(matches!(taken, RecoverError::Taken), "{taken}");
}

#[test]
fn a_backup_of_the_ring_expires_and_never_brings_an_erased_patient_back() {
    let (home, rings) = (folder(), folder());
    let store = open(home.path());
    write(&store, 3);
    write(&store, 4);
    let first = store.back_up_keys(rings.path(), Millis(1_000), 500).unwrap();
    let mut removal = Batch::default();
    removal.remove(Space::Patients, 3u64.to_be_bytes());
    store.erase(PatientRef(3), removal, Vec::new()).unwrap();
    store.close();
    drop(store);
    let restore = |now: u64, expired| Store::restore_keys(home.path(), &first.path, Millis(now), expired);
    assert!(matches!(restore(1_500, Expired::Refuse), Err(BackupError::Expired { .. })));
    assert_eq!(restore(1_499, Expired::Refuse).unwrap(), 0, "nothing was lost, and the erased one stays");
    // All keys are lost: the backup has the erased one too, and the journal says that it is to go.
    for name in ["patients.a", "patients.b"] {
        fs::remove_file(home.path().join("keys").join(name)).unwrap();
    }
    assert!(restore(9_999, Expired::Take).unwrap() > 0);
    let store = open(home.path());
    assert_eq!((read(&store, 3), read(&store, 4).as_deref()), (None, Some("patient 4")));
    assert!(matches!(store.check_keys(), Ok(KeyringReport { erased: 1, .. })));
    let second = store.back_up_keys(rings.path(), Millis(1_500), 500).unwrap();
    assert_eq!((second.removed, first.path.exists(), second.path.exists()), (1, false, true));
}

#[test]
fn a_damaged_or_foreign_backup_of_the_ring_changes_nothing() {
    let (home, other, rings) = (folder(), folder(), folder());
    let store = open(home.path());
    write(&store, 3);
    let backup = store.back_up_keys(rings.path(), Millis(1), 500).unwrap().path;
    store.close();
    drop(store);
    open(other.path()).close();
    fs::write(other.path().join("keys/store.key"), [1; 32]).unwrap();
    let restore = |folder: &Path| Store::restore_keys(folder, &backup, Millis(2), Expired::Refuse);
    let foreign = restore(other.path()).unwrap_err().to_string();
    assert!(foreign.contains("another keys/store.key"), "{foreign}");
    let whole = fs::read(&backup).unwrap();
    for at in (0..whole.len()).step_by(997) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(&backup, bytes).unwrap();
        assert!(matches!(restore(home.path()), Err(BackupError::Unfit { .. })), "byte {at}");
    }
    fs::write(&backup, &whole[..whole.len() / 2]).unwrap();
    assert!(matches!(restore(home.path()), Err(BackupError::Unfit { .. })));
    assert_eq!(read(&open(home.path()), 3).as_deref(), Some("patient 3"));
}
