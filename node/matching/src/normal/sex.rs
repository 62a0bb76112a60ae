//! Sex (性別) from the codes and words in use.
use super::text;
use serde::{Deserialize, Serialize};

/// Administrative sex. What is neither of the two, and not stated, is simply unknown and never disagrees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Sex {
    /// 男.
    Male,
    /// 女.
    Female,
    /// Sent as "other" (O).
    Other,
}

impl Sex {
    /// The letter of HL7 table 0001.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Male => "M",
            Self::Female => "F",
            Self::Other => "O",
        }
    }
}

/// Reads 1/2, M/F/O, 男/女 and their words; anything else is unknown.
pub fn parse(text: &str) -> Option<Sex> {
    match text::canonical(text).as_str() {
        "1" | "M" | "MALE" | "男" | "男性" | "男子" | "オトコ" | "おとこ" | "♂" => Some(Sex::Male),
        "2" | "F" | "FEMALE" | "女" | "女性" | "女子" | "オンナ" | "おんな" | "♀" => Some(Sex::Female),
        "O" | "OTHER" => Some(Sex::Other),
        _ => None,
    }
}
