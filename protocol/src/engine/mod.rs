//! The Engine: everything a node decides, as a state machine without hands.
//!
//! Read [`input`] and [`output`] first (what goes in, what comes out), then `core` (the struct and its three entry points),
//! then one flow at a time: `hello` (who is there), `state` (signed objects), `shelves` (the index) with
//! `repair` and `mending` (copies out of step), `publish` (own entries), `locate`, `reader`, `holder` and `receipts` (one read, both sides), `consents` (given and withdrawn), `recall` (what becomes
//! of a withdrawal), `emergency` (break-glass and its review), `log` (checkpoints and witnesses), `joining`, `secrets`, `links`;
//! `confirm` and `confirmed` (is a candidate our patient, blindly: the steps, and what becomes of it);
//! `keygen`, `tags` and `evaluating` are the tags that evaluators make: the key, who asks, who answers; `commits` is how
//! batches reach the disk. Each flow file holds the handlers of that subject, for messages, commands, timers and completions
//! alike.
//!
//! Rules that hold everywhere: the Engine reads only through its view, with its own pending batches laid over it; every write
//! leaves as [`Effect::Commit`]; what a commit must precede waits for its [`Done`]. So no byte leaves before its leaf is on disk.
mod asked;
mod commits;
mod confirm;
mod confirmed;
mod consents;
mod core;
mod emergency;
mod evaluating;
mod hello;
mod holder;
mod input;
mod joining;
mod keygen;
mod keys;
mod links;
mod locate;
mod log;
mod mending;
mod output;
mod overlay;
mod peers;
#[cfg(feature = "plants")]
mod planted;
mod publish;
mod reader;
mod recall;
mod receipts;
mod repair;
mod secrets;
mod shelves;
mod snapshot;
mod state;
mod tags;
mod timers;

pub use self::core::{Engine, EngineConfig, Identity, Limits};
pub use emergency::{Glass, Review, glasses};
pub use input::{
    Command, ConfirmOrder, Done, FetchOrder, Input, LinkVerdict, LocateOrder, Publication, Received, Ticket,
};
pub use joining::JoinRequest;
pub use keygen::KeygenView;
pub use keys::{
    LinkState, Scope, confirmation_of, link_here, link_there, links_here, open_drops, pending_joins, pending_links,
    proposals,
};
pub use links::LinkQuestion;
pub use locate::{Candidate, Certainty};
pub use log::good_checkpoint;
pub use output::{
    Alarm, Answer, Copies, Effect, Event, HolderStatus, JoinStatus, Output, Progress, Receive, Serve, Source, Way,
};
pub use recall::{Recall, certificate};
pub use secrets::secret_hash;
pub use snapshot::Snapshot;
