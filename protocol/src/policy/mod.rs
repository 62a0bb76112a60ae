//! Policy: what a holder does with a request, and what the reader may see of that.
//!
//! Read `ask` (the question and what the holder knows), then `decide` (the checks in their fixed order), `accord` (clauses),
//! `emergency` (reading without consent), `roles` (what staff may read at all), `why` (each reason for a no, with its code), `shown` (what of it the reader sees).
//! `freshness` and `quota` are two facts that the holder keeps about itself and its readers.
mod accord;
mod ask;
mod decide;
mod emergency;
mod freshness;
mod quota;
mod roles;
mod shown;
#[cfg(test)]
mod tests;
mod why;

pub use accord::{Clause, Relation};
pub use ask::{Ask, Evidence, EvidenceKind, Facts, MatchGrade, MembershipFact, ReaderBase};
pub use decide::{Basis, Decision, decide};
pub use emergency::{
    BreakGlass, EmergencyFacts, EmergencyReason, Narrow, Verdict, emergency_kinds, emergency_roles, is_emergency,
    may_break,
};
pub use freshness::{Freshness, ladder};
pub use quota::Quota;
pub use roles::kinds_for;
pub use shown::{Shown, shown};
pub use why::Why;
