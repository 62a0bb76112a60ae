//! What lies between hosts: lines that queue and delay, connections that break, cuts in one direction or both.
//!
//! Read `line` (one direction between two hosts) and `sessions` (who believes to be connected with whom).
mod line;
mod sessions;

pub use line::{Lines, Load, Packet, Sent};
pub use sessions::{Session, Sessions};
