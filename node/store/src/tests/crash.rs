//! Power cuts and lying disks.
use super::*;
use crate::{Faults, OpenError, Work};
use proptest::prelude::*;
use protocol::data::Outcome;

/// Opens after a crash: with the old index if it fits, else with an empty one.
fn reopen(disk: &Arc<VirtualDisk>, db: &Arc<MapDb>) -> Core {
    match Core::open(disk.clone(), db.clone(), &small()) {
        Err(OpenError::IndexUnfit(_)) => memory(disk),
        opened => opened.unwrap().0,
    }
}

fn newest(view: &dyn View) -> u64 {
    view.get(Space::Meta, b"newest").map_or(0, |value| u64::from_be_bytes(value.try_into().unwrap()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn groups_are_whole_and_nothing_acknowledged_is_lost(
        seed: u64,
        lives in proptest::collection::vec((0u64..60, 1usize..5, any::<bool>(), 0u16..60), 1..5),
    ) {
        let disk = Arc::new(VirtualDisk::new(seed));
        let mut db = Arc::new(MapDb::default());
        let mut acknowledged = 0;
        for (power, size, keeps_index, write_errors) in lives {
            disk.set_faults(Faults { power: Some(power), write_errors, ..Faults::default() });
            let mut tried = acknowledged;
            if let Ok((mut core, _)) = Core::open(disk.clone(), db.clone(), &small()) {
                prop_assert!(newest(&core.view()) >= acknowledged);
                loop {
                    tried = acknowledged + size as u64;
                    let works = (acknowledged + 1..=tried).map(|number| Work::Batch(batch(number))).collect();
                    let outcomes = core.commit_now(works);
                    if outcomes.iter().all(|outcome| matches!(outcome, Outcome::Committed { .. })) {
                        acknowledged = tried;
                        prop_assert_eq!(newest(&core.view()), acknowledged);
                    } else {
                        prop_assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Failed(_))));
                        if core.health().refusing.is_some() {
                            break;
                        }
                    }
                }
            }
            disk.crash();
            if !keeps_index {
                db = Arc::new(MapDb::default());
            }
            let core = reopen(&disk, &db);
            let found = newest(&core.view());
            prop_assert!(found == acknowledged || found == tried, "{acknowledged} <= {found} <= {tried}");
            let salts = core.salt_key();
            prop_assert_eq!(all(&core.view()), all(&model(found, &salts)));
            protocol::audit::verify_log(&core.view(), &salts).unwrap();
            acknowledged = found;
        }
    }

    /// A disk that loses syncs loses data, and nothing can help that; but it is an error or a shorter history, never a
    /// hole.
    #[test]
    fn lost_syncs_give_an_error_or_a_shorter_history_never_a_hole(seed: u64, batches in 1u64..40, share in 1u16..1000) {
        let disk = Arc::new(VirtualDisk::new(seed));
        let mut core = memory(&disk);
        disk.set_faults(Faults { lost_syncs: share, ..Faults::default() });
        for number in 1..=batches {
            core.commit(batch(number));
        }
        disk.crash();
        if let Ok((core, _)) = Core::open(disk, Arc::new(MapDb::default()), &small()) {
            let found = newest(&core.view());
            prop_assert!(found <= batches);
            prop_assert_eq!(all(&core.view()), all(&model(found, &core.salt_key())));
        }
    }
}

#[test]
fn an_index_ahead_of_the_journal_is_an_error() {
    let disk = Arc::new(VirtualDisk::new(3));
    let db = Arc::new(MapDb::default());
    let mut core = Core::open(disk.clone(), db.clone(), &small()).unwrap().0;
    core.commit(batch(1));
    let old = Arc::new(disk.backup(1));
    core.commit(batch(2));
    let error = Core::open(old, db, &small()).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("newer files of journal/ are missing"), "{error}");
}

#[test]
fn an_index_of_another_history_is_unfit() {
    let disk = Arc::new(VirtualDisk::new(3));
    let db = Arc::new(MapDb::default());
    let mut core = Core::open(disk.clone(), db.clone(), &small()).unwrap().0;
    let old = Arc::new(disk.backup(1));
    core.commit(batch(1));
    let mut other = memory(&old);
    other.commit(batch(2));
    other.commit(batch(3));
    assert!(matches!(Core::open(old, db, &small()).map(|_| ()), Err(OpenError::IndexUnfit(_))));
}
