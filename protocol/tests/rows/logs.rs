//! Row 98: a log that was replaced together with its head.
use super::count;
use protocol::audit::What;
use protocol::consent::Stance;
use protocol::crypto::Real;
use protocol::engine::{Alarm, Command, Event};
use protocol::testing::builders;
use protocol::testing::scene::{PATIENT, START, Scene};

#[test]
fn row_98_a_log_and_head_that_were_both_replaced_are_seen_by_whoever_signed_before() {
    let mut scene = Scene::both_ways();
    let before = scene.world.nodes[&scene.hospital].view.0.lock().expect("one thread").clone();
    scene.fetch(|_| {});
    scene.world.command(scene.hospital, Command::Checkpoint);
    scene.world.events(scene.clinic);
    // The store of before the read is put back, and other things are made to happen until the log is as long as it was.
    let identity = builders::identity(&Real, "hospital", std::slice::from_ref(&scene.hospital_id), START);
    scene.world.restore("hospital", identity, &[scene.mmwin.id], before);
    for number in 20..40 {
        let mut no = builders::consent(&scene.hospital_id, 7, number, scene.world.now);
        no.stance = if number % 2 == 0 { Stance::Stop } else { no.stance };
        scene.world.command(scene.hospital, Command::Consent { patient: PATIENT, receipt: Box::new(no) });
    }
    scene.world.connect(scene.clinic, scene.hospital);
    scene.world.command(scene.hospital, Command::Checkpoint);
    let seen = scene.world.events(scene.clinic);
    assert!(seen.iter().any(|event| matches!(event, Event::Alarm(Alarm::LogFork(_)))), "{seen:?}");
    assert!(count(&scene, scene.clinic, What::ForkSeen) > 0, "kept as evidence");
}
