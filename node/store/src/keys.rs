//! The master key of a store and the keys that are derived from it, one for each use.
use crate::disk::{Disk, DiskError, Trouble};
use crate::seal::Seal;
use hkdf::Hkdf;
use protocol::data::Space;
use sha2::Sha256;
use zeroize::Zeroizing;

/// The 32 bytes from which every other key of the store is derived.
#[derive(Clone)]
pub(crate) struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    pub(crate) fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The key in `keys/store.key`, none if there is no such file.
    pub(crate) fn load(disk: &dyn Disk) -> Result<Option<Self>, DiskError> {
        if disk.len(KEY_PATH)?.is_none() {
            return Ok(None);
        }
        let bytes = Zeroizing::new(disk.read(KEY_PATH, 0, 32)?);
        let key = <[u8; 32]>::try_from(bytes.as_slice());
        key.map(|key| Some(Self::new(key))).map_err(|_| DiskError::new("reading", KEY_PATH, Trouble::Short))
    }

    /// Writes the key beside its place, syncs it and moves it there: it is whole or absent.
    pub(crate) fn save(&self, disk: &dyn Disk) -> Result<(), DiskError> {
        disk.make_folder(KEY_FOLDER)?;
        disk.sync_folder("")?;
        disk.remove(KEY_TEMPORARY)?;
        disk.append(KEY_TEMPORARY, &*self.0)?;
        disk.sync(KEY_TEMPORARY)?;
        disk.rename(KEY_TEMPORARY, KEY_PATH)?;
        disk.sync_folder(KEY_FOLDER)
    }

    /// The key itself, for its sheet.
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Tells one master key from another; stands in every segment of the journal.
    pub(crate) fn check(&self) -> [u8; 8] {
        let mut check = [0; 8];
        check.copy_from_slice(&self.derive("journal/check")[..8]);
        check
    }

    /// The key for one use.
    pub(crate) fn derive(&self, usage: &str) -> Zeroizing<[u8; 32]> {
        let mut out = Zeroizing::new([0; 32]);
        let expanded =
            Hkdf::<Sha256>::new(None, &*self.0).expand(format!("musubi/store/1/{usage}").as_bytes(), &mut *out);
        expanded.expect("32 bytes are far below the limit of HKDF");
        out
    }

    /// The key for a use outside of the store.
    pub(crate) fn node(&self, usage: &str) -> Zeroizing<[u8; 32]> {
        self.derive(&format!("node/{usage}"))
    }

    /// The seal of one key space.
    pub(crate) fn space(&self, space: Space) -> Seal {
        Seal::new(&self.derive(&format!("space/{}", space.name())))
    }
}

/// Where the master key lies.
pub(crate) const KEY_PATH: &str = "keys/store.key";
const KEY_FOLDER: &str = "keys";
const KEY_TEMPORARY: &str = "keys/store.key.part";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::VirtualDisk;

    #[test]
    fn a_saved_key_outlives_a_crash_and_derives_the_same() {
        let disk = VirtualDisk::new(3);
        assert!(MasterKey::load(&disk).unwrap().is_none());
        let key = MasterKey::new([7; 32]);
        key.save(&disk).unwrap();
        disk.crash();
        let again = MasterKey::load(&disk).unwrap().unwrap();
        assert_eq!(*again.derive("journal"), *key.derive("journal"));
        assert_ne!(*again.derive("journal"), *key.derive("blobs"));
    }
}
