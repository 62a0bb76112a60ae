//! SS-MIX2 storages: what a path says, before any byte is read.
//!
//! [`classify`] sorts every path of a walk into exactly one [`Class`], so that what was seen can be counted as stored, history,
//! deleted, quarantined or ignored. Then read [`path`] (folders and seven-part names), [`flags`] (which file of a record is the
//! current one), [`cursor`] (what changed since the last walk), [`extended`] (the 拡張ストレージ), [`layout`] (paths to write),
//! [`transaction`] (the journal beside a storage) and [`kinds`] (the データ種別). Source: SS-MIX2 標準化ストレージ構成の説明と構築
//! ガイドライン, 拡張ストレージ構成の説明と構築ガイドライン.
mod class;
pub mod cursor;
pub mod extended;
pub mod flags;
pub mod kinds;
pub mod layout;
mod occurred;
pub mod path;
pub mod transaction;

pub use class::{Class, IgnoreReason, classify};
pub use flags::Flag;
pub use occurred::OccurredAt;
pub use path::{FileName, Identity, PathReason};
