//! The clock guard: two untrusted clocks and the peers' median in, one `now` out that never runs backward.
use crate::limits::{CLOCK_START_AHEAD_MS, CLOCK_TOLERANCE_MS};
use crate::time::Millis;

/// Turns (wall, monotonic, peers' median) into the `now` of the Engine.
///
/// Between readings `now` follows the monotonic clock. A wall clock that jumps further than the tolerance is not believed
/// unless the peers' median agrees; the guard then reports [`Trust::Doubted`], which the node shows as amber.
#[derive(Clone, Debug, Default)]
pub struct ClockGuard {
    last: Option<Reading>,
    doubt: u64,
}

#[derive(Clone, Copy, Debug)]
struct Reading {
    now: Millis,
    mono: u64,
}

/// Whether the wall clock fits what the guard knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Within tolerance.
    Sound,
    /// Off by this many milliseconds against the monotonic clock; validity does not follow the jump.
    Doubted {
        /// Distance between wall clock and guarded time.
        by_ms: u64,
    },
}

/// How far a wall clock at a start is ahead of the newest moment on disk, if it is further than time off explains: whoever
/// drives the guard then asks the operator first, since time never runs backward afterwards.
pub fn far_ahead(newest_known: Option<Millis>, wall: Millis) -> Option<u64> {
    newest_known.map(|newest| wall.since(newest)).filter(|ahead| *ahead > CLOCK_START_AHEAD_MS)
}

impl ClockGuard {
    /// A guard that has seen nothing; or one that starts from the newest moment known to be on disk.
    pub fn new(newest_known: Option<Millis>) -> Self {
        Self { last: newest_known.map(|now| Reading { now, mono: 0 }), doubt: 0 }
    }
    /// The guarded moment. `mono` counts milliseconds since the process started; `peers` is the median of what live members
    /// claimed, if there are at least three.
    pub fn now(&mut self, wall: Millis, mono: u64, peers: Option<Millis>) -> (Millis, Trust) {
        let Some(last) = self.last else {
            let start = peers.unwrap_or(wall);
            self.last = Some(Reading { now: start, mono });
            return (start, self.trust(wall, start));
        };
        let steady = last.now.plus(mono.saturating_sub(last.mono));
        let near = |a: Millis, b: Millis| a.0.abs_diff(b.0) <= CLOCK_TOLERANCE_MS;
        let first = last.mono == 0 && self.doubt == 0;
        let now = match peers {
            Some(peers) if near(wall, peers) => wall,
            Some(peers) if !near(steady, peers) => peers,
            // A first reading after start: time has passed while the node was off, so only a step back is doubted.
            None if first && wall >= steady => wall,
            _ if near(wall, steady) => wall,
            _ => steady,
        };
        let now = now.max(last.now);
        self.last = Some(Reading { now, mono: mono.max(1) });
        (now, self.trust(wall, now))
    }
    fn trust(&mut self, wall: Millis, now: Millis) -> Trust {
        self.doubt = wall.0.abs_diff(now.0);
        if self.doubt > CLOCK_TOLERANCE_MS { Trust::Doubted { by_ms: self.doubt } } else { Trust::Sound }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{DAY_MS, HOUR_MS};

    const T: Millis = Millis(1_800_000_000_000);

    #[test]
    fn row_104b_a_wall_clock_that_steps_back_does_not_take_now_along() {
        let mut guard = ClockGuard::new(None);
        assert_eq!(guard.now(T, 10, None), (T, Trust::Sound));
        let (now, trust) = guard.now(T.minus(DAY_MS), 1_010, None);
        assert_eq!(now, T.plus(1_000));
        assert!(matches!(trust, Trust::Doubted { .. }));
    }
    #[test]
    fn a_jump_ahead_is_not_believed_without_peers() {
        let mut guard = ClockGuard::new(None);
        guard.now(T, 10, None);
        assert_eq!(guard.now(T.plus(DAY_MS), 20, None).0, T.plus(10));
        assert_eq!(guard.now(T.plus(DAY_MS), 30, Some(T.plus(DAY_MS))).0, T.plus(DAY_MS));
    }
    #[test]
    fn after_a_night_off_the_wall_clock_is_believed_but_never_behind_the_disk() {
        assert_eq!(ClockGuard::new(Some(T)).now(T.plus(HOUR_MS), 5, None).0, T.plus(HOUR_MS));
        assert_eq!(ClockGuard::new(Some(T)).now(T.minus(DAY_MS), 5, None).0, T.plus(5));
    }
    #[test]
    fn row_104b_a_clock_far_ahead_of_the_disk_is_asked_about() {
        assert_eq!(far_ahead(None, T), None);
        assert_eq!(far_ahead(Some(T), T.minus(DAY_MS)), None);
        assert_eq!(far_ahead(Some(T), T.plus(CLOCK_START_AHEAD_MS)), None);
        assert_eq!(far_ahead(Some(T), T.plus(400 * DAY_MS)), Some(400 * DAY_MS));
    }
    #[test]
    fn now_never_runs_backward() {
        let mut guard = ClockGuard::new(None);
        let mut before = Millis(0);
        for (wall, mono, peers) in
            [(T, 1, None), (T.minus(9), 2, Some(T.minus(HOUR_MS))), (T.plus(3), 3, None), (Millis(0), 9, None)]
        {
            let (now, _) = guard.now(wall, mono, peers);
            assert!(now >= before);
            before = now;
        }
    }
}
