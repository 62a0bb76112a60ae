use crate::time::Date;

/// A field of a message does not have the form it must have; the peer is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("field {0} is missing or malformed")]
pub struct FieldError(pub &'static str);

/// Exactly sixteen bytes.
///
/// # Errors
/// [`FieldError`] with the field's name.
pub fn bytes16(bytes: &[u8], name: &'static str) -> Result<[u8; 16], FieldError> {
    bytes.try_into().map_err(|_| FieldError(name))
}

/// A word that the other side did say: code 0 is a word like others, so a field that is left out is not read as it.
pub fn said<T>(code: Option<u32>, word: impl Fn(u8) -> Option<T>) -> Option<T> {
    word(u8::try_from(code?).ok()?)
}

/// Exactly thirty-two bytes.
///
/// # Errors
/// [`FieldError`] with the field's name.
pub fn bytes32(bytes: &[u8], name: &'static str) -> Result<[u8; 32], FieldError> {
    bytes.try_into().map_err(|_| FieldError(name))
}

/// A date as `YYYYMMDD`; zero is none.
///
/// # Errors
/// [`FieldError`] if the calendar does not have it.
pub fn date_of(number: u32, name: &'static str) -> Result<Option<Date>, FieldError> {
    if number == 0 { Ok(None) } else { Date::from_number(number).map(Some).ok_or(FieldError(name)) }
}

/// A date as a number; none is zero.
pub fn number_of(date: Option<Date>) -> u32 {
    date.map_or(0, Date::number)
}
