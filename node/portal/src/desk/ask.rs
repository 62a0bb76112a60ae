use super::ConsentView;
use super::{AccessView, Chart, Contents, File, Found, HolderAnswer, Home, ItemPath, ItemView, Person};
use crate::serve::Feeds;
use crate::works::Works;
use protocol::ids::PatientRef;
use protocol::policy::Why;
use protocol::time::Millis;
use service::emergency::EmergencySpec;
use service::staff::Proven;
use service::{Service, Staff};

/// What the pages ask of a node. Every method may block, and writes its own event of the log before it shows a patient.
pub trait Desk: Send + Sync + 'static {
    /// The node's name, for the head of pages.
    fn name(&self) -> String;
    /// Whether the node can answer more than from its own records.
    fn is_ready(&self) -> bool;
    /// The guarded moment.
    fn now(&self) -> Millis;
    /// How the node, its networks and its feeds are; nothing of patients.
    ///
    /// # Errors
    /// [`DeskError`].
    fn home(&self, staff: &Staff) -> Result<Home, DeskError>;
    /// Looks for patients by name, kana, birth date or number.
    ///
    /// # Errors
    /// [`DeskError`]; nothing is shown then.
    fn search(&self, staff: &Staff, text: &str) -> Result<Found, DeskError>;
    /// One person: own records, and who else may hold some. Sends no packet.
    ///
    /// # Errors
    /// [`DeskError`]; nothing is shown then.
    fn chart(&self, staff: &Staff, patient: PatientRef) -> Result<Chart, DeskError>;
    /// Asks the other holders, on the ground that this text shows; `each` is called as answers come, in any order, and gives
    /// back whether anybody still listens.
    ///
    /// # Errors
    /// [`DeskError`] if nobody could be asked. Holders that did not answer are answers, not errors.
    fn ask(
        &self,
        staff: &Staff,
        patient: PatientRef,
        ground: &str,
        each: &mut dyn FnMut(HolderAnswer) -> bool,
    ) -> Result<(), DeskError>;
    /// Asks the other holders without consent. A rule that forbids it is an answer, not an error; nobody was asked then.
    ///
    /// # Errors
    /// [`DeskError`] if nobody could be asked.
    fn break_glass(&self, _by: &Proven, _spec: &EmergencySpec) -> Result<Result<Vec<HolderAnswer>, Why>, DeskError> {
        Err(DeskError::Unknown)
    }
    /// Which of these copies are still here; a withdrawal or their end takes them away.
    fn kept(&self, staff: &Staff, patient: PatientRef, items: &[ItemPath]) -> Vec<ItemPath>;
    /// One record, for reading.
    ///
    /// # Errors
    /// [`DeskError`]; nothing is shown then.
    fn item(&self, staff: &Staff, patient: PatientRef, item: &ItemPath, depth: Depth) -> Result<ItemView, DeskError>;
    /// What these records say, own ones and copies.
    ///
    /// # Errors
    /// [`DeskError`]; nothing is shown then. Single records that cannot be read are counted.
    fn contents(&self, staff: &Staff, patient: PatientRef, items: &[ItemPath]) -> Result<Contents, DeskError>;
    /// One file of a document, by its place in [`ItemView::files`].
    ///
    /// # Errors
    /// [`DeskError`]; nothing is shown then.
    fn file(&self, staff: &Staff, patient: PatientRef, item: &ItemPath, index: usize) -> Result<File, DeskError>;
    /// Who looked at this person's records, newest first.
    ///
    /// # Errors
    /// [`DeskError`]; nothing is shown then.
    fn access(&self, staff: &Staff, patient: PatientRef) -> Result<AccessView, DeskError>;
    /// What a person said of who may see what, with all that is needed to say it in sentences.
    ///
    /// # Errors
    /// [`DeskError`]; nothing is shown then.
    fn consents(&self, _staff: &Staff, _patient: PatientRef) -> Result<ConsentView, DeskError> {
        Err(DeskError::Unknown)
    }
    /// The program around the pages; none in tests and where only pages run.
    fn works(&self) -> Option<&dyn Works> {
        None
    }
    /// The node's sources.
    fn feeds(&self) -> Option<&Feeds> {
        None
    }
    /// Who a patient is, for lists that another use case made and logged; none: not here any more.
    fn person_of(&self, _staff: &Staff, _patient: PatientRef) -> Option<Person> {
        None
    }
    /// The use cases of the desk, the network and the node; each takes who asks and writes its own event. None: nobody but
    /// made-up people stands behind the pages.
    fn service(&self) -> Option<&Service> {
        None
    }
}

/// How much of a record is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Its rows in words.
    Rows,
    /// Also the text as it was sent.
    Original,
}

/// Why a page has nothing to show. Says nothing about a patient.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeskError {
    /// No such patient or record here, or no longer.
    #[error("not here, or no longer")]
    Unknown,
    /// Nothing in the text can be looked for.
    #[error("nothing in this text can be looked for")]
    EmptySearch,
    /// The node does not keep up; ask again.
    #[error("the node is busy")]
    Busy,
    /// What came does not fit its digest or cannot be read; nothing of it is shown.
    #[error("damaged: {0}")]
    Damaged(String),
    /// The node could not do it; the text is for its operator.
    #[error("{0}")]
    Failed(String),
}
