//! Full disks, failing indexes, callers' mistakes.
use super::*;
use crate::limits::{KEY_BYTES_MAX, VALUE_BYTES_MAX};
use crate::{Change, Db, DbError, Disk, Faults, OpenError, Pair, Store, Work};
use protocol::data::Outcome;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

#[track_caller]
fn failed(outcome: Outcome) -> String {
    match outcome {
        Outcome::Failed(why) => why,
        Outcome::Committed { .. } => panic!("it was committed"),
    }
}

#[test]
fn each_event_gets_the_next_leaf() {
    let mut core = memory(&Arc::new(VirtualDisk::new(1)));
    let works = (1..=3).map(|number| Work::Batch(batch(number))).collect();
    let leaves = [0, 1, 2].map(|leaf| Outcome::Committed { leaves: vec![leaf] });
    assert_eq!(core.commit_now(works), leaves);
    assert_eq!(core.commit(Batch::default()), Outcome::Committed { leaves: vec![] });
    assert_eq!(core.commit(batch(4)), Outcome::Committed { leaves: vec![3] });
    assert_eq!(protocol::audit::head(&core.view()).size, 4);
}

#[test]
fn a_batch_that_is_refused_leaves_its_neighbours_alone() {
    let mut core = memory(&Arc::new(VirtualDisk::new(1)));
    let mut reserved = batch(2);
    reserved.put(Space::Meta, b"\0schema", b"9");
    let mut long_key = Batch::default();
    long_key.put(Space::Jobs, vec![0; KEY_BYTES_MAX + 1], b"");
    let mut large = Batch::default();
    large.put(Space::Jobs, b"k", vec![0; VALUE_BYTES_MAX + 1]);
    let build: crate::Build = Box::new(|_| Err("no".into()));
    let works = vec![Work::Batch(batch(1)), Work::Batch(reserved), Work::Batch(long_key), Work::Batch(large)];
    let mut outcomes = core.commit_now(works.into_iter().chain([Work::Build(build), Work::Batch(batch(2))]).collect());
    assert_eq!(outcomes.pop(), Some(Outcome::Committed { leaves: vec![1] }));
    assert_eq!(outcomes.remove(0), Outcome::Committed { leaves: vec![0] });
    for (outcome, word) in outcomes.into_iter().zip(["store's own", "key of 513", "as a blob", "no"]) {
        let why = failed(outcome);
        assert!(why.contains(word), "{why}");
    }
    assert_eq!(all(&core.view()), all(&model(2, &core.salt_key())));
}

#[test]
fn a_build_sees_the_batches_of_its_own_group() {
    let mut core = memory(&Arc::new(VirtualDisk::new(1)));
    let next = || -> Work {
        Work::Build(Box::new(|view| {
            let number = view.scan(Space::Patients, b"", b"", 100).len() as u8;
            let mut batch = Batch::default();
            batch.put(Space::Patients, [number], b"");
            Ok(batch)
        }))
    };
    core.commit_now(vec![next(), next(), next()]);
    core.commit_now(vec![next()]);
    let keys: Vec<_> = core.view().scan(Space::Patients, b"", b"", 9).into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, [[0], [1], [2], [3]]);
}

#[test]
fn the_stores_own_keys_are_not_shown() {
    let core = memory(&Arc::new(VirtualDisk::new(1)));
    assert_eq!(core.view().get(Space::Meta, b"\0schema"), None);
    assert_eq!(all(&core.view()), []);
}

#[test]
fn a_full_disk_spends_its_reserve_then_refuses_and_still_reads() {
    let disk = Arc::new(VirtualDisk::new(1));
    let config = CoreConfig { reserve_bytes: 20_000, ..small() };
    let (mut core, report) = Core::open(disk.clone(), Arc::new(MapDb::default()), &config).unwrap();
    assert!(report.has_reserve);
    core.commit(batch(1));
    disk.set_faults(Faults { capacity: Some(disk.used()), ..Faults::default() });
    let mut newest = 1;
    while let Outcome::Committed { .. } = core.commit(batch(newest + 1)) {
        newest += 1;
        assert!(core.health().is_full);
    }
    assert!(newest > 5, "the reserve was of no use");
    let why = failed(core.commit(batch(newest + 1)));
    assert!(why.contains("the disk is full"), "{why}");
    assert_eq!(all(&core.view()), all(&model(newest, &core.salt_key())));
    let opened = Core::open(disk.clone(), Arc::new(MapDb::default()), &config);
    assert!(opened.is_ok_and(|(_, report)| !report.has_reserve), "a full disk must not stop an opening");
    disk.set_faults(Faults::default());
    assert_eq!(core.commit(batch(newest + 1)), Outcome::Committed { leaves: vec![newest] });
    assert!(Core::open(disk, Arc::new(MapDb::default()), &config).unwrap().1.has_reserve);
}

#[test]
fn a_disk_that_fills_up_at_any_byte_loses_nothing() {
    let whole = Arc::new(VirtualDisk::new(1));
    memory(&whole);
    for room in (0..4_000).step_by(61) {
        let disk = Arc::new(whole.backup(room));
        let mut core = memory(&disk);
        disk.set_faults(Faults { capacity: Some(disk.used() + room), ..Faults::default() });
        let done = (1..=20).take_while(|n| matches!(core.commit(batch(*n)), Outcome::Committed { .. })).count() as u64;
        disk.crash();
        let core = memory(&disk);
        assert_eq!(all(&core.view()), all(&model(done, &core.salt_key())), "room {room}");
    }
}

#[test]
fn a_new_store_on_a_full_disk_says_so() {
    let disk = Arc::new(VirtualDisk::new(1));
    disk.set_faults(Faults { capacity: Some(10), ..Faults::default() });
    let error = Core::open(disk.clone(), Arc::new(MapDb::default()), &small()).map(|_| ()).unwrap_err();
    assert!(matches!(error, OpenError::Full), "{error}");
    disk.set_faults(Faults::default());
    memory(&disk);
}

#[test]
fn a_lost_key_is_never_replaced_by_a_new_one() {
    let disk = Arc::new(VirtualDisk::new(1));
    memory(&disk).commit(batch(1));
    disk.remove("keys/store.key").unwrap();
    let error = Core::open(disk.clone(), Arc::new(MapDb::default()), &small()).map(|_| ()).unwrap_err();
    assert!(matches!(error, OpenError::KeyMissing), "{error}");
    assert_eq!(disk.list("keys").unwrap(), ["patients.a", "patients.b"]);
}

/// An index that can be made to fail.
#[derive(Default)]
struct Failing {
    map: MapDb,
    fails: AtomicBool,
}

impl Db for Failing {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, DbError> {
        self.map.get(space, key)
    }
    fn scan(&self, space: Space, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Pair>, DbError> {
        self.map.scan(space, prefix, from, limit)
    }
    fn apply(&self, changes: Vec<(Space, Vec<Change>)>) -> Result<(), DbError> {
        if self.fails.load(Ordering::Relaxed) {
            // Half of it arrives.
            self.map.apply(changes.into_iter().take(1).collect())?;
            return Err(DbError::Damaged("a test says so".into()));
        }
        self.map.apply(changes)
    }
    fn flush(&self) -> Result<(), DbError> {
        Ok(())
    }
}

#[test]
fn what_the_index_cannot_take_is_acknowledged_and_seen_all_the_same() {
    let disk = Arc::new(VirtualDisk::new(1));
    let db = Arc::new(Failing::default());
    let mut core = Core::open(disk.clone(), db.clone(), &small()).unwrap().0;
    core.commit(batch(1));
    db.fails.store(true, Ordering::Relaxed);
    for number in 2..60 {
        assert_eq!(core.commit(batch(number)), Outcome::Committed { leaves: vec![number - 1] });
    }
    assert!(core.health().lagging.is_some());
    assert_eq!(all(&core.view()), all(&model(59, &core.salt_key())));
    drop(core);
    db.fails.store(false, Ordering::Relaxed);
    let core = Core::open(disk, db, &small()).unwrap().0;
    assert_eq!(all(&core.view()), all(&model(59, &core.salt_key())));
}

/// An index whose disk fails: from then on it answers nothing until it is opened anew, with what was flushed.
#[derive(Default)]
struct Forgetful {
    /// What is read, and what is on the disk.
    now: Mutex<Arc<MapDb>>,
    kept: Mutex<Vec<(Space, Vec<Change>)>>,
    unkept: Mutex<Vec<(Space, Vec<Change>)>>,
    fails: AtomicBool,
    openings: AtomicU64,
}

impl Forgetful {
    fn fail(&self) {
        self.fails.store(true, Ordering::Relaxed);
    }
    fn map(&self) -> Result<Arc<MapDb>, DbError> {
        if self.fails.load(Ordering::Relaxed) { Err(DbError::Full) } else { Ok(self.now.lock().unwrap().clone()) }
    }
}

impl Db for Forgetful {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, DbError> {
        self.map()?.get(space, key)
    }
    fn scan(&self, space: Space, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Pair>, DbError> {
        self.map()?.scan(space, prefix, from, limit)
    }
    fn apply(&self, changes: Vec<(Space, Vec<Change>)>) -> Result<(), DbError> {
        self.unkept.lock().unwrap().extend(changes.iter().cloned());
        self.map()?.apply(changes)
    }
    fn flush(&self) -> Result<(), DbError> {
        self.map()?;
        self.kept.lock().unwrap().append(&mut self.unkept.lock().unwrap());
        Ok(())
    }
    fn reopen(&self) -> Result<bool, DbError> {
        let map = MapDb::default();
        map.apply(self.kept.lock().unwrap().clone())?;
        self.unkept.lock().unwrap().clear();
        *self.now.lock().unwrap() = Arc::new(map);
        self.fails.store(false, Ordering::Relaxed);
        self.openings.fetch_add(1, Ordering::Relaxed);
        Ok(true)
    }
}

#[test]
fn an_index_that_forgot_is_opened_anew_and_nobody_sees_an_earlier_state() {
    let disk = Arc::new(VirtualDisk::new(1));
    let db = Arc::new(Forgetful::default());
    let mut core = Core::open(disk.clone(), db.clone(), &small()).unwrap().0;
    for number in 1..=200 {
        assert_eq!(core.commit(batch(number)), Outcome::Committed { leaves: vec![number - 1] });
        match number % 23 {
            3 => core.flush().unwrap(),
            // Met by a reader, or by the writer.
            7 => db.fail(),
            9 => core.index(),
            _ => {}
        }
        if number % 5 == 0 {
            assert_eq!(all(&core.view()), all(&model(number, &core.salt_key())), "after {number}");
        }
    }
    assert!(db.openings.load(Ordering::Relaxed) >= 8, "it never failed");
    assert_eq!(all(&core.view()), all(&model(200, &core.salt_key())));
    // Groups enough that the index takes them again.
    (201..=240).for_each(|number| drop(core.commit(batch(number))));
    assert_eq!(core.health().lagging, None);
    core.flush().unwrap();
    drop(core);
    let (core, report) = Core::open(disk, db, &small()).unwrap();
    assert_eq!(report.replayed, 0, "the index did not take again what it had lost");
    assert_eq!(all(&core.view()), all(&model(240, &core.salt_key())));
}

#[test]
fn a_damaged_value_is_never_read_as_nothing() {
    let disk = Arc::new(VirtualDisk::new(1));
    let db = Arc::new(MapDb::default());
    let mut core = Core::open(disk.clone(), db.clone(), &small()).unwrap().0;
    core.commit(batch(7));
    let key = 7u64.to_be_bytes();
    db.apply(vec![(Space::Bodies, vec![(key.to_vec(), Some(b"damage".to_vec()))])]).unwrap();
    let view = core.view();
    std::thread::spawn(move || view.get(Space::Bodies, &key)).join().unwrap_err();
    assert!(matches!(Core::open(disk.clone(), db, &small()).map(|_| ()), Err(OpenError::IndexUnfit(_))));
    assert!(memory(&disk).view().get(Space::Bodies, &key).is_some());
}

#[test]
fn many_callers_share_groups_and_no_number_is_given_twice() {
    let store = Store::in_memory(config()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..25 {
                    let (outcome, number) = store.commit_returning(|view| {
                        let number = view.scan(Space::Patients, b"", b"", usize::MAX).len() as u16;
                        let mut batch = Batch::default();
                        batch.put(Space::Patients, number.to_be_bytes(), b"");
                        batch.log(Event::new(Millis(0), What::Shown));
                        Ok((batch, number))
                    });
                    assert!(matches!(outcome, Outcome::Committed { .. }));
                    assert!(store.view().get(Space::Patients, &number.unwrap().to_be_bytes()).is_some());
                }
            });
        }
    });
    assert_eq!(store.view().scan(Space::Patients, b"", b"", usize::MAX).len(), 200);
    assert_eq!(protocol::audit::head(&store.view()).size, 200);
    assert!(store.verify().is_sound());
}

#[test]
fn a_panic_while_a_batch_is_made_fails_that_batch_alone() {
    let store = Store::in_memory(config()).unwrap();
    assert!(failed(store.commit_with(|_| panic!("a test"))).contains("panicked"));
    assert_eq!(store.commit(batch(1)), Outcome::Committed { leaves: vec![0] });
}

#[test]
fn a_submitted_batch_is_answered_and_a_closed_store_gives_it_back() {
    let store = Store::in_memory(config()).unwrap();
    let (answer, heard) = std::sync::mpsc::channel();
    store.submit(batch(1), Box::new(move |outcome| answer.send(outcome).unwrap())).unwrap();
    assert_eq!(heard.recv().unwrap(), Outcome::Committed { leaves: vec![0] });
    store.close();
    let busy = store.submit(batch(2), Box::new(|_| {})).unwrap_err();
    assert_eq!(busy.batch, batch(2));
    assert!(failed(store.commit(batch(2))).contains("closed"));
    assert!(store.view().get(Space::Meta, b"newest").is_some());
}
