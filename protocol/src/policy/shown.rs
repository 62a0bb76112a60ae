use super::{Decision, Why};

/// What the reader sees of a decision. The reasons stay in the holder's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Records come.
    Data,
    /// "Nothing for you": not here, not permitted and not the same patient look alike.
    Nothing,
    /// Somebody has to say something first.
    Pending,
    /// Not now; ask again.
    Busy,
    /// The accord leaves it out. Depends on the accord and the request alone.
    OutsideAccord {
        /// The clause.
        clause: u16,
    },
    /// The reader has no standing here: no membership or accord in force. Never depends on the patient.
    NotMember,
}

/// What the reader may see: a reason only where it cannot depend on the patient.
pub fn shown(decision: &Decision) -> Shown {
    match decision {
        Decision::Permit { .. } => Shown::Data,
        Decision::Pending(_) => Shown::Pending,
        Decision::Busy(_) => Shown::Busy,
        Decision::Refuse { why, clause } => refused(*why, *clause),
    }
}

fn refused(why: Why, clause: Option<u16>) -> Shown {
    match (why, clause) {
        (
            Why::NotAMember
            | Why::MembershipNotYet
            | Why::MembershipExpired
            | Why::NotAReader
            | Why::Revoked
            | Why::Suspended
            | Why::NoAccord
            | Why::AccordNotYet
            | Why::AccordExpired,
            _,
        ) => Shown::NotMember,
        (
            Why::OutsideAccordClasses | Why::OutsideAccordPurposes | Why::OutsideAccordRoles | Why::OutsideAccordKinds,
            Some(clause),
        ) => Shown::OutsideAccord { clause },
        _ => Shown::Nothing,
    }
}
