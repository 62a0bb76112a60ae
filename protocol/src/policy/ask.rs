use super::{BreakGlass, EmergencyFacts, Freshness, Relation};
use crate::consent::{ConsentReceipt, LegalBase};
use crate::ids::{FacilityId, Hash, NetworkId, ReceiptId, RequestId};
use crate::kinds::{Codes, FacilityClass, KindSet, Purpose, Role, vocabulary};
use crate::time::{Millis, Period};
use serde::{Deserialize, Serialize};
use std::fmt;

vocabulary! {
    /// What shows that a purpose is true; can be opened and looked at later.
    EvidenceKind {
        /// The patient is at the reader's reception (受付): hash of number and time.
        Reception = 0, "reception";
        /// A referral (紹介状) with its sender's signature.
        Referral = 1, "referral";
        /// The reader is of the patient's care team.
        CareTeam = 2, "care-team";
        /// The patient stands there: card, code or one-time number.
        PatientPresent = 3, "patient-present";
    }
}

/// Evidence for a purpose, as a commitment: nothing in it tells who the patient is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What it is.
    pub kind: EvidenceKind,
    /// Hash over what will be opened if somebody asks; all zero counts as none.
    pub commitment: Hash,
}

/// The consent at the reader that a request rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReaderBase {
    /// The reader's receipt; it stays there.
    pub receipt: ReceiptId,
    /// What that receipt rests on.
    pub base: LegalBase,
}

/// A request (照会) as the holder judges it, after its signature was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Which request; executed once.
    pub request: RequestId,
    /// Who asks.
    pub reader: FacilityId,
    /// Who is asked.
    pub holder: FacilityId,
    /// What the member of staff is, by the reader's word.
    pub staff_role: Role,
    /// Why it is asked.
    pub purpose: Purpose,
    /// Kinds asked for.
    pub kinds: KindSet,
    /// Care dates asked for.
    pub period: Period,
    /// Most bytes that the reader wants.
    pub limit_bytes: u64,
    /// After this moment nobody waits for the answer.
    pub deadline: Millis,
    /// What shows the purpose.
    pub evidence: Option<Evidence>,
    /// The consent at the reader.
    pub reader_base: Option<ReaderBase>,
    /// What is said for doing without consent.
    pub emergency: Option<BreakGlass>,
}

/// What the holder knows of the reader's membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MembershipFact {
    /// None is known.
    Missing,
    /// The newest one.
    Of {
        /// What the member may do; codes of [`crate::kinds::MemberRole`].
        roles: Codes,
        /// Kinds that the member may read.
        kinds: KindSet,
        /// First moment of the membership.
        from: Millis,
        /// First moment after it.
        to: Millis,
    },
}

/// How sure the holder is that the handle's patient is the reader's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchGrade {
    /// By rules that agree.
    Certain,
    /// By people at both desks.
    Human,
    /// People have not said yet.
    NeedsHuman,
    /// Somebody said they are two.
    NotSame,
    /// The handle names nobody.
    UnknownHandle,
}

/// What the holder knows at the moment of its decision, all from its own store.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The moment.
    pub now: Millis,
    /// Whether the request names a facility of this node.
    pub addressed: bool,
    /// Whether its id was executed before.
    pub replayed: bool,
    /// The reader's membership.
    pub membership: MembershipFact,
    /// Whether the reader or its node is revoked.
    pub revoked: bool,
    /// Whether the reader is suspended.
    pub suspended: bool,
    /// How old the holder's knowledge of its networks is.
    pub freshness: Freshness,
    /// What binds the holder's and the reader's network.
    pub relation: Relation<'a>,
    /// The reader's network.
    pub reader_network: NetworkId,
    /// What kind of house the reader is.
    pub reader_class: FacilityClass,
    /// Requests that the reader may still make.
    pub quota_left: u32,
    /// Whether the patient is the reader's.
    pub grade: MatchGrade,
    /// All receipts of the patient at this holder.
    pub receipts: &'a [ConsentReceipt],
    /// Whether the patient is dead. Care in progress at the time of death counts as alive; the caller knows.
    pub deceased: bool,
    /// What an emergency read hangs on.
    pub emergency: EmergencyFacts,
}
