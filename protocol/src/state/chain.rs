use super::{Charter, Signed};
use crate::crypto::Crypto;
use crate::ids::PublicKey;
use crate::time::Millis;

/// All versions of one network's charter, from its genesis on: each later one is signed by k founders of the one before and by
/// k of its own.
#[derive(Clone, Debug, Default)]
pub(super) struct Chain {
    versions: Vec<(Signed, Charter)>,
}

impl Chain {
    /// The one in force.
    pub fn newest(&self) -> Option<&(Signed, Charter)> {
        self.versions.last()
    }
    /// The version with this number.
    pub fn version(&self, seq: u64) -> Option<&(Signed, Charter)> {
        self.versions.iter().find(|(signed, _)| signed.seq == seq)
    }
    /// All of them, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Signed> {
        self.versions.iter().map(|(signed, _)| signed)
    }
    /// Takes a version whose signatures were checked.
    pub fn keep(&mut self, signed: Signed, charter: Charter) {
        self.versions.retain(|(old, _)| old.seq != signed.seq);
        self.versions.push((signed, charter));
        self.versions.sort_by_key(|(signed, _)| signed.seq);
    }
    /// Whether k founders signed `object`, which counts from `made_at` on: of the charter in force, or of an earlier one that was
    /// in force then. Founders who left cannot say anything new.
    pub fn has_quorum(&self, crypto: &dyn Crypto, object: &Signed, made_at: Millis) -> bool {
        self.in_force_at(made_at).any(|charter| charter.has_quorum(crypto, object))
    }
    /// The same for one founder alone.
    pub fn has_founder(&self, founder: &PublicKey, made_at: Millis) -> bool {
        self.in_force_at(made_at).any(|charter| charter.keys().contains(founder))
    }
    /// The newest first, then those whose successor was made later than this moment.
    fn in_force_at(&self, at: Millis) -> impl Iterator<Item = &Charter> {
        let newest = self.versions.len().saturating_sub(1);
        let stands = move |place: usize| {
            place == newest || self.versions.get(place + 1).is_some_and(|(_, next)| at < next.made_at)
        };
        (0..self.versions.len()).rev().filter(move |place| stands(*place)).map(|place| &self.versions[place].1)
    }
}
