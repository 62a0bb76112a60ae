//! Where the journal is damaged and nothing else covers that stretch: the index has the content still, and a snapshot of it
//! takes the journal's place.
//!
//! Every value of the index is sealed, so none in it is wrong; that none is missing cannot be compared with anything any
//! more. So this comes last, and a backup is the better way.
use crate::check::FileCheck;
use crate::codec::Codec;
use crate::db::Db;
use crate::journal::{Mark, begin_at, inspect, segments};
use crate::keys::MasterKey;
use crate::snapshot::Maker;
use crate::view::{APPLIED, Shared};
use protocol::data::{Space, Write};
use std::sync::Arc;

/// Makes a snapshot of the index at its last frame. Gives that frame, or why it cannot be.
///
/// The segments are still there; [`restart_at`] puts a new one in their place once they are out of the way.
pub(super) fn snapshot_of_index(files: &FileCheck, master: &MasterKey, db: Arc<dyn Db>) -> Result<Mark, String> {
    let shared = Shared::new(files.disk.clone(), db, Codec::new(master));
    let applied = shared.applied().map_err(|error| error.to_string())?;
    let firsts = segments(&*files.disk).map_err(|error| error.to_string())?;
    let last = firsts.last().and_then(|first| inspect(&*files.disk, &files.keys, *first, u64::MAX));
    if applied.position == 0 || last.is_some_and(|state| state.head.position > applied.position) {
        return Err("the index does not have all frames of the journal".into());
    }
    let maker = Maker { disk: files.disk.clone(), keys: files.snapshots.clone(), journal: files.reader() };
    let failed = |error: &dyn std::fmt::Display| error.to_string();
    files.disk.make_folder("snapshots").map_err(|error| failed(&error))?;
    let mut out = maker.begin(applied).map_err(|error| failed(&error))?;
    for space in Space::ALL {
        let mut from = Vec::new();
        loop {
            let page = shared.db.scan(space, b"", &from, PAGE_KEYS).map_err(|error| failed(&error))?;
            let Some((last, _)) = page.last() else { break };
            from = [last.as_slice(), &[0]].concat();
            for (key, sealed) in page {
                if space == Space::Meta && key == APPLIED {
                    continue;
                }
                let value = shared.open(space, &key, sealed).map_err(|error| failed(&error))?;
                out.add(&maker.keys, Write { space, key, value: Some(value) }).map_err(|error| failed(&error))?;
            }
        }
    }
    let part = out.finish(&maker.keys).map_err(|error| failed(&error))?;
    maker.publish(&part, applied.position, &mut |_| true).map_err(|error| failed(&error))?;
    Ok(applied)
}

/// Begins the journal anew behind a frame that a snapshot has seen.
pub(super) fn restart_at(files: &FileCheck, mark: &Mark) -> Result<(), String> {
    begin_at(&*files.disk, &files.keys, mark).map_err(|error| error.to_string())
}

/// Keys that are read at a time.
const PAGE_KEYS: usize = 1_000;
