//! Placeholder.
pub mod bodies;
pub mod documents;
pub mod ingest;
pub mod patients;
pub mod records_read;
pub mod timeline;
pub mod view_cache;
