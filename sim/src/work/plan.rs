use super::{Attack, Statement, Wish, plain_wish, statement, urgent, wish};
use crate::scenario::Scenario;
use crate::seed::{Seed, Stream};
use crate::world::{Micros, People};

/// Something that somebody does.
#[derive(Clone, Debug)]
pub struct Act {
    /// When.
    pub at: Micros,
    /// What.
    pub deed: Deed,
}

/// What somebody does.
#[derive(Clone, Debug)]
pub enum Deed {
    /// A facility says what it holds of a patient.
    Publish {
        /// Which patient.
        patient: usize,
    },
    /// A record is written that was not there before.
    Record {
        /// Which.
        record: usize,
    },
    /// A patient gives, changes or withdraws a consent.
    Consent {
        /// Which patient.
        patient: usize,
        /// What is said.
        statement: Statement,
    },
    /// Somebody looks at a desk who knows the patient, and asks.
    Visit {
        /// Which patient, at the reader.
        patient: usize,
        /// How it is asked.
        wish: Wish,
    },
    /// A bad neighbour does something to a member.
    Attack {
        /// Who.
        from: usize,
        /// To whom.
        to: usize,
        /// What.
        what: Attack,
    },
    /// A patient takes everything back, and it is watched who obeys.
    Depart {
        /// Which patient.
        patient: usize,
    },
    /// A network takes a membership back.
    Revoke {
        /// Which node.
        node: usize,
    },
    /// One founder suspends a member for so many milliseconds.
    Suspend {
        /// Which node's facility.
        node: usize,
        /// Which founder.
        founder: usize,
        /// For how long.
        ms: u64,
    },
    /// A node compares notes now.
    Sync {
        /// Which node.
        node: usize,
    },
    /// Somebody asks who may not.
    Probe {
        /// Who.
        from: usize,
        /// Whom.
        to: usize,
        /// Whether a patient that is there is named.
        is_known: bool,
    },
}

/// Everything that people will do by themselves, in order of time.
pub fn plan(scenario: &Scenario, people: &People, seed: Seed) -> Vec<Act> {
    let mut planner = Planner { scenario, people, acts: Vec::new() };
    planner.consents(&mut seed.stream("work/consents"));
    planner.records(&mut seed.stream("work/records"));
    planner.visits(&mut seed.stream("work/visits"));
    planner.emergencies(&mut seed.stream("work/emergencies"));
    planner.departure();
    planner.suspensions(&mut seed.stream("work/suspensions"));
    planner.withdrawals(&mut seed.stream("work/withdrawals"));
    planner.offices(&mut seed.stream("work/offices"));
    planner.attacks(&mut seed.stream("work/attacks"));
    planner.probes(&mut seed.stream("work/probes"));
    let mut acts = planner.acts;
    acts.sort_by_key(|act| act.at);
    acts
}

struct Planner<'a> {
    scenario: &'a Scenario,
    people: &'a People,
    acts: Vec<Act>,
}

impl Planner<'_> {
    fn put(&mut self, at_us: u64, deed: Deed) {
        self.acts.push(Act { at: Micros(at_us), deed });
    }
    fn horizon(&self) -> u64 {
        self.scenario.file.horizon.micros()
    }
    fn consents(&mut self, draws: &mut Stream) {
        for patient in 0..self.people.patients.len() {
            self.put(draws.between(MINUTE, 10 * MINUTE), Deed::Publish { patient });
            if draws.permille(900) {
                let statement = statement(self.scenario, draws);
                self.put(draws.between(MINUTE, HOUR), Deed::Consent { patient, statement });
            }
        }
        for _ in 0..self.scenario.file.work.consents {
            let patient = draws.index(self.people.patients.len());
            let statement = statement(self.scenario, draws);
            self.put(draws.between(HOUR, self.horizon()), Deed::Consent { patient, statement });
        }
    }
    fn records(&mut self, draws: &mut Stream) {
        for record in (0..self.people.records.len()).filter(|at| self.people.records[*at].is_late) {
            self.put(draws.between(HOUR, self.horizon()), Deed::Record { record });
        }
    }
    fn visits(&mut self, draws: &mut Stream) {
        for _ in 0..self.scenario.file.work.visits {
            let patient = draws.index(self.people.patients.len());
            let wish = wish(self.scenario.start, draws);
            let at = draws.between(HOUR / 2, self.horizon());
            self.put(at, Deed::Visit { patient, wish: wish.clone() });
            if draws.permille(150) {
                // The same again, later: what was found once may be forbidden by then.
                self.put(draws.between(at, self.horizon()), Deed::Visit { patient, wish });
            }
        }
    }
    /// Somebody is brought in who cannot be asked; more than once at one house, so that rights come to lapse.
    fn emergencies(&mut self, draws: &mut Stream) {
        if self.scenario.file.work.withdrawal.is_some() {
            return;
        }
        for _ in 0..self.scenario.file.work.visits / 4 {
            let patient = draws.index(self.people.patients.len());
            let wish = urgent(self.scenario.start, draws);
            let at = draws.between(2 * HOUR, self.horizon());
            self.put(at, Deed::Visit { patient, wish });
        }
    }
    /// The first patient consents, is looked up wherever that person is known, and then takes everything back: looked up again at
    /// once, after the bound, with what was found before, and at nodes that come back in their first moments.
    fn departure(&mut self) {
        let Some(at) = self.scenario.file.work.withdrawal.map(|span| span.micros()) else { return };
        let patients = &self.people.patients;
        self.put(at - HOUR * 3 / 4, Deed::Consent { patient: 0, statement: Statement::Broad });
        self.put(at, Deed::Depart { patient: 0 });
        let others = (1..patients.len()).filter(|other| patients[*other].person == patients[0].person);
        for (patient, place) in others.map(|other| (other, patients[other].node)).collect::<Vec<_>>() {
            let off = self.scenario.outages.iter().find(|(node, ..)| *node == place);
            let back = off.map(|(_, from, span)| from.micros() + span.micros());
            self.put(at - HOUR * 5 / 8, Deed::Consent { patient, statement: Statement::Broad });
            for (when, is_old) in [(at - HOUR / 2 - 5 * MINUTE, false), (at + 1_000, false), (at + 2 * MINUTE, true)] {
                self.put(when, Deed::Visit { patient, wish: plain_wish(is_old) });
            }
            for wait in back.into_iter().flat_map(|back| [2_000, SECOND / 2, 10 * SECOND, 2 * MINUTE].map(|w| back + w))
            {
                self.put(wait, Deed::Visit { patient, wish: plain_wish(false) });
                self.put(wait, Deed::Visit { patient, wish: plain_wish(true) });
            }
        }
    }
    /// One member rests for some hours.
    fn suspensions(&mut self, draws: &mut Stream) {
        if self.scenario.classes.is_empty() {
            return;
        }
        let members: Vec<usize> =
            (0..self.scenario.nodes.len()).filter(|at| self.scenario.nodes[*at].network.is_some()).collect();
        let (node, founder) = (*draws.pick(&members), draws.index(3));
        let ms = draws.between(HOUR, 6 * HOUR) / 1_000;
        self.put(draws.between(4 * HOUR, self.horizon()), Deed::Suspend { node, founder, ms });
    }
    fn withdrawals(&mut self, draws: &mut Stream) {
        for _ in 0..self.scenario.file.work.withdrawals {
            let patient = draws.index(self.people.patients.len());
            let at = draws.between(2 * HOUR, self.horizon());
            self.put(at, Deed::Consent { patient, statement: Statement::Withdraw });
            if draws.permille(300) {
                self.put(draws.between(at, self.horizon()), Deed::Consent { patient, statement: Statement::Return });
            }
        }
    }
    fn offices(&mut self, draws: &mut Stream) {
        for (node, plan) in self.scenario.nodes.iter().enumerate() {
            if let Some(span) = plan.revoked {
                self.put(span.micros(), Deed::Revoke { node });
            }
        }
        for _ in 0..10 {
            let node = draws.index(self.scenario.nodes.len());
            self.put(draws.between(0, self.horizon()), Deed::Sync { node });
        }
    }
    /// Bad neighbours try everything, each behaviour about as often as every other.
    fn attacks(&mut self, draws: &mut Stream) {
        let nodes = &self.scenario.nodes;
        let is_member = |at: &usize| nodes[*at].network.is_some();
        let bad: Vec<usize> = (0..nodes.len()).filter(|at| nodes[*at].bad).collect();
        let good: Vec<usize> = (0..nodes.len()).filter(|at| !nodes[*at].bad && is_member(at)).collect();
        if bad.is_empty() || good.is_empty() {
            return;
        }
        for number in 0..self.scenario.file.work.attacks {
            let what = Attack::ALL[number as usize % Attack::ALL.len()];
            let (from, to) = (*draws.pick(&bad), *draws.pick(&good));
            self.put(draws.between(HOUR, self.horizon()), Deed::Attack { from, to, what });
        }
    }
    /// Outsiders, and members whose time is over: their keys go on working for whoever has them.
    fn probes(&mut self, draws: &mut Stream) {
        let nodes = &self.scenario.nodes;
        let ended = |at: &usize| {
            let ends = [nodes[*at].ends, nodes[*at].key_ends, nodes[*at].revoked].into_iter().flatten().min();
            match nodes[*at].network {
                None => Some((*at, HOUR)),
                Some(_) => ends.map(|span| (*at, span.micros() + MINUTE)),
            }
        };
        let who: Vec<(usize, u64)> = (0..nodes.len()).filter_map(|at| ended(&at)).collect();
        let whom: Vec<usize> = (0..nodes.len()).filter(|at| nodes[*at].network.is_some()).collect();
        if who.is_empty() || whom.is_empty() {
            return;
        }
        for _ in 0..self.scenario.file.work.probes {
            let (from, earliest) = *draws.pick(&who);
            let to = *draws.pick(&whom);
            let at = draws.between(earliest.min(self.horizon()), self.horizon());
            if from != to {
                // Twice, with a patient that is there and one that is not: only so a difference shows.
                self.put(at, Deed::Probe { from, to, is_known: true });
                self.put(at + draws.between(SECOND, MINUTE), Deed::Probe { from, to, is_known: false });
            }
        }
    }
}

const SECOND: u64 = 1_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
