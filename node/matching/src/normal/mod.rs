//! Normal forms (正規化): one spelling for everything that means the same, field by field.
//!
//! [`text`] holds what every field needs. [`kana`] and [`kanji`] fold the two writings of a name in levels: L1 shows and
//! compares exactly, L2 folds safely, L3 is lossy and proves nothing. [`name`] takes a written name apart. Then [`date`],
//! [`sex`], [`phone`], [`postcode`], [`address`], [`insurance`] and [`romaji`]. [`Normalised`] is all of it for one patient.
//!
//! Every reader is total and bounded by `limits`; every fold settles: folding twice is folding once. The tables are data
//! files. Changing any rule or table changes [`NORMALISER_VERSION`], which is part of every identity string.
pub mod address;
pub mod date;
pub mod insurance;
pub mod kana;
pub mod kanji;
pub mod name;
mod person;
pub mod phone;
pub mod postcode;
pub mod romaji;
pub mod sex;
pub mod text;

#[cfg(test)]
mod tests;

pub use person::{NORMALISER_VERSION, NamePart, Normalised, normalise};
