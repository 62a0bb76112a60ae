//! What must never be: an observer with full knowledge looks at every frame, every batch on disk and every event.
//!
//! It never asks a node about itself. Read `truth` (what was founded, who is who), `known` (what a node has on disk, as the
//! disk tells), `consents` (a second, independent reading of consents), `frames` (what a frame says), `watch` (the observer),
//! then one file per invariant, numbered as in the design of the simulator.
mod consents;
mod frames;
mod i01;
mod i02;
mod i03;
mod i04;
mod i05;
mod i06;
mod i07;
mod i08;
mod i09;
mod i10;
mod i11;
mod i26;
mod i41;
mod i44;
mod known;
mod l04;
mod release;
mod truth;
mod watch;

pub use frames::Asked;
pub(crate) use frames::word;
pub use known::{Decided, Known};
pub use l04::{BOUND_US, Obeying};
pub use release::Release;
pub use truth::Truth;
pub use watch::{Leaving, Watch};

use std::fmt;

/// Which invariant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// Record bytes leave only under a valid consent, membership and accord.
    I01,
    /// Nothing is released without consent but in an emergency that is written down and told.
    I02,
    /// Nothing is released after a withdrawal is durable, and none is acknowledged before.
    I03,
    /// Index frames hold entries and nothing else.
    I04,
    /// A record's or person's mark is nowhere but where it belongs.
    I05,
    /// Who is no member gets one answer, whatever the patient.
    I06,
    /// "Nothing for you" never tells why.
    I07,
    /// No index entry goes to a network without an accord that covers it.
    I08,
    /// No node serves what it got from another.
    I09,
    /// No answer goes beyond request, consent and accord.
    I10,
    /// Nothing is done that the right key did not sign.
    I11,
    /// No request is served twice.
    I12,
    /// Nothing is kept of an answer but what was announced.
    I22,
    /// Exactly one durable audit entry precedes each release, refusal and consent change.
    I26,
    /// Who left an emergency read unreviewed makes no other.
    I44,
    /// Evaluators see blinded elements only, and none twice.
    I41,
    /// A withdrawal is obeyed everywhere within a minute, and by who was off before anything is shown.
    L04,
}

impl Invariant {
    /// All that are checked.
    pub const ALL: [Self; 17] = [
        Self::I01,
        Self::I02,
        Self::I03,
        Self::I04,
        Self::I05,
        Self::I06,
        Self::I07,
        Self::I08,
        Self::I09,
        Self::I10,
        Self::I11,
        Self::I12,
        Self::I22,
        Self::I26,
        Self::I44,
        Self::I41,
        Self::L04,
    ];
}

impl Invariant {
    /// Whether it says what must come about in time, not what must never be.
    pub fn is_liveness(self) -> bool {
        matches!(self, Self::L04)
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// What must never be, was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which invariant.
    pub invariant: Invariant,
    /// The smallest set of facts that shows it.
    pub witness: String,
}

/// What a check finds.
pub type Verdict = Result<(), Violation>;

pub(crate) fn broken(invariant: Invariant, witness: String) -> Verdict {
    Err(Violation { invariant, witness })
}
