use crate::ids::{Hash, NetworkId, NodeKey, RequestId};
use crate::time::Millis;
use std::collections::{BTreeMap, BTreeSet};

/// What the Engine wakes up for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// Compare notes with a peer.
    Sync(NodeKey),
    /// Look who should be connected.
    Dial,
    /// Checkpoint, if the log grew.
    Checkpoint,
    /// Publish what waits.
    Publish,
    /// Sign manifests anew and forget what is past.
    Daily,
    /// A fetch has waited long enough for its present step.
    Fetch(RequestId),
    /// Ask the contact again.
    Join(NetworkId),
    /// A suspension ends.
    Rest,
    /// Write what was held back.
    Held,
    /// Evaluators of a key have had time enough.
    Evaluate(Hash),
    /// The other side of a confirmation has had time enough.
    Confirm(RequestId),
    /// Ask evaluators again for what is still wanted.
    Tags,
    /// Look-ups that wait for tags have waited enough.
    Locates,
}

/// One deadline per timer; the earliest is all that the driver sees.
#[derive(Clone, Debug, Default)]
pub(super) struct Timers {
    by_time: BTreeSet<(Millis, Timer)>,
    by_timer: BTreeMap<Timer, Millis>,
}

impl Timers {
    /// Sets a timer, in place of its former deadline.
    pub(super) fn set(&mut self, timer: Timer, at: Millis) {
        self.clear(timer);
        self.by_time.insert((at, timer));
        self.by_timer.insert(timer, at);
    }
    /// Sets a timer unless it rings earlier already.
    pub(super) fn set_by(&mut self, timer: Timer, at: Millis) {
        if self.by_timer.get(&timer).is_none_or(|old| *old > at) {
            self.set(timer, at);
        }
    }
    pub(super) fn clear(&mut self, timer: Timer) {
        if let Some(at) = self.by_timer.remove(&timer) {
            self.by_time.remove(&(at, timer));
        }
    }
    /// Takes the next timer that is due.
    pub(super) fn due(&mut self, now: Millis) -> Option<Timer> {
        let (at, timer) = *self.by_time.first()?;
        (at <= now).then(|| self.clear(timer))?;
        Some(timer)
    }
    pub(super) fn earliest(&self) -> Option<Millis> {
        self.by_time.first().map(|(at, _)| *at)
    }
}
