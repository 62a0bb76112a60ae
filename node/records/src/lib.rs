//! Clinical formats to and from one model: SS-MIX2 storages and the HL7 v2.5 messages in them.
//!
//! Reading order: [`ssmix2`] (what a path says, which file of a group is the current one, what changed since the last
//! walk), [`hl7`] (bytes to text, text to segments), [`views`] (segments to the model), [`model`] (what a patient's record
//! is), [`codes`] (the field's tables in words), [`content`] and [`cda`] (documents by their content, and what people read in
//! them). Nothing here touches a disk, asks for the time or decides who may see what.
//!
//! Parsers do not stop at the first fault: they give [`Parsed`] with all [`Problem`]s; only what cannot be read at all is
//! an error, which sends the file to quarantine.
pub mod cda;
pub mod codes;
pub mod content;
pub mod hl7;
pub mod limits;
pub mod model;
mod parsed;
mod redacted;
pub mod ssmix2;
pub mod views;

pub use parsed::{Fault, Parsed, Place, Problem, Severity};
pub use redacted::Redacted;
pub use views::{Header, ParseFailure, Reading, parse_file, parse_record};
