//! Regions, faults and attacks over the same engine.
pub mod region;
