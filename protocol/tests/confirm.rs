//! Blind confirmation between two Engines: both networks find out whether a handle is a patient, and nothing else leaves.
use protocol::audit::{self, What};
use protocol::confirm::{Answer, Reason, Values, answer_text};
use protocol::crypto::{Crypto, Real, domain};
use protocol::engine::{
    Alarm, Candidate, Certainty, Command, ConfirmOrder, Event, LinkVerdict, LocateOrder, Publication, Scope,
    confirmation_of, link_here, link_there, pending_links,
};
use protocol::ids::{FacilityId, NodeKey, PatientRef, RequestId};
use protocol::kinds::{Coarse, FacilityClass, KindSet, Purpose, Role};
use protocol::limits::{CONFIRM_VALUES, CONFIRM_WAIT_MS, CONFIRMS_A_DAY_HANDLE};
use protocol::testing::builders::{self, TestNetwork};
use protocol::testing::pair::{Person, World};
use protocol::time::{DAY_MS, Millis};
use protocol::wire::{self, Message, v1};

const START: Millis = Millis(1_800_000_000_000);
const PATIENT: PatientRef = PatientRef(1);
/// What must not stand in any frame.
const CANARIES: [&str; 7] = ["十時花子", "トトキ", "ハナコ", "19420418", "0470000001", "国|1234", "2700000"];

struct Scene {
    world: World,
    clinic: NodeKey,
    hospital: NodeKey,
    clinic_id: FacilityId,
    hospital_id: FacilityId,
}

/// Says "one person" if most agrees, "people" if half, else "two".
fn by_count(agreed: &[bool]) -> Answer {
    match agreed.iter().filter(|agrees| **agrees).count() {
        6.. => Answer::Same,
        3..=5 => Answer::NeedsHuman,
        _ => Answer::NotSame,
    }
}

fn person(shared: usize, own: &str) -> Person {
    let value = |at: usize| match at {
        at if at < shared => Some(CANARIES[at].as_bytes().to_vec()),
        at => Some(format!("{own}{at}").into_bytes()),
    };
    let list: Vec<_> = (0..CANARIES.len()).map(value).collect();
    Person { values: Values { judging: list.clone(), shown: list }, judge: by_count }
}

fn strings() -> Vec<(u8, Vec<u8>)> {
    vec![(2, vec![2; 20])]
}

/// A clinic of one network and a hospital of another whose patients agree in so many values; the hospital's is announced.
fn scene(shared: usize) -> Scene {
    let crypto = Real;
    let mut world = World::at(START);
    let (kesen, mmwin) = (TestNetwork::found(&crypto, "kesen", START), TestNetwork::found(&crypto, "mmwin", START));
    let (clinic_id, hospital_id) = (builders::facility(1), builders::facility(2));
    let identity =
        |name: &str, facility: &FacilityId| builders::identity(&crypto, name, std::slice::from_ref(facility), START);
    let clinic = world.add("clinic", identity("clinic", &clinic_id), &[kesen.id]);
    let hospital = world.add("hospital", identity("hospital", &hospital_id), &[mmwin.id]);
    let kinds = KindSet::of(&[Coarse::Prescription, Coarse::Lab]);
    let (accord, secret) =
        builders::accord(&crypto, &kesen, &mmwin, kinds, (START.minus(1_000), START.plus(300 * DAY_MS)));
    for (node, name, network, facility, class) in [
        (clinic, "clinic", &kesen, &clinic_id, FacilityClass::Clinic),
        (hospital, "hospital", &mmwin, &hospital_id, FacilityClass::Hospital),
    ] {
        let certs = identity(name, facility).certs;
        world.command(node, Command::Pin(network.id, Some(network.charter.clone())));
        let membership = network.admit(&crypto, facility, class, START);
        world.command(node, Command::Take([vec![membership], certs].concat()));
        world
            .command(node, Command::KeepSecret { scope: Scope::Network(network.id), epoch: 1, secret: network.secret });
    }
    let charters = vec![kesen.charter.clone(), mmwin.charter.clone()];
    world.command(clinic, Command::Propose { object: accord, charters });
    let id = protocol::state::Accord::id_of(kesen.id, mmwin.id);
    world.command(clinic, Command::KeepSecret { scope: Scope::Accord(id), epoch: 1, secret });
    world.connect(clinic, hospital);
    world.pass(1_000);
    let publication =
        Publication { patient: PATIENT, facility: hospital_id.clone(), kinds: KindSet::ALL, strings: strings() };
    world.command(hospital, Command::Publish(vec![publication]));
    let receipt = builders::consent(&hospital_id, 7, 1, world.now);
    world.command(hospital, Command::Consent { patient: PATIENT, receipt: Box::new(receipt) });
    world.pass(1_000);
    for (node, own) in [(clinic, "c"), (hospital, "h")] {
        world.nodes.get_mut(&node).expect("a node").people.insert(PATIENT, person(shared, own));
    }
    world.frames.clear();
    Scene { world, clinic, hospital, clinic_id, hospital_id }
}

impl Scene {
    fn candidate(&mut self) -> Candidate {
        let order = LocateOrder { patient: PATIENT, facility: self.clinic_id.clone(), strings: strings() };
        self.world.command(self.clinic, Command::Locate(order));
        let events = self.world.events(self.clinic);
        let found = events.into_iter().find_map(|e| if let Event::Located(_, found) = e { Some(found) } else { None });
        found.expect("an answer").remove(0)
    }
    fn order(&mut self) -> ConfirmOrder {
        ConfirmOrder {
            patient: PATIENT,
            facility: self.clinic_id.clone(),
            candidate: self.candidate(),
            staff: "s1".into(),
            role: Role::Doctor,
            purpose: Purpose::Treatment,
            reason: Reason::PatientPresent,
        }
    }
    /// Confirms; what the desk hears.
    fn confirm(&mut self) -> Result<(RequestId, Answer), String> {
        let order = self.order();
        self.world.command(self.clinic, Command::Confirm(Box::new(order)));
        self.heard().expect("an outcome")
    }
    fn heard(&mut self) -> Option<Result<(RequestId, Answer), String>> {
        self.world.events(self.clinic).into_iter().find_map(|event| match event {
            Event::Confirmed(_, id, answer) => Some(Ok((id, answer))),
            Event::CommandDone(_, Err(why)) => Some(Err(why)),
            _ => None,
        })
    }
    /// What each side keeps of the pair: whether it is one person.
    fn kept(&mut self) -> (Option<bool>, Option<bool>) {
        let candidate = self.candidate();
        let (here, there) = (&self.world.nodes[&self.clinic].view, &self.world.nodes[&self.hospital].view);
        let reader = link_here(here, PATIENT, &self.hospital_id, candidate.handle).map(|link| link.same);
        (reader, link_there(there, candidate.handle, &self.clinic_id).map(|link| link.same))
    }
    fn log(&self, node: NodeKey) -> Vec<(What, String)> {
        let view = &self.world.nodes[&node].view;
        (0..audit::head(view).size)
            .filter_map(|leaf| audit::event(view, leaf))
            .map(|event| (event.what, event.note))
            .collect()
    }
    fn logged(&self, node: NodeKey, what: What) -> usize {
        self.log(node).iter().filter(|(logged, _)| *logged == what).count()
    }
    fn judged(&self, node: NodeKey) -> usize {
        self.world.nodes[&node].judged.len()
    }
    fn frames_of(&self, from: NodeKey, pick: fn(&Message) -> bool) -> Vec<Message> {
        let frames = self.world.frames.iter().filter(|(sender, ..)| *sender == from);
        frames.filter_map(|(.., frame)| wire::decode(frame).ok()).filter(pick).collect()
    }
}

#[test]
fn one_person_is_linked_at_both_with_both_signatures_and_either_takes_it_back() {
    let mut scene = scene(7);
    let (id, answer) = scene.confirm().expect("an answer");
    assert_eq!(answer, Answer::Same);
    assert_eq!(scene.kept(), (Some(true), Some(true)));
    assert_eq!(scene.candidate().certainty, Certainty::Human);
    assert_eq!((scene.judged(scene.clinic), scene.judged(scene.hospital)), (1, 1), "roles were exchanged");
    let of = |node: NodeKey| confirmation_of(&scene.world.nodes[&node].view, id).expect("kept");
    let (here, there) = (of(scene.clinic), of(scene.hospital));
    assert_eq!(here, there);
    assert!(Real.verify(&scene.clinic.into(), &domain("confirm-ask", &[&here.ask]), &here.signature));
    for (said, node) in here.said.iter().zip([scene.hospital, scene.clinic]) {
        let text = answer_text(&here.ask, said.round, said.seen, said.answer);
        assert!(said.node == node && Real.verify(&node.into(), &text, &said.signature));
    }
    assert_eq!(here.said.len(), 2);
    for node in [scene.clinic, scene.hospital] {
        assert_eq!((scene.logged(node, What::LinkAsked), scene.logged(node, What::LinkMade)), (1, 1));
    }
    let undo = Command::AnswerLink { id, verdict: LinkVerdict::Undone, staff: "h1".into() };
    scene.world.command(scene.hospital, undo);
    assert_eq!(scene.kept(), (None, None));
    assert_eq!(scene.candidate().certainty, Certainty::Candidate);
    for node in [scene.clinic, scene.hospital] {
        assert_eq!(scene.logged(node, What::LinkUndone), 1);
    }
}
#[test]
fn two_persons_are_parted_at_both_after_one_round() {
    let mut scene = scene(2);
    assert_eq!(scene.confirm().expect("an answer").1, Answer::NotSame);
    assert_eq!(scene.kept(), (Some(false), Some(false)));
    assert_eq!((scene.judged(scene.clinic), scene.judged(scene.hospital)), (0, 1));
    assert_eq!(scene.candidate().certainty, Certainty::NotSame);
}
#[test]
fn what_people_must_say_lies_at_both_desks() {
    let mut scene = scene(4);
    let (id, answer) = scene.confirm().expect("an answer");
    assert_eq!((answer, scene.kept()), (Answer::NeedsHuman, (None, None)));
    for node in [scene.clinic, scene.hospital] {
        let questions = pending_links(&scene.world.nodes[&node].view);
        assert_eq!(questions.iter().map(|q| (q.id, q.verdict)).collect::<Vec<_>>(), [(id, None)]);
    }
    let same = Command::AnswerLink { id, verdict: LinkVerdict::Same, staff: "h1".into() };
    scene.world.command(scene.hospital, same);
    assert_eq!(scene.kept(), (Some(true), Some(true)));
}
#[test]
fn the_veto_of_who_asked_wins_over_the_holder() {
    for (veto, kept) in [(Answer::NotSame, (Some(false), Some(false))), (Answer::NeedsHuman, (None, None))] {
        let mut scene = scene(7);
        let judge: fn(&[bool]) -> Answer =
            if veto == Answer::NotSame { |_| Answer::NotSame } else { |_| Answer::NeedsHuman };
        scene.world.nodes.get_mut(&scene.clinic).expect("a node").people.get_mut(&PATIENT).expect("a person").judge =
            judge;
        assert_eq!(scene.confirm().expect("an answer").1, veto);
        assert_eq!(scene.kept(), kept);
    }
}
#[test]
fn what_people_parted_stays_parted_whatever_agrees() {
    let mut scene = scene(2);
    let order = scene.order();
    scene.confirm().expect("an answer");
    for (node, own) in [(scene.clinic, "c"), (scene.hospital, "h")] {
        scene.world.nodes.get_mut(&node).expect("a node").people.insert(PATIENT, person(7, own));
    }
    scene.world.command(scene.clinic, Command::Confirm(Box::new(order)));
    assert_eq!(scene.heard().expect("an outcome").expect("an answer").1, Answer::NotSame);
    assert_eq!(scene.kept(), (Some(false), Some(false)));
}
#[test]
fn no_value_stands_in_any_frame_and_all_runs_look_alike() {
    let mut sizes = Vec::new();
    for shared in [0, 7] {
        let mut scene = scene(shared);
        scene.confirm().expect("an answer");
        for (.., frame) in &scene.world.frames {
            for canary in CANARIES {
                let found = frame.windows(canary.len()).any(|part| part == canary.as_bytes());
                assert!(!found, "{canary} stands in a frame");
            }
        }
        for log in [scene.log(scene.clinic), scene.log(scene.hospital)] {
            assert!(log.iter().all(|(_, note)| CANARIES.iter().all(|canary| !note.contains(canary))));
        }
        let masks = scene.frames_of(scene.hospital, |m| matches!(m, Message::ConfirmMask(_)));
        let answers = scene.frames_of(scene.hospital, |m| matches!(m, Message::ConfirmAnswer(_)));
        assert_eq!((masks.len(), answers.len()), (1, 1));
        sizes.push((wire::encode(masks[0].clone()).len(), wire::encode(answers[0].clone()).len()));
    }
    assert_eq!(sizes[0], sizes[1], "an answer's size does not depend on it");
}
#[test]
fn too_many_about_one_patient_are_refused_and_raise_an_alarm() {
    let mut scene = scene(4);
    for _ in 0..CONFIRMS_A_DAY_HANDLE {
        scene.confirm().expect("within the budget");
    }
    let order = scene.order();
    scene.world.command(scene.clinic, Command::Confirm(Box::new(order)));
    let events = scene.world.events(scene.clinic);
    let alarm = |event: &Event| matches!(event, Event::Alarm(Alarm::Confirmations { .. }));
    assert!(events.iter().any(alarm), "{events:?}");
    assert_eq!(scene.logged(scene.clinic, What::Alarm), 1);
    assert_eq!(scene.judged(scene.hospital), CONFIRMS_A_DAY_HANDLE as usize);
    scene.world.pass(DAY_MS);
    scene.world.events(scene.clinic);
    scene.confirm().expect("another day");
}
#[test]
fn the_holder_counts_for_itself_and_says_not_now() {
    let mut scene = scene(4);
    for _ in 0..CONFIRMS_A_DAY_HANDLE {
        scene.confirm().expect("within the budget");
    }
    // A dishonest asker forgets its own count.
    let key = |key: &[u8]| key.starts_with(b"confirms/");
    let view = scene.world.nodes[&scene.clinic].view.clone();
    let mut batch = protocol::data::Batch::default();
    use protocol::data::{Space, View};
    for (found, _) in view.scan(Space::Meta, b"confirms/", &[], 100) {
        assert!(key(&found));
        batch.remove(Space::Meta, found);
    }
    view.commit(&batch);
    assert!(scene.confirm().is_err_and(|why| why.contains("does not confirm")));
    let events = scene.world.events(scene.hospital);
    assert!(events.iter().any(|event| matches!(event, Event::Alarm(Alarm::Confirmations { .. }))), "{events:?}");
    assert_eq!(scene.judged(scene.hospital), CONFIRMS_A_DAY_HANDLE as usize);
}
#[test]
fn a_replayed_question_is_not_answered_again() {
    let mut scene = scene(7);
    scene.confirm().expect("an answer");
    let asks = scene.frames_of(scene.clinic, |m| matches!(m, Message::ConfirmAsk(_)));
    let before = scene.frames_of(scene.hospital, |_| true).len();
    let (from, message) = (scene.clinic, asks[0].clone());
    scene.world.input(scene.hospital, protocol::engine::Input::Message { from, message });
    scene.world.settle();
    assert_eq!(scene.frames_of(scene.hospital, |_| true).len(), before);
    assert_eq!(scene.judged(scene.hospital), 1);
}
#[test]
fn a_question_signed_by_another_or_changed_on_the_way_is_not_answered() {
    let mut scene = scene(7);
    scene.world.tamper = Some(Box::new(|_, message| match message {
        Message::ConfirmAsk(ask) => {
            let mut body = ask.body;
            body.push(0);
            Some(Message::ConfirmAsk(v1::ConfirmAsk { body, ..ask }))
        }
        message => Some(message),
    }));
    let order = scene.order();
    scene.world.command(scene.clinic, Command::Confirm(Box::new(order)));
    assert!(scene.heard().is_none());
    scene.world.pass(CONFIRM_WAIT_MS);
    assert!(scene.heard().expect("an outcome").is_err_and(|why| why.contains("in time")));
    assert_eq!(scene.judged(scene.hospital), 0);
    assert_eq!(scene.logged(scene.clinic, What::LinkAsked), 2, "the run and its end");
}
#[test]
fn masks_and_raised_elements_that_do_not_hold_end_the_run_without_a_word() {
    type Spoil = fn(Message) -> Message;
    let spoils: [Spoil; 4] = [
        |message| match message {
            Message::ConfirmMask(mask) => {
                Message::ConfirmMask(v1::ConfirmMask { elements: vec![0; CONFIRM_VALUES * 32], ..mask })
            }
            message => message,
        },
        |message| match message {
            Message::ConfirmMask(mask) => {
                Message::ConfirmMask(v1::ConfirmMask { elements: mask.elements[32..].to_vec(), ..mask })
            }
            message => message,
        },
        |message| match message {
            Message::ConfirmRaise(mut raise) => {
                raise.raised.swap_with_slice(&mut raise.elements.clone());
                raise.raised.rotate_left(32);
                Message::ConfirmRaise(raise)
            }
            message => message,
        },
        |message| match message {
            Message::ConfirmAnswer(answer) => Message::ConfirmAnswer(v1::ConfirmAnswer { answer: 2, ..answer }),
            message => message,
        },
    ];
    for spoil in spoils {
        let mut scene = scene(7);
        scene.world.tamper = Some(Box::new(move |_, message| Some(spoil(message))));
        let order = scene.order();
        scene.world.command(scene.clinic, Command::Confirm(Box::new(order)));
        scene.world.pass(2 * CONFIRM_WAIT_MS);
        assert!(scene.heard().expect("an outcome").is_err());
        scene.world.tamper = None;
        assert_eq!(scene.kept(), (None, None));
        for node in [scene.clinic, scene.hospital] {
            assert_eq!(scene.logged(node, What::LinkAsked), 2, "the run and its end");
        }
    }
}
#[test]
fn a_holder_that_is_not_connected_is_said_at_once() {
    let mut scene = scene(7);
    let order = scene.order();
    scene.world.cut(scene.clinic, scene.hospital);
    scene.world.command(scene.clinic, Command::Confirm(Box::new(order)));
    assert!(scene.heard().expect("an outcome").is_err_and(|why| why.contains("not connected")));
}
