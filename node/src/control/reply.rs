use crate::failure::Failure;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What came of a request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// For scripts: one object.
    pub json: Value,
    /// For people.
    pub text: String,
    /// A text that somebody carries elsewhere, for `--out`.
    pub file: Option<String>,
    /// The exit code: 0, or 1 where the answer is a refusal.
    pub exit: u8,
}

impl Reply {
    /// An answer for scripts and people.
    pub fn new(json: Value, text: impl Into<String>) -> Self {
        Self { json, text: text.into(), file: None, exit: 0 }
    }
    /// With a file to carry.
    pub fn file(mut self, file: String) -> Self {
        self.file = Some(file);
        self
    }
    /// With this exit code.
    pub fn exit(mut self, exit: u8) -> Self {
        self.exit = exit;
        self
    }
}

/// How far long work is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What is being done.
    pub what: String,
    /// How much of it.
    pub done: u64,
    /// Of how much, if known.
    pub total: Option<u64>,
}

/// One frame of an answer.
#[derive(Debug, Serialize, Deserialize)]
pub enum Frame {
    /// Not yet done.
    Progress(Progress),
    /// Done.
    Done(Reply),
    /// Not done.
    Failed(Failure),
}
