use super::Micros;
use protocol::clock::{ClockGuard, Trust};
use protocol::time::Millis;

/// What a host believes of time: a wall clock that is off, drifts and jumps, behind the same guard as in a real node.
#[derive(Clone, Debug)]
pub struct HostClock {
    start: Millis,
    offset_ms: i64,
    ppm: i64,
    booted: Micros,
    guard: ClockGuard,
}

impl HostClock {
    /// A good clock; true time begins at `start`.
    pub fn new(start: Millis) -> Self {
        Self { start, offset_ms: 0, ppm: 0, booted: Micros(0), guard: ClockGuard::new(None) }
    }
    /// The process starts anew; `newest` is the last moment that is known from its disk.
    pub fn boot(&mut self, at: Micros, newest: Option<Millis>) {
        self.booted = at;
        self.guard = ClockGuard::new(newest);
    }
    /// The wall clock jumps.
    pub fn step(&mut self, by_ms: i64) {
        self.offset_ms = self.offset_ms.saturating_add(by_ms);
    }
    /// The clock is off from the start and drifts.
    pub fn drift(&mut self, offset_ms: i64, ppm: i64) {
        self.offset_ms = offset_ms;
        self.ppm = ppm;
    }
    /// The guarded moment, and whether the guard believes the wall clock.
    pub fn now(&mut self, at: Micros) -> (Millis, Trust) {
        let wall = (self.start.0 as i64).saturating_add(self.drifted(at.0)).saturating_add(self.offset_ms);
        let mono = self.drifted(at.since(self.booted)).max(0) as u64;
        self.guard.now(Millis(wall.max(0) as u64), mono, None)
    }
    /// True time that passes until this clock has gone on by `ms`, rounded up.
    pub fn true_micros(&self, ms: u64) -> u64 {
        let ms = i128::from(ms) * 1_000_000_000 / i128::from(1_000_000 + self.ppm);
        u64::try_from(ms).unwrap_or(u64::MAX).saturating_add(1_000)
    }
    fn drifted(&self, micros: u64) -> i64 {
        let true_ms = micros as i64 / 1_000;
        true_ms + (i128::from(true_ms) * i128::from(self.ppm) / 1_000_000) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_does_not_take_the_guarded_moment_along() {
        let mut clock = HostClock::new(Millis(1_800_000_000_000));
        clock.boot(Micros(0), None);
        clock.now(Micros(1_000_000));
        clock.step(86_400_000);
        let (now, trust) = clock.now(Micros(2_000_000));
        assert_eq!(now, Millis(1_800_000_002_000));
        assert!(matches!(trust, Trust::Doubted { .. }));
    }
    #[test]
    fn a_fast_clock_reaches_its_deadlines_early() {
        let mut clock = HostClock::new(Millis(0));
        clock.drift(0, 200);
        clock.boot(Micros(0), None);
        let wait = clock.true_micros(1_000_000);
        assert!(wait < 1_000_000_000);
        assert!(clock.now(Micros(wait)).0 >= Millis(1_000_000));
    }
}
