use super::IdError;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who gave a patient number: an OID (HL7 v2.5 CX.4.2, assigning authority).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AuthorityId(String);

impl AuthorityId {
    /// Reads an OID of digits and dots, at most 64 characters.
    ///
    /// # Errors
    /// [`IdError::Oid`] for anything else.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let arcs = text.split('.').all(|arc| !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit()));
        if arcs && text.contains('.') && text.len() <= 64 {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::Oid(text.chars().take(80).collect()))
        }
    }
    /// The OID's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl fmt::Display for AuthorityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for AuthorityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A patient at one facility: assigning authority and local number, always both (CX.1 and CX.4). Prints redacted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PatientId {
    authority: AuthorityId,
    number: String,
}

impl PatientId {
    /// The patient with this number at this authority; leading zeros count.
    ///
    /// # Errors
    /// [`IdError::Number`] if the number is empty, longer than 64 bytes or has control characters.
    pub fn new(authority: AuthorityId, number: &str) -> Result<Self, IdError> {
        let number = number.trim();
        if number.is_empty() || number.len() > 64 || number.chars().any(char::is_control) {
            return Err(IdError::Number("‹redacted›".into()));
        }
        Ok(Self { authority, number: number.to_owned() })
    }
    /// Who gave the number.
    pub fn authority(&self) -> &AuthorityId {
        &self.authority
    }
    /// The number, which is personal data: never into a log, URL or message of error.
    pub fn expose_number(&self) -> &str {
        &self.number
    }
}
impl fmt::Debug for PatientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/‹redacted›", self.authority)
    }
}

/// A patient at a facility of this node, by the node's own running number. Opaque to everybody else; fit for URLs and logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PatientRef(pub u64);

impl fmt::Display for PatientRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", self.0)
    }
}
