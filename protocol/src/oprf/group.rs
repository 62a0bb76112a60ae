use super::Mode;
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::IsIdentity;
use sha2::{Digest, Sha512};
use std::fmt;

/// Bytes of one element.
pub const ELEMENT_BYTES: usize = 32;

/// An element of ristretto255 that is not the identity: what may be blinded, evaluated or published. It keeps its encoding,
/// which transcripts want several times and which costs a tenth of a multiplication.
#[derive(Clone, Copy)]
pub struct Element {
    point: RistrettoPoint,
    bytes: [u8; ELEMENT_BYTES],
}

impl PartialEq for Element {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}
impl Eq for Element {}

/// Why bytes are no element that may be worked with. Always the fault of whoever sent them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ElementError {
    /// Not 32 bytes, or no multiple of them.
    #[error("{0} bytes are no whole number of {ELEMENT_BYTES}-byte elements")]
    Length(usize),
    /// More or fewer elements than there must be.
    #[error("{have} elements where {need} are wanted")]
    Count {
        /// How many came.
        have: usize,
        /// How many were wanted.
        need: usize,
    },
    /// Not the one canonical encoding of an element.
    #[error("element {0} is not in canonical form")]
    Encoding(usize),
    /// The identity, which would give the same tag to everybody.
    #[error("element {0} is the identity")]
    Identity(usize),
}

impl Element {
    /// Reads one element.
    ///
    /// # Errors
    /// [`ElementError`] for wrong lengths, other encodings of an element, and the identity.
    pub fn decode(bytes: &[u8]) -> Result<Self, ElementError> {
        read_one(bytes, 0)
    }
    /// Its one encoding.
    pub fn encode(&self) -> [u8; ELEMENT_BYTES] {
        self.bytes
    }
    /// The element, unless it is the identity.
    pub(crate) fn new(point: RistrettoPoint) -> Option<Self> {
        (!point.is_identity()).then(|| Self { point, bytes: point.compress().to_bytes() })
    }
    pub(crate) fn point(&self) -> &RistrettoPoint {
        &self.point
    }
    /// It, so many times. None for the identity, which only a scalar of zero gives.
    pub(crate) fn times(&self, scalar: &Scalar) -> Option<Self> {
        Self::new(self.point * scalar)
    }
}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.bytes[..4]))
    }
}

/// Reads elements that lie one behind the other.
///
/// # Errors
/// [`ElementError`] with the position of the first that does not hold.
pub fn read_elements(bytes: &[u8]) -> Result<Vec<Element>, ElementError> {
    if !bytes.len().is_multiple_of(ELEMENT_BYTES) {
        return Err(ElementError::Length(bytes.len()));
    }
    bytes.chunks_exact(ELEMENT_BYTES).enumerate().map(|(at, chunk)| read_one(chunk, at)).collect()
}

/// Elements one behind the other.
pub fn write_elements(elements: &[Element]) -> Vec<u8> {
    elements.iter().flat_map(Element::encode).collect()
}

fn read_one(bytes: &[u8], at: usize) -> Result<Element, ElementError> {
    let compressed = CompressedRistretto::from_slice(bytes).map_err(|_| ElementError::Length(bytes.len()))?;
    let point = compressed.decompress().ok_or(ElementError::Encoding(at))?;
    if point.is_identity() {
        return Err(ElementError::Identity(at));
    }
    Ok(Element { point, bytes: compressed.to_bytes() })
}

/// `HashToGroup` of RFC 9497, 4.1. None for the identity, which no input is known to give.
pub(super) fn hash_to_group(mode: Mode, input: &[u8]) -> Option<Element> {
    hash_to_element(&[input], &mode.domain(b"HashToGroup-"))
}

/// The same over the parts one behind the other, under a domain of its own.
pub(crate) fn hash_to_element(parts: &[&[u8]], domain: &[u8]) -> Option<Element> {
    Element::new(RistrettoPoint::from_uniform_bytes(&expand(parts, domain)))
}

/// Hash to the group under a domain of one's own, of at most 255 bytes. No input is known to give the identity.
pub(crate) fn hash_to_point(input: &[u8], domain: &[u8]) -> RistrettoPoint {
    RistrettoPoint::from_uniform_bytes(&expand(&[input], domain))
}

/// `HashToScalar` of RFC 9497, 4.1, over the parts one behind the other, under a domain of its own.
pub(crate) fn hash_to_scalar(parts: &[&[u8]], domain: &[u8]) -> Scalar {
    Scalar::from_bytes_mod_order_wide(&expand(parts, domain))
}

/// A scalar from its one encoding.
pub(super) fn read_scalar(bytes: &[u8]) -> Option<Scalar> {
    Option::from(Scalar::from_canonical_bytes(bytes.try_into().ok()?))
}

/// `expand_message_xmd` of RFC 9380, 5.3.1, with SHA-512 and 64 bytes out: one block, since SHA-512 gives just that.
fn expand(parts: &[&[u8]], domain: &[u8]) -> [u8; 64] {
    // Domains here have at most 49 bytes; one byte tells their length.
    let tail = [domain, &[u8::try_from(domain.len()).unwrap_or(u8::MAX)]].concat();
    let mut hash = Sha512::new();
    hash.update([0; BLOCK_BYTES]);
    for part in parts {
        hash.update(part);
    }
    hash.update(64u16.to_be_bytes());
    hash.update([0]);
    hash.update(&tail);
    let first = hash.finalize();
    let mut hash = Sha512::new();
    hash.update(first);
    hash.update([1]);
    hash.update(&tail);
    hash.finalize().into()
}

/// One input block of SHA-512.
const BLOCK_BYTES: usize = 128;
