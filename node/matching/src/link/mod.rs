//! Linking (名寄せ): which of many records are one person.
//!
//! Read [`entry`] first (a patient as numbers), then [`blocks`] (which pairs are looked at), [`levels`] (how two agree),
//! [`model`] and [`rarity`] (what that weighs, against which other stories), [`learn`] (where the weights come from) with
//! [`shipped`], [`linker`] (all of it over a list, in shards), [`bands`] (certain, probable, and what forbids a link),
//! [`persons`] (from pairs to persons) and [`history`] (links as assertions that can be taken back). [`index`] links one new
//! patient at a time.
//!
//! A node that keeps its patients in a store links them one by one: [`census`] (how frequent names are there, counted now and
//! then), [`probe`] (under which keys a patient is found), [`join`] (to which person it belongs, or what people are asked),
//! [`review`] (what they are told, and when a second one has to look) and [`differences`] (character by character). [`confirm`] judges a pair of which only the agreements are
//! known, across networks. In words,
//! for an office: `docs/matching.md`.
//!
//! Places, weights and ties are integers, sums run in one order, and nothing depends on the order of rows or on who
//! does which shard: the same records give the same bytes (`tests/linking.rs`).
pub mod bands;
pub mod blocks;
pub mod census;
pub mod confirm;
pub mod differences;
pub mod entry;
pub mod history;
pub mod index;
pub mod interner;
pub mod join;
pub mod learn;
pub mod levels;
pub mod linker;
pub mod model;
mod near;
pub mod persons;
pub mod probe;
pub mod rarity;
pub mod review;
pub mod shipped;
