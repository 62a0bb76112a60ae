//! The key of a passkey as an authenticator writes it: CBOR (RFC 8949) of the few shapes that COSE keys and extensions need. What is
//! longer, deeper or of unknown length is refused.
use super::fault::PasskeyFault;
use crate::limits::{CBOR_DEPTH_MAX, CBOR_ENTRIES_MAX};
use ring::signature;
use serde::{Deserialize, Serialize};

/// The public key of a passkey, of one of the three kinds that authenticators in use have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) enum PublicKey {
    /// ECDSA over P-256 with SHA-256: an uncompressed point.
    Es256(Vec<u8>),
    /// Ed25519.
    EdDsa(Vec<u8>),
    /// RSA PKCS#1 v1.5 with SHA-256 (Windows Hello on older machines): modulus and exponent.
    Rs256(Vec<u8>, Vec<u8>),
}

impl PublicKey {
    /// Reads a COSE key at the beginning of `reader`.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, PasskeyFault> {
        let (mut kty, mut alg, mut curve) = (None, None, None);
        let (mut first, mut x, mut y): (Part<'_>, Part<'_>, Part<'_>) = (None, None, None);
        for _ in 0..reader.map()? {
            match (reader.int()?, reader.major()?) {
                (1, _) => once(&mut kty, reader.int()?)?,
                (3, _) => once(&mut alg, reader.int()?)?,
                // The curve of an elliptic key; the modulus of an RSA key.
                (-1, BYTES) => once(&mut first, reader.bytes()?)?,
                (-1, _) => once(&mut curve, reader.int()?)?,
                (-2, _) => once(&mut x, reader.bytes()?)?,
                (-3, BYTES) => once(&mut y, reader.bytes()?)?,
                _ => reader.skip(CBOR_DEPTH_MAX)?,
            }
        }
        match (kty, alg, curve, first, x, y) {
            (Some(2), Some(-7), Some(1), None, Some(x), Some(y)) if x.len() == 32 && y.len() == 32 => {
                Ok(Self::Es256([&[UNCOMPRESSED], x, y].concat()))
            }
            (Some(1), Some(-8), Some(6), None, Some(x), None) if x.len() == 32 => Ok(Self::EdDsa(x.to_vec())),
            (Some(3), Some(-257), None, Some(n), Some(e), None) if (256..=512).contains(&n.len()) && e.len() <= 8 => {
                Ok(Self::Rs256(n.to_vec(), e.to_vec()))
            }
            _ => Err(PasskeyFault::Algorithm),
        }
    }
    /// Whether this key signed the message.
    pub fn signed(&self, message: &[u8], signed: &[u8]) -> bool {
        let plain = |kind: &'static dyn signature::VerificationAlgorithm, key: &[u8]| {
            signature::UnparsedPublicKey::new(kind, key).verify(message, signed).is_ok()
        };
        match self {
            Self::Es256(point) => plain(&signature::ECDSA_P256_SHA256_ASN1, point),
            Self::EdDsa(key) => plain(&signature::ED25519, key),
            Self::Rs256(n, e) => {
                let key = signature::RsaPublicKeyComponents { n, e };
                key.verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, signed).is_ok()
            }
        }
    }
}

type Part<'a> = Option<&'a [u8]>;

fn once<T>(place: &mut Option<T>, value: T) -> Result<(), PasskeyFault> {
    if place.replace(value).is_some() { Err(PasskeyFault::Form) } else { Ok(()) }
}

/// Reads CBOR from the front of bytes.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }
    /// What was not read.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }
    /// So many bytes as they stand.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], PasskeyFault> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(PasskeyFault::Form)?;
        self.rest = rest;
        Ok(taken)
    }
    /// Skips one value, with all in it.
    pub fn skip(&mut self, depth: usize) -> Result<(), PasskeyFault> {
        let depth = depth.checked_sub(1).ok_or(PasskeyFault::Form)?;
        let (major, value) = self.head()?;
        let count = usize::try_from(value).map_err(|_| PasskeyFault::Form)?;
        let values = match major {
            BYTES | TEXT => return self.take(count).map(drop),
            ARRAY => count,
            MAP => count.saturating_mul(2),
            TAG => 1,
            _ => 0,
        };
        if values > 2 * CBOR_ENTRIES_MAX {
            return Err(PasskeyFault::Form);
        }
        (0..values).try_for_each(|_| self.skip(depth))
    }
    fn major(&self) -> Result<u8, PasskeyFault> {
        self.rest.first().map(|byte| byte >> 5).ok_or(PasskeyFault::Form)
    }
    fn head(&mut self) -> Result<(u8, u64), PasskeyFault> {
        let first = self.take(1)?[0];
        let long = match first & 31 {
            short @ 0..=23 => return Ok((first >> 5, u64::from(short))),
            wide @ 24..=27 => self.take(1 << (wide - 24))?,
            // Lengths that only the end tells.
            _ => return Err(PasskeyFault::Form),
        };
        Ok((first >> 5, long.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))))
    }
    fn int(&mut self) -> Result<i64, PasskeyFault> {
        let (major, value) = self.head()?;
        let value = i64::try_from(value).map_err(|_| PasskeyFault::Form)?;
        match major {
            UNSIGNED => Ok(value),
            NEGATIVE => Ok(-1 - value),
            _ => Err(PasskeyFault::Form),
        }
    }
    fn bytes(&mut self) -> Result<&'a [u8], PasskeyFault> {
        let (major, count) = self.head()?;
        let count = usize::try_from(count).ok().filter(|_| major == BYTES).ok_or(PasskeyFault::Form)?;
        self.take(count)
    }
    fn map(&mut self) -> Result<usize, PasskeyFault> {
        let (major, count) = self.head()?;
        let count = usize::try_from(count).ok().filter(|count| major == MAP && *count <= CBOR_ENTRIES_MAX);
        count.ok_or(PasskeyFault::Form)
    }
}

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
const UNCOMPRESSED: u8 = 4;
