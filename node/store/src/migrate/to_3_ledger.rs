//! Schema 3: the ledger of blobs. What lies in `blobs/` at the first start is noted; before, a missing file was not noticed
//! until somebody read it.
use super::Migration;
use crate::blobs::{BlobError, BlobId};
use crate::error::OpenError;
use crate::ledger::Note;
use crate::limits::GROUP_WRITES_MAX;

pub(super) fn run(migration: &mut Migration<'_>) -> Result<(), OpenError> {
    let ids = migration.blobs.list().map_err(|error| match error {
        BlobError::Disk(error) => OpenError::from(error),
        other => OpenError::IndexUnfit(other.to_string()),
    })?;
    for ids in ids.chunks(GROUP_WRITES_MAX) {
        // A damaged one stands in the ledger too: that it must be here is what is known of it.
        let note = |id: &BlobId| Note::Came(*id, migration.blobs.len(*id).unwrap_or(0)).write();
        let writes = ids.iter().map(note).collect();
        migration.write(writes)?;
    }
    Ok(())
}
