//! The second factor: time-based one-time passwords (RFC 6238), as every authenticator app makes them.
use crate::random::fresh;
use data_encoding::BASE32_NOPAD;
use protocol::time::Millis;
use ring::hmac;
use serde::{Deserialize, Serialize};

/// The secret that the app and the node share. It lies sealed in the store.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Secret([u8; 20]);

impl Secret {
    /// A new one.
    pub fn fresh() -> Self {
        Self(fresh())
    }
    /// The step whose code this is: now, the one before or the one after, and later than the last one that was used.
    pub fn step_of(&self, code: &str, now: Millis, last: u64) -> Option<u64> {
        let current = now.0 / STEP_MS;
        let steps = [current, current.saturating_sub(1), current.saturating_add(1)];
        // All three are compared, so that the time does not tell which one it was.
        let fits = steps.map(|step| super::secret::same(self.code(step).as_bytes(), code.as_bytes()) && step > last);
        steps.into_iter().zip(fits).find(|(_, fits)| *fits).map(|(step, _)| step)
    }
    /// The six digits of a step.
    pub fn code(&self, step: u64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let bytes = tag.as_ref();
        let at = usize::from(bytes.last().copied().unwrap_or_default() & 15);
        let word = bytes.get(at..at + 4).and_then(|four| <[u8; 4]>::try_from(four).ok()).unwrap_or_default();
        format!("{:06}", (u32::from_be_bytes(word) & 0x7fff_ffff) % 1_000_000)
    }
    /// The secret as people type it into an app without a camera.
    pub fn text(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }
    /// What the picture says to an app. `issuer`: the node's name; only letters and digits of any language are kept.
    pub fn uri(&self, issuer: &str, login: &str) -> String {
        let issuer = percent(issuer);
        format!("otpauth://totp/{issuer}:{}?secret={}&issuer={issuer}", percent(login), self.text())
    }
}

fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// The code that an app with this secret shows, for tests.
#[cfg(any(test, feature = "testing"))]
pub fn code_of(secret: &str, now: Millis) -> String {
    let bytes = BASE32_NOPAD.decode(secret.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.map(|bytes| Secret(bytes).code(now.0 / STEP_MS)).unwrap_or_default()
}

/// How long a code is shown by apps.
pub(super) const STEP_MS: u64 = 30_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_rfc_6238() {
        let secret = Secret(*b"12345678901234567890");
        // Appendix B has eight digits; apps show the last six.
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert_eq!(secret.code(seconds / 30), code, "{seconds}");
        }
    }
    #[test]
    fn a_code_works_once_and_not_after_ninety_seconds() {
        let (secret, now) = (Secret::fresh(), Millis(1_795_311_720_000));
        let code = secret.code(now.0 / STEP_MS);
        let step = secret.step_of(&code, now, 0).expect("fresh");
        assert_eq!(secret.step_of(&code, now, step), None, "used");
        assert_eq!(secret.step_of(&code, now.plus(29_000), 0), Some(step), "clocks differ a little");
        assert_eq!(secret.step_of(&code, now.plus(90_000), 0), None);
        assert_eq!(Secret::fresh().step_of(&code, now, 0), None, "another person's");
        assert!(["", "12345", "1234567", "abcdef"].iter().all(|odd| secret.step_of(odd, now, 0).is_none()));
    }
    #[test]
    fn the_picture_names_node_and_login() {
        let uri = Secret(*b"12345678901234567890").uri("港 病院", "d-1");
        assert!(uri.starts_with("otpauth://totp/%E6%B8%AF%20") && uri.contains(":d-1?secret=GEZDGNBV"), "{uri}");
    }
}
