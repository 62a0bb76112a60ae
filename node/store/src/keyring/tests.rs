use super::ring::{BLOCK_SLOTS, COPIES};
use super::*;
use crate::disk::{Disk, Faults, VirtualDisk};
use crate::keys::MasterKey;
use crate::tests::{memory, small};
use crate::{Core, CoreConfig, MapDb, OpenError, Work};
use proptest::prelude::*;
use protocol::audit::{self, Event, What};
use protocol::data::{Batch, Outcome, Space, View, Write};
use protocol::ids::PatientRef;
use protocol::time::Millis;
use std::sync::Arc;

fn disk() -> Arc<VirtualDisk> {
    Arc::new(VirtualDisk::new(1))
}

fn ring(disk: &Arc<VirtualDisk>) -> Keyring {
    Keyring::open(disk.clone(), &MasterKey::new([5; 32]), &[9; 32], true).unwrap()
}

fn is_live(ring: &Keyring, p: u64) -> bool {
    matches!(ring.find(p), Ok(Lookup::Live(_)))
}

fn is_erased(ring: &Keyring, p: u64) -> bool {
    matches!(ring.find(p), Ok(Lookup::Erased))
}

/// What a batch writes of a patient, in each of the spaces whose values are a patient's.
fn of_patient(p: u64) -> Batch {
    let (number, text) = (p.to_be_bytes(), format!("YAMADA HANAKO {p} ").repeat(30));
    let mut batch = Batch::default();
    batch.put(Space::Patients, number, text.clone());
    batch.put(Space::Records, [&number[..], &[0; 4], b"OMP-01", &[0], &[7; 16]].concat(), text.clone());
    batch.put(Space::Bodies, [&number[..], &[0; 4]].concat(), text.clone());
    batch.put(Space::Consents, [&number[..], &[0; 24]].concat(), text.clone());
    batch.put(Space::Entries, [b"source/", &number[..]].concat(), text.clone());
    batch.put(Space::Meta, format!("cursor {p}"), owned(PatientRef(p), text.as_bytes()));
    batch.log(Event::new(Millis(p), What::Shown).patient(PatientRef(p)).note("YAMADA HANAKO"));
    batch
}

fn removal(p: u64) -> Batch {
    let mut batch = Batch::default();
    for write in of_patient(p).writes {
        batch.writes.push(Write { value: None, ..write });
    }
    batch.log(Event::new(Millis(p), What::PatientErased));
    batch
}

#[track_caller]
fn commit(core: &mut Core, batch: Batch) {
    let outcome = core.commit(batch);
    assert!(matches!(outcome, Outcome::Committed { .. }), "{outcome:?}");
}

/// Everything that the journal holds, opened with the master key: what an old frame still tells.
fn journal(core: &Core) -> Vec<Write> {
    let mut all = Vec::new();
    let head = core.health().position;
    let replayed = core.reader().replay(&crate::Mark::default(), head, |_, writes| {
        all.extend(writes);
        std::ops::ControlFlow::Continue(())
    });
    assert!(replayed.is_ok());
    all
}

fn holds(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|part| part == word.as_bytes())
}

#[test]
fn a_key_is_made_once_and_found_by_whoever_opens_the_ring_next() {
    let disk = disk();
    let first = ring(&disk);
    assert!(matches!(first.find(7), Ok(Lookup::Blank)));
    first.make(7).unwrap();
    let Ok(Lookup::Live(seal)) = first.find(7) else { panic!("live") };
    let sealed = seal.seal(b"", b"value".to_vec());
    let again = Keyring::open(disk, &MasterKey::new([5; 32]), &[1; 32], false).unwrap();
    let Ok(Lookup::Live(seal)) = again.find(7) else { panic!("live") };
    assert_eq!(seal.open(b"", sealed).unwrap(), b"value");
}

#[test]
fn known_patients_cost_no_sync_and_new_ones_one_of_each_copy_for_many() {
    let disk = disk();
    let ring = ring(&disk);
    let before = disk.changes();
    for p in 1..BLOCK_SLOTS {
        ring.make(p).unwrap();
    }
    assert_eq!(disk.changes() - before, 4, "a write and a sync of each copy");
}

#[test]
fn each_copy_heals_the_other() {
    for copy in COPIES {
        let disk = disk();
        ring(&disk).make(5).unwrap();
        disk.zero_sector(copy, 0);
        let healed = Keyring::open(disk.clone(), &MasterKey::new([5; 32]), &[1; 32], false).unwrap();
        healed.expect(BLOCK_SLOTS).unwrap();
        assert!(is_live(&healed, 5));
        disk.vanish(copy);
        let healed = Keyring::open(disk.clone(), &MasterKey::new([5; 32]), &[1; 32], false).unwrap();
        healed.expect(BLOCK_SLOTS).unwrap();
        assert!(is_live(&healed, 200));
        for bit in (64 * 8..65 * 64 * 8).step_by(97) {
            disk.flip_bit(copy, bit);
        }
        let report = healed.check().unwrap();
        assert!(report.healed > 20 && report.lost.is_empty(), "{report:?}");
        assert_eq!(healed.check().unwrap().healed, 0);
        assert_eq!(disk.read(COPIES[0], 0, 16 << 10), disk.read(COPIES[1], 0, 16 << 10));
    }
}

#[test]
fn a_key_that_is_damaged_in_both_copies_is_named_and_never_made_again() {
    let disk = disk();
    let ring = ring(&disk);
    ring.make(5).unwrap();
    COPIES.iter().for_each(|copy| assert!(disk.flip_bit(copy, (5 * 64 + 20) * 8)));
    assert_eq!(ring.find(5).err(), Some(KeyringError::Lost(5)));
    assert_eq!(ring.check().unwrap().lost, [5]);
    ring.make(6).unwrap();
    assert!(is_live(&ring, 6));
    assert_eq!(ring.find(5).err(), Some(KeyringError::Lost(5)));
}

#[test]
fn a_patient_whose_key_is_lost_is_named_and_nobody_else_suffers() {
    let disk = disk();
    let mut core = memory(&disk);
    [1, 2, 300].iter().for_each(|p| commit(&mut core, of_patient(*p)));
    drop(core);
    COPIES.iter().for_each(|copy| assert!(disk.flip_bit(copy, (2 * 64 + 20) * 8)));
    let mut core = memory(&disk);
    let view = core.view();
    assert_eq!(view.get(Space::Patients, &2u64.to_be_bytes()).as_deref(), Some(crate::LOST));
    let all = view.scan(Space::Patients, b"", b"", 9);
    assert_eq!(all.len(), 3, "the others are read");
    assert!(holds(&all[0].1, "HANAKO 1") && holds(&all[2].1, "HANAKO 300"));
    assert_eq!(core.health().lost.into_iter().collect::<Vec<_>>(), [2]);
    let Outcome::Failed(why) = core.commit(of_patient(2)) else { panic!("nothing is written under a lost key") };
    assert!(why.contains("patient 2") && why.contains("musubi key restore"), "{why}");
    commit(&mut core, of_patient(3));
}

#[test]
fn another_master_key_is_told_from_damage() {
    let disk = disk();
    ring(&disk);
    let open = |key: u8| Keyring::open(disk.clone(), &MasterKey::new([key; 32]), &[1; 32], false).map(|_| ());
    assert_eq!(open(6), Err(KeyringError::Foreign));
    COPIES.iter().for_each(|copy| assert!(disk.zero_sector(copy, 0)));
    assert_eq!(open(5), Err(KeyringError::Damaged));
    COPIES.iter().for_each(|copy| disk.vanish(copy));
    assert_eq!(open(5), Err(KeyringError::Missing));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_power_cut_loses_a_key_in_use_or_brings_an_erased_one_back(
        seed: u64,
        steps in proptest::collection::vec((1u64..700, any::<bool>(), 0u64..40), 1..12),
    ) {
        let disk = Arc::new(VirtualDisk::new(seed));
        let (mut used, mut erased) = (std::collections::BTreeMap::new(), std::collections::BTreeSet::new());
        let mut floor = 1;
        for (step, (p, erases, power)) in steps.into_iter().enumerate() {
            disk.set_faults(Faults { power: Some(power), ..Faults::default() });
            let entropy = [step as u8; 32];
            if let Ok(ring) = Keyring::open(disk.clone(), &MasterKey::new([5; 32]), &entropy, floor == 1) {
                ring.expect(floor).unwrap();
                if erases && ring.erase(p).is_ok() {
                    erased.insert(p);
                    used.remove(&p);
                    floor = floor.max(ring.floor());
                } else if !erases && ring.make(p).is_ok() {
                    floor = floor.max(ring.floor());
                    if let Ok(Lookup::Live(seal)) = ring.find(p) {
                        used.insert(p, seal.seal(b"", b"value".to_vec()));
                    }
                } else if erases {
                    // The erasure was cut off: either way is right.
                    used.remove(&p);
                }
            }
            disk.crash();
            let ring = Keyring::open(disk.clone(), &MasterKey::new([5; 32]), &entropy, floor == 1).unwrap();
            ring.expect(floor).unwrap();
            for (p, sealed) in &used {
                let Ok(Lookup::Live(seal)) = ring.find(*p) else { panic!("key {p} is lost") };
                prop_assert_eq!(seal.open(b"", sealed.clone()), Some(b"value".to_vec()));
            }
            for p in &erased {
                prop_assert!(is_erased(&ring, *p), "key {} came back", p);
            }
            prop_assert_eq!(ring.check().unwrap().lost, Vec::<u64>::new());
        }
    }

    #[test]
    fn any_value_in_any_space_reads_back(space in 0u8..16, key: Vec<u8>, head in 0u8..4, value: Vec<u8>, p in 1u64..300) {
        let ring = ring(&disk());
        ring.make(300).unwrap();
        let guard = Guard { ring: Arc::new(ring) };
        let space = Space::from_code(space).unwrap();
        let value = [b"\xffmk", [head].as_slice(), &value].concat();
        let marked = owned(PatientRef(p), &value);
        if owner(space, &key, &value).is_none() {
            let raw = guard.seal(space, &key, &value).unwrap();
            prop_assert_eq!(guard.open(space, &key, raw).unwrap(), value.clone());
            let raw = guard.seal(space, &key, &marked).unwrap();
            prop_assert!(is_guarded(&raw));
            prop_assert_eq!(guard.open(space, &key, raw).unwrap(), value);
        }
    }

    #[test]
    fn garbage_never_panics(value: Vec<u8>) {
        let guard = Guard { ring: Arc::new(ring(&disk())) };
        let _ = guard.open(Space::Meta, b"", [b"\xffmk\x01", value.as_slice()].concat());
    }
}

#[test]
fn what_was_written_of_a_patient_is_read_and_lies_nowhere_unsealed() {
    let disk = disk();
    let db = Arc::new(MapDb::default());
    let mut core = Core::open(disk.clone(), db, &small()).unwrap().0;
    commit(&mut core, of_patient(3));
    for write in of_patient(3).writes {
        let expect = write.value.as_deref().map(|value| plain(value).to_vec());
        assert_eq!(core.view().get(write.space, &write.key), expect);
        assert_eq!(core.view().scan(write.space, &write.key, b"", 1).first().map(|pair| pair.1.clone()), expect);
    }
    assert!(journal(&core).iter().all(|write| !holds(write.value.as_deref().unwrap_or_default(), "YAMADA")));
    // The same from the journal alone.
    drop(core);
    let core = memory(&disk);
    assert!(holds(&core.view().get(Space::Patients, &3u64.to_be_bytes()).unwrap(), "YAMADA"));
    assert_eq!(audit::event(&core.view(), 0).unwrap().note, "YAMADA HANAKO");
}

#[test]
fn a_batch_sees_the_marked_values_of_its_own_group_without_their_mark() {
    let mut core = memory(&disk());
    let seen = Work::Build(Box::new(|view| {
        let value = view.get(Space::Meta, b"cursor 3").unwrap_or_default();
        let scanned = view.scan(Space::Meta, b"cursor", b"", 1).remove(0).1;
        let mut batch = Batch::default();
        batch.put(Space::Jobs, "seen", if value == scanned { value } else { Vec::new() });
        Ok(batch)
    }));
    core.commit_now(vec![Work::Batch(of_patient(3)), seen]);
    assert!(core.view().get(Space::Jobs, b"seen").unwrap().starts_with(b"YAMADA"));
}

#[test]
fn of_an_erased_patient_nothing_opens_any_more_and_the_log_still_verifies() {
    let disk = disk();
    let mut core = memory(&disk);
    commit(&mut core, of_patient(3));
    commit(&mut core, of_patient(4));
    let old = Arc::new(disk.backup(1));
    let frames = journal(&core);
    assert_eq!(core.erase(PatientRef(3), removal(3), &[]).unwrap(), [2]);
    let guard = core.guard.clone();
    for write in frames.iter().chain(&journal(&core)) {
        let Some(raw) = &write.value else { continue };
        let opened = guard.open(write.space, &write.key, raw.clone()).unwrap();
        assert!(!holds(&opened, "HANAKO 3") && !holds(raw, "HANAKO"), "{:?}", write.space);
    }
    let salts = core.salt_key();
    audit::verify_log(&core.view(), &salts).unwrap();
    assert_eq!(audit::event(&core.view(), 0), None);
    assert_eq!(audit::event(&core.view(), 2).unwrap().what, What::PatientErased);
    let again = core.commit(of_patient(3));
    assert!(matches!(&again, Outcome::Failed(why) if why.contains("patient 3 was erased")), "{again:?}");
    commit(&mut core, Batch { events: removal(3).events, writes: Vec::new() });
    let view = core.view();
    assert!(holds(&view.get(Space::Patients, &4u64.to_be_bytes()).unwrap(), "HANAKO 4"));
    // Old copies of the key ring: the journal says who was erased, and so they are, again.
    for copy in COPIES {
        let bytes = old.read(copy, 0, 16 << 10).unwrap();
        disk.write_at(copy, 0, &bytes).unwrap();
    }
    let core = memory(&disk);
    assert!(is_erased(&core.guard.ring, 3) && is_live(&core.guard.ring, 4));
    audit::verify_log(&core.view(), &salts).unwrap();
}

#[test]
fn an_erasure_that_the_power_cut_is_finished_by_the_next_opening_or_never_began() {
    let whole = disk();
    commit(&mut memory(&whole), of_patient(3));
    for power in 0..14 {
        let disk = Arc::new(whole.backup(power));
        let mut core = memory(&disk);
        disk.set_faults(Faults { power: Some(power), ..Faults::default() });
        let done = core.erase(PatientRef(3), removal(3), &[]).is_ok();
        disk.crash();
        let core = memory(&disk);
        let is_there = core.view().get(Space::Patients, &3u64.to_be_bytes()).is_some();
        assert_eq!(is_live(&core.guard.ring, 3), is_there, "power {power}");
        assert!(!done || !is_there, "power {power}");
    }
}

#[test]
fn a_lost_key_ring_is_never_replaced_by_a_new_one() {
    let disk = disk();
    commit(&mut memory(&disk), of_patient(3));
    let empty = Arc::new(disk.backup(2));
    COPIES.iter().for_each(|copy| empty.vanish(copy));
    let error = Core::open(empty.clone(), Arc::new(MapDb::default()), &small()).map(|_| ()).unwrap_err();
    assert!(matches!(error, OpenError::Keys(KeyringError::Missing)), "{error}");
    assert_eq!(empty.list("keys").unwrap(), ["store.key"]);
    // An old one, from before the newest patients.
    COPIES.iter().for_each(|copy| assert!(disk.cut_tail(copy, 64)));
    let error = Core::open(disk, Arc::new(MapDb::default()), &small()).map(|_| ()).unwrap_err();
    assert!(matches!(error, OpenError::Keys(KeyringError::Lost(1))), "{error}");
}

#[test]
fn a_number_that_no_patient_can_have_is_refused() {
    let mut core = memory(&disk());
    let outcome = core.commit(of_patient(u64::MAX));
    assert!(matches!(&outcome, Outcome::Failed(why) if why.contains("far above")), "{outcome:?}");
    commit(&mut core, of_patient(1));
}

#[test]
fn keys_of_the_first_patients_do_not_come_from_the_master_key() {
    let disk = disk();
    commit(&mut memory(&disk), of_patient(1));
    let master = disk.read("keys/store.key", 0, 32).unwrap();
    assert_ne!(master, small().entropy);
    let seed = |from: &[u8]| blake3::derive_key("musubi 2026 keys of patients", from);
    assert_ne!(seed(&master), seed(&small().entropy));
}

/// A store as the release before wrote it: schema 1, nothing under patients' keys.
fn schema_one(disk: &Arc<VirtualDisk>) -> Vec<Write> {
    let master = MasterKey::new([8; 32]);
    master.save(&**disk).unwrap();
    let keys = Arc::new(crate::journal::JournalKeys::new(&master));
    let mut journal = crate::journal::Journal::open(disk.clone(), keys, 4 << 10, Default::default()).unwrap().journal;
    let mut first = Batch::default();
    first.put(Space::Meta, b"\0schema", 1u32.to_be_bytes());
    journal.append(&first.writes).unwrap();
    let mut all = Vec::new();
    for p in 1..40 {
        let mut writes = of_patient(p).writes;
        writes.retain(|write| write.space != Space::Meta);
        writes.push(Write {
            space: Space::Entries,
            key: vec![9, p as u8],
            value: Some(b"\xffmk\x01 not one".to_vec()),
        });
        writes.sort_by(|a, b| (a.space, &a.key).cmp(&(b.space, &b.key)));
        journal.append(&writes).unwrap();
        all.extend(writes);
    }
    all
}

#[test]
fn a_store_of_schema_one_is_sealed_anew_wherever_the_power_cuts_it_off() {
    let whole = disk();
    let written = schema_one(&whole);
    for power in (1..60).chain([10_000]) {
        let disk = Arc::new(whole.backup(power));
        let db = Arc::new(MapDb::default());
        disk.set_faults(Faults { power: Some(power), ..Faults::default() });
        let _ = Core::open(disk.clone(), db.clone(), &small());
        disk.crash();
        let core = match Core::open(disk.clone(), db, &small()) {
            Err(OpenError::IndexUnfit(_)) => memory(&disk),
            opened => opened.unwrap().0,
        };
        for write in &written {
            assert_eq!(core.view().get(write.space, &write.key), write.value, "power {power}");
            let raw = core.shared.get(write.space, &write.key).unwrap().unwrap();
            assert!(is_guarded(&raw) || write.space == Space::Entries, "power {power}");
        }
        assert_eq!(core.view().scan(Space::Meta, b"", b"", 9), []);
    }
}

#[test]
fn a_release_that_knows_no_keys_of_patients_refuses_the_store() {
    let disk = disk();
    let core = memory(&disk);
    let schema = core.shared.get(Space::Meta, b"\0schema").unwrap().unwrap();
    assert!(u32::from_be_bytes(schema.try_into().unwrap()) > 1);
}

#[test]
fn a_disk_that_is_full_or_read_only_takes_no_new_patient_and_loses_none() {
    let disk = disk();
    let config = CoreConfig { reserve_bytes: 0, ..small() };
    let mut core = Core::open(disk.clone(), Arc::new(MapDb::default()), &config).unwrap().0;
    commit(&mut core, of_patient(1));
    let (full, stuck) = (
        Faults { capacity: Some(disk.used() + 6_000), ..Faults::default() },
        Faults { read_only: true, ..Faults::default() },
    );
    for faults in [full, stuck] {
        disk.set_faults(faults);
        let why = match core.commit(of_patient(BLOCK_SLOTS + 1)) {
            Outcome::Failed(why) => why,
            Outcome::Committed { .. } => panic!("a new block of keys has no room"),
        };
        assert!(why.contains("full") || why.contains("not permitted"), "{why}");
        assert!(holds(&core.view().get(Space::Patients, &1u64.to_be_bytes()).unwrap(), "HANAKO 1"));
    }
    disk.set_faults(Faults::default());
    commit(&mut core, of_patient(BLOCK_SLOTS + 1));
    disk.crash();
    let core = memory(&disk);
    assert!(core.view().get(Space::Patients, &(BLOCK_SLOTS + 1).to_be_bytes()).is_some());
    assert_eq!(core.check_keys().unwrap().lost, Vec::<u64>::new());
}
