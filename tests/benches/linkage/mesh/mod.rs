//! The index as strangers see it: can who has all of it, and a list of all residents, tell who is on it?
//!
//! Read [`town`] first (holders whose patients are published by the real code, entry by entry), then [`candidates`] (what a
//! reader with the key finds), [`attacker`] (what somebody without the key finds) and [`game`] (whether two shelves tell that
//! their holders share patients). Each attack also runs on a plain control, where it must succeed, or it would prove nothing.
pub mod attacker;
pub mod candidates;
pub mod game;
pub mod town;
