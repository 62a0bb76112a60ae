use crate::{
    ids::{FacilityId, Hash, NodeKey, PatientRef, RequestId},
    kinds::{KindSet, Purpose, vocabulary},
    time::Millis,
};
use serde::{Deserialize, Serialize};
use std::fmt;

vocabulary! {
    /// What happened. The codes are stored and never change their meaning.
    What {
        /// The node was set up.
        NodeSetUp = 0, "node-set-up";
        /// A consent was taken (同意取得).
        ConsentGiven = 1, "consent-given";
        /// A consent was narrowed or withdrawn (同意撤回).
        ConsentWithdrawn = 2, "consent-withdrawn";
        /// Entries of a patient went on a shelf.
        EntryPublished = 3, "entry-published";
        /// Entries of a patient left a shelf.
        EntryRemoved = 4, "entry-removed";
        /// This node, as reader, asked a holder.
        Requested = 5, "requested";
        /// This node, as holder, decided a request; the reason is in it.
        Decided = 6, "decided";
        /// This node, as holder, served records; their count is in it.
        Answered = 7, "answered";
        /// This node, as reader, received and verified records.
        Received = 8, "received";
        /// A member of staff was shown a timeline.
        Shown = 9, "shown";
        /// An exchange receipt was countersigned.
        Receipted = 10, "receipted";
        /// Copies of others' records were dropped after a withdrawal.
        Dropped = 11, "dropped";
        /// Two patients were linked (名寄せ).
        LinkMade = 12, "link-made";
        /// A link was undone.
        LinkUndone = 13, "link-undone";
        /// A link was put before people.
        LinkAsked = 14, "link-asked";
        /// A member was admitted.
        MemberAdmitted = 15, "member-admitted";
        /// A member was revoked or suspended.
        MemberRevoked = 16, "member-revoked";
        /// An accord (協定) was signed or ended.
        AccordSigned = 17, "accord-signed";
        /// A key was made, renewed or revoked.
        KeyChanged = 18, "key-changed";
        /// An invite was printed.
        InviteMade = 19, "invite-made";
        /// A facility asked to join.
        JoinAsked = 20, "join-asked";
        /// A signed object of shared state was accepted.
        StateAccepted = 21, "state-accepted";
        /// A feed was scanned; the count of records taken in is in it.
        FeedScanned = 22, "feed-scanned";
        /// A source file went into quarantine.
        Quarantined = 23, "quarantined";
        /// A member of staff searched for patients.
        PatientFound = 24, "patient-found";
        /// Configuration, an account or a role was changed.
        ConfigChanged = 25, "config-changed";
        /// Two heads of one log do not agree.
        ForkSeen = 26, "fork-seen";
        /// The node was restored from a backup.
        Restored = 27, "restored";
        /// Something that a person must look at.
        Alarm = 28, "alarm";
        /// A patient was erased: its key was overwritten. The event names no patient.
        PatientErased = 29, "patient-erased";
        /// A member of staff came in, with second factor.
        LoggedIn = 30, "logged-in";
        /// Somebody was refused at the door; the note says at which step.
        LoginRefused = 31, "login-refused";
        /// A member of staff left, or ended sessions.
        LoggedOut = 32, "logged-out";
        /// Records were written out as an SS-MIX2 storage; their count is in it. On disk before the first file is.
        Exported = 33, "exported";
        /// Records were asked for, or served, without consent in an emergency (緊急時閲覧); the note says why.
        BreakGlass = 34, "break-glass";
        /// An emergency read was reviewed.
        EmergencyReviewed = 35, "emergency-reviewed";
        /// One founder suspended a member or a node.
        MemberSuspended = 36, "member-suspended";
        /// Founders declared a disaster, or its end.
        DisasterDeclared = 37, "disaster-declared";
        /// A patient's card was issued, read, refused or taken back; the note says which.
        CardUsed = 38, "card-used";
        /// This node had tags of its patients made by evaluators; their count is in it.
        TagsMade = 39, "tags-made";
        /// This node, as evaluator, evaluated blinded strings for a member; their count is in it, and nothing else is known.
        TagsEvaluated = 40, "tags-evaluated";
        /// A step of a count of how many patients two networks share; the note says which. No patient is named.
        OverlapCounted = 45, "overlap-counted";
    }
}

/// One thing that happened: one leaf of the log. Holds node-local numbers and keyed hashes, never personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When, by the node's own clock.
    pub at: Millis,
    /// What.
    pub what: What,
    /// Of which patient of this node.
    pub patient: Option<PatientRef>,
    /// At which facility of this node.
    pub facility: Option<FacilityId>,
    /// With which other facility.
    pub peer: Option<FacilityId>,
    /// With which node.
    pub node: Option<NodeKey>,
    /// By whom: the opaque number of a member of staff.
    pub staff: Option<String>,
    /// As part of which request.
    pub request: Option<RequestId>,
    /// What for.
    pub purpose: Option<Purpose>,
    /// Which kinds of records.
    pub kinds: KindSet,
    /// How many records, entries or files.
    pub count: u32,
    /// Why it was refused or left pending: the code of a `policy::Why`.
    pub reason: Option<u16>,
    /// The hash of what was signed, given or received.
    pub object: Option<Hash>,
    /// A word for operators; never personal.
    pub note: String,
}

impl Event {
    /// Something that happened at a moment, with nothing else told yet.
    pub fn new(at: Millis, what: What) -> Self {
        Self {
            at,
            what,
            patient: None,
            facility: None,
            peer: None,
            node: None,
            staff: None,
            request: None,
            purpose: None,
            kinds: KindSet::NONE,
            count: 0,
            reason: None,
            object: None,
            note: String::new(),
        }
    }
    /// Of this patient.
    #[must_use]
    pub fn patient(self, patient: PatientRef) -> Self {
        Self { patient: Some(patient), ..self }
    }
    /// At this facility of the node.
    #[must_use]
    pub fn facility(self, facility: FacilityId) -> Self {
        Self { facility: Some(facility), ..self }
    }
    /// With this other facility.
    #[must_use]
    pub fn peer(self, peer: FacilityId) -> Self {
        Self { peer: Some(peer), ..self }
    }
    /// With this node.
    #[must_use]
    pub fn node(self, node: NodeKey) -> Self {
        Self { node: Some(node), ..self }
    }
    /// By this member of staff (an opaque number, not a name).
    #[must_use]
    pub fn staff(self, staff: impl Into<String>) -> Self {
        Self { staff: Some(staff.into()), ..self }
    }
    /// As part of this request.
    #[must_use]
    pub fn request(self, request: RequestId) -> Self {
        Self { request: Some(request), ..self }
    }
    /// For this purpose.
    #[must_use]
    pub fn purpose(self, purpose: Purpose) -> Self {
        Self { purpose: Some(purpose), ..self }
    }
    /// About these kinds of records.
    #[must_use]
    pub fn kinds(self, kinds: KindSet) -> Self {
        Self { kinds, ..self }
    }
    /// This many.
    #[must_use]
    pub fn count(self, count: u32) -> Self {
        Self { count, ..self }
    }
    /// For this reason: the code of a `policy::Why`.
    #[must_use]
    pub fn reason(self, reason: u16) -> Self {
        Self { reason: Some(reason), ..self }
    }
    /// About the object with this hash.
    #[must_use]
    pub fn object(self, object: Hash) -> Self {
        Self { object: Some(object), ..self }
    }
    /// With a word for operators; never personal.
    #[must_use]
    pub fn note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{decode, encode};

    #[test]
    fn every_word_and_code_of_what_happened_reads_back() {
        for what in What::ALL {
            assert_eq!(What::parse(what.word()), Some(*what));
            assert_eq!(What::from_code(what.code()), Some(*what));
        }
    }
    #[test]
    fn an_event_reads_back_from_the_store() {
        let event = Event::new(Millis(7), What::Answered)
            .patient(PatientRef(3))
            .facility(FacilityId::parse("1312345678").expect("valid"))
            .purpose(Purpose::Treatment)
            .kinds(KindSet::ALL)
            .count(12)
            .reason(4)
            .object(Hash([9; 32]))
            .staff("s17")
            .note("two feeds");
        assert_eq!(decode(&encode(&event)), Some(event));
    }
}
