use super::ObjectKind;
use crate::crypto::{Crypto, Secret, Signature, domain, sha256};
use crate::ids::{Hash, PublicKey};
use crate::limits::{OBJECT_BYTES_MAX, SIGNATURES_MAX, TEXT_BYTES_MAX};
use crate::wire::{FieldError, v1};
use prost::Message as _;
use std::collections::BTreeSet;

/// One key's signature on an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeySignature {
    /// Who signed.
    pub key: PublicKey,
    /// Over [`Signed::signing_bytes`].
    pub signature: Signature,
}

/// A signed object as it travels and lies on disk.
///
/// Signatures cover the domain of its kind, subject, seq, issuer and the exact body bytes as received; nothing is encoded
/// anew to verify. Its hash covers the same and never the signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// What it is.
    pub kind: ObjectKind,
    /// Of whom or what; the newest seq per kind and subject wins.
    pub subject: Vec<u8>,
    /// Grows with each version.
    pub seq: u64,
    /// Network id or key that issues it.
    pub issuer: Vec<u8>,
    /// Protobuf of the kind, exactly as signed.
    pub body: Vec<u8>,
    /// In order of keys, one for each.
    pub signatures: Vec<KeySignature>,
}

/// An object before anybody signed it.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What it is.
    pub kind: ObjectKind,
    /// Of whom or what.
    pub subject: Vec<u8>,
    /// Its version.
    pub seq: u64,
    /// Who issues it.
    pub issuer: Vec<u8>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Draft {
    /// Signs with every one of `keys`.
    pub fn sign(self, crypto: &dyn Crypto, keys: &[&Secret]) -> Signed {
        let Self { kind, subject, seq, issuer, body } = self;
        let mut signed = Signed { kind, subject, seq, issuer, body, signatures: Vec::new() };
        for key in keys {
            signed.add(crypto, key);
        }
        signed
    }
}

impl Signed {
    /// What signatures and the hash cover.
    pub fn signing_bytes(&self) -> Vec<u8> {
        domain(self.kind.word(), &[&self.subject, &self.seq.to_be_bytes(), &self.issuer, &self.body])
    }
    /// The object's identity.
    pub fn hash(&self) -> Hash {
        sha256(&[&self.signing_bytes()])
    }
    /// Adds one signature; a key signs once.
    pub fn add(&mut self, crypto: &dyn Crypto, key: &Secret) {
        let public = crypto.public(key);
        let signature = crypto.sign(key, &self.signing_bytes());
        self.signatures.retain(|old| old.key != public);
        self.signatures.push(KeySignature { key: public, signature });
        self.signatures.sort_by_key(|s| s.key);
    }
    /// Takes over signatures of the same object; whether they are good is checked elsewhere.
    pub fn merge(&mut self, other: &Self) {
        for new in &other.signatures {
            if self.signatures.iter().all(|old| old.key != new.key) && self.signatures.len() < SIGNATURES_MAX {
                self.signatures.push(*new);
            }
        }
        self.signatures.sort_by_key(|s| s.key);
    }
    /// Which of `keys` signed it well, each counted once.
    pub fn signers(&self, crypto: &dyn Crypto, keys: &[PublicKey]) -> BTreeSet<PublicKey> {
        let message = self.signing_bytes();
        let mut good = BTreeSet::new();
        for s in self.signatures.iter().take(SIGNATURES_MAX) {
            if keys.contains(&s.key) && !good.contains(&s.key) && crypto.verify(&s.key, &message, &s.signature) {
                good.insert(s.key);
            }
        }
        good
    }
    /// Whether `key` signed it well.
    pub fn is_signed_by(&self, crypto: &dyn Crypto, key: &PublicKey) -> bool {
        !self.signers(crypto, std::slice::from_ref(key)).is_empty()
    }
    /// For the wire.
    pub fn to_wire(&self) -> v1::Signed {
        let signature = |s: &KeySignature| v1::KeySignature {
            algorithm: 1,
            key: s.key.0.to_vec(),
            signature: s.signature.0.to_vec(),
        };
        v1::Signed {
            kind: self.kind.code().into(),
            subject: self.subject.clone(),
            seq: self.seq,
            issuer: self.issuer.clone(),
            body: self.body.clone(),
            signatures: self.signatures.iter().map(signature).collect(),
        }
    }
    /// From the wire; sizes are checked, signatures are not.
    ///
    /// # Errors
    /// [`FieldError`] naming the field.
    pub fn from_wire(wire: v1::Signed) -> Result<Self, FieldError> {
        let kind = u8::try_from(wire.kind).ok().and_then(ObjectKind::from_code).ok_or(FieldError("signed.kind"))?;
        if wire.subject.len() > TEXT_BYTES_MAX || wire.issuer.len() > TEXT_BYTES_MAX {
            return Err(FieldError("signed.subject"));
        }
        if wire.body.len() > OBJECT_BYTES_MAX {
            return Err(FieldError("signed.body"));
        }
        if wire.signatures.len() > SIGNATURES_MAX {
            return Err(FieldError("signed.signatures"));
        }
        let mut signatures = Vec::with_capacity(wire.signatures.len());
        for s in wire.signatures.iter().filter(|s| s.algorithm == 1) {
            let key = PublicKey::from_slice(&s.key).ok_or(FieldError("signed.signatures.key"))?;
            let signature = Signature::from_slice(&s.signature).ok_or(FieldError("signed.signatures.signature"))?;
            signatures.push(KeySignature { key, signature });
        }
        signatures.sort_by_key(|s| s.key);
        signatures.dedup_by_key(|s| s.key);
        Ok(Self { kind, subject: wire.subject, seq: wire.seq, issuer: wire.issuer, body: wire.body, signatures })
    }
    /// For disk and files.
    pub fn encode(&self) -> Vec<u8> {
        self.to_wire().encode_to_vec()
    }
    /// Reads what [`Self::encode`] wrote.
    ///
    /// # Errors
    /// [`FieldError`] if it is not a signed object.
    pub fn decode(bytes: &[u8]) -> Result<Self, FieldError> {
        Self::from_wire(v1::Signed::decode(bytes).map_err(|_| FieldError("signed"))?)
    }
}
