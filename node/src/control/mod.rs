//! The control socket: how a verb asks the running node, and what it hears.
//!
//! `request` and `reply` are the two closed vocabularies, `frame` their form on the socket (length, then JSON), `server` the
//! node's end, `client` the verb's end: it asks the running node, or does the same work itself where none runs.
mod client;
mod frame;
mod path;
mod reply;
mod request;
mod server;

pub use client::{call, is_running};
pub use reply::{Progress, Reply};
pub use request::{
    AccordTerms, CardAsk, ConsentSpec, DesksAsk, EmergencyAsk, EvaluatorsCall, FeedExport, FounderAct, LinksAsk,
    NewFeed, NewStaff, OpenEmergency, OverlapAsk, ReadSpec, Request, StaffAsk, Target, Who, WithdrawScope,
};
pub use server::Server;
