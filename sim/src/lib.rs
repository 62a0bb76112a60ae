//! Regions, faults and attacks over the same Engine as in a node.
//!
//! Reading order: `seed` (chance by name), `scenario` (what is simulated), `world` (time, hosts, disks, people), `net` (what
//! lies between hosts), `faults` (what goes wrong, as a list), `work` (what people do), `check` (what must never be), `run`
//! (the loop that drives all of it), `report` (what came out), `swarm` (many seeds), `shrink` (a failure made small), `plants`
//! (bugs that must be found), `bench` (how fast it is), `cli`. [`region`] makes whole regions of people and their
//! SS-MIX2 storage.
//!
//! Everything follows from one seed: no clock, no thread, no order of hashes. The simulator is the second driver of
//! [`protocol::engine::Engine`]: frames pass the real codec, batches the real journal over a disk that lies.
pub mod bench;
pub mod check;
pub mod cli;
pub mod faults;
pub mod limits;
pub mod net;
pub mod plants;
pub mod region;
pub mod report;
pub mod run;
pub mod scenario;
pub mod seed;
pub mod shrink;
pub mod swarm;
pub mod work;
pub mod world;
