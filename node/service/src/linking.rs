//! Links across networks made by people (名寄せの確認): our desk asks, the holder's desk answers, both can take it back.
use crate::engine::CommandError;
use crate::locating::LocateError;
use crate::service::{Service, WriteError};
use crate::staff::Staff;
use protocol::audit::{Event, What};
use protocol::engine::{Candidate, Command, LinkQuestion, LinkState, LinkVerdict, links_here, pending_links};
use protocol::ids::{FacilityId, Handle, PatientRef, RequestId};

/// Why a question about a link was not put or answered.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The patient, or looking for holders.
    #[error(transparent)]
    Locate(#[from] LocateError),
    /// No such candidate (any more).
    #[error("{0} announces nobody who could be this patient; locate again")]
    NoCandidate(FacilityId),
    /// Several; people must name one.
    #[error("{0} announces {1} persons who could be this patient; name the handle")]
    Several(FacilityId, usize),
    /// Without a word of what was compared nobody can answer.
    #[error("say in a few words what the desks compared, without names or numbers")]
    NoStatement,
    /// People, or a confirmation, said that the two are different.
    #[error("{0} announces somebody who was said to be another person; take that back first")]
    Parted(FacilityId),
    /// The Engine.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The store.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Service {
    /// Questions about links at this node's desks, open and answered. `asked_here` tells ours from theirs.
    ///
    /// # Errors
    /// [`WriteError`] if it could not be logged; then nothing is shown.
    pub fn link_questions(&self, staff: &Staff) -> Result<Vec<LinkQuestion>, WriteError> {
        let questions = pending_links(&self.view());
        let count = u32::try_from(questions.len()).unwrap_or(u32::MAX);
        self.log(Event::new(self.now(), What::Shown).staff(staff.id()).count(count).note("link questions"))?;
        Ok(questions)
    }
    /// Asks the holder's desk whether a candidate is our patient. `handle` chooses if the holder announces several.
    ///
    /// # Errors
    /// [`LinkError`].
    pub fn ask_link(
        &self,
        staff: &Staff,
        patient: PatientRef,
        holder: &FacilityId,
        handle: Option<Handle>,
        statement: &str,
    ) -> Result<(), LinkError> {
        if statement.trim().is_empty() {
            return Err(LinkError::NoStatement);
        }
        let (facility, candidate) = self.one_candidate(patient, holder, handle)?;
        self.engine().ask(Command::AskLink {
            patient,
            facility,
            candidate: Box::new(candidate),
            staff: staff.id().to_owned(),
            statement: statement.to_owned(),
        })?;
        Ok(())
    }
    /// The one candidate of a holder that is meant, and for which of our facilities.
    pub(crate) fn one_candidate(
        &self,
        patient: PatientRef,
        holder: &FacilityId,
        handle: Option<Handle>,
    ) -> Result<(FacilityId, Candidate), LinkError> {
        let entry = self.patient_entry(patient).map_err(LocateError::from)?;
        let mut found: Vec<Candidate> = self.candidates(patient, &entry)?;
        found.retain(|candidate| candidate.holder == *holder && handle.is_none_or(|handle| candidate.handle == handle));
        if found.len() > 1 {
            return Err(LinkError::Several(holder.clone(), found.len()));
        }
        let candidate = found.pop().ok_or_else(|| LinkError::NoCandidate(holder.clone()))?;
        Ok((entry.facility, candidate))
    }
    /// Answers a question at the holder's desk, or takes a link back at either.
    ///
    /// # Errors
    /// [`CommandError::Refused`] if there is no such question, or the other desk has to answer.
    pub fn answer_link(&self, staff: &Staff, id: RequestId, verdict: LinkVerdict) -> Result<(), CommandError> {
        self.engine().ask(Command::AnswerLink { id, verdict, staff: staff.id().to_owned() })
    }
    /// What our desk knows of other holders' handles for a patient.
    ///
    /// # Errors
    /// [`WriteError`] if it could not be logged; then nothing is shown.
    pub fn links(
        &self,
        staff: &Staff,
        patient: PatientRef,
    ) -> Result<Vec<(FacilityId, Handle, LinkState)>, WriteError> {
        let links = links_here(&self.view(), patient);
        let count = u32::try_from(links.len()).unwrap_or(u32::MAX);
        self.log(Event::new(self.now(), What::Shown).patient(patient).staff(staff.id()).count(count).note("links"))?;
        Ok(links)
    }
}
