//! The store as a whole: over a disk that lies, and over a real folder with sled.
mod crash;
mod damage;
mod folder;
mod migration;
mod troubles;

use crate::{Core, CoreConfig, MapDb, StoreConfig, VirtualDisk};
use protocol::audit::{Event, What};
use protocol::data::{Batch, MemoryView, Space, View};
use protocol::time::Millis;
use std::sync::Arc;

pub(crate) fn small() -> CoreConfig {
    CoreConfig { entropy: [6; 32], segment_bytes: 4 << 10, reserve_bytes: 0 }
}

pub(crate) fn config() -> StoreConfig {
    StoreConfig { segment_bytes: 64 << 10, reserve_bytes: 64 << 10, ..StoreConfig::new([6; 32]) }
}

pub(crate) fn memory(disk: &Arc<VirtualDisk>) -> Core {
    Core::open(disk.clone(), Arc::new(MapDb::default()), &small()).unwrap().0
}

/// A batch that names its number in several spaces and in the log.
pub(crate) fn batch(number: u64) -> Batch {
    let mut batch = Batch::default();
    let text = format!("value {number} ").repeat((number % 50) as usize);
    batch.put(Space::Records, (number % 40).to_be_bytes(), text.clone());
    batch.put(Space::Bodies, number.to_be_bytes(), text);
    batch.put(Space::Meta, "newest", number.to_be_bytes());
    if number >= 40 {
        batch.remove(Space::Bodies, (number - 40).to_be_bytes());
    }
    batch.log(Event::new(Millis(number), What::Shown));
    batch
}

/// All pairs of all spaces.
pub(crate) fn all(view: &dyn View) -> Vec<(Space, Vec<u8>, Vec<u8>)> {
    let mut out = Vec::new();
    for space in Space::ALL {
        out.extend(view.scan(space, b"", b"", usize::MAX).into_iter().map(|(key, value)| (space, key, value)));
    }
    out
}

/// What is there after batches 1 to `newest`, by the rules of the core alone.
pub(crate) fn model(newest: u64, salts: &[u8; 32]) -> MemoryView {
    let mut view = MemoryView::default();
    for number in 1..=newest {
        let batch = batch(number);
        let appended = protocol::audit::append(&view, salts, &batch.events);
        view.apply(&batch.writes);
        view.apply(&appended.writes);
    }
    view
}
