//! Growing delays against guessing: per login, whether it exists or not, and per source.
use crate::limits::{
    GUESS_FORGET_MS, LOGIN_GUESSES_FREE, LOGIN_WAIT_MS_MAX, SOURCE_GUESSES_FREE, SOURCE_WAIT_MS_MAX, THROTTLED_MAX,
};
use protocol::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Counts attempts. Of a login that exists the count is kept in the store as well, so that a restart forgives nobody.
#[derive(Default)]
pub(super) struct Throttle {
    logins: BTreeMap<[u8; 16], Count>,
    sources: BTreeMap<[u8; 16], Count>,
}

/// Attempts on one login, or from one source.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Count {
    attempts: u32,
    last: Millis,
}

impl Count {
    /// Whether this is so long ago that it counts no more.
    pub fn is_over(&self, now: Millis) -> bool {
        now.since(self.last) >= GUESS_FORGET_MS
    }
}

impl Throttle {
    /// Counts an attempt before it is looked at, so that many at once win nothing.
    ///
    /// # Errors
    /// How many milliseconds to wait; nothing was counted and nothing must be looked at.
    pub fn begin(&mut self, now: Millis, login: Option<[u8; 16]>, source: IpAddr) -> Result<(), u64> {
        let source = source_key(source);
        let wait = wait(self.sources.get(&source), now, SOURCE_GUESSES_FREE, SOURCE_WAIT_MS_MAX)
            .max(login.map_or(0, |login| wait(self.logins.get(&login), now, LOGIN_GUESSES_FREE, LOGIN_WAIT_MS_MAX)));
        if wait > 0 {
            return Err(wait);
        }
        count(&mut self.sources, source, now);
        if let Some(login) = login {
            count(&mut self.logins, login, now);
        }
        Ok(())
    }
    /// The person has proven everything: what was typed wrongly before is forgotten. What their source did to others stays,
    /// save this one attempt.
    pub fn succeeded(&mut self, login: [u8; 16], source: IpAddr) {
        let own = self.logins.remove(&login).map_or(0, |count| count.attempts);
        if let Some(count) = self.sources.get_mut(&source_key(source)) {
            count.attempts = count.attempts.saturating_sub(own.min(FORGIVEN_MAX));
        }
    }
    /// The attempts on a login, to be kept.
    pub fn of(&self, login: &[u8; 16]) -> Option<Count> {
        self.logins.get(login).copied()
    }
    /// The attempts on a login that were kept before a restart.
    pub fn restore(&mut self, login: [u8; 16], count: Count) {
        if self.logins.len() < THROTTLED_MAX {
            self.logins.insert(login, count);
        }
    }
    /// An administrator gave a new code: the person need not wait.
    pub fn forgive(&mut self, login: [u8; 16]) {
        self.logins.remove(&login);
    }
}

/// How long the next attempt has to wait: nothing for the first few, then twice as long each time.
fn wait(count: Option<&Count>, now: Millis, free: u32, max: u64) -> u64 {
    let Some(count) = count.filter(|count| count.attempts >= free) else { return 0 };
    let passed = now.since(count.last);
    if passed >= GUESS_FORGET_MS {
        return 0;
    }
    let doubled = 1_000u64.checked_shl((count.attempts - free).min(DOUBLINGS_MAX)).unwrap_or(max).min(max);
    doubled.saturating_sub(passed)
}

fn count(map: &mut BTreeMap<[u8; 16], Count>, key: [u8; 16], now: Millis) {
    let entry = map.entry(key).or_default();
    let before = if now.since(entry.last) >= GUESS_FORGET_MS { 0 } else { entry.attempts };
    *entry = Count { attempts: before.saturating_add(1), last: now };
    if map.len() > THROTTLED_MAX {
        map.retain(|_, count| now.since(count.last) < GUESS_FORGET_MS);
    }
    while map.len() > THROTTLED_MAX {
        // Those with the fewest attempts go: nobody makes room for a guessed login by guessing others.
        let fewest = map.iter().filter(|(own, _)| **own != key).min_by_key(|(_, count)| (count.attempts, count.last));
        let Some(fewest) = fewest.map(|(own, _)| *own) else { return };
        map.remove(&fewest);
    }
}

/// One house is one source: a whole /64 of IPv6.
fn source_key(source: IpAddr) -> [u8; 16] {
    match source.to_canonical() {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => {
            let mut octets = v6.octets();
            octets[8..].fill(0);
            octets
        }
    }
}

const DOUBLINGS_MAX: u32 = 20;
/// A person needs two attempts to come in (password, second factor), and some more by mistake.
const FORGIVEN_MAX: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    fn from(n: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(192, 0, 2, n))
    }

    #[test]
    fn waits_grow_for_one_login_from_many_sources_and_end_at_their_limit() {
        let (mut throttle, mut now, login) = (Throttle::default(), Millis(1_000_000), [1; 16]);
        for attempt in 0..LOGIN_GUESSES_FREE {
            assert_eq!(throttle.begin(now, Some(login), from(attempt as u8)), Ok(()));
        }
        let mut waits = Vec::new();
        for attempt in 0..20 {
            let wait = throttle.begin(now, Some(login), from(100 + attempt)).expect_err("too many");
            assert_eq!(throttle.begin(now.plus(wait - 1), Some(login), from(200)), Err(1), "not a moment earlier");
            now = now.plus(wait);
            assert_eq!(throttle.begin(now, Some(login), from(100 + attempt)), Ok(()));
            waits.push(wait);
        }
        assert!(waits.windows(2).all(|pair| pair[0] <= pair[1]) && waits[1] == 2 * waits[0]);
        assert_eq!(waits.last(), Some(&LOGIN_WAIT_MS_MAX));
        assert_eq!(throttle.begin(now, Some([2; 16]), from(250)), Ok(()), "others are not touched");
    }
    #[test]
    fn one_source_that_tries_many_logins_waits_too_and_gains_nothing_by_an_own_account() {
        let (mut throttle, now) = (Throttle::default(), Millis(1_000_000));
        for attempt in 0..SOURCE_GUESSES_FREE {
            assert_eq!(throttle.begin(now, Some([attempt as u8; 16]), HERE), Ok(()));
        }
        assert!(throttle.begin(now, Some([200; 16]), HERE).is_err());
        throttle.succeeded([3; 16], HERE);
        assert_eq!(throttle.begin(now, Some([200; 16]), HERE), Ok(()), "its own attempt is forgiven");
        assert!(throttle.begin(now, Some([201; 16]), HERE).is_err(), "not those on others");
    }
    #[test]
    fn who_came_in_starts_anew_and_old_guesses_are_forgotten() {
        let (mut throttle, now, login) = (Throttle::default(), Millis(1_000_000), [1; 16]);
        for _ in 0..LOGIN_GUESSES_FREE {
            let _ = throttle.begin(now, Some(login), HERE);
        }
        assert!(throttle.begin(now, Some(login), HERE).is_err());
        assert_eq!(throttle.begin(now.plus(GUESS_FORGET_MS), Some(login), from(9)), Ok(()));
        throttle.succeeded(login, HERE);
        assert_eq!(throttle.begin(now, Some(login), from(9)), Ok(()));
    }
    #[test]
    fn the_memory_is_bounded_and_many_guesses_do_not_push_out_the_one_that_waits() {
        let (mut throttle, now, login) = (Throttle::default(), Millis(1_000_000), [255; 16]);
        for n in 0..LOGIN_GUESSES_FREE {
            let _ = throttle.begin(now, Some(login), from(n as u8));
        }
        for n in 0..(THROTTLED_MAX as u64 + 50) {
            let mut key = [0; 16];
            key[..8].copy_from_slice(&n.to_be_bytes());
            count(&mut throttle.logins, key, now.plus(1));
        }
        assert!(throttle.logins.len() <= THROTTLED_MAX);
        assert!(throttle.begin(now.plus(1), Some(login), from(77)).is_err());
    }
}
