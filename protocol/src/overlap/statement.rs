use super::{Terms, Told};
use crate::crypto::{Crypto, Secret, Signature, domain, sha256};
use crate::ids::{Hash, NodeKey, PublicKey};
use crate::wire::FieldError;

/// A network asks another, and shows its masked points. A founder of the asking network signs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Of which count.
    pub terms: Terms,
    /// The node that counts, and signs what it told.
    pub node: NodeKey,
    /// How many points.
    pub points: u32,
    /// Their hash.
    pub list: Hash,
}

/// The other network agrees: the asker's points raised, and its own. A founder of the answering network signs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Hash of the ask.
    pub ask: Hash,
    /// The asker's points, raised.
    pub raised: Hash,
    /// Its own.
    pub own: Hash,
}

/// What the asker's node counted, rounded. That node signs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Hash of the answer.
    pub answer: Hash,
    /// What is told.
    pub told: Told,
}

/// Something that a side signs.
pub trait Statement: Sized {
    /// What is signed beside the bytes, so that one kind never passes for another.
    const KIND: &'static str;
    /// Its one encoding.
    fn encode(&self) -> Vec<u8>;
    /// Reads exactly that.
    ///
    /// # Errors
    /// [`FieldError`].
    fn decode(bytes: &[u8]) -> Result<Self, FieldError>;
    /// Its name.
    fn hash(&self) -> Hash {
        sha256(&[&domain(Self::KIND, &[&self.encode()])])
    }
}

impl Statement for Ask {
    const KIND: &'static str = "overlap/ask";
    fn encode(&self) -> Vec<u8> {
        [&self.node.0[..], &self.points.to_be_bytes(), &self.list.0, &self.terms.encode()].concat()
    }
    fn decode(bytes: &[u8]) -> Result<Self, FieldError> {
        let (node, rest) = bytes.split_first_chunk::<32>().ok_or(FieldError("overlap.ask.node"))?;
        let (points, rest) = rest.split_first_chunk::<4>().ok_or(FieldError("overlap.ask.points"))?;
        let (list, rest) = rest.split_first_chunk::<32>().ok_or(FieldError("overlap.ask.list"))?;
        let terms = Terms::decode(rest)?;
        Ok(Self { terms, node: NodeKey(*node), points: u32::from_be_bytes(*points), list: Hash(*list) })
    }
}

impl Statement for Answer {
    const KIND: &'static str = "overlap/answer";
    fn encode(&self) -> Vec<u8> {
        [self.ask.0, self.raised.0, self.own.0].concat()
    }
    fn decode(bytes: &[u8]) -> Result<Self, FieldError> {
        let (parts, rest) = bytes.as_chunks::<32>();
        match (parts, rest) {
            ([ask, raised, own], []) => Ok(Self { ask: Hash(*ask), raised: Hash(*raised), own: Hash(*own) }),
            _ => Err(FieldError("overlap.answer")),
        }
    }
}

impl Statement for Outcome {
    const KIND: &'static str = "overlap/outcome";
    fn encode(&self) -> Vec<u8> {
        [&self.answer.0[..], &self.told.encode()].concat()
    }
    fn decode(bytes: &[u8]) -> Result<Self, FieldError> {
        let (answer, rest) = bytes.split_first_chunk::<32>().ok_or(FieldError("overlap.outcome.answer"))?;
        let told = rest.try_into().ok().and_then(Told::decode).ok_or(FieldError("overlap.outcome.told"))?;
        Ok(Self { answer: Hash(*answer), told })
    }
}

/// A statement with the signature under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated<S> {
    /// What is said.
    pub says: S,
    /// Whose signature.
    pub by: PublicKey,
    signature: Signature,
}

impl<S: Statement> Stated<S> {
    /// Signs it.
    pub fn sign(crypto: &dyn Crypto, secret: &Secret, says: S) -> Self {
        let signature = crypto.sign(secret, &domain(S::KIND, &[&says.encode()]));
        Self { says, by: crypto.public(secret), signature }
    }
    /// Whether one of these keys signed just this.
    pub fn is_by(&self, crypto: &dyn Crypto, keys: &[PublicKey]) -> bool {
        keys.contains(&self.by) && crypto.verify(&self.by, &domain(S::KIND, &[&self.says.encode()]), &self.signature)
    }
    /// Key, signature, statement.
    pub fn encode(&self) -> Vec<u8> {
        [&self.by.0[..], &self.signature.0, &self.says.encode()].concat()
    }
    /// Reads what [`Stated::encode`] wrote; the signature is not checked.
    ///
    /// # Errors
    /// [`FieldError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, FieldError> {
        let (by, rest) = bytes.split_first_chunk::<32>().ok_or(FieldError("overlap.key"))?;
        let (signature, rest) = rest.split_first_chunk::<64>().ok_or(FieldError("overlap.signature"))?;
        Ok(Self { says: S::decode(rest)?, by: PublicKey(*by), signature: Signature(*signature) })
    }
}
