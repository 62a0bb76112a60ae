//! Patients (患者) of this node's facilities: who they are, what is held of them, and how the desk finds them.
//!
//! Read `entry` first (what is known of a patient, and what others may need of it), then `tokens` (keyed hashes of names,
//! numbers and dates, so that no name stands in a key), `query` (what a clerk typed) and `find` (search and show, audited).
mod entry;
mod find;
mod query;
mod tokens;

pub use entry::PatientEntry;
pub use find::{FindError, Found, PatientRow, Patients};
pub use query::Query;

pub(crate) use entry::{NEXT_KEY, entry_key, load};
pub(crate) use tokens::{ERASED, TokenKey, find_by_id};
