//! What people do: an explicit list drawn from the seed, and how staff react to what they see.
//!
//! `plan` draws the list (consents, visits, withdrawals, new records, probes), `statements` writes consents, `orders` what is
//! asked for, `attack` what bad neighbours do, `probe` requests by those who may not ask.
mod attack;
mod orders;
mod plan;
mod probe;
mod statements;

pub use attack::{Attack, borrowed, flipped, garbage};
pub use orders::{Twist, Wish, plain_wish, urgent, wish};
pub use plan::{Act, Deed, plan};
pub use probe::{Probe, forge};
pub use statements::{Statement, statement, write};
