//! Support for the tests over real processes, and the house's own checks.
pub mod cluster;
pub mod figures;
pub mod tidy;
