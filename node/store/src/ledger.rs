//! The ledger of blobs: which files must lie in `blobs/`, kept among the store's own keys, so that a missing one is noticed.
//!
//! A blob is finished before the batch that names it, and noted in the same frame or an earlier one.
use crate::blobs::BlobId;
use protocol::data::{Space, Write};

/// A blob that came or went since the last frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// It is here, with this plain length.
    Came(BlobId, u64),
    /// It was removed.
    Went(BlobId),
}

impl Note {
    /// The entry of the ledger.
    pub(crate) fn write(self) -> Write {
        let (id, value) = match self {
            Self::Came(id, len) => (id, Some(len.to_be_bytes().to_vec())),
            Self::Went(id) => (id, None),
        };
        Write { space: Space::Meta, key: [PREFIX, &id.0].concat(), value }
    }
}

/// The blob that an entry of the ledger is about; none if the key is another of the store's own.
pub(crate) fn blob_of(space: Space, key: &[u8]) -> Option<BlobId> {
    (space == Space::Meta).then_some(())?;
    Some(BlobId(key.strip_prefix(PREFIX)?.try_into().ok()?))
}

/// Keys of entries begin with this; `meta` keeps keys below 0x01 for the store.
pub(crate) const PREFIX: &[u8] = b"\0blob/";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_tells_blob_and_length() {
        let write = Note::Came(BlobId([3; 32]), 70_000).write();
        assert_eq!(blob_of(write.space, &write.key), Some(BlobId([3; 32])));
        assert_eq!(write.value, Some(70_000u64.to_be_bytes().to_vec()));
        assert_eq!(blob_of(Space::Meta, b"\0schema"), None);
        assert_eq!(blob_of(Space::Jobs, &write.key), None);
        assert_eq!(Note::Went(BlobId([3; 32])).write().value, None);
    }
}
