//! Which files of a node's folder a backup holds.
use crate::blobs::BlobId;
use crate::disk::{Disk, DiskError};
use crate::journal::{segment_path, segments};
use crate::snapshot;

/// Whether a file of the node's folder belongs to an ordinary backup: the journal, snapshots, blobs, the configuration.
///
/// Nothing of `keys/` ever does: who finds a backup must not be able to read it, and a key that was deleted to erase a
/// patient must not come back from it. The index is made from the rest; copies of others' records end by themselves.
pub fn belongs_to_backup(path: &str) -> bool {
    let hex = |text: &str, len: usize| text.len() == len && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let numbered = |name: &str, end: &str| name.strip_suffix(end).is_some_and(|number| hex(number, 16));
    match path.split('/').collect::<Vec<_>>()[..] {
        ["journal", name] => numbered(name, ".seg"),
        ["snapshots", name] => numbered(name, ".snap"),
        ["blobs", folder, name] => hex(folder, 2) && BlobId::parse(name).is_some(),
        [CONFIG_PATH] => true,
        _ => false,
    }
}

/// A file that may belong to a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) path: String,
    /// The writer may still add to it.
    pub(super) grows: bool,
}

/// All files that belong to a backup at the frame that `head` tells, which is one that is acknowledged; the configuration is
/// not among them. Of the segments only the newest has, or will have, later frames.
pub(super) fn candidates(disk: &dyn Disk, head: &dyn Fn() -> u64) -> Result<(u64, Vec<Candidate>), DiskError> {
    let (position, firsts) = loop {
        let firsts = segments(disk)?;
        let position = head();
        // Blobs are listed after this: those that frames up to here name are among them.
        if segments(disk)? == firsts {
            break (position, firsts);
        }
    };
    let mut all: Vec<Candidate> = firsts
        .iter()
        .map(|first| Candidate { path: segment_path(*first), grows: firsts.last() == Some(first) })
        .collect();
    let mut add = |path: String| all.push(Candidate { path, grows: false });
    snapshot::list(disk)?.into_iter().for_each(|position| add(snapshot::path(position)));
    for first in 0..=u8::MAX {
        let folder = format!("blobs/{first:02x}");
        disk.list(&folder)?.into_iter().for_each(|name| add(format!("{folder}/{name}")));
    }
    all.retain(|candidate| belongs_to_backup(&candidate.path));
    Ok((position, all))
}

/// The node's configuration.
pub(super) const CONFIG_PATH: &str = "musubi.toml";

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expect: bool) {
        assert_eq!(belongs_to_backup(path), expect, "{path}");
    }

    #[test]
    fn journal_snapshots_blobs_and_configuration_belong_to_it() {
        check("journal/000000000000001f.seg", true);
        check("snapshots/000000000000001f.snap", true);
        check(&format!("blobs/0a/{}", "0a".repeat(32)), true);
        check("musubi.toml", true);
    }
    #[test]
    fn keys_never_do() {
        for path in ["keys/store.key", "keys/node.key", "keys/patients/0001", "keys/journal/000000000000001f.seg"] {
            check(path, false);
        }
    }
    #[test]
    fn what_is_made_again_or_ends_by_itself_does_not() {
        for path in
            ["db/db", "lock", "reserve", "anchor", "copies/0a/x", "blobs/parts/1.part", "snapshots/new.part", "log/x"]
        {
            check(path, false);
        }
    }
}
