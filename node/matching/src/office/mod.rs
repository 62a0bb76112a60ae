//! The offices' tool: tables in, decisions and figures out, without a disk.
//!
//! [`table`] reads CSV, [`columns`] says which column is what, [`load`] makes entries of rows. [`report`] links them and sums
//! up; [`truth`] says who is who where that is known. [`page`] draws it.
pub mod columns;
pub mod load;
pub mod page;
pub mod report;
pub mod table;
pub mod truth;
