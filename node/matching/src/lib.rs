//! Same person or not (名寄せ): brings what a facility wrote about a patient into one form, and compares two of them.
//!
//! Read [`Demographics`] first (what a facility wrote, as text), then [`normal`] (one form per field, with a version), [`tags`]
//! (the identity strings that the index hides behind tags), [`compare`] (how two agree, field by field) and [`decide`]
//! (certain, probable or unlike). [`link`] does the same for many records at once, with learned weights, and [`office`] for
//! tables of an office, with figures. A false link is worse than a missed one, so every doubt goes to a person.
//!
//! Nothing here keeps state, and the same input gives the same answer on every node: integers only, ordered sets only.
pub mod compare;
pub mod decide;
mod demographics;
pub mod limits;
pub mod link;
pub mod normal;
pub mod office;
pub mod tags;

pub use decide::{Grade, Reason, Verdict, judge};
pub use demographics::Demographics;
pub use normal::{NORMALISER_VERSION, Normalised, normalise};
pub use tags::{RuleId, identity_strings, links_across};
