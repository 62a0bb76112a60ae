//! Publishing (公開): what this node holds of whom goes to the Engine, which shows it where consents and accords allow.
use crate::engine::CommandError;
use crate::ingest::Outbox;
use crate::limits::PUBLISH_CHUNK;
use crate::patients::{self, PatientEntry};
use crate::service::Service;
use matching::tags::identity_strings;
use protocol::data::{Space, View, decode};
use protocol::engine::{Command, Publication};
use protocol::ids::PatientRef;

impl Service {
    /// Tells the Engine what is held of these patients now. To be called with every patient that an ingest changed; what is
    /// unchanged costs nothing. Gives how many were told.
    ///
    /// # Errors
    /// [`CommandError`]; call it again, or [`Service::publish_all`].
    pub fn publish(&self, patients: &[PatientRef]) -> Result<usize, CommandError> {
        let view = self.view();
        let mut told = 0;
        for chunk in patients.chunks(PUBLISH_CHUNK) {
            let read = |patient: &PatientRef| Some(publication(&view, *patient, &patients::load(&view, *patient)?));
            let list: Vec<Publication> = chunk.iter().filter_map(read).collect();
            told += list.len();
            self.engine().ask(Command::Publish(list))?;
        }
        Ok(told)
    }
    /// Publishes what ingests have left in the outbox: after every scan, and once after each start, so that nothing is lost
    /// between an ingest and a crash. Gives how many patients were told.
    ///
    /// # Errors
    /// [`CommandError`]; what was not told stays in the outbox.
    pub fn publish_pending(&self) -> Result<usize, CommandError> {
        let outbox = Outbox::new(self.store().clone());
        let (mut after, mut told) = (None, 0);
        loop {
            let pending = outbox.pending(after, PUBLISH_CHUNK);
            let Some(last) = pending.last() else { return Ok(told) };
            after = Some(last.patient);
            let patients: Vec<PatientRef> = pending.iter().map(|pending| pending.patient).collect();
            told += self.publish(&patients)?;
            outbox.published(pending).map_err(CommandError::Refused)?;
        }
    }
    /// Tells the Engine of every patient: after a restore, or when the rules of
    /// identity strings changed. What is unchanged costs a read.
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn publish_all(&self) -> Result<usize, CommandError> {
        let view = self.view();
        let mut from = Vec::new();
        let mut told = 0;
        loop {
            let page = view.scan(Space::Patients, &[], &from, PUBLISH_CHUNK);
            let Some((last, _)) = page.last() else { return Ok(told) };
            from = [last.as_slice(), &[0]].concat();
            let full = page.len() == PUBLISH_CHUNK;
            let read = |(key, value): (Vec<u8>, Vec<u8>)| {
                let patient = PatientRef(u64::from_be_bytes(key.try_into().ok()?));
                Some(publication(&view, patient, &decode(&value)?))
            };
            let list: Vec<Publication> = page.into_iter().filter_map(read).collect();
            told += list.len();
            self.engine().ask(Command::Publish(list))?;
            if !full {
                return Ok(told);
            }
        }
    }
}

/// The identity strings of a patient by rule, as the Engine takes them.
pub(crate) fn strings_of(view: &dyn View, patient: PatientRef, entry: &PatientEntry) -> Vec<(u8, Vec<u8>)> {
    identity_strings(&crate::cards::demographics(view, patient, entry))
        .into_iter()
        .map(|(rule, text)| (rule.number(), text))
        .collect()
}

fn publication(view: &dyn View, patient: PatientRef, entry: &PatientEntry) -> Publication {
    Publication {
        patient,
        facility: entry.facility.clone(),
        kinds: entry.published_kinds(),
        strings: strings_of(view, patient, entry),
    }
}
