use super::{Crypto, Real, Secret, Signature, sha256};
use crate::ids::PublicKey;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Signatures for large simulations: a keyed hash, and a table of all that was ever signed in which checking looks.
///
/// Clones share the table. Public keys are those of [`Real`], so that traces of both agree; a signature that nobody made
/// is never good, as with the real thing.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    table: Arc<Mutex<Table>>,
}

#[derive(Debug, Default)]
struct Table {
    /// Hash of each secret → its public key: the one curve operation per key.
    keys: BTreeMap<[u8; 32], PublicKey>,
    /// Hash of (public key, signature, message) of everything signed.
    signed: BTreeSet<[u8; 32]>,
}

impl Ledger {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Crypto for Ledger {
    fn public(&self, secret: &Secret) -> PublicKey {
        let name = sha256(&[b"ledger key", secret.expose()]).0;
        *self.table().keys.entry(name).or_insert_with(|| Real.public(secret))
    }
    fn sign(&self, secret: &Secret, message: &[u8]) -> Signature {
        let key = self.public(secret);
        let digest = sha256(&[message]);
        let half = |side: u8| sha256(&[secret.expose(), &[side], &digest.0]).0;
        let signature = Signature::from((half(0), half(1)));
        self.table().signed.insert(line(&key, &digest.0, &signature));
        signature
    }
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
        self.table().signed.contains(&line(key, &sha256(&[message]).0, signature))
    }
}

fn line(key: &PublicKey, digest: &[u8; 32], signature: &Signature) -> [u8; 32] {
    sha256(&[&key.0, digest, &signature.0]).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_agrees_with_the_real_thing_on_keys_and_verdicts() {
        let (ledger, secret) = (Ledger::default(), Secret::from_bytes([3; 32]));
        assert_eq!(ledger.public(&secret), Real.public(&secret));
        let signature = ledger.sign(&secret, b"text");
        let elsewhere = ledger.clone();
        assert!(elsewhere.verify(&Real.public(&secret), b"text", &signature));
        assert!(!elsewhere.verify(&Real.public(&secret), b"texT", &signature));
        assert!(!elsewhere.verify(&Real.public(&Secret::from_bytes([4; 32])), b"text", &signature));
        assert!(!Ledger::default().verify(&Real.public(&secret), b"text", &signature));
    }
}
