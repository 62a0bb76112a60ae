//! Locating (所在確認): who may hold records of our patient, from local copies of the index; no packet is sent.
use crate::consents::ConsentError;
use crate::engine::CommandError;
use crate::limits::COMMAND_WAIT_MS;
use crate::patients::PatientEntry;
use crate::publishing::strings_of;
use crate::service::{Service, WriteError};
use crate::staff::Staff;
use protocol::audit::{Event, What};
use protocol::engine::{Candidate, Certainty, Command, Event as Told, LocateOrder};
use protocol::ids::{FacilityId, PatientRef};
use protocol::kinds::KindSet;
use protocol::time::Millis;
use std::time::Duration;

/// A holder that may know our patient.
#[derive(Clone, Debug)]
pub struct Located {
    /// As the Engine found it.
    pub candidate: Candidate,
    /// The holder's name.
    pub holder_name: String,
    /// Its network's name.
    pub network_name: String,
    /// Whether its node is connected now.
    pub is_online: bool,
    /// When its node was heard of last, if it is not.
    pub last_seen: Option<Millis>,
}

/// Why nothing was looked for.
#[derive(Debug, thiserror::Error)]
pub enum LocateError {
    /// No such patient on this node.
    #[error("there is no patient {0} on this node; search again")]
    NoPatient(PatientRef),
    /// The Engine.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The store.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl From<ConsentError> for LocateError {
    fn from(error: ConsentError) -> Self {
        match error {
            ConsentError::NoPatient(patient) => Self::NoPatient(patient),
            ConsentError::Command(error) => Self::Command(error),
            ConsentError::Write(error) => Self::Write(error),
            other => Self::Command(CommandError::Refused(other.to_string())),
        }
    }
}

impl Service {
    /// Looks for holders of a patient's records. The search is in the log before its result is shown.
    ///
    /// # Errors
    /// [`LocateError`].
    pub fn locate(&self, staff: &Staff, patient: PatientRef) -> Result<Vec<Located>, LocateError> {
        let entry = self.patient_entry(patient)?;
        let found = self.candidates(patient, &entry)?;
        let kinds = found.iter().fold(KindSet::NONE, |kinds, candidate| kinds.or(candidate.kinds));
        let event =
            Event::new(self.now(), What::PatientFound).patient(patient).facility(entry.facility).staff(staff.id());
        let count = u32::try_from(found.len()).unwrap_or(u32::MAX);
        self.log(event.kinds(kinds).count(count).note("located"))?;
        Ok(self.describe(found))
    }
    pub(crate) fn candidates(&self, patient: PatientRef, entry: &PatientEntry) -> Result<Vec<Candidate>, CommandError> {
        let order = LocateOrder {
            patient,
            facility: entry.facility.clone(),
            strings: strings_of(&self.view(), patient, entry),
        };
        let pending = self.engine().send(Command::Locate(order))?;
        loop {
            match pending.next(Duration::from_millis(COMMAND_WAIT_MS))? {
                Told::Located(_, found) => return Ok(found),
                Told::CommandDone(_, Err(why)) => return Err(CommandError::Refused(why)),
                _ => {}
            }
        }
    }
    /// Names of holders whose index nobody has confirmed since this node started: whether they know a patient is unknown, and a
    /// look-up passes them over. Empty a moment after a peer is met.
    pub fn unconfirmed_holders(&self) -> Vec<String> {
        let Some(snapshot) = self.engine().snapshot() else { return Vec::new() };
        let book = self.book();
        let name = |holder: &FacilityId| {
            let known = book.networks().find_map(|(network, _)| book.membership(network, holder));
            known.map_or_else(|| holder.to_string(), |member| member.name.clone())
        };
        snapshot.unconfirmed.iter().map(name).collect()
    }
    pub(crate) fn describe(&self, found: Vec<Candidate>) -> Vec<Located> {
        let (book, now) = (self.book(), self.now());
        let snapshot = self.engine().snapshot();
        let describe = |candidate: Candidate| {
            let node = book.node_of(candidate.network, &candidate.holder, now).map(|cert| cert.node);
            let seen = |node| snapshot.as_ref().and_then(|snapshot| snapshot.seen.get(&node).copied());
            let member = book.membership(candidate.network, &candidate.holder);
            Located {
                holder_name: member.map_or_else(|| candidate.holder.to_string(), |member| member.name.clone()),
                network_name: book.charter(candidate.network).map(|charter| charter.name.clone()).unwrap_or_default(),
                is_online: node.is_some_and(|node| snapshot.as_ref().is_some_and(|s| s.up.contains(&node))),
                last_seen: node.and_then(seen),
                candidate,
            }
        };
        found.into_iter().map(describe).collect()
    }
}

/// Whether a candidate is surely our patient: it may be asked without people.
pub fn is_certain(candidate: &Candidate) -> bool {
    matches!(candidate.certainty, Certainty::Rules | Certainty::Human)
}
