//! Planted bugs: known mistakes that the simulator must find (feature `plants`, never in a shipped binary).
//!
//! A plant is on for the thread that switched it on, so tests do not disturb one another.
use std::cell::RefCell;
use std::collections::BTreeSet;

/// Switches a plant such as `P01` on, for this thread.
pub fn plant(id: &str) {
    PLANTED.with_borrow_mut(|planted| planted.insert(id.to_owned()));
}
/// Switches all plants off, for this thread.
pub fn clear() {
    PLANTED.with_borrow_mut(BTreeSet::clear);
}
/// Whether this plant is on, for this thread.
pub fn on(id: &str) -> bool {
    PLANTED.with_borrow(|planted| planted.contains(id))
}

thread_local! {
    static PLANTED: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}
