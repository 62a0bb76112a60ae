//! What went wrong, for people and for scripts: what happened, what it means, what to type next, and an exit code.
use serde::{Deserialize, Serialize};
use std::fmt::Display;

/// How a command ended that did not do what was asked. The number is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// Refused by a rule or by the state of things.
    Refused = 1,
    /// The command or the configuration is wrong.
    Usage = 2,
    /// A node or peer cannot be reached.
    Unreachable = 3,
    /// The store, a key or another file cannot be used.
    Store = 4,
}

/// Why a command failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{what}")]
pub struct Failure {
    /// Which exit code.
    pub code: Code,
    /// What happened.
    pub what: String,
    /// What to do or type next.
    pub next: Option<String>,
}

impl miette::Diagnostic for Failure {
    fn help<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        self.next.as_ref().map(|next| Box::new(next) as Box<dyn Display>)
    }
}

impl Failure {
    /// A failure without advice.
    pub fn new(code: Code, what: impl Display) -> Self {
        Self { code, what: what.to_string(), next: None }
    }
    /// Refused by a rule or by the state of things.
    pub fn refused(what: impl Display) -> Self {
        Self::new(Code::Refused, what)
    }
    /// The command or configuration is wrong.
    pub fn usage(what: impl Display) -> Self {
        Self::new(Code::Usage, what)
    }
    /// A node or peer cannot be reached.
    pub fn unreachable(what: impl Display) -> Self {
        Self::new(Code::Unreachable, what)
    }
    /// The store or a file cannot be used.
    pub fn store(what: impl Display) -> Self {
        Self::new(Code::Store, what)
    }
    /// With what to type next.
    pub fn next(mut self, next: impl Display) -> Self {
        self.next = Some(next.to_string());
        self
    }
    /// The exit code.
    pub fn exit(&self) -> u8 {
        self.code as u8
    }
}

impl From<crate::config::ConfigError> for Failure {
    fn from(error: crate::config::ConfigError) -> Self {
        use crate::config::ConfigError::{Disk, Missing, NoFacility};
        match &error {
            Missing(_) => Self::usage(&error).next(
                "make a node here with `musubi setup --id … --name … --class … --authority …`, or name its folder with --folder DIR",
            ),
            Disk { .. } => Self::store(&error),
            NoFacility(_) => Self::usage(&error).next("`musubi status` lists the facilities of this node"),
            _ => Self::usage(&error).next("`musubi config explain` lists every key; `musubi config check` reads the file again"),
        }
    }
}

impl From<service::OpenError> for Failure {
    fn from(error: service::OpenError) -> Self {
        let failure = Self::store(&error);
        match error {
            service::OpenError::Store(store::OpenError::Held { .. }) => failure.next("if a node runs in this folder, `musubi status` asks it; if it does not answer, look at its log or stop it"),
            service::OpenError::Clock { .. } => failure.next("if the clock is right and the node was off for so long, start it once with `musubi run --trust-clock`"),
            _ => failure,
        }
    }
}

impl From<service::engine::CommandError> for Failure {
    fn from(error: service::engine::CommandError) -> Self {
        use service::engine::CommandError::{Busy, Late, Refused, Stopped};
        match &error {
            Refused(_) => Self::refused(&error),
            Busy | Late => {
                Self::unreachable(&error).next("try again in a moment; `musubi status` shows what the node does")
            }
            Stopped => Self::unreachable(&error),
        }
    }
}

impl From<service::WriteError> for Failure {
    fn from(error: service::WriteError) -> Self {
        Self::store(&error).next("`musubi doctor` says what is wrong with the store")
    }
}

impl From<service::keys::KeyError> for Failure {
    fn from(error: service::keys::KeyError) -> Self {
        Self::store(error)
    }
}

impl From<protocol::ids::IdError> for Failure {
    fn from(error: protocol::ids::IdError) -> Self {
        Self::usage(error)
    }
}
