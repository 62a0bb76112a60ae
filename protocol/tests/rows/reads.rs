//! Rows 43 to 47, 154, 158, 160 and 162: questions beyond a right, and rights that end meanwhile.
use super::{arrives, count, last_request, sent, signed_by};
use protocol::audit::{self, What};
use protocol::consent::Stance;
use protocol::crypto::Real;
use protocol::engine::{Command, Done, Effect, HolderStatus, Input, Output, Ticket};
use protocol::ids::RequestId;
use protocol::kinds::{FacilityClass, KindSet, Purpose, Role};
use protocol::limits::QUOTA_REQUESTS;
use protocol::policy::Why;
use protocol::state::{Revocation, Target};
use protocol::testing::builders::{self, TestNetwork};
use protocol::testing::scene::{PATIENT, START, Scene, lying};
use protocol::time::{HOUR_MS, Period};
use protocol::wire::{Message, v1};

#[test]
fn row_43_guessed_handles_all_get_one_answer_and_stop_at_the_quota() {
    let mut scene = Scene::both_ways();
    scene.fetch(|_| {});
    let (clinic, hospital, good) = (scene.clinic, scene.hospital, last_request(&scene));
    let since = scene.world.frames.len();
    for guess in 0..QUOTA_REQUESTS + 100 {
        let request = signed_by("clinic", &good, |body| {
            body.id = [&[1; 12][..], &guess.to_be_bytes()].concat();
            body.handle = [&[2; 12][..], &guess.to_be_bytes()].concat();
        });
        arrives(&mut scene.world, clinic, hospital, request);
    }
    let sizes: std::collections::BTreeSet<usize> = decisions(&scene, since).iter().map(|body| body.len()).collect();
    assert_eq!(sizes.len(), 1, "one size, whatever the reason: {sizes:?}");
    let shown: Vec<u32> = decisions(&scene, since).iter().map(|body| shown_of(body)).collect();
    let (before, after) = shown.split_at(QUOTA_REQUESTS as usize - 1);
    assert!(before.iter().all(|shown| *shown == NOTHING), "the first read counted too");
    assert!(after.iter().all(|shown| *shown == BUSY), "busy once the hour's allowance is used up");
}

#[test]
fn row_44_absent_forbidden_and_empty_have_one_size_and_one_word() {
    let mut scene = Scene::both_ways();
    scene.fetch(|_| {});
    let candidate = scene.locate().remove(0);
    let since = scene.world.frames.len();
    let ask = |scene: &mut Scene, change: fn(&mut v1::RequestBody)| {
        scene.world.tamper = Some(lying(scene.clinic, change));
        assert_eq!(scene.fetch_from(candidate.clone(), |_| {}).status, HolderStatus::Nothing);
        scene.reason()
    };
    let absent = ask(&mut scene, |body| body.handle = vec![8; 16]);
    let unproven = ask(&mut scene, |body| body.proofs.iter_mut().for_each(|proof| proof.proof = vec![5; 32]));
    let empty = ask(&mut scene, |body| (body.date_from, body.date_to) = (19_000_101, 19_000_102));
    let mut stop = builders::consent(&scene.hospital_id, 7, 2, scene.world.now);
    stop.stance = Stance::Stop;
    // The index is emptied with it: who kept the handle must not learn that it once meant somebody.
    scene.world.command(scene.hospital, Command::Consent { patient: PATIENT, receipt: Box::new(stop) });
    let forbidden = ask(&mut scene, |_| {});
    assert_eq!((absent, unproven), (Some(Why::NoSuchPatient), Some(Why::NoSuchPatient)));
    assert_eq!((empty, forbidden), (None, Some(Why::NoSuchPatient)), "permitted, with nothing to give; and withdrawn");
    let bodies = decisions(&scene, since);
    assert_eq!(bodies.len(), 4);
    assert!(bodies.iter().all(|body| shown_of(body) == NOTHING && body.len() == bodies[0].len()));
}

#[test]
fn row_45_an_accord_of_others_opens_nothing() {
    let mut scene = Scene::both_ways();
    scene.fetch(|_| {});
    let third = TestNetwork::found(&Real, "toyama", START);
    let id = builders::facility(9);
    let identity = builders::identity(&Real, "toyama", std::slice::from_ref(&id), START);
    let certs = identity.certs.clone();
    let node = scene.world.add("toyama", identity, &[third.id]);
    scene.world.command(node, Command::Pin(third.id, Some(third.charter.clone())));
    let membership = third.admit(&Real, &id, FacilityClass::Hospital, START);
    scene.world.command(node, Command::Take([vec![membership], certs].concat()));
    scene.world.connect(node, scene.hospital);
    for reader in [id, scene.clinic_id.clone()] {
        let request = signed_by("toyama", &last_request(&scene), |body| {
            (body.id, body.reader) = (vec![31; 16], reader.as_str().into());
        });
        arrives(&mut scene.world, node, scene.hospital, request);
    }
    assert_eq!(count(&scene, scene.hospital, What::Answered), 1, "the clinic's own read");
}

#[test]
fn row_46_an_accord_ends_by_its_date_and_opens_no_other_purpose() {
    let mut scene = Scene::both_ways();
    let answer = scene.fetch(|order| order.purpose = Purpose::Research);
    assert_ne!(answer.status, HolderStatus::Data);
    let short = (START, scene.world.now.plus(HOUR_MS));
    let (accord, _) = builders::accord(&Real, &scene.kesen, &scene.mmwin, KindSet::ALL, short);
    for node in [scene.clinic, scene.hospital] {
        scene.world.command(node, Command::Take(vec![accord.clone()]));
    }
    let candidate = scene.locate().remove(0);
    assert_eq!(scene.fetch_from(candidate.clone(), |_| {}).status, HolderStatus::Data);
    scene.world.pass(HOUR_MS);
    assert_ne!(scene.fetch_from(candidate, |_| {}).status, HolderStatus::Data);
    assert_eq!(count(&scene, scene.hospital, What::Answered), 1);
}

#[test]
fn row_47_a_role_that_is_left_out_or_reads_nothing_and_a_stale_request_get_nothing() {
    let mut scene = Scene::both_ways();
    scene.fetch(|_| {});
    let (clinic, hospital, good) = (scene.clinic, scene.hospital, last_request(&scene));
    let decided = count(&scene, hospital, What::Decided);
    for role in [None, Some(99), Some(100_000)] {
        let request = signed_by("clinic", &good, |body| (body.id, body.role) = (vec![41; 16], role));
        arrives(&mut scene.world, clinic, hospital, request);
    }
    let unsaid = signed_by("clinic", &good, |body| (body.id, body.purpose) = (vec![44; 16], None));
    arrives(&mut scene.world, clinic, hospital, unsaid);
    assert_eq!(count(&scene, hospital, What::Decided), decided, "no such role: not even judged");
    let auditor = u32::from(Role::Auditor.code());
    scene.world.tamper = Some(lying(clinic, move |body| body.role = Some(auditor)));
    assert_eq!(scene.fetch(|_| {}).status, HolderStatus::Nothing);
    assert_eq!(
        scene.reason(),
        Some(Why::NoHolderConsent),
        "no consent names auditors; their role opens nothing either"
    );
    scene.world.tamper = None;
    let stale = scene.world.now.minus(3 * HOUR_MS).0;
    let old = signed_by("clinic", &good, |b| (b.id, b.made_at, b.deadline) = (vec![43; 16], stale, stale + HOUR_MS));
    arrives(&mut scene.world, clinic, hospital, old);
    assert_eq!(count(&scene, hospital, What::Answered), 1);
}

#[test]
fn row_154_a_withdrawal_stops_a_transfer_that_is_under_way() {
    let mut scene = Scene::both_ways();
    let candidate = scene.locate().remove(0);
    let order = scene.order(candidate);
    let (clinic, hospital) = (scene.clinic, scene.hospital);
    scene.world.tamper = Some(Box::new(|_, message| match message {
        Message::Request(_) => None,
        other => Some(other),
    }));
    scene.world.command(clinic, Command::Fetch(Box::new(order)));
    let request = Message::Request(last_request(&scene));
    let now = scene.world.now;
    let mut stop = builders::consent(&scene.hospital_id, 7, 2, now);
    stop.stance = Stance::Stop;
    let node = scene.world.nodes.get_mut(&hospital).expect("there");
    node.engine.handle(now, Input::Message { from: clinic, message: request });
    let (served, _) = drain(node, now);
    let serving =
        served.into_iter().find_map(|e| if let Effect::Serve(serve) = e { Some(serve.plan.request) } else { None });
    let serving: RequestId = serving.expect("a transfer began");
    let consent = Command::Consent { patient: PATIENT, receipt: Box::new(stop) };
    node.engine.handle(now, Input::Command(Ticket(77), consent));
    let (effects, _) = drain(node, now);
    assert!(
        effects.iter().any(|effect| matches!(effect, Effect::Cancel(request) if *request == serving)),
        "{effects:?}"
    );
}

#[test]
fn row_158_what_is_parted_while_the_partner_is_away_opens_nothing_when_it_is_back() {
    let mut scene = Scene::both_ways();
    let candidate = scene.locate().remove(0);
    assert_eq!(scene.fetch_from(candidate.clone(), |_| {}).status, HolderStatus::Data);
    let ask = Command::AskLink {
        patient: PATIENT,
        facility: scene.clinic_id.clone(),
        candidate: Box::new(candidate.clone()),
        staff: "s1".into(),
        statement: "is this our patient?".into(),
    };
    scene.world.command(scene.clinic, ask);
    let question = protocol::engine::pending_links(&scene.world.nodes[&scene.hospital].view).remove(0);
    scene.world.cut(scene.clinic, scene.hospital);
    let answer =
        Command::AnswerLink { id: question.id, verdict: protocol::engine::LinkVerdict::NotSame, staff: "h1".into() };
    scene.world.command(scene.hospital, answer);
    scene.world.pass(30 * protocol::time::DAY_MS);
    scene.world.connect(scene.clinic, scene.hospital);
    scene.world.pass(HOUR_MS);
    let after = scene.fetch_from(candidate, |_| {});
    assert_ne!(after.status, HolderStatus::Data);
    assert_eq!(count(&scene, scene.hospital, What::Answered), 1);
}

#[test]
fn row_160_an_accord_taken_back_empties_the_index_and_leaves_the_log() {
    let mut scene = Scene::both_ways();
    let candidate = scene.locate().remove(0);
    scene.fetch_from(candidate.clone(), |_| {});
    let events = audit::events(&scene.world.nodes[&scene.clinic].view, 0, 10_000).len();
    let target = Target::Accord(protocol::state::Accord::id_of(scene.kesen.id, scene.mmwin.id));
    let revocation = Revocation {
        network: scene.mmwin.id,
        target,
        effective: scene.world.now,
        reason: "the council ended it".into(),
    };
    let by = [&scene.mmwin.shares[0], &scene.mmwin.shares[1]];
    scene.world.command(scene.hospital, Command::Take(vec![revocation.draft(1).sign(&Real, &by)]));
    scene.world.pass(1_000);
    assert_eq!(scene.locate(), Vec::new(), "nobody is found over it any more");
    assert_ne!(scene.fetch_from(candidate, |_| {}).status, HolderStatus::Data);
    assert!(audit::events(&scene.world.nodes[&scene.clinic].view, 0, 10_000).len() >= events);
}

#[test]
fn row_162_kinds_that_nobody_knows_open_nothing_else() {
    let mut scene = Scene::both_ways();
    scene.world.tamper = Some(lying(scene.clinic, |body| body.kinds = 1 << 31));
    let answer = scene.fetch(|order| order.period = Period::ALL);
    assert_eq!((answer.status, answer.items.len()), (HolderStatus::Nothing, 0));
    assert_eq!(count(&scene, scene.hospital, What::Answered), 0);
}

/// Performs commits, and gives every other effect and what was sent.
fn drain(node: &mut protocol::testing::pair::Node, now: protocol::time::Millis) -> (Vec<Effect>, Vec<Message>) {
    let (mut effects, mut messages) = (Vec::new(), Vec::new());
    while let Some(output) = node.engine.poll() {
        match output {
            Output::Effect(ticket, Effect::Commit(batch)) => {
                let leaves = node.view.commit(&batch);
                node.engine.handle(now, Input::Done(ticket, Done::Committed(leaves)));
            }
            Output::Effect(_, effect) => effects.push(effect),
            Output::Send { message, .. } => messages.push(message),
            Output::Event(_) => {}
        }
    }
    (effects, messages)
}

/// Bodies of the decisions that the hospital sent the clinic.
fn decisions(scene: &Scene, since: usize) -> Vec<Vec<u8>> {
    let messages = sent(scene, since, scene.hospital, scene.clinic).into_iter();
    messages.filter_map(|m| if let Message::Decision(decision) = m { Some(decision.body) } else { None }).collect()
}

fn shown_of(body: &[u8]) -> u32 {
    <v1::DecisionBody as prost::Message>::decode(body).expect("our own").shown
}

/// *Nothing for you*: absent and forbidden alike.
const NOTHING: u32 = 2;
/// *Busy*.
const BUSY: u32 = 4;
