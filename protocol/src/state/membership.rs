use super::{Draft, ObjectKind, Signed};
use crate::ids::{FacilityId, NetworkId, NodeKey, PublicKey, SealKey};
use crate::kinds::{Codes, FacilityClass, KindSet};
use crate::limits::TEXT_BYTES_MAX;
use crate::time::Millis;
use crate::wire::{FieldError, bytes32, v1};
use prost::Message as _;

/// This facility is in this network, with these roles and kinds, from–to. Signed by k founders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// In which network.
    pub network: NetworkId,
    /// Who.
    pub facility: FacilityId,
    /// Its name.
    pub name: String,
    /// What kind of house.
    pub class: FacilityClass,
    /// Its root key.
    pub root: PublicKey,
    /// What it may do ([`crate::kinds::MemberRole`] codes).
    pub roles: Codes,
    /// Kinds that it may hold and read.
    pub kinds: KindSet,
    /// First moment.
    pub from: Millis,
    /// Moment after the last.
    pub to: Millis,
}

impl Membership {
    /// Network and facility: what it is kept under.
    pub fn subject(network: NetworkId, facility: &FacilityId) -> Vec<u8> {
        [&network.0[..], facility.as_bytes()].concat()
    }
    /// As an object to sign.
    pub fn draft(&self, seq: u64) -> Draft {
        let body = v1::Membership {
            network: self.network.0.to_vec(),
            facility: self.facility.as_str().to_owned(),
            name: self.name.clone(),
            class: self.class.code().into(),
            root: self.root.0.to_vec(),
            roles: self.roles.0,
            kinds: self.kinds.bits(),
            from: self.from.0,
            to: self.to.0,
        }
        .encode_to_vec();
        let subject = Self::subject(self.network, &self.facility);
        Draft { kind: ObjectKind::Membership, subject, seq, issuer: self.network.0.to_vec(), body }
    }
    /// Reads and checks a body.
    ///
    /// # Errors
    /// [`FieldError`] naming what does not hold.
    pub fn decode(body: &[u8]) -> Result<Self, FieldError> {
        let wire = v1::Membership::decode(body).map_err(|_| FieldError("membership"))?;
        if wire.name.len() > TEXT_BYTES_MAX {
            return Err(FieldError("membership.name"));
        }
        Ok(Self {
            network: NetworkId(bytes32(&wire.network, "membership.network")?),
            facility: FacilityId::parse(&wire.facility).map_err(|_| FieldError("membership.facility"))?,
            name: wire.name,
            class: class_of(wire.class, "membership.class")?,
            root: PublicKey(bytes32(&wire.root, "membership.root")?),
            roles: Codes(wire.roles),
            kinds: KindSet::from_bits(wire.kinds),
            from: Millis(wire.from),
            to: Millis(wire.to),
        })
    }
}

/// Which keys a facility's node uses. Signed by the facility's root and by the node key, which so agrees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeCert {
    /// Whose.
    pub facility: FacilityId,
    /// The root that signs this.
    pub root: PublicKey,
    /// The node's libp2p identity; signs requests, answers and receipts.
    pub node: NodeKey,
    /// Signs manifests.
    pub index: PublicKey,
    /// Signs checkpoints.
    pub log: PublicKey,
    /// Co-signs others' checkpoints.
    pub witness: PublicKey,
    /// Secrets are sealed to it.
    pub seal: SealKey,
    /// First moment.
    pub from: Millis,
    /// Moment after the last.
    pub to: Millis,
    /// Size of the node's log when the key took over.
    pub log_size: u64,
}

impl NodeCert {
    /// As an object to sign with the root and the node key.
    pub fn draft(&self, seq: u64) -> Draft {
        let body = v1::NodeCert {
            facility: self.facility.as_str().to_owned(),
            root: self.root.0.to_vec(),
            node: self.node.0.to_vec(),
            index: self.index.0.to_vec(),
            log: self.log.0.to_vec(),
            witness: self.witness.0.to_vec(),
            seal: self.seal.0.to_vec(),
            from: self.from.0,
            to: self.to.0,
            log_size: self.log_size,
        }
        .encode_to_vec();
        Draft { kind: ObjectKind::NodeKey, subject: self.root.0.to_vec(), seq, issuer: self.root.0.to_vec(), body }
    }
    /// Reads and checks a body.
    ///
    /// # Errors
    /// [`FieldError`] naming what does not hold.
    pub fn decode(body: &[u8]) -> Result<Self, FieldError> {
        let wire = v1::NodeCert::decode(body).map_err(|_| FieldError("node_cert"))?;
        Ok(Self {
            facility: FacilityId::parse(&wire.facility).map_err(|_| FieldError("node_cert.facility"))?,
            root: PublicKey(bytes32(&wire.root, "node_cert.root")?),
            node: NodeKey(bytes32(&wire.node, "node_cert.node")?),
            index: PublicKey(bytes32(&wire.index, "node_cert.index")?),
            log: PublicKey(bytes32(&wire.log, "node_cert.log")?),
            witness: PublicKey(bytes32(&wire.witness, "node_cert.witness")?),
            seal: SealKey(bytes32(&wire.seal, "node_cert.seal")?),
            from: Millis(wire.from),
            to: Millis(wire.to),
            log_size: wire.log_size,
        })
    }
}

/// What a facility sends to ask for membership; the invite's secret proves that it was invited, founders decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinBody {
    /// Which network it wants to join.
    pub network: NetworkId,
    /// Who asks.
    pub facility: FacilityId,
    /// Its name.
    pub name: String,
    /// What kind of house.
    pub class: FacilityClass,
    /// Its root key.
    pub root: PublicKey,
    /// Roles it offers.
    pub roles: Codes,
    /// Kinds it wants to hold and read.
    pub kinds: KindSet,
    /// Its node certificate, signed by the root.
    pub node: Signed,
    /// When it asked.
    pub at: Millis,
}

impl JoinBody {
    /// The exact bytes that the proof covers.
    pub fn encode(&self) -> Vec<u8> {
        v1::JoinBody {
            network: self.network.0.to_vec(),
            facility: self.facility.as_str().to_owned(),
            name: self.name.clone(),
            class: self.class.code().into(),
            root: self.root.0.to_vec(),
            roles: self.roles.0,
            kinds: self.kinds.bits(),
            node: Some(self.node.to_wire()),
            at: self.at.0,
        }
        .encode_to_vec()
    }
    /// Reads and checks a body; the signature of the certificate is the caller's to check.
    ///
    /// # Errors
    /// [`FieldError`] naming what does not hold.
    pub fn decode(body: &[u8]) -> Result<Self, FieldError> {
        let wire = v1::JoinBody::decode(body).map_err(|_| FieldError("join"))?;
        if wire.name.len() > TEXT_BYTES_MAX {
            return Err(FieldError("join.name"));
        }
        Ok(Self {
            network: NetworkId(bytes32(&wire.network, "join.network")?),
            facility: FacilityId::parse(&wire.facility).map_err(|_| FieldError("join.facility"))?,
            name: wire.name,
            class: class_of(wire.class, "join.class")?,
            root: PublicKey(bytes32(&wire.root, "join.root")?),
            roles: Codes(wire.roles),
            kinds: KindSet::from_bits(wire.kinds),
            node: Signed::from_wire(wire.node.ok_or(FieldError("join.node"))?)?,
            at: Millis(wire.at),
        })
    }
    /// The membership that founders would sign for it.
    pub fn membership(&self, from: Millis, to: Millis) -> Membership {
        Membership {
            network: self.network,
            facility: self.facility.clone(),
            name: self.name.clone(),
            class: self.class,
            root: self.root,
            roles: self.roles,
            kinds: self.kinds,
            from,
            to,
        }
    }
}

fn class_of(code: u32, name: &'static str) -> Result<FacilityClass, FieldError> {
    u8::try_from(code).ok().and_then(FacilityClass::from_code).ok_or(FieldError(name))
}
