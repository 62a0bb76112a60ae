use super::note::{self, Algorithm};
use crate::{
    crypto::{Crypto, Secret, Signature},
    ids::{Hash, PublicKey},
    limits::COSIGNATURES_MAX,
    time::{Millis, SECOND_MS},
};
use data_encoding::{BASE64, HEXLOWER};
use serde::{Deserialize, Serialize};

/// What a log says of itself at one moment: how long it is, and the hash over all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The log's key, and so its name.
    pub log: PublicKey,
    /// Number of leaves.
    pub size: u64,
    /// RFC 6962 root over them.
    pub root: Hash,
    /// When it was made, by the log's own clock.
    pub at: Millis,
}

impl Checkpoint {
    /// The text that is signed: a C2SP checkpoint with the time as its one extension line.
    pub fn note(&self) -> String {
        format!("{}\n{}\n{}\n{TIME}{}\n", origin(&self.log), self.size, BASE64.encode(&self.root.0), self.at.0)
    }
    /// Reads exactly what [`Self::note`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let log = parse_key(lines.next()?, LOG)?;
        let size = parse_decimal(lines.next()?)?;
        let root = Hash::from_slice(&BASE64.decode(lines.next()?.as_bytes()).ok()?)?;
        let at = Millis(parse_decimal(lines.next()?.strip_prefix(TIME)?)?);
        lines.next().is_none().then_some(Self { log, size, root, at })
    }
}

/// A witness's word that a checkpoint extends every one it saw of that log before (C2SP tlog-cosignature, Ed25519).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cosignature {
    /// The witness's key, and so its name.
    pub witness: PublicKey,
    /// When it was given: whole seconds, as the standard has it.
    pub at: Millis,
    /// Over [`Cosignature::text`].
    pub signature: Signature,
}

impl Cosignature {
    /// The text that a witness signs: a header, the time, then the checkpoint's note.
    pub fn text(at: Millis, checkpoint: &Checkpoint) -> String {
        format!("cosignature/v1\ntime {}\n{}", at.0 / SECOND_MS, checkpoint.note())
    }
}

/// A checkpoint with its log's signature and what witnesses have added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedCheckpoint {
    /// What is signed.
    pub checkpoint: Checkpoint,
    /// The log's, over [`Checkpoint::note`].
    pub signature: Signature,
    /// Of witnesses, each at most once.
    pub cosignatures: Vec<Cosignature>,
}

impl SignedCheckpoint {
    /// Signs the log's head. The log is named after the public key of `secret`.
    pub fn sign(crypto: &dyn Crypto, secret: &Secret, head: super::Head, at: Millis) -> Self {
        let checkpoint = Checkpoint { log: crypto.public(secret), size: head.size, root: head.root, at };
        let signature = crypto.sign(secret, checkpoint.note().as_bytes());
        Self { checkpoint, signature, cosignatures: Vec::new() }
    }
    /// Whether the log itself signed it. Says nothing of the cosignatures.
    pub fn verify(&self, crypto: &dyn Crypto) -> bool {
        crypto.verify(&self.checkpoint.log, self.checkpoint.note().as_bytes(), &self.signature)
    }
    /// A witness's cosignature. Only after [`super::witness::judge`] agreed and the new head is on disk.
    pub fn cosign(&self, crypto: &dyn Crypto, secret: &Secret, at: Millis) -> Cosignature {
        let at = Millis(at.0 - at.0 % SECOND_MS);
        let signature = crypto.sign(secret, Cosignature::text(at, &self.checkpoint).as_bytes());
        Cosignature { witness: crypto.public(secret), at, signature }
    }
    /// Whether a cosignature is its witness's, for this very checkpoint.
    pub fn verify_cosignature(&self, crypto: &dyn Crypto, cosignature: &Cosignature) -> bool {
        let text = Cosignature::text(cosignature.at, &self.checkpoint);
        cosignature.at.0.is_multiple_of(SECOND_MS)
            && crypto.verify(&cosignature.witness, text.as_bytes(), &cosignature.signature)
    }
    /// Takes a cosignature if it is valid, its witness's first here, and not the log's own. Tells whether it did.
    pub fn add(&mut self, crypto: &dyn Crypto, cosignature: Cosignature) -> bool {
        let fits = self.cosignatures.len() < COSIGNATURES_MAX
            && cosignature.witness != self.checkpoint.log
            && self.cosignatures.iter().all(|known| known.witness != cosignature.witness)
            && self.verify_cosignature(crypto, &cosignature);
        if fits {
            self.cosignatures.push(cosignature);
        }
        fits
    }
    /// Whether the log signed it and at least `w` different ones of `witnesses`, which must be known from elsewhere, agree.
    pub fn good(&self, crypto: &dyn Crypto, witnesses: &[PublicKey], w: usize) -> bool {
        let mut agreed: Vec<PublicKey> = self
            .cosignatures
            .iter()
            .filter(|one| one.witness != self.checkpoint.log && witnesses.contains(&one.witness))
            .filter(|one| self.verify_cosignature(crypto, one))
            .map(|one| one.witness)
            .collect();
        agreed.sort_unstable();
        agreed.dedup();
        agreed.len() >= w && self.verify(crypto)
    }
    /// The whole as a C2SP signed note, which existing tools check.
    pub fn to_note(&self) -> String {
        let log = &self.checkpoint.log;
        let mut out = self.checkpoint.note();
        out.push('\n');
        out.push_str(&note::line(&origin(log), Algorithm::Ed25519, log, &self.signature.0));
        for one in &self.cosignatures {
            let bytes = [(one.at.0 / SECOND_MS).to_be_bytes().as_slice(), &one.signature.0].concat();
            out.push_str(&note::line(&named(WITNESS, &one.witness), Algorithm::Cosignature, &one.witness, &bytes));
        }
        out
    }
    /// Reads a signed note. Lines of other keys and algorithms are passed over, as the standard wants; nothing is
    /// verified yet.
    pub fn from_note(text: &str) -> Option<Self> {
        let (body, lines) = note::split(text)?;
        let checkpoint = Checkpoint::parse(body)?;
        let name = origin(&checkpoint.log);
        let key_id = note::key_id(&name, Algorithm::Ed25519, &checkpoint.log);
        let own = lines.iter().find(|line| line.name == name && line.key_id == key_id)?;
        let signature = Signature::from_slice(&own.signature)?;
        let mut cosignatures: Vec<Cosignature> = Vec::new();
        for one in lines.iter().filter_map(parse_cosignature).take(COSIGNATURES_MAX) {
            if cosignatures.iter().all(|known| known.witness != one.witness) {
                cosignatures.push(one);
            }
        }
        Some(Self { checkpoint, signature, cosignatures })
    }
}

fn parse_cosignature(line: &note::Line<'_>) -> Option<Cosignature> {
    let witness = parse_key(line.name, WITNESS)?;
    if line.key_id != note::key_id(line.name, Algorithm::Cosignature, &witness) {
        return None;
    }
    let (seconds, signature) = line.signature.split_first_chunk::<8>()?;
    let at = Millis(u64::from_be_bytes(*seconds).checked_mul(SECOND_MS)?);
    Some(Cosignature { witness, at, signature: Signature::from_slice(signature)? })
}

/// The first line of a log's checkpoints and the name of its key.
fn origin(log: &PublicKey) -> String {
    named(LOG, log)
}

fn named(kind: &str, key: &PublicKey) -> String {
    format!("{kind}{}", HEXLOWER.encode(&key.0))
}

fn parse_key(name: &str, kind: &str) -> Option<PublicKey> {
    PublicKey::from_slice(&HEXLOWER.decode(name.strip_prefix(kind)?.as_bytes()).ok()?)
}

/// ASCII digits without leading zeros.
pub(super) fn parse_decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

const LOG: &str = "musubi/log/";
const WITNESS: &str = "musubi/witness/";
const TIME: &str = "at ";

#[cfg(test)]
#[path = "checkpoint_tests.rs"]
mod tests;
