//! A cluster of real nodes: separate processes in folders of their own, driven through the command line and configuration
//! files and through nothing else.
//!
//! Reading order: `binary` (the program under test), `call` (one command with its deadline), `town` ([`Cluster`]: the folder that
//! holds everything, and what is printed when a test fails), `house` (who a node is), `node` (set up, run, kill, ask),
//! `network` (founders, joining, admitting, accords), `region` (made-up people and their storages), `wait`, `dice` (chance by seed).
//!
//! Nothing here sleeps for a fixed time: everything waits for something to be seen, with a deadline.
mod binary;
mod call;
mod dice;
mod house;
mod limits;
mod network;
mod node;
mod region;
mod town;
mod wait;

pub use binary::program;
pub use call::{Answer, Call};
pub use dice::Dice;
pub use house::{CLINIC, HOSPITAL, HOSPITAL_SENDAI, House, OFFICE, PHARMACY};
pub use limits::{COMMAND_WAIT, EVENT_WAIT, READY_WAIT};
pub use network::{Founders, accord_between};
pub use node::{Listen, Node};
pub use region::{Person, Region, RegionPlan, Registered};
pub use town::Cluster;
pub use wait::{eventually, eventually_some};
