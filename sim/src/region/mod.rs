//! A made-up region: its people, the facilities that know them, and the SS-MIX2 storage that each facility holds.
//!
//! Nobody in it exists. Names come from short lists of everyday names, towns are invented, postcodes start with `000` and
//! telephone subscriber numbers with `0`, which nobody can be given. The same [`Plan`] gives the same bytes on every machine.
//!
//! Reading order: `plan` (what is wanted, what comes out), `stream` (chance by name), `names`, `places`, `people` (who lives
//! here), `drugs`, `labs`, `illness` (what they have), `house` (how a facility writes), `registration` (a person as one
//! facility wrote it down), `encounters` (who is seen where and when), `message` (HL7 texts), `charset` (their bytes), `tree`
//! (folders and flags), `deviation` and `rewrite` (what real storage gets wrong), `extended`, `chart` (one patient at one facility),
//! `generate` (all of them), [`preset()`].
mod charset;
mod chart;
mod deviation;
mod drugs;
mod encounters;
mod extended;
mod generate;
mod house;
mod illness;
mod labs;
mod limits;
mod message;
mod moment;
mod names;
mod people;
mod places;
mod plan;
mod preset;
mod registration;
mod rewrite;
mod stream;
mod summary;
#[cfg(test)]
mod tests;
mod tree;

pub use deviation::Deviation;
pub use generate::{GenerateError, Sink, generate};
pub use limits::{DEVIATIONS_PERMILLE_MAX, FACILITIES_MAX, PATIENTS_MAX, YEARS_MAX};
pub use plan::{Deviations, FacilityPlan, Plan, PlanError};
pub use preset::{PRESETS, preset};
pub use registration::{PATIENTS_FILE, TRUTH_FILE};
pub use summary::{FacilitySummary, Flag, StorageSummary, Summary, Verdict};
pub use tree::{EXTENDED_ROOT, STANDARD_ROOT};
