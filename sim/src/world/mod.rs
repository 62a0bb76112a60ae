//! Virtual time, hosts, disks, and the people whose records lie on them.
//!
//! Read `time` and `queue` first, then `clock` (what a host believes of time), `disk` (a real journal over a disk that
//! lies), `crypto` (real signatures, each checked once), `founding` (networks, keys and accords by name), `people` (who is
//! known where, with which records), `transfer` (records on their way, both ends), `host` (one Engine and its hands).
mod clock;
mod crypto;
mod disk;
mod founding;
mod host;
mod people;
mod queue;
mod time;
mod transfer;

pub use clock::HostClock;
pub use crypto::Remembering;
pub use disk::HostDisk;
pub use founding::{AccordMade, Founded, NetworkMade, NodeMade, address, found};
pub use host::{Copies, Host, Job, Running, body_key, copy_key};
pub use people::{CANARY, Canary, Patient, People, Record, canaries, settle};
pub use queue::Queue;
pub use time::Micros;
pub use transfer::{Incoming, Outgoing, Taken};
