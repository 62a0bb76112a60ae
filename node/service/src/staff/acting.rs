//! Who of the staff acts: asked for by every use case that shows or moves patient data, and written into its audit event.
use crate::limits::STAFF_CHARS_MAX;
use protocol::kinds::Role;

/// A member of staff: an opaque number and what they are. The number goes into logs, here and at holders; never a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staff {
    id: String,
    role: Role,
}

/// Why a text is no staff number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StaffError {
    /// Empty, too long, or with other characters than letters, digits, `-`, `_` and `.`.
    #[error(
        "a staff number has 1 to {STAFF_CHARS_MAX} letters, digits, hyphens, underscores or dots; it is a number, not a name"
    )]
    Number,
}

impl Staff {
    /// The member of staff with this number and role.
    ///
    /// # Errors
    /// [`StaffError`] if the number could be a name or break a log line.
    pub fn new(id: &str, role: Role) -> Result<Self, StaffError> {
        let plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        if id.is_empty() || id.len() > STAFF_CHARS_MAX || !plain {
            return Err(StaffError::Number);
        }
        Ok(Self { id: id.to_owned(), role })
    }
    /// The opaque number.
    pub fn id(&self) -> &str {
        &self.id
    }
    /// What they are.
    pub fn role(&self) -> Role {
        self.role
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_or_an_empty_text_is_no_staff_number() {
        assert!(Staff::new("d-017", Role::Doctor).is_ok());
        assert_eq!(Staff::new("", Role::Doctor), Err(StaffError::Number));
        assert_eq!(Staff::new("山田", Role::Doctor), Err(StaffError::Number));
        assert_eq!(Staff::new("two words", Role::Doctor), Err(StaffError::Number));
        assert_eq!(Staff::new(&"7".repeat(STAFF_CHARS_MAX + 1), Role::Doctor), Err(StaffError::Number));
    }
}
