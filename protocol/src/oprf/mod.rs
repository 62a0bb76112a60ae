//! Patient tags by evaluators (評価者): a threshold OPRF over ristretto255, so that no single node can make tags in bulk.
//!
//! Read `suite` first (RFC 9497: blind, evaluate, finalize), then `proof` (an evaluation is by the key it should be by),
//! `share` (one key as n shares, any t of which do) and `partial` (checking and joining what evaluators answered), last
//! `keygen` (how n nodes make a key that none of them ever holds); `whole` is for observers. `group` is the border: bytes become elements there.
//!
//! Everything is a function of its arguments; randomness comes in as bytes. An asker keeps blinds, an evaluator a share, and
//! neither learns what the other has. Sources: RFC 9497 (suite ristretto255-SHA512, mode VOPRF), RFC 9380 (5.3.1), Feldman
//! 1987, Pedersen 1991.
mod group;
pub mod keygen;
mod partial;
mod proof;
mod share;
mod suite;
#[cfg(test)]
mod tests;
mod whole;

pub(crate) use group::hash_to_point;
pub use group::{ELEMENT_BYTES, Element, ElementError, read_elements, write_elements};
pub(crate) use group::{hash_to_element, hash_to_scalar};
pub use partial::{EvaluatorFault, KeySet, KeySetError, Partial, Wrong, evaluate};
pub use proof::Proof;
pub use share::{Commitments, Seat, Share};
pub use suite::{Blinded, Mode, blind, finalize, tag_of};
pub use whole::{unblinded, whole_tag};
