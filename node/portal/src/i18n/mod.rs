//! The words of the pages, in Japanese and English: `ja.ftl` and `en.ftl`, keys as constants, both complete by test.
mod key;
mod words;

pub use key::Key;
pub use words::{Lang, Words};
