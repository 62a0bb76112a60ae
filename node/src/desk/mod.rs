//! The desk: one handler per request, whether the request came over the control socket or is done by the verb itself.
//!
//! `state` is what a handler works on ([`Desk`]), `handle` sends requests to their handlers, `words` reads what was typed,
//! `show` writes values for scripts and people; then one file per group of requests.
mod audit;
mod cards;
mod consents;
mod emergency;
mod evaluators;
mod feed_export;
mod feed_follow;
mod feed_place;
mod feeds;
mod founders;
mod govern;
mod handle;
mod health;
mod joining;
mod keys;
mod links;
mod node_links;
mod overlap;
mod patients;
mod reads;
mod show;
mod staff;
mod state;
mod store;
mod words;

pub use consents::{certificate_json, certificate_text};
pub use feed_follow::follow_all;
pub use feeds::{link_some, publish_pending, retry, roots, scan_all};
pub use handle::{Tell, handle};
pub use health::{CheckLine, check_lines};
pub use show::event_json;
pub use state::{Desk, Parts};
pub use store::{Verified, store_words};
