use super::IdError;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Which facility: the ten digits of its 保険医療機関番号 (prefecture 2, table 1, code 7), or ten digits from 99 on that its
/// network gave it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FacilityId(String);

impl FacilityId {
    /// Reads the ten digits; spaces and hyphens of printed forms are ignored.
    ///
    /// # Errors
    /// [`IdError::Digits`] if anything but ten ASCII digits is left.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '\u{3000}')).collect();
        if digits.len() == 10 && digits.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(digits))
        } else {
            Err(IdError::Digits(text.chars().take(40).collect()))
        }
    }
    /// The ten digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// The ten digits as bytes, for keys and signed subjects.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Display for FacilityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_forms_are_read_and_others_refused() {
        assert_eq!(FacilityId::parse("13-1-2345678").map(|id| id.0), Ok("1312345678".into()));
        assert!(FacilityId::parse("131234567").is_err());
        assert!(FacilityId::parse("１３１２３４５６７８").is_err());
    }
}
