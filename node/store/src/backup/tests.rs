//! Backup and restore over disks in memory that lie.
use super::*;
use crate::closed::files_of;
use crate::keys::MasterKey;
use crate::tests::{all, batch, memory, model, small};
use crate::{Core, Disk, Faults, MapDb, VirtualDisk};
use proptest::prelude::*;
use protocol::data::Outcome;
use std::collections::BTreeSet;
use std::sync::Arc;

fn fill(core: &mut Core, from: u64, to: u64) {
    for number in from..=to {
        assert!(matches!(core.commit(batch(number)), Outcome::Committed { .. }), "{number}");
    }
}

fn back_up(core: &Core, to: &VirtualDisk) -> Result<BackedUp, BackupFault> {
    let head = || core.health().position;
    let ledger = crate::check::ledger(&core.shared).unwrap_or_default();
    let backup = Backup { files: &core.files(), master: &core.master, to, head: &head, ledger, at: 1 };
    backup.make(&mut |_, _| true)
}

/// A new disk with nothing but the keys of every store that these tests make.
fn with_keys(seed: u64) -> Arc<VirtualDisk> {
    let (like, disk) = (Arc::new(VirtualDisk::new(seed)), VirtualDisk::new(seed));
    memory(&like);
    for name in like.list("keys").unwrap() {
        let path = format!("keys/{name}");
        disk.append(&path, &like.read(&path, 0, like.len(&path).unwrap().unwrap() as usize).unwrap()).unwrap();
    }
    Arc::new(disk.backup(seed))
}

fn bring_back(from: &VirtualDisk, to: &VirtualDisk) -> Result<Restored, BackupFault> {
    let master = MasterKey::load(to).unwrap().unwrap();
    restore(from, to, &master, &mut |_, _| true)
}

#[test]
fn what_was_backed_up_comes_back_and_a_second_run_copies_only_what_is_new() {
    let (disk, to) = (Arc::new(VirtualDisk::new(1)), VirtualDisk::new(2));
    let mut core = memory(&disk);
    disk.append("musubi.toml", b"preset = 'clinic'").unwrap();
    fill(&mut core, 1, 60);
    let blob = core.blobs().put(&[7; 300_000]).unwrap();
    fill(&mut core, 61, 62);
    let first = back_up(&core, &to).unwrap();
    assert!(first.problems.is_empty() && first.copied_files == first.files, "{first:?}");
    let same = back_up(&core, &to).unwrap();
    assert_eq!((same.copied_files, same.files), (0, first.files), "nothing is new");
    fill(&mut core, 63, 64);
    let second = back_up(&core, &to).unwrap();
    assert!(second.copied_files <= 2, "only what grew: {second:?}");

    let back = with_keys(3);
    let restored = bring_back(&to, &back).unwrap();
    assert_eq!((restored.files, restored.left_out.len()), (second.files, 0));
    assert_eq!(back.read("musubi.toml", 0, 17).unwrap(), b"preset = 'clinic'");
    let again = memory(&back);
    assert_eq!(all(&again.view()), all(&model(64, &core.salt_key())));
    assert_eq!(again.blobs().read(blob, 1 << 20).unwrap(), vec![7; 300_000]);
    assert!(again.verify().is_sound(), "{:?}", again.verify().damages);
}

#[test]
fn nothing_of_a_backup_is_readable_and_no_key_is_in_it() {
    let (disk, to) = (Arc::new(VirtualDisk::new(1)), VirtualDisk::new(2));
    let mut core = memory(&disk);
    disk.append("musubi.toml", b"name = 'value 7 clinic'").unwrap();
    fill(&mut core, 1, 60);
    core.blobs().put(&b"value 7 ".repeat(1000)).unwrap();
    core.compact().unwrap();
    back_up(&core, &to).unwrap();
    let folders = (0..=255u8).map(|n| format!("objects/{n:02x}")).chain([String::new()]);
    for path in folders.flat_map(|at| to.list(&at).unwrap().into_iter().map(move |name| format!("{at}/{name}"))) {
        let path = path.trim_start_matches('/');
        let bytes = to.read(path, 0, to.len(path).unwrap().unwrap() as usize).unwrap();
        let key = disk.read("keys/store.key", 0, 32).unwrap();
        for secret in [&b"value 7"[..], &key] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{path}");
        }
    }
}

#[test]
fn a_backup_with_snapshots_needs_no_segment_before_them() {
    let (disk, to) = (Arc::new(VirtualDisk::new(1)), VirtualDisk::new(2));
    let mut core = memory(&disk);
    for upto in [60, 120, 180] {
        fill(&mut core, upto - 59, upto);
        back_up(&core, &to).unwrap();
        core.compact().unwrap();
    }
    assert!(disk.list("journal").unwrap()[0] > crate::journal::segment_name(60));
    back_up(&core, &to).unwrap();
    let back = with_keys(3);
    bring_back(&to, &back).unwrap();
    assert_eq!(all(&memory(&back).view()), all(&model(180, &core.salt_key())));
}

#[test]
fn another_key_no_backup_and_a_full_folder_are_told_apart() {
    let (disk, to) = (Arc::new(VirtualDisk::new(1)), VirtualDisk::new(2));
    let mut core = memory(&disk);
    fill(&mut core, 1, 3);
    let none = bring_back(&to, &with_keys(3)).unwrap_err();
    assert_eq!(none, BackupFault::None);
    back_up(&core, &to).unwrap();
    let other = restore(&to, &*with_keys(3), &MasterKey::new([8; 32]), &mut |_, _| true).unwrap_err();
    assert_eq!(other, BackupFault::WrongKey);
    assert!(matches!(bring_back(&to, &disk).unwrap_err(), BackupFault::NotEmpty(_)));
}

#[test]
fn a_file_that_the_backup_lost_is_named_and_copied_again_by_the_next_backup() {
    let (disk, to) = (Arc::new(VirtualDisk::new(1)), VirtualDisk::new(2));
    let mut core = memory(&disk);
    let blob = core.blobs().put(&[7; 300_000]).unwrap();
    fill(&mut core, 1, 40);
    back_up(&core, &to).unwrap();
    let object = {
        let folders = (0..=255u8).map(|n| format!("objects/{n:02x}"));
        let mut all = folders.flat_map(|at| to.list(&at).unwrap().into_iter().map(move |name| format!("{at}/{name}")));
        let bytes = disk.len(&core.blobs().path(core.blobs().file(blob))).unwrap();
        all.find(|path| to.len(path).unwrap() == bytes).unwrap()
    };
    let damaged = to.backup(9);
    damaged.flip_bit(&object, 99);
    let restored = bring_back(&damaged, &with_keys(3)).unwrap();
    assert!(
        restored.left_out.len() == 1 && restored.left_out[0].contains(&core.blobs().file(blob).to_string()),
        "{restored:?}"
    );
    to.vanish(&object);
    assert_eq!(back_up(&core, &to).unwrap().copied_files, 1);
    assert!(bring_back(&to, &with_keys(3)).unwrap().left_out.is_empty());
}

#[test]
fn a_damaged_store_is_not_backed_up_over_a_good_backup() {
    let (disk, to) = (Arc::new(VirtualDisk::new(1)), VirtualDisk::new(2));
    let mut core = memory(&disk);
    let blob = core.blobs().put(&[7; 300_000]).unwrap();
    fill(&mut core, 1, 60);
    back_up(&core, &to).unwrap();
    let good = all(&core.view());
    // Damage under a file that the backup has: the good copy stays.
    disk.flip_bit("journal/0000000000000001.seg", 2000);
    disk.vanish(&core.blobs().path(core.blobs().file(blob)));
    assert!(back_up(&core, &to).unwrap().problems.is_empty());
    let back = with_keys(3);
    bring_back(&to, &back).unwrap();
    assert_eq!(all(&memory(&back).view()), good);
    // Damage that the backup does not have a copy from before: said, and the backup stays as it was.
    let fresh = VirtualDisk::new(4);
    let error = back_up(&core, &fresh).unwrap_err();
    assert!(error.to_string().contains("journal/0000000000000001.seg at byte"), "{error}");
}

#[test]
fn a_repair_takes_back_what_is_damaged_and_keeps_newer_frames() {
    let (disk, to) = (Arc::new(VirtualDisk::new(1)), VirtualDisk::new(2));
    let mut core = memory(&disk);
    let blob = core.blobs().put(&[7; 300_000]).unwrap();
    fill(&mut core, 1, 61);
    back_up(&core, &to).unwrap();
    fill(&mut core, 62, 63);
    let newest = disk.list("journal").unwrap().pop().unwrap();
    let blob_path = core.blobs().path(core.blobs().file(blob));
    let (files, master) = files_of(disk.clone()).unwrap();
    disk.flip_bit("journal/0000000000000001.seg", 2000);
    disk.flip_bit(&format!("journal/{newest}"), 1000);
    disk.vanish(&blob_path);
    let done = Repair { files: &files, master: &master, from: Some(&to), index: None }.run().unwrap();
    assert_eq!((done.healed.len(), done.left.len()), (3, 0), "{done:?}");
    let again = memory(&disk);
    assert_eq!(all(&again.view()), all(&model(63, &core.salt_key())));
    assert!(again.verify().is_sound(), "{:?}", again.verify().damages);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    /// The power goes while a backup is made, at both ends: what was a backup before still is one, and the next run is whole.
    #[test]
    fn a_cut_backup_leaves_the_one_before(seed: u64, power in 0u64..200, errors in 0u16..30) {
        let (disk, to) = (Arc::new(VirtualDisk::new(seed)), VirtualDisk::new(seed ^ 1));
        let mut core = memory(&disk);
        fill(&mut core, 1, 30);
        back_up(&core, &to).unwrap();
        fill(&mut core, 31, 60);
        core.compact().unwrap();
        to.set_faults(Faults { power: Some(power), write_errors: errors, ..Faults::default() });
        let cut = back_up(&core, &to);
        to.crash();
        let back = with_keys(seed);
        let restored = bring_back(&to, &back).unwrap();
        prop_assert!(restored.left_out.is_empty(), "{:?}", restored);
        let upto = restored.mark.position - 1;
        prop_assert!(upto == 60 || (upto == 30 && cut.is_err()), "{} {:?}", upto, cut);
        prop_assert_eq!(all(&memory(&back).view()), all(&model(upto, &core.salt_key())));
        back_up(&core, &to).unwrap();
        let back = with_keys(seed);
        prop_assert_eq!(bring_back(&to, &back).unwrap().mark.position, 61);
    }

    /// The power goes while a restore is made: no store opens before all is there, and the same command goes on.
    #[test]
    fn a_cut_restore_goes_on(seed: u64, powers in proptest::collection::vec(0u64..120, 1..4)) {
        let (disk, to) = (Arc::new(VirtualDisk::new(seed)), VirtualDisk::new(seed ^ 1));
        let mut core = memory(&disk);
        core.blobs().put(&[1; 5000]).unwrap();
        fill(&mut core, 1, 60);
        core.compact().unwrap();
        back_up(&core, &to).unwrap();
        let back = with_keys(seed);
        for power in powers {
            back.set_faults(Faults { power: Some(power), ..Faults::default() });
            let cut = bring_back(&to, &back);
            back.crash();
            if cut.is_err() && let Ok((opened, _)) = Core::open(back.clone(), Arc::new(MapDb::default()), &small()) {
                let there = all(&opened.view());
                prop_assert!(there.is_empty() || there == all(&core.view()), "half a store was opened");
                prop_assert!(!there.is_empty() || back.list("journal").unwrap().len() == 1);
                return Ok(());
            }
        }
        if Core::open(back.clone(), Arc::new(MapDb::default()), &small()).is_err() {
            bring_back(&to, &back).unwrap();
        }
        let again = memory(&back);
        prop_assert_eq!(all(&again.view()), all(&core.view()));
        prop_assert!(again.verify().is_sound());
    }
}

#[test]
fn the_set_of_a_running_store_has_no_key_path() {
    let disk = Arc::new(VirtualDisk::new(1));
    let core = memory(&disk);
    let (_, here) = set::candidates(&*disk, &|| core.health().position).unwrap();
    let paths: BTreeSet<&str> = here.iter().map(|candidate| candidate.path.as_str()).collect();
    assert!(paths.iter().all(|path| belongs_to_backup(path) && !path.contains("keys")), "{paths:?}");
}
