use protocol::crypto::sha256;
use protocol::ids::{AuthorityId, FacilityId};
use std::path::PathBuf;

/// One root of an SS-MIX2 storage, standard or extended: where it is and whose patients are in it.
///
/// A facility may have several (volumes, 医科 and 歯科, the extended storage): the same record in two of them is one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// Its name at this node, `main` or `ANX01`: unique within its facility and kept when the path changes.
    pub name: String,
    /// The folder above 患者ID 1-3, or above folders of volumes.
    pub root: PathBuf,
    /// Whose records these are; the folder's own name is not relied on.
    pub facility: FacilityId,
    /// Who gave the patient numbers.
    pub authority: AuthorityId,
}

impl Feed {
    /// Short name in keys of the store.
    pub(super) fn id(&self) -> [u8; 8] {
        let hash = sha256(&[b"feed", self.facility.as_bytes(), self.name.as_bytes()]);
        let mut id = [0; 8];
        id.copy_from_slice(&hash.0[..8]);
        id
    }
}
