//! Whether a folder may become a feed. What a feed walks must hold records alone: the node's own folder would feed on itself, and
//! files that two feeds walk would be counted and put into quarantine twice.
use super::feeds::parts;
use crate::failure::Failure;
use std::path::{Path, PathBuf};

/// Lets `path` become a feed beside those of `others`, on a node that lives in `node`.
///
/// # Errors
/// [`Failure`] that names the folder in the way.
pub fn may_become_feed(node: &Path, others: &[PathBuf], path: &Path) -> Result<(), Failure> {
    let wanted = roots(path);
    if wanted.iter().any(|root| overlap(root, &real(node))) {
        return Err(Failure::usage(format!(
            "{}: the node's own folder {} lies in it, or it in there",
            path.display(),
            node.display()
        ))
        .next("name the root of the storage itself, the folder above 患者ID 1-3"));
    }
    let taken =
        others.iter().find(|other| roots(other).iter().any(|taken| wanted.iter().any(|new| overlap(new, taken))));
    match taken {
        Some(other) => Err(Failure::refused(format!("{}: overlaps the feed {}", path.display(), other.display()))
            .next("a file may lie in one feed only; `musubi feed list` shows all")),
        None => Ok(()),
    }
}

fn roots(path: &Path) -> Vec<PathBuf> {
    parts(path).into_iter().map(|(_, root)| real(&root)).collect()
}

fn real(path: &Path) -> PathBuf {
    // A share that is away has no other name than the one given.
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn overlap(one: &Path, other: &Path) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expect: Option<&str>) {
        let town = tempfile::tempdir().expect("a folder");
        let at = |name: &str| town.path().join(name);
        for folder in ["node/quarantine", "ssmix/standard", "ssmix/extended", "ssmix/later", "ssmix-2", "plain/000"] {
            std::fs::create_dir_all(at(folder)).expect("a folder");
        }
        std::os::unix::fs::symlink(at("node"), at("alias")).expect("a link");
        let told = may_become_feed(&at("node"), &[at("ssmix"), at("plain")], &at(path)).map_err(|failure| failure.what);
        match (told, expect) {
            (Ok(()), None) => {}
            (Err(what), Some(words)) => assert!(what.contains(words), "{what}"),
            (told, _) => panic!("{path:?}: {told:?}, but expected {expect:?}"),
        }
    }

    #[test]
    fn the_nodes_own_folder_is_no_feed_in_whatever_way_it_is_named() {
        for path in ["node", "node/quarantine", ".", "alias", "node/../node"] {
            check(path, Some("own folder"));
        }
    }
    #[test]
    fn a_folder_above_or_below_a_feed_is_no_second_feed() {
        for path in ["ssmix/standard", "ssmix/extended/000", "plain/000", "plain"] {
            check(path, Some("overlaps"));
        }
    }
    #[test]
    fn a_neighbour_of_a_feed_may_be_another_one() {
        check("ssmix-2", None);
        check("ssmix/later", None);
    }
}
