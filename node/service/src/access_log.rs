//! The access log (証跡): who looked at what, the patient's own list, and proof of single events for people outside.
use crate::engine::CommandError;
use crate::limits::{LOG_PAGE_MAX, WITNESS_WAIT_MS};
use crate::patients;
use crate::service::{Service, WriteError};
use crate::staff::Staff;
use protocol::audit::{
    self, Event, Evidence, EvidenceError, Exchange, Findings, Head, LogDamage, SignedCheckpoint, What,
};
use protocol::crypto::{Crypto, Real};
use protocol::engine::{Command, Event as Told, good_checkpoint};
use protocol::fetch::receipt_of;
use protocol::ids::{FacilityId, PatientRef, PublicKey, RequestId};
use protocol::time::Millis;
use std::time::{Duration, Instant};

/// Which events are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// From this position on.
    pub from: u64,
    /// Before this position; none: to the end.
    pub before: Option<u64>,
    /// At most so many; 0: as many as a list shows.
    pub limit: usize,
    /// Which of them, if there are more.
    pub end: LogEnd,
    /// Only of this patient.
    pub patient: Option<PatientRef>,
    /// Only of this kind.
    pub what: Option<What>,
    /// Only of this request.
    pub request: Option<RequestId>,
    /// Not before.
    pub since: Option<Millis>,
}

impl LogQuery {
    fn wants(&self, event: &Event) -> bool {
        self.patient.is_none_or(|patient| event.patient == Some(patient))
            && self.what.is_none_or(|what| event.what == what)
            && self.request.is_none_or(|request| event.request == Some(request))
            && self.since.is_none_or(|since| event.at >= since)
    }
}

/// From which end of a list its limit counts. Lists are oldest first in either case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogEnd {
    /// The oldest that fit.
    #[default]
    Oldest,
    /// The newest that fit; what lies before them is not read.
    Newest,
}

/// One event with its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Position in the log.
    pub index: u64,
    /// What happened.
    pub event: Event,
}

/// What checking the whole log found.
#[derive(Clone, Debug)]
pub struct LogReport {
    /// Length and root, recomputed from every event.
    pub head: Head,
    /// The newest checkpoint that enough witnesses signed.
    pub checkpoint: Option<SignedCheckpoint>,
    /// Whether that checkpoint is of this very log; none if there is none yet.
    pub extends_checkpoint: Option<bool>,
}

impl LogReport {
    /// Whether nothing speaks against the log.
    pub fn is_sound(&self) -> bool {
        self.extends_checkpoint != Some(false)
    }
}

/// Evidence of one event, as a file and as what it proves.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The file: a C2SP log proof that needs no node to be checked.
    pub text: String,
    /// What it proves.
    pub findings: Findings,
    /// Whether enough witnesses co-signed the head it stands under. If not, ask again when they are connected.
    pub is_witnessed: bool,
}

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// No such event.
    #[error("the log has {size} events; there is none at position {index}")]
    NoEvent {
        /// Asked for.
        index: u64,
        /// Length of the log.
        size: u64,
    },
    /// The tree and the events do not fit.
    #[error("the log is damaged at this place; run `musubi audit verify`")]
    Damaged,
    /// Its own check failed.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// The Engine.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The store.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Checks an evidence file; needs no node. Whose the keys in it are must be known from elsewhere.
///
/// # Errors
/// [`EvidenceError`]; then nothing is proven.
pub fn check_evidence(text: &str) -> Result<Findings, EvidenceError> {
    Evidence::from_text(text)?.verify(&Real)
}

impl Service {
    /// Events of the log, oldest first. That somebody reads about a patient is an event itself.
    ///
    /// # Errors
    /// [`WriteError`] if that could not be logged; then nothing is shown.
    pub fn audit(&self, staff: &Staff, query: &LogQuery) -> Result<Vec<LogLine>, WriteError> {
        let lines = self.lines(query);
        let mut event = Event::new(self.now(), What::Shown).staff(staff.id()).note("access log");
        event.patient = query.patient;
        self.log(event.count(u32::try_from(lines.len()).unwrap_or(u32::MAX)))?;
        Ok(lines)
    }
    /// What a patient may ask for: who saw, got or was refused their records, here and from here elsewhere.
    ///
    /// # Errors
    /// As [`Service::audit`].
    pub fn patients_list(&self, staff: &Staff, patient: PatientRef) -> Result<Vec<LogLine>, WriteError> {
        let mut lines = self.lines(&LogQuery { patient: Some(patient), end: LogEnd::Newest, ..LogQuery::default() });
        lines.retain(|line| is_access(line.event.what));
        let facility = patients::load(&self.view(), patient).map(|entry| entry.facility);
        let mut event = Event::new(self.now(), What::Shown).patient(patient).staff(staff.id()).note("patient's list");
        event.facility = facility;
        self.log(event.count(u32::try_from(lines.len()).unwrap_or(u32::MAX)))?;
        Ok(lines)
    }
    /// The same without a word in the log, for use cases that say so themselves.
    pub(crate) fn lines(&self, query: &LogQuery) -> Vec<LogLine> {
        let view = self.view();
        let limit = if query.limit == 0 { LOG_PAGE_MAX } else { query.limit.min(LOG_PAGE_MAX) };
        let size = audit::head(&view).size;
        let (mut from, mut to) = (query.from, query.before.map_or(size, |before| before.min(size)));
        let mut lines = Vec::new();
        while from < to && lines.len() < limit {
            let part = match query.end {
                LogEnd::Oldest => from..to.min(from.saturating_add(PAGE)),
                LogEnd::Newest => from.max(to.saturating_sub(PAGE))..to,
            };
            let page = audit::events(&view, part.start, PAGE as usize).into_iter();
            let page = page.filter(|(index, event)| part.contains(index) && query.wants(event));
            let found = page.map(|(index, event)| LogLine { index, event });
            let room = limit - lines.len();
            match query.end {
                LogEnd::Oldest => {
                    lines.extend(found.take(room));
                    from = part.end;
                }
                LogEnd::Newest => {
                    lines.extend(found.rev().take(room));
                    to = part.start;
                }
            }
        }
        if query.end == LogEnd::Newest {
            lines.reverse();
        }
        lines
    }
    /// Length and root of the log as it stands.
    pub fn log_head(&self) -> Head {
        audit::head(&self.view())
    }
    /// Recomputes the whole log and compares it with what witnesses signed.
    ///
    /// # Errors
    /// [`LogDamage`] naming the first place that differs.
    pub fn verify_log(&self) -> Result<LogReport, LogDamage> {
        let view = self.view();
        // Read first: a checkpoint that is signed while the log is verified may cover events that are newer than its head.
        let checkpoint = good_checkpoint(&view);
        let head = audit::verify_log(&view, self.store().salt_key())?;
        let extends = checkpoint.as_ref().map(|signed| {
            let at = &signed.checkpoint;
            at.size <= head.size && audit::root_at(&view, at.size) == Some(at.root)
        });
        Ok(LogReport { head, checkpoint, extends_checkpoint: extends })
    }
    /// Evidence of the event at `index`. If no witnessed checkpoint covers it yet, one is made and witnesses are waited for
    /// some seconds; without them the log's own signature has to do, and [`Proof::is_witnessed`] says so.
    ///
    /// # Errors
    /// [`ProveError`].
    pub fn prove(&self, staff: &Staff, index: u64) -> Result<Proof, ProveError> {
        let view = self.view();
        let head = audit::head(&view);
        let none = ProveError::NoEvent { index, size: head.size };
        let event = audit::event(&view, index).filter(|_| index < head.size).ok_or(none)?;
        let mut told = Event::new(self.now(), What::Shown).staff(staff.id()).note("evidence");
        told.patient = event.patient;
        self.log(told)?;
        let witnessed = self.witnessed_checkpoint(index)?;
        let is_witnessed = witnessed.is_some();
        let checkpoint = match witnessed {
            Some(signed) => signed,
            None => SignedCheckpoint::sign(&Real, &self.identity().log, audit::head(&view), self.now()),
        };
        let gathered =
            Evidence::gather(&view, self.store().salt_key(), index, checkpoint).ok_or(ProveError::Damaged)?;
        let evidence = match event.request.and_then(|request| self.exchange(request)) {
            Some(exchange) => gathered.exchange(exchange),
            None => gathered,
        };
        let findings = evidence.verify(&Real)?;
        Ok(Proof { text: evidence.to_text(), findings, is_witnessed })
    }
    /// The newest checkpoint that enough witnesses signed and that covers `index`.
    fn witnessed_checkpoint(&self, index: u64) -> Result<Option<SignedCheckpoint>, CommandError> {
        let covers = |signed: &SignedCheckpoint| signed.checkpoint.size > index;
        let view = self.view();
        if let Some(signed) = good_checkpoint(&view).filter(covers) {
            return Ok(Some(signed));
        }
        if !self.engine().is_running() {
            return Ok(None);
        }
        let events = self.engine().subscribe()?;
        self.engine().ask(Command::Checkpoint)?;
        let until = Instant::now() + Duration::from_millis(WITNESS_WAIT_MS);
        while let Some(rest) = until.checked_duration_since(Instant::now()) {
            match events.recv_timeout(rest) {
                Ok(Told::Witnessed { good: true, .. }) => {
                    if let Some(signed) = good_checkpoint(&view).filter(covers) {
                        return Ok(Some(signed));
                    }
                }
                Ok(_) => {}
                Err(_) => break,
            }
        }
        Ok(good_checkpoint(&view).filter(covers))
    }
    /// The receipt of an exchange that both sides signed, with the keys that signed it.
    fn exchange(&self, request: RequestId) -> Option<Exchange> {
        let receipt = receipt_of(&self.view(), request)?;
        let readers = self.node_keys_of(&receipt.receipt.reader);
        let holders = self.node_keys_of(&receipt.receipt.holder);
        let pairs = readers.iter().flat_map(|reader| holders.iter().map(move |holder| (*reader, *holder)));
        let (reader, holder) = pairs.into_iter().find(|(reader, holder)| receipt.verify(&Real, reader, holder))?;
        Some(Exchange { receipt, reader, holder })
    }
    /// Node keys that a facility has, or this node's own.
    fn node_keys_of(&self, facility: &FacilityId) -> Vec<PublicKey> {
        let book = self.book();
        let roots = book.networks().filter_map(|(network, _)| book.membership(network, facility)).map(|m| m.root);
        let mut keys: Vec<PublicKey> =
            roots.filter_map(|root| book.node_cert(&root)).map(|cert| cert.node.into()).collect();
        keys.push(Real.public(&self.identity().node));
        keys.dedup();
        keys
    }
}

/// Events in which somebody saw, got or was refused records, or in which what may be seen changed.
fn is_access(what: What) -> bool {
    matches!(
        what,
        What::Shown
            | What::Requested
            | What::Decided
            | What::Answered
            | What::Received
            | What::PatientFound
            | What::ConsentGiven
            | What::ConsentWithdrawn
            | What::Dropped
            | What::BreakGlass
            | What::EmergencyReviewed
            | What::LinkMade
            | What::LinkUndone
    )
}

/// Events read from the store at once.
const PAGE: u64 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::HandClock;
    use crate::testing::house;
    use protocol::kinds::Role;
    use std::sync::Arc;

    #[test]
    fn a_list_of_the_newest_ends_with_the_newest_however_long_the_log_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let house = house(folder.path(), Arc::new(HandClock::at(Millis(1_795_311_720_000))));
        let staff = Staff::new("s7", Role::Auditor).expect("a number");
        let event = |index: u64| match index % 2 {
            0 => Event::new(Millis(1_795_311_720_000), What::Quarantined),
            _ => Event::new(Millis(1_795_311_720_000), What::FeedScanned),
        };
        let begin = house.service.log_head().size;
        let mut batch = protocol::data::Batch::default();
        (0..2 * PAGE + 10).for_each(|index| batch.log(event(index)));
        house.service.commit(batch).expect("logged");
        let [first, last] = [begin, begin + 2 * PAGE + 8];
        let list = |query: LogQuery| {
            let what = Some(What::Quarantined);
            let lines = house.service.audit(&staff, &LogQuery { what, ..query }).expect("the log");
            lines.iter().map(|line| line.index).collect::<Vec<_>>()
        };
        let newest = LogQuery { end: LogEnd::Newest, limit: 3, ..LogQuery::default() };
        assert_eq!(list(newest.clone()), [last - 4, last - 2, last]);
        assert_eq!(list(LogQuery { before: Some(last), ..newest.clone() }), [last - 6, last - 4, last - 2]);
        assert_eq!(list(LogQuery { from: last - 2, ..newest.clone() }), [last - 2, last]);
        assert_eq!(list(LogQuery { before: Some(first + 3), ..newest }), [first, first + 2]);
        assert_eq!(list(LogQuery { limit: 2, ..LogQuery::default() }), [first, first + 2]);
        assert_eq!(list(LogQuery::default()).len() as u64, PAGE + 5, "several pages are one list");
    }
}
