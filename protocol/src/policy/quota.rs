use crate::ids::FacilityId;
use crate::limits::{QUOTA_READERS_MAX, QUOTA_WINDOW_MS};
use crate::time::Millis;
use std::collections::BTreeMap;

/// How many requests each reader made in the last hour; a sliding window of twelve steps, so a reader costs some 80 bytes
/// whatever it does.
#[derive(Clone, Debug, Default)]
pub struct Quota {
    readers: BTreeMap<FacilityId, Window>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Window {
    /// Number of the newest step.
    step: u64,
    counts: [u32; STEPS],
}

impl Quota {
    /// How many of `allowed` requests per hour this reader has left at `now`.
    pub fn left(&self, reader: &FacilityId, allowed: u32, now: Millis) -> u32 {
        match self.readers.get(reader) {
            Some(window) => allowed.saturating_sub(window.at(step_of(now)).sum()),
            None if self.readers.len() >= QUOTA_READERS_MAX => 0,
            None => allowed,
        }
    }
    /// Counts one request.
    pub fn count(&mut self, reader: &FacilityId, now: Millis) {
        let step = step_of(now);
        if !self.readers.contains_key(reader) && self.readers.len() >= QUOTA_READERS_MAX {
            self.forget(now);
            if self.readers.len() >= QUOTA_READERS_MAX {
                return;
            }
        }
        let window = self.readers.entry(reader.clone()).or_default();
        *window = window.at(step);
        window.counts[0] = window.counts[0].saturating_add(1);
    }
    /// Drops readers that asked for nothing in the last hour.
    pub fn forget(&mut self, now: Millis) {
        let step = step_of(now);
        self.readers.retain(|_, window| window.at(step).sum() > 0);
    }
}

impl Window {
    /// The window moved on to `step`. A clock that stands still or goes back moves nothing, so it frees no quota.
    fn at(self, step: u64) -> Self {
        let ahead = usize::try_from(step.saturating_sub(self.step)).unwrap_or(STEPS).min(STEPS);
        let mut counts = [0; STEPS];
        counts[ahead..].copy_from_slice(&self.counts[..STEPS - ahead]);
        Self { step: step.max(self.step), counts }
    }
    fn sum(self) -> u32 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }
}

fn step_of(now: Millis) -> u64 {
    now.0 / STEP_MS
}

const STEPS: usize = 12;
const STEP_MS: u64 = QUOTA_WINDOW_MS / STEPS as u64;

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(number: u64) -> FacilityId {
        FacilityId::parse(&format!("{number:010}")).expect("ten digits")
    }

    #[test]
    fn a_reader_that_used_its_hour_waits_and_others_do_not() {
        let mut quota = Quota::default();
        for minute in 0..10 {
            quota.count(&reader(1), Millis(minute * 60_000));
        }
        assert_eq!(quota.left(&reader(1), 10, Millis(10 * 60_000)), 0);
        assert_eq!(quota.left(&reader(2), 10, Millis(10 * 60_000)), 10);
        assert_eq!(quota.left(&reader(1), 10, Millis(QUOTA_WINDOW_MS + 30 * 60_000)), 10);
    }
    #[test]
    fn a_clock_that_goes_back_gives_nothing_back() {
        let mut quota = Quota::default();
        quota.count(&reader(1), Millis(10 * QUOTA_WINDOW_MS));
        assert_eq!(quota.left(&reader(1), 1, Millis(0)), 0);
    }
    #[test]
    fn the_table_of_readers_is_bounded() {
        let mut quota = Quota::default();
        for number in 0..(QUOTA_READERS_MAX as u64 + 5) {
            quota.count(&reader(number), Millis(0));
        }
        assert_eq!(quota.readers.len(), QUOTA_READERS_MAX);
        assert_eq!(quota.left(&reader(9_999_999), 7, Millis(0)), 0);
        quota.forget(Millis(2 * QUOTA_WINDOW_MS));
        assert_eq!(quota.left(&reader(9_999_999), 7, Millis(2 * QUOTA_WINDOW_MS)), 7);
    }
    #[test]
    fn counts_at_the_end_of_time_do_not_overflow() {
        let mut quota = Quota::default();
        quota.count(&reader(1), Millis(u64::MAX));
        assert_eq!(quota.left(&reader(1), 1, Millis(u64::MAX)), 0);
    }
}
