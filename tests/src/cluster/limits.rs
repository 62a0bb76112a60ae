//! How long something may take before a test says that it never comes. Generous: a debug build beside other tests on two
//! cores is slow; a passing test does not wait for any of them.
use std::time::Duration;

/// One command; the longest takes in a whole storage.
pub const COMMAND_WAIT: Duration = Duration::from_secs(120);
/// From the start of a node until it serves.
pub const READY_WAIT: Duration = Duration::from_secs(60);
/// Until something that one node did is seen at another.
pub const EVENT_WAIT: Duration = Duration::from_secs(60);
/// Between two looks.
pub(super) const LOOK: Duration = Duration::from_millis(25);
/// Lines of a node's own output that are shown when a test fails.
pub(super) const SHOWN_LINES: usize = 40;
