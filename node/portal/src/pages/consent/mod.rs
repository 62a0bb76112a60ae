//! The consent desk: `list` (what a person said, in sentences), `fill` (taking and withdrawing), `tablet` (the patient's own
//! screen), `paper` (receipt and certificate, for print), `ending` (who is asked again).
mod ending;
mod fill;
mod list;
mod paper;
mod tablet;

pub use ending::consents_ending;
pub use fill::{ConsentFault, Filling, consent_new, consent_withdraw};
pub use list::consent_list;
pub use paper::consent_paper;
pub use tablet::{consent_tablet, tablet_groups};

/// The versions of the printed text that patients sign, newest first. What each says stands under its keys in the words.
pub const TEXT_VERSIONS: [&str; 1] = ["2026-1"];
/// The form on which a death is told (逝去届).
pub const DEATH_VERSION: &str = "death-1";
/// The form on which a patient leaves (退会届).
pub const LEAVE_VERSION: &str = "leave-1";
