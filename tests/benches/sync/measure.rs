//! All figures of one run.
use crate::ranges::{self, Order};
use crate::town::{Member, PER_PATIENT, Taken, Town, cpu, entries};
use protocol::data::MemoryView;
use protocol::index::{ENTRY_BYTES, Entry};
use std::collections::BTreeSet;

/// The figures.
pub struct Measured {
    /// Entries of the shelf.
    pub entries: usize,
    /// The whole shelf, to a member that joins.
    pub whole: Taken,
    /// Seconds of processor time to make a set of negentropy from the entries.
    pub set_cpu: f64,
    /// By number of differences.
    pub rows: Vec<Row>,
}

/// A copy that lacks so many entries.
pub struct Row {
    /// Entries that the copy lacks.
    pub lacks: usize,
    /// Entries that it has too many: the dummies that the new ones pushed out.
    pub extra: usize,
    /// Bytes of the entries that it lacks.
    pub limit: u64,
    /// Following the author.
    pub followed: Taken,
    /// Asking another copy.
    pub repaired: Taken,
    /// negentropy, new entries at the end, and anywhere.
    pub ranges: [Taken; 2],
}

/// Runs everything.
pub fn all(size: u64) -> Measured {
    let mut town = Town::new();
    let mut disk = town.disk();
    let mut stages: Vec<MemoryView> = Vec::new();
    for differences in DIFFERENCES.into_iter().rev().filter(|differences| *differences < size) {
        eprintln!("  a shelf of {} entries", size - differences);
        town.publish((size - differences) / PER_PATIENT);
        town.bring_up(disk, Member::Author);
        disk = town.disk();
        stages.push(disk.clone());
    }
    eprintln!("  the whole shelf");
    let whole = town.join_later();
    let shelf = town.shelf();
    let begun = cpu();
    let sets = [Order::Number, Order::Hash].map(|order| ranges::set(&shelf, order));
    let set_cpu = (cpu() - begun) / 2.0;
    let rows = stages.into_iter().rev().map(|stage| {
        let held = entries(&stage);
        let (lacks, extra) = (missing(&shelf, &held), missing(&held, &shelf));
        eprintln!("  a copy that lacks {lacks}");
        let followed = town.bring_up(stage.clone(), Member::Author);
        assert!(!followed.is_repair);
        let repaired = town.bring_up(stage, Member::Later);
        assert_eq!(repaired.is_repair, lacks + extra > 0, "a repair where there is something to repair");
        let other = |order: Order, set| ranges::reconcile(&ranges::set(&held, order), set);
        let ranges = [other(Order::Number, &sets[0]), other(Order::Hash, &sets[1])];
        Row { lacks, extra, limit: (lacks * ENTRY_BYTES) as u64, followed, repaired, ranges }
    });
    Measured { entries: shelf.len(), whole, set_cpu, rows: rows.collect() }
}

fn missing(from: &[Entry], held: &[Entry]) -> usize {
    let held: BTreeSet<[u8; ENTRY_BYTES]> = held.iter().map(Entry::pack).collect();
    from.iter().filter(|entry| !held.contains(&entry.pack())).count()
}

/// How many entries the copies lack.
const DIFFERENCES: [u64; 4] = [0, 10, 1_000, 100_000];
