//! What was done for the store, and how it ended: the last check, backup and drill, kept in `care.json` in the node's folder.
//!
//! Nothing depends on the file: without it `doctor` says that nothing is known.
use crate::cli::write_whole;
use protocol::time::Millis;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The newest of each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Care {
    /// `store verify`.
    pub verified: Option<Deed>,
    /// The last round of the running node over all files.
    pub scrubbed: Option<Deed>,
    /// `backup`.
    pub backed_up: Option<Deed>,
    /// `restore --drill`.
    pub drill: Option<Deed>,
}

/// Something that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// When it ended.
    pub at: Millis,
    /// Whether all was well.
    pub ok: bool,
    /// Up to which frame.
    pub frame: u64,
    /// What was wrong.
    pub text: String,
}

impl Deed {
    /// A check that ended.
    pub fn of_check(at: Millis, report: &store::VerifyReport) -> Self {
        let wrong: Vec<String> = report.damages.iter().take(SHOWN).map(ToString::to_string).collect();
        Self { at, ok: report.is_sound(), frame: report.head, text: wrong.join("; ") }
    }
}

impl Care {
    /// What is known; nothing if there is no such file, or none that reads.
    pub fn load(folder: &Path) -> Self {
        let text = std::fs::read_to_string(folder.join(FILE)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }
    /// Notes something. A file that cannot be written is told in the log; what was done is done.
    pub fn note(folder: &Path, change: impl FnOnce(&mut Self)) {
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _held = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let mut care = Self::load(folder);
        change(&mut care);
        let written = serde_json::to_string_pretty(&care).map_err(std::io::Error::other);
        if let Err(error) = written.and_then(|text| write_whole(&folder.join(FILE), &text)) {
            tracing::warn!(%error, "care.json could not be written; `doctor` will not know of this");
        }
    }
}

const FILE: &str = "care.json";
/// Damages that are kept in words.
const SHOWN: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_there_again_and_leaves_the_rest() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(Care::load(folder.path()), Care::default());
        let deed = |frame| Deed { at: Millis(5), ok: true, frame, text: String::new() };
        Care::note(folder.path(), |care| care.backed_up = Some(deed(1)));
        Care::note(folder.path(), |care| care.drill = Some(deed(2)));
        let expect = Care { backed_up: Some(deed(1)), drill: Some(deed(2)), ..Care::default() };
        assert_eq!(Care::load(folder.path()), expect);
        std::fs::write(folder.path().join(FILE), "{").expect("written");
        assert_eq!(Care::load(folder.path()), Care::default());
    }
}
