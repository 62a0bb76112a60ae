use super::Asked;
use protocol::fetch::Item;
use protocol::ids::PatientRef;
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
