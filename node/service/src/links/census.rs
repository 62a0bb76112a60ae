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
        let (known, count) = (self.known_population(), self.patients().count());
        // Who was deleted or is nobody has a number and is not counted: a census of few that it leaves small is not outgrown
        // again before more numbers were given.
        let counted = self.links_state().cached().counted;
        if !known.census.is_outgrown(count) || count <= counted.saturating_add(counted / 2) {
            return Ok(known);
        }
        self.take_census(known.census.number.saturating_add(1))
    }

    /// The weights of the last census, however old.
    pub(super) fn known_population(&self) -> Arc<Population> {
        let mut cached = self.links_state().cached();
        cached.population.get_or_insert_with(|| Arc::new(Population::of(stored(&self.view())))).clone()
    }

    /// Counts all patients, a page at a time, and keeps the result: from here on it is in use.
    pub(super) fn take_census(&self, number: u32) -> Result<Arc<Population>, WriteError> {
        let counted = self.patients().count();
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
        let population = Arc::new(Population::of(census));
        let mut cached = self.links_state().cached();
        (cached.population, cached.counted) = (Some(population.clone()), counted);
        Ok(population)
    }
}

/// The census that was kept last; an empty one if there is none.
pub(crate) fn stored(view: &dyn View) -> Census {
    let parts = view.scan(Space::Meta, CENSUS, &[], usize::MAX);
    let bytes: Vec<u8> = parts.into_iter().flat_map(|(_, value)| value).collect();
    decode(&bytes).unwrap_or_default()
}
