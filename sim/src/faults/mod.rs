//! What goes wrong: an explicit list, drawn from the seed once, so that a failure can be replayed and made smaller.
//!
//! Whole classes are on or off per seed: a run in which everything fails all the time never gets anywhere deep.
mod plan;

pub use plan::{Class, Fault, Shape, plan};
