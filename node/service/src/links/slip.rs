//! A slip (押しまちがい): what a member of staff said of a pair last is taken back by the same person within minutes, and the
//! question stands again as it stood before. Later a link is undone as in [`super::undo`], which parts the two for good.
use super::assertion::{LinkId, Says, load};
use super::error::LinksError;
use super::limits::{SLIP_MS, SLIPS_MAX};
use super::person::{Claim, assert};
use super::review::{PairId, Question};
use super::rows::{SLIP, lines, put_question, question, slip_key};
use super::undo::Exposure;
use crate::patients;
use crate::service::Service;
use crate::staff::Staff;
use matching::link::bands::Doubt;
use matching::link::history::Author;
use matching::link::review::{Answer, Spoken};
use protocol::audit::{Event, What};
use protocol::data::{Batch, Space, View, decode, encode};
use protocol::ids::PatientRef;
use protocol::time::Millis;
use serde::{Deserialize, Serialize};

/// What somebody said last: one for each member of staff, the newest only.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Slip {
    /// The question before that.
    before: Question,
    /// The question after it; none: it is settled.
    after: Option<Question>,
    /// What was asserted.
    link: Option<LinkId>,
    pub(super) at: Millis,
}

/// What became of taking a word back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenBack {
    /// The question that is open again.
    pub pair: PairId,
    /// What was asserted, and does not hold any more.
    pub link: Option<LinkId>,
    /// What had been visible meanwhile, if the two were one person.
    pub exposure: Option<Exposure>,
}

impl Slip {
    /// Nothing is settled by this word.
    pub(super) fn unsettled(before: Question, after: Question, at: Millis) -> Self {
        Self { before, after: Some(after), link: None, at }
    }
    /// It made an assertion.
    pub(super) fn settled(before: Question, link: LinkId, at: Millis) -> Self {
        Self { before, after: None, link: Some(link), at }
    }
    /// Where and what to keep of it.
    pub(super) fn row(&self, staff: &Staff) -> (Vec<u8>, Vec<u8>) {
        (slip_key(staff.id()), encode(self))
    }
}

/// Whether a word can be taken back whole: one that took back what people had joined before cannot.
pub(super) fn is_kept(doubt: Option<Doubt>, spoken: Spoken) -> bool {
    match spoken {
        Spoken::SamePerson => false,
        Spoken::Settled(Answer::NotSame) => doubt.is_some(),
        Spoken::Settled(Answer::Same) | Spoken::NeedsSecond | Spoken::Disputed => true,
    }
}

/// Removes what is kept of words about an erased patient.
pub(super) fn forget(view: &dyn View, batch: &mut Batch, patient: PatientRef) {
    for (key, value) in view.scan(Space::Desk, SLIP, &[], SLIPS_MAX) {
        let pair = decode::<Slip>(&value).map(|slip| slip.before.pair);
        if pair.is_none_or(|pair| pair.0 == patient || pair.1 == patient) {
            batch.remove(Space::Desk, key);
        }
    }
}

impl Service {
    /// The pair that this member of staff spoke of last, as long as the word can be taken back.
    pub fn last_word(&self, staff: &Staff) -> Option<PairId> {
        fresh(&self.view(), staff, self.now()).map(|slip| slip.before.pair)
    }

    /// Takes back what this member of staff said last, within minutes: the question is open again.
    ///
    /// # Errors
    /// [`LinksError`]; nothing is changed then.
    pub fn take_back_word(&self, staff: &Staff) -> Result<TakenBack, LinksError> {
        let (pair, link) = self.change_links(|draft, pen| {
            let slip = fresh(draft, staff, pen.now).ok_or(LinksError::NoWord)?;
            let pair = slip.before.pair;
            for patient in [pair.0, pair.1] {
                patients::load(draft, patient).ok_or(LinksError::NoPatient(patient))?;
            }
            // What somebody else said since then stays.
            let same = |one: &Question, other: &Question| {
                (&one.first, one.later, one.is_disputed) == (&other.first, other.later, other.is_disputed)
            };
            let now = question(draft, pair);
            let is_last = match (&slip.after, &now) {
                (Some(after), Some(now)) => same(after, now),
                (None, None) => true,
                _ => false,
            };
            if !is_last {
                return Err(LinksError::NoWord);
            }
            let link = match slip.link {
                None => None,
                Some(id) => {
                    let holds = |(own, line): &(LinkId, super::rows::Line)| *own == id && line.withdrawn.is_none();
                    let link = load(draft, id).filter(|_| lines(draft, pair.0).iter().any(holds));
                    let link = link.ok_or(LinksError::NotHeld(id))?;
                    let author = Author::Person(staff.id().to_owned());
                    let says = Says::Withdrawn(id);
                    let claim = Claim { says, pair: link.pair, author, evidence: None, reason: REASON.to_owned() };
                    assert(draft, pen, claim)?;
                    Some(link)
                }
            };
            draft.remove(Space::Desk, slip_key(staff.id()));
            let event = Event::new(pen.now, What::LinkAsked).patient(pair.0).staff(staff.id());
            draft.add(|batch| {
                put_question(batch, &slip.before);
                batch.log(event.note(format!("with {}: {REASON}", pair.1)));
            });
            Ok((pair, link))
        })?;
        let Some(link) = link else { return Ok(TakenBack { pair, link: None, exposure: None }) };
        // Questions that the link had answered are open again.
        self.look_again(pair)?;
        let exposure = match link.says {
            Says::Linked => Some(self.shown_exposure(staff, &link)?),
            Says::Separated | Says::Withdrawn(_) => None,
        };
        Ok(TakenBack { pair, link: Some(link.id), exposure })
    }
}

fn fresh(view: &dyn View, staff: &Staff, now: Millis) -> Option<Slip> {
    let slip: Slip = decode(&view.get(Space::Desk, &slip_key(staff.id()))?)?;
    Some(slip).filter(|slip| now.since(slip.at) <= SLIP_MS)
}

const REASON: &str = "the last word taken back";
