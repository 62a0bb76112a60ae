use super::entry::{PatientEntry, load};
use super::query::{Query, Word};
use super::tokens::{TokenKey, fields, with_token};
use crate::clock::Clock;
use crate::staff::Staff;
use protocol::audit::{Event, What};
use protocol::data::{Batch, Outcome, View};
use protocol::ids::{FacilityId, PatientId, PatientRef};
use protocol::kinds::KindSet;
use protocol::time::Date;
use records::model::Sex;
use std::collections::BTreeSet;
use std::sync::Arc;
use store::Store;

/// Why patients could not be found or shown. Nothing was shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    /// Nothing in the text can be looked for.
    #[error("type a name or its beginning (kanji, kana or Latin letters), a patient number or a birth date")]
    Empty,
    /// No such patient at this node.
    #[error("there is no patient {0} at this node")]
    Unknown(PatientRef),
    /// What is shown must be in the log first, and the log could not be written.
    #[error("nothing is shown, since the log could not be written: {0}")]
    Log(String),
}

/// One patient in a list. Personal data; `Debug` prints none.
#[derive(Clone, PartialEq, Eq)]
pub struct PatientRow {
    /// The node's own number of the patient.
    pub patient: PatientRef,
    /// Whose patient.
    pub facility: FacilityId,
    /// Authority and number.
    pub id: PatientId,
    /// The written name.
    pub name: String,
    /// Its reading.
    pub kana: String,
    /// Birth date.
    pub birth: Option<Date>,
    /// Sex.
    pub sex: Sex,
    /// Kinds of which this node holds something.
    pub kinds: KindSet,
    /// Number of current records.
    pub records: u32,
    /// The facility deleted this patient.
    pub is_deleted: bool,
}

impl std::fmt::Debug for PatientRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PatientRow {} ‹redacted›", self.patient)
    }
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// At most `FOUND_MAX`, by reading, then by number.
    pub patients: Vec<PatientRow>,
    /// There are more: add a word.
    pub more: bool,
}

/// The patients of a node's facilities. Cheap to clone.
#[derive(Clone)]
pub struct Patients {
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    tokens: TokenKey,
}

impl Patients {
    /// The patients in this store.
    pub fn new(store: Arc<Store>, clock: Arc<dyn Clock>) -> Self {
        let tokens = TokenKey::of(&store);
        Self { store, clock, tokens }
    }

    /// Looks for patients; the search is in the log before anything is shown.
    ///
    /// # Errors
    /// [`FindError`]; nothing is shown then.
    pub fn find(&self, staff: &Staff, query: &Query) -> Result<Found, FindError> {
        let words = query.words();
        if words.is_empty() {
            return Err(FindError::Empty);
        }
        let found = self.search(&words, query.facility.as_ref());
        let count = u32::try_from(found.patients.len()).unwrap_or(u32::MAX);
        let mut event = Event::new(self.clock.now(), What::PatientFound).staff(staff.id()).count(count);
        if let [only] = found.patients.as_slice() {
            event = event.patient(only.patient);
        }
        self.log(match &query.facility {
            Some(facility) => event.facility(facility.clone()),
            None => event,
        })?;
        Ok(found)
    }

    /// Everything that is known of one patient; it is in the log before it is shown.
    ///
    /// # Errors
    /// [`FindError`]; nothing is shown then.
    pub fn show(&self, staff: &Staff, patient: PatientRef) -> Result<PatientEntry, FindError> {
        let entry = self.entry(patient).ok_or(FindError::Unknown(patient))?;
        let event = Event::new(self.clock.now(), What::PatientFound).staff(staff.id()).count(1).patient(patient);
        self.log(event.facility(entry.facility.clone()))?;
        Ok(entry)
    }

    /// The patient with this authority and number; tells nothing but whether there is one.
    pub fn by_id(&self, id: &PatientId) -> Option<PatientRef> {
        super::tokens::find_by_id(&self.store.view(), &self.tokens, id, None)
    }

    /// What is known of a patient, for publishing, locating and linking inside the node; nothing of it may be shown.
    pub fn entry(&self, patient: PatientRef) -> Option<PatientEntry> {
        load(&self.store.view(), patient)
    }

    /// How many patients this node knows.
    pub fn count(&self) -> u64 {
        let next = self.store.view().get(protocol::data::Space::Meta, super::NEXT_KEY);
        next.and_then(|value| protocol::data::decode::<u64>(&value)).map_or(0, |next| next.saturating_sub(1))
    }

    /// The shortest list of candidates is gone through; every word must fit each of them.
    fn search(&self, words: &[Word], facility: Option<&FacilityId>) -> Found {
        let view = self.store.view();
        let lists = words.iter().map(|word| self.candidates(&view, word));
        let Some(shortest) = lists.min_by_key(BTreeSet::len) else { return Found::default() };
        let mut found = Found { more: shortest.len() >= CANDIDATES_MAX, ..Found::default() };
        for patient in shortest {
            let Some(entry) = load(&view, patient) else { continue };
            let own = fields(&entry);
            if facility.is_some_and(|facility| *facility != entry.facility) || !words.iter().all(|word| word.fits(&own))
            {
                continue;
            }
            if found.patients.len() >= FOUND_MAX {
                found.more = true;
                break;
            }
            found.patients.push(row(patient, &entry));
        }
        found.patients.sort_by(|a, b| (&a.kana, &a.id).cmp(&(&b.kana, &b.id)));
        found
    }

    fn candidates(&self, view: &dyn View, word: &Word) -> BTreeSet<PatientRef> {
        let lists = word
            .may
            .iter()
            .map(|(field, text)| with_token(view, &self.tokens.prefix(*field, &field.cut(text)), CANDIDATES_MAX));
        lists.flatten().take(CANDIDATES_MAX).collect()
    }

    fn log(&self, event: Event) -> Result<(), FindError> {
        let mut batch = Batch::default();
        batch.log(event);
        match self.store.commit(batch) {
            Outcome::Committed { .. } => Ok(()),
            Outcome::Failed(why) => Err(FindError::Log(why)),
        }
    }
}

fn row(patient: PatientRef, entry: &PatientEntry) -> PatientRow {
    PatientRow {
        patient,
        facility: entry.facility.clone(),
        id: entry.id.clone(),
        name: entry.shown_name(),
        kana: entry.shown_kana(),
        birth: *entry.patient.birth_date.expose(),
        sex: entry.patient.sex,
        kinds: entry.kinds(),
        records: entry.current_records(),
        is_deleted: entry.is_deleted,
    }
}

/// Patients in one answer: a page that a clerk can read through.
pub const FOUND_MAX: usize = 50;
/// Candidates of one word that are gone through: a common first letter of a large hospital's names. About 100 ms.
const CANDIDATES_MAX: usize = 5_000;
