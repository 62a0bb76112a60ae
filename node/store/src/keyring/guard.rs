//! Values of patients: sealed with their patient's key before anything else sees them.
//!
//! What the store calls a *raw* value is what the journal, the index, snapshots and backups hold. A patient's is
//! `FF "mk" 01 ‖ p (varint) ‖ sealed`, sealed for its space and key. Any other value lies as it is, unless it happens to
//! begin like one: then `FF "mk" 00` stands before it.
use super::ring::{Keyring, KeyringError, Lookup};
use crate::limits::{PACK_BYTES_MIN, VALUE_BYTES_MAX};
use crate::pack::{Effort, pack, unpack};
use protocol::audit::Event;
use protocol::data::{ERASED, Space, decode};
use protocol::ids::PatientRef;
use std::sync::Arc;

/// Why a raw value cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ValueError {
    /// Its bytes are damaged, or belong elsewhere.
    Damaged,
    /// Its key cannot be had.
    Key(KeyringError),
}

/// Seals and opens values of patients.
#[derive(Clone)]
pub(crate) struct Guard {
    pub(crate) ring: Arc<Keyring>,
}

impl Guard {
    /// The raw form of `value`. Its owner's key must be there.
    pub(crate) fn seal(&self, space: Space, key: &[u8], value: &[u8]) -> Result<Vec<u8>, KeyringError> {
        let owner = owner(space, key, value);
        let value = plain(value);
        let Some(p) = owner else { return Ok(as_it_is(value)) };
        match self.ring.find(p)? {
            Lookup::Live(seal) => {
                let effort = if value.len() >= PACK_BYTES_MIN { Effort::Squeeze } else { Effort::Plain };
                let sealed = seal.seal(&place(space, key), pack(value, effort));
                let mut out = Vec::with_capacity(MAGIC.len() + 11 + sealed.len());
                out.extend_from_slice(MAGIC);
                out.push(OWNED);
                put_varint(&mut out, p);
                out.extend_from_slice(&sealed);
                Ok(out)
            }
            // What is told of a patient after its erasure holds nothing of it but the number.
            Lookup::Erased if space == Space::Audit => Ok(as_it_is(value)),
            Lookup::Erased | Lookup::Blank => Err(KeyringError::Lost(p)),
        }
    }

    /// The value again; [`ERASED`] if its patient was erased.
    pub(crate) fn open(&self, space: Space, key: &[u8], raw: Vec<u8>) -> Result<Vec<u8>, ValueError> {
        let Some(rest) = raw.strip_prefix(MAGIC) else { return Ok(raw) };
        match rest.split_first() {
            Some((&ESCAPED, value)) => Ok(value.to_vec()),
            Some((&OWNED, rest)) => {
                let (p, sealed) = take_varint(rest).ok_or(ValueError::Damaged)?;
                let seal = match self.ring.find(p).map_err(ValueError::Key)? {
                    Lookup::Live(seal) => seal,
                    Lookup::Erased => return Ok(ERASED.to_vec()),
                    Lookup::Blank => return Err(ValueError::Key(KeyringError::Lost(p))),
                };
                let packed = seal.open(&place(space, key), sealed.to_vec()).ok_or(ValueError::Damaged)?;
                unpack(packed, VALUE_BYTES_MAX).ok_or(ValueError::Damaged)
            }
            _ => Err(ValueError::Damaged),
        }
    }

    /// Whether a value may be written: not of a patient who was erased, nor of one who cannot be.
    pub(crate) fn admit(&self, space: Space, key: &[u8], value: &[u8]) -> Result<(), String> {
        let Some(p) = owner(space, key, value) else { return Ok(()) };
        match self.ring.find(p) {
            Ok(Lookup::Erased) if space != Space::Audit => {
                Err(format!("patient {p} was erased; nothing more is written of it"))
            }
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Marks a value, in any space, as that of a patient, for the batch that writes it: it is sealed with the patient's key, and
/// read as it was given. In the spaces whose keys begin with the patient's number there is no need to.
pub fn owned(patient: PatientRef, value: &[u8]) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.push(MARKED);
    out.extend_from_slice(&patient.0.to_be_bytes());
    out.extend_from_slice(value);
    out
}

/// What is read in the place of a value whose patient was erased.
pub fn erased_value() -> &'static [u8] {
    ERASED
}

/// Whose value it is: by its key, by the event that it is, or by the mark of [`owned`].
pub(crate) fn owner(space: Space, key: &[u8], value: &[u8]) -> Option<u64> {
    let number = |from: usize| {
        let bytes = key.get(from..)?.first_chunk::<8>()?;
        Some(u64::from_be_bytes(*bytes))
    };
    let by_key = match space {
        Space::Patients if key.len() == 8 => number(0),
        Space::Records if key.len() >= RECORD_KEY_MIN => number(0),
        Space::Bodies if key.len() == 12 => number(0),
        Space::Consents if key.len() == 32 => number(0),
        Space::Entries if key.len() == 15 && key.starts_with(b"source/") => number(7),
        Space::Entries if key.len() == 50 && key.starts_with(b"published/") => number(42),
        Space::Entries if key.len() == 45 && key.starts_with(b"tags/") => number(5),
        Space::Desk if key.len() == 32 && key.starts_with(b"capture/") => number(8),
        Space::Desk if key.len() == 30 && key.starts_with(b"glass/") => number(6),
        Space::Desk if key.len() == 31 && key.starts_with(b"recall/") => number(7),
        Space::People if key.len() == 35 && key.starts_with(b"r") => number(1),
        Space::Audit if key.len() == 9 && key.starts_with(b"e") => {
            decode::<Event>(value).and_then(|event| event.patient).map(|patient| patient.0)
        }
        _ => marked(value).map(|(p, _)| p),
    };
    by_key.filter(|p| *p > 0)
}

/// The value without the mark of [`owned`].
pub(crate) fn plain(value: &[u8]) -> &[u8] {
    marked(value).map_or(value, |(_, value)| value)
}

/// Whether a raw value is sealed with a patient's key: nothing can shorten it.
pub(crate) fn is_guarded(raw: &[u8]) -> bool {
    raw.strip_prefix(MAGIC).is_some_and(|rest| rest.first() == Some(&OWNED))
}

/// Whether a raw value from before there were keys of patients would be misread.
pub(super) fn looks_raw(value: &[u8]) -> bool {
    value.starts_with(MAGIC)
}

fn marked(value: &[u8]) -> Option<(u64, &[u8])> {
    let rest = value.strip_prefix(MAGIC)?.strip_prefix(&[MARKED])?;
    let (p, value) = rest.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*p), value))
}

pub(super) fn as_it_is(value: &[u8]) -> Vec<u8> {
    if value.starts_with(MAGIC) { [MAGIC, &[ESCAPED], value].concat() } else { value.to_vec() }
}

fn place(space: Space, key: &[u8]) -> Vec<u8> {
    [&[space as u8], key].concat()
}

fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take_varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0u64;
    for (at, byte) in bytes.iter().take(10).enumerate() {
        number |= u64::from(byte & 0x7f).checked_shl(7 * at as u32)?;
        if byte & 0x80 == 0 {
            return Some((number, &bytes[at + 1..]));
        }
    }
    None
}

const MAGIC: &[u8] = b"\xffmk";
const ESCAPED: u8 = 0;
const OWNED: u8 = 1;
/// Never stored.
const MARKED: u8 = 2;
/// `p ‖ date ‖ kind ‖ 00 ‖ name`, with a kind of one letter.
const RECORD_KEY_MIN: usize = 8 + 4 + 1 + 1 + 16;
