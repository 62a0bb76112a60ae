//! Records (診療記録) for reading: own ones as lists and as views, and fetched copies in the same form.
//!
//! What is shown is in the log first. Own records are never changed here.
use crate::bodies::{Body, BodyError};
use crate::clock::Clock;
use crate::documents::{self, DocumentError};
use crate::limits::COPIED_FILE_BYTES_MAX;
use crate::links::reach::{reach, through};
use crate::patients;
use crate::staff::Staff;
use crate::view_cache::{CopiedItem, CopyError, ViewCache};
use protocol::audit::{Event, What};
use protocol::data::{Batch, Outcome, View};
use protocol::fetch::{RecordHead, State, heads};
use protocol::ids::{FacilityId, PatientRef, RequestId};
use protocol::kinds::{DataKind, KindSet};
use protocol::limits::CHUNK_BYTES_MAX;
use protocol::time::{Date, Millis};
use records::Problem;
use records::limits::MESSAGE_BYTES_MAX;
use records::model::Clinical;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::sync::Arc;
use store::Store;

/// One own record's name within its patient, fit for URLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(pub [u8; 16]);

impl RecordId {
    /// Reads its 32 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 32 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        let mut id = [0; 16];
        for (byte, pair) in id.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(id))
    }
    /// The name at the end of a head's key.
    pub(crate) fn of_key(head_key: &[u8]) -> Option<Self> {
        head_key.last_chunk::<16>().copied().map(Self)
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// One own record in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordRow {
    /// Its name.
    pub id: RecordId,
    /// Who holds it: a facility of this node.
    pub facility: FacilityId,
    /// What it is.
    pub kind: DataKind,
    /// 診療日
    pub care_date: Option<Date>,
    /// When its source made it.
    pub at: Millis,
    /// 診療科
    pub department: String,
    /// One line.
    pub title: String,
    /// Its bytes.
    pub size: u64,
    /// Whether it holds.
    pub state: State,
    /// Which feed brought it.
    pub source: String,
    /// When this node stored it.
    pub stored_at: Millis,
}

/// A record as people read it. `Debug` prints nothing of a patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordView {
    /// Read.
    Clinical {
        /// What it says.
        clinical: Box<Clinical>,
        /// What was odd about it.
        problems: Vec<Problem>,
    },
    /// The bytes are here and cannot be read by this release; they can be saved.
    Unreadable(String),
}

/// One record, shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownRecord {
    /// Its line.
    pub row: RecordRow,
    /// What it says.
    pub view: RecordView,
}

/// One copy of another holder's record, shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownCopy {
    /// Its line.
    pub copy: CopiedItem,
    /// What it says.
    pub view: RecordView,
}

/// Why a record is not shown.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// No such record of this patient.
    #[error("there is no such record of patient {0} at this node")]
    Unknown(PatientRef),
    /// Its bytes cannot be read.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The copy cannot be read.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// It is no document, or has no such file.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// Whoever takes the bytes does not take them.
    #[error("the record could not be written out")]
    Output(#[from] std::io::Error),
    /// What is shown must be in the log first, and the log could not be written.
    #[error("nothing is shown, since the log could not be written: {0}")]
    Log(String),
}

/// The records of a node's patients. Cheap to clone.
#[derive(Clone)]
pub struct Records {
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
}

impl Records {
    /// The records in this store.
    pub fn new(store: Arc<Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// All versions of all own records of a patient, oldest 診療日 first, those without a date before all; then those of other
    /// patients of this node that are the same person, as far as their consents let `staff` see them.
    ///
    /// # Errors
    /// [`RecordError`]; nothing is shown then.
    pub fn list(&self, staff: &Staff, patient: PatientRef) -> Result<Vec<RecordRow>, RecordError> {
        let view = self.store.view();
        let mut all = Vec::new();
        for member in reach(&view, staff, patient, self.clock.now()) {
            let mut rows = rows(&view, member.patient);
            rows.retain(|row| member.kinds.has(row.kind.coarse()));
            let kinds = rows.iter().fold(KindSet::NONE, |all, row| all.or(KindSet::of(&[row.kind.coarse()])));
            if member.patient == patient || !rows.is_empty() {
                self.log(staff, (patient, member.patient), kinds, rows.len())?;
            }
            all.extend(rows);
        }
        Ok(all)
    }

    /// One own record as people read it.
    ///
    /// # Errors
    /// [`RecordError`]; nothing is shown then.
    pub fn show(&self, staff: &Staff, patient: PatientRef, id: RecordId) -> Result<ShownRecord, RecordError> {
        let (owner, head) = self.head(staff, patient, id)?;
        let body = self.body(owner, &head)?;
        let view = view_of(&head.key.kind, &body)?;
        self.log(staff, (patient, owner), KindSet::of(&[head.key.kind.coarse()]), 1)?;
        Ok(ShownRecord { row: row(id, head), view })
    }

    /// One own record's content, not logged: for use cases that log what they show.
    pub(crate) fn read_own(&self, owner: PatientRef, head: &RecordHead) -> Result<RecordView, RecordError> {
        Ok(view_of(&head.key.kind, &self.body(owner, head)?)?)
    }

    /// Every record that `staff` sees on a patient's page, with whose it is; tells nothing of it.
    pub(crate) fn seen(&self, staff: &Staff, patient: PatientRef) -> BTreeMap<RecordId, (PatientRef, RecordHead)> {
        let view = self.store.view();
        let mut all = BTreeMap::new();
        for member in reach(&view, staff, patient, self.clock.now()) {
            for (key, head) in heads(&view, member.patient) {
                if let Some(id) = RecordId::of_key(&key).filter(|_| member.kinds.has(head.key.kind.coarse())) {
                    all.entry(id).or_insert((member.patient, head));
                }
            }
        }
        all
    }

    /// Writes one own record out, byte for byte as its source wrote it (a document: with its head).
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn write_to(
        &self,
        staff: &Staff,
        patient: PatientRef,
        id: RecordId,
        out: &mut dyn Write,
    ) -> Result<u64, RecordError> {
        let (owner, head) = self.head(staff, patient, id)?;
        let body = self.body(owner, &head)?;
        self.log(staff, (patient, owner), KindSet::of(&[head.key.kind.coarse()]), 1)?;
        for index in 0..body.chunks() {
            out.write_all(&body.chunk(index)?)?;
        }
        Ok(head.size)
    }

    /// Writes one file of an own document out.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn write_file_to(
        &self,
        staff: &Staff,
        (patient, id): (PatientRef, RecordId),
        name: &str,
        out: &mut dyn Write,
    ) -> Result<u64, RecordError> {
        let (owner, head) = self.head(staff, patient, id)?;
        let body = self.body(owner, &head)?;
        let document = documents::read_head(&start_of(&body)?, body.len())?;
        let range = documents::file_range(&document, name).ok_or(DocumentError::Damaged)?;
        self.log(staff, (patient, owner), KindSet::of(&[head.key.kind.coarse()]), 1)?;
        for index in range.start / CHUNK_BYTES_MAX..range.end.div_ceil(CHUNK_BYTES_MAX) {
            let chunk = body.chunk(index)?;
            let begins = index * CHUNK_BYTES_MAX;
            let within = |at: u64| usize::try_from(at.saturating_sub(begins)).unwrap_or(usize::MAX).min(chunk.len());
            out.write_all(chunk.get(within(range.start)..within(range.end)).unwrap_or_default())?;
        }
        Ok(range.end - range.start)
    }

    /// One copy of another holder's record as people read it.
    ///
    /// # Errors
    /// [`RecordError`]; nothing is shown then.
    pub fn show_copy(
        &self,
        staff: &Staff,
        cache: &ViewCache,
        (request, item): (RequestId, [u8; 16]),
    ) -> Result<ShownCopy, RecordError> {
        let now = self.clock.now();
        let (patient, _) = cache.find(request, item, now).ok_or(CopyError::Gone)?;
        let (copy, view) = self.read_copy(patient, cache, (request, item))?;
        self.log_copy(staff, patient, &copy)?;
        Ok(ShownCopy { copy, view })
    }

    /// Writes one file of a copied document out.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn write_copied_file_to(
        &self,
        staff: &Staff,
        (patient, cache): (PatientRef, &ViewCache),
        (request, item): (RequestId, [u8; 16]),
        name: &str,
        out: &mut dyn Write,
    ) -> Result<u64, RecordError> {
        let now = self.clock.now();
        let (owner, copy) = cache.find(request, item, now).ok_or(CopyError::Gone)?;
        if owner != patient {
            return Err(RecordError::Unknown(patient));
        }
        let bytes = cache.bytes(request, item, now, COPIED_FILE_BYTES_MAX)?;
        let file = documents::file_of(&bytes, name)?;
        self.log_copy(staff, patient, &copy)?;
        out.write_all(file.expose())?;
        Ok(file.expose().len() as u64)
    }

    /// One copy's content, not logged: for use cases that log what they show.
    pub(crate) fn read_copy(
        &self,
        patient: PatientRef,
        cache: &ViewCache,
        (request, item): (RequestId, [u8; 16]),
    ) -> Result<(CopiedItem, RecordView), RecordError> {
        let now = self.clock.now();
        let (owner, copy) = cache.find(request, item, now).ok_or(CopyError::Gone)?;
        if owner != patient {
            return Err(RecordError::Unknown(patient));
        }
        let start = cache.start(request, item, now, documents::HEAD_MIN)?;
        let view = match documents::head_len(&start) {
            Ok(length) => of_document(&cache.start(request, item, now, length)?, copy.item.size),
            Err(_) => of_message(&copy.item.kind, &cache.bytes(request, item, now, MESSAGE_BYTES_MAX as u64)?),
        };
        Ok((copy, view))
    }

    pub(crate) fn now(&self) -> Millis {
        self.clock.now()
    }

    /// Says in the log that so many own records of these kinds are shown: on whose page, and whose.
    pub(crate) fn log_shown(
        &self,
        staff: &Staff,
        patient: (PatientRef, PatientRef),
        (kinds, count): (KindSet, u32),
    ) -> Result<(), RecordError> {
        self.log(staff, patient, kinds, usize::try_from(count).unwrap_or(usize::MAX))
    }

    fn log_copy(&self, staff: &Staff, patient: PatientRef, copy: &CopiedItem) -> Result<(), RecordError> {
        let event = Event::new(self.clock.now(), What::Shown).staff(staff.id()).patient(patient).request(copy.request);
        let kinds = KindSet::of(&[copy.item.kind.coarse()]);
        self.write_log(event.peer(copy.holder.clone()).kinds(kinds).count(1))
    }

    /// Whether `staff` still sees a record on a patient's page; tells nothing of it.
    pub fn is_seen(&self, staff: &Staff, patient: PatientRef, id: RecordId) -> bool {
        self.head(staff, patient, id).is_ok()
    }

    /// A record of a patient, or of another that is the same person, with whose it is.
    fn head(&self, staff: &Staff, patient: PatientRef, id: RecordId) -> Result<(PatientRef, RecordHead), RecordError> {
        let view = self.store.view();
        let of = |owner: PatientRef| {
            let found = heads(&view, owner).into_iter().find(|(key, _)| RecordId::of_key(key) == Some(id));
            found.map(|(_, head)| (owner, head))
        };
        if let Some(own) = of(patient) {
            return Ok(own);
        }
        let others = reach(&view, staff, patient, self.clock.now()).into_iter().skip(1);
        let mut seen =
            others.filter_map(|member| of(member.patient).filter(|(_, head)| member.kinds.has(head.key.kind.coarse())));
        seen.next().ok_or(RecordError::Unknown(patient))
    }

    fn body(&self, patient: PatientRef, head: &RecordHead) -> Result<Body, RecordError> {
        Ok(Body::open(&self.store.view(), self.store.blobs(), patient, head.place)?)
    }

    fn log(
        &self,
        staff: &Staff,
        (page, owner): (PatientRef, PatientRef),
        kinds: KindSet,
        count: usize,
    ) -> Result<(), RecordError> {
        let event = Event::new(self.clock.now(), What::Shown).staff(staff.id()).patient(owner).kinds(kinds);
        let event = event.count(u32::try_from(count).unwrap_or(u32::MAX));
        let event = if page == owner { event } else { event.note(through(page)) };
        let facility = patients::load(&self.store.view(), owner).map(|entry| entry.facility);
        self.write_log(match facility {
            Some(facility) => event.facility(facility),
            None => event,
        })
    }

    pub(crate) fn write_log(&self, event: Event) -> Result<(), RecordError> {
        let mut batch = Batch::default();
        batch.log(event);
        match self.store.commit(batch) {
            Outcome::Committed { .. } => Ok(()),
            Outcome::Failed(why) => Err(RecordError::Log(why)),
        }
    }
}

/// All versions of all own records of a patient, not logged: for use cases that log what they show.
pub(crate) fn rows(view: &dyn View, patient: PatientRef) -> Vec<RecordRow> {
    let rows = heads(view, patient).into_iter().filter_map(|(key, head)| Some(row(RecordId::of_key(&key)?, head)));
    rows.collect()
}

/// The bytes of a record as people read it.
///
/// # Errors
/// [`BodyError`] if the bytes cannot be read; that they make no sense is a view.
pub fn view_of(kind: &DataKind, body: &Body) -> Result<RecordView, BodyError> {
    let start = start_of(body)?;
    if documents::head_len(&start).is_ok() {
        return Ok(of_document(&start, body.len()));
    }
    if body.len() > MESSAGE_BYTES_MAX as u64 {
        return Err(BodyError::TooLarge { size: body.len(), max: MESSAGE_BYTES_MAX as u64 });
    }
    let mut bytes = start;
    for index in bytes.len() as u64 / CHUNK_BYTES_MAX..body.chunks() {
        if index > 0 || bytes.is_empty() {
            bytes.extend_from_slice(&body.chunk(index)?);
        }
    }
    Ok(of_message(kind, &bytes))
}

/// The first chunk; of a document as many as its head has.
fn start_of(body: &Body) -> Result<Vec<u8>, BodyError> {
    if body.is_empty() {
        return Ok(Vec::new());
    }
    let mut start = body.chunk(0)?;
    let wanted = documents::head_len(&start).unwrap_or(0) as u64;
    let mut next = 1;
    while (start.len() as u64) < wanted && next < body.chunks() {
        start.extend_from_slice(&body.chunk(next)?);
        next += 1;
    }
    Ok(start)
}

fn of_document(start: &[u8], size: u64) -> RecordView {
    match documents::read_head(start, size) {
        Ok(mut document) => {
            document.about = documents::about(&document, start);
            RecordView::Clinical { clinical: Box::new(Clinical::Document(Box::new(document))), problems: Vec::new() }
        }
        Err(error) => RecordView::Unreadable(error.to_string()),
    }
}

fn of_message(kind: &DataKind, bytes: &[u8]) -> RecordView {
    match records::parse_record(kind, bytes) {
        Ok(parsed) => RecordView::Clinical { clinical: Box::new(parsed.value), problems: parsed.problems },
        Err(failure) => RecordView::Unreadable(failure.to_string()),
    }
}

fn row(id: RecordId, head: RecordHead) -> RecordRow {
    RecordRow {
        id,
        facility: head.key.facility,
        kind: head.key.kind,
        care_date: head.key.care_date,
        at: head.at,
        department: head.department,
        title: head.title,
        size: head.size,
        state: head.state,
        source: head.source,
        stored_at: head.stored_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_ids_read_back_and_nothing_else_does() {
        let id = RecordId([0xA7; 16]);
        assert_eq!(RecordId::parse(&id.to_string()), Some(id));
        assert_eq!(RecordId::parse("+7".repeat(16).as_str()), None);
        assert_eq!(RecordId::parse(""), None);
    }
    #[test]
    fn bytes_of_any_length_are_read_whole() {
        for size in [0usize, 1, 1 << 18, (1 << 18) + 7, 600_000] {
            let body = Body::Frame(vec![b'x'; size]);
            let kind = DataKind::parse("OML-11").expect("a kind");
            assert!(matches!(view_of(&kind, &body), Ok(RecordView::Unreadable(_))), "{size} bytes");
        }
    }
}
