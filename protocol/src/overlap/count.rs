use crate::limits::{OVERLAP_MARKS, OVERLAP_STEP};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What two networks are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// Fewer than [`OVERLAP_STEP`], perhaps none.
    Few,
    /// About so many: a multiple of [`OVERLAP_STEP`].
    About(u32),
}

impl Told {
    /// What may be told of so many equal points. Of the marks each side chose a half without knowing the other's: on average a
    /// quarter is in both.
    pub fn of(common: usize) -> Self {
        let common = u32::try_from(common).unwrap_or(u32::MAX);
        let shared = common.saturating_sub(OVERLAP_MARKS / 4);
        if shared < OVERLAP_STEP {
            return Self::Few;
        }
        Self::About(shared.saturating_add(OVERLAP_STEP / 2) / OVERLAP_STEP * OVERLAP_STEP)
    }
    /// The number on paper; none below the first step.
    pub fn about(self) -> Option<u32> {
        match self {
            Self::Few => None,
            Self::About(count) => Some(count),
        }
    }
    pub(super) fn encode(self) -> [u8; 4] {
        self.about().unwrap_or(0).to_be_bytes()
    }
    /// None for a number that nobody may tell.
    pub(super) fn decode(bytes: [u8; 4]) -> Option<Self> {
        match u32::from_be_bytes(bytes) {
            0 => Some(Self::Few),
            count => count.is_multiple_of(OVERLAP_STEP).then_some(Self::About(count)),
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Few => write!(f, "fewer than {OVERLAP_STEP}"),
            Self::About(count) => write!(f, "about {count}"),
        }
    }
}
