//! For tests of this and other packages: keys and objects by name, and a few Engines joined without a network.
//!
//! [`builders`] makes secrets, certificates, charters and records from names; [`pair`] drives Engines over maps with one
//! hand-moved clock, every message through the real codec; [`scene`] is a reader, a holder and a patient in it.
pub mod builders;
pub mod pair;
pub mod scene;
