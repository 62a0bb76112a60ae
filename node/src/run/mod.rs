//! Running a node. The start list is `start`, top to bottom; stopping is the same list from its end, then a flush.
//!
//! `hands` joins the service's side of the Engine to the network's, `tasks` is the work that comes back by the clock (feeds,
//! copies that end, relays), `keeper` looks after the store, `signals` waits for the end, `verb` is the command itself.
mod hands;
mod keeper;
mod node;
mod signals;
mod tasks;
mod verb;

pub use node::{Node, Start, start};
pub use verb::run;
