//! A later charter (規約変更): founders come and go, k changes; signed by k of the founders of now and k of those to come.
use crate::engine::CommandError;
use crate::keys::{Share, SharePublic};
use crate::service::Service;
use crate::signing::{SignError, Signing};
use protocol::crypto::Real;
use protocol::ids::NetworkId;
use protocol::kinds::Codes;
use protocol::state::{Charter, Founder};

/// What changes; the rest stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CharterChange {
    /// Founders who come.
    pub add: Vec<SharePublic>,
    /// Founders who go, by their names on the charter.
    pub remove: Vec<String>,
    /// How many of them must sign from then on.
    pub k: Option<u32>,
    /// Purposes that members may name from then on; codes of `Purpose`.
    pub purposes: Option<Codes>,
}

impl Service {
    /// Writes a later charter, signs it with the shares at hand and offers it to the others: those of now and those to come.
    ///
    /// # Errors
    /// [`SignError`]; nothing changed.
    pub fn change_charter(
        &self,
        network: NetworkId,
        change: &CharterChange,
        shares: &[Share],
    ) -> Result<Signing, SignError> {
        let book = self.book();
        let old = book.charter(network).ok_or(SignError::NoCharter(network))?;
        let mut founders = old.founders.clone();
        for name in &change.remove {
            let before = founders.len();
            founders.retain(|founder| founder.name != *name);
            if founders.len() == before {
                let names: Vec<&str> = old.founders.iter().map(|founder| founder.name.as_str()).collect();
                return refused(format!("no founder is called {name:?}; there are {}", names.join(", ")));
            }
        }
        founders.extend(change.add.iter().map(|share| Founder { name: share.name.clone(), key: share.key }));
        let charter = Charter {
            founders,
            k: change.k.unwrap_or(old.k),
            purposes: change.purposes.unwrap_or(old.purposes),
            made_at: self.now(),
            ..old.clone()
        };
        if Charter::decode(&charter.encode()).is_err() {
            return refused(
                "this charter cannot be: k founders must be more than half of all and at least two, each with a key of its own"
                    .into(),
            );
        }
        if (&charter.founders, charter.k, charter.purposes) == (&old.founders, old.k, old.purposes) {
            return refused("nothing would change".into());
        }
        let seq = book.charter_objects(network).last().map_or(0, |signed| signed.seq).saturating_add(1);
        let signed = self.add_shares(charter.amendment(network, seq).sign(&Real, &[]), shares)?;
        self.propose(signed)
    }
}

fn refused<T>(why: String) -> Result<T, SignError> {
    Err(CommandError::Refused(why).into())
}
