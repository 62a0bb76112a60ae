//! All that pages know of a node: what a desk can ask for, and what it gets.
//!
//! Read `ask` (the questions), then `chart` (one person's records) and `home`. `node` answers them with the use cases of
//! [`service`], which decide who may see what and write the log.
mod ask;
mod chart;
mod home;
mod node;

pub use ask::{Depth, Desk, DeskError};
pub use chart::{
    Chart, FacilityName, Found, FoundRow, Holder, HolderAnswer, ItemPath, ItemRow, ItemView, Person, RowStatus,
};
pub use home::{FeedRow, Home, LogRow, MemberRow, NetworkRow};
pub use node::ServiceDesk;
