use super::*;
use crate::disk::{Disk, Faults, VirtualDisk};
use crate::keys::MasterKey;
use proptest::prelude::*;
use protocol::data::{Space, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

fn keys() -> Arc<JournalKeys> {
    Arc::new(JournalKeys::new(&MasterKey::new([4; 32])))
}

fn open(disk: &Arc<VirtualDisk>) -> Result<(Journal, Option<Cut>), JournalError> {
    Journal::open(disk.clone(), keys(), 1 << 10, Floor::default()).map(|opening| (opening.journal, opening.cut))
}

fn write(number: u64) -> Vec<Write> {
    // Noise, so that a frame has several sectors.
    let mut value = vec![0; (number % 40) as usize * 40];
    blake3::Hasher::new().update(&number.to_be_bytes()).finalize_xof().fill(&mut value);
    vec![Write { space: Space::Jobs, key: number.to_be_bytes().to_vec(), value: Some(value) }]
}

fn filled(disk: &Arc<VirtualDisk>, frames: u64) -> Journal {
    let (mut journal, _) = open(disk).unwrap();
    for number in 1..=frames {
        assert_eq!(journal.append(&write(number)).unwrap().position, number);
    }
    journal
}

/// Opens and reads everything.
fn read(disk: &Arc<VirtualDisk>) -> Result<(Vec<Vec<Write>>, Option<Cut>), JournalError> {
    let (journal, cut) = open(disk)?;
    let mut all = Vec::new();
    let replayed = journal.reader().replay(&Mark::default(), journal.head().position, |_, writes| {
        all.push(writes);
        ControlFlow::Continue(())
    });
    match replayed {
        Ok(_) => Ok((all, cut)),
        Err(ReplayError::Journal(error)) => Err(error),
        Err(ReplayError::Stopped) => unreachable!("the visitor never stops"),
    }
}

fn last(disk: &VirtualDisk) -> String {
    format!("journal/{}", disk.list("journal").unwrap().last().unwrap())
}

fn image(disk: &VirtualDisk) -> Vec<Vec<u8>> {
    let names = disk.list("journal").unwrap();
    let load = |name: &String| {
        let path = format!("journal/{name}");
        disk.read(&path, 0, disk.len(&path).unwrap().unwrap() as usize).unwrap()
    };
    names.iter().map(load).collect()
}

#[test]
fn everything_comes_back_in_order_over_many_segments() {
    let disk = Arc::new(VirtualDisk::new(1));
    filled(&disk, 60);
    assert!(disk.list("journal").unwrap().len() > 5);
    let (all, cut) = read(&disk).unwrap();
    assert_eq!(all, (1..=60).map(write).collect::<Vec<_>>());
    assert_eq!(cut, None);
}

#[test]
fn a_replay_begins_behind_the_mark_and_knows_a_foreign_one() {
    let disk = Arc::new(VirtualDisk::new(1));
    let (mut journal, _) = open(&disk).unwrap();
    let marks: Vec<Mark> = (1..=30).map(|number| journal.append(&write(number)).unwrap()).collect();
    for mark in &marks {
        let mut seen = Vec::new();
        let visit = |at: Mark, _| {
            seen.push(at.position);
            ControlFlow::Continue(())
        };
        journal.reader().replay(mark, 30, visit).unwrap();
        assert_eq!(seen, (mark.position + 1..=30).collect::<Vec<_>>());
    }
    let foreign = Mark { digest: [0; 32], ..marks[11] };
    let error = journal.reader().replay(&foreign, 30, |_, _| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(error, ReplayError::Journal(JournalError::Diverged { position: 12 })));
}

#[test]
fn every_flipped_bit_is_named_and_nothing_is_cut() {
    let disk = Arc::new(VirtualDisk::new(1));
    filled(&disk, 22);
    for name in disk.list("journal").unwrap() {
        let path = format!("journal/{name}");
        let bits = disk.len(&path).unwrap().unwrap() * 8;
        for bit in (0..bits).step_by(97) {
            assert!(disk.flip_bit(&path, bit));
            let before = image(&disk);
            let result = read(&disk);
            let error = result.map(|_| ()).expect_err(&format!("{path} bit {bit}"));
            assert!(error.to_string().contains(&name), "{path} bit {bit}: {error}");
            assert_eq!(image(&disk), before, "{path} bit {bit}");
            assert!(disk.flip_bit(&path, bit));
        }
    }
    assert_eq!(read(&disk).unwrap().0.len(), 22);
}

#[test]
fn a_zeroed_sector_before_the_end_is_damage() {
    let disk = Arc::new(VirtualDisk::new(1));
    filled(&disk, 40);
    let segments = disk.list("journal").unwrap();
    for name in &segments[..segments.len() - 1] {
        let path = format!("journal/{name}");
        for sector in 0..disk.len(&path).unwrap().unwrap().div_ceil(512) {
            let kept = disk.backup(1);
            disk.zero_sector(&path, sector);
            let error = read(&disk).map(|_| ()).expect_err(&format!("{path} sector {sector}"));
            assert!(matches!(error, JournalError::Damaged { .. } | JournalError::Gap { .. }), "{error}");
            let bytes = kept.read(&path, 0, kept.len(&path).unwrap().unwrap() as usize).unwrap();
            disk.cut_tail(&path, 0);
            disk.append(&path, &bytes).unwrap();
            disk.sync(&path).unwrap();
        }
    }
    read(&disk).unwrap();
}

#[test]
fn a_torn_last_frame_is_cut_and_reported() {
    let disk = Arc::new(VirtualDisk::new(1));
    let (mut journal, _) = open(&disk).unwrap();
    journal.append(&write(39)).unwrap();
    let whole = disk.len(&last(&disk)).unwrap().unwrap();
    journal.append(&write(38)).unwrap();
    let full = disk.len(&last(&disk)).unwrap().unwrap();
    for len in whole + 1..full {
        let disk = Arc::new(disk.backup(len));
        let path = last(&disk);
        disk.cut_tail(&path, len);
        let (all, cut) = read(&disk).unwrap();
        assert_eq!(all, [write(39)]);
        let segment = path.trim_start_matches("journal/").to_owned();
        assert_eq!(cut, Some(Cut { segment, offset: whole, bytes: len - whole }));
        assert_eq!(read(&disk).unwrap().1, None);
    }
}

#[test]
fn a_cut_below_what_the_index_has_seen_is_an_error() {
    let disk = Arc::new(VirtualDisk::new(1));
    filled(&disk, 3);
    let path = last(&disk);
    let len = disk.len(&path).unwrap().unwrap();
    disk.cut_tail(&path, len - 1);
    let before = image(&disk);
    let error = Journal::open(disk.clone(), keys(), 1 << 10, Floor { seen: 3, covered: 0 }).map(|_| ()).unwrap_err();
    assert!(matches!(error, JournalError::Damaged { position: 3, .. }), "{error}");
    assert_eq!(image(&disk), before);
    let error = Journal::open(disk, keys(), 1 << 10, Floor { seen: 9, covered: 0 }).map(|_| ()).unwrap_err();
    assert!(matches!(error, JournalError::Damaged { .. } | JournalError::Behind { .. }), "{error}");
}

#[test]
fn a_missing_segment_is_named() {
    let disk = Arc::new(VirtualDisk::new(1));
    filled(&disk, 40);
    let segments = disk.list("journal").unwrap();
    for name in &segments[..segments.len() - 1] {
        let disk = Arc::new(disk.backup(1));
        disk.vanish(&format!("journal/{name}"));
        assert_eq!(read(&disk).unwrap_err(), JournalError::Gap { segment: name.clone() });
    }
}

#[test]
fn another_key_is_told_apart_from_damage() {
    let disk = Arc::new(VirtualDisk::new(1));
    filled(&disk, 3);
    let other = Arc::new(JournalKeys::new(&MasterKey::new([5; 32])));
    let error = Journal::open(disk, other, 1 << 10, Floor::default()).map(|_| ()).unwrap_err();
    assert!(matches!(error, JournalError::WrongKey { .. }), "{error}");
}

#[test]
fn after_a_failed_sync_nothing_is_taken_before_a_reopening() {
    let disk = Arc::new(VirtualDisk::new(1));
    let mut journal = filled(&disk, 3);
    disk.set_faults(Faults { sync_errors: 1000, ..Faults::default() });
    assert!(matches!(journal.append(&write(4)), Err(AppendError::Refusing(_))));
    disk.set_faults(Faults::default());
    let changes = disk.changes();
    assert!(matches!(journal.append(&write(4)), Err(AppendError::Refusing(_))));
    assert_eq!(disk.changes(), changes, "it must not touch the disk again");
    disk.crash();
    let mut journal = open(&disk).unwrap().0;
    assert_eq!(journal.append(&write(4)).unwrap().position, 4);
}

#[test]
fn a_full_disk_loses_nothing_and_goes_on_when_there_is_room() {
    let disk = Arc::new(VirtualDisk::new(1));
    let mut journal = filled(&disk, 10);
    disk.set_faults(Faults { capacity: Some(disk.used() + 100), ..Faults::default() });
    assert_eq!(journal.append(&write(39)), Err(AppendError::Full));
    assert_eq!(read(&disk).unwrap().0.len(), 10);
    disk.set_faults(Faults::default());
    assert_eq!(journal.append(&write(11)).unwrap().position, 11);
    assert_eq!(read(&disk).unwrap().0.len(), 11);
}

/// Everything of the frame is there but its first two bytes, which lie in a sector of their own.
#[test]
fn a_frame_that_lacks_only_its_beginning_is_torn() {
    let found = (0..520usize).any(|len| {
        let disk = Arc::new(VirtualDisk::new(1));
        let (mut journal, _) = open(&disk).unwrap();
        let mut value = vec![0; len];
        blake3::Hasher::new().finalize_xof().fill(&mut value);
        journal.append(&[Write { space: Space::Jobs, key: vec![], value: Some(value) }]).unwrap();
        let path = last(&disk);
        let whole = disk.len(&path).unwrap().unwrap();
        if whole % 512 != 510 {
            return false;
        }
        journal.append(&write(39)).unwrap();
        let full = disk.len(&path).unwrap().unwrap();
        let rest = disk.read(&path, whole + 2, (full - whole - 2) as usize).unwrap();
        disk.cut_tail(&path, whole);
        disk.append(&path, &[0, 0]).unwrap();
        disk.append(&path, &rest).unwrap();
        let cut = read(&disk).unwrap().1.unwrap();
        assert_eq!((cut.offset, cut.bytes), (whole, full - whole));
        true
    });
    assert!(found, "no frame began two bytes before a sector");
}

/// Guards the test below against being green for lack of torn frames.
#[test]
fn power_cuts_do_tear_frames() {
    let torn = (0..60).filter(|seed| {
        let disk = Arc::new(VirtualDisk::new(*seed));
        let mut journal = filled(&disk, 2);
        disk.set_faults(Faults { power: Some(1), ..Faults::default() });
        journal.append(&write(39)).unwrap_err();
        disk.crash();
        let (found, cut) = read(&disk).unwrap();
        assert!(found.len() == 2 || (found.len() == 3 && cut.is_none()));
        cut.is_some()
    });
    assert!(torn.count() > 10);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// The power fails in the middle of any change, with random write errors before it. Whatever was acknowledged is
    /// there afterwards, in order; at most the one frame in flight may be there too.
    #[test]
    fn a_crash_anywhere_loses_nothing_acknowledged(
        seed: u64,
        lives in proptest::collection::vec((0u64..60, 0u16..100), 1..6),
    ) {
        let disk = Arc::new(VirtualDisk::new(seed));
        let mut kept: Vec<Vec<Write>> = Vec::new();
        for (power, write_errors) in lives {
            disk.set_faults(Faults { power: Some(power), write_errors, ..Faults::default() });
            let mut in_flight = None;
            if let Ok((mut journal, _)) = open(&disk) {
                loop {
                    let next = write(kept.len() as u64 + 1);
                    match journal.append(&next) {
                        Ok(_) => kept.push(next),
                        Err(AppendError::Write(_)) => {}
                        Err(_) => {
                            in_flight = Some(next);
                            break;
                        }
                    }
                }
            }
            disk.crash();
            let (found, _) = match read(&disk) {
                Ok(found) => found,
                Err(error) => return Err(TestCaseError::fail(error.to_string())),
            };
            prop_assert!(found.len() == kept.len() || found.len() == kept.len() + 1);
            if found.len() > kept.len() {
                kept.extend(in_flight);
            }
            prop_assert_eq!(&found, &kept);
        }
    }
}
