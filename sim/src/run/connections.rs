use super::world::{Happening, World};
use crate::limits::{DIAL_US, HANGUP_DRAIN_US, LAPSE_US, REDIAL_US, REDIAL_US_MAX};
use protocol::engine::{Done, Input};
use protocol::time::Millis;

impl World<'_> {
    /// Keeps a connection from now on.
    pub(super) fn want(&mut self, host: usize, peer: usize) {
        let boot = self.hosts[host].boots;
        let Some(running) = &mut self.hosts[host].running else { return };
        if host == peer || running.wanted.insert(peer, REDIAL_US).is_some() || self.sessions.of(host, peer).is_some() {
            return;
        }
        self.after(1_000, Happening::Dial { host, boot, peer });
    }
    /// Tries to reach a peer that is wanted; if it fails, again and again with growing waits.
    pub(super) fn dial(&mut self, host: usize, boot: u64, peer: usize) {
        let at = self.at;
        let is_outsider = self.hosts[host].engine.is_none();
        let wanted = self.hosts[host].running.as_ref().is_some_and(|running| running.wanted.contains_key(&peer));
        let may_try = is_outsider || self.is_boot(host, boot) && wanted;
        if self.sessions.of(host, peer).is_some() || !may_try {
            return;
        }
        let blocks = |own: usize, other: usize| self.hosts[own].blocked.get(&other).is_some_and(|until| *until > at);
        let is_up = self.hosts[peer].running.is_some();
        let is_open = is_up && !self.lines.is_cut(host, peer) && !blocks(host, peer) && !blocks(peer, host);
        let session = if is_open { self.sessions.begin(host, peer) } else { None };
        let trip = self.lines.latency_us(host, peer);
        match session {
            Some(session) => {
                self.after(3 * trip, Happening::Opened { host: peer, peer: host, session });
                self.after(4 * trip, Happening::Opened { host, peer, session });
            }
            None => self.dial_failed(host, boot, peer),
        }
    }
    fn dial_failed(&mut self, host: usize, boot: u64, peer: usize) {
        self.watch.mark("dial failed");
        let jitter = self.chance.below(REDIAL_US);
        let Some(running) = &mut self.hosts[host].running else { return };
        let Some(wait) = running.wanted.get_mut(&peer) else { return };
        let again = *wait + jitter;
        *wait = (*wait * 2).min(REDIAL_US_MAX);
        self.after(DIAL_US + again, Happening::Dial { host, boot, peer });
        let key = self.hosts[peer].key;
        self.input(host, Input::Unreachable(key));
    }
    pub(super) fn opened(&mut self, host: usize, peer: usize, session: u64) {
        let is_up = self.hosts[host].running.is_some() || self.hosts[host].engine.is_none();
        if !is_up || !self.sessions.believe(host, peer, session) {
            // Gone before it stood: the other side notices, and nothing is left of it.
            self.break_line(host, peer, 1_000_000);
            return;
        }
        if let Some(running) = &mut self.hosts[host].running
            && let Some(wait) = running.wanted.get_mut(&peer)
        {
            *wait = REDIAL_US;
        }
        self.watch.mark("connected");
        let key = self.hosts[peer].key;
        self.input(host, Input::Connected(key));
        self.probe_waiting(host, peer);
    }
    pub(super) fn closed(&mut self, host: usize, peer: usize, session: u64) {
        if !self.sessions.forget(host, peer, session) {
            return;
        }
        self.watch.mark("disconnected");
        self.end_transfers(host, peer);
        let key = self.hosts[peer].key;
        self.input(host, Input::Disconnected(key));
        let boot = self.hosts[host].boots;
        if self.hosts[host].running.as_ref().is_some_and(|running| running.wanted.contains_key(&peer)) {
            let wait = self.chance.between(REDIAL_US / 4, REDIAL_US);
            self.after(wait, Happening::Dial { host, boot, peer });
        }
    }
    /// Transfers with a peer end with their connection.
    fn end_transfers(&mut self, host: usize, peer: usize) {
        let key = self.hosts[peer].key;
        let Some(running) = &mut self.hosts[host].running else { return };
        let incoming = running.incoming.iter().filter(|(_, (_, incoming))| incoming.receive.from == key);
        let incoming: Vec<_> = incoming.map(|(request, _)| *request).collect();
        let outgoing = running.outgoing.iter().filter(|(_, (_, outgoing))| outgoing.to == key);
        let outgoing: Vec<_> = outgoing.map(|(request, (ticket, _))| (*request, *ticket)).collect();
        for (request, _) in &outgoing {
            running.outgoing.remove(request);
        }
        for request in incoming {
            self.end_incoming(host, request, false);
        }
        for (_, ticket) in outgoing {
            self.input(host, Input::Done(ticket, Done::Served { complete: false }));
        }
    }
    /// The connection of two hosts breaks; each side notices by itself, the later one within `spread_us`.
    pub(super) fn break_line(&mut self, a: usize, b: usize, spread_us: u64) {
        let Some((session, told)) = self.sessions.kill(a, b) else { return };
        for host in told {
            let wait = self.chance.below(spread_us + 1);
            let peer = if host == a { b } else { a };
            self.after(wait, Happening::Closed { host, peer, session });
        }
    }
    /// Only the second host notices that the connection is gone; the first one learns it much later.
    pub(super) fn half_open(&mut self, a: usize, b: usize) {
        let Some((session, told)) = self.sessions.kill(a, b) else { return };
        for host in told {
            let wait = if host == a { self.chance.between(30_000_000, 180_000_000) } else { 1_000 };
            let peer = if host == a { b } else { a };
            self.after(wait, Happening::Closed { host, peer, session });
        }
    }
    pub(super) fn hang_up(&mut self, host: usize, peer: usize, until: Millis) {
        self.watch.mark("hung up");
        let now = self.hosts[host].now(self.at);
        let until = self.at.plus(self.hosts[host].clock.true_micros(until.since(now)));
        self.hosts[host].blocked.insert(peer, until);
        if let Some(running) = &mut self.hosts[host].running {
            running.wanted.remove(&peer);
        }
        // As the node's transport does it: what was sent before, above all the reason, has some time to arrive.
        if let Some(session) = self.sessions.of(host, peer) {
            self.after(HANGUP_DRAIN_US, Happening::HungUp { a: host, b: peer, session });
        }
    }
    pub(super) fn hung_up(&mut self, a: usize, b: usize, session: u64) {
        if self.sessions.of(a, b) == Some(session) {
            self.break_line(a, b, 1_000);
        }
    }
    /// Nothing comes through: whoever is connected gives up after a while, if it still is so.
    pub(super) fn cut_line(&mut self, from: usize, to: usize) {
        self.lines.cut(from, to);
        for (a, b) in [(from, to), (to, from)] {
            if let Some(session) = self.sessions.of(a, b) {
                self.after(LAPSE_US, Happening::Lapse { a, b, session });
            }
        }
    }
    pub(super) fn heal_line(&mut self, from: usize, to: usize) {
        let held = self.lines.heal(from, to);
        self.resend(held);
    }
    pub(super) fn lapse(&mut self, a: usize, b: usize, session: u64) {
        if self.lines.is_cut(a, b) && self.sessions.of(a, b) == Some(session) {
            self.watch.mark("connection lapsed");
            self.break_line(a, b, 5_000_000);
        }
    }
}
