use crate::limits::{STATE_AMBER_MS, STATE_GREEN_MS};

/// How far a node may trust what it knows of its networks (鮮度).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Freshness {
    /// Up to 24 hours old: all is well.
    Green,
    /// Up to 72 hours: reads work, the screen says so, new members are not accepted.
    Amber,
    /// Older: own records, sealed summaries and emergency reads only.
    Red,
}

/// The step for an age in milliseconds; both bounds belong to the better step.
pub fn ladder(age_ms: u64) -> Freshness {
    match age_ms {
        age if age <= STATE_GREEN_MS => Freshness::Green,
        age if age <= STATE_AMBER_MS => Freshness::Amber,
        _ => Freshness::Red,
    }
}

const _: () = assert!(STATE_GREEN_MS < STATE_AMBER_MS);
