//! What a node does for people, one use case a file: each a few methods of [`Service`] that return values, never texts.
//!
//! Start with [`service`](Service) (how a node is opened) and [`engine`] (how use cases reach the Engine, and what drives it).
//! Own data: [`ingest`], [`bodies`], [`documents`], [`patients`], [`links`], [`records_read`]. Others' data: [`view_cache`],
//! [`timeline`], [`locating`], [`fetching`], [`linking`]. Both together: [`charts`]. Rules: [`consents`] with [`papers`] and [`certificates`], [`publishing`],
//! [`erasing`], [`emergency`]. Networks: [`founders`],
//! [`onboarding`], [`signing`], [`overlap`], [`accords`], [`revoking`], [`suspending`], [`disasters`], [`amending`], [`offices`], with [`keys`] and [`object_file`]. Watching: [`access_log`],
//! [`health`]. People: [`staff`]. Every method that shows or moves patient data takes a [`Staff`] and writes its own audit event.
pub mod access_log;
pub mod accords;
pub mod amending;
pub mod bodies;
pub mod cards;
pub mod certificates;
pub mod charts;
pub mod clock;
pub mod confirming;
pub mod consents;
pub mod disasters;
pub mod documents;
pub mod emergency;
pub mod engine;
pub mod erasing;
pub mod evaluators;
pub mod fetching;
pub mod founders;
pub mod health;
pub mod ingest;
pub mod keys;
pub mod limits;
pub mod linking;
pub mod links;
pub mod locating;
pub mod object_file;
pub mod offices;
pub mod onboarding;
pub mod overlap;
pub mod papers;
pub mod patients;
pub mod publishing;
mod random;
pub mod records_read;
pub mod revoking;
mod service;
pub mod signing;
pub mod staff;
pub mod suspending;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod timeline;
pub mod view_cache;

#[cfg(test)]
mod flow_tests;

pub use service::{OpenError, Opened, Service, ServiceConfig, WriteError};
pub use staff::{Staff, StaffError};
