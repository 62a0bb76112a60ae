//! Consent (同意): who may see what of a patient, and how conflicting statements are settled.
//!
//! Read [`receipt`](ConsentReceipt) first (what a patient signed), then `precedence` (which statement wins), `published`
//! (what an index may tell a whole audience), `withdrawal` (how a patient takes it back), `certificate` (what became of
//! that at every node), `keep` (where receipts lie).
//! Nothing here asks for the time or touches a disk. Without a statement the answer is no.
mod certificate;
mod keep;
mod precedence;
mod published;
mod receipt;
#[cfg(test)]
mod tests;
mod withdrawal;

pub use certificate::{Announced, Certificate, CertificateError, CertifiedNode, Copied, Forgetting};
pub use keep::{consent_key, keep, receipts_of};
pub use precedence::{Query, Verdict, is_stopped, left_in_emergency, permitted, permitted_of, verdict, was_permitted};
pub use published::{Reach, published};
pub use receipt::{ConsentReceipt, Holders, LegalBase, Mode, Networks, Readers, Stance, modes};
pub use withdrawal::{Withdrawal, WithdrawalScope};
