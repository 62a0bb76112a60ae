//! All that pages know of a node: what a desk can ask for, and what it gets.
//!
//! Read `ask` (the questions), then `chart` (one person's records), `access` (who looked), `consent` and `home`. `node` answers them with the use cases of
//! [`service`], which decide who may see what and write the log.
mod access;
mod ask;
mod chart;
mod consent;
mod home;
mod network;
mod node;
mod node_chart;
mod node_linked;

pub use access::{AccessRow, AccessView, Deed};
pub use ask::{Depth, Desk, DeskError};
pub use chart::{
    Chart, Contents, FacilityName, Facts, File, Found, FoundRow, Holder, HolderAnswer, ItemPath, ItemRow, ItemView,
    Person, RowStatus,
};
pub use consent::{ConsentView, Places};
pub use home::{FeedRow, Home, LogRow, NetworkRow};
pub use network::{MemberPart, NetworkPart, NetworkView};
pub use node::ServiceDesk;
