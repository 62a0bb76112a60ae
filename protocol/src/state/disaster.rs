use super::{Draft, ObjectKind};
use crate::ids::{FacilityId, NetworkId, PublicKey};
use crate::limits::{DISASTER_AREAS_MAX, DISASTER_MS_MAX, DISASTER_ONE_MS_MAX, SUSPENSION_AGAIN_MS, TEXT_BYTES_MAX};
use crate::time::Millis;
use crate::wire::{FieldError, bytes32, v1};
use prost::Message as _;

/// A declared disaster (災害モード): within its area and time, reads for disaster need no consent, and more staff may make them.
///
/// Signed by k founders, or by one for a day. It ends by its date on every node, reached or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disaster {
    /// Which network.
    pub network: NetworkId,
    /// The one founder who declares it alone; none: k founders.
    pub founder: Option<PublicKey>,
    /// Where: beginnings of facility numbers (two digits are a prefecture); none: everywhere.
    pub area: Vec<String>,
    /// First moment.
    pub from: Millis,
    /// First moment after it. Founders end it earlier by a later version.
    pub until: Millis,
    /// What happened, for operators.
    pub reason: String,
}

impl Disaster {
    /// What it is kept under: one for k founders, which later versions replace; one per founder and fortnight for one alone.
    pub fn subject(&self) -> Vec<u8> {
        match &self.founder {
            None => self.network.0.to_vec(),
            Some(founder) => {
                let fortnight = self.from.0 / SUSPENSION_AGAIN_MS;
                [&self.network.0[..], &founder.0, &fortnight.to_be_bytes()].concat()
            }
        }
    }
    /// Whether its time has come and is not over.
    pub fn is_in_force(&self, now: Millis) -> bool {
        self.from <= now && now < self.until
    }
    /// Whether a facility lies in its area.
    pub fn covers(&self, facility: &FacilityId) -> bool {
        self.area.is_empty() || self.area.iter().any(|start| facility.as_str().starts_with(start.as_str()))
    }
    /// As an object to sign. One founder's has one version only.
    pub fn draft(&self, seq: u64) -> Draft {
        let body = v1::Disaster {
            network: self.network.0.to_vec(),
            area: self.area.clone(),
            from: self.from.0,
            until: self.until.0,
            reason: self.reason.clone(),
            founder: self.founder.map_or_else(Vec::new, |founder| founder.0.to_vec()),
        }
        .encode_to_vec();
        let issuer = self.founder.map_or_else(|| self.network.0.to_vec(), |founder| founder.0.to_vec());
        let seq = if self.founder.is_some() { 0 } else { seq };
        Draft { kind: ObjectKind::Disaster, subject: self.subject(), seq, issuer, body }
    }
    /// Reads and checks a body.
    ///
    /// # Errors
    /// [`FieldError`] naming what does not hold; also for one that lasts longer than its signers may say.
    pub fn decode(body: &[u8]) -> Result<Self, FieldError> {
        let wire = v1::Disaster::decode(body).map_err(|_| FieldError("disaster"))?;
        if wire.reason.len() > TEXT_BYTES_MAX || wire.reason.chars().any(char::is_control) {
            return Err(FieldError("disaster.reason"));
        }
        let is_area = |start: &String| (2..=10).contains(&start.len()) && start.bytes().all(|b| b.is_ascii_digit());
        if wire.area.len() > DISASTER_AREAS_MAX || !wire.area.iter().all(is_area) {
            return Err(FieldError("disaster.area"));
        }
        let founder = match wire.founder.as_slice() {
            [] => None,
            key => Some(PublicKey(bytes32(key, "disaster.founder")?)),
        };
        let most = if founder.is_some() { DISASTER_ONE_MS_MAX } else { DISASTER_MS_MAX };
        if wire.until <= wire.from || wire.until - wire.from > most {
            return Err(FieldError("disaster.until"));
        }
        Ok(Self {
            network: NetworkId(bytes32(&wire.network, "disaster.network")?),
            founder,
            area: wire.area,
            from: Millis(wire.from),
            until: Millis(wire.until),
            reason: wire.reason,
        })
    }
}
