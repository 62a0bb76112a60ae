//! Blind confirmation (本人確認の照合): two nodes find out whether two records are one person, and neither shows the other a value.
//!
//! Read `transcript` first (what one run is bound to), then `mask` (one round: who judges sends its values under a secret, the
//! other raises them to its own and adds its values; the first then sees which of *its own* values agree, and nothing else),
//! then `answer` (what is said of it: one person, two, or people must say; the veto of either side wins) and `reason`.
//!
//! Pure: randomness comes in as a seed. Which values there are and what their agreement means is `matching`'s, who asks
//! whom, how often and what is kept is the Engine's. Source: linkage reference, 8.6; proof of raising as in [`crate::oprf`].
mod answer;
mod error;
mod mask;
#[cfg(test)]
mod tests;
mod transcript;

pub use answer::{Answer, Confirmation, Said, answer_text, combine};
pub use error::ConfirmError;
pub use mask::{Masks, Raised, Values};
pub use transcript::{Reason, Round, Transcript};
