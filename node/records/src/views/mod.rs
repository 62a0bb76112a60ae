//! Typed views: messages of each data kind become the clinical model.
//!
//! Read `read` first (decode, split, check, view), then `agreement` (message against path: another patient means quarantine),
//! `field` and `order` (what all views share), then one file per subject. A kind without a view of its own becomes a generic
//! record, so nothing is ever lost from sight. Source: SS-MIX2 標準化ストレージ仕様書, JAHIS データ交換規約.
mod agreement;
mod allergy;
mod disease;
mod exam;
mod field;
mod generic;
mod injection;
mod lab;
mod meal;
mod order;
mod person;
mod prescription;
mod read;
mod result;
#[cfg(test)]
mod tests;
mod usage;
mod visit;

pub use read::{Header, ParseFailure, Reading, parse_file, parse_record};
