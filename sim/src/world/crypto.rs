use protocol::crypto::{Crypto, Real, Secret, Signature, sha256};
use protocol::ids::PublicKey;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The real signatures, each check and each key computed once: ten nodes look at the same objects again and again.
#[derive(Debug, Default)]
pub struct Remembering {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    keys: BTreeMap<[u8; 32], PublicKey>,
    verdicts: BTreeMap<[u8; 32], bool>,
}

impl Remembering {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Crypto for Remembering {
    fn public(&self, secret: &Secret) -> PublicKey {
        *self.known().keys.entry(*secret.expose()).or_insert_with(|| Real.public(secret))
    }
    fn sign(&self, secret: &Secret, message: &[u8]) -> Signature {
        let signature = Real.sign(secret, message);
        // What was signed here is good by construction; others need not compute it again.
        let key = self.public(secret);
        self.known().verdicts.insert(line(&key, message, &signature), true);
        signature
    }
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
        let line = line(key, message, signature);
        if let Some(verdict) = self.known().verdicts.get(&line) {
            return *verdict;
        }
        let verdict = Real.verify(key, message, signature);
        self.known().verdicts.insert(line, verdict);
        verdict
    }
}

fn line(key: &PublicKey, message: &[u8], signature: &Signature) -> [u8; 32] {
    sha256(&[&key.0, &signature.0, message]).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_what_is_true() {
        let (crypto, secret) = (Remembering::default(), Secret::from_bytes([3; 32]));
        let key = crypto.public(&secret);
        assert_eq!(key, Real.public(&secret));
        let signature = crypto.sign(&secret, b"text");
        assert!(crypto.verify(&key, b"text", &signature) && Real.verify(&key, b"text", &signature));
        assert!(!crypto.verify(&key, b"texT", &signature));
        assert!(!crypto.verify(&key, b"texT", &signature), "asked twice");
    }
}
