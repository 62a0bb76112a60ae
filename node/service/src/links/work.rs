//! Linking what changed: every patient that an ingest noted, one after the other, many in one transaction.
use super::assertion::{LinkId, Pen, Says, load};
use super::draft::Draft;
use super::limits::{BLOCK_MAX, CANDIDATES_MAX, PAGE};
use super::person::{Claim, apart, assert, members, ordered};
use super::review::{PairId, Question};
use super::rows::{
    NOTE, Tag, Tagged, asked_with, bearers, lines, note_key, probe_key, put_question, question, remove_question,
    tagged, tagged_key,
};
use crate::patients;
use crate::service::{Service, WriteError};
use matching::link::bands::{Decision, RULE_VERSION, Rule};
use matching::link::census::Population;
use matching::link::entry::Vocabulary;
use matching::link::history::{Author, Evidence};
use matching::link::join::{Around, Placed, contradicted, place as place_in};
use matching::link::linker::Linker;
use matching::link::persons::CannotLink;
use matching::link::probe::probes;
use matching::{Demographics, NORMALISER_VERSION, Normalised, normalise};
use protocol::audit::{Event, What};
use protocol::crypto::mac;
use protocol::data::{Batch, Outcome, Space, View, decode, encode};
use protocol::ids::PatientRef;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What linking keeps between calls; whoever changes links holds its lock.
#[derive(Default)]
pub(crate) struct State(Mutex<Cached>);

/// The weights in use, once they were read.
#[derive(Default)]
pub(crate) struct Cached {
    pub(super) population: Option<Arc<Population>>,
    /// How many numbers of patients were given when they were last counted; 0: not since the start.
    pub(super) counted: u64,
}

impl State {
    /// Nobody else changes links while this is held.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Cached> {
        self.cached()
    }
    pub(super) fn cached(&self) -> MutexGuard<'_, Cached> {
        // A panic in linking left nothing half done: what it wanted to write was not written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What linking did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Tally {
    /// Patients looked at.
    pub patients: u64,
    /// Candidates weighed.
    pub weighed: u64,
    /// Links made without people.
    pub linked: u64,
    /// Questions put before people.
    pub asked: u64,
    /// Automatic links taken back, since their records contradict each other now.
    pub withdrawn: u64,
}

impl Tally {
    pub(super) fn add(&mut self, other: Self) {
        self.patients += other.patients;
        self.weighed += other.weighed;
        self.linked += other.linked;
        self.asked += other.asked;
        self.withdrawn += other.withdrawn;
    }
}

/// Whether a patient is looked at again although nothing of it changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    Yes,
    IfChanged,
}

impl Service {
    /// Links all that ingests noted. Gives what was done; a crash repeats work and loses none.
    ///
    /// # Errors
    /// [`WriteError`]; what was not linked stays noted.
    pub fn link_pending(&self) -> Result<Tally, WriteError> {
        let mut total = Tally::default();
        while let Some(done) = self.link_pending_step()? {
            total.add(done);
        }
        Ok(total)
    }

    /// One page of what ingests noted. `None`: nothing waits.
    ///
    /// # Errors
    /// [`WriteError`]; what was not linked stays noted.
    pub fn link_pending_step(&self) -> Result<Option<Tally>, WriteError> {
        let noted = self.view().scan(Space::Jobs, NOTE, &[], PAGE);
        let read = |(key, value): &(Vec<u8>, Vec<u8>)| {
            let patient = key.strip_prefix(NOTE)?.try_into().ok().map(u64::from_be_bytes).map(PatientRef)?;
            Some((patient, decode::<u64>(value)?))
        };
        let noted: Vec<(PatientRef, u64)> = noted.iter().filter_map(read).collect();
        if noted.is_empty() {
            return Ok(None);
        }
        let patients: Vec<PatientRef> = noted.iter().map(|(patient, _)| *patient).collect();
        let done = move |view: &dyn View, batch: &mut Batch, _: Tally| {
            // Who changed again meanwhile stays noted.
            let same = |(patient, revision): &&(PatientRef, u64)| {
                view.get(Space::Jobs, &note_key(*patient)).and_then(|value| decode(&value)) == Some(*revision)
            };
            noted.iter().filter(same).for_each(|(patient, _)| batch.remove(Space::Jobs, note_key(*patient)));
        };
        self.link_page(&patients, Again::IfChanged, done).map(Some)
    }

    /// Links some patients in one transaction, which `also` completes on the writer's side.
    pub(super) fn link_page(
        &self,
        patients: &[PatientRef],
        again: Again,
        also: impl FnOnce(&dyn View, &mut Batch, Tally) + Send + 'static,
    ) -> Result<Tally, WriteError> {
        let population = self.population()?;
        let mut cached = self.links_state().cached();
        let view = self.view();
        let mut draft = Draft::over(&view);
        let work = Work {
            population: cached.population.get_or_insert(population).clone(),
            rule: Rule::default(),
            tags: *self.store().key_for("service/links"),
            pen: Pen { secret: &self.identity().node, now: self.now() },
        };
        let mut tally = Tally::default();
        for patient in patients {
            tally.add(work.patient(&mut draft, *patient, again));
        }
        let mut batch = draft.done();
        let outcome = self.store().commit_with(move |view| {
            also(view, &mut batch, tally);
            batch
        });
        drop(cached);
        match outcome {
            Outcome::Committed { .. } => Ok(tally),
            Outcome::Failed(why) => Err(WriteError(why)),
        }
    }
}

/// With what patients are linked.
pub(super) struct Work<'a> {
    pub(super) population: Arc<Population>,
    pub(super) rule: Rule,
    pub(super) tags: [u8; 32],
    pub(super) pen: Pen<'a>,
}

/// A patient as it is weighed.
struct Known {
    raw: Demographics,
    normal: Normalised,
    facility: String,
    is_deleted: bool,
}

impl Work<'_> {
    fn patient(&self, draft: &mut Draft<'_>, patient: PatientRef, again: Again) -> Tally {
        let mut tally = Tally { patients: 1, ..Tally::default() };
        let Some(own) = known(draft, patient) else { return tally };
        let fresh = Tagged { digest: self.digest(&own), tags: self.tags_of(&own) };
        let old = tagged(draft, patient);
        if old.as_ref() == Some(&fresh) && again == Again::IfChanged {
            return tally;
        }
        let old = old.map(|old| old.tags).unwrap_or_default();
        old.iter().filter(|tag| !fresh.tags.contains(*tag)).for_each(|tag| {
            draft.remove(Space::Tokens, probe_key(tag, patient));
        });
        fresh.tags.iter().filter(|tag| !old.contains(*tag)).for_each(|tag| {
            draft.put(Space::Tokens, probe_key(tag, patient), Vec::new());
        });
        draft.put(Space::People, tagged_key(patient), encode(&fresh));
        let found = candidates(draft, patient, &fresh.tags);
        // Most patients of a list are nobody else's, and nothing was ever said of them.
        if found.is_empty() && lines(draft, patient).is_empty() && asked_with(draft, patient).is_empty() {
            return tally;
        }
        let around = self.around(draft, patient, own, found);
        tally.weighed = around.places.len() as u64 - 1;
        tally.withdrawn = self.recheck(draft, patient, &around);
        let placed = around.placed(draft, patient, &self.rule);
        self.carry_out(draft, (patient, &around), placed, &mut tally);
        tally
    }

    /// What it is found under; nothing once the facility deleted it.
    fn tags_of(&self, own: &Known) -> Vec<Tag> {
        if own.is_deleted {
            return Vec::new();
        }
        let mut words = Vocabulary::default();
        let entry = words.entry(&own.normal, &own.raw.address, "");
        let tag = |key: u64| {
            let hash = mac(&self.tags, &[&key.to_be_bytes()]);
            *hash.first_chunk().unwrap_or(&[0; 10])
        };
        probes(&words, &entry).into_iter().map(tag).collect()
    }

    fn digest(&self, own: &Known) -> [u8; 8] {
        let raw = &own.raw;
        let phones = raw.phones.join("\0");
        let fields = [
            &raw.family,
            &raw.given,
            &raw.family_kana,
            &raw.given_kana,
            &raw.birth,
            &raw.sex,
            &raw.postcode,
            &raw.address,
            &phones,
            &raw.insurer,
            &raw.insured_symbol,
            &raw.insured_number,
            &raw.insured_branch,
            &raw.card,
        ];
        let versions = [NORMALISER_VERSION.to_be_bytes(), RULE_VERSION.to_be_bytes()].concat();
        let mut parts: Vec<&[u8]> = vec![&versions];
        parts.extend(fields.iter().map(|field| field.as_bytes()));
        *mac(&self.tags, &parts).first_chunk().unwrap_or(&[0; 8])
    }

    /// Everybody who may be this patient, with all patients of their persons.
    fn around(&self, view: &dyn View, patient: PatientRef, own: Known, found: Vec<PatientRef>) -> Surroundings {
        let mut all = BTreeMap::from([(patient, own)]);
        for candidate in found {
            if let Some(known) = known(view, candidate) {
                all.insert(candidate, known);
            }
        }
        let first = self.linker(&all);
        let at = place_of(&all, patient);
        let least = self.rule.probable_min.0.saturating_sub(self.rule.margin_min.0);
        let near: Vec<PatientRef> = all
            .keys()
            .zip(0..)
            .filter(|(candidate, place)| **candidate != patient && first.weigh(at, *place).weight.total.0 >= least)
            .map(|(candidate, _)| *candidate)
            .collect();
        all.retain(|candidate, _| *candidate == patient || near.contains(candidate));
        let mut persons: BTreeMap<PatientRef, Vec<PatientRef>> = BTreeMap::new();
        for candidate in std::iter::once(patient).chain(near) {
            let members = members(view, candidate);
            for member in &members {
                if !all.contains_key(member)
                    && let Some(known) = known(view, *member)
                {
                    all.insert(*member, known);
                }
            }
            persons.insert(members.first().copied().unwrap_or(candidate), members);
        }
        let places: Vec<PatientRef> = all.keys().copied().collect();
        Surroundings { linker: self.linker(&all), places, persons: persons.into_values().collect() }
    }

    fn linker(&self, all: &BTreeMap<PatientRef, Known>) -> Linker {
        let mut words = Vocabulary::default();
        let entry = |known: &Known| words.entry(&known.normal, &known.raw.address, &known.facility);
        let entries = all.values().map(entry).collect();
        Linker::within(words, entries, &self.population)
    }

    /// Takes back automatic links that the records contradict now, and shows people those of people.
    fn recheck(&self, draft: &mut Draft<'_>, patient: PatientRef, around: &Surroundings) -> u64 {
        let held: Vec<_> =
            lines(draft, patient).into_iter().filter(|(_, line)| line.is_link && line.withdrawn.is_none()).collect();
        let mut withdrawn = 0;
        for (id, line) in held {
            let Some(places) = around.pair(patient, line.other) else { continue };
            let Some(doubt) = contradicted(&around.linker, places, &self.rule) else { continue };
            if line.is_auto {
                let claim = Claim {
                    says: Says::Withdrawn(id),
                    pair: (patient, line.other),
                    author: Author::Rule(RULE_VERSION),
                    evidence: None,
                    reason: format!("the records contradict each other now: {doubt:?}"),
                };
                withdrawn += u64::from(assert(draft, &self.pen, claim).is_ok());
            } else if !self.was_known(draft, id) {
                let scored = around.linker.weigh(places.0, places.1);
                let decision = Decision {
                    pair: scored,
                    grade: matching::Grade::Probable,
                    margin: scored.weight.total,
                    doubt: None,
                };
                self.ask(draft, PairId::of(patient, line.other), &decision);
            }
        }
        withdrawn
    }

    /// Whether people linked the two with the same data before them: then they knew what speaks against it.
    fn was_known(&self, view: &dyn View, id: LinkId) -> bool {
        let digest = |patient| tagged(view, patient).unwrap_or_default().digest;
        load(view, id).is_some_and(|link| link.digests == [digest(link.pair.0), digest(link.pair.1)])
    }

    fn carry_out(
        &self,
        draft: &mut Draft<'_>,
        (patient, around): (PatientRef, &Surroundings),
        placed: Placed,
        tally: &mut Tally,
    ) {
        if let Some(link) = placed.link {
            let claim = Claim {
                says: Says::Linked,
                pair: around.patients(&link),
                author: Author::Rule(RULE_VERSION),
                evidence: Some(Evidence::of(link.pair.weight.total, link.pair.levels, self.population.versions())),
                reason: String::new(),
            };
            tally.linked += u64::from(assert(draft, &self.pen, claim).is_ok());
        }
        let mut wanted = BTreeSet::new();
        for decision in &placed.ask {
            let (one, other) = around.patients(decision);
            let pair = PairId::of(one, other);
            wanted.insert(pair);
            tally.asked += u64::from(self.ask(draft, pair, decision));
        }
        self.drop_settled(draft, (patient, around), &wanted);
    }

    /// Puts a question, or brings its figures up to date. Whether it is new.
    fn ask(&self, draft: &mut Draft<'_>, pair: PairId, decision: &Decision) -> bool {
        let old = question(draft, pair);
        let is_new = old.is_none();
        let fresh = Question::new(pair, decision, self.pen.now);
        // A first word about other reasons is no word about these.
        let kept = old.filter(|old| old.doubt == fresh.doubt);
        let question = match kept {
            Some(old) => {
                Question { asked: old.asked, later: old.later, first: old.first, is_disputed: old.is_disputed, ..fresh }
            }
            None => fresh,
        };
        draft.add(|batch| put_question(batch, &question));
        if is_new {
            let event = Event::new(self.pen.now, What::LinkAsked).patient(pair.0).note(format!("with {}", pair.1));
            draft.add(|batch| batch.log(event));
        }
        is_new
    }

    /// Questions about this patient that nobody needs to answer any more.
    fn drop_settled(
        &self,
        draft: &mut Draft<'_>,
        (patient, around): (PatientRef, &Surroundings),
        wanted: &BTreeSet<PairId>,
    ) {
        let own = members(draft, patient);
        let parted = apart(draft, &own);
        for other in asked_with(draft, patient) {
            let pair = PairId::of(patient, other);
            let contradicted = question(draft, pair).is_some_and(|question| question.doubt.is_none());
            if wanted.contains(&pair) || contradicted && own.contains(&other) {
                continue;
            }
            let weighs = around
                .pair(patient, other)
                .is_some_and(|(a, b)| around.linker.weigh(a, b).weight.total >= self.rule.probable_min);
            let theirs = members(draft, other);
            let is_apart = parted.iter().any(|(_, with)| theirs.contains(with));
            if !weighs || own.contains(&other) || is_apart {
                draft.add(|batch| remove_question(batch, pair));
            }
        }
    }
}

/// A patient among those who may be the same person.
struct Surroundings {
    linker: Linker,
    /// Who stands at which place of the linker; sorted.
    places: Vec<PatientRef>,
    persons: Vec<Vec<PatientRef>>,
}

impl Surroundings {
    fn placed(&self, view: &dyn View, patient: PatientRef, rule: &Rule) -> Placed {
        // Links may have been taken back since these were gathered.
        let all: BTreeSet<Vec<PatientRef>> = self.persons.iter().flatten().map(|one| members(view, *one)).collect();
        let place = |patient: &PatientRef| self.places.binary_search(patient).ok().map(|at| at as u32);
        let persons = all.iter().map(|person| person.iter().filter_map(place).collect::<Vec<u32>>());
        let persons: Vec<Vec<u32>> = persons.filter(|person| !person.is_empty()).collect();
        let parted = apart(view, &self.places);
        let apart: CannotLink = parted.iter().filter_map(|(a, b)| self.pair(*a, *b)).collect();
        let Some(at) = place(&patient) else { return Placed::default() };
        place_in(&Around { linker: &self.linker, at, persons: &persons, apart: &apart }, rule)
    }
    /// The places of two patients, the smaller first.
    fn pair(&self, one: PatientRef, other: PatientRef) -> Option<(u32, u32)> {
        let (one, other) = ordered((one, other));
        let place = |patient: PatientRef| self.places.binary_search(&patient).ok().map(|at| at as u32);
        Some((place(one)?, place(other)?))
    }
    fn patients(&self, decision: &Decision) -> (PatientRef, PatientRef) {
        let at = |place: u32| self.places.get(place as usize).copied().unwrap_or(PatientRef(0));
        (at(decision.pair.one), at(decision.pair.other))
    }
}

fn place_of(all: &BTreeMap<PatientRef, Known>, patient: PatientRef) -> u32 {
    all.range(..patient).count() as u32
}

fn known(view: &dyn View, patient: PatientRef) -> Option<Known> {
    let entry = patients::load(view, patient)?;
    let raw = crate::cards::demographics(view, patient, &entry);
    Some(Known { normal: normalise(&raw), raw, facility: entry.facility.to_string(), is_deleted: entry.is_deleted })
}

/// Who shares a key, those with the most keys first.
fn candidates(view: &dyn View, patient: PatientRef, tags: &[Tag]) -> Vec<PatientRef> {
    // Keys in common, and whether one of them is a key of few.
    let mut found: BTreeMap<PatientRef, (u32, bool)> = BTreeMap::new();
    for tag in tags {
        let block = bearers(view, tag, BLOCK_MAX + 1);
        let is_small = block.len() <= BLOCK_MAX;
        for other in block.into_iter().filter(|other| *other != patient) {
            let at = found.entry(other).or_default();
            *at = (at.0 + 1, at.1 || is_small);
        }
    }
    let mut all: Vec<(PatientRef, u32)> =
        found.into_iter().filter(|(_, (keys, small))| *small || *keys > 1).map(|(p, (keys, _))| (p, keys)).collect();
    all.sort_unstable_by_key(|(patient, keys)| (std::cmp::Reverse(*keys), *patient));
    all.truncate(CANDIDATES_MAX);
    all.into_iter().map(|(patient, _)| patient).collect()
}
