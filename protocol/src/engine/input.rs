use super::Candidate;
use crate::confirm::{Answer, Reason, Values};
use crate::consent::ConsentReceipt;
use crate::data::{Batch, Write};
use crate::ids::{FacilityId, Hash, NetworkId, NodeKey, PatientRef, ReceiptId, RequestId};
use crate::kinds::{KindSet, Purpose, Role};
use crate::policy::{BreakGlass, Evidence};
use crate::state::{Invite, JoinBody, Signed};
use crate::time::Period;
use crate::wire::Message;
use serde::{Deserialize, Serialize};

/// Names one command of a caller, or one effect of the Engine, until it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// What happens to a node.
#[derive(Clone, Debug)]
pub enum Input {
    /// A decoded frame from a peer whose key the transport proved.
    Message {
        /// Who sent it.
        from: NodeKey,
        /// What it says.
        message: Message,
    },
    /// A frame that was not a message, or a transport fault of the peer's making.
    Garbage {
        /// Who sent it.
        from: NodeKey,
    },
    /// A connection stands.
    Connected(NodeKey),
    /// No connection is left.
    Disconnected(NodeKey),
    /// An attempt to reach a peer failed; the transport goes on trying by itself.
    Unreachable(NodeKey),
    /// The addresses at which this node is met changed.
    Listening(Vec<String>),
    /// [`super::Engine::deadline`] has come.
    Timeout,
    /// Somebody of this node wants something.
    Command(Ticket, Command),
    /// An effect is done.
    Done(Ticket, Done),
}

/// How an effect ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// A batch is durable; the log index of each of its events.
    Committed(Vec<u64>),
    /// A batch was not written; nothing of it holds.
    Failed(String),
    /// A transfer to a reader ended.
    Served {
        /// Whether everything was sent.
        complete: bool,
    },
    /// A transfer from a holder ended.
    Received(Received),
    /// A patient's values for a confirmation; none if there is no such patient.
    Values(Option<Values>),
    /// What it means that so many of them agree.
    Judged(Answer),
}

/// What arrived of a transfer, verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Whether every item of the plan arrived and its digest fits.
    pub complete: bool,
    /// Whether what came did not fit its digest: the holder or the line is at fault.
    pub damaged: bool,
    /// Items verified.
    pub items: u32,
    /// Bytes verified.
    pub bytes: u64,
    /// Writes that keep the copies; they go into one batch with the log's leaf.
    pub writes: Vec<Write>,
}

/// What staff, commands and background work of this node want from the Engine.
#[derive(Clone, Debug)]
pub enum Command {
    /// Takes a network as our own, with its charter: after founding it, or from an invite.
    Pin(NetworkId, Option<Signed>),
    /// Takes objects as if a peer had sent them: each is checked.
    Take(Vec<Signed>),
    /// Offers an object that may still lack signatures; it becomes real when enough founders have signed.
    Propose {
        /// The object, with at least one founder's signature.
        object: Signed,
        /// For an accord: both charters.
        charters: Vec<Signed>,
    },
    /// Keeps a scope's secret that this node made (founding, accord).
    KeepSecret {
        /// Network or accord id.
        scope: super::keys::Scope,
        /// Its epoch.
        epoch: u32,
        /// The secret.
        secret: [u8; 32],
    },
    /// Opens an invite at this node.
    OpenInvite(Invite),
    /// Asks to join; goes on asking until admitted or refused.
    Join {
        /// The invite.
        invite: Invite,
        /// The request.
        body: Box<JoinBody>,
    },
    /// Forgets a request to join.
    RefuseJoin(Hash),
    /// What this node holds of patients, to be published as consents allow.
    Publish(Vec<Publication>),
    /// Records a consent or withdrawal of a patient of this node.
    Consent {
        /// Whose.
        patient: PatientRef,
        /// What they signed.
        receipt: Box<ConsentReceipt>,
    },
    /// Looks for holders in the local copies of shelves; no packet is sent.
    Locate(LocateOrder),
    /// Asks one holder.
    Fetch(Box<FetchOrder>),
    /// Asks a holder's desk whether a candidate is our patient.
    AskLink {
        /// Our patient.
        patient: PatientRef,
        /// For which of our facilities.
        facility: FacilityId,
        /// The candidate.
        candidate: Box<Candidate>,
        /// Opaque number of the member of staff who vouches for it.
        staff: String,
        /// What the desks agreed on, without personal data.
        statement: String,
    },
    /// Answers a question about a link, or takes an answer back.
    AnswerLink {
        /// Which question.
        id: RequestId,
        /// The answer.
        verdict: LinkVerdict,
        /// Opaque number of the member of staff.
        staff: String,
    },
    /// Finds out blindly, with a holder's node, whether a candidate is our patient.
    Confirm(Box<ConfirmOrder>),
    /// Says of an emergency read of our records whether it was one.
    Review {
        /// Which read.
        request: RequestId,
        /// What is said; moment and reception are the Engine's.
        review: Box<super::Review>,
    },
    /// Makes a checkpoint now.
    Checkpoint,
    /// Compares notes with every connected peer now.
    SyncNow,
}

/// Whom to confirm with which holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmOrder {
    /// Our patient.
    pub patient: PatientRef,
    /// For which of our facilities.
    pub facility: FacilityId,
    /// The holder's candidate.
    pub candidate: Candidate,
    /// Opaque number of the member of staff.
    pub staff: String,
    /// What they are.
    pub role: Role,
    /// Why.
    pub purpose: Purpose,
    /// What shows it.
    pub reason: Reason,
}

/// What people say of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkVerdict {
    /// One person.
    Same,
    /// Two persons.
    NotSame,
    /// An earlier answer is taken back.
    Undone,
}

/// What a facility of this node holds of one patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// Who.
    pub patient: PatientRef,
    /// At which of our facilities.
    pub facility: FacilityId,
    /// Kinds that there are.
    pub kinds: KindSet,
    /// Identity strings by rule, from `matching`.
    pub strings: Vec<(u8, Vec<u8>)>,
}

/// Whom to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocateOrder {
    /// Our patient.
    pub patient: PatientRef,
    /// At which of our facilities.
    pub facility: FacilityId,
    /// Identity strings by rule.
    pub strings: Vec<(u8, Vec<u8>)>,
}

/// What to ask of one holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchOrder {
    /// Our patient.
    pub patient: PatientRef,
    /// For which of our facilities.
    pub facility: FacilityId,
    /// Where it was found, with the identity strings that found it.
    pub candidate: Candidate,
    /// Identity strings by rule, for the proof that the rules agree.
    pub strings: Vec<(u8, Vec<u8>)>,
    /// Opaque number of the member of staff.
    pub staff: String,
    /// What they are.
    pub role: Role,
    /// Why.
    pub purpose: Purpose,
    /// What shows it.
    pub evidence: Option<Evidence>,
    /// A consent at our side, if not one on file (patient present).
    pub base: Option<ReceiptId>,
    /// What is said for doing without consent, in an emergency.
    pub emergency: Option<BreakGlass>,
    /// Kinds wanted.
    pub kinds: KindSet,
    /// Care dates wanted.
    pub period: Period,
    /// Most bytes wanted.
    pub limit_bytes: u64,
    /// Longest wait in milliseconds until the row says *late*.
    pub wait_ms: u64,
    /// What is to be on disk no later than the leaf for asking: what shows the purpose, with the event that tells of it. One
    /// sync then does for both.
    pub ground: Batch,
}
