//! What travels: frames of protobuf, checked for size before they are parsed.
//!
//! `generated` is made from `proto/`; [`encode`] and [`decode`] put an [`Envelope`] around it. Nothing that arrives here is
//! trusted: handlers turn fields into the types of [`crate::ids`] and refuse what does not fit.
mod field;
mod frame;
#[rustfmt::skip]
#[allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub)]
#[path = "generated/musubi_v1.rs"]
pub mod v1;

pub use field::{FieldError, bytes16, bytes32, date_of, number_of, said};
pub use frame::{WireError, decode, encode};
pub use v1::Envelope;
pub use v1::envelope::Message;
