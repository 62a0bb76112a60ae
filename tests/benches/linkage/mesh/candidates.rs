//! What a reader finds who may make tags: every patient of every holder is looked for on the shelves of all others.
use super::town::{Holder, NOW};
use protocol::ids::Handle;
use protocol::index::find_all;
use std::collections::{BTreeMap, BTreeSet};

/// Sums over all patients.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found {
    /// Patients that were looked for.
    pub patients: u64,
    /// True partners at other holders.
    pub partners: u64,
    /// Those of them that were found.
    pub right: u64,
    /// All that were found.
    pub candidates: u64,
}

impl Found {
    /// Share of true partners that were found.
    pub fn recall(&self) -> f64 {
        self.right as f64 / self.partners.max(1) as f64
    }
    /// Candidates for each patient.
    pub fn per_patient(&self) -> f64 {
        self.candidates as f64 / self.patients.max(1) as f64
    }
}

/// Looks for all patients of all holders, by the real look-up; a candidate is a handle that at least `rules` tags open.
pub fn look_for_all(holders: &[Holder], rules: usize) -> Found {
    let mut found = Found::default();
    let known: Vec<_> = holders.iter().map(persons).collect();
    for (at, reader) in holders.iter().enumerate() {
        for patient in &reader.patients {
            found.patients += 1;
            for (there, holder) in holders.iter().enumerate().filter(|(there, _)| *there != at) {
                let shelf = holder.shelf.id();
                let hits = patient.tags.iter().flat_map(|tag| find_all(&holder.view, shelf, tag, NOW));
                let mut hits: Vec<_> = hits.map(|(body, _)| (body.handle, body.rule)).collect();
                hits.sort_unstable();
                hits.dedup();
                let handles: BTreeSet<_> =
                    hits.chunk_by(|a, b| a.0 == b.0).filter(|run| run.len() >= rules).map(|run| run[0].0).collect();
                let partners = known[there].get(&patient.person).map(Vec::as_slice).unwrap_or_default();
                found.partners += partners.len() as u64;
                found.right += partners.iter().filter(|handle| handles.contains(handle)).count() as u64;
                found.candidates += handles.len() as u64;
            }
        }
    }
    found
}

fn persons(holder: &Holder) -> BTreeMap<u64, Vec<Handle>> {
    let mut all: BTreeMap<u64, Vec<Handle>> = BTreeMap::new();
    for (at, patient) in holder.patients.iter().enumerate() {
        all.entry(patient.person).or_default().push(holder.handle(at));
    }
    all
}
