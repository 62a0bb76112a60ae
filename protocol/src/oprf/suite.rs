use super::Element;
use super::group::{hash_to_group, hash_to_scalar};
use crate::ids::Tag;
use curve25519_dalek::scalar::Scalar;
use sha2::{Digest, Sha512};
use std::fmt;
use zeroize::Zeroize;

/// Which mode of RFC 9497. Tags use [`Mode::Voprf`]: every evaluation comes with a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Without proofs.
    Oprf = 0,
    /// With proofs.
    Voprf = 1,
}

impl Mode {
    /// `label ‖ contextString`.
    pub(super) fn domain(self, label: &[u8]) -> Vec<u8> {
        [label, b"OPRFV1-", &[self as u8], b"-ristretto255-SHA512"].concat()
    }
}

/// One input on its way to evaluators: what they see, and the blind that takes the veil off again.
#[derive(Clone)]
pub struct Blinded {
    blind: Scalar,
    /// What evaluators see: without the blind it could be of any input.
    pub element: Element,
}

impl Drop for Blinded {
    fn drop(&mut self) {
        self.blind.zeroize();
    }
}

impl fmt::Debug for Blinded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "‹blinded {:?}›", self.element)
    }
}

/// Blinds an input with 64 fresh random bytes. None only if the input hashes to the identity, or the bytes to zero, which
/// happens to nobody.
pub fn blind(mode: Mode, input: &[u8], entropy: &[u8; 64]) -> Option<Blinded> {
    blind_with(mode, input, Scalar::from_bytes_mod_order_wide(entropy))
}

pub(super) fn blind_with(mode: Mode, input: &[u8], blind: Scalar) -> Option<Blinded> {
    let element = Element::new(hash_to_group(mode, input)?.point() * blind)?;
    Some(Blinded { blind, element })
}

/// Takes the blind off an evaluated element and hashes it with its input: the OPRF's output.
pub fn finalize(input: &[u8], blinded: &Blinded, evaluated: &Element) -> [u8; 64] {
    let unblinded = (evaluated.point() * blinded.blind.invert()).compress();
    let mut hash = Sha512::new();
    for part in [input, unblinded.as_bytes()] {
        hash.update(u16::try_from(part.len()).unwrap_or(u16::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.update(b"Finalize");
    hash.finalize().into()
}

/// The tag of an output: its first 32 bytes.
pub fn tag_of(output: &[u8; 64]) -> Tag {
    let mut tag = [0; 32];
    tag.copy_from_slice(&output[..32]);
    Tag(tag)
}

/// `DeriveKeyPair` of RFC 9497, 3.2.1: the secret key. Only for test vectors; real keys come from a key generation.
#[cfg(test)]
pub(super) fn derive_key(mode: Mode, seed: &[u8; 32], info: &[u8]) -> Scalar {
    let length = u16::try_from(info.len()).unwrap_or(u16::MAX).to_be_bytes();
    hash_to_scalar(&[seed, &length, info, &[0]], &mode.domain(b"DeriveKeyPair"))
}

/// The default domain of `HashToScalar`.
pub(super) fn scalar_of(mode: Mode, parts: &[&[u8]]) -> Scalar {
    hash_to_scalar(parts, &mode.domain(b"HashToScalar-"))
}
