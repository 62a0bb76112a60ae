//! Key generation (鍵の生成): n evaluators make a key of which each ends with one share and nobody with the whole.
//!
//! Read `ceremony` (who takes part), `step` (the three things that a member can say, each signed), then `machine`. Every
//! member deals a secret polynomial: commitments in the open, one share sealed to each seat. The key is the sum of what was
//! dealt (Pedersen's joint Feldman sharing), so it is unknown as long as one dealer is honest. Who gets a share that does not
//! hold complains; the dealer answers by opening that one share; an answer that does not hold, or two deals of one seat, is a
//! proof against the dealer that everybody can check. Nothing runs against a clock: steps are a set that only grows, members
//! pass on what they have, and whoever is still waited for is named. A ceremony with a proven liar has failed; the founders
//! call a new one without it. A new epoch is a new ceremony.
mod ceremony;
mod machine;
mod step;
#[cfg(test)]
mod tests;

pub use ceremony::{Ceremony, Member};
pub use machine::{Keygen, Made, Own, Progress};
pub use step::{DealerFault, DealerWrong, Step, StepError};
