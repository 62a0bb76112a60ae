//! What only the program around the pages knows of the node that it runs: its store's care, its configuration, its sources.
use protocol::time::Millis;
use service::health::Light;

/// One line of the doctor's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What was looked at.
    pub check: String,
    /// How it stands.
    pub light: Light,
    /// What was found, for operators.
    pub found: String,
    /// What to do, for operators; empty where all is well.
    pub remedy: String,
}

/// Something that was done for the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// When it ended.
    pub at: Millis,
    /// Whether all was well.
    pub is_good: bool,
    /// What was wrong.
    pub text: String,
}

/// The newest deed of each kind; none: never done, as far as is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreCare {
    /// A check of everything.
    pub verified: Option<Deed>,
    /// The slow round of the running node.
    pub scrubbed: Option<Deed>,
    /// A backup.
    pub backed_up: Option<Deed>,
    /// A backup that was tried out.
    pub drill: Option<Deed>,
    /// How far the slow round is: files done, of how many.
    pub round: Option<(u64, u64)>,
}

/// One key of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub key: String,
    /// What file and environment say; none: the default holds.
    pub value: Option<String>,
    /// What it is if nobody says.
    pub default: String,
    /// What it may be.
    pub range: String,
    /// What it means, in English.
    pub meaning: String,
    /// Whether a change waits for a restart.
    pub needs_restart: bool,
}

/// What the program around the pages does for them. Every method may block.
pub trait Works: Send + Sync + 'static {
    /// Every check, with a remedy for whatever is not green.
    fn findings(&self) -> Vec<Line>;
    /// What was done for the store.
    fn care(&self) -> StoreCare;
    /// The configuration in force.
    fn settings(&self) -> Vec<Setting>;
    /// Begins to try a source's quarantined files again and does not wait for the end.
    ///
    /// # Errors
    /// Why it was not begun, for operators.
    fn retry(&self, feed: &str) -> Result<(), String>;
}
