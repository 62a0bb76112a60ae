//! A reader and a holder in two networks with one accord, and one patient: what tests of a read begin with.
use super::builders::{self, TestNetwork};
use super::pair::World;
use crate::audit::{self, What};
use crate::crypto::{Crypto, Real, domain};
use crate::engine::{Answer, Candidate, Command, Event, FetchOrder, LocateOrder, Publication, Scope};
use crate::ids::{FacilityId, NodeKey, PatientRef};
use crate::kinds::{Coarse, FacilityClass, KindSet, Purpose, Role};
use crate::policy::{Evidence, EvidenceKind, Why};
use crate::state::Signed;
use crate::time::{DAY_MS, Millis, Period};
use crate::wire::{Message, v1};
use prost::Message as _;

/// When every such scene begins.
pub const START: Millis = Millis(1_800_000_000_000);

/// Two networks with an accord over prescriptions and labs, a node in each, and one patient whom both know.
pub struct Scene {
    /// The nodes.
    pub world: World,
    /// The clinic's network.
    pub kesen: TestNetwork,
    /// The hospital's network.
    pub mmwin: TestNetwork,
    /// Between them.
    pub accord: Signed,
    /// Reads.
    pub clinic: NodeKey,
    /// Holds.
    pub hospital: NodeKey,
    /// The clinic's facility.
    pub clinic_id: FacilityId,
    /// The hospital's facility.
    pub hospital_id: FacilityId,
}

/// The patient, at both.
pub const PATIENT: PatientRef = PatientRef(1);

/// What identifies the patient under three rules.
pub fn strings() -> Vec<(u8, Vec<u8>)> {
    [2u8, 7, 9].into_iter().map(|rule| (rule, vec![rule; 20])).collect()
}

/// Both nodes joined and connected; nothing recorded, nothing consented.
pub fn scene() -> Scene {
    let crypto = Real;
    let mut world = World::at(START);
    let (kesen, mmwin) = (TestNetwork::found(&crypto, "kesen", START), TestNetwork::found(&crypto, "mmwin", START));
    let (clinic_id, hospital_id) = (builders::facility(1), builders::facility(2));
    let clinic = world.add(
        "clinic",
        builders::identity(&crypto, "clinic", std::slice::from_ref(&clinic_id), START),
        &[kesen.id],
    );
    let hospital = world.add(
        "hospital",
        builders::identity(&crypto, "hospital", std::slice::from_ref(&hospital_id), START),
        &[mmwin.id],
    );
    let kinds = KindSet::of(&[Coarse::Prescription, Coarse::Lab]);
    let (accord, secret) =
        builders::accord(&crypto, &kesen, &mmwin, kinds, (START.minus(1_000), START.plus(300 * DAY_MS)));
    for (node, network, facility, class) in
        [(clinic, &kesen, &clinic_id, FacilityClass::Clinic), (hospital, &mmwin, &hospital_id, FacilityClass::Hospital)]
    {
        let cert = builders::identity(
            &crypto,
            if node == clinic { "clinic" } else { "hospital" },
            std::slice::from_ref(facility),
            START,
        );
        world.command(node, Command::Pin(network.id, Some(network.charter.clone())));
        let membership = network.admit(&crypto, facility, class, START);
        world.command(node, Command::Take([vec![membership], cert.certs].concat()));
        world
            .command(node, Command::KeepSecret { scope: Scope::Network(network.id), epoch: 1, secret: network.secret });
    }
    let charters = vec![kesen.charter.clone(), mmwin.charter.clone()];
    world.command(clinic, Command::Propose { object: accord.clone(), charters });
    let id = crate::state::Accord::id_of(kesen.id, mmwin.id);
    world.command(clinic, Command::KeepSecret { scope: Scope::Accord(id), epoch: 1, secret });
    world.connect(clinic, hospital);
    world.pass(1_000);
    Scene { world, kesen, mmwin, accord, clinic, hospital, clinic_id, hospital_id }
}

impl Scene {
    /// The hospital has two prescriptions, a lab and a diagnosis of the patient.
    pub fn with_records(mut self) -> Self {
        let holder = &self.world.nodes[&self.hospital];
        let records = [("OMP-01", 20260401), ("OMP-01", 20260501), ("OML-11", 20260402), ("PPR-01", 0)];
        let mut batch = crate::data::Batch::default();
        for (at, (kind, date)) in records.iter().enumerate() {
            batch.writes.push(builders::record(&self.hospital_id, PATIENT, 7, kind, *date, &[at as u8; 100]));
        }
        holder.view.commit(&batch);
        let publication = Publication {
            patient: PATIENT,
            facility: self.hospital_id.clone(),
            kinds: KindSet::ALL,
            strings: strings(),
        };
        self.world.command(self.hospital, Command::Publish(vec![publication]));
        self
    }
    /// The patient agrees to everything at one of the two.
    pub fn consent(mut self, node: NodeKey) -> Self {
        let facility = if node == self.clinic { self.clinic_id.clone() } else { self.hospital_id.clone() };
        let receipt = builders::consent(&facility, 7, 1, self.world.now);
        self.world.command(node, Command::Consent { patient: PATIENT, receipt: Box::new(receipt) });
        self.world.pass(1_000);
        self
    }
    /// Looks the patient up at the clinic; nothing is sent.
    pub fn locate(&mut self) -> Vec<Candidate> {
        let order = LocateOrder { patient: PATIENT, facility: self.clinic_id.clone(), strings: strings() };
        self.world.events(self.clinic);
        let frames = self.world.frames.len();
        self.world.command(self.clinic, Command::Locate(order));
        assert_eq!(self.world.frames.len(), frames, "a look-up sends nothing");
        let events = self.world.events(self.clinic);
        events
            .into_iter()
            .find_map(|e| if let Event::Located(_, found) = e { Some(found) } else { None })
            .expect("an answer")
    }
    /// What the clinic asks a candidate for: everything, for treatment.
    pub fn order(&self, candidate: Candidate) -> FetchOrder {
        FetchOrder {
            patient: PATIENT,
            facility: self.clinic_id.clone(),
            candidate,
            strings: strings(),
            staff: "s1".into(),
            role: Role::Doctor,
            purpose: Purpose::Treatment,
            evidence: Some(Evidence { kind: EvidenceKind::Reception, commitment: crate::ids::Hash([1; 32]) }),
            base: None,
            emergency: None,
            kinds: KindSet::ALL,
            period: Period::ALL,
            limit_bytes: 1 << 20,
            wait_ms: 10_000,
            ground: crate::data::Batch::default(),
        }
    }
    /// Asks the first candidate.
    pub fn fetch(&mut self, change: impl FnOnce(&mut FetchOrder)) -> Answer {
        let candidate = self.locate().into_iter().next().expect("a candidate");
        self.fetch_from(candidate, change)
    }
    /// Asks a candidate.
    pub fn fetch_from(&mut self, candidate: Candidate, change: impl FnOnce(&mut FetchOrder)) -> Answer {
        let mut order = self.order(candidate);
        change(&mut order);
        self.world.command(self.clinic, Command::Fetch(Box::new(order)));
        self.world.pass(6_000);
        let events = self.world.events(self.clinic);
        let mut answers =
            events.into_iter().filter_map(|e| if let Event::Answer(_, answer) = e { Some(*answer) } else { None });
        answers.next_back().expect("an answer")
    }
    /// The reason in the holder's log for its last decision.
    pub fn reason(&self) -> Option<Why> {
        let view = &self.world.nodes[&self.hospital].view;
        let events = audit::events(view, 0, 10_000);
        let last = events.iter().rev().find(|(_, event)| event.what == What::Decided)?;
        last.1.reason.and_then(Why::from_code)
    }
    /// With records and both consents.
    pub fn both_ways() -> Self {
        let scene = scene().with_records();
        let (clinic, hospital) = (scene.clinic, scene.hospital);
        scene.consent(hospital).consent(clinic)
    }
}

/// Changes every request that the clinic sends, and signs it again with the clinic's key: a reader that lies.
pub fn lying(clinic: NodeKey, change: impl Fn(&mut v1::RequestBody) + 'static) -> super::pair::Tamper {
    let key = builders::secret("clinic/node");
    Box::new(move |from, message| match message {
        Message::Request(request) if from == clinic => {
            let mut body = v1::RequestBody::decode(request.body.as_slice()).ok()?;
            change(&mut body);
            let body = body.encode_to_vec();
            let signature = Real.sign(&key, &domain("request", &[&body])).0.to_vec();
            Some(Message::Request(v1::Request { body, signature }))
        }
        other => Some(other),
    })
}
