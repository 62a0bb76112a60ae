//! From schema 1 to 2: values of patients that lie in the index without their patient's key are sealed and written anew.
//!
//! Runs when such a store is opened, some values at a time, each time with the place it has come to; a crash goes on there.
//! The old frames stay in the journal, so a patient of that time is erased for good only when they are dropped.
use super::guard::{Guard, as_it_is, looks_raw, owner};
use super::ring::KeyringError;
use crate::error::OpenError;
use crate::journal::{AppendError, Journal};
use crate::limits::GROUP_BYTES_MAX;
use crate::overlay::Pending;
use crate::view::{FLOOR_KEY, RESEALED_KEY, SCHEMA_KEY, Shared, is_reserved};
use protocol::data::{Space, Write};

/// Seals what is not, and notes `schema` when all is done. Gives how many values it wrote.
pub(crate) fn reseal(journal: &mut Journal, shared: &Shared, guard: &Guard, schema: u32) -> Result<u64, OpenError> {
    let mut run = Run { journal, shared, guard, group: Pending::default(), count: 0 };
    let reached = shared.get(Space::Meta, RESEALED_KEY)?.unwrap_or_default();
    let (first, mut from) = reached.split_first().map_or((0, Vec::new()), |(space, key)| (*space, key.to_vec()));
    for space in Space::ALL.into_iter().filter(|space| *space as u8 >= first) {
        loop {
            let page = shared.db.scan(space, b"", &from, PAGE_KEYS)?;
            let Some((last, _)) = page.last() else { break };
            from = [last.as_slice(), &[0]].concat();
            for (key, sealed) in page {
                let value = shared.open(space, &key, sealed)?;
                run.value(space, key, &value)?;
            }
        }
        from = Vec::new();
    }
    run.group.lay(meta(SCHEMA_KEY, Some(schema.to_be_bytes().to_vec())));
    run.group.lay(meta(RESEALED_KEY, None));
    run.commit()?;
    Ok(run.count)
}

struct Run<'a> {
    journal: &'a mut Journal,
    shared: &'a Shared,
    guard: &'a Guard,
    group: Pending,
    count: u64,
}

impl Run<'_> {
    fn value(&mut self, space: Space, key: Vec<u8>, value: &[u8]) -> Result<(), OpenError> {
        let owner = if looks_raw(value) { None } else { owner(space, &key, value) };
        let raw = match owner {
            _ if is_reserved(space, &key) => return Ok(()),
            None if looks_raw(value) => as_it_is(value),
            None => return Ok(()),
            Some(p) => {
                self.guard.ring.make(p).map_err(from_ring)?;
                self.guard.seal(space, &key, value).map_err(from_ring)?
            }
        };
        self.count += 1;
        self.group.lay(meta(RESEALED_KEY, Some([&[space as u8], key.as_slice(), &[0]].concat())));
        self.group.lay(Write { space, key, value: Some(raw) });
        if self.group.bytes() >= GROUP_BYTES_MAX / 2 { self.commit() } else { Ok(()) }
    }

    fn commit(&mut self) -> Result<(), OpenError> {
        let mut group = std::mem::take(&mut self.group);
        group.lay(meta(FLOOR_KEY, Some(self.guard.ring.floor().to_be_bytes().to_vec())));
        let writes = group.into_writes();
        let mark = self.journal.append(&writes).map_err(|error| match error {
            AppendError::Full => OpenError::Full,
            other => OpenError::FirstWrite(other),
        })?;
        let mut group = Pending::default();
        writes.into_iter().for_each(|write| group.lay(write));
        Ok(self.shared.apply(group, &mark)?)
    }
}

fn from_ring(error: KeyringError) -> OpenError {
    if error.is_full() { OpenError::Full } else { OpenError::Keys(error) }
}

fn meta(key: &[u8], value: Option<Vec<u8>>) -> Write {
    Write { space: Space::Meta, key: key.to_vec(), value }
}

/// Values that are read at a time; the largest have 64 KiB, save a few.
const PAGE_KEYS: usize = 200;
