use super::file::{FileProblem, OverlapKind};
use crate::accords::AccordError;
use crate::service::WriteError;
use crate::signing::SignError;
use protocol::overlap::{ListError, Refused};
use std::path::{Path, PathBuf};

/// Why a step of a count was not taken. Nothing was written but what is said.
#[derive(Debug, thiserror::Error)]
pub enum OverlapError {
    /// A rule; the other side is not at fault unless it says so.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// A file of the count.
    #[error("{}: {problem}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        problem: FileProblem,
    },
    /// The other network's charter file.
    #[error(transparent)]
    Charter(#[from] AccordError),
    /// The share.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The side's secret was used on this node.
    #[error(
        "this node has used the side's secret of this count; who merges the lists of several holders must not know it, or it could \
         try names against them. Let another node of the network merge"
    )]
    HasSecret,
    /// A file belongs to another count.
    #[error("{} is of another count", path.display())]
    Other {
        /// Which.
        path: PathBuf,
    },
    /// Parts came without the raised list that belongs to them, or a raised list without parts.
    #[error(
        "this side's lists are of several holders, so one of them raises the other side's list: `musubi overlap raise`, then \
         --raised FILE; where this node alone is the side, leave both --part and --raised away"
    )]
    Raised,
    /// A list was raised already, and this is another.
    #[error("this node has raised another list for this count already; a second one is not raised")]
    RaisedAnother,
    /// No count of this kind is known here.
    #[error("this node has not asked or answered this; take the step at the node that wrote the file before it")]
    Unknown,
    /// Too many patients.
    #[error(transparent)]
    List(#[from] ListError),
    /// The store.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl OverlapError {
    pub(super) fn file(path: &Path, problem: impl Into<FileProblem>) -> Self {
        Self::File { path: path.to_owned(), problem: problem.into() }
    }
    /// Whether another command or another file is the remedy.
    pub fn is_usage(&self) -> bool {
        let is_kind = |problem: &FileProblem| matches!(problem, FileProblem::Foreign | FileProblem::Kind { .. });
        match self {
            Self::File { problem, .. } => is_kind(problem) || matches!(problem, FileProblem::Exists),
            Self::Other { .. } | Self::Raised => true,
            _ => false,
        }
    }
    /// The kind of file that was needed.
    pub fn wanted(&self) -> Option<OverlapKind> {
        match self {
            Self::File { problem: FileProblem::Kind { wanted, .. }, .. } => Some(*wanted),
            _ => None,
        }
    }
}
