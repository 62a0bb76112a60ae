//! Keys, signatures, seals and hashes: everything cryptographic that the core does, and nothing else knows how.
//!
//! Read `secret` (what is kept) and `sign` (Ed25519 behind the trait [`Crypto`], and the [`domain`] every signed text
//! starts with), then `hash` (SHA-256, HMAC, HKDF), `seal` (to one key: HPKE; under a shared key: ChaCha20-Poly1305) and
//! `tag` (the keyed hash of an identity string). With the feature `testing` there is `ledger`: signatures that cost no
//! curve arithmetic. Randomness is always an argument. Sources: RFC 8032, 9180, 8439, 5869, 2104.
mod hash;
#[cfg(feature = "testing")]
mod ledger;
mod seal;
mod secret;
mod sign;
mod tag;

pub use hash::{derive, mac, sha256};
#[cfg(feature = "testing")]
pub use ledger::Ledger;
pub use seal::{lock, open_from, seal_public, seal_to, unlock};
pub use secret::Secret;
pub use sign::{Crypto, Real, Signature, domain};
pub use tag::LocalKey;
