//! What a backup lacks. Pure: what is here and what the backup has go in, what to do with each file comes out.
use super::manifest::Entry;
use super::set::Candidate;
use std::collections::BTreeMap;

/// What to do with one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The backup has it.
    Keep(Entry),
    /// It is read and copied.
    Copy { grows: bool },
    /// It should be here and is not, and the backup does not have it either.
    Lost,
}

/// Goes over the files that are here, and those that `ledger` says should be. Files never change once their name is given,
/// save the newest segment: what the backup has of one is kept, even if the file here is no longer what it was.
pub(super) fn plan(
    here: &[Candidate],
    ledger: &[String],
    known: &BTreeMap<String, Entry>,
    has: impl Fn(&Entry) -> bool,
) -> BTreeMap<String, Step> {
    let kept = |path: &str| known.get(path).filter(|entry| has(entry)).map(|entry| Step::Keep(*entry));
    let mut steps: BTreeMap<String, Step> =
        ledger.iter().map(|path| (path.clone(), kept(path).unwrap_or(Step::Lost))).collect();
    for candidate in here {
        let step = if candidate.grows { None } else { kept(&candidate.path) };
        steps.insert(candidate.path.clone(), step.unwrap_or(Step::Copy { grows: candidate.grows }));
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(n: u8) -> Entry {
        Entry { digest: [n; 32], bytes: 1 }
    }

    fn steps(
        here: &[(&str, bool)],
        ledger: &[&str],
        known: &[(&str, u8)],
        has: impl Fn(&Entry) -> bool,
    ) -> Vec<(String, Step)> {
        let here: Vec<_> = here.iter().map(|(path, grows)| Candidate { path: (*path).into(), grows: *grows }).collect();
        let ledger: Vec<String> = ledger.iter().map(|path| (*path).to_owned()).collect();
        let known = known.iter().map(|(path, n)| ((*path).to_owned(), entry(*n))).collect();
        plan(&here, &ledger, &known, has).into_iter().collect()
    }

    #[test]
    fn only_what_is_new_or_grows_is_copied() {
        let found = steps(&[("a", false), ("b", false), ("z", true)], &[], &[("a", 1), ("z", 2)], |_| true);
        let expect =
            [("a", Step::Keep(entry(1))), ("b", Step::Copy { grows: false }), ("z", Step::Copy { grows: true })];
        assert_eq!(found, expect.map(|(path, step)| (path.to_owned(), step)));
    }
    #[test]
    fn what_the_backup_lost_is_copied_again() {
        let found = steps(&[("a", false)], &[], &[("a", 1)], |_| false);
        assert_eq!(found, [("a".to_owned(), Step::Copy { grows: false })]);
    }
    #[test]
    fn a_blob_that_is_missing_here_is_kept_in_the_backup_or_named() {
        let found = steps(&[], &["a", "b"], &[("a", 1)], |_| true);
        assert_eq!(found, [("a".to_owned(), Step::Keep(entry(1))), ("b".to_owned(), Step::Lost)]);
    }
    #[test]
    fn what_is_no_longer_here_nor_in_the_ledger_leaves_the_backup() {
        assert_eq!(steps(&[], &[], &[("journal/old", 1)], |_| true), []);
    }
}
