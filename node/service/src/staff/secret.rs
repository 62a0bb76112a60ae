//! Secrets of people: password hashes, one-time codes, and texts as people type them.
use crate::limits::{PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN};
use crate::random::fresh;
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};

/// A password's Argon2id hash with what it was made with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PasswordHash {
    salt: [u8; 16],
    memory_kib: u32,
    passes: u32,
    hash: [u8; 32],
}

impl PasswordHash {
    /// Hashes a password with fresh salt. Takes some 20 ms and 19 MiB.
    pub fn of(password: &str) -> Self {
        let mut made = Self { salt: fresh(), memory_kib: MEMORY_KIB, passes: PASSES, hash: [0; 32] };
        made.hash = made.work(password).unwrap_or_else(fresh);
        made
    }
    /// A hash that no password has, for the same work where there is no account.
    pub fn decoy() -> Self {
        Self { salt: fresh(), memory_kib: MEMORY_KIB, passes: PASSES, hash: fresh() }
    }
    /// Whether this is the password.
    pub fn fits(&self, password: &str) -> bool {
        self.work(password).is_some_and(|hash| same(&hash, &self.hash))
    }
    fn work(&self, password: &str) -> Option<[u8; 32]> {
        let params = Params::new(self.memory_kib, self.passes, 1, Some(32)).ok()?;
        let mut hash = [0; 32];
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon.hash_password_into(password.as_bytes(), &self.salt, &mut hash).ok()?;
        Some(hash)
    }
}

/// Why a text cannot be a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// Too short.
    #[error("a password has at least {PASSWORD_CHARS_MIN} characters")]
    Short,
    /// Too long.
    #[error("a password has at most {PASSWORD_CHARS_MAX} characters")]
    Long,
    /// Everybody's first guess: the login, one character again and again, a row of the keyboard.
    #[error("this password is among the first that somebody would guess")]
    Guessable,
    /// Both fields differ.
    #[error("the two passwords differ")]
    Differ,
}

/// Checks a new password. Length is what counts; no rule about kinds of characters.
pub(super) fn check_password(password: &str, login: &str) -> Result<(), PasswordFault> {
    let chars = password.chars().count();
    if chars < PASSWORD_CHARS_MIN {
        return Err(PasswordFault::Short);
    }
    if chars > PASSWORD_CHARS_MAX {
        return Err(PasswordFault::Long);
    }
    let low = password.to_lowercase();
    let distinct = low.chars().collect::<std::collections::BTreeSet<_>>().len();
    if distinct < 4 || low.contains(login) || COMMON.iter().any(|common| low.contains(common)) {
        return Err(PasswordFault::Guessable);
    }
    Ok(())
}

/// What somebody typed, with full-width letters and digits (a keyboard left in Japanese) as the plain ones.
pub(super) fn folded(text: &str) -> String {
    let plain = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        other => other,
    };
    text.chars().map(plain).collect()
}

/// A code for one use, as it is given to a person: `7KQ2M-XW9PD` (50 bits).
pub(super) fn new_code() -> String {
    let bytes: [u8; 10] = fresh();
    let letters: String = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect();
    format!("{}-{}", &letters[..5], &letters[5..])
}

/// A code as it was typed: without spaces and hyphens, in capitals.
pub(super) fn typed_code(text: &str) -> String {
    folded(text)
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(CODE_CHARS_MAX)
        .collect::<String>()
        .to_ascii_uppercase()
}

/// Compares secrets without telling by its time how much agrees.
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

/// Argon2id as OWASP advises where memory is small: 19 MiB, two passes.
const MEMORY_KIB: u32 = 19 << 10;
const PASSES: u32 = 2;
/// Without 0, 1, I and O, which look alike on paper.
const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const CODE_CHARS_MAX: usize = 32;
/// Pieces that make a long password guessable.
const COMMON: [&str; 10] =
    ["password", "passw0rd", "12345678", "qwerty", "asdfgh", "musubi", "hospital", "iloveyou", "abcdefg", "11111111"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_hash_only_and_two_hashes_of_it_differ() {
        let (one, other) = (PasswordHash::of("correct horse"), PasswordHash::of("correct horse"));
        assert!(one.fits("correct horse") && !one.fits("correct hors") && !one.fits(""));
        assert!(one.hash != other.hash && !PasswordHash::decoy().fits("correct horse"));
    }
    #[test]
    fn short_long_and_guessable_passwords_are_refused() {
        assert_eq!(check_password("short", "d1"), Err(PasswordFault::Short));
        assert_eq!(check_password(&"ab1!".repeat(64), "d1"), Err(PasswordFault::Long));
        for guess in ["aaaaaaaaaaaa", "Password2026", "d-yamada2026", "1234567890"] {
            assert_eq!(check_password(guess, "d-yamada"), Err(PasswordFault::Guessable), "{guess}");
        }
        assert_eq!(check_password("みなと の 朝は 早い", "d1"), Ok(()));
    }
    #[test]
    fn codes_are_read_as_people_type_them() {
        let code = new_code();
        assert_eq!(code.len(), 11);
        assert_eq!(typed_code(&format!(" {} ", code.to_lowercase())), code.replace('-', ""));
        assert_eq!(typed_code("１２３ ４５６"), "123456");
    }
}
