use super::{Asked, Known};
use protocol::engine::Glass;
use protocol::fetch::Item;
use protocol::ids::PatientRef;
use protocol::kinds::Purpose;
use protocol::time::Millis;

/// An answer with records, as the holder's driver was told to send it.
#[derive(Clone, Debug)]
pub struct Release {
    /// The request.
    pub asked: Asked,
    /// When it was decided, by the holder's time; none if its log does not say.
    pub decided_at: Option<Millis>,
    /// Items, with whose they are and the record's number; none for what is no record of the holder's own.
    pub items: Vec<(Item, PatientRef, Option<usize>)>,
}

impl Release {
    /// What the holder's disk says of it as a read without consent, if it is one.
    pub fn glass<'a>(&self, known: &'a Known) -> Option<&'a Glass> {
        let is_emergency = matches!(self.asked.purpose, Purpose::Emergency | Purpose::Disaster);
        known.glasses.get(&self.asked.request).filter(|glass| is_emergency && !glass.is_ours)
    }
}
