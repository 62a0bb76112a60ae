use super::{Draft, ObjectKind};
use crate::crypto::Crypto;
use crate::ids::{FacilityId, Hash, NetworkId, NodeKey, SealKey};
use crate::limits::{EVALUATED_EPOCH_MIN, EVALUATORS_MAX};
use crate::oprf::keygen::{Ceremony, Member};
use crate::oprf::{Commitments, Element, KeySet};
use crate::state::Signed;
use crate::time::Millis;
use crate::wire::{FieldError, bytes32, v1};
use prost::Message as _;
use std::collections::BTreeSet;

/// One who holds a share of a network's patient key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluator {
    /// The member.
    pub facility: FacilityId,
    /// Its node when it was named: what it says in the key generation is signed with this key.
    pub node: NodeKey,
    /// What shares are sealed to.
    pub seal: SealKey,
}

/// Founders name who makes, and then holds, the patient key of one epoch (評価者の指名). Signed by k founders.
///
/// The named nodes make the key by themselves; it stands in an [`EvaluatorKey`]. A call of the same epoch with a higher seq
/// replaces one whose key generation failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluatorCall {
    /// Of which network.
    pub network: NetworkId,
    /// Which epoch; [`EVALUATED_EPOCH_MIN`] or above.
    pub epoch: u32,
    /// How many must answer to make a tag: at least two, and more than half.
    pub threshold: u32,
    /// Who, in the order of their seats.
    pub evaluators: Vec<Evaluator>,
    /// From when on the epoch counts.
    pub from: Millis,
    /// Moment after its last.
    pub to: Millis,
}

/// The patient key that the evaluators of a call made (患者鍵). Signed by every one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluatorKey {
    /// Of which network.
    pub network: NetworkId,
    /// Which epoch.
    pub epoch: u32,
    /// Hash of the call.
    pub call: Hash,
    /// The public side of the key.
    pub commitments: Commitments,
}

impl EvaluatorCall {
    /// As an object to sign.
    pub fn draft(&self, seq: u64) -> Draft {
        let evaluator = |e: &Evaluator| v1::Evaluator {
            facility: e.facility.as_str().to_owned(),
            node: e.node.0.to_vec(),
            seal: e.seal.0.to_vec(),
        };
        let body = v1::EvaluatorCall {
            network: self.network.0.to_vec(),
            epoch: self.epoch,
            threshold: self.threshold,
            evaluators: self.evaluators.iter().map(evaluator).collect(),
            from: self.from.0,
            to: self.to.0,
        }
        .encode_to_vec();
        let subject = epoch_subject(self.network, self.epoch);
        Draft { kind: ObjectKind::EvaluatorCall, subject, seq, issuer: self.network.0.to_vec(), body }
    }
    /// Reads and checks a body.
    ///
    /// # Errors
    /// [`FieldError`] naming what does not hold.
    pub fn decode(body: &[u8]) -> Result<Self, FieldError> {
        let wire = v1::EvaluatorCall::decode(body).map_err(|_| FieldError("evaluator_call"))?;
        let count = wire.evaluators.len();
        let threshold = wire.threshold as usize;
        // More than half: no two groups of evaluators can make tags behind each other's back.
        if count > EVALUATORS_MAX || threshold < 2 || threshold > count || 2 * threshold <= count {
            return Err(FieldError("evaluator_call.threshold"));
        }
        if wire.epoch < EVALUATED_EPOCH_MIN {
            return Err(FieldError("evaluator_call.epoch"));
        }
        if wire.to <= wire.from {
            return Err(FieldError("evaluator_call.to"));
        }
        let evaluator = |e: v1::Evaluator| {
            Ok(Evaluator {
                facility: FacilityId::parse(&e.facility).map_err(|_| FieldError("evaluator_call.facility"))?,
                node: NodeKey(bytes32(&e.node, "evaluator_call.node")?),
                seal: SealKey(bytes32(&e.seal, "evaluator_call.seal")?),
            })
        };
        let evaluators = wire.evaluators.into_iter().map(evaluator).collect::<Result<Vec<_>, FieldError>>()?;
        // One node with two seats would hold two shares: fewer than the threshold could make tags.
        let nodes: BTreeSet<NodeKey> = evaluators.iter().map(|e| e.node).collect();
        if nodes.len() != count {
            return Err(FieldError("evaluator_call.evaluators"));
        }
        Ok(Self {
            network: NetworkId(bytes32(&wire.network, "evaluator_call.network")?),
            epoch: wire.epoch,
            threshold: wire.threshold,
            evaluators,
            from: Millis(wire.from),
            to: Millis(wire.to),
        })
    }
    /// The key generation that a call of this hash begins.
    pub fn ceremony(&self, hash: Hash) -> Ceremony {
        let member = |e: &Evaluator| Member { node: e.node, seal: e.seal };
        Ceremony { id: hash, threshold: self.threshold as usize, members: self.evaluators.iter().map(member).collect() }
    }
}

impl EvaluatorKey {
    /// As an object to sign, with the seq of its call. Every evaluator of a call makes the same.
    pub fn draft(&self, seq: u64) -> Draft {
        let body = v1::EvaluatorKey {
            network: self.network.0.to_vec(),
            epoch: self.epoch,
            call: self.call.0.to_vec(),
            commitments: self.commitments.0.iter().map(|c| c.encode().to_vec()).collect(),
        }
        .encode_to_vec();
        let subject = epoch_subject(self.network, self.epoch);
        Draft { kind: ObjectKind::EvaluatorKey, subject, seq, issuer: self.network.0.to_vec(), body }
    }
    /// Reads and checks a body.
    ///
    /// # Errors
    /// [`FieldError`] naming what does not hold.
    pub fn decode(body: &[u8]) -> Result<Self, FieldError> {
        let wire = v1::EvaluatorKey::decode(body).map_err(|_| FieldError("evaluator_key"))?;
        if wire.commitments.len() > EVALUATORS_MAX {
            return Err(FieldError("evaluator_key.commitments"));
        }
        let elements = wire.commitments.iter().map(|bytes| Element::decode(bytes));
        Ok(Self {
            network: NetworkId(bytes32(&wire.network, "evaluator_key.network")?),
            epoch: wire.epoch,
            call: Hash(bytes32(&wire.call, "evaluator_key.call")?),
            commitments: Commitments(
                elements.collect::<Result<_, _>>().map_err(|_| FieldError("evaluator_key.commitments"))?,
            ),
        })
    }
    /// What answers of the evaluators of `call` are checked against. None if the two do not fit each other.
    pub fn keys(&self, call: &EvaluatorCall) -> Option<KeySet> {
        let fits = self.commitments.threshold() == call.threshold as usize;
        fits.then(|| KeySet::new(self.commitments.clone(), call.evaluators.len()).ok())?
    }
    /// Whether every evaluator of `call` signed it.
    pub fn is_signed(crypto: &dyn Crypto, signed: &Signed, call: &EvaluatorCall) -> bool {
        let keys: Vec<_> = call.evaluators.iter().map(|e| e.node.into()).collect();
        signed.signers(crypto, &keys).len() == keys.len()
    }
}

/// What call and key of one epoch are kept under.
pub fn epoch_subject(network: NetworkId, epoch: u32) -> Vec<u8> {
    [&network.0[..], &epoch.to_be_bytes()].concat()
}
