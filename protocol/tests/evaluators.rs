//! Tags by evaluators, end to end without sockets: founders name them, they make a key, members' tags come of it, a reader in
//! the network and one across an accord find the patient, and nobody but the asker ever sees what was asked.
use protocol::crypto::{Real, Secret, seal_public};
use protocol::data::{Space, View};
use protocol::engine::{Alarm, Candidate, Command, Event, Input, LocateOrder, Publication, Scope, Ticket};
use protocol::ids::{FacilityId, NodeKey, PatientRef};
use protocol::kinds::{Coarse, FacilityClass, KindSet};
use protocol::limits::{EPOCH_OVERLAP_MS, EVALUATE_DAY_OTHERS, EVALUATE_WAIT_MS, EVALUATED_EPOCH_MIN};
use protocol::oprf::keygen::Progress;
use protocol::state::{Accord, Evaluator, EvaluatorCall, Signed};
use protocol::testing::builders::{self, TestNetwork};
use protocol::testing::pair::World;
use protocol::time::{DAY_MS, HOUR_MS, MINUTE_MS, Millis};
use protocol::wire::{self, Message};

const START: Millis = Millis(1_800_000_000_000);
const EPOCH: u32 = EVALUATED_EPOCH_MIN;
const PATIENT: PatientRef = PatientRef(1);

/// Members 1 to 4 of one network, of which the first three are named as evaluators, and member 5 of another with an accord.
struct Scene {
    world: World,
    kesen: TestNetwork,
    nodes: Vec<NodeKey>,
}

fn facility(at: usize) -> FacilityId {
    builders::facility(at as u32 + 1)
}
fn name(at: usize) -> String {
    format!("member {at}")
}
fn strings() -> Vec<(u8, Vec<u8>)> {
    [2u8, 7, 9].into_iter().map(|rule| (rule, format!("\u{6c17}\u{4ed9} canary {rule}").into_bytes())).collect()
}

fn scene() -> Scene {
    let mut world = World::at(START);
    let (kesen, mmwin) = (TestNetwork::found(&Real, "kesen", START), TestNetwork::found(&Real, "mmwin", START));
    let kinds = KindSet::of(&[Coarse::Prescription, Coarse::Lab]);
    let (accord, secret) =
        builders::accord(&Real, &kesen, &mmwin, kinds, (START.minus(1_000), START.plus(300 * DAY_MS)));
    let mut nodes = Vec::new();
    for at in 0..5 {
        let network = if at < 4 { &kesen } else { &mmwin };
        let identity = builders::identity(&Real, &name(at), &[facility(at)], START);
        let certs = identity.certs.clone();
        let node = world.add(&name(at), identity, &[network.id]);
        world.command(node, Command::Pin(network.id, Some(network.charter.clone())));
        let class = if at == 0 { FacilityClass::Hospital } else { FacilityClass::Clinic };
        let membership = network.admit(&Real, &facility(at), class, START);
        world.command(node, Command::Take([vec![membership], certs].concat()));
        let secret = Command::KeepSecret { scope: Scope::Network(network.id), epoch: 1, secret: network.secret };
        world.command(node, secret);
        nodes.push(node);
    }
    let charters = vec![kesen.charter.clone(), mmwin.charter.clone()];
    world.command(nodes[0], Command::Propose { object: accord, charters });
    let id = Accord::id_of(kesen.id, mmwin.id);
    world.command(nodes[0], Command::KeepSecret { scope: Scope::Accord(id), epoch: 1, secret });
    let mut scene = Scene { world, kesen, nodes };
    scene.connect_all();
    scene
}

impl Scene {
    fn connect_all(&mut self) {
        for a in 0..self.nodes.len() {
            for b in 0..a {
                self.world.connect(self.nodes[a], self.nodes[b]);
            }
        }
        self.world.pass(MINUTE_MS);
    }
    fn cut_off(&mut self, at: usize) {
        for other in 0..self.nodes.len() {
            if other != at {
                self.world.cut(self.nodes[at], self.nodes[other]);
            }
        }
    }
    fn call(&self, network: &TestNetwork, epoch: u32, evaluators: &[usize], seq: u64) -> Signed {
        let evaluator = |at: &usize| Evaluator {
            facility: facility(*at),
            node: self.nodes[*at],
            seal: seal_public(&builders::secret(&format!("{}/seal", name(*at)))),
        };
        let call = EvaluatorCall {
            network: network.id,
            epoch,
            threshold: 2,
            evaluators: evaluators.iter().map(evaluator).collect(),
            from: self.world.now.minus(1_000),
            to: self.world.now.plus(365 * DAY_MS),
        };
        call.draft(seq).sign(&Real, &[&network.shares[0], &network.shares[1]])
    }
    /// The founders name members 1 to 3; everything else happens by itself.
    fn with_key(mut self) -> Self {
        let call = self.call(&self.kesen, EPOCH, &[0, 1, 2], 1);
        self.world.command(self.nodes[3], Command::Take(vec![call]));
        self.world.pass(MINUTE_MS);
        for node in &self.nodes {
            let book = self.world.nodes[node].engine.book();
            assert!(book.epoch(self.kesen.id, EPOCH).is_some(), "the key is known to {node:?}");
        }
        self
    }
    /// Member 1 holds records of a patient that consents.
    fn with_patient(mut self) -> Self {
        let publication =
            Publication { patient: PATIENT, facility: facility(0), kinds: KindSet::ALL, strings: strings() };
        self.world.command(self.nodes[0], Command::Publish(vec![publication]));
        let receipt = Box::new(builders::consent(&facility(0), 7, 1, self.world.now));
        self.world.command(self.nodes[0], Command::Consent { patient: PATIENT, receipt });
        self.world.pass(MINUTE_MS);
        self
    }
    fn order(at: usize, patient: PatientRef) -> LocateOrder {
        LocateOrder { patient, facility: facility(at), strings: strings() }
    }
    /// What member `at` hears of a look-up, as soon as it is answered.
    fn locate(&mut self, at: usize, patient: PatientRef) -> Result<Vec<Candidate>, String> {
        self.world.events(self.nodes[at]);
        let ticket = self.world.command(self.nodes[at], Command::Locate(Self::order(at, patient)));
        self.answer(at, ticket).expect("answered at once")
    }
    fn answer(&mut self, at: usize, ticket: Ticket) -> Option<Result<Vec<Candidate>, String>> {
        self.world.events(self.nodes[at]).into_iter().find_map(|event| match event {
            Event::Located(of, found) if of == ticket => Some(Ok(found)),
            Event::CommandDone(of, Err(why)) if of == ticket => Some(Err(why)),
            _ => None,
        })
    }
    fn served(&self) -> (Vec<u32>, bool) {
        self.world.nodes[&self.nodes[0]].engine.book().served_epochs(self.kesen.id, self.world.now)
    }
    fn epochs_shown(&self, found: &[Candidate], at: usize) -> Vec<u32> {
        let engine = &self.world.nodes[&self.nodes[at]].engine;
        let shelves = engine.snapshot(self.world.now).shelves;
        found.iter().filter_map(|c| shelves.iter().find(|s| s.id() == c.shelf)).map(|shelf| shelf.epoch).collect()
    }
    fn frames_since(&self, from: usize) -> Vec<(NodeKey, NodeKey, Message)> {
        let frames = self.world.frames[from..].iter();
        frames.map(|(a, b, frame)| (*a, *b, wire::decode(frame).expect("ours"))).collect()
    }
}

#[test]
fn founders_name_evaluators_and_a_patient_is_found_in_the_network_and_across_an_accord() {
    let mut scene = scene().with_key().with_patient();
    for (at, what) in [(3, "in the network"), (4, "across the accord")] {
        let found = scene.locate(at, PatientRef(40)).expect(what);
        assert_eq!(found.len(), 1, "{what}");
        assert_eq!((&found[0].holder, found[0].rules.as_slice()), (&facility(0), &[2, 7, 9][..]), "{what}");
    }
    // Members of the network have `local` tags still; for it is new, that is a second look.
    let call_seen = scene.world.nodes[&scene.nodes[4]].engine.book().epoch(scene.kesen.id, EPOCH).is_some();
    assert!(call_seen, "a partner knows the evaluators");
}

#[test]
fn once_a_patient_has_tags_a_look_up_sends_nothing() {
    let mut scene = scene().with_key().with_patient();
    let first = scene.locate(3, PatientRef(40)).expect("found");
    let frames = scene.world.frames.len();
    let again = scene.locate(3, PatientRef(40)).expect("found");
    assert_eq!(scene.world.frames.len(), frames, "a packet left");
    assert_eq!(first, again);
    // With every line cut as well.
    scene.cut_off(3);
    assert_eq!(scene.locate(3, PatientRef(40)).expect("found"), again);
}

#[test]
fn evaluators_and_lines_see_blinded_points_only() {
    let mut scene = scene().with_key().with_patient();
    scene.locate(3, PatientRef(40)).expect("found");
    scene.locate(4, PatientRef(41)).expect("found");
    let mut seen = Vec::new();
    for (_, _, message) in scene.frames_since(0) {
        if let Message::EvaluateRequest(request) = message {
            seen.push(request.elements);
        }
    }
    // Four times: the holder and three look-ups' evaluators; never the same element twice, though the strings are equal.
    assert!(seen.len() >= 3, "{}", seen.len());
    let mut points: Vec<&[u8]> = seen.iter().flat_map(|batch| batch.chunks(32)).collect();
    let asked_of_several = points.len();
    points.sort_unstable();
    points.dedup();
    assert!(points.len() >= 9 && points.len() <= asked_of_several);
    for (_, _, frame) in &scene.world.frames {
        let plain = frame.windows(6).any(|window| window == b"canary");
        assert!(!plain, "an identity string travelled");
    }
    // No tag travels either: look for those that the readers keep.
    let kept = scene.world.nodes[&scene.nodes[3]].view.scan(Space::Entries, b"tags/", &[], 10);
    assert_eq!(kept.len(), 1);
    let tags: std::collections::BTreeMap<[u8; 16], [u8; 32]> = protocol::data::decode(&kept[0].1).expect("tags");
    for tag in tags.values() {
        assert!(!scene.world.frames.iter().any(|(_, _, frame)| frame.windows(32).any(|w| w == tag)), "a tag travelled");
    }
}

#[test]
fn both_epochs_are_served_until_members_had_time_and_then_the_new_one_alone() {
    let mut scene = scene().with_patient();
    let found = scene.locate(3, PatientRef(40)).expect("found");
    assert_eq!(scene.epochs_shown(&found, 3), [1]);
    let mut scene = scene.with_key();
    let shelves = |scene: &Scene| {
        let engine = &scene.world.nodes[&scene.nodes[3]].engine;
        let shelves = engine.snapshot(scene.world.now).shelves;
        let mut epochs: Vec<u32> =
            shelves.iter().filter(|s| s.holder == facility(0)).map(|shelf| shelf.epoch).collect();
        epochs.sort_unstable();
        epochs.dedup();
        epochs
    };
    assert_eq!(shelves(&scene), [1, EPOCH], "`local` mode is served beside the new epoch");
    scene.locate(3, PatientRef(40)).expect("found");
    // A month without lines, in which nothing is compared.
    (0..5).for_each(|at| scene.cut_off(at));
    scene.world.pass(EPOCH_OVERLAP_MS + DAY_MS);
    scene.connect_all();
    assert_eq!(scene.served(), (vec![EPOCH], false), "`local` mode has ended");
    let next = scene.call(&scene.kesen, EPOCH + 1, &[1, 2, 3], 1);
    scene.world.command(scene.nodes[0], Command::Take(vec![next]));
    scene.world.pass(HOUR_MS);
    assert_eq!(scene.served(), (vec![EPOCH + 1, EPOCH], false));
    let found = scene.locate(3, PatientRef(40)).expect("found");
    assert_eq!(found.len(), 1);
    assert!(shelves(&scene).contains(&(EPOCH + 1)));
    // A reader that never had tags asks the evaluators of both.
    assert_eq!(scene.locate(2, PatientRef(50)).expect("found").len(), 1);
}

#[test]
fn an_evaluator_without_a_line_is_not_asked() {
    let mut scene = scene().with_key().with_patient();
    scene.cut_off(2);
    assert_eq!(scene.locate(3, PatientRef(40)).expect("found").len(), 1);
}

#[test]
fn when_an_evaluator_is_silent_another_is_asked_after_a_while() {
    let mut waited = 0;
    for silent in 0..3 {
        let mut scene = scene().with_key().with_patient();
        let node = scene.nodes[silent];
        scene.world.tamper = Some(Box::new(move |from, message| {
            let is_answer = matches!(message, Message::EvaluateReply(_));
            (from != node || !is_answer).then_some(message)
        }));
        scene.world.events(scene.nodes[3]);
        let ticket = scene.world.command(scene.nodes[3], Command::Locate(Scene::order(3, PatientRef(40))));
        let found = scene.answer(3, ticket).unwrap_or_else(|| {
            waited += 1;
            scene.world.pass(EVALUATE_WAIT_MS);
            scene.answer(3, ticket).expect("the third was asked")
        });
        assert_eq!(found.expect("found").len(), 1);
    }
    assert!(waited > 0, "no silent evaluator was asked");
}

#[test]
fn row_171_with_too_few_evaluators_a_new_patient_is_unknown_not_absent() {
    let mut scene = scene().with_key().with_patient();
    scene.locate(3, PatientRef(40)).expect("found");
    scene.cut_off(1);
    scene.cut_off(2);
    scene.world.events(scene.nodes[3]);
    let ticket = scene.world.command(scene.nodes[3], Command::Locate(Scene::order(3, PatientRef(41))));
    assert_eq!(scene.answer(3, ticket), None, "it waits");
    scene.world.pass(MINUTE_MS);
    let why = scene.answer(3, ticket).expect("answered").expect_err("one evaluator is too few");
    assert!(why.starts_with("too few evaluators"), "{why}");
    // Who has its tags is found as ever, and the other as soon as they are back.
    assert_eq!(scene.locate(3, PatientRef(40)).expect("found").len(), 1);
    let (one, three) = (scene.nodes[1], scene.nodes[3]);
    scene.world.connect(one, three);
    assert_eq!(scene.locate(3, PatientRef(41)).expect("found").len(), 1);
}

/// Lets member 4 look a patient up while what evaluator `liar` answers is changed on the way.
fn locate_with_liar(scene: &mut Scene, liar: usize, change: fn(&mut wire::v1::EvaluateReply)) -> usize {
    let (reader, node) = (scene.nodes[3], scene.nodes[liar]);
    scene.world.events(reader);
    let order = Scene::order(3, PatientRef(60 + liar as u64));
    let ticket = Ticket(7);
    scene.world.tamper = Some(Box::new(move |from: NodeKey, message: Message| match message {
        Message::EvaluateReply(mut reply) if from == node => {
            change(&mut reply);
            Some(Message::EvaluateReply(reply))
        }
        other => Some(other),
    }));
    scene.world.input(reader, Input::Command(ticket, Command::Locate(order)));
    scene.world.settle();
    scene.world.pass(2_000);
    scene.world.tamper = None;
    let mut found = 0;
    let mut named = Vec::new();
    for event in scene.world.events(reader) {
        match event {
            Event::Located(of, candidates) if of == ticket => found = candidates.len(),
            Event::Alarm(Alarm::Evaluator { facility, why }) => named.push((facility, why)),
            _ => {}
        }
    }
    assert!(named.iter().all(|(who, _)| *who == facility(liar)), "{named:?}");
    assert!(named.len() <= 1, "a liar is not asked again: {named:?}");
    assert_eq!(found, 1, "others were asked instead");
    named.len()
}

#[test]
fn row_171_a_lying_evaluator_is_named_and_others_are_asked() {
    // Which two of three are asked first is chance: over all three, liars are met.
    let mut named = 0;
    for liar in 0..3 {
        let mut scene = scene().with_key().with_patient();
        named += locate_with_liar(&mut scene, liar, |reply| reply.elements.rotate_left(32));
    }
    assert!(named >= 1, "no liar was asked");
    let mut scene = scene().with_key().with_patient();
    locate_with_liar(&mut scene, 0, |reply| reply.elements = vec![0; reply.elements.len()]);
    locate_with_liar(&mut scene, 1, |_| {});
}

#[test]
fn row_170_a_million_guesses_stop_at_the_days_allowance_and_a_stranger_gets_nothing() {
    let mut scene = scene().with_key();
    let (guesser, evaluator) = (scene.nodes[3], scene.nodes[0]);
    let call = scene.world.nodes[&guesser].engine.book().epoch(scene.kesen.id, EPOCH).expect("made").call_hash;
    let element = protocol::oprf::blind(protocol::oprf::Mode::Voprf, b"guess", &[1; 64]).expect("fine").element;
    let batch = element.encode().repeat(protocol::limits::EVALUATE_BATCH_MAX);
    let mut ask = |elements: &[u8], id: u64| {
        let from = scene.world.frames.len();
        let message = Message::EvaluateRequest(wire::v1::EvaluateRequest {
            id: [&[0; 8][..], &id.to_be_bytes()].concat(),
            call: call.0.to_vec(),
            elements: elements.to_vec(),
        });
        scene.world.input(evaluator, Input::Message { from: guesser, message });
        let replies = scene.frames_since(from);
        replies.into_iter().find_map(|(_, _, m)| if let Message::EvaluateReply(r) = m { Some(r.status) } else { None })
    };
    assert_eq!(ask(&[0; 32], 0), Some(4), "the identity is no element");
    let mut evaluated = 0u32;
    let mut id = 0;
    while ask(&batch, {
        id += 1;
        id
    }) == Some(1)
    {
        evaluated += protocol::limits::EVALUATE_BATCH_MAX as u32;
        assert!(evaluated <= EVALUATE_DAY_OTHERS);
    }
    assert!(evaluated + protocol::limits::EVALUATE_BATCH_MAX as u32 > EVALUATE_DAY_OTHERS);
    scene.world.pass(DAY_MS);
    let stranger = NodeKey([9; 32]);
    let message = Message::EvaluateRequest(wire::v1::EvaluateRequest {
        id: vec![1; 16],
        call: call.0.to_vec(),
        elements: element.encode().to_vec(),
    });
    let from = scene.world.frames.len();
    scene.world.input(evaluator, Input::Message { from: stranger, message });
    assert!(scene.frames_since(from).iter().all(|(_, _, m)| !matches!(m, Message::EvaluateReply(_))));
}

#[test]
fn an_evaluator_that_was_stopped_in_the_middle_takes_part_again() {
    let mut scene = scene();
    scene.cut_off(2);
    let call = scene.call(&scene.kesen, EPOCH, &[0, 1, 2], 1);
    scene.world.command(scene.nodes[0], Command::Take(vec![call]));
    scene.world.pass(MINUTE_MS);
    let views = scene.world.nodes[&scene.nodes[0]].engine.snapshot(scene.world.now).keygens;
    assert!(matches!(&views[0].progress, Progress::Waiting(seats) if seats[0].number() == 3), "{views:?}");
    // Member 1 dies and comes back with what it has on disk.
    scene.world.restart(
        scene.nodes[0],
        &name(0),
        builders::identity(&Real, &name(0), &[facility(0)], START),
        &[scene.kesen.id],
    );
    scene.connect_all();
    let book = scene.world.nodes[&scene.nodes[1]].engine.book();
    assert!(book.epoch(scene.kesen.id, EPOCH).is_some());
    let mut scene = scene.with_patient();
    assert_eq!(scene.locate(3, PatientRef(40)).expect("found").len(), 1);
}

#[test]
fn a_key_that_not_all_evaluators_signed_is_refused() {
    let mut scene = scene().with_key();
    let book = scene.world.nodes[&scene.nodes[3]].engine.book().clone();
    let other = scene.call(&scene.kesen, EPOCH + 1, &[0, 1, 2], 1);
    scene.cut_off(0);
    scene.world.command(scene.nodes[3], Command::Take(vec![other.clone()]));
    let made = book.epoch(scene.kesen.id, EPOCH).expect("made");
    let forged = protocol::state::EvaluatorKey {
        network: scene.kesen.id,
        epoch: EPOCH + 1,
        call: other.hash(),
        commitments: made.keys.commitments().clone(),
    };
    let node = |at: usize| -> Secret { builders::secret(&format!("{}/node", name(at))) };
    let signed = forged.draft(1).sign(&Real, &[&node(0), &node(1)]);
    scene.world.events(scene.nodes[3]);
    scene.world.command(scene.nodes[3], Command::Take(vec![signed]));
    let refused = scene.world.events(scene.nodes[3]).into_iter().any(|e| matches!(e, Event::CommandDone(_, Err(_))));
    assert!(refused);
}
