//! What time it is: the computer's two clocks behind the guard of the core, so that time never runs backward here.
use protocol::clock::{ClockGuard, Trust, far_ahead};
use protocol::time::Millis;
use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Gives the one `now` that everything in a node goes by.
pub trait Clock: Send + Sync {
    /// The guarded moment; never earlier than one that was given before.
    fn now(&self) -> Millis;
    /// Whether the computer's clock fits what is known.
    fn trust(&self) -> Trust;
}

/// The computer's clock, guarded.
pub struct SystemClock {
    started: Instant,
    guard: Mutex<ClockGuard>,
}

impl SystemClock {
    /// Starts from the newest moment known to be on disk, if any.
    pub fn new(newest_known: Option<Millis>) -> Self {
        Self { started: Instant::now(), guard: Mutex::new(ClockGuard::new(newest_known)) }
    }
    /// The computer's clock, if it is further ahead of the newest moment on disk than time off explains.
    pub fn is_far_ahead(newest_known: Option<Millis>) -> Option<Millis> {
        let wall = wall();
        far_ahead(newest_known, wall).map(|_| wall)
    }
    fn read(&self) -> (Millis, Trust) {
        let wall = wall();
        let mono = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.guard.lock().unwrap_or_else(PoisonError::into_inner).now(wall, mono, None)
    }
}

fn wall() -> Millis {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |span| span.as_millis());
    Millis(u64::try_from(wall).unwrap_or(u64::MAX))
}

impl Clock for SystemClock {
    fn now(&self) -> Millis {
        self.read().0
    }
    fn trust(&self) -> Trust {
        self.read().1
    }
}

/// A clock that tests move by hand.
#[derive(Debug, Default)]
pub struct HandClock(Mutex<Millis>);

impl HandClock {
    /// A clock that stands at this moment.
    pub fn at(now: Millis) -> Self {
        Self(Mutex::new(now))
    }
    /// Moves it on.
    pub fn advance(&self, span: u64) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.plus(span);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Millis {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn trust(&self) -> Trust {
        Trust::Sound
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{OpenError, Service, ServiceConfig};
    use std::sync::Arc;
    use store::{Store, StoreConfig};

    #[test]
    fn a_node_far_behind_the_computers_clock_asks_before_it_follows() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = ServiceConfig::new(folder.path(), "test");
        let (store, _) = Store::open(folder.path(), StoreConfig::new([1; 32])).expect("a new store");
        let past = Arc::new(HandClock::at(Millis(1_700_000_000_000)));
        let opened = Service::open_with(Arc::new(store), past, config.clone()).expect("opens");
        opened.0.store().close();
        drop(opened);
        let refused = Service::open(config.clone()).map(drop);
        assert!(matches!(refused, Err(OpenError::Clock { .. })), "{refused:?}");
        let trusted = Service::open(ServiceConfig { trusts_clock: true, ..config });
        assert!(trusted.is_ok(), "the operator knows better");
    }
}
