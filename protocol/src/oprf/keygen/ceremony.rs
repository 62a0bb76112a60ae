use super::super::{KeySetError, Seat};
use crate::ids::{Hash, NodeKey, SealKey};
use crate::limits::EVALUATORS_MAX;

/// One who takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Signs its steps.
    pub node: NodeKey,
    /// Its shares are sealed to this key.
    pub seal: SealKey,
}

/// Who makes a key together. All members must hold the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ceremony {
    /// Hash of the founders' call: no step of one ceremony is good in another.
    pub id: Hash,
    /// How many shares will make a tag.
    pub threshold: usize,
    /// In the order of seats.
    pub members: Vec<Member>,
}

impl Ceremony {
    /// Whether such a key can be.
    ///
    /// # Errors
    /// [`KeySetError::Counts`].
    pub fn check(&self) -> Result<(), KeySetError> {
        let (threshold, seats) = (self.threshold, self.members.len());
        let possible = threshold >= 2 && threshold <= seats && seats <= EVALUATORS_MAX;
        if possible { Ok(()) } else { Err(KeySetError::Counts { threshold, seats }) }
    }
    /// The seat of a node.
    pub fn seat_of(&self, node: &NodeKey) -> Option<Seat> {
        Seat::all(self.members.len()).find(|seat| self.members[seat.at()].node == *node)
    }
    pub(super) fn member(&self, seat: Seat) -> Option<&Member> {
        self.members.get(seat.at())
    }
    pub(super) fn seats(&self) -> impl Iterator<Item = Seat> + use<> {
        Seat::all(self.members.len())
    }
}
