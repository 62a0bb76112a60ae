//! From the first released format to this one. `tests/golden/schema-1` was written by that release: 60 batches of [`super::batch`],
//! three blobs, the key of [`super::small`].
use super::folder::copy_folder;
use super::*;
use crate::{BlobError, Disk, Faults, RealDisk, Store, check_closed};
use std::path::{Path, PathBuf};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/schema-1")
}

#[test]
fn a_store_of_the_first_release_opens_with_all_it_had() {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&golden(), folder.path());
    let (store, report) = Store::open(folder.path(), config()).unwrap();
    assert_eq!((report.migrated, report.rebuilt), (Some((1, 3)), None));
    assert_eq!(all(&store.view()), all(&model(60, store.salt_key())));
    let verified = store.verify();
    assert!(verified.is_sound(), "{:?}", verified.damages);
    assert_eq!((verified.blobs, verified.unnamed_blobs), (3, 0));
    store.close();
    drop(store);
    let (_, again) = Store::open(folder.path(), config()).unwrap();
    assert_eq!((again.migrated, again.position), (None, report.position), "it is done once");
}

#[test]
fn after_the_migration_a_missing_blob_is_named() {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&golden(), folder.path());
    let (store, _) = Store::open(folder.path(), config()).unwrap();
    let id = store.blobs().list().unwrap()[0];
    store.close();
    drop(store);
    let path = format!("blobs/{:02x}/{id}", id.0[0]);
    std::fs::remove_file(folder.path().join(&path)).unwrap();
    let report = check_closed(folder.path(), config(), &mut |_| true).unwrap();
    assert!(report.damages.len() == 1 && report.damages[0].file == path, "{:?}", report.damages);
    let (store, _) = Store::open(folder.path(), config()).unwrap();
    assert!(matches!(store.blobs().read(id, 1 << 20), Err(BlobError::Missing(_))));
}

/// The golden folder on a disk in memory.
fn on_virtual_disk(seed: u64) -> Arc<VirtualDisk> {
    let disk = VirtualDisk::new(seed);
    let real = RealDisk::new(&golden());
    let folders = (0..=255u8).map(|n| format!("blobs/{n:02x}")).chain(["journal".into(), "keys".into()]);
    for path in folders.flat_map(|at| real.list(&at).unwrap().into_iter().map(move |name| format!("{at}/{name}"))) {
        disk.append(&path, &real.read(&path, 0, real.len(&path).unwrap().unwrap() as usize).unwrap()).unwrap();
    }
    Arc::new(disk.backup(seed))
}

#[test]
fn a_power_cut_at_any_step_of_the_migration_is_resumed() {
    let mut cuts = 0;
    for power in 0..60 {
        let disk = on_virtual_disk(power);
        disk.set_faults(Faults { power: Some(power), ..Faults::default() });
        cuts += u64::from(Core::open(disk.clone(), Arc::new(MapDb::default()), &small()).is_err());
        disk.crash();
        let (core, _) = Core::open(disk.clone(), Arc::new(MapDb::default()), &small()).unwrap();
        assert_eq!(all(&core.view()), all(&model(60, &core.salt_key())), "power {power}");
        let report = core.verify();
        assert!(report.is_sound() && report.unnamed_blobs == 0, "power {power}: {report:?}");
    }
    assert!(cuts > 5, "{cuts}");
}
