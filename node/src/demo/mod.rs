//! The demo: two networks, five facilities as real nodes in this process, made-up people, the main job once from founding to
//! withdrawal; then the page. Nothing is kept.
//!
//! `play` is the order of the steps, `stage` starts the nodes in a folder that goes away, `networks` founds, invites, admits
//! and signs, `records` writes and takes in the made-up storages, `people` finds whom to show it on, `reading` is consent,
//! look-up, fetch, refusal and withdrawal, `report` says what held, `show` opens the page.
mod networks;
mod people;
mod play;
mod reading;
mod records;
mod report;
mod show;
mod stage;

pub use play::run;
