//! The command line: what is typed becomes a request to the node, a file-only job, or a running node.
//!
//! `verbs` lists all of them and sends each where it is done; then one file per group: `node` (the node itself), `network`
//! (founders, joining, accords), `overlap` (how many two networks share), `govern` (suspending, disasters, a later charter), `desk` (records, consents, reads), `emergency` (reads without consent), `key` (the master key on paper, the keys of patients),
//! `staff` (accounts), `links` (patients of
//! this node that are one person), `linkage` (tables of offices, without a node), `audit`, `store` (checks, backups). `output` prints what comes back; `input` reads
//! files that arguments name.
mod audit;
mod card;
mod desk;
mod emergency;
mod evaluators;
mod govern;
mod input;
mod key;
mod linkage;
mod links;
mod network;
mod node;
mod output;
mod overlap;
mod staff;
mod store;
mod verbs;

pub use node::{Run, write_whole};
pub use output::{Output, not_understood};
pub use verbs::{Cli, DemoArgs, dispatch};
