//! How many patients two networks share (重複人数), counted by files that two offices exchange before there is an accord.
//!
//! `error` first (why a step is not taken), then `file` (what is carried), `rows` (what a node remembers of each count), then the
//! steps: `desk` (ask, accept, count, hear: the node of a side that merges) and `holder` (secret, mask, raise: the nodes whose
//! patients count). Where one node is a whole side it is both, and its secret never leaves it. The mathematics is
//! `protocol::overlap`.
mod desk;
mod error;
mod file;
mod holder;
mod rows;
#[cfg(test)]
mod tests;

pub use desk::{AcceptOverlap, AskOverlap, Stated};
pub use error::OverlapError;
pub use file::{FileProblem, OverlapKind};
pub use holder::SecretFor;
pub use rows::{OverlapView, Role};

/// Tells how far long work is: what, how many are done, of how many if that is known.
pub type Tell<'a> = &'a mut dyn FnMut(&'static str, u64, Option<u64>);
