use super::silent;
use crate::codes;
use serde::{Deserialize, Serialize};

/// A coded value: code, words, coding system, and the same thing in another system if it was sent.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// The code; empty if only words were sent.
    pub code: String,
    /// The words as sent.
    pub text: String,
    /// The coding system's short name (`HOT9`, `JC10`, `99XYZ`).
    pub system: String,
    /// The other triplet, normally the site's own code.
    pub other: Option<OtherCode>,
}

/// The second triplet of a coded value.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherCode {
    /// The code.
    pub code: String,
    /// The words.
    pub text: String,
    /// The coding system.
    pub system: String,
}

impl OtherCode {
    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.code.is_empty() && self.text.is_empty()
    }
}

impl Code {
    /// What to show: the words, else the other triplet's, else a table's word for the code, else the code itself.
    pub fn shown(&self) -> &str {
        let other = self.other.as_ref();
        let words = [self.text.as_str(), other.map_or("", |other| &other.text)];
        if let Some(words) = words.into_iter().find(|text| !text.is_empty()) {
            return words;
        }
        codes::word(&self.system, &self.code)
            .or_else(|| other.and_then(|other| codes::word(&other.system, &other.code)))
            .unwrap_or(if self.code.is_empty() { other.map_or("", |other| &other.code) } else { &self.code })
    }
    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.code.is_empty() && self.text.is_empty() && self.other.as_ref().is_none_or(OtherCode::is_empty)
    }
    /// The code in this system, from either triplet.
    pub fn in_system(&self, system: &str) -> Option<&str> {
        let other = self.other.as_ref().filter(|other| other.system == system).map(|other| other.code.as_str());
        if self.system == system { Some(self.code.as_str()) } else { other }.filter(|code| !code.is_empty())
    }
}

/// An amount as sent, with its unit. Never a float: `1`, `0.5`, `1000`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// The number, or the smallest one of an unequal dose (不均等).
    pub number: String,
    /// The largest one of an unequal dose; empty otherwise.
    pub number_max: String,
    /// The unit.
    pub unit: Code,
}

impl Amount {
    /// `1錠`, `1-4錠`; empty if no number was sent.
    pub fn shown(&self) -> String {
        let unit = self.unit.shown();
        match (self.number.is_empty(), self.number_max.is_empty() || self.number_max == self.number) {
            (true, _) => String::new(),
            (false, true) => format!("{}{unit}", self.number),
            (false, false) => format!("{}-{}{unit}", self.number, self.number_max),
        }
    }
}

silent!(Code, OtherCode, Amount);
