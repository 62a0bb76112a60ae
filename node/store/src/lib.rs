//! The store of a node: what is acknowledged is in the journal and synced; everything else is made from it.
//!
//! Reading order: [`disk`](Disk) (the file layer, and one that lies), `journal` (the truth), [`db`](Db) (the index that can
//! be thrown away), `view` (reading), `core` and `tx` (opening and committing, without threads: the simulator's way in),
//! `writer` and [`Store`] (the node's way in), [`Blobs`] (large values), `keyring` (a key per patient), `verify`.
//!
//! One folder: `lock`, `keys/store.key`, `keys/patients.*`, `journal/*.seg`, `db/` (sled), `blobs/`, `quarantine/`, `reserve`. Values are
//! sealed with a key per space, those of a patient before that with its own; the journal and the blobs with theirs; all but the
//! patients' come from the one in `keys/store.key`. The store draws neither time nor randomness and decides nothing.
mod anew;
mod backup;
mod blobs;
mod check;
mod closed;
mod codec;
mod core;
mod db;
mod disk;
mod error;
mod journal;
mod keyring;
mod keys;
mod ledger;
pub mod limits;
mod lock;
mod migrate;
mod overlay;
mod pack;
mod reserve;
mod seal;
mod snapshot;
mod store;
#[cfg(test)]
mod tests;
mod tx;
mod view;
mod writer;

pub use backup::{BackedUp, BackupFault, BackupPace, Repaired, Restored, belongs_to_backup};
pub use blobs::{BlobError, BlobId, BlobReader, BlobWriter, Blobs};
pub use check::{Damage, Pace, Part, Scrub, ScrubStep, VerifyReport};
pub use closed::{Drill, check_closed, drill, repair_closed, restore_to};
pub use core::{Core, CoreConfig};
pub use db::{Change, Db, DbError, MapDb, Pair, SledDb};
pub use disk::{Disk, DiskError, Faults, RealDisk, Trouble, VirtualDisk};
pub use error::{OpenError, OpenReport, Rebuilt};
pub use journal::{AppendError, Cut, JournalError, Mark};
pub use keyring::{
    BackupError, Expired, KeyringError, KeyringReport, RecoverError, RingBackup, Sheet, SheetError, erased_value,
    owned, recover,
};
pub use snapshot::{Compacted, MakeError, SnapshotError};
pub use store::{Store, StoreConfig};
pub use tx::{Build, Work};
pub use view::{Health, LOST, StoreView};
pub use writer::{Busy, Done};
