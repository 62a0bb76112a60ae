//! Rows 31 to 36 and 58: who may speak, as membership, certificate and version say.
use super::{arrives, count, last_request, sent, signed_by};
use protocol::audit::What;
use protocol::crypto::{Crypto, Real, Secret};
use protocol::engine::{Command, HolderStatus};
use protocol::ids::NodeKey;
use protocol::kinds::FacilityClass;
use protocol::policy::Why;
use protocol::state::{Membership, NodeCert, Revocation, Standing, Target};
use protocol::testing::builders;
use protocol::testing::scene::{START, Scene, lying};
use protocol::time::DAY_MS;
use protocol::wire::{Message, v1};

#[test]
fn row_31_an_unknown_key_gets_a_refusal_and_nothing_of_a_patient() {
    let mut scene = Scene::both_ways();
    scene.fetch(|_| {});
    let own = builders::facility(9);
    let identity = builders::identity(&Real, "stranger", std::slice::from_ref(&own), START);
    let stranger = scene.world.add("stranger", identity, &[]);
    let before = scene.world.nodes[&scene.hospital].view.0.lock().expect("one thread").clone();
    let since = scene.world.frames.len();
    scene.world.connect(stranger, scene.hospital);
    // Everything that a member ever said, and a question of its own.
    for message in sent(&scene, 0, scene.clinic, scene.hospital) {
        arrives(&mut scene.world, stranger, scene.hospital, message);
    }
    let own_question = signed_by("stranger", &last_request(&scene), |body| body.id = vec![9; 16]);
    arrives(&mut scene.world, stranger, scene.hospital, own_question);
    let answers = sent(&scene, since, scene.hospital, stranger);
    assert!(answers.iter().any(|message| matches!(message, Message::Refuse(_))));
    let about_no_patient = |message: &Message| {
        matches!(message, Message::Hello(_) | Message::Refuse(_) | Message::Proposal(_) | Message::JoinAnswer(_))
    };
    assert!(answers.iter().all(about_no_patient), "{answers:?}");
    assert!(before == *scene.world.nodes[&scene.hospital].view.0.lock().expect("one thread"), "nothing was written");
}

#[test]
fn row_32_a_membership_that_ended_a_second_ago_opens_nothing() {
    let mut scene = Scene::both_ways();
    let ends = scene.world.now.plus(60_000);
    let short =
        Membership { to: ends, ..scene.kesen.membership(&Real, &scene.clinic_id, FacilityClass::Clinic, START) };
    let by = [&scene.kesen.shares[0], &scene.kesen.shares[1]];
    scene.world.command(scene.hospital, Command::Take(vec![short.draft(START.0 + 1).sign(&Real, &by)]));
    let candidate = scene.locate().remove(0);
    assert_eq!(scene.fetch_from(candidate.clone(), |_| {}).status, HolderStatus::Data, "a minute before");
    let answered = count(&scene, scene.hospital, What::Answered);
    let left = ends.since(scene.world.now);
    scene.world.pass(left + 1_000);
    assert_eq!(scene.fetch_from(candidate, |_| {}).status, HolderStatus::NotMember);
    assert_eq!(count(&scene, scene.hospital, What::Answered), answered);
}

#[test]
fn row_33_a_members_key_does_not_speak_for_another_facility() {
    let mut scene = Scene::both_ways();
    let neighbour = builders::facility(3);
    let identity = builders::identity(&Real, "neighbour", std::slice::from_ref(&neighbour), START);
    let membership = scene.kesen.admit(&Real, &neighbour, FacilityClass::Hospital, START);
    scene.world.command(scene.hospital, Command::Take([vec![membership], identity.certs].concat()));
    scene.world.tamper = Some(lying(scene.clinic, move |body| body.reader = builders::facility(3).as_str().into()));
    let answer = scene.fetch(|_| {});
    assert_ne!(answer.status, HolderStatus::Data);
    assert_eq!(scene.reason(), Some(Why::NotAMember));
    assert_eq!(count(&scene, scene.hospital, What::Answered), 0);
}

/// What the hospital thinks of a new node of the clinic's after it saw this certificate.
fn standing_with(change: impl FnOnce(&mut NodeCert), signers: impl Fn(Vec<Secret>) -> Vec<Secret>) -> Standing {
    let mut scene = Scene::both_ways();
    let node = builders::secret("clinic later/node");
    let mut cert =
        NodeCert::decode(&builders::identity(&Real, "clinic", &[scene.clinic_id.clone()], START).certs[0].body)
            .expect("our own");
    cert.node = NodeKey(Real.public(&node).0);
    change(&mut cert);
    let keys = signers(vec![builders::root(&scene.clinic_id), node]);
    let signed = cert.draft(2).sign(&Real, &keys.iter().collect::<Vec<_>>());
    scene.world.command(scene.hospital, Command::Take(vec![signed]));
    let book = scene.world.nodes[&scene.hospital].engine.book();
    book.standing(&cert.node, scene.world.now)
}

#[test]
fn row_35_a_certificate_that_does_not_hold_makes_nobody_a_member() {
    let both = |keys| keys;
    assert!(matches!(standing_with(|_| {}, both), Standing::Partner(_)), "a good one does");
    let strangers = [
        ("over", standing_with(|cert| cert.to = START.minus(1), both)),
        ("not begun", standing_with(|cert| cert.from = START.plus(DAY_MS), both)),
        ("of another facility", standing_with(|cert| cert.facility = builders::facility(2), both)),
        ("by a root that is no member's", standing_with(|cert| cert.root = Real.public(&builders::secret("x")), both)),
        ("by the root alone", standing_with(|_| {}, |keys| keys.into_iter().take(1).collect())),
        ("by itself alone", standing_with(|_| {}, |keys| keys.into_iter().skip(1).collect())),
    ];
    for (which, standing) in strangers {
        assert_eq!(standing, Standing::Stranger, "{which}");
    }
}

#[test]
fn row_36_what_a_revoked_key_signed_before_stays_proven_and_nothing_new_is_taken() {
    let mut scene = Scene::both_ways();
    let candidate = scene.locate().remove(0);
    let request = scene.fetch_from(candidate.clone(), |_| {}).request.expect("sent");
    let revocation = Revocation {
        network: scene.kesen.id,
        target: Target::Node(scene.clinic),
        effective: scene.world.now,
        reason: "the node was stolen".into(),
    };
    let by = [&scene.kesen.shares[0], &scene.kesen.shares[2]];
    scene.world.command(scene.hospital, Command::Take(vec![revocation.draft(1).sign(&Real, &by)]));
    assert_eq!(scene.fetch_from(candidate, |_| {}).status, HolderStatus::NotMember);
    assert_eq!(count(&scene, scene.hospital, What::Answered), 1);
    let receipt = protocol::fetch::receipt_of(&scene.world.nodes[&scene.hospital].view, request).expect("kept");
    assert!(receipt.verify(&Real, &scene.clinic.into(), &scene.hospital.into()));
}

#[test]
fn row_58_a_version_that_we_do_not_speak_is_refused_with_what_to_do() {
    for (version_min, version_max) in [(0, 0), (99, 120)] {
        let mut scene = Scene::both_ways();
        scene.world.cut(scene.clinic, scene.hospital);
        let since = scene.world.frames.len();
        scene.world.tamper = {
            let clinic = scene.clinic;
            Some(Box::new(move |from, message| match message {
                Message::Hello(hello) if from == clinic => {
                    Some(Message::Hello(v1::Hello { version_min, version_max, ..hello }))
                }
                other => Some(other),
            }))
        };
        scene.world.connect(scene.clinic, scene.hospital);
        let answers = sent(&scene, since, scene.hospital, scene.clinic);
        let says_so =
            |m: &Message| matches!(m, Message::Refuse(refuse) if refuse.hint.contains("update the older side"));
        assert!(answers.iter().any(says_so), "{answers:?}");
        assert!(!answers.iter().any(|m| matches!(m, Message::Heads(_) | Message::Objects(_))), "nothing else follows");
    }
}
