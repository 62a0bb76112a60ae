//! Giving back (書き出し): what a feed brought, written as an SS-MIX2 storage again, each file byte for byte at its place.
//!
//! Read `report` (what an export says), `place` (one unit's versions with the paths they go to), `source` (the bytes of a
//! version, checked against its digest), `target` (the folder: whose it is, what lies in it, the lists), `run` (the loop).
//!
//! The paths come from the cursors, which name every file of the last scan, and from what is noted of files that went since.
//! An export that was cut short goes on when it is called again: what lies there with the right bytes stays as it is.
mod place;
mod report;
mod run;
mod source;
mod target;

pub use report::{ExportError, ExportProgress, ExportReport};
pub use run::{ExportPart, WithQuarantine};
