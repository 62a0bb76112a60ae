//! I04: an index frame holds nothing outside the entry (kinds, rule, handle, consent, sealed), and no clinical value.
//!
//! The observer has every tag key, so it opens each entry that anybody could open; what it cannot open is a dummy.
use super::{Invariant, Leaving, Truth, Verdict, Violation, Watch, broken};
use crate::world::Patient;
use protocol::ids::{ReceiptId, ShelfId, Tag};
use protocol::index::{Body, ENTRY_BYTES, Entry, slot_of};
use protocol::limits::SAME_TAG_MAX;
use protocol::state::{Signed, decode_manifest, manifest_object};
use protocol::wire::{self, v1};

pub(super) fn changes(watch: &Watch, leaving: Leaving<'_>, changes: &v1::Changes) -> Verdict {
    match fault(watch, leaving, changes) {
        Some(what) => {
            let from = Violation::named(&watch.truth, leaving.from);
            broken(Invariant::I04, format!("index frame of {from} holds {what}"))
        }
        None => Ok(()),
    }
}

/// A frame that is written again must come out the same: nothing hides in fields that nobody knows.
pub(super) fn heads(leaving: Leaving<'_>) -> Verdict {
    match wire::decode(leaving.bytes) {
        Ok(message) if wire::encode(message.clone()) == leaving.bytes => Ok(()),
        _ => broken(Invariant::I04, "a heads frame with more than its fields".into()),
    }
}

fn fault(watch: &Watch, leaving: Leaving<'_>, changes: &v1::Changes) -> Option<String> {
    let truth = &watch.truth;
    let Some(id) = ShelfId::from_slice(&changes.shelf).filter(|id| truth.shelves.contains_key(id)) else {
        return Some("a shelf that nobody has".into());
    };
    if wire::decode(leaving.bytes).map(wire::encode).as_deref() != Ok(leaving.bytes) {
        return Some("more than its fields".into());
    }
    if !changes.adds.len().is_multiple_of(ENTRY_BYTES) || !changes.removes.len().is_multiple_of(24) {
        return Some("something that is no entry".into());
    }
    let manifest = changes.manifest.clone().and_then(|signed| Signed::from_wire(signed).ok());
    let body = manifest.as_ref().and_then(|signed| decode_manifest(signed).ok());
    if body.is_none_or(|body| manifest_object(&body).body != manifest.map(|signed| signed.body).unwrap_or_default()) {
        return Some("a manifest with more than its fields".into());
    }
    let entries = changes.adds.chunks_exact(ENTRY_BYTES).filter_map(Entry::unpack);
    entries.into_iter().find_map(|entry| entry_fault(truth, id, &entry))
}

fn entry_fault(truth: &Truth, shelf: ShelfId, entry: &Entry) -> Option<String> {
    let (known, by) = truth.shelves.get(&shelf)?;
    let host = *truth.facilities.get(&known.holder)?;
    let patients = truth.people.patients.iter().enumerate().filter(|(_, patient)| patient.node == host);
    let mut tags = patients.flat_map(|(at, patient)| patient.strings.iter().map(move |(rule, text)| (at, *rule, text)));
    let (at, rule, tag) = tags.find_map(|(at, rule, text)| {
        let tag = truth.tag(by, text)?;
        holds(&tag, shelf, entry).then_some((at, rule, tag))
    })?;
    let patient = &truth.people.patients[at];
    let Some(body) = Body::open(&tag, shelf, entry.number, &entry.body) else {
        return Some(format!("an entry of {:?} that its tag does not open", patient.patient));
    };
    let same: Vec<&Patient> =
        truth.people.patients.iter().filter(|p| p.node == host && p.strings == patient.strings).collect();
    let of_them = |id: &ReceiptId| {
        same.iter().any(|p| truth.receipts.get(&(host, p.patient.0)).is_some_and(|receipts| receipts.contains(id)))
    };
    if body.rule != rule {
        Some(format!("an entry of {:?} under rule {} that says rule {}", patient.patient, rule, body.rule))
    } else if !body.kinds.is_within(truth.people.kinds_of(at, true)) {
        Some(format!("kinds {:?} that the holder does not have of {:?}", body.kinds, patient.patient))
    } else if !of_them(&body.consent) {
        Some(format!("{:?} in the place of a consent of {:?}", body.consent, patient.patient))
    } else {
        None
    }
}

fn holds(tag: &Tag, shelf: ShelfId, entry: &Entry) -> bool {
    (0..SAME_TAG_MAX).any(|nth| slot_of(tag, shelf, nth) == entry.slot)
}
