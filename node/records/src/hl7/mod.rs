//! HL7 v2.5 as SS-MIX2 writes it: bytes to text, text to segments, fields and components.
//!
//! Read `charset` first (which encoding a file is in; always decoded *before* it is split, because 本, 日 and マ contain
//! delimiter bytes), then `iso2022` (the 7-bit shifts, in both directions), `kana`, `separators`, `split` and `escape`, then
//! `message` (borrowed segments) and [`types`] (names, codes, times). Source: SS-MIX2 標準化ストレージ仕様書, HL7 v2.5 chapter 2.
mod charset;
mod escape;
mod iso2022;
mod kana;
mod message;
mod part;
mod separators;
mod split;
mod stamp;
pub mod types;

pub use charset::{DecodeFailure, Decoded, Encoding, decode};
pub use escape::{escape, unescape};
pub use iso2022::{Encoded, encode_iso2022jp, encode_iso2022jp_counted};
pub use kana::{full_width_kana, is_kana};
pub use message::{Message, MessageFailure, Segment};
pub use part::{Component, Field, Repeat};
pub use separators::Separators;
pub use stamp::Stamp;
