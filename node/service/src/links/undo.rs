//! Taking a link back: the two never come together again by a rule, and people learn what had been visible, to whom.
use super::assertion::{Link, LinkId, Says, is_sound, load};
use super::error::LinksError;
use super::limits::{LOOKS_MAX, RECENT_MAX};
use super::person::{Claim, members};
use super::reach::via;
use super::review::{PairId, reason, say};
use super::rows::{NEXT_LINK, lines, undo_key};
use crate::service::Service;
use crate::staff::Staff;
use matching::link::history::Author;
use matching::link::review::{Answer, Spoken, Word};
use protocol::audit::{self, Event, What};
use protocol::data::{Space, View, decode, encode};
use protocol::ids::PatientRef;
use protocol::kinds::KindSet;
use protocol::time::Millis;
use std::collections::{BTreeMap, BTreeSet};

/// Somebody saw records of one patient on the page of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Position of the event in the log.
    pub index: u64,
    /// When.
    pub at: Millis,
    /// Who.
    pub staff: Option<String>,
    /// Whose records.
    pub patient: PatientRef,
    /// On whose page.
    pub through: PatientRef,
    /// Which kinds.
    pub kinds: KindSet,
    /// How many.
    pub count: u32,
}

/// What a link had made visible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// When the link was made.
    pub since: Millis,
    /// The patients on the one side and on the other, after it was taken back.
    pub parts: [Vec<PatientRef>; 2],
    /// Who saw records of one side on a page of the other, oldest first.
    pub looks: Vec<Look>,
    /// There are more than are listed.
    pub more: bool,
}

/// One link, for a page of its own.
#[derive(Clone, Debug)]
pub struct LinkShown {
    /// The link.
    pub link: Link,
    /// Whether it holds.
    pub holds: bool,
    /// Who said first that it is wrong, if somebody did.
    pub first: Option<String>,
    /// What it makes or made visible.
    pub exposure: Exposure,
}

/// What became of taking a link back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undone {
    /// Done.
    Done {
        /// The assertion that the two are two persons.
        by: LinkId,
        /// What had been visible.
        exposure: Exposure,
    },
    /// People made this link: somebody else has to say that it is wrong, too.
    NeedsSecond,
    /// Who spoke first cannot be the second as well.
    SamePerson,
}

impl Service {
    /// Everything that was said of a patient's links, oldest first, with whether each holds and is as it was signed.
    ///
    /// # Errors
    /// [`LinksError`]; nothing is shown then.
    pub fn link_history(&self, staff: &Staff, patient: PatientRef) -> Result<Vec<(Link, bool, bool)>, LinksError> {
        let view = self.view();
        crate::patients::load(&view, patient).ok_or(LinksError::NoPatient(patient))?;
        let mut all: BTreeMap<LinkId, bool> = BTreeMap::new();
        for (id, line) in lines(&view, patient) {
            all.insert(id, line.withdrawn.is_none());
            all.extend(line.withdrawn.map(|by| (by, true)));
        }
        let count = u32::try_from(all.len()).unwrap_or(u32::MAX);
        self.log(Event::new(self.now(), What::Shown).patient(patient).staff(staff.id()).count(count).note("links"))?;
        let read = |(id, holds): (LinkId, bool)| Some((load(&view, id)?, holds, is_sound(&view, id)));
        Ok(all.into_iter().filter_map(read).collect())
    }

    /// Takes a link back and parts the two for good. A link that people made needs a second person.
    ///
    /// # Errors
    /// [`LinksError`]; nothing is changed then.
    pub fn undo_link(&self, staff: &Staff, id: LinkId, why: &str) -> Result<Undone, LinksError> {
        let why = reason(why)?;
        let link = load(&self.view(), id).ok_or(LinksError::NoLink(id))?;
        let pair = PairId::of(link.pair.0, link.pair.1);
        let done = self.change_links(|draft, pen| {
            if link.says != Says::Linked || !holds(draft, &link) {
                return Err(LinksError::NotHeld(id));
            }
            let word = Word { staff: staff.id().to_owned(), answer: Answer::NotSame };
            let first: Option<Word> = draft.get(Space::Desk, &undo_key(id)).and_then(|value| decode(&value));
            match second(matches!(link.author, Author::Person(_)), first.as_ref(), &word) {
                Spoken::NeedsSecond => {
                    draft.put(Space::Desk, undo_key(id), encode(&word));
                    let event = Event::new(pen.now, What::LinkAsked).patient(pair.0).staff(staff.id());
                    draft.add(|batch| {
                        batch.log(event.note(format!("{id}: a second person has to say that it is wrong")))
                    });
                    return Ok(Err(Undone::NeedsSecond));
                }
                Spoken::SamePerson => return Ok(Err(Undone::SamePerson)),
                Spoken::Settled(_) | Spoken::Disputed => {}
            }
            let author = match first {
                Some(first) => Author::Person(format!("{}+{}", first.staff, staff.id())),
                None => Author::Person(staff.id().to_owned()),
            };
            draft.remove(Space::Desk, undo_key(id));
            let claim = Claim { says: Says::Separated, pair: link.pair, author, evidence: None, reason: why };
            Ok(Ok(say(draft, pen, claim)?))
        })?;
        let by = match done {
            Ok(by) => by,
            Err(waits) => return Ok(waits),
        };
        self.look_again(pair)?;
        Ok(Undone::Done { by, exposure: self.shown_exposure(staff, &link)? })
    }

    /// What a link makes or made visible, and who saw it.
    ///
    /// # Errors
    /// [`LinksError`]; nothing is shown then.
    pub fn link_exposure(&self, staff: &Staff, id: LinkId) -> Result<Exposure, LinksError> {
        let link = load(&self.view(), id).filter(|link| link.says == Says::Linked).ok_or(LinksError::NoLink(id))?;
        self.shown_exposure(staff, &link)
    }

    /// One link, whether it holds, whose word would be the second against it, and what it makes or made visible.
    ///
    /// # Errors
    /// [`LinksError`]; nothing is shown then.
    pub fn link_shown(&self, staff: &Staff, id: LinkId) -> Result<LinkShown, LinksError> {
        let view = self.view();
        let link = load(&view, id).filter(|link| link.says == Says::Linked).ok_or(LinksError::NoLink(id))?;
        let exposure = self.shown_exposure(staff, &link)?;
        let word: Option<Word> = view.get(Space::Desk, &undo_key(id)).and_then(|value| decode(&value));
        Ok(LinkShown { holds: holds(&view, &link), first: word.map(|word| word.staff), link, exposure })
    }

    /// The newest links and partings, with whether each holds. Taken-back ones are told of by those that take back.
    ///
    /// # Errors
    /// [`LinksError`]; nothing is shown then.
    pub fn recent_links(&self, staff: &Staff) -> Result<Vec<(Link, bool)>, LinksError> {
        let view = self.view();
        let next = view.get(Space::Meta, NEXT_LINK).and_then(|value| decode::<u64>(&value)).unwrap_or(1);
        let numbers = (next.saturating_sub(RECENT_READ_MAX).max(1)..next).rev();
        let links = numbers.filter_map(|id| load(&view, LinkId(id)));
        let told = links.filter(|link| !matches!(link.says, Says::Withdrawn(_)));
        let recent: Vec<(Link, bool)> = told.take(RECENT_MAX).map(|link| (link.clone(), holds(&view, &link))).collect();
        let count = u32::try_from(recent.len()).unwrap_or(u32::MAX);
        self.log(Event::new(self.now(), What::Shown).staff(staff.id()).count(count).note("links"))?;
        Ok(recent)
    }

    /// What a link makes or made visible; in the log before anybody sees it.
    pub(super) fn shown_exposure(&self, staff: &Staff, link: &Link) -> Result<Exposure, LinksError> {
        let exposure = self.exposure_of(link);
        let count = u32::try_from(exposure.looks.len()).unwrap_or(u32::MAX);
        let event = Event::new(self.now(), What::Shown).patient(link.pair.0).staff(staff.id()).count(count);
        self.log(event.note(format!("what was visible through {}", link.id)))?;
        Ok(exposure)
    }

    fn exposure_of(&self, link: &Link) -> Exposure {
        let view = self.view();
        let (one, other) = (members(&view, link.pair.0), members(&view, link.pair.1));
        // While it holds, both ends are one person: then the two alone are its sides.
        let joined = one == other;
        let parts = if joined { [vec![link.pair.0], vec![link.pair.1]] } else { [one, other] };
        let sets = parts.clone().map(BTreeSet::from_iter);
        let crosses = |a: PatientRef, b: PatientRef| {
            sets[0].contains(&a) && sets[1].contains(&b) || sets[1].contains(&a) && sets[0].contains(&b)
        };
        let (mut looks, mut more) = (Vec::new(), false);
        let mut from = first_since(&view, link.at);
        while !more {
            let page = audit::events(&view, from, PAGE);
            let Some((last, _)) = page.last() else { break };
            from = last.saturating_add(1);
            for (index, event) in page {
                let Some((patient, via)) = seen_through(&event).filter(|(patient, via)| crosses(*patient, *via)) else {
                    continue;
                };
                if looks.len() == LOOKS_MAX {
                    more = true;
                    break;
                }
                let Event { at, staff, kinds, count, .. } = event;
                looks.push(Look { index, at, staff, patient, through: via, kinds, count });
            }
        }
        Exposure { since: link.at, parts, looks, more }
    }
}

fn holds(view: &dyn View, link: &Link) -> bool {
    lines(view, link.pair.0).into_iter().any(|(own, line)| own == link.id && line.withdrawn.is_none())
}

/// Whether one word is enough to take a link back.
fn second(is_of_people: bool, first: Option<&Word>, word: &Word) -> Spoken {
    match first {
        Some(first) if first.staff == word.staff => Spoken::SamePerson,
        None if is_of_people => Spoken::NeedsSecond,
        _ => Spoken::Settled(Answer::NotSame),
    }
}

/// Whose records an event says were seen, and on whose page.
fn seen_through(event: &Event) -> Option<(PatientRef, PatientRef)> {
    if event.what != What::Shown {
        return None;
    }
    let patient = event.patient?;
    via(&event.note).map(|via| (patient, via))
}

/// The first event that is not older than a moment: the log is in the order of time.
fn first_since(view: &dyn View, at: Millis) -> u64 {
    let (mut low, mut high) = (0, audit::head(view).size);
    while low < high {
        let middle = low + (high - low) / 2;
        match audit::event(view, middle) {
            Some(event) if event.at < at => low = middle + 1,
            _ => high = middle,
        }
    }
    low
}

/// Events read from the store at once.
const PAGE: usize = 1_000;
/// Assertions looked at for the list of the newest links: some tell that others do not hold any more.
const RECENT_READ_MAX: u64 = 200;
