//! Rows 42 and 167: what founders sign too few or twice.
use protocol::crypto::{Crypto, Real};
use protocol::engine::{Alarm, Command, Event};
use protocol::kinds::FacilityClass;
use protocol::state::{KeySignature, Membership};
use protocol::testing::builders;
use protocol::testing::scene::{START, Scene};
use protocol::time::DAY_MS;

#[test]
fn row_42_two_objects_with_one_number_are_told_and_the_first_stays() {
    let mut scene = Scene::both_ways();
    let (first, second) = (FacilityClass::Clinic, FacilityClass::Hospital);
    let facility = builders::facility(9);
    let by = [&scene.kesen.shares[0], &scene.kesen.shares[1]];
    let [one, two] =
        [first, second].map(|class| scene.kesen.membership(&Real, &facility, class, START).draft(5).sign(&Real, &by));
    scene.world.command(scene.hospital, Command::Take(vec![one]));
    scene.world.events(scene.hospital);
    scene.world.command(scene.hospital, Command::Take(vec![two]));
    let events = scene.world.events(scene.hospital);
    assert!(events.iter().any(|event| matches!(event, Event::Alarm(Alarm::Fork(_)))), "{events:?}");
    let book = scene.world.nodes[&scene.hospital].engine.book();
    assert_eq!(book.membership(scene.kesen.id, &facility).map(|m| m.class), Some(first));
}

#[test]
fn row_167_an_admission_by_too_few_by_one_twice_or_by_a_stranger_admits_nobody() {
    let mut scene = Scene::both_ways();
    let facility = builders::facility(9);
    let membership = scene.kesen.membership(&Real, &facility, FacilityClass::Clinic, START);
    let shares = &scene.kesen.shares;
    let alone = membership.draft(1).sign(&Real, &[&shares[0]]);
    let mut twice = alone.clone();
    let other = Real.sign(&shares[0], &twice.signing_bytes());
    twice.signatures.push(KeySignature { key: Real.public(&shares[0]), signature: other });
    let stranger = membership.draft(1).sign(&Real, &[&shares[0], &builders::secret("nobody")]);
    // A signature of another object under a founder's name.
    let later = Membership { to: membership.to.minus(DAY_MS), ..membership.clone() };
    let mut lent = later.draft(1).sign(&Real, &[&shares[0]]);
    lent.signatures.extend(membership.draft(1).sign(&Real, &[&shares[1]]).signatures);
    for (which, object) in [("one of two", alone), ("one twice", twice), ("a stranger", stranger), ("lent", lent)] {
        scene.world.command(scene.hospital, Command::Take(vec![object]));
        let book = scene.world.nodes[&scene.hospital].engine.book();
        assert!(book.membership(scene.kesen.id, &facility).is_none(), "{which}");
    }
    let both = membership.draft(1).sign(&Real, &[&shares[0], &shares[1]]);
    scene.world.command(scene.hospital, Command::Take(vec![both]));
    assert!(scene.world.nodes[&scene.hospital].engine.book().membership(scene.kesen.id, &facility).is_some());
}
