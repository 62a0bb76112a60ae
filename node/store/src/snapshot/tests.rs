//! Snapshots over a disk that lies, and what is dropped for them.
use crate::tests::{all, batch, memory, model, small};
use crate::{Core, Disk, Faults, MapDb, OpenError, VirtualDisk};
use proptest::prelude::*;
use protocol::data::{Outcome, Space, View};
use std::sync::Arc;

fn fill(core: &mut Core, from: u64, to: u64) {
    for number in from..=to {
        assert!(matches!(core.commit(batch(number)), Outcome::Committed { .. }), "{number}");
    }
}

#[test]
fn a_rebuild_from_snapshot_and_journal_equals_what_was_there() {
    let disk = Arc::new(VirtualDisk::new(1));
    let mut core = memory(&disk);
    fill(&mut core, 1, 60);
    assert_eq!(core.compact().unwrap().dropped_segments, 0, "one snapshot alone drops nothing");
    fill(&mut core, 61, 120);
    let done = core.compact().unwrap();
    assert!(done.dropped_segments > 3 && done.dropped_bytes > 10_000, "{done:?}");
    fill(&mut core, 121, 130);
    assert!(core.verify().is_sound(), "{:?}", core.verify().damages);
    let (again, report) = Core::open(disk.clone(), Arc::new(MapDb::default()), &small()).unwrap();
    assert_eq!(report.base, Some(121));
    assert_eq!(all(&again.view()), all(&model(130, &core.salt_key())));
    assert!(again.verify().is_sound(), "{:?}", again.verify().damages);
}

#[test]
fn a_damaged_newest_snapshot_costs_nothing_and_is_named() {
    let disk = Arc::new(VirtualDisk::new(1));
    let mut core = memory(&disk);
    for upto in [60, 120, 180] {
        fill(&mut core, upto - 59, upto);
        core.compact().unwrap();
    }
    let names = disk.list("snapshots").unwrap();
    assert_eq!(names.len(), 2, "{names:?}");
    let newest = format!("snapshots/{}", names[1]);
    let bits = disk.len(&newest).unwrap().unwrap() * 8;
    for bit in (0..bits).step_by(997) {
        let disk = Arc::new(disk.backup(bit));
        assert!(disk.flip_bit(&newest, bit));
        let (again, report) = Core::open(disk.clone(), Arc::new(MapDb::default()), &small()).unwrap();
        assert_eq!((report.base, report.bad_snapshots.len()), (Some(121), 1), "bit {bit}");
        assert_eq!(all(&again.view()), all(&model(180, &core.salt_key())));
        let damages = again.verify().damages;
        assert!(damages.len() == 1 && damages[0].file == newest, "bit {bit}: {damages:?}");
    }
}

#[test]
fn without_any_good_snapshot_missing_frames_are_an_error() {
    let disk = Arc::new(VirtualDisk::new(1));
    let mut core = memory(&disk);
    for upto in [60, 120] {
        fill(&mut core, upto - 59, upto);
        core.compact().unwrap();
    }
    for name in disk.list("snapshots").unwrap() {
        disk.vanish(&format!("snapshots/{name}"));
    }
    let error = Core::open(disk.clone(), Arc::new(MapDb::default()), &small()).map(|_| ()).unwrap_err();
    assert!(matches!(error, OpenError::Journal(_)), "{error}");
    let damages = core.verify().damages;
    assert!(damages.iter().any(|damage| damage.what.contains("are not here")), "{damages:?}");
}

#[test]
fn a_missing_newest_segment_is_noticed_without_an_index() {
    let disk = Arc::new(VirtualDisk::new(1));
    fill(&mut memory(&disk), 1, 60);
    let newest = disk.list("journal").unwrap().pop().unwrap();
    disk.vanish(&format!("journal/{newest}"));
    let error = Core::open(disk, Arc::new(MapDb::default()), &small()).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains(&format!("{newest} is missing")), "{error}");
}

#[test]
fn what_does_not_fit_into_memory_is_sorted_in_files() {
    // A page of noise per batch, so that the sort has to spill twice.
    let disk = Arc::new(VirtualDisk::new(1));
    let (mut core, _) =
        Core::open(disk.clone(), Arc::new(MapDb::default()), &crate::CoreConfig { segment_bytes: 4 << 20, ..small() })
            .unwrap();
    for number in 0..40u64 {
        let mut batch = protocol::data::Batch::default();
        let mut noise = vec![0; 3 << 20];
        blake3::Hasher::new().update(&(number % 30).to_be_bytes()).finalize_xof().fill(&mut noise);
        batch.put(Space::Bodies, (number % 30).to_be_bytes(), noise);
        assert!(matches!(core.commit(batch), Outcome::Committed { .. }));
    }
    let done = core.compact().unwrap();
    // Thirty bodies, the schema, and how far keys of patients are made.
    assert_eq!(done.pairs, 32);
    assert_eq!(disk.list("snapshots").unwrap().len(), 1);
    assert!(core.verify().is_sound());
}

fn newest(view: &dyn View) -> u64 {
    view.get(Space::Meta, b"newest").map_or(0, |value| u64::from_be_bytes(value.try_into().unwrap()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    /// Power cuts at any change of making snapshots and dropping segments; the index is lost each time.
    #[test]
    fn power_cuts_while_compacting_lose_nothing(
        seed: u64, lives in proptest::collection::vec((0u64..160, 0u16..20), 1..6),
    ) {
        let disk = Arc::new(VirtualDisk::new(seed));
        let mut acknowledged = 0;
        for (power, write_errors) in lives {
            let opened = Core::open(disk.clone(), Arc::new(MapDb::default()), &small());
            let mut tried = acknowledged;
            if let Ok((mut core, _)) = opened {
                prop_assert_eq!(newest(&core.view()), acknowledged);
                disk.set_faults(Faults { power: Some(power), write_errors, ..Faults::default() });
                for _ in 0..6 {
                    for _ in 0..20 {
                        tried = acknowledged + 1;
                        if !matches!(core.commit(batch(tried)), Outcome::Committed { .. }) {
                            break;
                        }
                        acknowledged = tried;
                    }
                    // Whatever it says: it must not lose anything.
                    let _ = core.compact();
                }
            }
            disk.crash();
            let core = memory(&disk);
            let found = newest(&core.view());
            prop_assert!(found == acknowledged || found == tried, "{} <= {} <= {}", acknowledged, found, tried);
            prop_assert_eq!(all(&core.view()), all(&model(found, &core.salt_key())));
            let report = core.verify();
            prop_assert!(report.is_sound(), "{:?}", report.damages);
            acknowledged = found;
        }
    }
}
