//! Scans of small storages that are written here, file by file, as a hospital's system would.
mod life;
mod limits;
mod search;
mod support;
mod trouble;
