//! Backups: a copy of what is acknowledged in another folder, made while the node runs, adding only what is new; and the way
//! back.
//!
//! Read `set` (which files belong to it; never keys), `manifest` (what a backup says of itself), `plan` (what a backup lacks:
//! pure), `make`, then `restore` and `repair` (single files put back into a store that is damaged).
mod error;
mod from_index;
mod make;
mod manifest;
mod plan;
mod repair;
mod restore;
mod set;
#[cfg(test)]
mod tests;

pub use error::BackupFault;
pub(crate) use make::Backup;
pub use make::{BackedUp, BackupPace};
pub(crate) use repair::Repair;
pub use repair::Repaired;
pub use restore::Restored;
pub(crate) use restore::restore;
pub use set::belongs_to_backup;
