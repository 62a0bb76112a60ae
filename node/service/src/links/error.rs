use super::assertion::LinkId;
use super::review::PairId;
use crate::service::WriteError;
use matching::link::history::HistoryError;
use protocol::ids::PatientRef;

/// Why a link was not made, answered or undone. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum LinksError {
    /// No such patient on this node.
    #[error("there is no patient {0} on this node; search again")]
    NoPatient(PatientRef),
    /// A patient and itself.
    #[error("a patient is not linked with itself")]
    Itself,
    /// No such link.
    #[error("there is no link {0} on this node")]
    NoLink(LinkId),
    /// It is no link, or was taken back before.
    #[error("{0} does not hold any more, or was never a link")]
    NotHeld(LinkId),
    /// Nothing was said lately, or somebody else spoke since.
    #[error(
        "nothing of yours can be taken back: a word is taken back within {} minutes, unless somebody else spoke since. A link is undone with `musubi link undo`",
        super::limits::SLIP_MS / protocol::time::MINUTE_MS
    )]
    NoWord,
    /// No open question about this pair.
    #[error("there is no open question about {0}")]
    NoQuestion(PairId),
    /// Not a pair.
    #[error("{0:?} is no pair of patients; write it as listed, such as p3-p7")]
    NotAPair(String),
    /// Every word of a person has a reason.
    #[error(
        "say in a few words why (1 to {} characters), without names or numbers: it stays in the record",
        super::limits::REASON_CHARS_MAX
    )]
    Reason,
    /// Put off for too long, or not at all.
    #[error("a question is put off for 1 to {} days", super::limits::LATER_DAYS_MAX)]
    Later,
    /// The assertions do not allow it.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The store.
    #[error(transparent)]
    Write(#[from] WriteError),
}
