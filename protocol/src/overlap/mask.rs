use super::Terms;
use crate::crypto::{Secret, derive, mac};
use crate::ids::Hash;
use crate::limits::OVERLAP_MARKS;
use crate::oprf::{ELEMENT_BYTES, Element, ElementError, hash_to_element, hash_to_scalar};
use curve25519_dalek::scalar::Scalar;
use std::fmt;
use zeroize::Zeroize;

/// Bytes of one point.
pub const POINT_BYTES: usize = ELEMENT_BYTES;

/// The canonical encoding of an element of ristretto255, as lists hold it. As good as random to whoever lacks the secret.
pub type Point = [u8; POINT_BYTES];

/// A side's secret for one count: with it a patient becomes a point, and a point of the other side is raised once more. The
/// holders of a side share it; who merges their lists, and the other side, must not have it.
pub struct Mask {
    scalar: Scalar,
    terms: Hash,
    marks: [u8; 32],
}

impl Drop for Mask {
    fn drop(&mut self) {
        self.scalar.zeroize();
        self.marks.zeroize();
    }
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹secret›")
    }
}

impl Mask {
    /// The mask of a secret under these terms; the same secret under others is another mask.
    pub fn new(secret: &Secret, terms: &Terms) -> Self {
        let terms = terms.id();
        Self {
            scalar: hash_to_scalar(&[&terms.0, secret.expose()], SCALAR),
            terms,
            marks: derive(&terms.0, secret.expose(), MARKS),
        }
    }
    /// The point of one identity string. None only for a string that hashes to the identity, which none is known to do.
    pub fn point(&self, identity: &[u8]) -> Option<Point> {
        self.masked(PATIENT, identity)
    }
    /// A point of the other side under both secrets, whichever was first.
    ///
    /// # Errors
    /// [`ElementError`] for other encodings of an element, and the identity.
    pub fn raise(&self, point: &Point) -> Result<Point, ElementError> {
        let raised = Element::decode(point)?.times(&self.scalar).ok_or(ElementError::Identity(0))?;
        Ok(raised.encode())
    }
    /// This side's half of the marks. Which half follows from the secret, so that all its holders choose the same.
    pub fn marks(&self) -> Vec<Point> {
        let mut ranked: Vec<([u8; 32], u32)> =
            (0..OVERLAP_MARKS).map(|mark| (mac(&self.marks, &[&mark.to_be_bytes()]), mark)).collect();
        ranked.sort_unstable();
        ranked.truncate(OVERLAP_MARKS as usize / 2);
        ranked.iter().filter_map(|(_, mark)| self.masked(MARK, &mark.to_be_bytes())).collect()
    }
    fn masked(&self, what: u8, input: &[u8]) -> Option<Point> {
        let element = hash_to_element(&[&self.terms.0, &[what], input], ELEMENT)?;
        Some(element.times(&self.scalar)?.encode())
    }
}

/// A point that stands for nobody, from chance.
pub(super) fn nobody(seed: &[u8; 32], at: usize) -> Option<Point> {
    Some(hash_to_element(&[seed, &at.to_be_bytes()], NOBODY)?.encode())
}

const PATIENT: u8 = 0;
const MARK: u8 = 1;
const SCALAR: &[u8] = b"musubi/1/overlap/scalar";
const ELEMENT: &[u8] = b"musubi/1/overlap/element";
const NOBODY: &[u8] = b"musubi/1/overlap/nobody";
const MARKS: &[u8] = b"overlap/marks";
