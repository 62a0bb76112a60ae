use protocol::audit::{self, Event, What};
use protocol::consent::ConsentReceipt;
use protocol::data::{Space, View, Write, decode};
use protocol::engine::Glass;
use protocol::ids::{FacilityId, Handle, Hash, PatientRef, PublicKey, RequestId, ShelfId};
use protocol::state::{Object, ObjectKind, Signed, Target};
use protocol::time::Millis;
use std::collections::{BTreeMap, BTreeSet};

/// What one node has on disk, read from the batches that its disk acknowledged, never from its Engine.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Decisions in the log, by request.
    pub decided: BTreeMap<RequestId, Decided>,
    /// How often the log says that records were served, by request.
    pub answered: BTreeMap<RequestId, u32>,
    /// How often the log says that records were received, by request.
    pub received: BTreeMap<RequestId, u32>,
    /// How often the log tells of a consent or withdrawal, by the hash of its evidence.
    pub consented: BTreeMap<Hash, u32>,
    /// Statements of patients.
    pub receipts: BTreeMap<PatientRef, Vec<ConsentReceipt>>,
    /// Memberships that were taken back, and from when.
    pub revoked: BTreeMap<FacilityId, Millis>,
    /// Facilities that one founder suspended, with who, from when and until when.
    pub suspended: Vec<(FacilityId, PublicKey, Millis, Millis)>,
    /// Reads without consent that the desk was told of, by request.
    pub glasses: BTreeMap<RequestId, Glass>,
    /// How often the log tells of a read without consent.
    pub broken: BTreeMap<RequestId, u32>,
    /// Whom a handle names, on which shelf; also those that are gone again.
    pub handles: BTreeMap<Handle, (PatientRef, ShelfId)>,
    /// Handles that are good now.
    pub live_handles: BTreeSet<Handle>,
}

/// A decision in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// When it was decided, by the node's time.
    pub at: Millis,
    /// Why it was not a yes, the last time.
    pub reason: Option<u16>,
    /// How often it stands there.
    pub count: u32,
}

impl Known {
    /// What a patient had said when the holder had it at `at`.
    pub fn statements(&self, patient: PatientRef, at: Millis) -> Vec<ConsentReceipt> {
        let all = self.receipts.get(&patient).map(Vec::as_slice).unwrap_or_default();
        all.iter().filter(|receipt| receipt.received_at <= at).cloned().collect()
    }
    /// Reads everything anew: after a restart the disk may hold less, or more, than was acknowledged.
    pub fn read(view: &dyn View) -> Self {
        let mut known = Self::default();
        for (_, event) in audit::events(view, 0, usize::MAX) {
            known.note(&event);
        }
        for space in [Space::Consents, Space::State, Space::Tokens, Space::Desk] {
            for (key, value) in view.scan(space, &[], &[], usize::MAX) {
                known.take(&Write { space, key, value: Some(value) });
            }
        }
        known
    }
    /// An event that is in the log.
    pub fn note(&mut self, event: &Event) {
        match (event.what, event.request, event.object) {
            (What::Decided, Some(request), _) => {
                let decided = Decided { at: event.at, reason: event.reason, count: 0 };
                // A request that comes again is decided again, and its answer is the last one's.
                let known = self.decided.entry(request).or_insert(decided);
                known.reason = event.reason;
                known.count += 1;
            }
            (What::BreakGlass, Some(request), _) => *self.broken.entry(request).or_default() += 1,
            (What::Answered, Some(request), _) => *self.answered.entry(request).or_default() += 1,
            (What::Received, Some(request), Some(_)) => *self.received.entry(request).or_default() += 1,
            (What::ConsentGiven | What::ConsentWithdrawn, _, Some(evidence)) => {
                *self.consented.entry(evidence).or_default() += 1;
            }
            _ => {}
        }
    }
    /// A write that is on disk.
    pub fn take(&mut self, write: &Write) {
        match (write.space, &write.value) {
            (Space::Consents, Some(value)) => {
                let patient = write.key.get(..8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
                if let (Some(patient), Some(receipt)) = (patient, decode::<ConsentReceipt>(value)) {
                    let receipts = self.receipts.entry(PatientRef(patient)).or_default();
                    receipts.retain(|known| known.id != receipt.id);
                    receipts.push(receipt);
                }
            }
            (Space::State, Some(value)) if write.key.first() == Some(&ObjectKind::Revocation.code()) => {
                let object = Signed::decode(value).ok().and_then(|signed| Object::decode(&signed).ok());
                if let Some(Object::Revocation(revocation)) = object
                    && let Target::Membership(facility) = revocation.target
                {
                    self.revoked.insert(facility, revocation.effective);
                }
            }
            (Space::State, Some(value)) if write.key.first() == Some(&ObjectKind::Suspension.code()) => {
                let object = Signed::decode(value).ok().and_then(|signed| Object::decode(&signed).ok());
                if let Some(Object::Suspension(one)) = object
                    && let Target::Membership(facility) = one.target
                {
                    self.suspended.push((facility, one.founder, one.from, one.until));
                }
            }
            (Space::Desk, Some(value)) if write.key.starts_with(b"glass/") => {
                if let Some(glass) = decode::<Glass>(value) {
                    self.glasses.insert(glass.request, glass);
                }
            }
            (Space::Tokens, value) => {
                let handle = write.key.strip_prefix(b"handle/").and_then(Handle::from_slice);
                match (handle, value.as_ref().and_then(|value| decode(value))) {
                    (Some(handle), Some(of)) => {
                        self.handles.insert(handle, of);
                        self.live_handles.insert(handle);
                    }
                    (Some(handle), None) => {
                        self.live_handles.remove(&handle);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
}
