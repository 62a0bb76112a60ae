use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// How far an export is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExportProgress {
    /// Files that are in place.
    pub files: u64,
    /// Files that the last scan saw, if there was one.
    pub of: Option<u64>,
}

/// What an export did. Every file of the last scan is in place or left out, with a reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportReport {
    /// Files in place with exactly the bytes that came in.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Of these, files that an earlier call had written already.
    pub same: u64,
    /// Of these, versions that lie under another name, since their own holds something else now.
    pub moved: u64,
    /// Of these, copies out of the quarantine.
    pub from_quarantine: u64,
    /// Files of an earlier call that the store does not give any more and that were removed from the folder.
    pub removed: u64,
    /// Files that are not in the folder, by reason; each stands in the list.
    pub left_out: BTreeMap<String, u64>,
    /// Of these, files whose bytes the store could not give back as they came.
    pub damaged: u64,
    /// Where each of these is named.
    pub list: PathBuf,
    /// How long it took.
    pub took: Duration,
}

/// Why an export ended early. What is in place stays; the same call goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is something in it that no export of this node wrote.
    #[error("{}: is not empty and holds no export of this node; nothing was written. Name a new or empty folder", .0.display())]
    NotEmpty(PathBuf),
    /// Another export writes there.
    #[error("{}: another export into this folder is under way; wait until that is done", .0.display())]
    Running(PathBuf),
    /// The target is, or lies in, the folder of a feed.
    #[error("{}: lies within a feed's folder, where the next scan would take it in; name a folder elsewhere", .0.display())]
    WithinFeed(PathBuf),
    /// The disk of the target refused.
    #[error("{}: {why}. What is written so far stays; the same command goes on from there", at.display())]
    Target {
        /// Where.
        at: PathBuf,
        /// In the words of the operating system.
        why: String,
    },
    /// Somebody asked to stop.
    #[error("the export was stopped; the same command goes on from here")]
    Stopped,
    /// The store refused to note the export in the audit log; no file was written for it.
    #[error("the export could not be noted in the audit log: {0}")]
    Store(String),
}
