use super::Round;
use crate::crypto::{Signature, domain};
use crate::ids::{Hash, NodeKey, RequestId};
use serde::{Deserialize, Serialize};

/// All that one side ever says to the other: no score, no field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// One person.
    Same,
    /// Two persons.
    NotSame,
    /// People at both desks must say.
    NeedsHuman,
}

impl Answer {
    /// Its code on the wire.
    pub fn code(self) -> u32 {
        match self {
            Self::Same => 1,
            Self::NotSame => 2,
            Self::NeedsHuman => 3,
        }
    }
    /// From its code.
    pub fn from_code(code: u32) -> Option<Self> {
        [Self::Same, Self::NotSame, Self::NeedsHuman].into_iter().find(|answer| answer.code() == code)
    }
    /// Its word in JSON and commands.
    pub fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::NotSame => "not-same",
            Self::NeedsHuman => "needs-human",
        }
    }
}

/// What both sides together say: only where both say *one person* it is one, and a *two persons* of either wins.
pub fn combine(one: Answer, other: Answer) -> Answer {
    match (one, other) {
        (Answer::NotSame, _) | (_, Answer::NotSame) => Answer::NotSame,
        (Answer::Same, Answer::Same) => Answer::Same,
        _ => Answer::NeedsHuman,
    }
}

/// What one side said, with its node's signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Whose node.
    pub node: NodeKey,
    /// In which round.
    pub round: Round,
    /// What went to and fro in it, hashed.
    pub seen: Hash,
    /// What it said.
    pub answer: Answer,
    /// Over all of this and the asker's signed question.
    pub signature: Signature,
}

/// A link across networks that a confirmation made: the signed question and the signed answers of both sides. Kept by both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// Which run.
    pub id: RequestId,
    /// The question's body, as it travelled.
    pub ask: Vec<u8>,
    /// The asker's signature over it.
    pub signature: Signature,
    /// The holder's answer and, if that was *one person*, the asker's.
    pub said: Vec<Said>,
}

/// What an answer's signature covers.
pub fn answer_text(ask: &[u8], round: Round, seen: Hash, answer: Answer) -> Vec<u8> {
    domain("confirm-answer", &[ask, &round.number().to_be_bytes(), &seen.0, &answer.code().to_be_bytes()])
}
