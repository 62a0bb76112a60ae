use super::{Draft, ObjectKind};
use crate::ids::{AccordId, FacilityId, NetworkId, NodeKey};
use crate::limits::TEXT_BYTES_MAX;
use crate::time::Millis;
use crate::wire::{FieldError, bytes32, v1};
use prost::Message as _;

/// What is taken back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A facility's membership.
    Membership(FacilityId),
    /// One node key.
    Node(NodeKey),
    /// An accord, by one side.
    Accord(AccordId),
}

/// Takes back a membership, a node key or an accord. Signed by k founders of the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// Whose founders sign.
    pub network: NetworkId,
    /// What ends.
    pub target: Target,
    /// From when on.
    pub effective: Millis,
    /// In words, for operators.
    pub reason: String,
}

impl Revocation {
    /// What it is kept under: network, kind of target, target.
    pub fn subject(network: NetworkId, target: &Target) -> Vec<u8> {
        let (code, what) = target_bytes(target);
        [&network.0[..], &[code], &what].concat()
    }
    /// As an object to sign.
    pub fn draft(&self, seq: u64) -> Draft {
        let (target, what) = target_bytes(&self.target);
        let body = v1::Revocation {
            network: self.network.0.to_vec(),
            target: target.into(),
            what,
            effective: self.effective.0,
            reason: self.reason.clone(),
        }
        .encode_to_vec();
        let subject = Self::subject(self.network, &self.target);
        Draft { kind: ObjectKind::Revocation, subject, seq, issuer: self.network.0.to_vec(), body }
    }
    /// Reads and checks a body.
    ///
    /// # Errors
    /// [`FieldError`] naming what does not hold.
    pub fn decode(body: &[u8]) -> Result<Self, FieldError> {
        let wire = v1::Revocation::decode(body).map_err(|_| FieldError("revocation"))?;
        if wire.reason.len() > TEXT_BYTES_MAX {
            return Err(FieldError("revocation.reason"));
        }
        let target = target_of(wire.target, &wire.what, "revocation.target")?;
        Ok(Self {
            network: NetworkId(bytes32(&wire.network, "revocation.network")?),
            target,
            effective: Millis(wire.effective),
            reason: wire.reason,
        })
    }
}

pub(super) fn target_bytes(target: &Target) -> (u8, Vec<u8>) {
    match target {
        Target::Membership(facility) => (1, facility.as_bytes().to_vec()),
        Target::Node(key) => (2, key.0.to_vec()),
        Target::Accord(accord) => (3, accord.0.to_vec()),
    }
}

/// A target from the wire.
pub(super) fn target_of(code: u32, what: &[u8], field: &'static str) -> Result<Target, FieldError> {
    match code {
        1 => {
            let facility = std::str::from_utf8(what).ok().and_then(|text| FacilityId::parse(text).ok());
            facility.map(Target::Membership).ok_or(FieldError(field))
        }
        2 => Ok(Target::Node(NodeKey(bytes32(what, field)?))),
        3 => Ok(Target::Accord(AccordId(bytes32(what, field)?))),
        _ => Err(FieldError(field)),
    }
}
