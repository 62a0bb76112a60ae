//! Patients whose publication has to follow: noted in the transaction that changed them, so that no crash forgets one.
use protocol::data::{Batch, Outcome, Space, View, decode};
use protocol::ids::PatientRef;
use std::sync::Arc;
use store::Store;

/// One patient that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Who.
    pub patient: PatientRef,
    /// Which change; a later one makes it pending again.
    pub revision: u64,
}

/// What waits to be published. Cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    store: Arc<Store>,
}

impl Outbox {
    /// The outbox in this store.
    pub fn new(store: Arc<Store>) -> Self {
        Self { store }
    }
    /// Up to `limit` patients that changed since they were last published, from `after` on.
    pub fn pending(&self, after: Option<PatientRef>, limit: usize) -> Vec<Pending> {
        let from = after.map_or_else(Vec::new, |patient| key(PatientRef(patient.0.saturating_add(1))));
        let found = self.store.view().scan(Space::Jobs, PREFIX, &from, limit);
        let read = |(key, value): (Vec<u8>, Vec<u8>)| {
            let patient = key.strip_prefix(PREFIX)?.try_into().ok().map(u64::from_be_bytes).map(PatientRef)?;
            Some(Pending { patient, revision: decode(&value)? })
        };
        found.into_iter().filter_map(read).collect()
    }
    /// These are published durably; those that changed again meanwhile stay.
    ///
    /// # Errors
    /// The store's reason; they stay pending then, and publishing them again changes nothing.
    pub fn published(&self, done: Vec<Pending>) -> Result<(), String> {
        let outcome = self.store.commit_with(move |view| {
            let mut batch = Batch::default();
            for pending in done {
                let key = key(pending.patient);
                if view.get(Space::Jobs, &key).and_then(|value| decode(&value)) == Some(pending.revision) {
                    batch.remove(Space::Jobs, key);
                }
            }
            batch
        });
        match outcome {
            Outcome::Committed { .. } => Ok(()),
            Outcome::Failed(why) => Err(why),
        }
    }
}

/// Where a patient that changed is noted.
pub(super) fn key(patient: PatientRef) -> Vec<u8> {
    [PREFIX, &patient.0.to_be_bytes()].concat()
}

const PREFIX: &[u8] = b"publish/";
