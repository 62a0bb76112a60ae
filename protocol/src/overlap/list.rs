use super::mask::{Mask, Point, nobody};
use crate::crypto::{domain, sha256};
use crate::ids::Hash;
use crate::limits::{OVERLAP_FILL, OVERLAP_POINTS_MAX};
use crate::oprf::{Element, ElementError};

/// Points of one side, strictly ascending by their bytes: an order that says nothing of the one in which patients were read,
/// and that shows duplicates at once. Sorting masked points shuffles them for everybody who lacks the secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    points: Vec<Point>,
}

/// Why points are no list. Always the fault of whoever wrote them, or of their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// Not above the one before: moved, or there twice.
    #[error("point {0} is not above the one before it: points were moved or are there twice")]
    Order(usize),
    /// No element that may be worked with.
    #[error("point {0}: {1}")]
    Point(usize, ElementError),
    /// More than any honest list has.
    #[error("a list has at most {OVERLAP_POINTS_MAX} points")]
    Long,
}

impl List {
    /// Sorts what was gathered; what is there twice stays once: a patient of two holders is one.
    ///
    /// # Errors
    /// [`ListError::Long`].
    pub fn gather(mut points: Vec<Point>) -> Result<Self, ListError> {
        points.sort_unstable();
        points.dedup();
        if points.len() > OVERLAP_POINTS_MAX { Err(ListError::Long) } else { Ok(Self { points }) }
    }
    /// Takes the next point of a list that somebody else wrote.
    ///
    /// # Errors
    /// [`ListError`] with its number from 1.
    pub fn take(&mut self, point: Point) -> Result<(), ListError> {
        let number = self.points.len() + 1;
        if number > OVERLAP_POINTS_MAX {
            return Err(ListError::Long);
        }
        if self.points.last().is_some_and(|last| *last >= point) {
            return Err(ListError::Order(number));
        }
        let element = Element::decode(&point).map_err(|error| ListError::Point(number, error))?;
        self.points.push(element.encode());
        Ok(())
    }
    /// With points that stand for nobody up to the next multiple of [`OVERLAP_FILL`], and some in any case.
    ///
    /// # Errors
    /// [`ListError::Long`].
    pub fn filled(self, seed: &[u8; 32]) -> Result<Self, ListError> {
        let Self { mut points } = self;
        let whole = (points.len() / OVERLAP_FILL + 1) * OVERLAP_FILL;
        let missing = whole - points.len();
        points.extend((0..missing).filter_map(|at| nobody(seed, at)));
        Self::gather(points)
    }
    /// Every point raised, in the order of the new points.
    ///
    /// # Errors
    /// [`ListError::Point`].
    pub fn raised(&self, mask: &Mask, tell: &mut dyn FnMut(usize)) -> Result<Self, ListError> {
        let mut points = Vec::with_capacity(self.points.len());
        for (at, point) in self.points.iter().enumerate() {
            points.push(mask.raise(point).map_err(|error| ListError::Point(at + 1, error))?);
            tell(at + 1);
        }
        Self::gather(points)
    }
    /// How many points are in both.
    pub fn common(&self, other: &Self) -> usize {
        let mut theirs = other.points.iter().peekable();
        let is_common = |ours: &&Point| {
            while theirs.next_if(|point| point < ours).is_some() {}
            theirs.peek() == Some(ours)
        };
        self.points.iter().filter(is_common).count()
    }
    /// What a signature over the list is over.
    pub fn hash(&self) -> Hash {
        let length = (self.points.len() as u64).to_be_bytes();
        sha256(&[&domain("overlap/list", &[&length]), self.points.as_flattened()])
    }
    /// In ascending order.
    pub fn points(&self) -> &[Point] {
        &self.points
    }
    /// How many.
    pub fn len(&self) -> usize {
        self.points.len()
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }
}
