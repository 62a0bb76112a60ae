//! A real folder with sled in it.
use super::*;
use crate::{OpenError, OpenReport, Store};
use protocol::data::Outcome;
use std::path::Path;

fn open(folder: &Path) -> (Store, OpenReport) {
    Store::open(folder, config()).unwrap()
}

fn filled(folder: &Path) -> Vec<(Space, Vec<u8>, Vec<u8>)> {
    let (store, report) = open(folder);
    assert!(report.is_new && report.has_reserve);
    for number in 1..=100 {
        assert_eq!(store.commit(batch(number)), Outcome::Committed { leaves: vec![number - 1] });
    }
    store.blobs().put(&[1; 100_000]).unwrap();
    let all = all(&store.view());
    assert_eq!(all, self::all(&model(100, store.salt_key())));
    all
}

#[test]
fn a_store_opens_again_with_all_it_had_and_nothing_to_replay() {
    let folder = tempfile::tempdir().unwrap();
    let before = filled(folder.path());
    let (store, report) = open(folder.path());
    let expect = OpenReport { position: 101, has_reserve: true, ..OpenReport::default() };
    assert_eq!(report, expect);
    assert_eq!(all(&store.view()), before);
    let verified = store.verify();
    assert!(verified.is_sound(), "{:?}", verified.damages);
    assert_eq!((verified.frames, verified.blobs, verified.blob_bytes), (101, 1, 100_000));
}

#[test]
fn a_deleted_index_is_rebuilt_and_equal() {
    let folder = tempfile::tempdir().unwrap();
    let before = filled(folder.path());
    std::fs::remove_dir_all(folder.path().join("db")).unwrap();
    let (store, report) = open(folder.path());
    assert_eq!(report.replayed, 101);
    assert_eq!(all(&store.view()), before);
    assert!(store.verify().is_sound());
}

#[test]
fn an_index_of_noise_is_set_aside_and_rebuilt() {
    let folder = tempfile::tempdir().unwrap();
    let before = filled(folder.path());
    for round in 1u8..4 {
        let path = folder.path().join("db/db");
        let mut bytes = std::fs::read(&path).unwrap();
        for (at, byte) in bytes.iter_mut().enumerate() {
            if at % 97 == 0 {
                *byte = byte.wrapping_add(round);
            }
        }
        std::fs::write(&path, bytes).unwrap();
        let (store, report) = open(folder.path());
        assert_eq!(all(&store.view()), before, "{report:?}");
        if let Some(rebuilt) = report.rebuilt {
            let kept_as = rebuilt.kept_as.unwrap();
            assert!(folder.path().join(&kept_as).exists(), "{kept_as}");
        }
        assert!(store.verify().is_sound());
    }
}

#[test]
fn a_store_that_was_never_closed_lacks_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let copy = tempfile::tempdir().unwrap();
    let (store, _) = open(folder.path());
    for number in 1..=50 {
        store.commit(batch(number));
    }
    // What another machine would find of it, sled's pages half written.
    copy_folder(folder.path(), copy.path());
    let (again, _) = open(copy.path());
    assert_eq!(all(&again.view()), all(&store.view()));
}

#[test]
fn a_check_finds_what_the_index_lost_and_the_next_start_heals_it() {
    let folder = tempfile::tempdir().unwrap();
    let before = filled(folder.path());
    {
        let db = sled::open(folder.path().join("db")).unwrap();
        let bodies = db.open_tree("bodies").unwrap();
        bodies.remove(90u64.to_be_bytes()).unwrap();
        bodies.insert(b"one too many", b"").unwrap();
        let records = db.open_tree("records").unwrap();
        records.insert(3u64.to_be_bytes(), b"damaged").unwrap();
        db.flush().unwrap();
    }
    let (store, report) = open(folder.path());
    assert_eq!(report.rebuilt, None);
    let problems = store.verify().damages;
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].what.starts_with("1 keys of `records`"), "{problems:?}");
    assert!(problems[1].what.starts_with("2 keys of `bodies`"), "{problems:?}");
    drop(store);
    let (store, report) = open(folder.path());
    assert!(report.rebuilt.is_some());
    assert_eq!(all(&store.view()), before);
    assert!(store.verify().is_sound());
}

#[test]
fn a_flipped_bit_in_the_journal_is_named_by_a_check_and_stops_a_rebuild() {
    let folder = tempfile::tempdir().unwrap();
    let small = StoreConfig { segment_bytes: 4 << 10, ..config() };
    let (store, _) = Store::open(folder.path(), small).unwrap();
    (1..=100).for_each(|number| drop(store.commit(batch(number))));
    store.close();
    drop(store);
    let path = folder.path().join("journal/0000000000000001.seg");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    std::fs::write(&path, bytes).unwrap();
    let damaged = "journal/0000000000000001.seg is damaged at byte";
    // The index has all of it, so the node runs on; the check tells.
    let (store, _) = Store::open(folder.path(), small).unwrap();
    let problems = store.verify().damages;
    assert!(
        problems.len() == 1 && problems[0].to_string().contains("journal/0000000000000001.seg at byte"),
        "{problems:?}"
    );
    drop(store);
    std::fs::remove_dir_all(folder.path().join("db")).unwrap();
    let error = Store::open(folder.path(), small).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains(damaged), "{error}");
}

#[test]
fn a_folder_that_is_held_names_itself_and_its_holder() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(folder.path());
    let error = Store::open(folder.path(), config()).map(|_| ()).unwrap_err();
    let said = error.to_string();
    assert!(matches!(error, OpenError::Held { .. }), "{said}");
    assert!(said.contains(&folder.path().display().to_string()), "{said}");
    assert!(said.contains(&format!("pid {}", std::process::id())), "{said}");
    drop(store);
    open(folder.path());
}

#[test]
fn a_folder_that_cannot_be_made_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let error = Store::open(&file, config()).map(|_| ()).unwrap_err();
    assert!(matches!(error, OpenError::NotWritable { .. }), "{error}");
    assert!(error.to_string().contains("write access"), "{error}");
}

#[cfg(unix)]
#[test]
fn the_key_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    open(folder.path());
    let mode = std::fs::metadata(folder.path().join("keys/store.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn no_value_lies_on_the_disk_in_clear() {
    let folder = tempfile::tempdir().unwrap();
    let word = b"Minato Tarou";
    let (store, _) = open(folder.path());
    let mut batch = Batch::default();
    batch.put(Space::Patients, b"p", word.repeat(3));
    batch.put(Space::Bodies, b"p", word.repeat(100));
    store.commit(batch);
    store.blobs().put(&word.repeat(10_000)).unwrap();
    store.close();
    for path in files(folder.path()) {
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(word.len()).any(|window| window == word), "{}", path.display());
    }
}

pub(super) fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { out.extend(files(&path)) } else { out.push(path) }
    }
    out
}

pub(super) fn copy_folder(from: &Path, to: &Path) {
    for path in files(from) {
        let target = to.join(path.strip_prefix(from).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(&path, &target).unwrap();
    }
}
