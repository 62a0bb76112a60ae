//! Reading out of a large store, as the desk does it: the leaf of the audit log is on disk before anything is shown.
use protocol::fetch::heads;
use protocol::ids::PatientRef;
use protocol::kinds::Role;
use service::Staff;
use service::clock::SystemClock;
use service::records_read::Records;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{Store, StoreConfig};

/// What reading costs.
pub struct Reads {
    pub records: u64,
    /// Opening the store in this process.
    pub open: Duration,
    /// p50 and p99 of one record, parsed for the screen.
    pub point: [Duration; 2],
    /// p50 and p99 of the list of all records of a patient, and how many it has on average.
    pub patient: [Duration; 2],
    pub per_patient: u64,
}

/// Reads records and whole patients, spread over the store.
pub fn run(folder: &Path) -> Reads {
    let begun = Instant::now();
    let (store, _) = Store::open(folder, StoreConfig::new([0; 32])).expect("the store of the scan");
    let open = begun.elapsed();
    let store = Arc::new(store);
    let records = Records::new(store.clone(), Arc::new(SystemClock::new(None)));
    let staff = Staff::new("bench", Role::Doctor).expect("a number");
    let view = store.view();
    let (mut count, mut patients) = (0u64, 0u64);
    loop {
        let found = heads(&view, PatientRef(patients + 1)).len() as u64;
        if found == 0 {
            break;
        }
        count += found;
        patients += 1;
    }
    let (mut point, mut patient) = (Vec::new(), Vec::new());
    for turn in 0..TURNS {
        let who = PatientRef(1 + turn.wrapping_mul(7_919) % patients.max(1));
        let begun = Instant::now();
        let rows = records.list(&staff, who).expect("rows");
        patient.push(begun.elapsed());
        let Some(row) = rows.get(usize::try_from(turn).unwrap_or(0) % rows.len().max(1)) else { continue };
        let begun = Instant::now();
        records.show(&staff, who, row.id).expect("shown");
        point.push(begun.elapsed());
    }
    let per_patient = count / patients.max(1);
    Reads { records: count, open, point: percentiles(point), patient: percentiles(patient), per_patient }
}

fn percentiles(mut list: Vec<Duration>) -> [Duration; 2] {
    list.sort();
    [50, 99].map(|percent| list.get(list.len() * percent / 100).copied().unwrap_or_default())
}

/// Reads of each kind.
const TURNS: u64 = 2_000;
