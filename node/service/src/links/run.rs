//! All patients linked anew, a page at a time: where it stands lies in the store, so that a restart goes on with it.
use super::limits::PAGE;
use super::rows::{BEGUN, RUN};
use super::work::{Again, Tally};
use crate::service::{Service, WriteError};
use crate::staff::Staff;
use protocol::audit::{Event, What};
use protocol::data::{Batch, Space, View, decode, encode};
use protocol::ids::PatientRef;
use protocol::time::Millis;
use serde::{Deserialize, Serialize};

/// How far linking all patients anew has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunReport {
    /// When it was begun.
    pub began: Millis,
    /// Patients up to this one are done.
    pub upto: PatientRef,
    /// The last one when it was begun; later ones are linked as they come.
    pub last: PatientRef,
    /// What was done.
    pub tally: Tally,
}

impl Service {
    /// Begins to link all patients anew; goes on with what was begun already. Names are counted first.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn begin_link_run(&self, staff: &Staff) -> Result<RunReport, WriteError> {
        if let Some(run) = self.link_run() {
            return Ok(run);
        }
        let number = self.known_population().census.number.saturating_add(1);
        self.take_census(number)?;
        let run = self.fresh_run();
        let mut batch = Batch::default();
        batch.put(Space::Meta, RUN, encode(&run));
        batch.log(Event::new(self.now(), What::ConfigChanged).staff(staff.id()).note("all patients are linked anew"));
        self.commit(batch)?;
        Ok(run)
    }
    /// The run that is under way, if there is one.
    pub fn link_run(&self) -> Option<RunReport> {
        decode(&self.view().get(Space::Meta, RUN)?)
    }
    /// One page of the run that is under way. `None`: there is none, or not any more.
    ///
    /// # Errors
    /// [`WriteError`]; the page is done again.
    pub fn link_run_step(&self) -> Result<Option<RunReport>, WriteError> {
        let Some(run) = self.link_run() else { return Ok(None) };
        let from = run.upto.0.saturating_add(1).to_be_bytes();
        let page = self.view().scan(Space::Patients, &[], &from, PAGE);
        let numbers = page.iter().filter_map(|(key, _)| key.as_slice().try_into().ok().map(u64::from_be_bytes));
        let patients: Vec<PatientRef> = numbers.map(PatientRef).filter(|patient| *patient <= run.last).collect();
        let Some(upto) = patients.last().copied() else {
            let mut batch = Batch::default();
            batch.remove(Space::Meta, RUN);
            self.commit(batch)?;
            tracing::info!(
                patients = run.tally.patients,
                linked = run.tally.linked,
                asked = run.tally.asked,
                "all patients linked anew"
            );
            return Ok(None);
        };
        let after = move |counted: Tally| {
            let mut tally = run.tally;
            tally.add(counted);
            RunReport { upto, tally, ..run }
        };
        let counted = self.link_page(&patients, Again::Yes, move |_, batch, counted| {
            batch.put(Space::Meta, RUN, encode(&after(counted)));
        })?;
        Ok(Some(after(counted)))
    }
    /// A node of an earlier release has patients that were never linked: then a run is begun.
    pub(crate) fn begin_links(&self) -> Result<(), WriteError> {
        let view = self.view();
        if view.get(Space::Meta, BEGUN).is_some() {
            return Ok(());
        }
        let mut batch = Batch::default();
        batch.put(Space::Meta, BEGUN, encode(&self.now()));
        let is_old = !view.scan(Space::Patients, &[], &[], 1).is_empty();
        if is_old && self.link_run().is_none() {
            batch.put(Space::Meta, RUN, encode(&self.fresh_run()));
        }
        self.commit(batch).map(drop)
    }
    fn fresh_run(&self) -> RunReport {
        let last = PatientRef(self.patients().count());
        RunReport { began: self.now(), upto: PatientRef(0), last, tally: Tally::default() }
    }
}
