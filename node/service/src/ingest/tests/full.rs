//! A disk that is full at one step or another of taking in: what was acknowledged stays, reading goes on, and the scan goes
//! on by itself once there is room.
use super::support::{HANAKO, NINES, NOW, Node, Tree, feed_of, master, name, prescription};
use crate::bodies::Body;
use crate::clock::{Clock, HandClock};
use crate::ingest::{BatchLimits, Ingest, Progress, ScanError};
use crate::staff::Staff;
use protocol::ids::PatientRef;
use protocol::kinds::Role;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use store::{Store, StoreConfig};
use tempfile::TempDir;

/// A small file system in memory; unmounted when dropped.
struct Small(TempDir);

impl Small {
    /// None, with the reason printed, where this account may not mount one.
    fn mount(bytes: u64) -> Option<Self> {
        let folder = TempDir::new().expect("a folder");
        let size = format!("size={bytes}");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).output();
        match mounted {
            Ok(done) if done.status.success() => Some(Self(folder)),
            Ok(done) => {
                println!("skipped: no tmpfs can be mounted: {}", String::from_utf8_lossy(&done.stderr).trim());
                None
            }
            Err(error) => {
                println!("skipped: `mount` cannot be run: {error}");
                None
            }
        }
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let done = Command::new("umount").arg("-l").arg(self.0.path()).status();
        if !done.is_ok_and(|status| status.success()) {
            println!("{} stays mounted", self.0.path().display());
        }
    }
}

fn open(folder: &Path) -> Arc<Store> {
    let config = StoreConfig { reserve_bytes: 2 << 20, segment_bytes: 1 << 20, ..StoreConfig::new([7; 32]) };
    Arc::new(Store::open(folder, config).expect("a full disk must not stop an opening").0)
}

fn ingest(store: &Arc<Store>, folder: &Path) -> Ingest {
    let clock: Arc<dyn Clock> = Arc::new(HandClock::at(NOW));
    Ingest::with_limits(store.clone(), clock, folder, BatchLimits { files: 8, bytes: 1 << 20 })
}

/// Forty patients with a message and a scanned document each.
fn hospital(tree: &Tree) {
    let mut noise = 1u64;
    for number in 1..=40u32 {
        let number = format!("{number:010}");
        let person = (number.as_str(), HANAKO.1, HANAKO.2, HANAKO.3);
        tree.message(&name(&number, "ADT-00", None, NINES, 1), &master(person));
        let order = "000000250610011";
        tree.message(&name(&number, "OMP-01", Some(10), order, 2), &prescription(person, order, 3));
        let scan: Vec<u8> = (0..90_000)
            .map(|_| {
                noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (noise >> 56) as u8
            })
            .collect();
        tree.document(&name(&number, "XXX", Some(11), "doc1", 3), "-", "scan.pdf", &scan);
    }
}

/// Takes all room but so much. Gives the file that holds it.
fn fill(folder: &Path, room: u64) -> PathBuf {
    let path = folder.join("filler");
    let mut file = File::create(&path).expect("a file");
    let piece = [1; 4096];
    while file.write_all(&piece).is_ok() {}
    let len = file.metadata().expect("its length").len();
    file.set_len(len.checked_sub(room).expect("less than there is")).expect("cut");
    path
}

/// All records that are here, each read whole. Gives how many.
fn read_all(store: &Arc<Store>) -> usize {
    let view = store.view();
    let mut count = 0;
    for patient in (1..=40).map(PatientRef) {
        for (_, head) in protocol::fetch::heads(&view, patient) {
            let body = Body::open(&view, store.blobs(), patient, head.place).expect("its bytes are here");
            let bytes = body.bytes(1 << 20).expect("and are read");
            assert_eq!(protocol::fetch::digest_of(&bytes), head.digest);
            count += 1;
        }
    }
    count
}

#[test]
fn a_disk_that_fills_up_during_a_scan_loses_nothing_and_the_scan_goes_on_once_there_is_room() {
    let tree = Tree::new();
    hospital(&tree);
    let feed = feed_of(&tree, "main");
    for room in [0, 150, 400, 900, 1_700, 2_600].map(|kib: u64| kib << 10) {
        let Some(small) = Small::mount(20 << 20) else { return };
        let folder = small.0.path();
        let store = open(folder);
        let filler = fill(folder, room);
        let mut committed = 0;
        let scanned = ingest(&store, folder).scan(&feed, &mut |progress: Progress| committed = progress.committed);
        let error = scanned.map(|_| ()).expect_err("there is no room for all of it");
        assert!(matches!(error, ScanError::Store(_)), "room {room}: {error}");
        let held = read_all(&store);
        assert!(held as u64 >= committed, "room {room}: {held} of {committed}");
        let again = ingest(&store, folder).scan(&feed, &mut |_: Progress| {});
        let now_held = read_all(&store);
        assert!(now_held >= held && (again.is_err() || now_held == 120), "room {room}: {now_held} of {held}");
        // A node that is started on the full disk opens and reads.
        let mut store = store;
        for _ in 0..3 {
            store.close();
            drop(store);
            store = open(folder);
            assert!(read_all(&store) >= held, "room {room}");
        }
        fs::remove_file(&filler).expect("room again");
        let report = ingest(&store, folder).scan(&feed, &mut |_: Progress| {}).expect("it goes on by itself");
        assert_eq!((report.stored, report.quarantined), (120, 0), "room {room}: {report:?}");
        assert_eq!(read_all(&store), 120);
        assert!(store.verify().is_sound(), "room {room}");
        store.close();
    }
}

/// The index may meet the full disk before the journal does, and then answers nothing until it is opened anew: in the same
/// process, under those who read.
#[test]
fn once_the_disk_has_room_again_the_scan_goes_on_without_a_start() {
    let tree = Tree::new();
    hospital(&tree);
    let feed = feed_of(&tree, "main");
    for room in [100, 300, 500, 650, 800, 950, 1_200].map(|kib: u64| kib << 10) {
        let Some(small) = Small::mount(20 << 20) else { return };
        let folder = small.0.path();
        let store = open(folder);
        let filler = fill(folder, room);
        assert!(ingest(&store, folder).scan(&feed, &mut |_: Progress| {}).is_err());
        // Longer than sled takes to notice by itself.
        std::thread::sleep(std::time::Duration::from_millis(700));
        let held = read_all(&store);
        fs::remove_file(&filler).expect("room again");
        let report = ingest(&store, folder).scan(&feed, &mut |_: Progress| {}).expect("it goes on");
        assert_eq!((report.stored, report.quarantined), (120, 0), "room {room}: {report:?}");
        assert!(report.unchanged as usize <= held, "room {room}: of {held} that were read before, {report:?}");
        assert_eq!(read_all(&store), 120);
        let staff = Staff::new("c-1", Role::Clerk).expect("a number");
        let node =
            Node { store, clock: Arc::new(HandClock::at(NOW)), folder: TempDir::new().expect("a folder"), staff };
        assert_eq!(node.finds("0000000040").len(), 1);
        node.store.close();
        drop(node);
        let (store, _) = Store::open(folder, StoreConfig::new([7; 32])).expect("it opens");
        assert!(store.verify().is_sound(), "room {room}");
    }
}
