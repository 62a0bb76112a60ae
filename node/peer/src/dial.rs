//! Which peer to dial when, on which paths. Pure: time and seed come in, attempts go out.
//!
//! A **round** tries a peer's addresses in stages: the address that worked last alone, then all direct ones (QUIC gets a head
//! start over TCP in the transport itself), then relays. A stage begins when the one before failed or had its head start.
//! After a lost round a wanted peer waits: exponentially longer, with jitter, so that a region that comes back together
//! does not storm itself.
use crate::address::{PathKind, path_kind};
use crate::limits::*;
use crate::msg::grown;
use libp2p::Multiaddr;
use protocol::ids::NodeKey;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// Keeps wanted peers connected.
pub(crate) struct Dialer {
    targets: BTreeMap<NodeKey, Target>,
    jitter: Jitter,
    in_flight: usize,
}

/// Addresses of one peer to try at once.
#[derive(Debug, PartialEq)]
pub(crate) struct Attempt {
    pub node: NodeKey,
    pub addresses: Vec<Multiaddr>,
}

struct Target {
    addresses: Vec<Multiaddr>,
    /// The address that worked last.
    known: Option<Multiaddr>,
    wanted: bool,
    failures: u32,
    /// When the last round began.
    tried: Option<Instant>,
    state: State,
}

enum State {
    /// The next round begins then.
    Waiting(Instant),
    Round(Round),
    Connected {
        since: Instant,
    },
}

#[derive(Default)]
struct Round {
    stages: Vec<(Duration, Vec<Multiaddr>)>,
    in_flight: usize,
    next_at: Option<Instant>,
    why: Vec<String>,
}

impl Dialer {
    pub(crate) fn new(seed: u64) -> Self {
        Self { targets: BTreeMap::new(), jitter: Jitter(seed), in_flight: 0 }
    }
    /// Keeps this peer connected from now on. It is tried at once if it has new addresses, or was not tried just now: whoever
    /// asks needs it.
    pub(crate) fn want(&mut self, now: Instant, node: NodeKey, addresses: Vec<Multiaddr>) -> bool {
        self.ask(now, node, addresses, true)
    }
    /// Tries this peer once, now.
    pub(crate) fn dial(&mut self, now: Instant, node: NodeKey, addresses: Vec<Multiaddr>) -> bool {
        self.ask(now, node, addresses, false)
    }
    fn ask(&mut self, now: Instant, node: NodeKey, addresses: Vec<Multiaddr>, wanted: bool) -> bool {
        if let Some(target) = self.targets.get_mut(&node) {
            target.wanted |= wanted;
            let is_news = !wanted || target.addresses != addresses;
            let is_rested = target.tried.is_none_or(|tried| now.saturating_duration_since(tried) >= DIAL_NUDGE);
            target.addresses = addresses;
            if is_news {
                target.failures = 0;
            }
            if let State::Waiting(at) = &mut target.state
                && (is_news || is_rested)
            {
                *at = now;
            }
            return true;
        }
        if self.targets.len() >= DIAL_TARGETS_MAX {
            return false;
        }
        let state = State::Waiting(now);
        self.targets.insert(node, Target { addresses, known: None, wanted, failures: 0, tried: None, state });
        true
    }
    /// Ends the wish. A round under way is played to its end.
    pub(crate) fn unwant(&mut self, node: NodeKey) {
        if let Some(target) = self.targets.get_mut(&node) {
            target.wanted = false;
            if !matches!(target.state, State::Round(_)) {
                self.targets.remove(&node);
            }
        }
    }
    /// A connection is up, whoever dialled it; `dialled` is the address if it was us.
    pub(crate) fn connected(&mut self, now: Instant, node: NodeKey, dialled: Option<&Multiaddr>) {
        let Some(target) = self.targets.get_mut(&node) else { return };
        if let Some(address) = dialled.filter(|address| path_kind(address) != Some(PathKind::Relay)) {
            target.known = Some(address.clone());
        }
        match &mut target.state {
            // Attempts of the round may still be under way: it ends when the last of them is reported.
            State::Round(round) if round.in_flight > 0 => {
                round.stages.clear();
                round.next_at = None;
            }
            State::Connected { .. } => {}
            _ if !target.wanted => {
                self.targets.remove(&node);
            }
            _ => target.state = State::Connected { since: now },
        }
    }
    /// The last connection is gone.
    pub(crate) fn disconnected(&mut self, now: Instant, node: NodeKey) {
        let Some(target) = self.targets.get_mut(&node) else { return };
        let State::Connected { since } = target.state else { return };
        if !target.wanted {
            self.targets.remove(&node);
            return;
        }
        let steady = now.saturating_duration_since(since) >= CONNECTION_STEADY;
        target.failures = if steady { 0 } else { target.failures.saturating_add(1) };
        // Even the first reconnect waits a moment: the other side may be dialling too.
        let pause = grown(DIAL_RETRY, target.failures.saturating_sub(1));
        target.state = State::Waiting(now + self.jitter.of(pause));
    }
    /// One attempt is over. `is_connected` says how the peer stands now; a lost round returns why, address by address.
    pub(crate) fn finished(
        &mut self,
        now: Instant,
        node: NodeKey,
        failure: Option<String>,
        is_connected: bool,
    ) -> Option<String> {
        self.in_flight = self.in_flight.saturating_sub(1);
        let target = self.targets.get_mut(&node)?;
        let State::Round(round) = &mut target.state else { return None };
        round.in_flight = round.in_flight.saturating_sub(1);
        round.why.extend(failure);
        if round.in_flight > 0 {
            return None;
        }
        if is_connected {
            if target.wanted {
                target.state = State::Connected { since: now };
            } else {
                self.targets.remove(&node);
            }
            return None;
        }
        if !round.stages.is_empty() {
            round.next_at = Some(now);
            return None;
        }
        let why = round.why.join("; ");
        if target.wanted {
            let pause = grown(DIAL_RETRY, target.failures);
            target.failures = target.failures.saturating_add(1);
            target.state = State::Waiting(now + self.jitter.of(pause));
        } else {
            self.targets.remove(&node);
        }
        Some(why)
    }
    /// What to dial now. Each attempt must come back through [`Dialer::finished`].
    pub(crate) fn due(&mut self, now: Instant) -> Vec<Attempt> {
        let mut attempts = Vec::new();
        for (node, target) in &mut self.targets {
            if self.in_flight >= DIALS_IN_FLIGHT_MAX {
                break;
            }
            if matches!(target.state, State::Waiting(at) if at <= now) {
                target.tried = Some(now);
                target.state = State::Round(target.round(now));
            }
            let State::Round(round) = &mut target.state else { continue };
            if round.next_at.is_none_or(|at| at > now) {
                continue;
            }
            round.next_at = None;
            // A round without any address is one attempt that finds nothing.
            let (head_start, addresses) =
                if round.stages.is_empty() { (Duration::ZERO, Vec::new()) } else { round.stages.remove(0) };
            if !round.stages.is_empty() {
                round.next_at = Some(now + head_start);
            }
            round.in_flight += 1;
            self.in_flight += 1;
            attempts.push(Attempt { node: *node, addresses });
        }
        attempts
    }
    /// When [`Dialer::due`] has something next. With all dials in flight nothing is due until one is over.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        if self.in_flight >= DIALS_IN_FLIGHT_MAX {
            return None;
        }
        let next = |target: &Target| match &target.state {
            State::Waiting(at) => Some(*at),
            State::Round(round) => round.next_at,
            State::Connected { .. } => None,
        };
        self.targets.values().filter_map(next).min()
    }
}

impl Target {
    fn round(&self, now: Instant) -> Round {
        let is_relay = |address: &&Multiaddr| path_kind(address) == Some(PathKind::Relay);
        let known = self.known.iter().filter(|known| self.addresses.contains(known));
        let direct = self.addresses.iter().filter(|address| !is_relay(address));
        let stages = [
            (KNOWN_HEAD_START, known.cloned().collect::<Vec<_>>()),
            (DIRECT_HEAD_START, direct.cloned().collect()),
            (Duration::ZERO, self.addresses.iter().filter(is_relay).cloned().collect()),
        ];
        let stages = stages.into_iter().filter(|(_, addresses)| !addresses.is_empty()).collect();
        Round { stages, in_flight: 0, next_at: Some(now), why: Vec::new() }
    }
}

/// Half to one and a half of a pause, from a seed (SplitMix64). Nothing secret depends on it.
pub(crate) struct Jitter(pub u64);

impl Jitter {
    pub(crate) fn of(&mut self, pause: Duration) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let share = u32::try_from(mixed >> 48).unwrap_or(0); // 16 bits
        pause / 2 + pause.mul_f64(f64::from(share) / 65_536.0)
    }
}

#[cfg(test)]
mod tests;
