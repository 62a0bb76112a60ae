//! The census of this node's patients: counted again when their number has grown by half, kept in parts.
use super::limits::{CENSUS_PART_BYTES, PAGE};
use super::rows::{CENSUS, census_key};
use crate::patients::PatientEntry;
use crate::service::{Service, WriteError};
use matching::link::census::{Census, Counting, Population};
use matching::normalise;
use protocol::data::{Batch, Space, View, decode, encode};
use std::sync::Arc;

impl Service {
    /// The weights in use; counted first if the patients have outgrown them.
    ///
    /// # Errors
    /// [`WriteError`]; the old ones stay.
    pub(super) fn population(&self) -> Result<Arc<Population>, WriteError> {
        let known = self.known_population();
        let fresh = match known.census.is_outgrown(self.patients().count()) {
            true => Arc::new(Population::of(self.take_census(known.census.number.saturating_add(1))?)),
            false => known,
        };
        self.links_state().cached().population = Some(fresh.clone());
        Ok(fresh)
    }

    /// The weights of the last census, however old.
    pub(super) fn known_population(&self) -> Arc<Population> {
        let known = self.links_state().cached().population.clone();
        known.unwrap_or_else(|| Arc::new(Population::of(stored(&self.view()))))
    }

    /// Counts all patients, a page at a time, and keeps the result.
    pub(super) fn take_census(&self, number: u32) -> Result<Census, WriteError> {
        let (view, mut counting, mut from) = (self.view(), Counting::default(), Vec::new());
        loop {
            let page = view.scan(Space::Patients, &[], &from, PAGE);
            let Some((last, _)) = page.last() else { break };
            from = [last.as_slice(), &[0]].concat();
            for (key, value) in page {
                let number = key.try_into().map(u64::from_be_bytes);
                let entry: Option<PatientEntry> = decode(&value);
                if let (Ok(number), Some(entry)) = (number, entry.filter(|entry| !entry.is_deleted)) {
                    let raw = entry.demographics();
                    counting.add(number, &normalise(&raw), &raw.address);
                }
            }
        }
        let census = counting.finish(number);
        let bytes = encode(&census);
        let mut batch = Batch::default();
        let mut parts = 0;
        for (part, bytes) in (0..).zip(bytes.chunks(CENSUS_PART_BYTES)) {
            batch.put(Space::Meta, census_key(part), bytes);
            parts = part + 1;
        }
        // An older and larger one leaves no end behind.
        let old = view.scan(Space::Meta, CENSUS, &census_key(parts), usize::MAX);
        old.into_iter().for_each(|(key, _)| batch.remove(Space::Meta, key));
        self.commit(batch)?;
        tracing::info!(persons = census.persons, number, "names of patients counted for linking");
        Ok(census)
    }
}

fn stored(view: &dyn View) -> Census {
    let parts = view.scan(Space::Meta, CENSUS, &[], usize::MAX);
    let bytes: Vec<u8> = parts.into_iter().flat_map(|(_, value)| value).collect();
    decode(&bytes).unwrap_or_default()
}
