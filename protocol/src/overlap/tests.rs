//! Two sides count what they share; what is altered, replayed, sent too often or no honest point is refused.
use super::*;
use crate::crypto::{Crypto, Real, Secret};
use crate::ids::{NetworkId, NodeKey, PublicKey};
use crate::limits::{OVERLAP_FILL, OVERLAP_MARKS, OVERLAP_PERIOD_MS, OVERLAP_STEP};
use crate::oprf::ElementError;
use crate::time::{DAY_MS, Millis};
use proptest::prelude::*;
use std::collections::BTreeSet;

const NOW: Millis = Millis(1_800_000_000_000);

fn terms(session: u8) -> Terms {
    Terms {
        session: [session; 16],
        asker: NetworkId([1; 32]),
        partner: NetworkId([2; 32]),
        rule: 2,
        normaliser: 3,
        at: NOW,
    }
}
fn secret(byte: u8) -> Secret {
    Secret::from_bytes([byte; 32])
}
fn mask(byte: u8) -> Mask {
    Mask::new(&secret(byte), &terms(1))
}
fn key(byte: u8) -> PublicKey {
    Real.public(&secret(byte))
}
fn begun(session: u8, days_ago: u64) -> Begun {
    Begun { terms: terms(session), at: NOW.minus(days_ago * DAY_MS) }
}
/// A side's list of the persons with these numbers.
fn list(mask: &Mask, persons: impl IntoIterator<Item = u32>) -> List {
    let points = persons.into_iter().filter_map(|person| mask.point(&person.to_be_bytes()));
    List::gather(points.collect()).expect("short")
}
fn whole(mask: &Mask, persons: impl IntoIterator<Item = u32>) -> List {
    let points = list(mask, persons).points().iter().copied().chain(mask.marks()).collect();
    List::gather(points).expect("short").filled(&[9; 32]).expect("short")
}
fn ask(session: u8) -> Ask {
    Ask { terms: terms(session), node: NodeKey(key(7).0), points: 3, list: List::default().hash() }
}
fn answer(ask: &Ask) -> Answer {
    Answer { ask: ask.hash(), raised: List::default().hash(), own: List::default().hash() }
}

#[test]
fn two_sides_are_told_about_how_many_they_share() {
    for (shared, expect) in [(300, Told::About(300)), (20, Told::Few), (0, Told::Few)] {
        let (ours, theirs) = (mask(1), mask(2));
        let asked = whole(&ours, 0..500);
        let answered = whole(&theirs, (500 - shared)..900);
        let raised = asked.raised(&theirs, &mut |_| ()).expect("points");
        let common = answered.raised(&ours, &mut |_| ()).expect("points").common(&raised);
        assert_eq!(Told::of(common), expect, "{shared} shared, {common} equal points");
    }
}
#[test]
fn the_marks_of_a_side_are_half_and_follow_from_its_secret() {
    let half = OVERLAP_MARKS as usize / 2;
    assert_eq!(mask(1).marks().len(), half);
    assert_eq!(mask(1).marks(), mask(1).marks());
    // Raised by the other side they can be compared: some are in both, not all.
    let of = |own: u8, other: u8| {
        let raised = mask(own).marks().iter().map(|mark| mask(other).raise(mark).expect("a point")).collect();
        List::gather(raised).expect("short")
    };
    let both = of(1, 2).common(&of(2, 1));
    assert!((half / 2 - 60..half / 2 + 60).contains(&both), "{both}");
    let others: BTreeSet<usize> = (2..8).map(|other| of(1, other).common(&of(other, 1))).collect();
    assert!(others.len() > 1, "the number of common marks is not the same for all secrets: {others:?}");
}
#[test]
fn what_is_told_is_a_multiple_of_a_hundred_or_nothing() {
    let quarter = OVERLAP_MARKS as usize / 4;
    for (shared, expect) in [
        (0, Told::Few),
        (99, Told::Few),
        (100, Told::About(100)),
        (149, Told::About(100)),
        (150, Told::About(200)),
        (300, Told::About(300)),
    ] {
        assert_eq!(Told::of(quarter + shared), expect, "{shared}");
    }
    assert_eq!(Told::of(0), Told::Few);
    assert_eq!(Told::of(usize::MAX).about().map(|about| about % OVERLAP_STEP), Some(0));
}
#[test]
fn points_of_one_count_say_nothing_in_another() {
    let other = Mask::new(&secret(1), &terms(2));
    assert_ne!(mask(1).point(b"x"), other.point(b"x"));
    assert_ne!(mask(1).point(b"x"), mask(2).point(b"x"));
    assert_eq!(format!("{:?}", mask(1)), "‹secret›");
}
#[test]
fn the_length_of_a_list_tells_a_sides_size_roughly() {
    for persons in [0, 1, 400, 999] {
        assert_eq!(list(&mask(1), 0..persons).filled(&[3; 32]).expect("short").len(), OVERLAP_FILL);
    }
    assert_eq!(list(&mask(1), 0..1_000).filled(&[3; 32]).expect("short").len(), 2 * OVERLAP_FILL);
}
#[test]
fn a_patient_of_two_holders_is_one() {
    let (one, two) = (list(&mask(1), 0..30), list(&mask(1), 20..50));
    let merged = List::gather(one.points().iter().chain(two.points()).copied().collect()).expect("short");
    assert_eq!(merged, list(&mask(1), 0..50));
}
#[test]
fn duplicates_disorder_and_malicious_elements_are_refused() {
    let honest = list(&mask(1), 0..3);
    let [low, mid, high] = honest.points() else { panic!("three") };
    let read = |points: &[Point]| {
        let mut list = List::default();
        points.iter().try_for_each(|point| list.take(*point))
    };
    assert_eq!(read(&[*low, *mid, *high]), Ok(()));
    assert_eq!(read(&[*low, *low]), Err(ListError::Order(2)));
    assert_eq!(read(&[*low, *high, *mid]), Err(ListError::Order(3)));
    assert_eq!(read(&[[0; 32]]), Err(ListError::Point(1, ElementError::Identity(0))));
    assert_eq!(read(&[[0xff; 32]]), Err(ListError::Point(1, ElementError::Encoding(0))));
    // The field's prime plus two: another encoding of a small number, which no canonical element has.
    let mut above = [0xff; 32];
    (above[0], above[31]) = (0xef, 0x7f);
    assert_eq!(read(&[above]), Err(ListError::Point(1, ElementError::Encoding(0))));
    assert_eq!(mask(1).raise(&[0; 32]), Err(ElementError::Identity(0)));
}
#[test]
fn an_ask_is_answered_once_and_only_by_whom_it_names() {
    let own = [NetworkId([2; 32])];
    let stated = Stated::sign(&Real, &secret(5), ask(1));
    let check = |stated: &Stated<Ask>, own: &[NetworkId], past: &[Begun], now| {
        Session::check_ask(&Real, stated, (own, &[key(5)]), past, now)
    };
    assert_eq!(check(&stated, &own, &[], NOW), Ok(()));
    assert_eq!(check(&stated, &[NetworkId([3; 32])], &[], NOW), Err(Refused::WrongNetwork));
    assert_eq!(check(&stated, &own, &[begun(1, 0)], NOW), Err(Refused::Replayed));
    assert!(matches!(check(&stated, &own, &[], NOW.plus(OVERLAP_PERIOD_MS)), Err(Refused::Old(_))));
    assert!(matches!(check(&stated, &own, &[], NOW.minus(DAY_MS)), Err(Refused::Old(_))));
    let by_another = Stated::sign(&Real, &secret(6), ask(1));
    assert_eq!(check(&by_another, &own, &[], NOW), Err(Refused::Signature));
    let mut changed = stated.clone();
    changed.says.points = 4;
    assert_eq!(check(&changed, &own, &[], NOW), Err(Refused::Signature));
    let to_itself = Ask { terms: Terms { partner: NetworkId([1; 32]), ..terms(1) }, ..ask(1) };
    assert_eq!(Session::asked(&to_itself, &[], NOW), Err(Refused::SameNetwork));
}
#[test]
fn a_third_count_of_a_pair_waits_whoever_asks() {
    let past = [begun(2, 30), begun(3, 1)];
    assert!(matches!(Session::asked(&ask(1), &past, NOW), Err(Refused::TooOften(_))));
    let turned = Terms { asker: NetworkId([2; 32]), partner: NetworkId([1; 32]), ..terms(4) };
    assert!(matches!(check_begin(&turned, &past, NOW), Err(Refused::TooOften(_))));
    assert_eq!(check_begin(&terms(1), &past[1..], NOW), Ok(()));
    assert_eq!(check_begin(&terms(1), &[begun(2, 31), begun(3, 1)], NOW), Ok(()), "the first is long ago");
    let elsewhere = Terms { partner: NetworkId([8; 32]), ..terms(4) };
    assert_eq!(check_begin(&elsewhere, &past, NOW), Ok(()), "another partner");
    let Err(Refused::TooOften(when)) = check_begin(&terms(1), &past, NOW) else { panic!("refused") };
    assert_eq!(when, NOW.plus(DAY_MS).date_jst(), "when the older of the two is 31 days old");
}
#[test]
fn each_step_is_taken_once_and_in_order() {
    let asked = ask(1);
    let mut ours = Session::asked(&asked, &[], NOW).expect("asked");
    let mut theirs = Session::answered(&asked, &answer(&asked), &[], NOW).expect("answered");
    let stated = Stated::sign(&Real, &secret(6), answer(&asked));
    fn check(ours: &Session, stated: &Stated<Answer>, points: usize) -> Result<(), Refused> {
        ours.check_answer(&Real, stated, (&[key(6)], points))
    }
    assert_eq!(check(&ours, &stated, 3), Ok(()));
    assert_eq!(check(&ours, &stated, 2), Err(Refused::Points { have: 2, need: 3 }));
    assert_eq!(check(&ours, &Stated::sign(&Real, &secret(4), answer(&asked)), 3), Err(Refused::Signature));
    assert_eq!(check(&ours, &Stated::sign(&Real, &secret(6), answer(&ask(2))), 3), Err(Refused::Step));
    let early = Stated::sign(&Real, &secret(7), Outcome { answer: answer(&ask(2)).hash(), told: Told::Few });
    assert_eq!(theirs.hear(&Real, &early), Err(Refused::Step));

    let outcome = ours.count(&answer(&asked), 900).expect("counted");
    assert_eq!(outcome.told, Told::About(600));
    assert_eq!(ours.count(&answer(&asked), 900), Err(Refused::Step));
    assert_eq!(check(&ours, &stated, 3), Err(Refused::Step), "an answer counts once");
    let by_another = Stated::sign(&Real, &secret(6), outcome.clone());
    assert_eq!(theirs.hear(&Real, &by_another), Err(Refused::Signature));
    let told = Stated::sign(&Real, &secret(7), outcome);
    assert_eq!(theirs.hear(&Real, &told), Ok(Told::About(600)));
    assert_eq!(theirs.hear(&Real, &told), Err(Refused::Step));
}

proptest! {
    #[test]
    fn masks_commute_and_count_what_is_shared(ours in proptest::collection::btree_set(0u32..40, 0..12), theirs in proptest::collection::btree_set(0u32..40, 0..12)) {
        let (a, b) = (mask(1), mask(2));
        let one = list(&a, ours.clone()).raised(&b, &mut |_| ()).expect("points");
        let two = list(&b, theirs.clone()).raised(&a, &mut |_| ()).expect("points");
        prop_assert_eq!(one.common(&two), ours.intersection(&theirs).count());
        prop_assert_eq!(two.common(&one), ours.intersection(&theirs).count());
    }
    #[test]
    fn the_order_in_which_patients_are_read_is_not_seen(mut persons in proptest::collection::vec(0u32..1_000, 0..12)) {
        let there = list(&mask(1), persons.clone());
        persons.reverse();
        prop_assert_eq!(list(&mask(1), persons), there);
    }
    #[test]
    fn statements_read_back_and_any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300), session: u8, count in 0u32..50) {
        let asked = Stated::sign(&Real, &secret(5), ask(session));
        prop_assert_eq!(Stated::decode(&asked.encode()), Ok(asked));
        let outcome = Outcome { answer: answer(&ask(session)).hash(), told: Told::of(count as usize * 100) };
        prop_assert_eq!(Outcome::decode(&outcome.encode()), Ok(outcome));
        let _ = (Ask::decode(&bytes), Answer::decode(&bytes), Outcome::decode(&bytes), Stated::<Ask>::decode(&bytes));
        let _ = bytes.as_chunks::<32>().0.iter().try_for_each(|point| List::default().take(*point));
    }
    #[test]
    fn no_changed_byte_of_a_signed_statement_passes(at: usize, bit in 0u8..8) {
        let asked = Stated::sign(&Real, &secret(5), ask(1));
        let mut bytes = asked.encode();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        if let Ok(changed) = Stated::<Ask>::decode(&bytes) {
            prop_assert!(!changed.is_by(&Real, &[key(5)]));
        }
    }
    #[test]
    fn a_number_that_nobody_may_tell_is_not_read(count: u32) {
        let answer = [0; 32];
        let read = Outcome::decode(&[&answer[..], &count.to_be_bytes()].concat());
        prop_assert_eq!(read.is_ok(), count.is_multiple_of(OVERLAP_STEP));
    }
}
