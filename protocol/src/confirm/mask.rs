use super::{ConfirmError, Round, Transcript};
use crate::crypto::sha256;
use crate::ids::Hash;
use crate::limits::CONFIRM_VALUES;
use crate::oprf::{Element, ElementError, Mode, Proof, read_elements, write_elements};
use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::collections::BTreeSet;
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// A patient's values for a confirmation, in a fixed order; nothing where the patient has none. `Debug` prints no value.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Values {
    /// Compared with the other side's when this side judges: [`CONFIRM_VALUES`] of them.
    pub judging: Vec<Option<Vec<u8>>>,
    /// What this side's are, when the other side judges: as many.
    pub shown: Vec<Option<Vec<u8>>>,
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹values›")
    }
}

/// One side's values of one round under its secret. The secret is made for this round, and wiped with it.
pub struct Masks {
    secret: Scalar,
    elements: Vec<Element>,
    /// For the proof, should these raise the other's.
    nonce: Scalar,
}

impl Drop for Masks {
    fn drop(&mut self) {
        self.secret.zeroize();
        self.nonce.zeroize();
    }
}

impl fmt::Debug for Masks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹masks›")
    }
}

/// What who does not judge sends back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raised {
    /// Of the secret.
    pub public: Vec<u8>,
    /// The judge's masks raised to it, in their order.
    pub raised: Vec<u8>,
    /// That they were.
    pub proof: Vec<u8>,
    /// Own values masked with it, sorted, so that their places say nothing.
    pub elements: Vec<u8>,
}

impl Masks {
    /// Masks [`CONFIRM_VALUES`] values with a secret from `seed`, which must be fresh: 32 random bytes. A value that is not
    /// there, that stands in the list already, or is beyond its length, becomes a random point, which agrees with nothing.
    pub fn of(transcript: &Transcript, round: Round, values: &[Option<Vec<u8>>], seed: [u8; 32]) -> Self {
        let mut rng = ChaCha20Rng::from_seed(seed);
        let domain = transcript.domain(round);
        let (secret, nonce) = (drawn_scalar(&mut rng), drawn_scalar(&mut rng));
        let mut known = BTreeSet::new();
        let elements = (0..CONFIRM_VALUES).map(|at| {
            // Drawn for every place, so that the work does not depend on which values there are.
            let blank = drawn_point(&mut rng);
            let value = values.get(at).and_then(Option::as_deref).filter(|value| known.insert(value.to_vec()));
            let point = value.map_or(blank, |value| crate::oprf::hash_to_point(value, &domain));
            point * secret
        });
        // Neither chance nor a hash gives the identity.
        let elements = elements.filter_map(Element::new).collect();
        Self { secret, elements, nonce }
    }
    /// What the judge sends: in its own order, so that it knows its values again.
    pub fn sent(&self) -> Vec<u8> {
        write_elements(&self.elements)
    }
    /// Raises the judge's masks to this side's secret, proves it, and adds this side's values.
    ///
    /// # Errors
    /// [`ConfirmError`] if what came are not as many different elements as there must be, or ours come back.
    pub fn raise(&self, theirs: &[u8]) -> Result<Raised, ConfirmError> {
        let theirs = read_list(theirs)?;
        let own: BTreeSet<_> = self.elements.iter().map(Element::encode).collect();
        if theirs.iter().any(|element| own.contains(&element.encode())) {
            return Err(ConfirmError::Repeated);
        }
        let raised = raised(&theirs, &self.secret)?;
        let public = Element::new(RistrettoPoint::mul_base(&self.secret)).ok_or(ElementError::Identity(0))?;
        let proof = Proof::make(Mode::Voprf, (&self.secret, &public), &theirs, &raised, &self.nonce);
        let mut elements = self.elements.clone();
        elements.sort_unstable_by_key(Element::encode);
        Ok(Raised {
            public: public.encode().to_vec(),
            raised: write_elements(&raised),
            proof: proof.encode().to_vec(),
            elements: write_elements(&elements),
        })
    }
    /// Which of the judge's own values the other side has too, by place.
    ///
    /// # Errors
    /// [`ConfirmError`] for elements that are none, are repeated, or were not raised to one secret as the proof must show:
    /// without it a single value that the other side guessed could be made to agree in the place of any.
    pub fn agreed(&self, answer: &Raised) -> Result<Vec<bool>, ConfirmError> {
        let (lifted, theirs) = (read_list(&answer.raised)?, read_list(&answer.elements)?);
        let public = Element::decode(&answer.public)?;
        let proof = Proof::decode(&answer.proof).ok_or(ConfirmError::Proof)?;
        let own: BTreeSet<_> = self.elements.iter().map(Element::encode).collect();
        let is_echo = |element: &Element| own.contains(&element.encode());
        if lifted.iter().chain(&theirs).any(is_echo) {
            return Err(ConfirmError::Repeated);
        }
        if !proof.verifies(Mode::Voprf, &public, &self.elements, &lifted) {
            return Err(ConfirmError::Proof);
        }
        let theirs: BTreeSet<_> = raised(&theirs, &self.secret)?.iter().map(Element::encode).collect();
        Ok(lifted.iter().map(|element| theirs.contains(&element.encode())).collect())
    }
}

impl Raised {
    /// What both sides saw of a round, hashed: the judge's masks and this.
    pub fn seen(&self, masks: &[u8]) -> Hash {
        let parts: [&[u8]; 5] = [masks, &self.public, &self.raised, &self.proof, &self.elements];
        sha256(&[&crate::crypto::domain("confirm-seen", &parts)])
    }
}

/// Exactly as many elements as there must be, in canonical form, none the identity, no two equal.
fn read_list(bytes: &[u8]) -> Result<Vec<Element>, ConfirmError> {
    let have = bytes.len() / crate::oprf::ELEMENT_BYTES;
    if have != CONFIRM_VALUES {
        return Err(ElementError::Count { have, need: CONFIRM_VALUES }.into());
    }
    let elements = read_elements(bytes)?;
    let different: BTreeSet<_> = elements.iter().map(Element::encode).collect();
    if different.len() == elements.len() { Ok(elements) } else { Err(ConfirmError::Repeated) }
}

fn raised(elements: &[Element], secret: &Scalar) -> Result<Vec<Element>, ElementError> {
    let raise =
        |(at, element): (usize, &Element)| Element::new(element.point() * secret).ok_or(ElementError::Identity(at));
    elements.iter().enumerate().map(raise).collect()
}

fn drawn_scalar(rng: &mut ChaCha20Rng) -> Scalar {
    let mut bytes = Zeroizing::new([0; 64]);
    rng.fill_bytes(bytes.as_mut());
    Scalar::from_bytes_mod_order_wide(&bytes)
}

fn drawn_point(rng: &mut ChaCha20Rng) -> RistrettoPoint {
    let mut bytes = [0; 64];
    rng.fill_bytes(&mut bytes);
    RistrettoPoint::from_uniform_bytes(&bytes)
}
