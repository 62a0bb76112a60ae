use super::revocation::{target_bytes, target_of};
use super::{Draft, ObjectKind, Target};
use crate::ids::{NetworkId, PublicKey};
use crate::limits::{SUSPENSION_AGAIN_MS, SUSPENSION_MS_MAX, TEXT_BYTES_MAX};
use crate::time::Millis;
use crate::wire::{FieldError, bytes32, v1};
use prost::Message as _;

/// What one founder does when something is wrong and the others cannot be asked: a member, a node or an accord rests for at
/// most 72 hours. It ends by itself; to make it last, k founders revoke.
///
/// Every suspension is an object of its own, one per founder, target and fortnight: nothing replaces it, so that all nodes that
/// hold the same objects agree on which of them bind ([`super::Book::suspended`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// Whose founder.
    pub network: NetworkId,
    /// Which founder.
    pub founder: PublicKey,
    /// What rests.
    pub target: Target,
    /// First moment.
    pub from: Millis,
    /// First moment after it.
    pub until: Millis,
    /// In words, for operators.
    pub reason: String,
}

impl Suspension {
    /// What all suspensions by founders of a network are kept under.
    pub fn subject(&self) -> Vec<u8> {
        let (code, what) = target_bytes(&self.target);
        let fortnight = self.from.0 / SUSPENSION_AGAIN_MS;
        [&self.network.0[..], &self.founder.0, &fortnight.to_be_bytes(), &[code], &what].concat()
    }
    /// Whether its time has come and is not over.
    pub fn is_in_force(&self, now: Millis) -> bool {
        #[cfg(feature = "plants")]
        if crate::plants::on("P67") {
            return false;
        }
        self.from <= now && now < self.until
    }
    /// As an object to sign. It has one version only.
    pub fn draft(&self) -> Draft {
        let (target, what) = target_bytes(&self.target);
        let body = v1::Suspension {
            network: self.network.0.to_vec(),
            founder: self.founder.0.to_vec(),
            target: target.into(),
            what,
            from: self.from.0,
            until: self.until.0,
            reason: self.reason.clone(),
        }
        .encode_to_vec();
        let issuer = self.founder.0.to_vec();
        Draft { kind: ObjectKind::Suspension, subject: self.subject(), seq: 0, issuer, body }
    }
    /// Reads and checks a body.
    ///
    /// # Errors
    /// [`FieldError`] naming what does not hold; also for one that would last longer than a founder may say alone.
    pub fn decode(body: &[u8]) -> Result<Self, FieldError> {
        let wire = v1::Suspension::decode(body).map_err(|_| FieldError("suspension"))?;
        if wire.reason.len() > TEXT_BYTES_MAX || wire.reason.chars().any(char::is_control) {
            return Err(FieldError("suspension.reason"));
        }
        if wire.until <= wire.from || wire.until - wire.from > SUSPENSION_MS_MAX {
            return Err(FieldError("suspension.until"));
        }
        Ok(Self {
            network: NetworkId(bytes32(&wire.network, "suspension.network")?),
            founder: PublicKey(bytes32(&wire.founder, "suspension.founder")?),
            target: target_of(wire.target, &wire.what, "suspension.target")?,
            from: Millis(wire.from),
            until: Millis(wire.until),
            reason: wire.reason,
        })
    }
}
