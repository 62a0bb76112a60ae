//! Steps from one schema of the store to the next: one file each, forward only, done at the first start of a newer release.
//!
//! A step writes frames like everybody else, and the number of the schema in a last one. Interrupted before that it is done
//! again from its beginning, so a step must be harmless to repeat. A store that went forward is not read by older releases.
mod to_2_patient_keys;
mod to_3_ledger;

use crate::blobs::Blobs;
use crate::error::OpenError;
use crate::journal::Journal;
use crate::keyring::Guard;
use crate::overlay::Pending;
use crate::view::{SCHEMA_KEY, Shared};
use protocol::data::{Space, Write};

/// Version of keys and values in the spaces.
pub(crate) const SCHEMA: u32 = 3;
/// From this one on patients have keys of their own.
pub(crate) const KEYS_SCHEMA: u32 = 2;

/// What a step works on.
pub(crate) struct Migration<'a> {
    journal: &'a mut Journal,
    shared: &'a Shared,
    blobs: &'a Blobs,
    guard: &'a Guard,
}

/// From the schema before this one.
struct Step {
    to: u32,
    run: fn(&mut Migration<'_>) -> Result<(), OpenError>,
}

const STEPS: [Step; 2] = [Step { to: KEYS_SCHEMA, run: to_2_patient_keys::run }, Step { to: 3, run: to_3_ledger::run }];
const _: () = assert!(STEPS[STEPS.len() - 1].to == SCHEMA);

/// Brings an old store up to date, and gives a new one its number. Tells from which schema to which it went.
pub(crate) fn run(
    journal: &mut Journal,
    shared: &Shared,
    blobs: &Blobs,
    guard: &Guard,
) -> Result<Option<(u32, u32)>, OpenError> {
    let mut migration = Migration { journal, shared, blobs, guard };
    if migration.journal.head().position == 0 {
        migration.note_schema(SCHEMA)?;
        return Ok(None);
    }
    let value = shared.get(Space::Meta, SCHEMA_KEY)?;
    let found = value.and_then(|value| Some(u32::from_be_bytes(value.try_into().ok()?))).unwrap_or(1);
    for step in STEPS.iter().filter(|step| step.to > found) {
        tracing::info!(to = step.to, "the store goes one schema forward");
        (step.run)(&mut migration)?;
        migration.note_schema(step.to)?;
    }
    Ok((found < SCHEMA).then_some((found, SCHEMA)))
}

impl Migration<'_> {
    /// One frame, in the journal and in the index.
    fn write(&mut self, writes: Vec<Write>) -> Result<(), OpenError> {
        let mut group = Pending::default();
        writes.into_iter().for_each(|write| group.lay(write));
        let writes = group.into_writes();
        let mark = self.journal.append(&writes)?;
        let mut group = Pending::default();
        writes.into_iter().for_each(|write| group.lay(write));
        Ok(self.shared.apply(group, &mark)?)
    }

    fn note_schema(&mut self, schema: u32) -> Result<(), OpenError> {
        let value = Some(schema.to_be_bytes().to_vec());
        self.write(vec![Write { space: Space::Meta, key: SCHEMA_KEY.to_vec(), value }])
    }
}
