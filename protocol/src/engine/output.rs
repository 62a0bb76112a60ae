use super::{Candidate, Ticket};
use crate::confirm::Answer as Confirmed;
use crate::data::Batch;
use crate::fetch::{Item, Place, Plan};
use crate::ids::{FacilityId, Hash, NetworkId, NodeKey, PatientRef, ReceiptId, RequestId, ShelfId};
use crate::kinds::KindSet;
use crate::state::ObjectKind;
use crate::time::Millis;
use crate::wire::Message;
use serde::{Deserialize, Serialize};

/// What a driver has to do, in order.
#[derive(Clone, Debug)]
pub enum Output {
    /// Send a message to a connected peer; dropped if it is gone.
    Send {
        /// To whom.
        to: NodeKey,
        /// What.
        message: Message,
    },
    /// Do something and report it as [`super::Input::Done`] under the ticket, where it says so.
    Effect(Ticket, Effect),
    /// Tell those who listen.
    Event(Event),
}

/// Work for the driver.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Write a batch; answer [`super::Done::Committed`] or [`super::Done::Failed`].
    Commit(Batch),
    /// Keep a connection to this peer, at these addresses. Not answered.
    Dial {
        /// Whom.
        node: NodeKey,
        /// Where.
        addresses: Vec<String>,
    },
    /// Close the connection. Not answered.
    Hangup {
        /// Whom.
        node: NodeKey,
        /// Do not accept them again before this moment.
        until: Millis,
    },
    /// Send the items of a plan; answer [`super::Done::Served`].
    Serve(Serve),
    /// Stop a transfer at once. Not answered by itself.
    Cancel(RequestId),
    /// Take in the items of a plan; answer [`super::Done::Received`].
    Receive(Receive),
    /// Give the values of one of our patients for a confirmation; answer [`super::Done::Values`].
    Values(PatientRef),
    /// Say what it means that these of its values agree, in their order; answer [`super::Done::Judged`].
    Judge {
        /// Whose values.
        patient: PatientRef,
        /// Which agree.
        agreed: Vec<bool>,
    },
    /// Delete the copies that these requests fetched; answer [`super::Done::Committed`].
    Forget(Vec<RequestId>),
}

/// Where one item's bytes lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Whose.
    pub patient: PatientRef,
    /// Where.
    pub place: Place,
}

/// A permitted answer, to be sent.
#[derive(Clone, Debug)]
pub struct Serve {
    /// To whom.
    pub to: NodeKey,
    /// What, in which order.
    pub plan: Plan,
    /// Where each item lies, in the order of the plan.
    pub sources: Vec<Source>,
    /// Small: as pieces on the message stream. Else on a bulk stream that the holder opens.
    pub inline: bool,
}

/// An announced answer, to be taken in.
#[derive(Clone, Debug)]
pub struct Receive {
    /// From whom.
    pub from: NodeKey,
    /// Of which holder.
    pub holder: FacilityId,
    /// For which of our patients.
    pub patient: PatientRef,
    /// What must come.
    pub plan: Plan,
    /// As pieces on the message stream, or on a bulk stream.
    pub inline: bool,
    /// Copies are kept no longer than this.
    pub until: Millis,
}

/// What those who listen are told.
#[derive(Clone, Debug)]
pub enum Event {
    /// Shared state grew by an object of this kind.
    StateChanged(ObjectKind),
    /// A peer said hello and has standing.
    PeerUp(NodeKey),
    /// A peer compared notes for the first time since it connected: whatever it had to take back came before.
    Synced(NodeKey),
    /// A peer is gone.
    PeerDown(NodeKey),
    /// A command was carried out or not.
    CommandDone(Ticket, Result<(), String>),
    /// The candidates for a patient.
    Located(Ticket, Vec<Candidate>),
    /// A holder's answer.
    Answer(Ticket, Box<Answer>),
    /// A consent or withdrawal is durable; for a withdrawal, who has copies.
    Consented(Ticket, Progress),
    /// A reader dropped its copies after a withdrawal.
    Obeyed {
        /// Which reader's node.
        node: NodeKey,
        /// How many of our drops are still open anywhere.
        open: usize,
    },
    /// Our copies of these requests are gone.
    Forgotten(Vec<RequestId>),
    /// How joining goes.
    Joining(NetworkId, JoinStatus),
    /// Somebody asks to join.
    JoinAsked(Hash),
    /// A half-signed object waits for founders.
    Proposed(Hash),
    /// A holder's or reader's desk is asked about a link.
    LinkAsked(RequestId),
    /// A question of ours about a link was answered.
    LinkAnswered(RequestId),
    /// A blind confirmation of ours ended: which, and what both sides say.
    Confirmed(Ticket, RequestId, Confirmed),
    /// Records of ours were read without consent: somebody has to review it.
    BreakGlass(RequestId),
    /// An emergency read, of ours or by us, was reviewed.
    Reviewed(RequestId),
    /// A checkpoint has so many cosignatures, and is good or not.
    Witnessed {
        /// Size of the log.
        size: u64,
        /// Cosignatures.
        cosignatures: usize,
        /// Whether they are enough.
        good: bool,
    },
    /// A scope's secret is here: identity strings can be turned into tags.
    SecretReady,
    /// A copy of a shelf is at its author's root, and how it came there.
    ShelfReady(ShelfId, Way),
    /// Own entries were published or removed.
    Published {
        /// Which shelf.
        shelf: ShelfId,
        /// Live entries on it, without dummies.
        entries: u64,
    },
    /// Somebody should look.
    Alarm(Alarm),
}

/// How a copy of a shelf came to its author's root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By following: so many changes.
    Changes(usize),
    /// By a repair: only what differed moved.
    Repair {
        /// Entries that came.
        added: usize,
        /// Entries that went.
        gone: usize,
    },
    /// The whole shelf came.
    Whole {
        /// Its entries.
        entries: usize,
    },
}

/// How often copies of shelves came to their authors' roots since the start, by way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copies {
    /// By following.
    pub followed: u64,
    /// By a repair.
    pub repaired: u64,
    /// As whole shelves.
    pub replaced: u64,
}

impl Copies {
    pub(super) fn count(&mut self, way: Way) {
        match way {
            Way::Changes(_) => self.followed += 1,
            Way::Repair { .. } => self.repaired += 1,
            Way::Whole { .. } => self.replaced += 1,
        }
    }
}

/// Why somebody should look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// A batch could not be written.
    Store(String),
    /// Two different signed objects where there can be one.
    Fork(Hash),
    /// A log that does not extend what it showed before.
    LogFork(Hash),
    /// What a holder sent did not fit its digest.
    Damaged(FacilityId),
    /// A peer keeps sending what it must not.
    Strikes(NodeKey),
    /// An evaluator answered what its proof does not bear out; it is not asked for a day.
    Evaluator {
        /// Who.
        facility: FacilityId,
        /// What was wrong.
        why: String,
    },
    /// More blind confirmations than there may be in a day.
    Confirmations {
        /// Who asks for them.
        facility: FacilityId,
        /// Of what there are too many.
        which: &'static str,
    },
    /// A key generation can end in no key.
    KeyGeneration {
        /// Of which network.
        network: NetworkId,
        /// For which epoch.
        epoch: u32,
        /// Who is proven to have done what.
        why: String,
    },
}

/// What a holder's row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HolderStatus {
    /// Records came.
    Data,
    /// The holder has nothing for this reader; whatever the reason.
    Nothing,
    /// Waits for people.
    Pending,
    /// Could not answer now.
    Busy,
    /// Could not be reached.
    Offline {
        /// When it was seen last, if ever.
        last_seen: Option<Millis>,
    },
    /// Did not answer in time; may still come.
    Late,
    /// An accord's clause leaves it out.
    OutsideAccord {
        /// Which.
        clause: u16,
    },
    /// We are not a member in the holder's eyes.
    NotMember,
    /// Our own side has no consent to ask with.
    NoConsentHere,
    /// What came did not fit what was signed; nothing of it is shown.
    Damaged,
}

impl HolderStatus {
    /// The word in JSON and commands.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Nothing => "nothing-for-you",
            Self::Pending => "pending",
            Self::Busy => "busy",
            Self::Offline { .. } => "offline",
            Self::Late => "late",
            Self::OutsideAccord { .. } => "outside-accord",
            Self::NotMember => "not-a-member",
            Self::NoConsentHere => "no-consent-here",
            Self::Damaged => "damaged",
        }
    }
}

/// One holder's answer to one order.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The request, if one was sent.
    pub request: Option<RequestId>,
    /// Who.
    pub holder: FacilityId,
    /// What the row says.
    pub status: HolderStatus,
    /// What came, verified.
    pub items: Vec<Item>,
    /// Bytes verified.
    pub bytes: u64,
    /// Whether a rule took something away from what was asked for, or the transfer was cut.
    pub cut: bool,
    /// Our leaf for it.
    pub leaf: Option<u64>,
    /// The holder's leaf for it.
    pub holder_leaf: Option<(u64, Hash)>,
    /// Kinds that the index announced.
    pub announced: KindSet,
}

/// Who has copies of a patient's records after a withdrawal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Readers' nodes that hold copies and were told, or will be told when they come back.
    pub told: Vec<NodeKey>,
    /// The statement, if it takes something back: its certificate is asked for by this name.
    pub withdrawn: Option<ReceiptId>,
    /// Entries that went from shelves.
    pub entries_removed: usize,
    /// When the withdrawal became durable.
    pub at: Millis,
}

/// How a request to join stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JoinStatus {
    /// No contact could be reached yet.
    Searching,
    /// Founders have it.
    Waiting,
    /// Admitted: the membership is here.
    Admitted,
    /// Refused, with the reason.
    Refused(String),
}
