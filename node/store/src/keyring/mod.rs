//! A key per patient, so that erasing a patient is overwriting 64 bytes, twice.
//!
//! Read `slot` first (the 64 bytes of one key), then `ring` (two files of slots that heal each other), `guard` (which
//! values belong to whom, and their sealed form), `reseal` (stores from before there were keys of patients), `backup` (the
//! ring in one sealed file) and `sheet` (the master key on paper).
//!
//! The keys lie in `keys/`, never in the journal, the index or a backup of them: what those hold of a patient is worth
//! nothing without its key. Source: house plan, chapter 6.
mod backup;
#[cfg(test)]
mod folder_tests;
mod guard;
mod reseal;
mod ring;
mod sheet;
mod slot;
#[cfg(test)]
mod tests;

pub(crate) use backup::restore;
pub use backup::{BackupError, Expired, RingBackup};
pub(crate) use guard::{Guard, ValueError, is_guarded, owner, plain};
pub use guard::{erased_value, owned};
pub(crate) use reseal::reseal;
pub(crate) use ring::{Keyring, Lookup};
pub use ring::{KeyringError, KeyringReport};
pub use sheet::{RecoverError, Sheet, SheetError, recover};
