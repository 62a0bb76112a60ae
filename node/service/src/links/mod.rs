//! Links within the node (施設内・施設間の名寄せ): which of its patients are one person, what people are asked, and what a link
//! lets be seen.
//!
//! Read `rows` first (what lies where), then `assertion` (a link as something that somebody signed), `person` (who is one
//! person now), `work` (one changed patient, and all that changed since), `census` and `run` (all patients anew, in the
//! background). People: `review` (the queue), `slip` (a word taken back at once), `undo` (with what had been visible), `reach` (what a reader of one patient sees
//! of the others), `stats`. Every decision is made in `matching::link`; here it is read, signed and kept.
//!
//! Whoever changes links holds [`State::lock`], so that numbers and persons never change under a decision.
mod assertion;
pub(crate) mod census;
mod draft;
mod error;
#[cfg(test)]
mod figures;
mod limits;
mod person;
pub(crate) mod reach;
mod review;
pub(crate) mod rows;
mod run;
mod slip;
mod stats;
#[cfg(test)]
mod tests;
mod undo;
mod work;

pub use assertion::{Link, LinkId, Says};
// What `matching` says of a pair, for whoever shows it and may not reach below this crate.
pub use error::LinksError;
pub use matching::link::bands::Doubt;
pub use matching::link::differences::{Difference, Piece, Shown};
pub use matching::link::history::Author;
pub use matching::link::levels::Field;
pub use matching::link::review::{Agreement, Answer, Language, Spoken, reason as doubt_reason};
pub use reach::{Member, Reach};
pub use review::{PairId, Question, Reviewed, Side, SideBySide};
pub use run::RunReport;
pub use slip::TakenBack;
pub use stats::LinkStats;
pub use undo::{Exposure, LinkShown, Look, Undone};
pub use work::Tally;

pub(crate) use person::members as person_of;
pub(crate) use work::State;
