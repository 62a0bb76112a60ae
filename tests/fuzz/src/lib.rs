//! See `targets`.
mod targets;

pub use targets::*;
