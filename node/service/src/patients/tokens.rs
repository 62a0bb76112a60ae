//! Search tokens: `"find/" ‖ space ‖ keyed hash of the text ‖ p` in [`Space::Tokens`].
use super::PatientEntry;
use super::entry::load;
use matching::normal::{insurance, kana, kanji, name};
use protocol::crypto::mac;
use protocol::data::{Space, View};
use protocol::ids::{FacilityId, PatientId, PatientRef};
use records::model::NameForm;
use std::collections::BTreeSet;
use store::Store;

/// The key of the hashes; made from the store's own.
#[derive(Clone, Copy)]
pub(crate) struct TokenKey([u8; 32]);

/// What a token is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Field {
    /// Authority and number, exactly.
    Id = 0,
    /// The number, in one form.
    Number = 1,
    /// The beginning of a name's reading: folded kana, or Latin capitals.
    Kana = 2,
    /// The beginning of a written name: folded kanji.
    Kanji = 3,
    /// Birth date, `YYYYMMDD`.
    Birth = 4,
}

impl Field {
    /// Of how many characters a beginning is found at most; longer ones are compared afterwards.
    pub(crate) fn prefix_chars(self) -> Option<usize> {
        match self {
            Self::Kana => Some(8),
            Self::Kanji => Some(6),
            Self::Id | Self::Number | Self::Birth => None,
        }
    }
    /// The text whose token finds `text`.
    pub(crate) fn cut(self, text: &str) -> String {
        match self.prefix_chars() {
            Some(most) => text.chars().take(most).collect(),
            None => text.to_owned(),
        }
    }
}

impl TokenKey {
    /// The key of this store.
    pub(crate) fn of(store: &Store) -> Self {
        Self(*store.key_for("service/tokens"))
    }
    /// Under which prefix the patients with this text lie.
    pub(crate) fn prefix(&self, field: Field, text: &str) -> Vec<u8> {
        let hash = mac(&self.0, &[&[field as u8], text.as_bytes()]);
        [b"find/".as_slice(), &[field as u8], &hash[..HASH_BYTES]].concat()
    }
    /// Where it is noted, in [`Space::Meta`], that the patient with this number was erased and is not taken in again.
    pub(crate) fn erased_key(&self, facility: &FacilityId, id: &PatientId) -> Vec<u8> {
        let hash = mac(&self.0, &[ERASED, facility.as_bytes(), id_text(id).as_bytes()]);
        [ERASED, &hash[..16]].concat()
    }
    /// Whether the patient with this number was erased.
    pub(crate) fn is_erased(&self, view: &dyn View, facility: &FacilityId, id: &PatientId) -> bool {
        view.get(Space::Meta, &self.erased_key(facility, id)).is_some()
    }
    /// Every key under which a patient is found.
    pub(crate) fn keys(&self, patient: PatientRef, entry: &PatientEntry) -> BTreeSet<Vec<u8>> {
        let mut texts: BTreeSet<(Field, String)> = BTreeSet::new();
        for (field, text) in fields(entry) {
            match field.prefix_chars() {
                None => {
                    texts.insert((field, text));
                }
                Some(most) => {
                    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8()).take(most);
                    texts.extend(ends.map(|end| (field, text[..end].to_owned())));
                }
            }
        }
        let p = patient.0.to_be_bytes();
        texts.iter().map(|(field, text)| [self.prefix(*field, text).as_slice(), &p].concat()).collect()
    }
}

/// Every text under which a patient is found, whole.
pub(crate) fn fields(entry: &PatientEntry) -> BTreeSet<(Field, String)> {
    let mut out = BTreeSet::new();
    out.insert((Field::Id, id_text(&entry.id)));
    out.extend(number_forms(entry.id.expose_number()).into_iter().map(|text| (Field::Number, text)));
    if let Some(birth) = entry.patient.birth_date.expose() {
        out.insert((Field::Birth, birth.number().to_string()));
    }
    for written in &entry.patient.names {
        let read = name::read(written.family.expose(), written.given.expose());
        let parts = [read.family, read.given, Some(read.whole), read.other_family, read.alias];
        for part in parts.into_iter().flatten() {
            let sound = kana::folded(&part);
            if kana::is_whole(&sound) {
                out.insert((Field::Kana, sound));
            }
            if written.form == NameForm::Kanji {
                out.insert((Field::Kanji, kanji::folded(&part)));
            }
        }
    }
    out.retain(|(_, text)| !text.is_empty());
    out
}

/// A number as people type it: width and case folded, with and without leading zeros.
pub(crate) fn number_forms(number: &str) -> BTreeSet<String> {
    let plain = insurance::patient_key(number);
    let short = plain.trim_start_matches('0').to_owned();
    [plain, short].into_iter().filter(|text| !text.is_empty()).collect()
}

/// Up to `limit` patients with this text, in the order of their numbers.
pub(crate) fn with_token(view: &dyn View, prefix: &[u8], limit: usize) -> Vec<PatientRef> {
    let found = view.scan(Space::Tokens, prefix, &[], limit);
    let p = |key: &[u8]| key.strip_prefix(prefix)?.try_into().ok().map(u64::from_be_bytes).map(PatientRef);
    found.iter().filter_map(|(key, _)| p(key)).collect()
}

/// The patient of this node with exactly this authority and number, of this facility or of any.
pub(crate) fn find_by_id(
    view: &dyn View,
    key: &TokenKey,
    id: &PatientId,
    facility: Option<&FacilityId>,
) -> Option<PatientRef> {
    let prefix = key.prefix(Field::Id, &id_text(id));
    let found = with_token(view, &prefix, SAME_HASH_MAX);
    let fits = |entry: PatientEntry| entry.id == *id && facility.is_none_or(|facility| *facility == entry.facility);
    found.into_iter().find(|patient| load(view, *patient).is_some_and(fits))
}

fn id_text(id: &PatientId) -> String {
    format!("{}\0{}", id.authority(), id.expose_number())
}

/// Before keyed hashes of erased patients' numbers.
pub(crate) const ERASED: &[u8] = b"erased/";
/// 80 bits: a false hit is compared away, it only must not be common.
const HASH_BYTES: usize = 10;
/// Patients whose hashes fall together are never so many.
const SAME_HASH_MAX: usize = 16;
