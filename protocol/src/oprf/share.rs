use super::Element;
use super::group::{hash_to_scalar, read_scalar};
use crate::crypto::Secret;
use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::Identity;
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The place of an evaluator in its key, from 1 on: the point at which the secret polynomial is its share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seat(u16);

impl Seat {
    /// The seat with this number; zero is none, since there the key itself would lie.
    pub fn new(number: u32) -> Option<Self> {
        u16::try_from(number).ok().filter(|number| *number > 0).map(Self)
    }
    /// Seats 1 to `count`.
    pub fn all(count: usize) -> impl Iterator<Item = Self> {
        (1..=u16::try_from(count).unwrap_or(u16::MAX)).map(Self)
    }
    /// Its number.
    pub fn number(self) -> u16 {
        self.0
    }
    /// Its position in a list of all seats.
    pub fn at(self) -> usize {
        usize::from(self.0) - 1
    }
    fn scalar(self) -> Scalar {
        Scalar::from(self.0)
    }
}

/// One evaluator's share of a key. Wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Share {
    #[zeroize(skip)]
    seat: Seat,
    key: Scalar,
}

impl Share {
    pub(super) fn new(seat: Seat, key: Scalar) -> Self {
        Self { seat, key }
    }
    /// Whose it is.
    pub fn seat(&self) -> Seat {
        self.seat
    }
    pub(super) fn key(&self) -> &Scalar {
        &self.key
    }
    /// The secret bytes, for a sealed store or a seal to the evaluator.
    pub fn expose(&self) -> [u8; 32] {
        self.key.to_bytes()
    }
    /// Reads what [`Self::expose`] gave; none if it is no scalar in canonical form.
    pub fn from_bytes(seat: Seat, bytes: &[u8]) -> Option<Self> {
        Some(Self { seat, key: read_scalar(bytes)? })
    }
    /// The share of the sum of keys.
    pub(super) fn add(&mut self, other: &Self) {
        self.key += other.key;
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "‹share of seat {}›", self.seat.0)
    }
}

/// A secret polynomial: its value at zero is a key, its values at the seats are that key's shares. Wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Polynomial(Vec<Scalar>);

impl Polynomial {
    /// The polynomial of `threshold` coefficients that a seed gives under `context`; the same each time.
    pub(super) fn of_seed(seed: &Secret, context: &[u8], threshold: usize) -> Self {
        let coefficient = |at: usize| {
            let at = u32::try_from(at).unwrap_or(u32::MAX).to_be_bytes();
            hash_to_scalar(&[seed.expose(), context, &at], COEFFICIENT)
        };
        Self((0..threshold).map(coefficient).collect())
    }
    /// The key that it hides.
    pub(super) fn key(&self) -> Scalar {
        self.0.first().copied().unwrap_or(Scalar::ZERO)
    }
    pub(super) fn share(&self, seat: Seat) -> Share {
        let x = seat.scalar();
        Share::new(seat, self.0.iter().rev().fold(Scalar::ZERO, |value, coefficient| value * x + coefficient))
    }
    /// Feldman's commitments. None if a coefficient is zero, which chance does not give.
    pub(super) fn commitments(&self) -> Option<Commitments> {
        self.0.iter().map(|c| Element::new(RistrettoPoint::mul_base(c))).collect::<Option<_>>().map(Commitments)
    }
}

/// What a dealer published of its polynomial: each coefficient in the exponent. Everybody can check a share against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commitments(pub Vec<Element>);

impl Commitments {
    /// How many shares make the key.
    pub fn threshold(&self) -> usize {
        self.0.len()
    }
    /// The public key of the shared key.
    pub fn public(&self) -> Option<&Element> {
        self.0.first()
    }
    /// The public key of a seat's share. None if it is the identity, which no honest dealer's is.
    pub fn public_share(&self, seat: Seat) -> Option<Element> {
        let x = seat.scalar();
        Element::new(self.0.iter().rev().fold(RistrettoPoint::identity(), |value, c| value * x + c.point()))
    }
    /// Whether a share is the one that was committed to.
    pub fn holds(&self, share: &Share) -> bool {
        let public = Element::new(RistrettoPoint::mul_base(share.key()));
        public.is_some() && public == self.public_share(share.seat())
    }
    /// The commitments to the sum of polynomials, one by one. None if they differ in length or cancel each other out.
    pub(super) fn sum<'a>(all: impl Iterator<Item = &'a Self>) -> Option<Self> {
        let mut sums: Vec<RistrettoPoint> = Vec::new();
        for (at, commitments) in all.enumerate() {
            if at == 0 {
                sums = commitments.0.iter().map(|c| *c.point()).collect();
                continue;
            }
            if commitments.0.len() != sums.len() {
                return None;
            }
            for (sum, c) in sums.iter_mut().zip(&commitments.0) {
                *sum += c.point();
            }
        }
        sums.into_iter().map(Element::new).collect::<Option<_>>().map(Self)
    }
}

/// By how much each seat's share counts when these seats together make the key: Lagrange's coefficients at zero. Seats must
/// differ.
pub(super) fn weights_at_zero(seats: &[Seat]) -> Vec<Scalar> {
    let weight = |seat: &Seat| {
        let others = seats.iter().filter(|other| *other != seat);
        let (top, bottom) = others.fold((Scalar::ONE, Scalar::ONE), |(top, bottom), other| {
            (top * other.scalar(), bottom * (other.scalar() - seat.scalar()))
        });
        top * bottom.invert()
    };
    seats.iter().map(weight).collect()
}

const COEFFICIENT: &[u8] = b"musubi/1/oprf/coefficient";
