//! When a witness co-signs another node's checkpoint, and what proves that a log told two stories.
use super::{SignedCheckpoint, checkpoint::Checkpoint, tree::verify_consistency};
use crate::{crypto::Crypto, ids::Hash};
use serde::{Deserialize, Serialize};

/// The newest head of one log that a witness signed. On disk before the cosignature leaves; a witness that lost it is
/// retired, never restarted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Number of leaves.
    pub size: u64,
    /// Root over them.
    pub root: Hash,
}

impl From<&Checkpoint> for Known {
    fn from(checkpoint: &Checkpoint) -> Self {
        Self { size: checkpoint.size, root: checkpoint.root }
    }
}

/// Why a witness does not sign. Nothing was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The log is shorter than the witness knows it: it was cut, or restored from an old backup.
    #[error("this log was longer before; a witness never signs a shorter one")]
    Shorter,
    /// The proof begins elsewhere; the log should send the one from this size.
    #[error("send a consistency proof that begins at size {0}")]
    ProofFrom(u64),
    /// The proof does not lead from the known head to this one.
    #[error("the consistency proof does not lead from the head that this witness signed to the new one")]
    BadProof,
    /// The same size with another root: with the head that was signed before, a proof of fork.
    #[error("this log has another root at a size that this witness has signed")]
    Fork,
}

/// Whether a witness that signed `known` (none: nothing of this log yet) may sign `checkpoint`, given a consistency
/// `proof` that begins at size `from`. The checkpoint's own signature is checked before.
///
/// # Errors
/// [`Refusal`], which goes back to the log.
pub fn judge(known: Option<&Known>, checkpoint: &Checkpoint, proof: &[Hash], from: u64) -> Result<(), Refusal> {
    let Some(known) = known else {
        return if from == 0 && proof.is_empty() { Ok(()) } else { Err(Refusal::ProofFrom(0)) };
    };
    if checkpoint.size < known.size {
        return Err(Refusal::Shorter);
    }
    if checkpoint.size == known.size {
        return if checkpoint.root == known.root { Ok(()) } else { Err(Refusal::Fork) };
    }
    if from != known.size {
        return Err(Refusal::ProofFrom(known.size));
    }
    if verify_consistency(from, checkpoint.size, known.root, checkpoint.root, proof) {
        Ok(())
    } else {
        Err(Refusal::BadProof)
    }
}

/// Two heads of one log, equally long, both signed, with different roots: no honest log makes them. Needs no other
/// context, so anybody can pass it on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fork {
    /// One of them.
    pub one: SignedCheckpoint,
    /// The other.
    pub other: SignedCheckpoint,
}

impl Fork {
    /// Whether it proves what it says.
    pub fn proves(&self, crypto: &dyn Crypto) -> bool {
        let (one, other) = (&self.one.checkpoint, &self.other.checkpoint);
        one.log == other.log
            && one.size == other.size
            && one.root != other.root
            && self.one.verify(crypto)
            && self.other.verify(crypto)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        audit::{Event, Head, What, append, consistency, head, root_at},
        crypto::{Real, Secret},
        data::MemoryView,
        ids::PublicKey,
        time::Millis,
    };

    fn log_of(size: u32, twist: u32) -> MemoryView {
        let mut view = MemoryView::default();
        let events: Vec<Event> = (0..size).map(|n| Event::new(Millis(1), What::Answered).count(n + twist)).collect();
        view.apply(&append(&view.clone(), &[1; 32], &events).writes);
        view
    }
    fn at(view: &MemoryView, size: u64) -> Checkpoint {
        let root = root_at(view, size).expect("below the head");
        Checkpoint { log: PublicKey([1; 32]), size, root, at: Millis(5) }
    }

    #[test]
    fn row_176_a_log_that_grows_is_signed_and_one_that_does_not_extend_is_refused() {
        let view = log_of(20, 0);
        let known = Known::from(&at(&view, 7));
        let proof = consistency(&view, 7, 20).expect("in order");
        assert_eq!(judge(Some(&known), &at(&view, 20), &proof, 7), Ok(()));
        assert_eq!(judge(Some(&known), &at(&view, 7), &[], 7), Ok(()), "asked again");
        assert_eq!(judge(Some(&known), &at(&view, 20), &proof, 6), Err(Refusal::ProofFrom(7)));
        assert_eq!(judge(Some(&known), &at(&view, 20), &proof[1..], 7), Err(Refusal::BadProof));
        assert_eq!(judge(Some(&known), &at(&view, 6), &[], 7), Err(Refusal::Shorter));
        let other = log_of(20, 100);
        let foreign = consistency(&other, 7, 20).expect("in order");
        assert_eq!(judge(Some(&known), &at(&other, 20), &foreign, 7), Err(Refusal::BadProof));
        assert_eq!(judge(Some(&known), &at(&other, 7), &[], 7), Err(Refusal::Fork));
    }
    #[test]
    fn the_first_head_of_a_log_needs_no_proof() {
        let view = log_of(3, 0);
        assert_eq!(judge(None, &at(&view, 3), &[], 0), Ok(()));
        assert_eq!(judge(None, &at(&view, 3), &[Hash([0; 32])], 2), Err(Refusal::ProofFrom(0)));
    }
    #[test]
    fn row_175_two_heads_of_one_log_are_a_proof_of_fork() {
        let secret = Secret::from_bytes([8; 32]);
        let sign = |head: Head, at: u64| SignedCheckpoint::sign(&Real, &secret, head, Millis(at));
        let (one, other) = (sign(head(&log_of(5, 0)), 1), sign(head(&log_of(5, 9)), 2));
        assert!(Fork { one: one.clone(), other: other.clone() }.proves(&Real));
        assert!(!Fork { one: one.clone(), other: sign(head(&log_of(5, 0)), 3) }.proves(&Real), "only a later time");
        assert!(!Fork { one: one.clone(), other: sign(head(&log_of(6, 0)), 3) }.proves(&Real), "only longer");
        let forged = SignedCheckpoint { signature: one.signature, ..other };
        assert!(!Fork { one, other: forged }.proves(&Real));
    }
}
