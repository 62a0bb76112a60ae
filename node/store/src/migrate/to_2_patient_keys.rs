//! Schema 2: values of patients lie under their own keys. The work, and how far it came, is the keyring's.
use super::{KEYS_SCHEMA, Migration};
use crate::error::OpenError;
use crate::keyring::reseal;

pub(super) fn run(migration: &mut Migration<'_>) -> Result<(), OpenError> {
    let values = reseal(migration.journal, migration.shared, migration.guard, KEYS_SCHEMA)?;
    tracing::info!(values, "values of patients lie under their own keys");
    Ok(())
}
