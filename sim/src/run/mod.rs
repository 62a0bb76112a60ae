//! The loop that drives everything: one event after the other, each Engine's outputs performed, each step watched.
//!
//! `world` holds the parts and the loop, `outputs` performs what an Engine wants, `connections` opens and breaks lines,
//! `storage` writes, crashes and restarts, `desks` does what people do, `trouble` makes faults come and go,
//! `trace` remembers what happened, `obeying` follows one withdrawal,
//! `attacking` does what bad neighbours do.
mod attacking;
mod connections;
mod desks;
mod obeying;
mod outputs;
mod storage;
mod trace;
mod trouble;
mod world;

pub use world::{Kept, Options, Stopped, run, run_with};
