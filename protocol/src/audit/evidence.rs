use super::{
    checkpoint::{Checkpoint, SignedCheckpoint, parse_decimal},
    event::Event,
    log,
    tree::verify_inclusion,
};
use crate::{
    crypto::Crypto,
    data::{View, decode},
    fetch::{Countersigned, ExchangeReceipt},
    ids::{Hash, PublicKey},
    limits::{EVIDENCE_BYTES_MAX, PROOF_HASHES_MAX},
    time::Millis,
};
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

/// One event of a log with everything that proves it, checked from this alone: no node, no network, no store.
///
/// Shows one event and no other: the salt opens this leaf only, the proof is made of hashes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The event's bytes as they were logged.
    pub event: Vec<u8>,
    /// The salt of its leaf.
    pub salt: [u8; 32],
    /// Its position.
    pub index: u64,
    /// From its leaf to the checkpoint's root.
    pub proof: Vec<Hash>,
    /// The head under which it lies, with its witnesses.
    pub checkpoint: SignedCheckpoint,
    /// What the other side of the exchange signed, if there was one.
    pub exchange: Option<Exchange>,
}

/// A receipt of both sides, with the node keys that signed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// The receipt and both signatures.
    pub receipt: Countersigned,
    /// The reader's node key at that time.
    pub reader: PublicKey,
    /// The holder's.
    pub holder: PublicKey,
}

/// What evidence proves. Whose the keys are must be known from elsewhere: from certificates, or by telephone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// What happened.
    pub event: Event,
    /// Where it stands in the log.
    pub index: u64,
    /// The log's own word: key, size, root, time.
    pub checkpoint: Checkpoint,
    /// Witnesses that co-signed, each with its time.
    pub witnesses: Vec<(PublicKey, Millis)>,
    /// The exchange that both sides signed.
    pub exchange: Option<ExchangeFinding>,
}

/// What a receipt in evidence proves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeFinding {
    /// What both sides state.
    pub receipt: ExchangeReceipt,
    /// The key that signed as reader.
    pub reader: PublicKey,
    /// The key that signed as holder.
    pub holder: PublicKey,
    /// Whether it names this very leaf: then the other side's signature vouches for this event too.
    pub names_this_leaf: bool,
}

/// Why evidence proves nothing. It may be forged, or damaged in copying: ask for it again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// Not in the form of a transparency log proof of this version.
    #[error("this is not an evidence file of this version, or it was cut or changed in copying")]
    Format,
    /// The event's bytes are of no version that this program knows.
    #[error("the event in it is of a version that this program does not know")]
    Event,
    /// The event is not in the log at that place.
    #[error("the event is not in the log at position {0}: the file was changed")]
    Proof(u64),
    /// The log did not sign that head.
    #[error("the log did not sign this checkpoint: the file was changed")]
    Log,
    /// A cosignature is not its witness's.
    #[error("witness {0} did not co-sign this checkpoint: the file was changed")]
    Witness(PublicKey),
    /// The receipt is not signed by the keys that stand with it.
    #[error("the exchange receipt is not signed by both sides: the file was changed")]
    Exchange,
}

impl Evidence {
    /// Collects what proves the event at `index` under a checkpoint of this log; none if it is not under it.
    pub fn gather(view: &dyn View, salt_key: &[u8; 32], index: u64, checkpoint: SignedCheckpoint) -> Option<Self> {
        let event = log::event_bytes(view, index)?;
        let proof = log::inclusion(view, index, checkpoint.checkpoint.size)?;
        Some(Self { event, salt: log::salt(salt_key, index), index, proof, checkpoint, exchange: None })
    }
    /// With the receipt of the exchange that the event belongs to.
    #[must_use]
    pub fn exchange(self, exchange: Exchange) -> Self {
        Self { exchange: Some(exchange), ..self }
    }
    /// Checks every hash and signature in it.
    ///
    /// # Errors
    /// [`EvidenceError`] naming the first that does not fit; then nothing of it is proven.
    pub fn verify(&self, crypto: &dyn Crypto) -> Result<Findings, EvidenceError> {
        let event = decode(&self.event).ok_or(EvidenceError::Event)?;
        let (leaf, head) = (log::salted_leaf(&self.salt, &self.event), self.checkpoint.checkpoint);
        if !verify_inclusion(leaf, self.index, head.size, &self.proof, head.root) {
            return Err(EvidenceError::Proof(self.index));
        }
        if !self.checkpoint.verify(crypto) {
            return Err(EvidenceError::Log);
        }
        let mut witnesses = Vec::new();
        for one in &self.checkpoint.cosignatures {
            if !self.checkpoint.verify_cosignature(crypto, one) {
                return Err(EvidenceError::Witness(one.witness));
            }
            if one.witness != head.log && witnesses.iter().all(|(known, _)| *known != one.witness) {
                witnesses.push((one.witness, one.at));
            }
        }
        let here = (self.index, leaf);
        let exchange = self.exchange.as_ref().map(|exchange| exchange.verify(crypto, here)).transpose()?;
        Ok(Findings { event, index: self.index, checkpoint: head, witnesses, exchange })
    }
    /// The evidence as a file: a C2SP `tlog-proof`, whose `extra` line carries event, salt and receipt.
    pub fn to_text(&self) -> String {
        let extra = Extra { event: self.event.clone(), salt: self.salt, exchange: self.exchange.clone() };
        let extra = bincode::serde::encode_to_vec(&extra, CONFIG).unwrap_or_default();
        let mut out = format!("{MAGIC}\nextra {}\nindex {}\n", BASE64.encode(&extra), self.index);
        for hash in &self.proof {
            out.push_str(&BASE64.encode(&hash.0));
            out.push('\n');
        }
        out.push('\n');
        out.push_str(&self.checkpoint.to_note());
        out
    }
    /// Reads a file that [`Self::to_text`] wrote. Nothing is verified yet.
    ///
    /// # Errors
    /// [`EvidenceError::Format`] if it is none.
    pub fn from_text(text: &str) -> Result<Self, EvidenceError> {
        parse(text).ok_or(EvidenceError::Format)
    }
}

impl Exchange {
    fn verify(&self, crypto: &dyn Crypto, here: (u64, Hash)) -> Result<ExchangeFinding, EvidenceError> {
        if !self.receipt.verify(crypto, &self.reader, &self.holder) {
            return Err(EvidenceError::Exchange);
        }
        let receipt = self.receipt.receipt.clone();
        let names_this_leaf = receipt.holder_leaf == here || receipt.reader_leaf == here;
        Ok(ExchangeFinding { receipt, reader: self.reader, holder: self.holder, names_this_leaf })
    }
}

/// What the standard's format has no line for.
#[derive(Serialize, Deserialize)]
struct Extra {
    event: Vec<u8>,
    salt: [u8; 32],
    exchange: Option<Exchange>,
}

fn parse(text: &str) -> Option<Evidence> {
    if text.len() > EVIDENCE_BYTES_MAX {
        return None;
    }
    let (proof, note) = text.split_once("\n\n")?;
    let mut lines = proof.split('\n');
    if lines.next()? != MAGIC {
        return None;
    }
    let bytes = BASE64.decode(lines.next()?.strip_prefix("extra ")?.as_bytes()).ok()?;
    let (extra, read): (Extra, usize) = bincode::serde::decode_from_slice(&bytes, CONFIG).ok()?;
    if read != bytes.len() {
        return None;
    }
    let index = parse_decimal(lines.next()?.strip_prefix("index ")?)?;
    let hash = |line: &str| Hash::from_slice(&BASE64.decode(line.as_bytes()).ok()?);
    let proof: Option<Vec<Hash>> = lines.take(PROOF_HASHES_MAX + 1).map(hash).collect();
    let proof = proof.filter(|proof| proof.len() <= PROOF_HASHES_MAX)?;
    let checkpoint = SignedCheckpoint::from_note(note)?;
    Some(Evidence { event: extra.event, salt: extra.salt, index, proof, checkpoint, exchange: extra.exchange })
}

const MAGIC: &str = "c2sp.org/tlog-proof@v1";
/// Files come from outside: lengths in them are believed only up to the size of a file.
const CONFIG: bincode::config::Configuration<
    bincode::config::LittleEndian,
    bincode::config::Varint,
    bincode::config::Limit<EVIDENCE_BYTES_MAX>,
> = bincode::config::standard().with_limit::<EVIDENCE_BYTES_MAX>();

#[cfg(test)]
#[path = "evidence_tests.rs"]
mod tests;
