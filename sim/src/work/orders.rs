use crate::seed::Stream;
use protocol::kinds::{Coarse, KindSet, Purpose, Role};
use protocol::policy::{BreakGlass, EmergencyReason};
use protocol::time::{Millis, Period};

/// How something is asked for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// What the member of staff is.
    pub role: Role,
    /// Why.
    pub purpose: Purpose,
    /// Kinds.
    pub kinds: KindSet,
    /// Care dates.
    pub period: Period,
    /// Most bytes.
    pub limit_bytes: u64,
    /// Whether anything shows the purpose.
    pub has_evidence: bool,
    /// What is done beside the usual.
    pub twist: Twist,
    /// What is said for doing without consent.
    pub emergency: Option<BreakGlass>,
}

/// What a curious or hasty member of staff does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Twist {
    /// Nothing.
    None,
    /// Asks with what was found at an earlier visit.
    Stale,
    /// Asks for a handle that nobody has.
    WrongHandle,
    /// Asks with identity strings that do not agree.
    WrongStrings,
    /// Asks although the own side has no consent on file: the patient stands there.
    Present,
}

/// A wish as they come up at desks.
pub fn wish(start: Millis, draws: &mut Stream) -> Wish {
    use Purpose::{CarePlan, Emergency, Referral, Research, Treatment};
    let today = start.date_jst();
    let since = today.plus_days(-(draws.between(30, 400) as i32));
    let until = today.plus_days(-(draws.between(0, 200) as i32));
    Wish {
        role: draws.weighted(&[
            (82, Role::Doctor),
            (6, Role::Nurse),
            (6, Role::Pharmacist),
            (3, Role::CareManager),
            (3, Role::Clerk),
        ]),
        purpose: draws.weighted(&[(80, Treatment), (10, Referral), (4, CarePlan), (3, Emergency), (3, Research)]),
        kinds: draws.weighted(&[
            (60, KindSet::ALL),
            (20, KindSet::of(&[Coarse::Prescription, Coarse::Lab])),
            (10, KindSet::of(&[Coarse::Disease])),
            (10, KindSet::of(&[Coarse::Lab, Coarse::Physiology])),
        ]),
        period: draws.weighted(&[
            (60, Period::ALL),
            (25, Period { from: since, to: None }),
            (15, Period { from: since.min(until), to: since.max(until) }),
        ]),
        limit_bytes: draws.weighted(&[(80, 1 << 30), (10, 100_000), (10, 3_000)]),
        has_evidence: draws.permille(950),
        twist: draws.weighted(&[
            (64, Twist::None),
            (14, Twist::Stale),
            (6, Twist::WrongHandle),
            (6, Twist::WrongStrings),
            (14, Twist::Present),
        ]),
        emergency: None,
    }
}

/// What a doctor asks for who has every right to; with what was found at an earlier visit too, if so said.
pub fn plain_wish(is_old: bool) -> Wish {
    Wish {
        role: Role::Doctor,
        purpose: Purpose::Treatment,
        kinds: KindSet::ALL,
        period: Period::ALL,
        limit_bytes: 1 << 30,
        has_evidence: true,
        twist: if is_old { Twist::Stale } else { Twist::None },
        emergency: None,
    }
}

/// A wish without consent; most say everything that is needed, some do not.
pub fn urgent(start: Millis, draws: &mut Stream) -> Wish {
    let mut said = BreakGlass {
        reason: EmergencyReason::Unconscious,
        text: "brought in unconscious".into(),
        factors: 2,
        is_present: true,
    };
    match draws.weighted(&[(80, 0), (5, 1), (5, 2), (5, 3), (5, 4)]) {
        1 => said.text = " ".into(),
        2 => said.factors = 1,
        3 => said.is_present = false,
        4 => said.reason = EmergencyReason::LifeInDanger,
        _ => {}
    }
    Wish {
        role: draws.weighted(&[(70, Role::Doctor), (15, Role::Nurse), (10, Role::Emergency), (5, Role::Pharmacist)]),
        purpose: Purpose::Emergency,
        has_evidence: true,
        twist: Twist::None,
        emergency: Some(said),
        ..wish(start, draws)
    }
}
