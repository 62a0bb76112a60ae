use super::share::weights_at_zero;
use super::{Commitments, Element, ElementError, Mode, Proof, Seat, Share, read_elements, write_elements};
use crate::limits::{EVALUATE_BATCH_MAX, EVALUATORS_MAX};
use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::VartimeMultiscalarMul;
use std::collections::BTreeMap;

/// The public side of a shared key: what an asker checks answers against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySet {
    commitments: Commitments,
    /// Of each seat, in order.
    publics: Vec<Element>,
}

/// Why published commitments are no key of so many seats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// The counts: 2 ≤ threshold ≤ seats, and no more seats than there may be.
    #[error("{threshold} of {seats} evaluators cannot be; at least 2 of at most {EVALUATORS_MAX}")]
    Counts {
        /// How many must answer.
        threshold: usize,
        /// How many there are.
        seats: usize,
    },
    /// A seat's share would be zero: the dealers cheated.
    #[error("the share of seat {0} is nothing")]
    Seat(u16),
}

/// What one evaluator answered, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partial {
    seat: Seat,
    elements: Vec<Element>,
}

/// An evaluator that answered what is not the evaluation of what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("evaluator {}: {wrong}", seat.number())]
pub struct EvaluatorFault {
    /// Who.
    pub seat: Seat,
    /// What about its answer.
    pub wrong: Wrong,
}

/// What is wrong with an evaluator's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// No such seat in this key.
    #[error("there is no such seat in this key")]
    Seat,
    /// Bytes that are no elements, or not as many as were asked.
    #[error(transparent)]
    Element(#[from] ElementError),
    /// Bytes that are no proof.
    #[error("the proof is malformed")]
    ProofForm,
    /// The proof does not show that its share made these elements.
    #[error("the proof does not hold: this was not made with the share it published")]
    Proof,
}

/// Evaluates a batch with one share: the answer's elements and the proof. `entropy` is 64 fresh bytes.
///
/// # Errors
/// [`ElementError`] if the batch is empty, too long, or holds what is no element.
pub fn evaluate(share: &Share, batch: &[u8], entropy: &[u8; 64]) -> Result<(Vec<u8>, [u8; 64]), ElementError> {
    let blinded = read_elements(batch)?;
    if blinded.is_empty() || blinded.len() > EVALUATE_BATCH_MAX {
        return Err(ElementError::Count { have: blinded.len(), need: EVALUATE_BATCH_MAX });
    }
    let raise = |(at, element): (usize, &Element)| {
        Element::new(element.point() * share.key()).ok_or(ElementError::Identity(at))
    };
    let evaluated = blinded.iter().enumerate().map(raise).collect::<Result<Vec<_>, _>>()?;
    let public = Element::new(RistrettoPoint::mul_base(share.key())).ok_or(ElementError::Identity(0))?;
    let nonce = Scalar::from_bytes_mod_order_wide(entropy);
    let proof = Proof::make(Mode::Voprf, (share.key(), &public), &blinded, &evaluated, &nonce);
    Ok((write_elements(&evaluated), proof.encode()))
}

impl KeySet {
    /// The key of `seats` evaluators behind these commitments, of which as many must answer as there are commitments.
    ///
    /// # Errors
    /// [`KeySetError`].
    pub fn new(commitments: Commitments, seats: usize) -> Result<Self, KeySetError> {
        let threshold = commitments.threshold();
        if threshold < 2 || threshold > seats || seats > EVALUATORS_MAX {
            return Err(KeySetError::Counts { threshold, seats });
        }
        let public = |seat: Seat| commitments.public_share(seat).ok_or(KeySetError::Seat(seat.number()));
        let publics = Seat::all(seats).map(public).collect::<Result<_, _>>()?;
        Ok(Self { commitments, publics })
    }
    /// How many must answer.
    pub fn threshold(&self) -> usize {
        self.commitments.threshold()
    }
    /// How many there are.
    pub fn seats(&self) -> usize {
        self.publics.len()
    }
    /// What was published.
    pub fn commitments(&self) -> &Commitments {
        &self.commitments
    }
    /// Checks one evaluator's answer to `asked`.
    ///
    /// # Errors
    /// [`EvaluatorFault`], which names the evaluator.
    pub fn check(&self, seat: Seat, asked: &[Element], answer: &[u8], proof: &[u8]) -> Result<Partial, EvaluatorFault> {
        let fault = |wrong| EvaluatorFault { seat, wrong };
        let public = self.publics.get(seat.at()).ok_or(fault(Wrong::Seat))?;
        let elements = read_elements(answer).map_err(|error| fault(error.into()))?;
        if elements.len() != asked.len() {
            return Err(fault(ElementError::Count { have: elements.len(), need: asked.len() }.into()));
        }
        let proof = Proof::decode(proof).ok_or(fault(Wrong::ProofForm))?;
        if !proof.verifies(Mode::Voprf, public, asked, &elements) {
            return Err(fault(Wrong::Proof));
        }
        Ok(Partial { seat, elements })
    }
    /// Joins checked answers to one batch: the batch raised to the key that nobody holds. None while fewer seats than the
    /// threshold have answered. Any of them, in any order, give the same.
    pub fn join(&self, answers: &[Partial]) -> Option<Vec<Element>> {
        let by_seat: BTreeMap<Seat, &Partial> = answers.iter().map(|partial| (partial.seat, partial)).collect();
        let enough: Vec<&Partial> = by_seat.into_values().take(self.threshold()).collect();
        let count = enough.first()?.elements.len();
        if enough.len() < self.threshold() || enough.iter().any(|partial| partial.elements.len() != count) {
            return None;
        }
        let seats: Vec<Seat> = enough.iter().map(|partial| partial.seat).collect();
        let weights = weights_at_zero(&seats);
        let joined = |at: usize| {
            let points = enough.iter().map(|partial| partial.elements[at].point());
            Element::new(RistrettoPoint::vartime_multiscalar_mul(&weights, points))
        };
        (0..count).map(joined).collect()
    }
}
