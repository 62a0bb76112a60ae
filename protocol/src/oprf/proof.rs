use super::group::read_scalar;
use super::suite::scalar_of;
use super::{Element, Mode};
use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::VartimeMultiscalarMul;
use sha2::{Digest, Sha512};

/// That every element of a batch was raised to the one key behind a public key (DLEQ, RFC 9497, 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    challenge: Scalar,
    response: Scalar,
}

impl Proof {
    /// Bytes of a proof.
    pub const BYTES: usize = 64;

    /// Proves that `evaluated` is `blinded` raised to `key`, whose public key is `public`. `nonce` is fresh and never used
    /// again: two proofs with one nonce give the key away.
    pub(crate) fn make(
        mode: Mode,
        (key, public): (&Scalar, &Element),
        blinded: &[Element],
        evaluated: &[Element],
        nonce: &Scalar,
    ) -> Self {
        let weights = weights(mode, public, blinded, evaluated);
        let m = sum(&weights, blinded);
        let z = m * key;
        let (t2, t3) = (RistrettoPoint::mul_base(nonce), m * nonce);
        let challenge = challenge(mode, public, [&m, &z, &t2, &t3]);
        Self { challenge, response: nonce - challenge * key }
    }
    /// Whether `evaluated` is `blinded` raised to the key behind `public`, element by element.
    pub fn verifies(&self, mode: Mode, public: &Element, blinded: &[Element], evaluated: &[Element]) -> bool {
        if blinded.len() != evaluated.len() || blinded.is_empty() {
            return false;
        }
        let weights = weights(mode, public, blinded, evaluated);
        let (m, z) = (sum(&weights, blinded), sum(&weights, evaluated));
        let t2 = RistrettoPoint::vartime_double_scalar_mul_basepoint(&self.challenge, public.point(), &self.response);
        let t3 = RistrettoPoint::vartime_multiscalar_mul([&self.response, &self.challenge], [&m, &z]);
        challenge(mode, public, [&m, &z, &t2, &t3]) == self.challenge
    }
    /// `challenge ‖ response`, little-endian as the RFC writes scalars.
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        out[..32].copy_from_slice(self.challenge.as_bytes());
        out[32..].copy_from_slice(self.response.as_bytes());
        out
    }
    /// Reads a proof; none unless it is 64 bytes of two scalars in canonical form.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (challenge, response) = bytes.split_at_checked(32)?;
        Some(Self { challenge: read_scalar(challenge)?, response: read_scalar(response)? })
    }
}

/// The weight of each pair of a batch in `ComputeComposites`.
fn weights(mode: Mode, public: &Element, blinded: &[Element], evaluated: &[Element]) -> Vec<Scalar> {
    let mut hash = Sha512::new();
    absorb(&mut hash, &public.encode());
    absorb(&mut hash, &mode.domain(b"Seed-"));
    let seed: [u8; 64] = hash.finalize().into();
    let pairs = blinded.iter().zip(evaluated).zip(0u16..);
    pairs
        .map(|((c, d), at)| {
            let (at, c, d) = (at.to_be_bytes(), c.encode(), d.encode());
            let parts: [&[u8]; 8] = [&SEED_LENGTH, &seed, &at, &ELEMENT_LENGTH, &c, &ELEMENT_LENGTH, &d, b"Composite"];
            scalar_of(mode, &parts)
        })
        .collect()
}

fn sum(weights: &[Scalar], elements: &[Element]) -> RistrettoPoint {
    RistrettoPoint::vartime_multiscalar_mul(weights, elements.iter().map(Element::point))
}

fn challenge(mode: Mode, public: &Element, rest: [&RistrettoPoint; 4]) -> Scalar {
    let mut text = [&ELEMENT_LENGTH[..], &public.encode()].concat();
    for point in rest {
        text.extend_from_slice(&ELEMENT_LENGTH);
        text.extend_from_slice(point.compress().as_bytes());
    }
    scalar_of(mode, &[&text, b"Challenge"])
}

fn absorb(hash: &mut Sha512, part: &[u8]) {
    hash.update(u16::try_from(part.len()).unwrap_or(u16::MAX).to_be_bytes());
    hash.update(part);
}

/// An element's length in two bytes, as transcripts want it.
const ELEMENT_LENGTH: [u8; 2] = 32u16.to_be_bytes();
/// A SHA-512 value's length likewise.
const SEED_LENGTH: [u8; 2] = 64u16.to_be_bytes();
