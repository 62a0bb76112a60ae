//! The review queue (確認待ち): pairs that a rule may not link alone, what differs in them, and what people say.
use super::assertion::{LinkId, Pen, Says};
use super::draft::Draft;
use super::error::LinksError;
use super::limits::{LATER_DAYS_MAX, QUESTIONS_MAX, QUESTIONS_READ_MAX, REASON_CHARS_MAX};
use super::person::{Claim, assert, members};
use super::rows::{put_question, question, questions, remove_question, slip_key};
use super::slip::{Slip, is_kept};
use super::work::Again;
use crate::patients::{self, PatientEntry};
use crate::service::{Service, WriteError, commit};
use crate::staff::Staff;
use matching::link::bands::{Decision, Doubt, contradiction};
use matching::link::census::Population;
use matching::link::differences::{Difference, differences};
use matching::link::history::Author;
use matching::link::levels::{Field, Levels};
use matching::link::linker::Linker;
use matching::link::model::MilliBits;
use matching::link::review::{Agreement, Answer, Spoken, Word, agreements, needs_second, speak, urgency};
use matching::{Demographics, normalise};
use protocol::audit::{Event, What};
use protocol::data::{Space, View};
use protocol::ids::PatientRef;
use protocol::time::{DAY_MS, Millis};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Two patients of this node, the smaller number first; printed `p3-p7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PairId(pub PatientRef, pub PatientRef);

impl PairId {
    /// Of two patients in any order.
    pub fn of(one: PatientRef, other: PatientRef) -> Self {
        Self(one.min(other), one.max(other))
    }
    /// Reads `p3-p7`.
    ///
    /// # Errors
    /// [`LinksError::NotAPair`].
    pub fn parse(text: &str) -> Result<Self, LinksError> {
        let number = |part: &str| part.trim().strip_prefix('p')?.parse().ok().filter(|n| *n > 0).map(PatientRef);
        let pair = text.split_once('-').and_then(|(one, other)| Some(Self::of(number(one)?, number(other)?)));
        pair.filter(|pair| pair.0 != pair.1)
            .ok_or_else(|| LinksError::NotAPair(text.chars().take(REASON_CHARS_MAX).collect()))
    }
}

impl fmt::Display for PairId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0, self.1)
    }
}

/// A pair before people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Who.
    pub pair: PairId,
    /// Why a rule did not decide; none: people linked them, and the records contradict that now.
    pub doubt: Option<Doubt>,
    /// What the pair weighs, in milli-bits.
    pub weight: i32,
    /// How far above the next best candidate, in milli-bits.
    pub margin: i32,
    /// How the two agree, packed.
    pub(super) levels: u64,
    /// Since when.
    pub asked: Millis,
    /// Put off until then.
    pub later: Option<Millis>,
    /// A first word that needs a second.
    pub first: Option<Word>,
    /// Two people said different things.
    pub is_disputed: bool,
}

impl Question {
    pub(super) fn new(pair: PairId, decision: &Decision, asked: Millis) -> Self {
        Self {
            pair,
            doubt: decision.doubt,
            weight: decision.pair.weight.total.0,
            margin: decision.margin.0,
            levels: decision.pair.levels.pack(),
            asked,
            later: None,
            first: None,
            is_disputed: false,
        }
    }
    /// Whether "same" needs two people.
    pub fn needs_second(&self) -> bool {
        self.doubt.is_some_and(needs_second)
    }
    /// How the comparisons came out.
    pub fn agreements(&self) -> [(Field, Agreement); 6] {
        agreements(Levels::unpack(self.levels))
    }
}

/// One side of a pair. Personal data; `Debug` prints none.
#[derive(Clone, Debug)]
pub struct Side {
    /// Who.
    pub patient: PatientRef,
    /// What its facility wrote.
    pub entry: PatientEntry,
    /// All patients that are one person with it already.
    pub person: Vec<PatientRef>,
}

/// A pair side by side.
#[derive(Clone, Debug)]
pub struct SideBySide {
    /// What is asked.
    pub question: Question,
    /// The patients.
    pub sides: [Side; 2],
    /// Field by field, character by character.
    pub differences: Vec<Difference>,
    /// How much each comparison speaks for one person (milli-bits) against the best other explanation.
    pub parts: Vec<(Field, MilliBits)>,
    /// Other open questions about either of them.
    pub rivals: Vec<Question>,
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reviewed {
    /// Whether it holds, or somebody else has to say the same.
    pub spoken: Spoken,
    /// The assertion that was made.
    pub link: Option<LinkId>,
}

impl Service {
    /// Open questions, the most urgent first; those put off only if asked for. Logged before it is shown.
    ///
    /// # Errors
    /// [`LinksError::Write`]; nothing is shown then.
    pub fn link_review(&self, staff: &Staff, with_later: bool) -> Result<Vec<Question>, LinksError> {
        let now = self.now();
        let mut open = questions(&self.view(), QUESTIONS_READ_MAX);
        open.retain(|question| with_later || question.later.is_none_or(|until| until <= now));
        open.sort_by_key(|question| (urgency(question.doubt, MilliBits(question.weight)), question.pair));
        open.truncate(QUESTIONS_MAX);
        // What the records of both say now, as the pair's own page has it: two charts of one house may be twins.
        let (view, population) = (self.view(), self.known_population());
        for question in &mut open {
            question.doubt = doubt_now(&view, &population, question);
        }
        open.sort_by_key(|question| (urgency(question.doubt, MilliBits(question.weight)), question.pair));
        let count = u32::try_from(open.len()).unwrap_or(u32::MAX);
        self.log(Event::new(now, What::Shown).staff(staff.id()).count(count).note("link review"))?;
        Ok(open)
    }

    /// A pair side by side. Both patients' logs have it before it is shown.
    ///
    /// # Errors
    /// [`LinksError`]; nothing is shown then.
    pub fn link_side_by_side(&self, staff: &Staff, pair: PairId) -> Result<SideBySide, LinksError> {
        let (view, population) = (self.view(), self.known_population());
        let question = open_question(&view, &population, pair)?;
        let side = |patient| {
            let entry = patients::load(&view, patient).ok_or(LinksError::NoPatient(patient))?;
            Ok::<_, LinksError>(Side { patient, person: members(&view, patient), entry })
        };
        let sides = [side(pair.0)?, side(pair.1)?];
        let raw = [&sides[0], &sides[1]].map(|side| crate::cards::demographics(&view, side.patient, &side.entry));
        let scored = linker(&raw, &population).weigh(0, 1);
        let fields = [Field::Family, Field::Given, Field::Birth, Field::Sex, Field::Home, Field::Card];
        let mut rivals: Vec<Question> = Vec::new();
        for patient in [pair.0, pair.1] {
            let others = super::rows::asked_with(&view, patient).into_iter().map(|other| PairId::of(patient, other));
            rivals
                .extend(others.filter(|other| *other != pair).filter_map(|other| super::rows::question(&view, other)));
        }
        let mut batch = protocol::data::Batch::default();
        for side in &sides {
            let event = Event::new(self.now(), What::PatientFound).patient(side.patient).staff(staff.id()).count(1);
            batch.log(event.facility(side.entry.facility.clone()).note("link review"));
        }
        self.commit(batch)?;
        Ok(SideBySide {
            question,
            differences: differences(&raw[0], &raw[1]),
            parts: fields.into_iter().map(|field| (field, population.part(&scored, field))).collect(),
            rivals,
            sides,
        })
    }

    /// Says whether a pair is one person. A pair that something speaks against needs two people for a yes.
    ///
    /// # Errors
    /// [`LinksError`]; nothing is changed then.
    pub fn answer_review(
        &self,
        staff: &Staff,
        pair: PairId,
        answer: Answer,
        why: &str,
    ) -> Result<Reviewed, LinksError> {
        let why = reason(why)?;
        let population = self.known_population();
        let reviewed = self.change_links(|draft, pen| take(draft, pen, &population, (staff, answer, why), pair))?;
        self.after_answer(pair, reviewed)
    }

    /// Puts a question off for some days.
    ///
    /// # Errors
    /// [`LinksError`]; nothing is changed then.
    pub fn review_later(&self, staff: &Staff, pair: PairId, days: u32) -> Result<Millis, LinksError> {
        if days == 0 || days > LATER_DAYS_MAX {
            return Err(LinksError::Later);
        }
        self.change_links(|draft, pen| {
            let question = question(draft, pair).ok_or(LinksError::NoQuestion(pair))?;
            let until = Millis(pen.now.0.saturating_add(u64::from(days) * DAY_MS));
            let event = Event::new(pen.now, What::LinkAsked).patient(pair.0).staff(staff.id());
            let after = Question { later: Some(until), ..question.clone() };
            let (key, slip) = Slip::unsettled(question, after.clone(), pen.now).row(staff);
            draft.add(|batch| {
                put_question(batch, &after);
                batch.put(Space::Desk, key, slip);
                batch.log(event.note(format!("with {}: later", pair.1)));
            });
            Ok(until)
        })
    }

    /// Says that two patients are one person, without being asked: as an answer, so that something that speaks against it
    /// makes it a question for a second person first.
    ///
    /// # Errors
    /// [`LinksError`]; nothing is changed then.
    pub fn make_link(&self, staff: &Staff, pair: PairId, why: &str) -> Result<Reviewed, LinksError> {
        let why = reason(why)?;
        let population = self.known_population();
        let reviewed = self.change_links(|draft, pen| {
            if question(draft, pair).is_none() {
                let asked = unasked(draft, &population, pair, pen.now)?;
                draft.add(|batch| put_question(batch, &asked));
            }
            take(draft, pen, &population, (staff, Answer::Same, why), pair)
        })?;
        self.after_answer(pair, reviewed)
    }

    fn after_answer(&self, pair: PairId, reviewed: Reviewed) -> Result<Reviewed, LinksError> {
        if reviewed.link.is_some() {
            self.look_again(pair)?;
        }
        Ok(reviewed)
    }

    /// Makes a transaction about links while nobody else changes any.
    pub(super) fn change_links<T>(
        &self,
        change: impl FnOnce(&mut Draft<'_>, &Pen<'_>) -> Result<T, LinksError>,
    ) -> Result<T, LinksError> {
        let guard = self.links_state().lock();
        let view = self.view();
        let mut draft = Draft::over(&view);
        let pen = Pen { secret: &self.identity().node, now: self.now() };
        let done = change(&mut draft, &pen)?;
        commit(self.store(), draft.done()).map_err(LinksError::from)?;
        drop(guard);
        Ok(done)
    }

    /// Looks at patients again whose links people changed: questions that are answered thereby go.
    pub(super) fn look_again(&self, pair: PairId) -> Result<(), WriteError> {
        self.link_page(&[pair.0, pair.1], Again::Yes, |_, _, _| {}).map(drop)
    }
}

/// Takes an answer to an open question, with what follows.
fn take(
    draft: &mut Draft<'_>,
    pen: &Pen<'_>,
    population: &Population,
    (staff, answer, why): (&Staff, Answer, String),
    pair: PairId,
) -> Result<Reviewed, LinksError> {
    let question = open_question(draft, population, pair)?;
    let word = Word { staff: staff.id().to_owned(), answer };
    let spoken = speak(question.doubt, question.first.as_ref(), &word);
    let before = question.clone();
    let (link, slip) = match spoken {
        Spoken::SamePerson => (None, None),
        Spoken::NeedsSecond | Spoken::Disputed => {
            let is_disputed = spoken == Spoken::Disputed;
            let first = Some(word).filter(|_| !is_disputed);
            let event = Event::new(pen.now, What::LinkAsked).patient(pair.0).staff(staff.id());
            let after = Question { first, is_disputed, ..question };
            draft.add(|batch| {
                put_question(batch, &after);
                batch.log(event.note(format!("with {}: a second person has to look", pair.1)));
            });
            (None, Some(Slip::unsettled(before, after, pen.now)))
        }
        Spoken::Settled(answer) => {
            let says = if answer == Answer::Same { Says::Linked } else { Says::Separated };
            let seconded = question.first.filter(|first| first.staff != staff.id());
            let author = match seconded {
                Some(first) => Author::Person(format!("{}+{}", first.staff, staff.id())),
                None => Author::Person(staff.id().to_owned()),
            };
            let claim = Claim { says, pair: (pair.0, pair.1), author, evidence: None, reason: why };
            let id = say(draft, pen, claim)?;
            (Some(id), Some(Slip::settled(before, id, pen.now)))
        }
    };
    match slip.filter(|_| is_kept(question.doubt, spoken)) {
        Some(slip) => {
            let (key, value) = slip.row(staff);
            draft.put(Space::Desk, key, value);
        }
        // An older word is not the last one any more.
        None => draft.remove(Space::Desk, slip_key(staff.id())),
    }
    Ok(Reviewed { spoken, link })
}

/// The open question about a pair. Their persons may have grown since it was put, or differ where the two do not.
fn open_question(view: &dyn View, population: &Population, pair: PairId) -> Result<Question, LinksError> {
    let question = question(view, pair).ok_or(LinksError::NoQuestion(pair))?;
    let doubt = doubt_now(view, population, &question);
    Ok(Question { doubt, ..question })
}

/// The doubt that holds now: a weak one may hide what speaks against the pair.
fn doubt_now(view: &dyn View, population: &Population, question: &Question) -> Option<Doubt> {
    match question.doubt {
        Some(doubt) if !needs_second(doubt) => against_persons(view, population, question.pair).or(question.doubt),
        doubt => doubt,
    }
}

/// The question that a rule would have put.
fn unasked(view: &dyn View, population: &Population, pair: PairId, asked: Millis) -> Result<Question, LinksError> {
    let load = |patient| known(view, patient).ok_or(LinksError::NoPatient(patient));
    let linker = linker(&[load(pair.0)?, load(pair.1)?], population);
    let scored = linker.weigh(0, 1);
    let doubt = contradiction(&linker, &scored).unwrap_or(Doubt::Weight);
    let grade = matching::Grade::Probable;
    Ok(Question::new(pair, &Decision { pair: scored, grade, margin: scored.weight.total, doubt: Some(doubt) }, asked))
}

/// What speaks against joining two persons, whatever the pair says that is asked about: a link joins all patients of both. Of
/// two charts of one facility that are no more than that, only what a rule would need two people for.
fn against_persons(view: &dyn View, population: &Population, pair: PairId) -> Option<Doubt> {
    let persons = [members(view, pair.0), members(view, pair.1)];
    if persons[0] == persons[1] {
        return None;
    }
    let [own, others] = persons
        .clone()
        .map(|person| person.into_iter().filter_map(|patient| known(view, patient)).collect::<Vec<Demographics>>());
    let (first, end) = (own.len() as u32, (own.len() + others.len()) as u32);
    let linker = linker(&[own, others].concat(), population);
    let against = |(one, other)| contradiction(&linker, &linker.weigh(one, other));
    if persons.iter().all(|person| person.len() == 1) {
        return (end == 2).then(|| against((0, 1))).flatten().filter(|doubt| needs_second(*doubt));
    }
    if (0..first).flat_map(|one| (first..end).map(move |other| (one, other))).any(|pair| against(pair).is_some()) {
        return Some(Doubt::MemberDiffers);
    }
    persons.iter().all(|person| person.len() > 1).then_some(Doubt::SeveralPersons)
}

fn known(view: &dyn View, patient: PatientRef) -> Option<Demographics> {
    Some(crate::cards::demographics(view, patient, &patients::load(view, patient)?))
}

/// To weigh some patients with each other.
fn linker(all: &[Demographics], population: &Population) -> Linker {
    let mut words = matching::link::entry::Vocabulary::default();
    let entries = all.iter().map(|raw| words.entry(&normalise(raw), &raw.address, "")).collect();
    Linker::within(words, entries, population)
}

/// One assertion of a person; the question about the two is answered thereby.
pub(super) fn say(draft: &mut Draft<'_>, pen: &Pen<'_>, claim: Claim) -> Result<LinkId, LinksError> {
    let pair = PairId::of(claim.pair.0, claim.pair.1);
    let id = assert(draft, pen, claim)?;
    draft.add(|batch| remove_question(batch, pair));
    Ok(id)
}

pub(super) fn reason(text: &str) -> Result<String, LinksError> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= REASON_CHARS_MAX;
    fits.then(|| text.to_owned()).ok_or(LinksError::Reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_reads_back_in_either_order_and_nothing_else_does() {
        let pair = PairId::of(PatientRef(7), PatientRef(3));
        assert_eq!((pair.to_string().as_str(), PairId::parse("p7-p3").ok()), ("p3-p7", Some(pair)));
        for text in ["p3", "p3-p3", "p0-p3", "3-7", "p3-p", "-", ""] {
            assert!(PairId::parse(text).is_err(), "{text}");
        }
    }
}
