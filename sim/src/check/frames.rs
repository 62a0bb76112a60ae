use prost::Message as _;
use protocol::ids::{FacilityId, Handle, RequestId, ShelfId};
use protocol::kinds::{KindSet, Purpose, Role};
use protocol::time::{Date, Period};
use protocol::wire::{Message, v1};

/// A request as it went over the wire.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Which.
    pub request: RequestId,
    /// From which host.
    pub from: usize,
    /// To which host.
    pub to: usize,
    /// For which facility.
    pub reader: FacilityId,
    /// Of which facility.
    pub holder: FacilityId,
    /// On which shelf it was found.
    pub shelf: ShelfId,
    /// The holder's name for the patient.
    pub handle: Handle,
    /// What the member of staff is.
    pub role: Role,
    /// Why.
    pub purpose: Purpose,
    /// Kinds.
    pub kinds: KindSet,
    /// Care dates.
    pub period: Period,
}

impl Asked {
    /// Reads a request's body; none if it is none.
    pub fn read(from: usize, to: usize, message: &v1::Request) -> Option<Self> {
        let body = v1::RequestBody::decode(message.body.as_slice()).ok()?;
        let date = |number: u32| if number == 0 { Some(None) } else { Date::from_number(number).map(Some) };
        Some(Self {
            request: RequestId::from_slice(&body.id)?,
            from,
            to,
            reader: FacilityId::parse(&body.reader).ok()?,
            holder: FacilityId::parse(&body.holder).ok()?,
            shelf: ShelfId::from_slice(&body.shelf)?,
            handle: Handle::from_slice(&body.handle)?,
            role: Role::from_code(u8::try_from(body.role?).ok()?)?,
            purpose: Purpose::from_code(u8::try_from(body.purpose?).ok()?)?,
            kinds: KindSet::from_bits(body.kinds),
            period: Period { from: date(body.date_from)?, to: date(body.date_to)? },
        })
    }
}

/// An answer's body and its request; none if it is none.
pub(super) fn decision(message: &v1::Decision) -> Option<(RequestId, v1::DecisionBody)> {
    let body = v1::DecisionBody::decode(message.body.as_slice()).ok()?;
    Some((RequestId::from_slice(&body.request)?, body))
}

/// The word for a frame in reports.
pub(crate) fn word(message: &Message) -> &'static str {
    match message {
        Message::Hello(_) => "hello",
        Message::Join(_) => "join",
        Message::JoinAnswer(_) => "join-answer",
        Message::Proposal(_) => "proposal",
        Message::Heads(_) => "heads",
        Message::Objects(_) => "objects",
        Message::Want(_) => "want",
        Message::Follow(_) => "follow",
        Message::Changes(_) => "changes",
        Message::Sketch(_) => "sketch",
        Message::SketchMore(_) => "sketch-more",
        Message::Mend(_) => "mend",
        Message::SecretAsk(_) => "secret-ask",
        Message::SecretGive(_) => "secret-give",
        Message::Request(_) => "request",
        Message::Decision(_) => "decision",
        Message::Receipt(_) => "receipt",
        Message::Drop(_) => "drop",
        Message::Ack(_) => "ack",
        Message::Checkpoint(_) => "checkpoint",
        Message::Cosign(_) => "cosign",
        Message::LinkAsk(_) => "link-ask",
        Message::LinkAnswer(_) => "link-answer",
        Message::ConfirmAsk(_) => "confirm-ask",
        Message::ConfirmMask(_) => "confirm-mask",
        Message::ConfirmRaise(_) => "confirm-raise",
        Message::ConfirmAnswer(_) => "confirm-answer",
        Message::Refuse(_) => "refuse",
        Message::Piece(_) => "piece",
        Message::Reviewed(_) => "reviewed",
        Message::Keygen(_) => "keygen",
        Message::EvaluateRequest(_) => "evaluate-request",
        Message::EvaluateReply(_) => "evaluate-reply",
    }
}
