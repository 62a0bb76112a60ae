use crate::crypto::{domain, sha256};
use crate::ids::{Hash, NetworkId};
use crate::time::Millis;
use crate::wire::FieldError;
use serde::{Deserialize, Serialize};

/// Who counts with whom, and how a patient is recognised. Every point is made for one set of terms, so that none of one count
/// can be compared with those of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Chance, so that no two counts have the same terms.
    pub session: [u8; 16],
    /// The network that asks, and counts.
    pub asker: NetworkId,
    /// The network that is asked.
    pub partner: NetworkId,
    /// Number of the identity rule.
    pub rule: u8,
    /// Version of the forms that the rule's fields were brought into; both sides must have the same.
    pub normaliser: u16,
    /// When it was begun.
    pub at: Millis,
}

impl Terms {
    /// Their one encoding.
    pub fn encode(&self) -> Vec<u8> {
        [
            &self.session[..],
            &self.asker.0,
            &self.partner.0,
            &[self.rule],
            &self.normaliser.to_be_bytes(),
            &self.at.0.to_be_bytes(),
        ]
        .concat()
    }
    /// Reads exactly that.
    ///
    /// # Errors
    /// [`FieldError`] for another length.
    pub fn decode(bytes: &[u8]) -> Result<Self, FieldError> {
        let wrong = || FieldError("overlap.terms");
        let (session, rest) = bytes.split_first_chunk::<16>().ok_or_else(wrong)?;
        let (asker, rest) = rest.split_first_chunk::<32>().ok_or_else(wrong)?;
        let (partner, rest) = rest.split_first_chunk::<32>().ok_or_else(wrong)?;
        let (rule, rest) = rest.split_first().ok_or_else(wrong)?;
        let (normaliser, rest) = rest.split_first_chunk::<2>().ok_or_else(wrong)?;
        let at: [u8; 8] = rest.try_into().map_err(|_| wrong())?;
        Ok(Self {
            session: *session,
            asker: NetworkId(*asker),
            partner: NetworkId(*partner),
            rule: *rule,
            normaliser: u16::from_be_bytes(*normaliser),
            at: Millis(u64::from_be_bytes(at)),
        })
    }
    /// What points, secrets and signatures of this count are bound to.
    pub fn id(&self) -> Hash {
        sha256(&[&domain("overlap/terms", &[&self.encode()])])
    }
    /// The pair, whoever asks.
    pub fn pair(&self) -> (NetworkId, NetworkId) {
        if self.asker <= self.partner { (self.asker, self.partner) } else { (self.partner, self.asker) }
    }
}
