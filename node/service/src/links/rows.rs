//! What lies where. Keys and values hold numbers of patients, keyed hashes and weights, never a name or a date.
use super::assertion::LinkId;
use super::review::{PairId, Question};
use protocol::data::{Batch, Space, View, decode, encode};
use protocol::ids::PatientRef;
use serde::{Deserialize, Serialize};

/// What one assertion says of one patient, to be found from there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    /// The other patient.
    pub(super) other: PatientRef,
    /// One person, or two.
    pub(super) is_link: bool,
    /// A rule says so, no person.
    pub(super) is_auto: bool,
    /// Which assertion took it back.
    pub(super) withdrawn: Option<LinkId>,
}

/// Under which keys a patient is found, and of what data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tagged {
    pub(super) digest: [u8; 8],
    pub(super) tags: Vec<Tag>,
}

/// A keyed hash of one key. 80 bits: a false hit costs a look.
pub(super) type Tag = [u8; 10];

/// Notes that a patient changed and has to be linked, in the transaction that changes it.
pub(crate) fn note(batch: &mut Batch, patient: PatientRef, revision: u64) {
    batch.put(Space::Jobs, note_key(patient), encode(&revision));
}

/// Removes everything that is here of an erased patient. What others were linked with it is gone with it.
pub(crate) fn forget(view: &dyn View, batch: &mut Batch, patient: PatientRef) {
    if let Some(tagged) = tagged(view, patient) {
        tagged.tags.iter().for_each(|tag| batch.remove(Space::Tokens, probe_key(tag, patient)));
    }
    batch.remove(Space::People, tagged_key(patient));
    batch.remove(Space::Jobs, note_key(patient));
    for (id, line) in lines(view, patient) {
        batch.remove(Space::People, line_key(patient, id));
        batch.remove(Space::People, line_key(line.other, id));
        batch.remove(Space::People, link_key(id));
        batch.remove(Space::Desk, undo_key(id));
        if let Some(back) = line.withdrawn {
            batch.remove(Space::People, link_key(back));
        }
    }
    for other in asked_with(view, patient) {
        remove_question(batch, PairId::of(patient, other));
    }
    super::slip::forget(view, batch, patient);
}

pub(super) fn lines(view: &dyn View, patient: PatientRef) -> Vec<(LinkId, Line)> {
    let prefix = [LINE, &patient.0.to_be_bytes()].concat();
    let found = view.scan(Space::People, &prefix, &[], super::limits::LINES_MAX);
    let read = |(key, value): (Vec<u8>, Vec<u8>)| {
        let id = key.strip_prefix(prefix.as_slice())?.try_into().ok().map(u64::from_be_bytes)?;
        Some((LinkId(id), decode(&value)?))
    };
    found.into_iter().filter_map(read).collect()
}

pub(super) fn tagged(view: &dyn View, patient: PatientRef) -> Option<Tagged> {
    decode(&view.get(Space::People, &tagged_key(patient))?)
}

/// Up to `limit` patients under a key.
pub(super) fn bearers(view: &dyn View, tag: &Tag, limit: usize) -> Vec<PatientRef> {
    let prefix = [PROBE, tag].concat();
    let found = view.scan(Space::Tokens, &prefix, &[], limit);
    let number = |key: &[u8]| key.strip_prefix(prefix.as_slice())?.try_into().ok().map(u64::from_be_bytes);
    found.iter().filter_map(|(key, _)| number(key).map(PatientRef)).collect()
}

/// Patients with whom a question about this one is open.
pub(super) fn asked_with(view: &dyn View, patient: PatientRef) -> Vec<PatientRef> {
    let prefix = [ASKED_OF, &patient.0.to_be_bytes()].concat();
    let found = view.scan(Space::Desk, &prefix, &[], super::limits::LINES_MAX);
    let number = |key: &[u8]| key.strip_prefix(prefix.as_slice())?.try_into().ok().map(u64::from_be_bytes);
    found.iter().filter_map(|(key, _)| number(key).map(PatientRef)).collect()
}

pub(super) fn question(view: &dyn View, pair: PairId) -> Option<Question> {
    decode(&view.get(Space::Desk, &question_key(pair))?)
}

/// Up to `limit` open questions, by pair.
pub(super) fn questions(view: &dyn View, limit: usize) -> Vec<Question> {
    let found = view.scan(Space::Desk, ASKED, &[], limit);
    found.iter().filter_map(|(_, value)| decode(value)).collect()
}

pub(super) fn put_question(batch: &mut Batch, question: &Question) {
    let PairId(one, other) = question.pair;
    batch.put(Space::Desk, question_key(question.pair), encode(question));
    for (a, b) in [(one, other), (other, one)] {
        batch.put(Space::Desk, asked_of_key(a, b), Vec::new());
    }
}

pub(super) fn remove_question(batch: &mut Batch, pair: PairId) {
    batch.remove(Space::Desk, question_key(pair));
    for (a, b) in [(pair.0, pair.1), (pair.1, pair.0)] {
        batch.remove(Space::Desk, asked_of_key(a, b));
    }
}

pub(super) fn link_key(id: LinkId) -> Vec<u8> {
    [LINK, &id.0.to_be_bytes()].concat()
}
pub(super) fn line_key(patient: PatientRef, id: LinkId) -> Vec<u8> {
    [LINE, &patient.0.to_be_bytes(), &id.0.to_be_bytes()].concat()
}
pub(super) fn tagged_key(patient: PatientRef) -> Vec<u8> {
    [TAGGED, &patient.0.to_be_bytes()].concat()
}
pub(super) fn probe_key(tag: &Tag, patient: PatientRef) -> Vec<u8> {
    [PROBE, tag, &patient.0.to_be_bytes()].concat()
}
pub(super) fn note_key(patient: PatientRef) -> Vec<u8> {
    [NOTE, &patient.0.to_be_bytes()].concat()
}
pub(super) fn undo_key(id: LinkId) -> Vec<u8> {
    [UNDO, &id.0.to_be_bytes()].concat()
}
pub(super) fn slip_key(staff: &str) -> Vec<u8> {
    [SLIP, staff.as_bytes()].concat()
}
pub(super) fn census_key(part: u32) -> Vec<u8> {
    [CENSUS, &part.to_be_bytes()].concat()
}
fn question_key(pair: PairId) -> Vec<u8> {
    [ASKED, &pair.0.0.to_be_bytes(), &pair.1.0.to_be_bytes()].concat()
}
fn asked_of_key(patient: PatientRef, other: PatientRef) -> Vec<u8> {
    [ASKED_OF, &patient.0.to_be_bytes(), &other.0.to_be_bytes()].concat()
}

/// In [`Space::People`]: assertions by number.
pub(super) const LINK: &[u8] = b"link/";
/// In [`Space::People`]: what is said of a patient.
const LINE: &[u8] = b"linkof/";
/// In [`Space::People`]: under which keys a patient is found.
const TAGGED: &[u8] = b"linktags/";
/// In [`Space::Tokens`].
const PROBE: &[u8] = b"probe/";
/// In [`Space::Jobs`]: patients that changed.
pub(super) const NOTE: &[u8] = b"link/";
/// In [`Space::Desk`]: open questions by pair, and by patient.
const ASKED: &[u8] = b"linkask/";
const ASKED_OF: &[u8] = b"linkaskof/";
/// In [`Space::Desk`]: links whose undoing waits for a second person.
const UNDO: &[u8] = b"linkundo/";
/// In [`Space::Desk`]: what each member of staff said last, to be taken back within minutes.
pub(super) const SLIP: &[u8] = b"linkslip/";
/// In [`Space::Meta`].
pub(super) const NEXT_LINK: &[u8] = b"links/next";
pub(super) const CENSUS: &[u8] = b"links/census/";
pub(super) const RUN: &[u8] = b"links/run";
pub(super) const BEGUN: &[u8] = b"links/begun";
