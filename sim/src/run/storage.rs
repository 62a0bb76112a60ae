use super::world::{Happening, World, addresses};
use crate::world::Job;
use protocol::data::{Batch, Outcome};
use protocol::engine::{Command, Done, Input, Scope, Ticket};
use protocol::state::Signed;

impl World<'_> {
    /// Puts a job in the disk's queue; what waits together shares one sync.
    pub(super) fn write(&mut self, host: usize, ticket: Option<Ticket>, job: Job) {
        let wait = self.chance.weighted(&[(8, 2_000), (2, 6_000), (1, 40_000)]);
        let wait = self.chance.between(wait / 2, wait);
        let boot = self.hosts[host].boots;
        let Some(running) = &mut self.hosts[host].running else { return };
        running.jobs.push_back((ticket, job));
        if !running.is_writing {
            running.is_writing = true;
            self.after(wait, Happening::Written { host, boot });
        }
    }
    /// The disk is done: what waited is there or not, and each hears so in order.
    pub(super) fn written(&mut self, host: usize, boot: u64) {
        if !self.is_boot(host, boot) {
            return;
        }
        let Some(running) = &mut self.hosts[host].running else { return };
        running.is_writing = false;
        let jobs: Vec<(Option<Ticket>, Job)> = running.jobs.drain(..).collect();
        let works = jobs.iter().map(|(_, job)| job.clone().work()).collect();
        let outcomes = self.hosts[host].disk.commit(works);
        let has_failed = outcomes.iter().any(|outcome| matches!(outcome, Outcome::Failed(_)));
        if has_failed && self.hosts[host].disk.is_torn() {
            // The power went in the middle: nobody hears of it.
            self.watch.mark("power lost while writing");
            return self.crash(host);
        }
        for ((ticket, job), outcome) in jobs.into_iter().zip(outcomes) {
            self.settle(host, (ticket, job), outcome);
        }
        if self.hosts[host].disk.is_refusing() {
            // Whoever runs the node sees the red line and starts it anew.
            self.watch.mark("journal refused writes");
            self.stop(host);
        }
    }
    fn settle(&mut self, host: usize, (ticket, job): (Option<Ticket>, Job), outcome: Outcome) {
        if self.stopped.is_some() {
            return;
        }
        let done = match outcome {
            Outcome::Committed { leaves } => {
                if let Job::Batch(batch) = &job {
                    let verdict = self.watch.durable(host, batch);
                    self.note(verdict);
                }
                self.tally.commits += 1;
                self.feed(&[&(host as u64).to_be_bytes(), &leaves.first().copied().unwrap_or(u64::MAX).to_be_bytes()]);
                Done::Committed(leaves)
            }
            Outcome::Failed(why) => {
                self.watch.mark("commit failed");
                Done::Failed(why)
            }
        };
        match (ticket, &done, job) {
            (Some(ticket), ..) => self.input(host, Input::Done(ticket, done)),
            // Ingest tries again until it is there.
            (None, Done::Failed(_), job) => self.write(host, None, job),
            (None, ..) => {}
        }
    }
    /// The power goes: the process is gone, and of what was not synced some sectors stay.
    pub(super) fn crash(&mut self, host: usize) {
        let lost = self.chance.permille(300);
        self.hosts[host].disk.crash(lost);
        self.watch.mark(if lost { "restart with a new index" } else { "restart with the old index" });
        self.down(host);
    }
    /// The machine is switched off until somebody switches it on.
    pub(super) fn switch_off(&mut self, host: usize) {
        self.hosts[host].is_off = true;
        if self.hosts[host].running.is_some() {
            self.stop(host);
        }
    }
    /// The process ends; the disk goes on.
    fn stop(&mut self, host: usize) {
        self.hosts[host].disk.close();
        self.down(host);
    }
    fn down(&mut self, host: usize) {
        self.hosts[host].running = None;
        self.hosts[host].blocked.clear();
        for peer in self.sessions.peers(host) {
            if let Some(session) = self.sessions.of(host, peer) {
                self.sessions.forget(host, peer, session);
            }
            self.break_line(host, peer, 15_000_000);
        }
        let wait = self.chance.weighted(&[(3, 2_000_000), (2, 60_000_000), (1, 3_600_000_000)]);
        let wait = self.chance.between(wait / 2, wait);
        self.after(wait, Happening::Boot { host });
    }
    /// The process starts: a first one takes in what lies on paper, a later one what lies on its disk.
    pub(super) fn boot(&mut self, host: usize) {
        if self.hosts[host].running.is_some() || self.hosts[host].is_off || self.hosts[host].engine.is_none() {
            return;
        }
        let number = self.hosts[host].boots;
        let seed = self.seed.bytes(&format!("engine/{}/{number}", self.hosts[host].id));
        let (at, crypto) = (self.at, self.crypto.clone());
        if self.hosts[host].boot(at, crypto, seed).is_err() {
            self.watch.mark("start refused by the disk");
            let wait = self.chance.between(30_000_000, 300_000_000);
            return self.after(wait, Happening::Boot { host });
        }
        if let Some(running) = &self.hosts[host].running {
            let view = running.view.clone();
            self.watch.reopened(host, &view);
        }
        self.watch.mark("start");
        self.input(host, Input::Listening(addresses(self, host)));
        if !self.desks.is_set_up(host) {
            self.set_up(host);
        }
        self.meet_hub(host);
    }
    /// Charter, membership, certificate, secrets and records, as people bring them to a new node.
    fn set_up(&mut self, host: usize) {
        let Some(at) = self.scenario.nodes[host].network else { return };
        let network = &self.founded.networks[at];
        let (id, charter, secret) = (network.id, network.charter.clone(), network.secret);
        let made = &self.founded.nodes[host];
        let membership = made.membership.iter().map(|(_, signed)| signed.clone());
        let call = network.call.iter().map(|(_, signed)| signed.clone());
        let papers: Vec<Signed> = membership.chain(made.identity.certs.iter().cloned()).chain(call).collect();
        self.command(host, Command::Pin(id, Some(charter)));
        self.command(host, Command::Take(papers));
        self.command(host, Command::KeepSecret { scope: Scope::Network(id), epoch: 1, secret });
        if self.scenario.nodes[host].hub {
            for accord in 0..self.founded.accords.len() {
                self.bring_accord(host, at, accord);
            }
        }
        let mut batch = Batch::default();
        let (people, now) = (&self.watch.truth.people, self.scenario.start);
        let facility = &self.hosts[host].facility;
        for record in people.records.iter().filter(|record| record.node == host && !record.is_late) {
            record.store(people, facility, &mut batch, now);
        }
        self.write(host, None, Job::Batch(batch));
        self.desks.set_up(host);
    }
    fn bring_accord(&mut self, host: usize, network: usize, accord: usize) {
        if !self.scenario.accords[accord].parties.contains(&network) {
            return;
        }
        let (made, parties) = (&self.founded.accords[accord], self.scenario.accords[accord].parties);
        let (object, id, secret) = (made.signed.clone(), made.id, made.secret);
        let charters = parties.iter().map(|at| self.founded.networks[*at].charter.clone()).collect();
        self.command(host, Command::Propose { object, charters });
        self.command(host, Command::KeepSecret { scope: Scope::Accord(id), epoch: 1, secret });
    }
    /// The one address that stands in every node's settings.
    fn meet_hub(&mut self, host: usize) {
        let network = self.scenario.nodes[host].network;
        let hub = self.scenario.nodes.iter().position(|node| node.hub && node.network == network);
        if let Some(hub) = hub {
            self.want(host, hub);
        }
    }
    pub(super) fn command(&mut self, host: usize, command: Command) -> Ticket {
        let ticket = self.ticket();
        self.input(host, Input::Command(ticket, command));
        ticket
    }
}
