//! Two networks, one accord, one read, without a network under it: what the Engine promises end to end.
use protocol::audit::{self, What};
use protocol::consent::{Stance, modes};
use protocol::crypto::Real;
use protocol::engine::{Certainty, Command, Event, HolderStatus, Input, LinkVerdict, LocateOrder, Ticket};
use protocol::ids::ReceiptId;
use protocol::kinds::{Coarse, KindSet};
use protocol::policy::Why;
use protocol::state::{Revocation, Target};
use protocol::testing::builders;
use protocol::testing::pair::SALT;
use protocol::testing::scene::{PATIENT, START, Scene, scene, strings};

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
fn row_46_a_kind_outside_the_accord_is_refused_with_its_clause() {
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
fn row_189_an_offline_holder_is_offline_and_never_none() {
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
fn row_156_fewer_rules_wait_for_both_desks_and_their_word_opens_it() {
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
#[test]
fn after_a_time_off_a_holder_is_unknown_until_somebody_says_that_its_index_is_the_newest() {
    let mut scene = Scene::both_ways();
    assert_eq!(scene.locate().len(), 1);
    let disk = scene.world.nodes[&scene.clinic].view.0.lock().expect("one thread").clone();
    scene.world.pass(60 * 60_000);
    let identity = builders::identity(&Real, "clinic", std::slice::from_ref(&scene.clinic_id), START);
    scene.world.restore("clinic", identity, &[scene.kesen.id], disk);
    let unknown = |scene: &Scene| scene.world.nodes[&scene.clinic].engine.snapshot(scene.world.now).unconfirmed;
    assert_eq!(scene.locate(), Vec::new(), "the patient may have withdrawn meanwhile");
    assert_eq!(unknown(&scene), [scene.hospital_id.clone()].into(), "and that is said, not none");
    scene.world.connect(scene.clinic, scene.hospital);
    scene.world.pass(1_000);
    assert_eq!((scene.locate().len(), unknown(&scene).len()), (1, 0));
}
