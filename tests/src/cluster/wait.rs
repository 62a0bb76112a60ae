use super::limits::{EVENT_WAIT, LOOK};
use std::time::Instant;

/// Looks again and again until something holds.
///
/// # Panics
/// With `what`, if it does not hold within the deadline.
#[track_caller]
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    eventually_some(what, || holds().then_some(()));
}

/// Looks again and again until something is there, and gives it.
///
/// # Panics
/// With `what`, if it is not there within the deadline.
#[track_caller]
pub fn eventually_some<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + EVENT_WAIT;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "not within {} s: {what}", EVENT_WAIT.as_secs());
        std::thread::sleep(LOOK);
    }
}
