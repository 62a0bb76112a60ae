//! The network: `view` (members, freshness, accords), `drawing` (the schematic), `clauses` (an accord in sentences), `office` (what
//! waits, and what an office does), `given` (an invite and other texts to hand over).
mod clauses;
mod drawing;
mod given;
mod office;
mod view;

pub use given::{Given, given};
pub use office::{OfficePage, OfficeView, Said, office};
pub use view::network;
