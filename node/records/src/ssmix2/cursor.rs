//! What changed since the last walk, told from names, sizes and times alone: an unchanged tree is never read.
use protocol::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The fingerprint of one file without its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Print {
    /// Size.
    pub bytes: u64,
    /// Time of last modification.
    pub modified: Millis,
}

/// The files below one root or one patient's folder, as one walk saw them.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Path below the storage root → fingerprint.
    pub files: BTreeMap<String, Print>,
    /// The walk could not read everything (a share went away): what is missing in it is not gone.
    pub partial: bool,
}

impl Listing {
    /// Adds a file.
    pub fn add(&mut self, path: impl Into<String>, bytes: u64, modified: Millis) {
        self.files.insert(path.into(), Print { bytes, modified });
    }
}

/// Paths hold patient numbers, so only their count is printed.
impl fmt::Debug for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listing of {} files", self.files.len())
    }
}

/// One difference between two walks. Paths hold patient numbers: do not log them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Change {
    /// The file changed its flag and nothing else: its content need not be read.
    Renamed {
        /// Path before.
        from: String,
        /// Path now.
        to: String,
    },
    /// New.
    Added {
        /// Where.
        path: String,
    },
    /// Another size or time.
    Changed {
        /// Where.
        path: String,
    },
    /// Not there any more, and nothing took its place.
    Vanished {
        /// Where it was.
        path: String,
    },
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Renamed { .. } => "Renamed",
            Self::Added { .. } => "Added",
            Self::Changed { .. } => "Changed",
            Self::Vanished { .. } => "Vanished",
        })
    }
}

/// What differs between two listings, renames first, then by path. Cost: O(n log n) of the changed files.
///
/// If the newer walk was partial, nothing counts as vanished.
pub fn diff(before: &Listing, after: &Listing) -> Vec<Change> {
    let mut gone: BTreeMap<&str, (&str, Print)> = BTreeMap::new();
    let mut changes = Vec::new();
    for (path, print) in before.files.iter().filter(|(path, _)| !after.files.contains_key(*path)) {
        if let Some(older) = gone.insert(without_flag(path), (path, *print)) {
            // Two files that differ in the flag alone vanished together; only one can be the source of a rename.
            changes.push(Change::Vanished { path: older.0.to_owned() });
        }
    }
    for (path, print) in &after.files {
        match before.files.get(path) {
            Some(old) if old == print => {}
            Some(_) => changes.push(Change::Changed { path: path.clone() }),
            None => match gone.get(without_flag(path)) {
                Some((from, old)) if old == print => {
                    changes.push(Change::Renamed { from: (*from).to_owned(), to: path.clone() });
                    gone.remove(without_flag(path));
                }
                _ => changes.push(Change::Added { path: path.clone() }),
            },
        }
    }
    changes.extend(gone.values().map(|(path, _)| Change::Vanished { path: (*path).to_owned() }));
    if after.partial {
        changes.retain(|change| !matches!(change, Change::Vanished { .. }));
    }
    changes.sort();
    changes
}

/// The path without its flag; renames change nothing else. Paths in content folders keep what follows the folder.
fn without_flag(path: &str) -> &str {
    match path.as_bytes() {
        [.., b'_', b'0' | b'1' | b'2'] => &path[..path.len() - 1],
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn listing(files: &[(&str, u64)]) -> Listing {
        let mut listing = Listing::default();
        files.iter().for_each(|(path, bytes)| listing.add(*path, *bytes, Millis(1)));
        listing
    }
    #[track_caller]
    fn check(before: &[(&str, u64)], after: &[(&str, u64)], expect: &[Change]) {
        assert!(diff(&listing(before), &listing(after)) == expect);
    }

    #[test]
    fn an_unchanged_tree_gives_nothing() {
        check(&[("a/x_1", 1), ("a/y_1", 2)], &[("a/x_1", 1), ("a/y_1", 2)], &[]);
    }
    #[test]
    fn an_update_is_a_rename_and_a_new_file() {
        let renamed = Change::Renamed { from: "a/x_T1_01_1".into(), to: "a/x_T1_01_2".into() };
        let added = Change::Added { path: "a/x_T2_01_1".into() };
        check(&[("a/x_T1_01_1", 1)], &[("a/x_T1_01_2", 1), ("a/x_T2_01_1", 3)], &[renamed, added]);
    }
    #[test]
    fn a_rename_with_other_content_is_read_again() {
        let changes = [Change::Added { path: "a/x_2".into() }, Change::Vanished { path: "a/x_1".into() }];
        check(&[("a/x_1", 1)], &[("a/x_2", 9)], &changes);
        check(&[("a/x_1", 1)], &[("a/x_1", 9)], &[Change::Changed { path: "a/x_1".into() }]);
    }
    #[test]
    fn an_unreachable_share_deletes_nothing() {
        let after = Listing { partial: true, ..Listing::default() };
        assert!(diff(&listing(&[("a/x_1", 1)]), &after).is_empty());
    }
    proptest! {
        #[test]
        fn applying_the_changes_gives_the_newer_tree(
            before in proptest::collection::btree_map("[ab]/[xy]_[012]", 0u64..3, 0..8),
            after in proptest::collection::btree_map("[ab]/[xy]_[012]", 0u64..3, 0..8),
        ) {
            let make = |files: &BTreeMap<String, u64>| {
                let mut listing = Listing::default();
                files.iter().for_each(|(path, bytes)| listing.add(path.clone(), *bytes, Millis(0)));
                listing
            };
            let (old, new) = (make(&before), make(&after));
            let mut replayed = old.clone();
            for change in diff(&old, &new) {
                match change {
                    Change::Renamed { from, to } => {
                        let print = replayed.files.remove(&from).expect("was there");
                        replayed.files.insert(to, print);
                    }
                    Change::Added { path } | Change::Changed { path } => {
                        replayed.files.insert(path.clone(), new.files[&path]);
                    }
                    Change::Vanished { path } => { replayed.files.remove(&path).expect("was there"); }
                }
            }
            prop_assert!(replayed == new);
        }
    }
}
