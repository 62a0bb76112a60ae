//! One network, three nodes: reading without consent, its review and its lapse; suspension; a declared disaster; a later charter.
use protocol::audit::{self, What};
use protocol::crypto::{Real, Secret};
use protocol::engine::{
    Answer, Candidate, Command, Event, FetchOrder, Glass, HolderStatus, LocateOrder, Publication, Review, Scope,
    glasses,
};
use protocol::ids::{FacilityId, NodeKey, PatientRef, RequestId};
use protocol::kinds::{FacilityClass, KindSet, Purpose, Role};
use protocol::policy::{BreakGlass, EmergencyReason, Evidence, EvidenceKind, Verdict, Why};
use protocol::state::{Charter, Disaster, Founder, Suspension, Target};
use protocol::testing::builders::{self, TestNetwork};
use protocol::testing::pair::World;
use protocol::time::{DAY_MS, HOUR_MS, MINUTE_MS, Millis, Period};

const START: Millis = Millis(1_800_000_000_000);
const PATIENT: PatientRef = PatientRef(1);

struct Scene {
    world: World,
    network: TestNetwork,
    /// Where the patient is brought.
    reader: NodeKey,
    /// Where the patient is known and consented to treatment.
    holder: NodeKey,
    other: NodeKey,
    reader_id: FacilityId,
    holder_id: FacilityId,
}

fn strings() -> Vec<(u8, Vec<u8>)> {
    [2u8, 7, 9].into_iter().map(|rule| (rule, vec![rule; 20])).collect()
}

fn member(world: &mut World, network: &TestNetwork, name: &str, number: u32) -> (NodeKey, FacilityId) {
    let facility = builders::facility(number);
    let identity = builders::identity(&Real, name, std::slice::from_ref(&facility), START);
    let certs = identity.certs.clone();
    let node = world.add(name, identity, &[network.id]);
    world.command(node, Command::Pin(network.id, Some(network.charter.clone())));
    let membership = network.admit(&Real, &facility, FacilityClass::Hospital, START);
    world.command(node, Command::Take([vec![membership], certs].concat()));
    world.command(node, Command::KeepSecret { scope: Scope::Network(network.id), epoch: 1, secret: network.secret });
    (node, facility)
}

/// A patient whose consent at the holder is for treatment by doctors, and who said nothing at the reader.
fn scene() -> Scene {
    let mut world = World::at(START);
    let network = TestNetwork::found(&Real, "kesen", START);
    let (reader, reader_id) = member(&mut world, &network, "reader", 1);
    let (holder, holder_id) = member(&mut world, &network, "holder", 2);
    let (other, _) = member(&mut world, &network, "other", 3);
    for (one, two) in [(reader, holder), (reader, other), (holder, other)] {
        world.connect(one, two);
    }
    let records = [
        ("OMP-01", 20260401),
        ("OMP-01", 20260501),
        ("OML-11", 20260402),
        ("OML-11", 20260302),
        ("OML-11", 20260202),
        ("OML-11", 20260102),
        ("PPR-01", 0),
        ("ADT-61", 0),
        ("ADT-00", 0),
        ("SUM-01", 20260301),
        ("SUM-01", 20260101),
        ("DOC-01", 20260101),
    ];
    let mut batch = protocol::data::Batch::default();
    for (at, (kind, date)) in records.iter().enumerate() {
        batch.writes.push(builders::record(&holder_id, PATIENT, 7, kind, *date, &[at as u8; 100]));
    }
    world.nodes[&holder].view.commit(&batch);
    let publication =
        Publication { patient: PATIENT, facility: holder_id.clone(), kinds: KindSet::ALL, strings: strings() };
    world.command(holder, Command::Publish(vec![publication]));
    let receipt = builders::consent(&holder_id, 7, 1, world.now);
    world.command(holder, Command::Consent { patient: PATIENT, receipt: Box::new(receipt) });
    world.pass(1_000);
    Scene { world, network, reader, holder, other, reader_id, holder_id }
}

fn said() -> BreakGlass {
    BreakGlass {
        reason: EmergencyReason::Unconscious,
        text: "brought in unconscious".into(),
        factors: 2,
        is_present: true,
    }
}

impl Scene {
    fn locate(&mut self) -> Option<Candidate> {
        let order = LocateOrder { patient: PATIENT, facility: self.reader_id.clone(), strings: strings() };
        self.world.events(self.reader);
        self.world.command(self.reader, Command::Locate(order));
        let events = self.world.events(self.reader);
        let found = events.into_iter().find_map(|e| if let Event::Located(_, found) = e { Some(found) } else { None });
        found.expect("an answer").into_iter().next()
    }
    fn order(&self, candidate: Candidate) -> FetchOrder {
        FetchOrder {
            patient: PATIENT,
            facility: self.reader_id.clone(),
            candidate,
            strings: strings(),
            staff: "s1".into(),
            role: Role::Doctor,
            purpose: Purpose::Emergency,
            evidence: Some(Evidence { kind: EvidenceKind::PatientPresent, commitment: protocol::ids::Hash([1; 32]) }),
            base: None,
            emergency: Some(said()),
            kinds: KindSet::ALL,
            period: Period::ALL,
            limit_bytes: 1 << 20,
            wait_ms: 10_000,
            ground: protocol::data::Batch::default(),
        }
    }
    fn ask(&mut self, candidate: Candidate, change: impl FnOnce(&mut FetchOrder)) -> Answer {
        let mut order = self.order(candidate);
        change(&mut order);
        self.world.events(self.reader);
        self.world.command(self.reader, Command::Fetch(Box::new(order)));
        self.world.pass(6_000);
        let events = self.world.events(self.reader);
        let mut answers =
            events.into_iter().filter_map(|e| if let Event::Answer(_, answer) = e { Some(*answer) } else { None });
        answers.next_back().expect("an answer")
    }
    fn break_glass(&mut self, change: impl FnOnce(&mut FetchOrder)) -> Answer {
        let candidate = self.locate().expect("the holder announces the patient");
        self.ask(candidate, change)
    }
    fn reason(&self) -> Option<Why> {
        let events = audit::events(&self.world.nodes[&self.holder].view, 0, 10_000);
        let last = events.iter().rev().find(|(_, event)| event.what == What::Decided)?;
        last.1.reason.and_then(Why::from_code)
    }
    fn glasses(&self, node: NodeKey) -> Vec<Glass> {
        glasses(&self.world.nodes[&node].view)
    }
    fn count(&self, node: NodeKey, what: What) -> usize {
        audit::events(&self.world.nodes[&node].view, 0, 10_000).iter().filter(|(_, event)| event.what == what).count()
    }
    fn review(&mut self, request: RequestId, verdict: Verdict) {
        let review = Review { verdict, staff: "a1".into(), note: "looked at".into(), at: Millis(0), is_heard: false };
        self.world.command(self.holder, Command::Review { request, review: Box::new(review) });
    }
    fn suspend(&self, founder: usize, target: Target, from: Millis, ms: u64) -> protocol::state::Signed {
        let share = &self.network.shares[founder];
        let suspension = Suspension {
            network: self.network.id,
            founder: protocol::crypto::Crypto::public(&Real, share),
            target,
            from,
            until: from.plus(ms),
            reason: "the node looks owned".into(),
        };
        suspension.draft().sign(&Real, &[share])
    }
}

#[test]
fn broken_glass_brings_the_limited_kinds_and_both_sides_write_it_down() {
    let mut scene = scene();
    assert_eq!(scene.break_glass(|order| order.emergency = None).status, HolderStatus::NoConsentHere);
    let answer = scene.break_glass(|_| {});
    assert_eq!(answer.status, HolderStatus::Data);
    let kinds: Vec<&str> = answer.items.iter().map(|item| item.kind.as_str()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "SUM-01").count(), 1, "only the last summary: {kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| **kind == "OML-11").count(), 3, "only the last labs: {kinds:?}");
    assert!(!kinds.contains(&"DOC-01") && !kinds.contains(&"ADT-00") && kinds.contains(&"ADT-61"), "{kinds:?}");
    assert!(answer.cut);
    let request = answer.request.expect("it was asked");
    for (node, is_ours) in [(scene.reader, true), (scene.holder, false)] {
        assert_eq!(scene.count(node, What::BreakGlass), 1);
        let glass = scene.glasses(node).into_iter().find(|glass| glass.request == request).expect("kept");
        assert_eq!((glass.is_ours, glass.is_open(), &glass.said), (is_ours, true, &said()));
        assert_eq!((glass.review_by, glass.lapses_at), (glass.at.plus(7 * DAY_MS), glass.at.plus(14 * DAY_MS)));
    }
    let told = scene.world.events(scene.holder);
    assert!(told.iter().any(|event| matches!(event, Event::BreakGlass(of) if *of == request)), "the desk is told");
}
#[test]
fn a_patient_who_said_not_even_in_an_emergency_is_not_opened() {
    let mut scene = scene();
    let candidate = scene.locate().expect("announced");
    let mut stop = builders::consent(&scene.holder_id, 7, 9, scene.world.now);
    stop.stance = protocol::consent::Stance::Deny;
    stop.even_in_emergency = true;
    stop.purposes = protocol::kinds::purposes(&[Purpose::Emergency]);
    scene.world.command(scene.holder, Command::Consent { patient: PATIENT, receipt: Box::new(stop) });
    let answer = scene.ask(candidate, |_| {});
    assert_eq!((answer.status, scene.reason()), (HolderStatus::Nothing, Some(Why::EmergencyForbidden)));
    assert!(scene.glasses(scene.holder).is_empty(), "nothing came of it");
    assert!(scene.glasses(scene.reader).iter().all(|glass| !glass.is_open()), "so there is nothing to review");
}
#[test]
fn row_179_an_unreviewed_read_turns_the_right_off_at_both_sides_until_it_is_reviewed() {
    let mut scene = scene();
    let request = scene.break_glass(|_| {}).request.expect("asked");
    scene.world.pass(13 * DAY_MS);
    assert_eq!(scene.break_glass(|_| {}).status, HolderStatus::Data, "late, but not lapsed");
    let second = scene.glasses(scene.holder).into_iter().find(|glass| glass.request != request).expect("kept").request;
    scene.world.pass(DAY_MS);
    assert_eq!(scene.break_glass(|_| {}).status, HolderStatus::NoConsentHere, "our own node asks nobody");

    // A node that does not keep the rule for itself is refused by the holder.
    let view = scene.world.nodes[&scene.reader].view.clone();
    let own = scene.glasses(scene.reader).into_iter().find(|glass| glass.request == request).expect("kept");
    let key = [b"glass/".as_slice(), &PATIENT.0.to_be_bytes(), &request.0].concat();
    let mut batch = protocol::data::Batch::default();
    batch.remove(protocol::data::Space::Desk, key.clone());
    view.commit(&batch);
    let answer = scene.break_glass(|_| {});
    assert_eq!((answer.status, scene.reason()), (HolderStatus::Nothing, Some(Why::EmergencyLapsed)));
    let mut batch = protocol::data::Batch::default();
    batch.put(protocol::data::Space::Desk, key, protocol::data::encode(&own));
    view.commit(&batch);

    // The reader is away when the review is written; it hears of it when it is back.
    scene.world.cut(scene.reader, scene.holder);
    scene.review(request, Verdict::Justified);
    assert!(scene.glasses(scene.reader).iter().any(|glass| glass.request == request && glass.is_open()));
    scene.world.connect(scene.reader, scene.holder);
    let of = |scene: &Scene, node| scene.glasses(node).into_iter().find(|glass| glass.request == request);
    let review = of(&scene, scene.reader).and_then(|glass| glass.review).expect("heard");
    assert_eq!((review.verdict, review.note.as_str()), (Verdict::Justified, "looked at"));
    assert!(of(&scene, scene.holder).and_then(|glass| glass.review).is_some_and(|review| review.is_heard));
    assert_eq!(
        (scene.count(scene.reader, What::EmergencyReviewed), scene.count(scene.holder, What::EmergencyReviewed)),
        (1, 1)
    );
    assert_eq!(scene.break_glass(|_| {}).status, HolderStatus::Data);
    scene.review(second, Verdict::Unjustified);
}
#[test]
fn nobody_reviews_their_own_read_or_one_twice() {
    let mut scene = scene();
    let request = scene.break_glass(|_| {}).request.expect("asked");
    let review = |verdict| Review { verdict, staff: "a1".into(), note: String::new(), at: Millis(0), is_heard: false };
    let told = |scene: &mut Scene, node, verdict| {
        scene.world.events(node);
        scene.world.command(node, Command::Review { request, review: Box::new(review(verdict)) });
        let events = scene.world.events(node);
        events.into_iter().find_map(|e| if let Event::CommandDone(_, done) = e { Some(done) } else { None })
    };
    let (reader, holder) = (scene.reader, scene.holder);
    assert!(matches!(told(&mut scene, reader, Verdict::Justified), Some(Err(why)) if why.contains("holder")));
    assert_eq!(told(&mut scene, holder, Verdict::Unjustified), Some(Ok(())));
    assert!(matches!(told(&mut scene, holder, Verdict::Justified), Some(Err(why)) if why.contains("already")));
    // A node that was not asked cannot turn the right on again.
    let heard = scene.glasses(scene.reader).remove(0).review.expect("heard");
    assert_eq!(heard.verdict, Verdict::Unjustified);
}
#[test]
fn row_169_one_founder_suspends_for_at_most_72_hours_and_it_ends_by_itself() {
    let mut scene = scene();
    let target = Target::Membership(scene.reader_id.clone());
    let consent = builders::consent(&scene.reader_id, 7, 2, scene.world.now);
    scene.world.command(scene.reader, Command::Consent { patient: PATIENT, receipt: Box::new(consent) });
    let treat = |order: &mut FetchOrder| (order.purpose, order.emergency) = (Purpose::Treatment, None);
    assert_eq!(scene.break_glass(treat).status, HolderStatus::Data);

    let long = scene.suspend(0, target.clone(), scene.world.now, 73 * HOUR_MS);
    scene.world.command(scene.other, Command::Take(vec![long]));
    assert_eq!(scene.break_glass(treat).status, HolderStatus::Data, "longer than a founder may say alone");

    let from = scene.world.now;
    let candidate = scene.locate().expect("announced");
    let signed = scene.suspend(0, target.clone(), from, 72 * HOUR_MS);
    scene.world.command(scene.other, Command::Take(vec![signed]));
    assert_eq!(scene.count(scene.holder, What::MemberSuspended), 1, "it went on from node to node");
    assert_eq!(scene.ask(candidate.clone(), treat).status, HolderStatus::NotMember, "and all obey");
    scene.world.pass(72 * HOUR_MS + MINUTE_MS);
    assert_eq!(scene.ask(candidate.clone(), treat).status, HolderStatus::Data, "it ended by itself");

    // The same founder again within a fortnight: void, wherever it arrives first.
    let again = scene.suspend(0, target.clone(), from.plus(13 * DAY_MS), 72 * HOUR_MS);
    scene.world.pass(13 * DAY_MS - 72 * HOUR_MS);
    scene.world.command(scene.other, Command::Take(vec![again]));
    assert_eq!(scene.ask(candidate.clone(), treat).status, HolderStatus::Data);
    let second = scene.suspend(1, target, scene.world.now, 3 * HOUR_MS);
    scene.world.command(scene.other, Command::Take(vec![second]));
    assert_eq!(scene.ask(candidate, treat).status, HolderStatus::NotMember, "another founder may");
}
#[test]
fn nobody_but_a_founder_suspends_and_only_in_its_own_name() {
    let mut scene = scene();
    let target = Target::Membership(scene.reader_id.clone());
    let now = scene.world.now;
    let stranger = Secret::from_bytes([5; 32]);
    let mut forged = scene.suspend(0, target.clone(), now, HOUR_MS);
    forged.signatures.clear();
    forged.add(&Real, &stranger);
    let mut lent = scene.suspend(0, target.clone(), now, HOUR_MS);
    lent.signatures.clear();
    lent.add(&Real, &scene.network.shares[1]);
    let later = scene.suspend(0, target, now.plus(HOUR_MS), HOUR_MS);
    for signed in [forged, lent, later] {
        scene.world.command(scene.other, Command::Take(vec![signed]));
    }
    assert_eq!(scene.count(scene.other, What::MemberSuspended), 0);
}
#[test]
fn row_180_a_declared_disaster_opens_to_more_staff_in_its_area_until_its_date() {
    let mut scene = scene();
    let now = scene.world.now;
    let declare = |scene: &Scene, area: &str, seq: u64, from: Millis, ms: u64, shares: &[usize]| {
        let disaster = Disaster {
            network: scene.network.id,
            founder: None,
            area: vec![area.into()],
            from,
            until: from.plus(ms),
            reason: "earthquake".into(),
        };
        let keys: Vec<&Secret> = shares.iter().map(|at| &scene.network.shares[*at]).collect();
        disaster.draft(seq).sign(&Real, &keys)
    };
    let help = |order: &mut FetchOrder| {
        let helper = BreakGlass { factors: 1, reason: EmergencyReason::Disaster, ..said() };
        (order.purpose, order.role, order.emergency) = (Purpose::Disaster, Role::Pharmacist, Some(helper));
    };
    assert_eq!(scene.break_glass(help).status, HolderStatus::Nothing);
    assert_eq!(scene.reason(), Some(Why::EmergencyNotAllowed));
    let alone = declare(&scene, "99", 1, now, DAY_MS, &[0]);
    scene.world.command(scene.other, Command::Take(vec![alone]));
    assert_eq!(scene.break_glass(help).status, HolderStatus::Nothing, "one founder is not k");
    let elsewhere = declare(&scene, "47", 1, now, 3 * DAY_MS, &[0, 1]);
    scene.world.command(scene.other, Command::Take(vec![elsewhere]));
    assert_eq!(scene.break_glass(help).status, HolderStatus::Nothing, "elsewhere");
    let prefix: String = scene.holder_id.as_str().chars().take(2).collect();
    let here = declare(&scene, &prefix, 2, now, 3 * DAY_MS, &[0, 1]);
    scene.world.command(scene.other, Command::Take(vec![here]));
    assert_eq!(scene.break_glass(help).status, HolderStatus::Data);
    assert_eq!(scene.glasses(scene.holder).len(), 1, "listed and reviewed as every read without consent");
    scene.world.cut(scene.holder, scene.other);
    scene.world.cut(scene.reader, scene.other);
    scene.world.pass(3 * DAY_MS);
    assert_eq!(scene.break_glass(help).status, HolderStatus::Nothing, "over by its date, whoever is offline");
}
#[test]
fn row_168_a_charter_changes_by_the_old_and_the_new_founders_and_the_old_say_nothing_new_afterwards() {
    let mut scene = scene();
    let (now, network) = (scene.world.now, scene.network.id);
    let old = Charter::decode(&scene.network.charter.body).expect("a charter");
    let fresh: Vec<Secret> = (0..2).map(|n| Secret::from_bytes([40 + n; 32])).collect();
    let public = |secret: &Secret| protocol::crypto::Crypto::public(&Real, secret);
    let founders = vec![
        old.founders[0].clone(),
        Founder { name: "new 1".into(), key: public(&fresh[0]) },
        Founder { name: "new 2".into(), key: public(&fresh[1]) },
    ];
    let later = Charter { founders, made_at: now, ..old };
    let shares = &scene.network.shares;
    let by = |keys: &[&Secret]| later.amendment(network, 1).sign(&Real, keys);
    let (only_old, only_new) = (by(&[&shares[0], &shares[1]]), by(&[&fresh[0], &fresh[1]]));
    let both = by(&[&shares[0], &shares[1], &fresh[0]]);
    for refused in [only_old, only_new] {
        scene.world.command(scene.other, Command::Take(vec![refused]));
        assert_eq!(
            scene.world.nodes[&scene.other].engine.book().charter(network).map(|c| c.founders[1].name.clone()),
            Some("founder 1".into())
        );
    }
    scene.world.command(scene.other, Command::Take(vec![both]));
    for node in [scene.reader, scene.holder, scene.other] {
        let charter = scene.world.nodes[&node].engine.book().charter(network).expect("known").clone();
        assert_eq!(charter, later, "it went from node to node");
    }
    assert_eq!(scene.break_glass(|_| {}).status, HolderStatus::Data, "memberships of before still stand");

    // Whoever was a founder before says nothing new.
    scene.world.pass(HOUR_MS);
    let facility = builders::facility(9);
    let membership = scene.network.membership(&Real, &facility, FacilityClass::Clinic, scene.world.now);
    let by_old = membership.draft(1).sign(&Real, &[&scene.network.shares[1], &scene.network.shares[2]]);
    scene.world.command(scene.other, Command::Take(vec![by_old]));
    assert!(scene.world.nodes[&scene.other].engine.book().membership(network, &facility).is_none());
    let by_new = membership.draft(1).sign(&Real, &[&scene.network.shares[0], &fresh[1]]);
    scene.world.command(scene.other, Command::Take(vec![by_new]));
    assert!(scene.world.nodes[&scene.holder].engine.book().membership(network, &facility).is_some());

    // A newcomer that knows only the name of the network takes the whole chain, and what was signed before.
    let identity = builders::identity(&Real, "late", std::slice::from_ref(&facility), START);
    let certs = identity.certs.clone();
    let late = scene.world.add("late", identity, &[network]);
    scene.world.command(late, Command::Pin(network, Some(scene.network.charter.clone())));
    scene.world.command(scene.other, Command::Take(certs.clone()));
    scene.world.connect(late, scene.other);
    scene.world.pass(10 * MINUTE_MS);
    let book = scene.world.nodes[&late].engine.book();
    assert_eq!(book.charter(network), Some(&later));
    assert!(book.membership(network, &scene.reader_id).is_some());
    // And so does a node that starts again from its disk.
    let view = scene.world.nodes[&scene.other].view.clone();
    let again = protocol::state::Book::load(&view, [network].into());
    assert_eq!(again.charter(network), Some(&later));
    assert_eq!(again.charter_objects(network).len(), 2);
}
