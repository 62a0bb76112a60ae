use super::body_key;
use crate::scenario::Scenario;
use crate::seed::{Seed, Stream};
use protocol::data::{Batch, Space, encode};
use protocol::fetch::{Place, RecordHead, State, digest_of, head_key};
use protocol::ids::{AuthorityId, FacilityId, Hash, PatientId, PatientRef, RecordKey};
use protocol::kinds::{DataKind, FacilityClass, KindSet};
use protocol::time::{Date, Millis};
use std::fmt;

/// Everybody, with all that is known of them anywhere.
#[derive(Clone, Debug, Default)]
pub struct People {
    /// Each person at each facility that knows them.
    pub patients: Vec<Patient>,
    /// All records; the place in the row is the record's number.
    pub records: Vec<Record>,
}

/// One person at one facility.
#[derive(Clone, Debug)]
pub struct Patient {
    /// Who it really is.
    pub person: u32,
    /// At which node.
    pub node: usize,
    /// The node's number for them.
    pub patient: PatientRef,
    /// The facility's number for them.
    pub id: PatientId,
    /// Identity strings by rule; each holds the person's canary.
    pub strings: Vec<(u8, Vec<u8>)>,
}

/// One record.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its place in [`People::patients`].
    pub patient: usize,
    /// At which node.
    pub node: usize,
    /// What it is.
    pub kind: DataKind,
    /// 診療日.
    pub date: Option<Date>,
    /// Its bundle at its node, counted over all patients there.
    pub bundle: u32,
    /// How many bytes.
    pub size: usize,
    /// [`digest_of`] them.
    pub digest: Hash,
    /// Not there at the beginning: written during the run.
    pub is_late: bool,
    number: usize,
}

/// What every canary begins with: eight bytes that random ones do not hold in a billion years of frames.
pub const CANARY: &str = "KaNaRy§";

/// A mark in what must not be elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Canary {
    /// In a record's bytes and title.
    Record(usize),
    /// In a person's identity strings.
    Person(u32),
}

impl Canary {
    /// The mark itself.
    pub fn mark(self) -> String {
        match self {
            Self::Record(number) => format!("{CANARY}R{number:06}"),
            Self::Person(number) => format!("{CANARY}P{number:06}"),
        }
    }
}

impl fmt::Display for Canary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record(number) => write!(f, "record {number}"),
            Self::Person(number) => write!(f, "person {number}"),
        }
    }
}

/// Every canary in some bytes.
pub fn canaries(bytes: &[u8]) -> Vec<Canary> {
    let mut found = Vec::new();
    let mut rest = bytes;
    while let Some(at) = memchr::memmem::find(rest, CANARY.as_bytes()) {
        rest = &rest[at + CANARY.len()..];
        found.extend(rest.get(..7).and_then(read));
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn read(mark: &[u8]) -> Option<Canary> {
    let number = std::str::from_utf8(mark.get(1..)?).ok()?;
    match mark[0] {
        b'R' => number.parse().ok().map(Canary::Record),
        b'P' => number.parse().ok().map(Canary::Person),
        _ => None,
    }
}

impl Record {
    /// Its bytes: lines of text with the canary in each kibibyte, so that no cut of it is without.
    pub fn bytes(&self) -> Vec<u8> {
        text(self.number, self.size)
    }
    /// The writes that store it.
    pub fn store(&self, people: &People, facility: &FacilityId, batch: &mut Batch, now: Millis) {
        let owner = &people.patients[self.patient];
        let head = RecordHead {
            key: RecordKey {
                facility: facility.clone(),
                patient: owner.id.clone(),
                kind: self.kind.clone(),
                care_date: self.date,
                key: self.number.to_string(),
            },
            at: now,
            department: "01".into(),
            title: format!("{} {}", self.kind, Canary::Record(self.number).mark()),
            digest: self.digest,
            size: self.size as u64,
            place: Place::Bundle { number: self.bundle, frame: 0 },
            state: State::Current,
            source: "sim".into(),
            stored_at: now,
        };
        let mut name = [0; 16];
        name[..8].copy_from_slice(&(self.number as u64).to_be_bytes());
        batch.put(Space::Records, head_key(owner.patient, self.date, &self.kind, &name), encode(&head));
        batch.put(Space::Bodies, body_key(owner.patient, self.bundle), self.bytes());
    }
}

impl People {
    /// The records of one patient that are there at the beginning, or all of them.
    pub fn records_of(&self, patient: usize, also_late: bool) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(move |record| record.patient == patient && (also_late || !record.is_late))
    }
    /// Kinds that a facility has of a patient.
    pub fn kinds_of(&self, patient: usize, also_late: bool) -> KindSet {
        let kinds = self.records_of(patient, also_late).map(|record| KindSet::of(&[record.kind.coarse()]));
        kinds.fold(KindSet::NONE, KindSet::or)
    }
    /// The patient with this number at this node.
    pub fn find(&self, node: usize, patient: PatientRef) -> Option<usize> {
        self.patients.iter().position(|known| known.node == node && known.patient == patient)
    }
}

/// Settles everybody of a scenario: who is known where, and with which records.
pub fn settle(scenario: &Scenario, seed: Seed) -> People {
    let mut people = People::default();
    let members: Vec<usize> = (0..scenario.nodes.len()).filter(|at| scenario.nodes[*at].network.is_some()).collect();
    for person in 0..scenario.file.people.count {
        let mut draws = seed.stream(&format!("person/{person}"));
        let mut places = members.clone();
        let wanted = draws.between(3, scenario.file.people.facilities.max(3)) as usize;
        while places.len() > wanted {
            places.remove(draws.index(places.len()));
        }
        for node in places {
            people.admit(scenario, (person, node), &mut draws);
        }
    }
    people
}

impl People {
    fn admit(&mut self, scenario: &Scenario, (person, node): (u32, usize), draws: &mut Stream) {
        let at = self.patients.len();
        let number = self.patients.iter().filter(|known| known.node == node).count() as u64 + 1;
        let authority = AuthorityId::parse("1.2.392.100495.20.3.51.19999999999").expect("an OID of our own");
        let id = PatientId::new(authority, &format!("{:010}", u64::from(person) * 100 + number)).expect("ten digits");
        let mut strings = Vec::new();
        for rule in [2u8, 7, 9] {
            strings.push((rule, [&[rule][..], Canary::Person(person).mark().as_bytes()].concat()));
        }
        if draws.permille(250) {
            // Written down otherwise here (旧字体, an old insurance card): fewer rules agree, and people must say.
            let field = draws.between(1, 2) as usize;
            strings[field].1.extend(format!("/{node}").bytes());
        }
        self.patients.push(Patient { person, node, patient: PatientRef(number), id, strings });
        for _ in 0..draws.between(1, scenario.file.people.records.max(1)) {
            let record = self.record(scenario, (at, node), draws);
            self.records.push(record);
        }
    }
    fn record(&self, scenario: &Scenario, (patient, node): (usize, usize), draws: &mut Stream) -> Record {
        let care = scenario.nodes[node].class == FacilityClass::Care;
        let kinds: &[(u64, &str)] = if care {
            &[(1, "ADT-00"), (2, "PPR-01")]
        } else {
            &[(4, "OMP-01"), (4, "OML-11"), (2, "PPR-01"), (1, "ADT-61"), (1, "OMG-13")]
        };
        let kind = DataKind::parse(draws.weighted(kinds)).expect("a kind of the standard");
        let date =
            scenario.start.date_jst().plus_days(-(draws.between(0, 700) as i32)).filter(|_| !kind.is_whole_state());
        let size = match draws.permille(scenario.file.people.large_permille) {
            true => draws.between(70_000, 700_000),
            false => draws.between(300, 5_000),
        } as usize;
        let number = self.records.len();
        let bundle = self.records.iter().filter(|record| record.node == node).count() as u32;
        let digest = digest_of(&text(number, size));
        Record { patient, node, kind, date, bundle, size, digest, is_late: draws.permille(200), number }
    }
}

fn text(number: usize, size: usize) -> Vec<u8> {
    let mut line = Canary::Record(number).mark().into_bytes();
    line.resize(1_024, b'.');
    let mut text = line.repeat(size.div_ceil(line.len()));
    text.truncate(size);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canaries_are_found_wherever_they_stand() {
        let bytes = ["xx", &Canary::Person(7).mark(), CANARY, &Canary::Record(12).mark(), "KaNaRy"].concat();
        assert_eq!(canaries(bytes.as_bytes()), [Canary::Record(12), Canary::Person(7)]);
        assert_eq!(canaries(&text(3, 100_000)), [Canary::Record(3)]);
        assert_eq!(canaries(CANARY.as_bytes()), []);
    }
    #[test]
    fn the_same_seed_settles_the_same_people() {
        let scenario = crate::scenario::load_named("kesen-mmwin").expect("of the house");
        let digests = |seed| -> Vec<Hash> { settle(&scenario, Seed(seed)).records.iter().map(|r| r.digest).collect() };
        let people = settle(&scenario, Seed(1));
        assert!(people.patients.len() >= 24 && people.records.len() >= people.patients.len());
        assert_ne!(people.records.iter().filter(|record| record.is_late).count(), 0);
        let sizes = |seed| -> Vec<usize> { settle(&scenario, Seed(seed)).records.iter().map(|r| r.size).collect() };
        assert_eq!(digests(1), digests(1));
        assert_ne!(sizes(1), sizes(2));
    }
}
