//! Two networks, one accord, one read, without a network under it: what the Engine promises end to end.
use protocol::audit::{self, What};
use protocol::consent::{Stance, modes};
use protocol::crypto::Real;
use protocol::engine::{
    Candidate, Certainty, Command, Event, FetchOrder, HolderStatus, Input, LinkVerdict, LocateOrder, Publication,
    Scope, Ticket,
};
use protocol::ids::{FacilityId, NodeKey, PatientRef, ReceiptId};
use protocol::kinds::{Coarse, FacilityClass, KindSet, Purpose, Role};
use protocol::policy::{Evidence, EvidenceKind, Why};
use protocol::state::{Revocation, Target};
use protocol::testing::builders::{self, TestNetwork};
use protocol::testing::pair::{SALT, World};
use protocol::time::{DAY_MS, Millis, Period};

const START: Millis = Millis(1_800_000_000_000);

struct Scene {
    world: World,
    kesen: TestNetwork,
    clinic: NodeKey,
    hospital: NodeKey,
    clinic_id: FacilityId,
    hospital_id: FacilityId,
}

const PATIENT: PatientRef = PatientRef(1);

fn strings() -> Vec<(u8, Vec<u8>)> {
    [2u8, 7, 9].into_iter().map(|rule| (rule, vec![rule; 20])).collect()
}

/// A clinic of one network and a hospital of another, with an accord over prescriptions and labs.
fn scene() -> Scene {
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
    let id = protocol::state::Accord::id_of(kesen.id, mmwin.id);
    world.command(clinic, Command::KeepSecret { scope: Scope::Accord(id), epoch: 1, secret });
    world.connect(clinic, hospital);
    world.pass(1_000);
    Scene { world, kesen, clinic, hospital, clinic_id, hospital_id }
}

impl Scene {
    /// The hospital has two prescriptions, a lab and a diagnosis of the patient.
    fn with_records(mut self) -> Self {
        let holder = &self.world.nodes[&self.hospital];
        let records = [("OMP-01", 20260401), ("OMP-01", 20260501), ("OML-11", 20260402), ("PPR-01", 0)];
        let mut batch = protocol::data::Batch::default();
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
    fn consent(mut self, node: NodeKey) -> Self {
        let facility = if node == self.clinic { self.clinic_id.clone() } else { self.hospital_id.clone() };
        let receipt = builders::consent(&facility, 7, 1, self.world.now);
        self.world.command(node, Command::Consent { patient: PATIENT, receipt: Box::new(receipt) });
        self.world.pass(1_000);
        self
    }
    fn locate(&mut self) -> Vec<Candidate> {
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
    fn order(&self, candidate: Candidate) -> FetchOrder {
        FetchOrder {
            patient: PATIENT,
            facility: self.clinic_id.clone(),
            candidate,
            strings: strings(),
            staff: "s1".into(),
            role: Role::Doctor,
            purpose: Purpose::Treatment,
            evidence: Some(Evidence { kind: EvidenceKind::Reception, commitment: protocol::ids::Hash([1; 32]) }),
            base: None,
            emergency: None,
            kinds: KindSet::ALL,
            period: Period::ALL,
            limit_bytes: 1 << 20,
            wait_ms: 10_000,
            ground: protocol::data::Batch::default(),
        }
    }
    fn fetch(&mut self, change: impl FnOnce(&mut FetchOrder)) -> protocol::engine::Answer {
        let candidate = self.locate().into_iter().next().expect("a candidate");
        self.fetch_from(candidate, change)
    }
    fn fetch_from(&mut self, candidate: Candidate, change: impl FnOnce(&mut FetchOrder)) -> protocol::engine::Answer {
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
    fn reason(&self) -> Option<Why> {
        let view = &self.world.nodes[&self.hospital].view;
        let events = audit::events(view, 0, 10_000);
        let last = events.iter().rev().find(|(_, event)| event.what == What::Decided)?;
        last.1.reason.and_then(Why::from_code)
    }
    fn both_ways() -> Self {
        let scene = scene().with_records();
        let (clinic, hospital) = (scene.clinic, scene.hospital);
        scene.consent(hospital).consent(clinic)
    }
}

#[test]
fn a_consented_read_across_an_accord_brings_only_what_the_accord_opens() {
    let mut scene = Scene::both_ways();
    let answer = scene.fetch(|_| {});
    assert_eq!(answer.status, HolderStatus::Data);
    let kinds: Vec<&str> = answer.items.iter().map(|item| item.kind.as_str()).collect();
    assert_eq!(kinds, ["OMP-01", "OML-11", "OMP-01"], "newest first, without the diagnosis");
    assert!(answer.cut);
}
#[test]
fn both_logs_and_both_receipts_tell_of_the_read() {
    let mut scene = Scene::both_ways();
    let answer = scene.fetch(|_| {});
    let request = answer.request.expect("a request was sent");
    for node in [scene.clinic, scene.hospital] {
        let view = &scene.world.nodes[&node].view;
        let receipt = protocol::fetch::receipt_of(view, request).expect("countersigned");
        assert!(receipt.verify(&Real, &scene.clinic.into(), &scene.hospital.into()));
        assert!(audit::verify_log(view, &SALT).is_ok());
    }
}
#[test]
fn asking_and_receiving_cost_the_reader_one_batch_in_the_order_of_events() {
    let mut scene = Scene::both_ways();
    let candidate = scene.locate().remove(0);
    let order = scene.order(candidate);
    let clinic = scene.clinic;
    let before = scene.world.nodes[&clinic].commits;
    scene.world.input(clinic, Input::Command(Ticket(7), Command::Fetch(Box::new(order))));
    assert_eq!(scene.world.nodes[&clinic].commits, before, "the question waits for no disk");
    scene.world.settle();
    let node = &scene.world.nodes[&clinic];
    assert_eq!(node.commits, before + 2, "one batch for the read, one for the receipt that both signed");
    let told = node.events.iter().find_map(|e| if let Event::Answer(_, answer) = e { Some(answer) } else { None });
    let leaf = told.and_then(|answer| answer.leaf).expect("an answer with its leaf");
    let what = |leaf| audit::event(&node.view, leaf).map(|event| event.what);
    assert_eq!((what(leaf - 1), what(leaf)), (Some(What::Requested), Some(What::Received)));
}
#[test]
fn that_we_asked_is_on_disk_soon_when_nobody_answers() {
    let mut scene = Scene::both_ways();
    let candidate = scene.locate().remove(0);
    let order = scene.order(candidate);
    scene.world.links.clear();
    scene.world.command(scene.clinic, Command::Fetch(Box::new(order)));
    let has_asked = |scene: &Scene| {
        let events = audit::events(&scene.world.nodes[&scene.clinic].view, 0, 10_000);
        events.iter().any(|(_, event)| event.what == What::Requested)
    };
    assert!(!has_asked(&scene));
    scene.world.pass(100);
    assert!(has_asked(&scene));
}
#[test]
fn without_consent_at_the_holder_nothing_is_even_found() {
    let scene = scene().with_records();
    let clinic = scene.clinic;
    assert_eq!(scene.consent(clinic).locate(), Vec::new());
}
#[test]
fn without_consent_at_the_reader_nothing_is_asked() {
    let scene = scene().with_records();
    let hospital = scene.hospital;
    let mut scene = scene.consent(hospital);
    let answer = scene.fetch(|_| {});
    assert_eq!((answer.status, answer.request), (HolderStatus::NoConsentHere, None));
}
#[test]
fn a_kind_outside_the_accord_is_refused_with_its_clause() {
    let mut scene = Scene::both_ways();
    let answer = scene.fetch(|order| order.kinds = KindSet::of(&[Coarse::Disease]));
    assert_eq!(answer.status, HolderStatus::OutsideAccord { clause: 2 });
    assert_eq!(scene.reason(), Some(Why::OutsideAccordKinds));
}
#[test]
fn a_withdrawal_empties_the_index_stops_the_next_read_and_calls_copies_back() {
    let mut scene = Scene::both_ways();
    let candidate = scene.locate().remove(0);
    let answer = scene.fetch(|_| {});
    let mut stop = builders::consent(&scene.hospital_id, 7, 2, scene.world.now);
    stop.stance = Stance::Stop;
    stop.modes = modes(&[protocol::consent::Mode::Publish, protocol::consent::Mode::View]);
    scene.world.events(scene.hospital);
    scene.world.command(scene.hospital, Command::Consent { patient: PATIENT, receipt: Box::new(stop) });
    let events = scene.world.events(scene.hospital);
    assert!(events.iter().any(|e| matches!(e, Event::Consented(_, progress) if progress.told == [scene.clinic])));
    assert!(events.iter().any(|e| matches!(e, Event::Obeyed { open: 0, .. })), "{events:?}");
    assert_eq!(scene.world.nodes[&scene.clinic].forgotten, [answer.request.expect("sent")]);
    assert_eq!(scene.locate(), Vec::new());
    let again = scene.fetch_from(candidate, |_| {});
    assert_eq!(again.status, HolderStatus::Nothing);
    assert_eq!(scene.reason(), Some(Why::NoSuchPatient), "the handle went with the entries");
}
#[test]
fn an_offline_holder_is_offline_and_never_none() {
    let mut scene = Scene::both_ways();
    scene.world.cut(scene.clinic, scene.hospital);
    let answer = scene.fetch(|_| {});
    assert!(matches!(answer.status, HolderStatus::Offline { last_seen: Some(_) }), "{:?}", answer.status);
}
#[test]
fn a_revoked_member_gets_nothing_more() {
    let mut scene = Scene::both_ways();
    let candidate = scene.locate().remove(0);
    let revocation = Revocation {
        network: scene.kesen.id,
        target: Target::Membership(scene.clinic_id.clone()),
        effective: scene.world.now,
        reason: "test".into(),
    };
    let signed = revocation.draft(1).sign(&Real, &[&scene.kesen.shares[1], &scene.kesen.shares[2]]);
    scene.world.command(scene.hospital, Command::Take(vec![signed]));
    let answer = scene.fetch_from(candidate, |_| {});
    assert_eq!(answer.status, HolderStatus::NotMember);
}
#[test]
fn a_member_that_was_away_when_it_was_revoked_hears_so_when_it_greets() {
    let mut scene = Scene::both_ways();
    scene.world.cut(scene.clinic, scene.hospital);
    let target = Target::Membership(scene.clinic_id.clone());
    let revocation = Revocation { network: scene.kesen.id, target, effective: scene.world.now, reason: "test".into() };
    let signed = revocation.draft(1).sign(&Real, &[&scene.kesen.shares[1], &scene.kesen.shares[2]]);
    scene.world.command(scene.hospital, Command::Take(vec![signed]));
    let is_live = |scene: &Scene| {
        let book = scene.world.nodes[&scene.clinic].engine.book();
        book.live(scene.kesen.id, &scene.clinic_id, scene.world.now).is_some()
    };
    assert!(is_live(&scene), "nobody could tell it");
    scene.world.connect(scene.clinic, scene.hospital);
    assert!(!is_live(&scene));
}
#[test]
fn a_yes_after_a_no_opens_again() {
    let mut scene = Scene::both_ways();
    let mut stop = builders::consent(&scene.hospital_id, 7, 2, scene.world.now);
    stop.stance = Stance::Stop;
    scene.world.command(scene.hospital, Command::Consent { patient: PATIENT, receipt: Box::new(stop) });
    scene.world.pass(1_000);
    assert_eq!(scene.locate(), Vec::new());
    let again = builders::consent(&scene.hospital_id, 7, 3, scene.world.now);
    scene.world.command(scene.hospital, Command::Consent { patient: PATIENT, receipt: Box::new(again) });
    scene.world.pass(1_000);
    assert_eq!(scene.fetch(|_| {}).status, HolderStatus::Data);
}
#[test]
fn one_founder_alone_revokes_nobody() {
    let mut scene = Scene::both_ways();
    let revocation = Revocation {
        network: scene.kesen.id,
        target: Target::Membership(scene.clinic_id.clone()),
        effective: scene.world.now,
        reason: "test".into(),
    };
    let signed = revocation.draft(1).sign(&Real, &[&scene.kesen.shares[1]]);
    scene.world.command(scene.hospital, Command::Take(vec![signed]));
    assert_eq!(scene.fetch(|_| {}).status, HolderStatus::Data);
}
#[test]
fn fewer_rules_wait_for_both_desks_and_their_word_opens_it() {
    let mut scene = Scene::both_ways();
    let only_two = |order: &mut LocateOrder| order.strings.retain(|(rule, _)| *rule != 9);
    let mut order = LocateOrder { patient: PATIENT, facility: scene.clinic_id.clone(), strings: strings() };
    only_two(&mut order);
    scene.world.events(scene.clinic);
    scene.world.command(scene.clinic, Command::Locate(order));
    let events = scene.world.events(scene.clinic);
    let found =
        events.into_iter().find_map(|e| if let Event::Located(_, f) = e { Some(f) } else { None }).expect("found");
    assert_eq!(found[0].certainty, Certainty::Candidate);
    assert_eq!(scene.fetch_from(found[0].clone(), |_| {}).status, HolderStatus::Pending);
    let ask = Command::AskLink {
        patient: PATIENT,
        facility: scene.clinic_id.clone(),
        candidate: Box::new(found[0].clone()),
        staff: "s1".into(),
        statement: "both desks compared by telephone".into(),
    };
    scene.world.command(scene.clinic, ask);
    let question = protocol::engine::pending_links(&scene.world.nodes[&scene.hospital].view).remove(0);
    let answer = Command::AnswerLink { id: question.id, verdict: LinkVerdict::Same, staff: "h1".into() };
    scene.world.command(scene.hospital, answer);
    let linked = scene.locate().remove(0);
    assert_eq!(linked.certainty, Certainty::Human);
    assert_eq!(
        scene.fetch_from(linked.clone(), |o| o.strings.retain(|(rule, _)| *rule != 9)).status,
        HolderStatus::Data
    );
    let undo = Command::AnswerLink { id: question.id, verdict: LinkVerdict::Undone, staff: "h1".into() };
    scene.world.command(scene.hospital, undo);
    let after = scene.fetch_from(linked, |order| order.strings.retain(|(rule, _)| *rule != 9));
    assert_eq!(after.status, HolderStatus::Pending);
}
#[test]
fn a_witness_of_the_other_network_cosigns_the_log() {
    let mut scene = Scene::both_ways();
    scene.world.events(scene.hospital);
    scene.world.command(scene.hospital, Command::Checkpoint);
    let events = scene.world.events(scene.hospital);
    assert!(events.iter().any(|e| matches!(e, Event::Witnessed { good: true, .. })), "{events:?}");
    let view = &scene.world.nodes[&scene.hospital].view;
    assert!(protocol::engine::good_checkpoint(view).is_some());
}
#[test]
fn no_frame_carries_an_identity_string_or_a_handle_in_clear_before_a_request() {
    let scene = Scene::both_ways();
    for (_, _, frame) in &scene.world.frames {
        for (_, text) in strings() {
            assert!(!frame.windows(text.len()).any(|window| window == text));
        }
    }
}
#[test]
fn a_reader_base_that_the_patient_never_gave_does_not_help() {
    let scene = scene().with_records();
    let hospital = scene.hospital;
    let mut scene = scene.consent(hospital);
    let answer = scene.fetch(|order| order.base = Some(ReceiptId([9; 16])));
    // Patient present: the reader's own word, which its signature stands for.
    assert_eq!(answer.status, HolderStatus::Data);
}
