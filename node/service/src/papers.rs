//! Papers of consents (控え): the scan, stroke or attestation that stands behind a statement, and what became of a withdrawal.
//!
//! A scan or stroke is a blob of its patient; its SHA-256 stands in the receipt, so that nobody can put another paper there.
use crate::access_log::{LogEnd, LogQuery};
use crate::consents::ConsentError;
use crate::limits::{PAPER_BYTES_MAX, PROXY_CHARS_MAX, RECEIPTS_LOOKED_MAX};
use crate::patients;
use crate::random::fresh;
use crate::service::{Service, WriteError};
use crate::staff::Staff;
use protocol::audit::{Event, What};
use protocol::consent::{ConsentReceipt, Stance, receipts_of};
use protocol::crypto::sha256;
use protocol::data::{Batch, Space, View, decode, encode};
use protocol::engine::open_drops;
use protocol::ids::{FacilityId, Hash, NodeKey, PatientRef, ReceiptId};
use protocol::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::BlobId;

/// What kind of file a paper is, by its first bytes; names and what a browser says count for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PaperKind {
    /// A PDF.
    Pdf,
    /// A PNG picture.
    Png,
    /// A JPEG picture.
    Jpeg,
    /// The stroke of a tablet, drawn by us.
    Stroke,
}

impl PaperKind {
    /// The kind of a scan; none if it is none of those that are taken.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        const MAGICS: [(&[u8], PaperKind); 3] =
            [(b"%PDF-", PaperKind::Pdf), (b"\x89PNG\r\n\x1a\n", PaperKind::Png), (b"\xff\xd8\xff", PaperKind::Jpeg)];
        MAGICS.into_iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, kind)| kind)
    }
    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Stroke => "image/svg+xml",
        }
    }
}

/// What a desk has in hand when it takes a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paper {
    /// A scan of the signed paper.
    Scan(Vec<u8>),
    /// A signature on a tablet, as a drawing that this program made.
    Stroke(String),
    /// Nothing: the member of staff saw the signature and says so.
    Attested,
}

/// Who speaks for a patient (代理人).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proxy {
    /// Their name. Personal data.
    pub name: String,
    /// What they are to the patient.
    pub relation: String,
}

/// What is kept of it. Personal data, sealed with the patient's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// What the receipt calls it by.
    pub evidence: Hash,
    /// Its file, if there is one: kind, length and name of the blob.
    pub file: Option<(PaperKind, u64, [u8; 32])>,
    /// Who spoke for the patient; none: the patient.
    pub proxy: Option<Proxy>,
    /// When it was taken.
    pub at: Millis,
    /// By whom, by opaque staff number.
    pub staff: String,
}

/// Why a paper was not taken. Nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    /// No such patient on this node.
    #[error("there is no patient {0} on this node; search again")]
    NoPatient(PatientRef),
    /// Too long.
    #[error("the scan has {0} bytes, more than {PAPER_BYTES_MAX}; scan in grey with 200 dpi, or only the signed page")]
    TooLarge(u64),
    /// Another kind of file.
    #[error("the scan is neither PDF nor PNG nor JPEG; save it as one of them")]
    Kind,
    /// A proxy without name, or with too long a text.
    #[error("who speaks for a patient is written with name and relation, each of 1 to {PROXY_CHARS_MAX} characters")]
    Proxy,
    /// The store.
    #[error("{0}")]
    Store(String),
}

/// What a reader's node did after a withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obeying {
    /// It said that its copies are gone.
    Dropped(Millis),
    /// It was told or will be; its copies end by themselves at this moment.
    Open {
        /// When they end.
        until: Millis,
        /// Whether it is connected now.
        is_up: bool,
    },
}

/// One node that had copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Which.
    pub node: NodeKey,
    /// Its facilities, by number and name; empty if it is no member any more.
    pub facilities: Vec<(FacilityId, String)>,
    /// What it did.
    pub state: Obeying,
}

/// One statement with all that is known of it, for the screen and for paper.
#[derive(Clone, Debug)]
pub struct ConsentPaper {
    /// The statement.
    pub receipt: ConsentReceipt,
    /// What stands behind it.
    pub capture: Option<Capture>,
    /// Of a no: who had copies and what they did.
    pub told: Vec<Told>,
    /// When this was read.
    pub at: Millis,
}

impl Service {
    /// Keeps a paper; gives what a receipt calls it by. A paper that no receipt names harms nobody.
    ///
    /// # Errors
    /// [`PaperError`].
    pub fn keep_paper(
        &self,
        staff: &Staff,
        patient: PatientRef,
        paper: Paper,
        proxy: Option<Proxy>,
    ) -> Result<Hash, PaperError> {
        if patients::load(&self.view(), patient).is_none() {
            return Err(PaperError::NoPatient(patient));
        }
        let is_fit = |text: &String| (1..=PROXY_CHARS_MAX).contains(&text.trim().chars().count());
        if proxy.as_ref().is_some_and(|proxy| !is_fit(&proxy.name) || !is_fit(&proxy.relation)) {
            return Err(PaperError::Proxy);
        }
        let at = self.now();
        let (evidence, file) = match paper {
            Paper::Attested => {
                let salt: [u8; 16] = fresh();
                (sha256(&[b"attested", staff.id().as_bytes(), &at.0.to_be_bytes(), &salt]), None)
            }
            Paper::Scan(bytes) => {
                let kind = PaperKind::of(&bytes).ok_or(PaperError::Kind)?;
                (sha256(&[&bytes]), Some(self.keep_file(patient, kind, &bytes)?))
            }
            Paper::Stroke(drawing) => {
                (sha256(&[drawing.as_bytes()]), Some(self.keep_file(patient, PaperKind::Stroke, drawing.as_bytes())?))
            }
        };
        let capture = Capture { evidence, file, proxy, at, staff: staff.id().to_owned() };
        let mut batch = Batch::default();
        batch.put(Space::Desk, capture_key(patient, evidence), encode(&capture));
        self.commit(batch).map_err(|error| PaperError::Store(error.to_string()))?;
        Ok(evidence)
    }
    fn keep_file(
        &self,
        patient: PatientRef,
        kind: PaperKind,
        bytes: &[u8],
    ) -> Result<(PaperKind, u64, [u8; 32]), PaperError> {
        let size = bytes.len() as u64;
        if size > PAPER_BYTES_MAX {
            return Err(PaperError::TooLarge(size));
        }
        let refused = |error: store::BlobError| PaperError::Store(error.to_string());
        let mut writer = self.store().blobs().writer_of(&patient.0.to_be_bytes());
        writer.write(bytes).map_err(refused)?;
        let id = writer.finish().map_err(refused)?;
        Ok((kind, size, id.0))
    }
    /// One statement of a patient, with its paper's facts and, for a withdrawal, with what readers did.
    ///
    /// # Errors
    /// [`ConsentError`]; `None` if there is no such statement of this patient.
    pub fn consent_paper(
        &self,
        staff: &Staff,
        patient: PatientRef,
        id: ReceiptId,
    ) -> Result<Option<ConsentPaper>, ConsentError> {
        let entry = self.patient_entry(patient)?;
        let view = self.view();
        let Some(receipt) = receipts_of(&view, patient).into_iter().find(|receipt| receipt.id == id) else {
            return Ok(None);
        };
        let at = self.now();
        let event = Event::new(at, What::Shown).patient(patient).facility(entry.facility).staff(staff.id());
        self.log(event.count(1).note("consent paper"))?;
        let told = match receipt.stance {
            Stance::Deny | Stance::Stop => self.told(&view, patient, receipt.received_at),
            Stance::Permit | Stance::Lift => Vec::new(),
        };
        let capture = self.capture(&view, patient, receipt.evidence);
        Ok(Some(ConsentPaper { receipt, capture, told, at }))
    }
    /// The scan or stroke behind a statement.
    ///
    /// # Errors
    /// [`ConsentError`]; `None` if there is no such statement, or no file behind it.
    pub fn paper_file(
        &self,
        staff: &Staff,
        patient: PatientRef,
        id: ReceiptId,
    ) -> Result<Option<(PaperKind, Vec<u8>)>, ConsentError> {
        let Some(paper) = self.consent_paper(staff, patient, id)? else { return Ok(None) };
        let Some((kind, _, blob)) = paper.capture.and_then(|capture| capture.file) else { return Ok(None) };
        let bytes = self.store().blobs().read(BlobId(blob), PAPER_BYTES_MAX);
        let bytes = bytes.map_err(|error| WriteError(error.to_string()))?;
        // What is shown is what was signed.
        if sha256(&[&bytes]) != paper.receipt.evidence {
            return Err(
                WriteError("the paper behind this statement is not the one that its receipt names".into()).into()
            );
        }
        Ok(Some((kind, bytes)))
    }
    fn capture(&self, view: &dyn View, patient: PatientRef, evidence: Hash) -> Option<Capture> {
        view.get(Space::Desk, &capture_key(patient, evidence)).and_then(|value| decode(&value))
    }
    /// Who had copies since then, and what they did. From the open calls and from the log.
    fn told(&self, view: &dyn View, patient: PatientRef, since: Millis) -> Vec<Told> {
        let peers = self.peers();
        let mut states: BTreeMap<NodeKey, Obeying> = BTreeMap::new();
        let query = LogQuery {
            patient: Some(patient),
            what: Some(What::Dropped),
            since: Some(since),
            end: LogEnd::Newest,
            ..LogQuery::default()
        };
        for event in self.lines(&query).into_iter().map(|line| line.event) {
            if let Some(node) = event.node {
                states.insert(node, Obeying::Dropped(event.at));
            }
        }
        for (node, until) in open_drops(view, patient) {
            let is_up = peers.iter().any(|peer| peer.node == node && peer.is_up);
            states.insert(node, Obeying::Open { until, is_up });
        }
        let facilities = |node: &NodeKey| {
            let lines = peers.iter().filter(|peer| peer.node == *node);
            let mut all: Vec<(FacilityId, String)> =
                lines.flat_map(|peer| peer.facilities.iter().map(|(_, id, name)| (id.clone(), name.clone()))).collect();
            all.sort();
            all.dedup();
            all
        };
        states.into_iter().map(|(node, state)| Told { node, facilities: facilities(&node), state }).collect()
    }
    /// Consents that end within so long, soonest first: who is asked again. Looks through a bounded number of statements; the
    /// second value says whether there were more.
    ///
    /// # Errors
    /// [`WriteError`] if that could not be logged; then nothing is shown.
    pub fn consents_ending(
        &self,
        staff: &Staff,
        within_ms: u64,
    ) -> Result<(Vec<(PatientRef, ConsentReceipt)>, bool), WriteError> {
        let (view, now) = (self.view(), self.now());
        let (mut from, mut looked, mut found) = (Vec::new(), 0, Vec::new());
        let more = loop {
            let page = view.scan(Space::Consents, &[], &from, CONSENTS_PAGE);
            let Some((last, _)) = page.last() else { break false };
            from = [last.as_slice(), &[0]].concat();
            looked += page.len();
            for (key, value) in page {
                let patient = key.get(..8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
                let (Some(patient), Some(receipt)) = (patient, decode::<ConsentReceipt>(&value)) else { continue };
                let ends = receipt.to.is_some_and(|to| now < to && to <= now.plus(within_ms));
                if ends && receipt.stance == Stance::Permit {
                    found.push((PatientRef(patient), receipt));
                }
            }
            if looked >= RECEIPTS_LOOKED_MAX {
                break true;
            }
        };
        found.sort_by_key(|(patient, receipt)| (receipt.to, *patient));
        let event = Event::new(now, What::Shown).staff(staff.id()).note("consents that end");
        self.log(event.count(u32::try_from(found.len()).unwrap_or(u32::MAX)))?;
        Ok((found, more))
    }
}

/// Where captures of a patient lie; the store seals them with the patient's key.
pub(crate) fn captures_of(patient: PatientRef) -> Vec<u8> {
    [CAPTURES, &patient.0.to_be_bytes()].concat()
}

fn capture_key(patient: PatientRef, evidence: Hash) -> Vec<u8> {
    [captures_of(patient).as_slice(), &evidence.0[..16]].concat()
}

/// The blobs of a patient's papers.
pub(crate) fn blobs_of(view: &dyn View, patient: PatientRef) -> Vec<[u8; 32]> {
    let all = view.scan(Space::Desk, &captures_of(patient), &[], RECEIPTS_LOOKED_MAX);
    let file = |value: &[u8]| decode::<Capture>(value).and_then(|capture| capture.file).map(|(_, _, blob)| blob);
    all.iter().filter_map(|(_, value)| file(value)).collect()
}

const CAPTURES: &[u8] = b"capture/";
const CONSENTS_PAGE: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_73_a_scan_is_what_its_first_bytes_say_and_nothing_else_is_taken() {
        assert_eq!(PaperKind::of(b"%PDF-1.7\n"), Some(PaperKind::Pdf));
        assert_eq!(PaperKind::of(b"\x89PNG\r\n\x1a\n..."), Some(PaperKind::Png));
        assert_eq!(PaperKind::of(b"\xff\xd8\xff\xe0"), Some(PaperKind::Jpeg));
        for odd in [&b"<svg onload=alert(1)>"[..], b"<html>", b"MZ", b"", b" %PDF-1.7", b"GIF89a", b"PK\x03\x04"] {
            assert_eq!(PaperKind::of(odd), None, "{odd:?}");
        }
    }
    #[test]
    fn a_capture_belongs_to_its_patient() {
        let key = capture_key(PatientRef(7), Hash([9; 32]));
        assert_eq!(key.len(), 32);
        assert!(key.starts_with(&captures_of(PatientRef(7))) && !key.starts_with(&captures_of(PatientRef(8))));
    }
}
