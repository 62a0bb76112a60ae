//! Scans of small storages that are written here, file by file, as a hospital's system would.
mod erasing;
mod export;
mod full;
mod hostile;
mod life;
mod limits;
mod search;
mod support;
mod tail;
mod trouble;
