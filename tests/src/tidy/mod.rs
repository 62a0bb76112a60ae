//! The house's own checks (tidy): what the compiler and clippy cannot see.
//!
//! [`Tree`] is the text of the workspace, [`Finding`] what is wrong with it: file, line, problem, and what to do. Each check
//! is a function from tree to findings: [`layers`] (who may use whom), [`lengths`] (files, functions, arguments), [`words`]
//! (clocks in pure crates, promises without an issue, paths of one machine), [`languages`] (both complete) and [`docs`]
//! (linked, and generated code marked), [`security`] (every bad input of the table has its test or says why not). [`source`] reads Rust just well enough for them.
//!
//! Each check has a test that shows it can fail.
pub mod docs;
mod finding;
pub mod languages;
pub mod layers;
pub mod lengths;
mod limits;
pub mod security;
pub mod source;
mod tree;
pub mod words;

pub use finding::{Finding, report};
pub use tree::{Tree, TreeError};
