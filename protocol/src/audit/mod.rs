//! The log (証跡): what happened at this node, in an order that nobody can change unseen.
//!
//! Read `event` (what is told), `log` (how events become leaves of an RFC 6962 tree in the store) and `tree` (that tree's
//! arithmetic: inclusion and consistency proofs). Then `checkpoint` (the signed head, a C2SP note) with [`witness`] (when
//! another node co-signs it, and what is a proof of fork), and `evidence` (one event, provable from a file alone).
//! Sources: RFC 6962 and 9162, section 2; C2SP tlog-checkpoint, signed-note, tlog-cosignature.
mod checkpoint;
mod event;
mod evidence;
mod log;
mod note;
pub(crate) mod tree;
pub mod witness;

pub use checkpoint::{Checkpoint, Cosignature, SignedCheckpoint};
pub use event::{Event, What};
pub use evidence::{Evidence, EvidenceError, Exchange, ExchangeFinding, Findings};
pub use log::{
    Appended, Head, LogDamage, append, consistency, event, events, head, inclusion, leaf_hash, root_at, verify_log,
};
pub use tree::{verify_consistency, verify_inclusion};
