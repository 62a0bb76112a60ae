use super::{FacilityName, Facts, Person};
use protocol::kinds::{KindSet, Purpose};
use protocol::time::Millis;

/// Who looked at one person's records. Personal data.
#[derive(Clone)]
pub struct AccessView {
    /// When.
    pub now: Millis,
    /// Whose records.
    pub person: Person,
    /// What stands in the banner.
    pub facts: Facts,
    /// Newest first; what one person did within a few minutes is one row.
    pub rows: Vec<AccessRow>,
    /// The log has more of them than are here.
    pub more: bool,
}

/// One look, question or answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRow {
    /// When it began.
    pub at: Millis,
    /// What.
    pub deed: Deed,
    /// At which facility: the own one, or the other that asked or was asked.
    pub facility: FacilityName,
    /// The facility is one of this node.
    pub is_own: bool,
    /// The opaque number of the member of staff; none if no person did it.
    pub staff: Option<String>,
    /// What for, if it was said.
    pub purpose: Option<Purpose>,
    /// Which kinds of records.
    pub kinds: KindSet,
    /// How many records, at most at one time.
    pub count: u32,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Looked at records.
    Looked,
    /// Looked at this list.
    LookedAtList,
    /// Found in a search.
    Found,
    /// Asked another facility.
    Asked,
    /// Got records of another facility.
    Got,
    /// Gave records to another facility.
    Gave,
    /// Refused another facility, or let it wait.
    Refused,
    /// A consent was taken or taken back.
    Consent,
    /// Two numbers were found to be one person, or not.
    Linked,
    /// Copies were dropped.
    Dropped,
}
