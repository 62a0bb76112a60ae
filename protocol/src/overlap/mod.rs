//! How many patients two networks share (重複人数), before they sign an accord: a rounded number, and nothing else.
//!
//! Read `terms` first (who counts with whom, by which rule), then `mask` (a patient becomes a point that only a side's secret
//! could have made; the other side raises it once more), `list` (points in the one order that tells nothing), `count` (equal
//! points, less the marks that hide the exact number, rounded), `statement` (what the sides sign) and `session` (who may take
//! which step, how often). What a dishonest side can do stands in `docs/overlap.md`.
//!
//! Everything is a function of its arguments: files, clocks and randomness are the caller's. Source: private set intersection
//! cardinality by commutative masking (De Cristofaro, Gasti, Tsudik 2012), over ristretto255 as for tags.
mod count;
mod list;
mod mask;
mod session;
mod statement;
mod terms;
#[cfg(test)]
mod tests;

pub use count::Told;
pub use list::{List, ListError};
pub use mask::{Mask, POINT_BYTES, Point};
pub use session::{Begun, Refused, Session, Stage, check_begin};
pub use statement::{Answer, Ask, Outcome, Stated, Statement};
pub use terms::Terms;
