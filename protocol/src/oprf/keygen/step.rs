use super::super::group::{hash_to_scalar, read_scalar};
use super::super::share::Polynomial;
use super::super::{Commitments, Element, Seat, Share};
use super::Ceremony;
use crate::crypto::{Crypto, Secret, Signature, derive, domain, seal_to};
use crate::ids::Hash;
use crate::limits::{EVALUATORS_MAX, TEXT_BYTES_MAX};
use crate::wire::{FieldError, v1};
use curve25519_dalek::ristretto::RistrettoPoint;
use prost::Message as _;
use v1::keygen_body::Step as Body;

/// One thing that a member says, signed by its node key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Who says it.
    pub seat: Seat,
    body: Vec<u8>,
    signature: Signature,
}

/// What a step says.
#[derive(Clone, Debug)]
pub(super) enum Said {
    Deal(Box<Deal>),
    Complaint { dealer: Seat },
    Answer { complainer: Seat, share: Vec<u8> },
}

/// What a dealer deals.
#[derive(Clone, Debug)]
pub(super) struct Deal {
    pub commitments: Vec<Vec<u8>>,
    pub proof: Vec<u8>,
    pub sealed: Vec<Vec<u8>>,
}

/// Why a step was not taken. The sender's fault, who may not be the step's author.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// Its form.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// No such seat in this ceremony.
    #[error("there is no seat {0} in this key generation")]
    Seat(u32),
    /// Not signed by the node in that seat, or for another ceremony.
    #[error("the step of seat {0} is not signed by its evaluator for this key generation")]
    Signature(u16),
}

/// A dealer that is proven to have cheated: everybody who has its signed steps comes to the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("evaluator in seat {}: {wrong}", seat.number())]
pub struct DealerFault {
    /// Who.
    pub seat: Seat,
    /// What it did.
    pub wrong: DealerWrong,
}

/// What a dealer did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DealerWrong {
    /// Commitments, proof or shares of a form that they cannot have.
    #[error("dealt something that is no deal")]
    Form,
    /// It does not know the key that it deals.
    #[error("did not prove that it knows its part of the key")]
    Proof,
    /// Two different deals, both signed.
    #[error("dealt twice, and not the same")]
    TwoDeals,
    /// Its answer to a complaint is not the share that it committed to.
    #[error("answered a complaint with a share that does not hold")]
    Answer,
}

impl Step {
    pub(super) fn sign(crypto: &dyn Crypto, key: &Secret, id: Hash, seat: Seat, said: &Said) -> Self {
        let body = v1::KeygenBody { step: Some(said.to_wire()) }.encode_to_vec();
        let signature = crypto.sign(key, &text(id, seat, &body));
        Self { seat, body, signature }
    }
    /// For the wire.
    pub fn to_wire(&self) -> v1::KeygenStep {
        v1::KeygenStep {
            seat: self.seat.number().into(),
            body: self.body.clone(),
            signature: self.signature.0.to_vec(),
        }
    }
    /// From the wire; who signed it is checked when it is taken.
    ///
    /// # Errors
    /// [`StepError`].
    pub fn from_wire(wire: v1::KeygenStep) -> Result<Self, StepError> {
        let seat = Seat::new(wire.seat).filter(|seat| seat.at() < EVALUATORS_MAX).ok_or(StepError::Seat(wire.seat))?;
        if wire.body.len() > STEP_BYTES_MAX {
            return Err(FieldError("keygen.body").into());
        }
        let signature = Signature::from_slice(&wire.signature).ok_or(FieldError("keygen.signature"))?;
        Ok(Self { seat, body: wire.body, signature })
    }
    /// What it says, if its author signed it for this ceremony.
    pub(super) fn open(&self, crypto: &dyn Crypto, ceremony: &Ceremony) -> Result<Said, StepError> {
        let member = ceremony.member(self.seat).ok_or(StepError::Seat(self.seat.number().into()))?;
        if !crypto.verify(&member.node.into(), &text(ceremony.id, self.seat, &self.body), &self.signature) {
            return Err(StepError::Signature(self.seat.number()));
        }
        Said::decode(&self.body, ceremony)
    }
}

impl Said {
    fn to_wire(&self) -> Body {
        match self {
            Self::Deal(deal) => Body::Deal(v1::KeygenDeal {
                commitments: deal.commitments.clone(),
                proof: deal.proof.clone(),
                sealed: deal.sealed.clone(),
            }),
            Self::Complaint { dealer } => Body::Complaint(v1::KeygenComplaint { dealer: dealer.number().into() }),
            Self::Answer { complainer, share } => {
                Body::Answer(v1::KeygenAnswer { complainer: complainer.number().into(), share: share.clone() })
            }
        }
    }
    fn decode(body: &[u8], ceremony: &Ceremony) -> Result<Self, StepError> {
        let seat = |number| {
            let seat = Seat::new(number).filter(|seat| seat.at() < ceremony.members.len());
            seat.ok_or(StepError::Seat(number))
        };
        match v1::KeygenBody::decode(body).map_err(|_| FieldError("keygen.body"))?.step {
            Some(Body::Deal(v1::KeygenDeal { commitments, proof, sealed })) => {
                Ok(Self::Deal(Box::new(Deal { commitments, proof, sealed })))
            }
            Some(Body::Complaint(complaint)) => Ok(Self::Complaint { dealer: seat(complaint.dealer)? }),
            Some(Body::Answer(answer)) if answer.share.len() <= TEXT_BYTES_MAX => {
                Ok(Self::Answer { complainer: seat(answer.complainer)?, share: answer.share })
            }
            _ => Err(FieldError("keygen.body").into()),
        }
    }
    /// What it is about: a member says one thing of each kind about each other.
    pub(super) fn about(&self) -> (u8, u16) {
        match self {
            Self::Deal(_) => (1, 0),
            Self::Complaint { dealer } => (2, dealer.number()),
            Self::Answer { complainer, .. } => (3, complainer.number()),
        }
    }
}

impl Deal {
    /// Deals `polynomial` to every member. All of it follows from the polynomial and `seed`, so that a dealer that was
    /// stopped in the middle deals the same again. None if a member's sealing key is no key.
    pub(super) fn of(polynomial: &Polynomial, seed: &Secret, ceremony: &Ceremony, me: Seat) -> Option<Self> {
        let commitments = polynomial.commitments()?;
        let seal = |to: Seat| {
            let entropy = derive(
                &ceremony.id.0,
                seed.expose(),
                &[b"keygen/seal".as_slice(), &to.number().to_be_bytes()].concat(),
            );
            let share = polynomial.share(to);
            seal_to(&ceremony.member(to)?.seal, &share_info(ceremony.id, me, to), &share.expose(), entropy)
        };
        Some(Self {
            proof: prove(polynomial, seed, ceremony.id, me)?,
            sealed: ceremony.seats().map(seal).collect::<Option<_>>()?,
            commitments: commitments.0.iter().map(|c| c.encode().to_vec()).collect(),
        })
    }
    /// The commitments, if all that everybody can check of a deal holds.
    pub(super) fn check(&self, ceremony: &Ceremony, dealer: Seat) -> Result<Commitments, DealerWrong> {
        if self.commitments.len() != ceremony.threshold || self.sealed.len() != ceremony.members.len() {
            return Err(DealerWrong::Form);
        }
        let elements = self.commitments.iter().map(|bytes| Element::decode(bytes));
        let commitments = Commitments(elements.collect::<Result<_, _>>().map_err(|_| DealerWrong::Form)?);
        if proof_holds(&self.proof, &commitments, ceremony.id, dealer) {
            Ok(commitments)
        } else {
            Err(DealerWrong::Proof)
        }
    }
}

/// Schnorr's proof that the dealer knows the value of its polynomial at zero, so that nobody deals a part that is made of
/// others' parts. `challenge ‖ response`.
fn prove(polynomial: &Polynomial, seed: &Secret, id: Hash, me: Seat) -> Option<Vec<u8>> {
    let public = Element::new(RistrettoPoint::mul_base(&polynomial.key()))?;
    let nonce = hash_to_scalar(&[seed.expose(), &id.0, &me.number().to_be_bytes()], NONCE);
    let challenge = challenge(id, me, &public, &RistrettoPoint::mul_base(&nonce));
    let response = nonce - challenge * polynomial.key();
    Some([challenge.to_bytes(), response.to_bytes()].concat())
}

fn proof_holds(proof: &[u8], commitments: &Commitments, id: Hash, dealer: Seat) -> bool {
    let parts = proof.split_at_checked(32).and_then(|(c, r)| Some((read_scalar(c)?, read_scalar(r)?)));
    let (Some((c, response)), Some(public)) = (parts, commitments.public()) else { return false };
    let commitment = RistrettoPoint::vartime_double_scalar_mul_basepoint(&c, public.point(), &response);
    challenge(id, dealer, public, &commitment) == c
}

fn challenge(id: Hash, seat: Seat, public: &Element, nonce: &RistrettoPoint) -> curve25519_dalek::scalar::Scalar {
    let nonce = nonce.compress();
    hash_to_scalar(&[&id.0, &seat.number().to_be_bytes(), &public.encode(), nonce.as_bytes()], PROOF)
}

/// What a sealed share is for: it opens in no other ceremony and at no other seat.
pub(super) fn share_info(id: Hash, from: Seat, to: Seat) -> Vec<u8> {
    domain("keygen-share", &[&id.0, &from.number().to_be_bytes(), &to.number().to_be_bytes()])
}

/// The share behind the seal, whether it holds or not.
pub(super) fn open_share(seal: &Secret, sealed: &[u8], id: Hash, (from, to): (Seat, Seat)) -> Option<Share> {
    Share::from_bytes(to, &crate::crypto::open_from(seal, &share_info(id, from, to), sealed)?)
}

fn text(id: Hash, seat: Seat, body: &[u8]) -> Vec<u8> {
    domain("keygen", &[&id.0, &seat.number().to_be_bytes(), body])
}

/// A deal of [`EVALUATORS_MAX`]: 32 bytes for each commitment and 80 for each share, with their tags.
const STEP_BYTES_MAX: usize = EVALUATORS_MAX * (34 + 82) + 128;
const NONCE: &[u8] = b"musubi/1/keygen/nonce";
const PROOF: &[u8] = b"musubi/1/keygen/proof";
