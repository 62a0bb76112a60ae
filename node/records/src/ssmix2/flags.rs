//! コンディションフラグ: which file of a record is the current one.
use super::OccurredAt;
use crate::{Fault, Parsed, Place, Problem};
use protocol::time::Millis;
use serde::{Deserialize, Serialize};

/// The flag at the end of a file name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Flag {
    /// `0` 無効: deleted, or the deletion message itself; with old writers also: replaced.
    Void,
    /// `1` 有効
    Valid,
    /// `2` 過去履歴: replaced by a newer file.
    Past,
}

impl Flag {
    /// Reads the digit.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "0" => Some(Self::Void),
            "1" => Some(Self::Valid),
            "2" => Some(Self::Past),
            _ => None,
        }
    }
    /// The digit.
    pub fn digit(self) -> char {
        match self {
            Self::Void => '0',
            Self::Valid => '1',
            Self::Past => '2',
        }
    }
}

/// What one file of a record is, once all files of the record are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum State {
    /// The one to show.
    Current,
    /// Was shown once; a newer one replaced it.
    History,
    /// The record was deleted; this is one of its files or the deletion itself.
    Deleted,
}

/// One file of a record, as far as its standing depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version<'a> {
    /// Its flag.
    pub flag: Flag,
    /// When it was sent.
    pub occurred_at: &'a OccurredAt,
    /// When the file system says that it was written; breaks ties.
    pub modified: Millis,
    /// Its name; breaks ties of ties.
    pub name: &'a str,
}

/// How a record stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// What each file is, in the order given.
    pub states: Vec<State>,
    /// The record as a whole.
    pub standing: Standing,
}

/// How a record stands as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Alive; the file with this index is the current one.
    Alive(usize),
    /// Deleted.
    Deleted,
    /// Only replaced files: a rename may be under way. Nothing is current, look again later.
    Nothing,
}

/// Settles all files of one identity (患者ID, 診療日, データ種別, 特定キー). Cost: O(n).
///
/// A file with flag 1 proves that the record is alive: old writers rename replaced files to 0. Of several, the newest 発生日時
/// counts, then the file system's time, then the name. Without flag 1, a flag 0 means deleted.
pub fn settle(group: &[Version<'_>]) -> Parsed<Settled> {
    let rank = |at: &usize| {
        let version = &group[*at];
        (version.occurred_at, version.modified, version.name)
    };
    let newest =
        |flag: Flag| (0..group.len()).filter(|at| group[*at].flag == flag).max_by(|a, b| rank(a).cmp(&rank(b)));
    let mut problems = Vec::new();
    let mut add = |fault| problems.push(Problem { place: Place::Path, fault });
    let (current, void) = (newest(Flag::Valid), newest(Flag::Void));
    let standing = match (current, void) {
        (Some(current), void) => {
            if group.iter().filter(|version| version.flag == Flag::Valid).count() > 1 {
                add(Fault::TwoCurrent);
            }
            if void.is_some_and(|void| group[void].occurred_at > group[current].occurred_at) {
                add(Fault::NewerTombstone);
            }
            Standing::Alive(current)
        }
        (None, Some(_)) => Standing::Deleted,
        (None, None) => {
            add(Fault::NoCurrent);
            Standing::Nothing
        }
    };
    let state = |(at, version): (usize, &Version<'_>)| match (standing, version.flag) {
        (Standing::Alive(current), _) if current == at => State::Current,
        (Standing::Deleted, Flag::Void) => State::Deleted,
        _ => State::History,
    };
    let states = group.iter().enumerate().map(state).collect();
    Parsed { value: Settled { states, standing }, problems }
}

#[cfg(test)]
mod tests {
    use super::*;
    use State::{Current, Deleted, History};

    /// Each file is written as flag and last digit of its time.
    #[track_caller]
    fn check(files: &[(char, u32)], states: &[State], faults: &[Fault]) {
        let stamps: Vec<OccurredAt> = files
            .iter()
            .map(|(_, at)| OccurredAt::parse(&format!("2025061009301{at}000")).expect("digits").0)
            .collect();
        let group: Vec<Version<'_>> = files
            .iter()
            .zip(&stamps)
            .map(|((flag, _), occurred_at)| Version {
                flag: Flag::parse(&flag.to_string()).expect("a flag"),
                occurred_at,
                modified: Millis(0),
                name: "n",
            })
            .collect();
        let settled = settle(&group);
        assert_eq!(settled.value.states, states);
        assert_eq!(settled.problems.into_iter().map(|p| p.fault).collect::<Vec<_>>(), faults);
    }

    #[test]
    fn create_update_delete_and_create_again() {
        check(&[('1', 1)], &[Current], &[]);
        check(&[('2', 1), ('1', 2)], &[History, Current], &[]);
        check(&[('0', 1), ('0', 2), ('0', 3)], &[Deleted, Deleted, Deleted], &[]);
        check(&[('0', 1), ('0', 3), ('1', 4)], &[History, History, Current], &[]);
    }
    #[test]
    fn flag_0_beside_flag_1_is_no_deletion() {
        check(&[('0', 1), ('1', 2)], &[History, Current], &[]);
        check(&[('1', 1), ('0', 2)], &[Current, History], &[Fault::NewerTombstone]);
    }
    #[test]
    fn between_rename_and_write_nothing_is_current() {
        check(&[('2', 1)], &[History], &[Fault::NoCurrent]);
        check(&[('2', 1), ('0', 2)], &[History, Deleted], &[]);
    }
    #[test]
    fn of_two_current_files_the_newest_counts() {
        check(&[('1', 2), ('1', 1)], &[Current, History], &[Fault::TwoCurrent]);
    }
}
