//! Why something could not be done with accounts, in words for people.
use super::account::StaffNumber;
use super::roles::Right;
use super::secret::PasswordFault;
use crate::limits::{ACCOUNTS_MAX, IMPORT_BYTES_MAX, LOGIN_CHARS_MAX, STAFF_TEXT_CHARS_MAX};
use crate::service::WriteError;

/// Why a text of an account is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// The login.
    #[error("a login has 2 to {LOGIN_CHARS_MAX} letters a-z, digits, hyphens, underscores, dots or @")]
    Login,
    /// The name.
    #[error("a name has 1 to {STAFF_TEXT_CHARS_MAX} characters, without control characters")]
    Name,
    /// The department.
    #[error("a department has at most {STAFF_TEXT_CHARS_MAX} characters, without control characters")]
    Department,
    /// The role.
    #[error(
        "unknown role; use doctor, nurse, pharmacist, dentist, care-manager, care-staff, clerk, emergency, auditor, administrator \
         or network-office, or the Japanese word"
    )]
    Role,
    /// The facility.
    #[error("no such facility on this node; name one of its ten-digit numbers")]
    Facility,
    /// The login belongs to somebody.
    #[error("this login belongs to somebody already")]
    Taken,
}

/// Why something was not done. Nothing of it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// The role of who asks has not this right.
    #[error("this needs the right {0:?}, which this role does not have")]
    Right(Right),
    /// A text.
    #[error(transparent)]
    Text(#[from] TextFault),
    /// The new password.
    #[error(transparent)]
    Password(#[from] PasswordFault),
    /// Nobody has this number.
    #[error("no member of staff has the number {0}")]
    Unknown(StaffNumber),
    /// Without an administrator nobody could add one.
    #[error("this is the last active administrator; make another one first")]
    LastAdministrator,
    /// There are too many accounts.
    #[error("a node has at most {ACCOUNTS_MAX} accounts")]
    Full,
    /// The list cannot be read as a whole.
    #[error("the list cannot be read: {0}; it may have {IMPORT_BYTES_MAX} bytes")]
    List(String),
    /// The password given with it was wrong, or too many were tried.
    #[error("the password is wrong, or too many were tried; wait a little")]
    Refused,
    /// The store.
    #[error(transparent)]
    Write(#[from] WriteError),
}
