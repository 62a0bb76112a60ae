use crate::crypto::{domain, sha256};
use crate::ids::{AccordId, FacilityId, NetworkId, ShelfId};
use crate::kinds::Codes;
use serde::{Deserialize, Serialize};

/// Who gets a shelf, keeps it and passes it on; nobody else does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Audience {
    /// Facilities of these classes in the holder's own network.
    Network {
        /// Which network.
        network: NetworkId,
        /// Which classes; codes of [`crate::kinds::FacilityClass`].
        classes: Codes,
    },
    /// Readers of the other side of an accord.
    Accord {
        /// Which accord.
        accord: AccordId,
    },
}

/// What one holder shows to one audience in one epoch (棚).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shelf {
    /// Whose records.
    pub holder: FacilityId,
    /// For whom.
    pub audience: Audience,
    /// Epoch of the tags' key.
    pub epoch: u32,
}

impl Shelf {
    /// Its short name: a hash over holder, audience and epoch.
    pub fn id(&self) -> ShelfId {
        let epoch = self.epoch.to_be_bytes();
        let holder = self.holder.as_bytes();
        let text = match &self.audience {
            Audience::Network { network, classes } => {
                domain("shelf", &[holder, &epoch, b"network", &network.0, &classes.0.to_be_bytes()])
            }
            Audience::Accord { accord } => domain("shelf", &[holder, &epoch, b"accord", &accord.0]),
        };
        ShelfId(sha256(&[&text]).0)
    }
}
