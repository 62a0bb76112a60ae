//! Erasing a patient (抹消): everything that this node wrote of it becomes unreadable, in journal, index, blobs and backups.
//!
//! The store overwrites the patient's key; what lies under it needs no finding. What stays is a keyed hash of the number, so
//! that the feed does not bring the patient back, and an event of the log that names nobody.
use crate::bodies::hashes_key;
use crate::ingest::forget_quarantine;
use crate::papers;
use crate::patients::{self, PatientEntry, TokenKey};
use crate::service::Service;
use crate::staff::Staff;
use crate::view_cache::{CopyError, ViewCache};
use protocol::audit::{Event, What};
use protocol::consent::{Stance, receipts_of};
use protocol::data::{Batch, Space, View, decode};
use protocol::ids::{Handle, PatientRef, RequestId, ShelfId};
use protocol::time::{Date, Millis};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use store::{BlobId, Store};

/// What was erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erased {
    /// Records of it that were here.
    pub records: u64,
    /// Files of large records that were removed.
    pub files: u64,
    /// The leaf that tells of it.
    pub leaf: u64,
}

/// Why a patient was not erased. Unless the message says otherwise nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// There is no such patient, or not any more.
    #[error("{0} is no patient of this node")]
    NoPatient(PatientRef),
    /// Others can still find it.
    #[error("{0} is published to others. Withdraw its consents first, and wait until nothing is published")]
    Published(PatientRef),
    /// A consent holds.
    #[error("a consent of {1} is on file of {0}. Withdraw it first: others would keep asking for the patient")]
    Consented(PatientRef, Date),
    /// Every erasure has a reason.
    #[error(
        "an erasure needs a reason of 1 to {REASON_CHARS_MAX} characters; it stays in the log, so nothing of the patient may be in it"
    )]
    Reason,
    /// Copies of other holders' records could not be removed.
    #[error(transparent)]
    Copies(#[from] CopyError),
    /// The store refused, or could not overwrite the key yet.
    #[error("{0}")]
    Store(String),
}

impl Service {
    /// Erases a patient for good: nothing brings it back but its source under another number.
    ///
    /// # Errors
    /// [`EraseError`].
    pub fn erase_patient(&self, staff: &Staff, patient: PatientRef, reason: &str) -> Result<Erased, EraseError> {
        // Nobody links the patient while it is being erased.
        let _links = self.links_state().lock();
        let eraser = Eraser { store: self.store().clone(), folder: self.folder(), now: self.now() };
        eraser.erase(staff, patient, reason)
    }
}

/// What erasing needs of a node.
pub(crate) struct Eraser<'a> {
    pub(crate) store: Arc<Store>,
    pub(crate) folder: &'a Path,
    pub(crate) now: Millis,
}

impl Eraser<'_> {
    pub(crate) fn erase(&self, staff: &Staff, patient: PatientRef, reason: &str) -> Result<Erased, EraseError> {
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX {
            return Err(EraseError::Reason);
        }
        let view = self.store.view();
        let entry = patients::load(&view, patient).ok_or(EraseError::NoPatient(patient))?;
        refuse_while_shown(&view, patient)?;
        let copies = ViewCache::new(self.store.clone()).forget(&copies_of(&view, patient))?;
        let mut batch = Batch { writes: copies, events: Vec::new() };
        let records = remove_all(&view, &mut batch, (patient, &entry), &TokenKey::of(&self.store));
        let quarantined = forget_quarantine(&view, &mut batch, &entry.facility, entry.id.expose_number());
        let mut blobs = blobs_of(&view, patient);
        blobs.extend(papers::blobs_of(&view, patient));
        blobs.iter().for_each(|blob| batch.remove(Space::Bodies, hashes_key(blob)));
        let event = Event::new(self.now, What::PatientErased).facility(entry.facility).staff(staff.id());
        batch.log(event.count(u32::try_from(records).unwrap_or(u32::MAX)).note(reason));
        let gone = blobs.iter().map(|blob| BlobId(*blob)).collect();
        let leaves = self.store.erase(patient, batch, gone).map_err(EraseError::Store)?;
        // From here on all of it is unreadable; what follows gives room back.
        quarantined.iter().for_each(|item| item.remove_files(self.folder));
        let mut files = 0;
        for blob in blobs {
            match self.store.blobs().remove(BlobId(blob)) {
                Ok(()) => files += 1,
                Err(error) => tracing::warn!(%error, "a file of an erased patient stays; it cannot be read"),
            }
        }
        tracing::info!(records, files, "a patient was erased");
        Ok(Erased { records, files, leaf: leaves.last().copied().unwrap_or_default() })
    }
}

fn refuse_while_shown(view: &dyn View, patient: PatientRef) -> Result<(), EraseError> {
    let mut from = PUBLISHED.to_vec();
    while let Some((key, _)) = view.scan(Space::Entries, PUBLISHED, &from, 1).pop() {
        let Some(shelf) = key.get(..PUBLISHED.len() + 32) else { break };
        if view.get(Space::Entries, &[shelf, &patient.0.to_be_bytes()].concat()).is_some() {
            return Err(EraseError::Published(patient));
        }
        // The next shelf: above every patient of this one.
        from = [shelf, &[0xff; 9]].concat();
    }
    let receipts = receipts_of(view, patient);
    let stopped =
        receipts.iter().filter(|receipt| receipt.stance == Stance::Stop).map(|receipt| receipt.taken_at).max();
    let holds = receipts.iter().find(|receipt| receipt.stance == Stance::Permit && Some(receipt.taken_at) > stopped);
    match holds {
        Some(receipt) => Err(EraseError::Consented(patient, receipt.taken_at.date_jst())),
        None => Ok(()),
    }
}

/// Removes every key of a patient and leaves the mark that keeps it away. Gives how many records there were.
fn remove_all(
    view: &dyn View,
    batch: &mut Batch,
    (patient, entry): (PatientRef, &PatientEntry),
    tokens: &TokenKey,
) -> u64 {
    let number = patient.0.to_be_bytes();
    let records = remove_prefix(view, batch, Space::Records, &number);
    remove_prefix(view, batch, Space::Bodies, &number);
    remove_prefix(view, batch, Space::Consents, &number);
    remove_prefix(view, batch, Space::Desk, &papers::captures_of(patient));
    remove_prefix(view, batch, Space::People, &[b"r".as_slice(), &number].concat());
    crate::links::rows::forget(view, batch, patient);
    crate::cards::forget(batch, patient);
    batch.remove(Space::Patients, number);
    batch.remove(Space::Entries, [b"source/".as_slice(), &number].concat());
    remove_prefix(view, batch, Space::Entries, &[b"tags/".as_slice(), &number].concat());
    batch.remove(Space::Jobs, [b"publish/".as_slice(), &number].concat());
    tokens.keys(patient, entry).into_iter().for_each(|key| batch.remove(Space::Tokens, key));
    for (key, handle) in handles_of(view, patient) {
        batch.remove(Space::Tokens, key);
        remove_prefix(view, batch, Space::People, &[b"h".as_slice(), &handle.0].concat());
    }
    batch.put(Space::Meta, tokens.erased_key(&entry.facility, &entry.id), Vec::new());
    records
}

fn remove_prefix(view: &dyn View, batch: &mut Batch, space: Space, prefix: &[u8]) -> u64 {
    let mut count = 0;
    each(view, space, prefix, |key, _| {
        count += 1;
        batch.remove(space, key);
    });
    count
}

/// Handles under which it was ever published, with their keys.
fn handles_of(view: &dyn View, patient: PatientRef) -> Vec<(Vec<u8>, Handle)> {
    let mut out = Vec::new();
    each(view, Space::Tokens, HANDLE, |key, value| {
        let of: Option<(PatientRef, ShelfId)> = decode(&value);
        let handle = key.strip_prefix(HANDLE).and_then(|handle| handle.try_into().ok()).map(Handle);
        if let Some(handle) = handle.filter(|_| of.is_some_and(|(of, _)| of == patient)) {
            out.push((key, handle));
        }
    });
    out
}

/// Requests of which copies of other holders' records are here.
fn copies_of(view: &dyn View, patient: PatientRef) -> Vec<RequestId> {
    let mut out = Vec::new();
    each(view, Space::Desk, &[b"copies-of/".as_slice(), &patient.0.to_be_bytes()].concat(), |key, _| {
        out.extend(key.last_chunk::<16>().copied().map(RequestId));
    });
    out
}

/// Blobs that its records name.
fn blobs_of(view: &dyn View, patient: PatientRef) -> BTreeSet<[u8; 32]> {
    let places = protocol::fetch::heads(view, patient).into_iter().map(|(_, head)| head.place);
    let blob = |place| match place {
        protocol::fetch::Place::Blob { id } => Some(id),
        protocol::fetch::Place::Bundle { .. } => None,
    };
    places.filter_map(blob).collect()
}

fn each(view: &dyn View, space: Space, prefix: &[u8], mut with: impl FnMut(Vec<u8>, Vec<u8>)) {
    let mut from = Vec::new();
    loop {
        let page = view.scan(space, prefix, &from, PAGE);
        let full = page.len() == PAGE;
        if let Some((last, _)) = page.last() {
            from = [last.as_slice(), &[0]].concat();
        }
        page.into_iter().for_each(|(key, value)| with(key, value));
        if !full {
            return;
        }
    }
}

const PUBLISHED: &[u8] = b"published/";
const HANDLE: &[u8] = b"handle/";
const PAGE: usize = 500;
/// A reason is a word for the log, not a report.
pub const REASON_CHARS_MAX: usize = 200;
