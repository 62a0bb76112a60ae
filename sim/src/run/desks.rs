use super::world::{Happening, World};
use crate::seed::{Seed, Stream};
use crate::work::{Deed, Probe, Statement, Twist, Wish, forge, write};
use crate::world::{Job, Patient};
use protocol::consent::ConsentReceipt;
use protocol::data::Batch;
use protocol::engine::{
    Candidate, Certainty, Command, Event, FetchOrder, LinkVerdict, LocateOrder, Publication, Review, Serve, Ticket,
    pending_links,
};
use protocol::ids::{Handle, Hash, ReceiptId, RequestId};
use protocol::policy::{Evidence, EvidenceKind, Verdict};
use protocol::time::Millis;
use std::collections::{BTreeMap, BTreeSet};

/// What people at desks have in mind.
pub(super) struct Desks {
    /// Hosts that were set up; their disk has it from then on.
    set_up: BTreeSet<usize>,
    /// Look-ups under way: for which patient, and how it will be asked.
    locating: BTreeMap<(usize, Ticket), (usize, Wish)>,
    /// Everything that was ever found, by patient.
    found: BTreeMap<usize, Vec<Candidate>>,
    /// Probes that wait for a connection.
    probes: BTreeMap<(usize, usize), Vec<bool>>,
    draws: Stream,
}

/// Staff react, a while after they saw something.
#[derive(Clone, Debug)]
pub(super) enum Staff {
    /// Opens a holder's records.
    Fetch { patient: usize, candidate: Box<Candidate>, wish: Box<Wish> },
    /// Asks the holder's desk whether it is the same person.
    AskLink { patient: usize, candidate: Box<Candidate> },
    /// Answers such a question.
    AnswerLink { host: usize, id: RequestId, verdict: LinkVerdict },
    /// Says of an emergency read of its records whether it was one.
    Review { host: usize, request: RequestId, verdict: Verdict },
    /// A patient at the desk says something.
    Consent { patient: usize, statement: Statement },
}

impl Staff {
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Fetch { .. } => "fetch",
            Self::AskLink { .. } => "ask-link",
            Self::AnswerLink { .. } => "answer-link",
            Self::Review { .. } => "review",
            Self::Consent { .. } => "consent",
        }
    }
}

impl Desks {
    pub(super) fn new(seed: Seed) -> Self {
        Self {
            set_up: BTreeSet::new(),
            locating: BTreeMap::new(),
            found: BTreeMap::new(),
            probes: BTreeMap::new(),
            draws: seed.stream("staff"),
        }
    }
    pub(super) fn is_set_up(&self, host: usize) -> bool {
        self.set_up.contains(&host)
    }
    pub(super) fn set_up(&mut self, host: usize) {
        self.set_up.insert(host);
    }
}

impl World<'_> {
    /// Somebody does what stands in the plan.
    pub(super) fn act(&mut self, at: usize) {
        match self.acts[at].deed.clone() {
            Deed::Publish { patient } => self.publish(patient, false),
            Deed::Record { record } => self.new_record(record),
            Deed::Consent { patient, statement } => self.say(patient, statement),
            Deed::Visit { patient, wish } => self.visit(patient, wish),
            Deed::Attack { from, to, what } => self.attack(from, to, what),
            Deed::Depart { patient } => self.depart(patient),
            Deed::Revoke { node } => self.revoke(node),
            Deed::Suspend { node, founder, ms } => self.suspend(node, founder, ms),
            Deed::Sync { node } => {
                self.command(node, Command::SyncNow);
            }
            Deed::Probe { from, to, is_known } => self.probe(from, to, is_known),
        }
    }
    pub(super) fn staff(&mut self, staff: Staff) {
        match staff {
            Staff::Fetch { patient, candidate, wish } => self.fetch(patient, *candidate, &wish),
            Staff::AskLink { patient, candidate } => {
                let of = &self.watch.truth.people.patients[patient];
                let (host, patient) = (of.node, of.patient);
                let facility = self.hosts[host].facility.clone();
                let (staff, statement) = ("s2".to_owned(), "both desks compared by telephone".to_owned());
                self.command(host, Command::AskLink { patient, facility, candidate, staff, statement });
            }
            Staff::AnswerLink { host, id, verdict } => {
                self.watch.mark(format!("link {verdict:?}"));
                self.command(host, Command::AnswerLink { id, verdict, staff: "s3".into() });
            }
            Staff::Review { host, request, verdict } => {
                self.watch.mark("review");
                let review =
                    Review { verdict, staff: "s5".into(), note: "compared".into(), at: Millis(0), is_heard: false };
                self.command(host, Command::Review { request, review: Box::new(review) });
            }
            Staff::Consent { patient, statement } => self.say(patient, statement),
        }
    }
    fn publish(&mut self, patient: usize, also_late: bool) {
        let people = &self.watch.truth.people;
        let of = &people.patients[patient];
        let (host, kinds) = (of.node, people.kinds_of(patient, also_late));
        let facility = self.hosts[host].facility.clone();
        let publication = Publication { patient: of.patient, facility, kinds, strings: of.strings.clone() };
        self.command(host, Command::Publish(vec![publication]));
    }
    fn new_record(&mut self, record: usize) {
        let people = &self.watch.truth.people;
        let (record, mut batch) = (&people.records[record], Batch::default());
        let (host, patient) = (record.node, record.patient);
        record.store(people, &self.hosts[host].facility, &mut batch, self.scenario.start);
        self.write(host, None, Job::Batch(batch));
        self.publish(patient, true);
    }
    fn say(&mut self, patient: usize, statement: Statement) {
        let of = self.watch.truth.people.patients[patient].clone();
        if self.hosts[of.node].running.is_none() {
            // The desk writes it down and tries again when the node is back.
            return self.after(60_000_000, Happening::Staff(Staff::Consent { patient, statement }));
        }
        let now = self.hosts[of.node].now(self.at);
        self.watch.mark(if statement == Statement::Withdraw { "withdrawal" } else { "consent" });
        for receipt in write(statement, &of, &self.founded, now, &mut self.desks.draws) {
            self.consent(of.node, of.patient, receipt);
        }
    }
    /// What a desk writes down of a statement.
    pub(super) fn write_down(&mut self, statement: Statement, of: &Patient, now: Millis) -> Vec<ConsentReceipt> {
        write(statement, of, &self.founded, now, &mut self.desks.draws)
    }
    fn consent(&mut self, host: usize, patient: protocol::ids::PatientRef, receipt: ConsentReceipt) {
        let ticket = self.ticket();
        // As the Engine will keep it: the moment of receipt is the node's own.
        self.watch.consent(host, ticket, patient, &receipt);
        let command = Command::Consent { patient, receipt: Box::new(receipt) };
        self.input(host, protocol::engine::Input::Command(ticket, command));
    }
    /// While a large answer is on its way the patient may change their mind.
    pub(super) fn maybe_withdraw(&mut self, host: usize, serve: &Serve) {
        let share = self.scenario.file.work.withdraw_in_transfer_permille;
        let Some(source) = serve.sources.first() else { return };
        let Some(patient) = self.watch.truth.people.find(host, source.patient) else { return };
        if self.desks.draws.permille(share) {
            let wait = self.desks.draws.between(1_000, 300_000);
            self.after(wait, Happening::Staff(Staff::Consent { patient, statement: Statement::Withdraw }));
        }
    }
    fn visit(&mut self, patient: usize, wish: Wish) {
        let of = &self.watch.truth.people.patients[patient];
        let (host, patient_ref, strings) = (of.node, of.patient, of.strings.clone());
        self.tally.visits += 1;
        let facility = self.hosts[host].facility.clone();
        let ticket = self.ticket();
        self.desks.locating.insert((host, ticket), (patient, wish));
        let order = LocateOrder { patient: patient_ref, facility, strings };
        self.input(host, protocol::engine::Input::Command(ticket, Command::Locate(order)));
    }
    /// An Engine tells something that people at its desk see.
    pub(super) fn heard(&mut self, host: usize, event: Event) {
        match event {
            Event::Located(ticket, found) => self.located(host, ticket, found),
            Event::Answer(_, answer) => {
                *self.tally.answers.entry(answer.status.word().to_owned()).or_default() += 1;
                let holder = self.watch.truth.facilities.get(&answer.holder).copied();
                if !self.is_bad(host) && holder.is_some_and(|holder| !self.is_bad(holder)) {
                    let is_data = answer.status == protocol::engine::HolderStatus::Data;
                    self.tally.good[usize::from(is_data)] += 1;
                }
                let across =
                    self.watch.truth.facilities.get(&answer.holder).is_some_and(|holder| {
                        self.scenario.nodes[*holder].network != self.scenario.nodes[host].network
                    });
                if !answer.items.is_empty() {
                    self.watch.mark(if across { "read across an accord" } else { "read within a network" });
                }
            }
            Event::LinkAsked(id) => self.link_asked(host, id),
            Event::BreakGlass(request) => self.glass_broken(host, request),
            _ => {}
        }
    }
    fn located(&mut self, host: usize, ticket: Ticket, found: Vec<Candidate>) {
        let Some((patient, wish)) = self.desks.locating.remove(&(host, ticket)) else { return };
        let earlier = self.desks.found.entry(patient).or_default();
        let mut asked = found.clone();
        if wish.twist == Twist::Stale || found.is_empty() {
            asked.extend(earlier.iter().filter(|old| found.iter().all(|new| new.handle != old.handle)).cloned());
        }
        earlier.extend(found);
        earlier.truncate(FOUND_MAX);
        for mut candidate in asked.into_iter().take(ASKED_MAX) {
            if self.desks.draws.permille(100) {
                continue;
            }
            if wish.twist == Twist::WrongHandle {
                candidate.handle = Handle(self.desks.draws.bytes());
            }
            let wait = self.desks.draws.between(200_000, 20_000_000);
            if candidate.certainty == Certainty::Candidate && self.desks.draws.permille(500) {
                let ask = Staff::AskLink { patient, candidate: Box::new(candidate.clone()) };
                self.after(wait / 2, Happening::Staff(ask));
            }
            let fetch = Staff::Fetch { patient, candidate: Box::new(candidate), wish: Box::new(wish.clone()) };
            self.after(wait, Happening::Staff(fetch));
        }
    }
    fn fetch(&mut self, patient: usize, candidate: Candidate, wish: &Wish) {
        let of = &self.watch.truth.people.patients[patient];
        let (host, patient, mut strings) = (of.node, of.patient, of.strings.clone());
        if wish.twist == Twist::WrongStrings {
            strings.iter_mut().for_each(|(_, text)| text.push(b'?'));
        }
        let evidence = Evidence { kind: EvidenceKind::Reception, commitment: Hash([1; 32]) };
        let order = FetchOrder {
            patient,
            facility: self.hosts[host].facility.clone(),
            candidate,
            strings,
            staff: "s4".into(),
            role: wish.role,
            purpose: wish.purpose,
            evidence: wish.has_evidence.then_some(evidence),
            base: (wish.twist == Twist::Present).then_some(ReceiptId([9; 16])),
            emergency: wish.emergency.clone(),
            kinds: wish.kinds,
            period: wish.period,
            limit_bytes: wish.limit_bytes,
            wait_ms: 30_000,
            ground: protocol::data::Batch::default(),
        };
        self.tally.orders += 1;
        self.command(host, Command::Fetch(Box::new(order)));
    }
    /// The holder's desk looks the patient up, in its own time, and says what is so.
    fn link_asked(&mut self, host: usize, id: RequestId) {
        let Some(running) = &self.hosts[host].running else { return };
        let question =
            pending_links(&running.view).into_iter().find(|question| question.id == id && !question.asked_here);
        let Some(question) = question else { return };
        let people = &self.watch.truth.people;
        let here = people.find(host, question.patient).map(|at| &people.patients[at]);
        let asker = self.by_key.get(&question.node).copied();
        // The desks compare persons: who of the asker's patients shares this one's strings in part.
        let same = here.is_some_and(|here| {
            let mut theirs = people.patients.iter().filter(|patient| Some(patient.node) == asker);
            theirs.any(|patient| patient.person == here.person)
        });
        let verdict = if same { LinkVerdict::Same } else { LinkVerdict::NotSame };
        let wait = self.desks.draws.between(10_000_000, 1_800_000_000);
        self.after(wait, Happening::Staff(Staff::AnswerLink { host, id, verdict }));
        if self.desks.draws.permille(250) {
            let later = wait + self.desks.draws.between(60_000_000, 36_000_000_000);
            self.after(later, Happening::Staff(Staff::AnswerLink { host, id, verdict: LinkVerdict::Undone }));
        }
    }
    /// The founders' decision is brought to the hub.
    fn revoke(&mut self, node: usize) {
        let Some(network) = self.scenario.nodes[node].network else { return };
        let hub = self.scenario.nodes.iter().position(|other| other.hub && other.network == Some(network));
        let Some(hub) = hub else { return };
        let now = self.hosts[hub].now(self.at);
        let facility = self.hosts[node].facility.clone();
        let signed = self.founded.networks[network].revoke(&*self.crypto, &facility, now);
        self.watch.mark("revocation");
        self.command(hub, Command::Take(vec![signed]));
    }
    /// The holder's desk reviews most of what was read without consent, in its own time.
    fn glass_broken(&mut self, host: usize, request: RequestId) {
        if self.desks.draws.permille(600) {
            let wait = self.desks.draws.between(600_000_000, 30_000_000_000);
            let verdict = if self.desks.draws.permille(900) { Verdict::Justified } else { Verdict::Unjustified };
            self.after(wait, Happening::Staff(Staff::Review { host, request, verdict }));
        }
    }
    /// One founder brings its word to the hub.
    fn suspend(&mut self, node: usize, founder: usize, ms: u64) {
        let Some(network) = self.scenario.nodes[node].network else { return };
        let hub = self.scenario.nodes.iter().position(|other| other.hub && other.network == Some(network));
        let Some(hub) = hub else { return };
        let now = self.hosts[hub].now(self.at);
        let facility = self.hosts[node].facility.clone();
        let signed = self.founded.networks[network].suspend(&*self.crypto, founder, &facility, (now, ms));
        self.watch.mark("suspension");
        self.command(hub, Command::Take(vec![signed]));
    }
    fn probe(&mut self, from: usize, to: usize, is_known: bool) {
        if self.sessions.of(from, to).is_some() {
            return self.send_probe(from, to, is_known);
        }
        self.desks.probes.entry((from, to)).or_default().push(is_known);
        let boot = self.hosts[from].boots;
        if let Some(running) = &mut self.hosts[from].running {
            running.wanted.entry(to).or_insert(crate::limits::REDIAL_US);
        }
        self.after(1_000, Happening::Dial { host: from, boot, peer: to });
    }
    pub(super) fn probe_waiting(&mut self, host: usize, peer: usize) {
        for is_known in self.desks.probes.remove(&(host, peer)).unwrap_or_default() {
            self.send_probe(host, peer, is_known);
        }
    }
    fn send_probe(&mut self, from: usize, to: usize, is_known: bool) {
        let now = self.hosts[from].now(self.at);
        let truth = &self.watch.truth;
        let probe = Probe {
            founded: &self.founded,
            people: &truth.people,
            from,
            to,
            known: &self.watch.known[to],
            is_known,
            now,
        };
        let message = forge(probe, &*self.crypto, &mut self.desks.draws);
        self.watch.mark("probe");
        self.send_to(from, to, message);
    }
}

/// Old finds that a desk remembers of one patient.
const FOUND_MAX: usize = 12;
/// Holders that are asked at one visit.
const ASKED_MAX: usize = 4;
