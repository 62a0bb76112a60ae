//! Charts (経過): what many records of one patient say together: labs over time, drugs over time, and the page's summary.
//!
//! [`contents`] reads many records at once, own ones and copies, with one event of the log for each holder. The rest is pure:
//! [`labs`] (same test on one line only where code and unit agree), [`repeats`] (tests that another house made days before), [`drugs`] (supplies, doubles, gaps), [`summary`]. Nothing
//! here says that something does not exist: a holder that did not answer is not in the records that are given in.
mod contents;
mod drugs;
mod labs;
mod read;
mod repeats;
mod summary;

pub use contents::{Contents, Wanted};
pub use drugs::{DrugLine, Ingredient, Span, Supply, SupplyKind, drugs};
pub use labs::{Apart, LabPoint, LabSeries, labs};
pub use read::Read;
pub use repeats::{Repeat, repeats};
pub use summary::{AllergyNote, ProblemNote, allergies, problems};
