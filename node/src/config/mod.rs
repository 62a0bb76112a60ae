//! The one configuration file `musubi.toml`: read it, check it, explain it, add to it.
//!
//! `raw` is what the file says, `keys` the table of every key with range, default and meaning, `unknown` finds what is
//! misspelt, `check` makes values of it ([`Config`]), `preset` the defaults by size of machine, `edit` adds a facility or a
//! feed to the text without touching the rest, `in_force` fills every default in.
mod check;
mod edit;
mod in_force;
mod keys;
mod preset;
mod raw;
mod unknown;

pub use check::{Config, Facility, Feed, LogTo, Relays, feed_name};
pub use edit::{add_facility, add_feed, first_text};
pub use in_force::in_force;
pub use keys::{KEYS, Key, explain, value_of};
pub use preset::Preset;
pub use raw::{ConfigError, FILE, load, parse};
pub use unknown::nearest;
