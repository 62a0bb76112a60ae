use crate::hl7::Stamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// 発生日時: when a file was sent to the storage, as 17 digits `YYYYMMDDHHMMSSFFF` of local time. Sorts by time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OccurredAt(String);

impl OccurredAt {
    /// Reads 8 to 17 digits; shorter ones are filled up with zeros, which the second value tells.
    pub fn parse(text: &str) -> Option<(Self, bool)> {
        let fits = (8..=17).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| (Self(format!("{text:0<17}")), text.len() < 17))
    }
    /// The 17 digits.
    pub fn digits(&self) -> &str {
        &self.0
    }
    /// The same moment to the second; none if the digits are no date.
    pub fn stamp(&self) -> Option<Stamp> {
        Stamp::parse(&self.0).0
    }
}

impl fmt::Display for OccurredAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
