use protocol::time::{Date, Millis};
use records::model::Clinical;

/// One record's content and where it is from. `P` is how the caller finds the record again. Personal data.
pub struct Read<P> {
    /// Which holder: records of one place are of one house, whose own codes mean one thing.
    pub place: usize,
    /// Which record.
    pub path: P,
    /// 診療日, if it has one.
    pub date: Option<Date>,
    /// When its source made it.
    pub made_at: Millis,
    /// The holder is a pharmacy: its prescriptions are what it gave out (調剤).
    pub is_pharmacy: bool,
    /// What it says.
    pub clinical: Clinical,
}

impl<P> Read<P> {
    /// The day it is about, else the day it was made.
    pub fn day(&self) -> Date {
        self.date.unwrap_or_else(|| self.made_at.date_jst())
    }
}
