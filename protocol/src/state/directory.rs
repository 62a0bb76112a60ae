use super::{Draft, ObjectKind};
use crate::ids::{Hash, NodeKey};
use crate::limits::{ADDRESSES_MAX, INVITES_MAX, TEXT_BYTES_MAX};
use crate::wire::{FieldError, bytes32, v1};
use prost::Message as _;

/// Where a node is met, and which invites it has open. Signed by the node key; its seq is the moment it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    /// Which node.
    pub node: NodeKey,
    /// Its name for people.
    pub name: String,
    /// Multiaddrs, own ones and those through relays.
    pub addresses: Vec<String>,
    /// Hashes of invites that this node answers for.
    pub open_invites: Vec<Hash>,
    /// Whether it relays for others.
    pub relay: bool,
}

impl Directory {
    /// As an object to sign with the node key.
    pub fn draft(&self, seq: u64) -> Draft {
        let body = v1::Directory {
            node: self.node.0.to_vec(),
            name: self.name.clone(),
            addresses: self.addresses.clone(),
            open_invites: self.open_invites.iter().map(|hash| hash.0.to_vec()).collect(),
            relay: self.relay,
        }
        .encode_to_vec();
        Draft { kind: ObjectKind::Directory, subject: self.node.0.to_vec(), seq, issuer: self.node.0.to_vec(), body }
    }
    /// Reads and checks a body.
    ///
    /// # Errors
    /// [`FieldError`] naming what does not hold.
    pub fn decode(body: &[u8]) -> Result<Self, FieldError> {
        let wire = v1::Directory::decode(body).map_err(|_| FieldError("directory"))?;
        let long = |text: &String| text.len() > TEXT_BYTES_MAX;
        if wire.addresses.len() > ADDRESSES_MAX || wire.addresses.iter().any(long) || long(&wire.name) {
            return Err(FieldError("directory.addresses"));
        }
        if wire.open_invites.len() > INVITES_MAX {
            return Err(FieldError("directory.open_invites"));
        }
        let invites = wire.open_invites.iter().map(|hash| bytes32(hash, "directory.open_invites").map(Hash));
        Ok(Self {
            node: NodeKey(bytes32(&wire.node, "directory.node")?),
            name: wire.name,
            addresses: wire.addresses,
            open_invites: invites.collect::<Result<_, _>>()?,
            relay: wire.relay,
        })
    }
}
