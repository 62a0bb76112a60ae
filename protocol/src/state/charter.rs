use super::{Draft, ObjectKind, Signed};
use crate::crypto::Crypto;
use crate::ids::{Hash, NetworkId, PublicKey};
use crate::kinds::{Codes, FacilityClass, KindSet};
use crate::limits::{EVALUATED_EPOCH_MIN, FOUNDERS_MAX, TEXT_BYTES_MAX};
use crate::time::Millis;
use crate::wire::{FieldError, bytes32, v1};
use prost::Message as _;

/// One organisation that holds a share of the network's authority; it need not run a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Founder {
    /// Name on the charter.
    pub name: String,
    /// The share's public key.
    pub key: PublicKey,
}

/// A network's charter: its founders, how many of them must sign, and what its members may exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charter {
    /// Name of the network.
    pub name: String,
    /// Those who hold a share.
    pub founders: Vec<Founder>,
    /// How many of them must sign; more than half and at least two.
    pub k: u32,
    /// Audiences of the index: sets of facility classes, disjoint.
    pub audiences: Vec<Codes>,
    /// Purposes that members may name.
    pub purposes: Codes,
    /// Kinds that members may exchange.
    pub kinds: KindSet,
    /// When it was made.
    pub made_at: Millis,
    /// SHA-256 of the paper rules.
    pub text_hash: Hash,
    /// Epoch of the patient key.
    pub epoch: u32,
    /// Commitment to the secret of `local` mode (SHA-256), which members hand one another sealed.
    pub secret_hash: Hash,
}

impl Charter {
    /// Audiences unless a charter says else: those whom the usual consent names, care, and others. An entry goes on a shelf only
    /// if the whole audience may see it, so an audience must not be wider than a usual consent.
    pub fn default_audiences() -> Vec<Codes> {
        use FacilityClass::*;
        let medical = [Hospital, Clinic, Dental, Pharmacy];
        let care = [VisitingNursing, Care];
        let others = [Lab, Checkup, Fire, Municipal];
        [&medical[..], &care, &others].into_iter().map(crate::kinds::classes).collect()
    }
    /// The keys that may sign for the network.
    pub fn keys(&self) -> Vec<PublicKey> {
        self.founders.iter().map(|founder| founder.key).collect()
    }
    /// Whether at least k founders signed `object` well.
    pub fn has_quorum(&self, crypto: &dyn Crypto, object: &Signed) -> bool {
        object.signers(crypto, &self.keys()).len() >= self.k as usize
    }
    /// The body's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let founder = |f: &Founder| v1::Founder { name: f.name.clone(), key: f.key.0.to_vec() };
        v1::Charter {
            name: self.name.clone(),
            founders: self.founders.iter().map(founder).collect(),
            k: self.k,
            audiences: self.audiences.iter().map(|a| a.0).collect(),
            purposes: self.purposes.0,
            kinds: self.kinds.bits(),
            made_at: self.made_at.0,
            text_hash: self.text_hash.0.to_vec(),
            epoch: self.epoch,
            secret_hash: self.secret_hash.0.to_vec(),
        }
        .encode_to_vec()
    }
    /// Reads and checks a body.
    ///
    /// # Errors
    /// [`FieldError`] naming what does not hold.
    pub fn decode(body: &[u8]) -> Result<Self, FieldError> {
        let wire = v1::Charter::decode(body).map_err(|_| FieldError("charter"))?;
        let n = wire.founders.len();
        if n == 0 || n > FOUNDERS_MAX || wire.name.len() > TEXT_BYTES_MAX {
            return Err(FieldError("charter.founders"));
        }
        // k of n with 2k > n: two quorums always share a founder, so two contradicting acts are seen.
        let k = wire.k as usize;
        if k > n || 2 * k <= n || k < 2 {
            return Err(FieldError("charter.k"));
        }
        let mut founders = Vec::with_capacity(n);
        for founder in wire.founders {
            let key = PublicKey(bytes32(&founder.key, "charter.founders.key")?);
            if founder.name.len() > TEXT_BYTES_MAX || founders.iter().any(|f: &Founder| f.key == key) {
                return Err(FieldError("charter.founders.key"));
            }
            founders.push(Founder { name: founder.name, key });
        }
        // Above lie the epochs of evaluators.
        if wire.epoch >= EVALUATED_EPOCH_MIN {
            return Err(FieldError("charter.epoch"));
        }
        if wire.audiences.len() > 8 {
            return Err(FieldError("charter.audiences"));
        }
        Ok(Self {
            name: wire.name,
            founders,
            k: wire.k,
            audiences: wire.audiences.into_iter().map(Codes).collect(),
            purposes: Codes(wire.purposes),
            kinds: KindSet::from_bits(wire.kinds),
            made_at: Millis(wire.made_at),
            text_hash: Hash(bytes32(&wire.text_hash, "charter.text_hash")?),
            epoch: wire.epoch,
            secret_hash: Hash(bytes32(&wire.secret_hash, "charter.secret_hash")?),
        })
    }
    /// The genesis charter as an object to sign; its hash, without a subject, is the network's id.
    pub fn genesis(&self) -> Draft {
        Draft { kind: ObjectKind::Charter, subject: Vec::new(), seq: 0, issuer: Vec::new(), body: self.encode() }
    }
    /// A later charter of `network`, to be signed by k of the old and k of the new founders.
    pub fn amendment(&self, network: NetworkId, seq: u64) -> Draft {
        let id = network.0.to_vec();
        Draft { kind: ObjectKind::Charter, subject: id.clone(), seq, issuer: id, body: self.encode() }
    }
    /// Which network a charter object speaks of.
    pub fn network_of(object: &Signed) -> Option<NetworkId> {
        if object.seq == 0 && object.subject.is_empty() {
            Some(NetworkId::of_genesis(object.hash()))
        } else {
            NetworkId::parse(&crate::ids::Hash::from_slice(&object.subject)?.to_string()).ok()
        }
    }
}
