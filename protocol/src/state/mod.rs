//! Shared state: small signed objects, each valid by itself, newest sequence number wins.
//!
//! [`signed`] is the one envelope. [`charter`], [`membership`], [`accord`], [`revocation`], [`suspension`], [`disaster`],
//! [`directory`] and [`evaluators`] are what it carries; [`chain`] is a charter with its earlier versions; [`book`] holds the
//! newest of each after checking that the right keys signed, `standing` answers from it who may talk to whom, and [`epochs`]
//! which patient keys there are.
mod accord;
mod book;
mod chain;
mod charter;
mod directory;
mod disaster;
mod epochs;
mod evaluators;
mod invite;
mod membership;
mod object;
mod revocation;
mod signed;
mod standing;
mod suspension;

pub use accord::Accord;
pub use book::{Accepted, Book, NodeFacility, Refused, Standing};
pub use charter::{Charter, Founder};
pub use directory::Directory;
pub use disaster::Disaster;
pub use epochs::Epoch;
pub use evaluators::{Evaluator, EvaluatorCall, EvaluatorKey, epoch_subject};
pub use invite::{Invite, InviteError, invite_hash};
pub use membership::{JoinBody, Membership, NodeCert};
pub use object::{Object, ObjectKind, decode_manifest, encode_manifest, manifest_object};
pub use revocation::{Revocation, Target};
pub use signed::{Draft, KeySignature, Signed};
pub use suspension::Suspension;
