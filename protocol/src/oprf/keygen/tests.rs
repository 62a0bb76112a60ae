use super::super::share::Polynomial;
use super::super::{Mode, Partial, Seat, blind, evaluate, finalize};
use super::step::{Deal, Said};
use super::*;
use crate::crypto::{Crypto, Real, Secret, seal_public, sha256};
use crate::ids::{Hash, NodeKey};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::collections::BTreeMap;

fn secret(what: &str, at: usize) -> Secret {
    Secret::from_bytes(sha256(&[what.as_bytes(), &[at as u8]]).0)
}
fn seat(number: u32) -> Seat {
    Seat::new(number).expect("a seat")
}
fn ceremony(threshold: usize, seats: usize) -> Ceremony {
    let member =
        |at| Member { node: NodeKey(Real.public(&secret("node", at)).0), seal: seal_public(&secret("seal", at)) };
    Ceremony { id: Hash([threshold as u8; 32]), threshold, members: (0..seats).map(member).collect() }
}
fn own(at: usize) -> Own {
    Own { seat: seat(at as u32 + 1), node: secret("node", at), seal: secret("seal", at), seed: secret("seed", at) }
}
fn begin(ceremony: &Ceremony, at: usize) -> Keygen {
    Keygen::begin(&Real, ceremony.clone(), own(at)).expect("a good ceremony")
}
/// Members that tell each other all, in an order that `seed` gives, until there is nothing new.
fn gossip(members: &mut [Keygen], seed: u64) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    loop {
        let mut told: Vec<(usize, Step)> = Vec::new();
        for member in &*members {
            told.extend((0..members.len()).flat_map(|to| member.steps().map(move |step| (to, step.clone()))));
        }
        let mut news = false;
        while !told.is_empty() {
            let (to, step) = told.swap_remove(rng.next_u32() as usize % told.len());
            news |= members[to].take(&Real, step).expect("a signed step");
        }
        if !news {
            return;
        }
    }
}
/// A deal of seat `at`, changed and signed by it.
fn false_deal(ceremony: &Ceremony, at: usize, change: impl FnOnce(&mut Deal)) -> Step {
    let own = own(at);
    let polynomial = Polynomial::of_seed(&own.seed, &ceremony.id.0, ceremony.threshold);
    let mut deal = Deal::of(&polynomial, &own.seed, ceremony, own.seat).expect("a deal");
    change(&mut deal);
    Step::sign(&Real, &own.node, ceremony.id, own.seat, &Said::Deal(Box::new(deal)))
}
/// Lets all but seat 1, which only says `steps`, make a key.
fn with_bad_first(ceremony: &Ceremony, steps: &[Step]) -> Vec<Keygen> {
    let mut honest: Vec<Keygen> = (1..ceremony.members.len()).map(|at| begin(ceremony, at)).collect();
    for step in steps {
        for member in &mut honest {
            member.take(&Real, step.clone()).expect("signed");
        }
    }
    gossip(&mut honest, 1);
    honest
}
#[track_caller]
fn check_failed(members: &[Keygen], wrong: DealerWrong) {
    for member in members {
        assert_eq!(member.progress(), Progress::Failed(vec![DealerFault { seat: seat(1), wrong }]));
        assert!(member.made().is_none());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn all_members_end_with_shares_of_one_key_whatever_the_order(
        (threshold, seats) in (2usize..=3).prop_flat_map(|t| (Just(t), t..=5)), order: u64,
    ) {
        let ceremony = ceremony(threshold, seats);
        let mut members: Vec<Keygen> = (0..seats).map(|at| begin(&ceremony, at)).collect();
        gossip(&mut members, order);
        let made: Vec<Made> = members.iter().map(|m| m.made().expect("made")).collect();
        prop_assert!(made.iter().all(|m| m.keys == made[0].keys));

        let blinded = blind(Mode::Voprf, b"a patient", &[5; 64]).expect("fine");
        let asked = [blinded.element];
        let output = |chosen: &[Made]| {
            let answers: Vec<Partial> = chosen.iter().map(|m| {
                let (elements, proof) = evaluate(&m.share, &asked[0].encode(), &[6; 64]).expect("good");
                m.keys.check(m.share.seat(), &asked, &elements, &proof).expect("honest")
            }).collect();
            made[0].keys.join(&answers).map(|joined| finalize(b"a patient", &blinded, &joined[0]))
        };
        let first = output(&made[..threshold]);
        prop_assert!(first.is_some());
        prop_assert_eq!(first, output(&made[seats - threshold..]));
        prop_assert_eq!(output(&made[..threshold - 1]), None);
    }
    #[test]
    fn any_bytes_are_taken_or_refused(number: u32, body: Vec<u8>, signature in proptest::collection::vec(any::<u8>(), 60..68)) {
        let step = Step::from_wire(crate::wire::v1::KeygenStep { seat: number, body, signature });
        if let Ok(step) = step {
            prop_assert!(begin(&ceremony(2, 3), 0).take(&Real, step).is_err());
        }
    }
}

#[test]
fn a_member_that_has_not_dealt_is_named() {
    let ceremony = ceremony(2, 3);
    let mut members: Vec<Keygen> = [0, 2].into_iter().map(|at| begin(&ceremony, at)).collect();
    gossip(&mut members, 1);
    assert_eq!(members[0].progress(), Progress::Waiting(vec![seat(2)]));
    assert!(members[0].made().is_none());
}
#[test]
fn a_share_that_does_not_hold_is_complained_of_and_opened_and_the_key_is_made() {
    let ceremony = ceremony(2, 3);
    let bad = false_deal(&ceremony, 0, |deal| deal.sealed[1] = deal.sealed[2].clone());
    let mut honest = with_bad_first(&ceremony, std::slice::from_ref(&bad));
    assert_eq!(honest[1].progress(), Progress::Waiting(vec![seat(1)]), "seat 2 complained and waits for an answer");
    let polynomial = Polynomial::of_seed(&own(0).seed, &ceremony.id.0, 2);
    let share = polynomial.share(seat(2)).expose().to_vec();
    let said = Said::Answer { complainer: seat(2), share };
    let answer = Step::sign(&Real, &own(0).node, ceremony.id, seat(1), &said);
    honest[1].take(&Real, answer).expect("signed");
    gossip(&mut honest, 2);
    let made: Vec<Made> = honest.iter().map(|m| m.made().expect("made")).collect();
    assert_eq!(made[0].keys, made[1].keys);
}
#[test]
fn an_answer_that_does_not_hold_is_a_proof_against_the_dealer() {
    let ceremony = ceremony(2, 3);
    let bad = false_deal(&ceremony, 0, |deal| deal.sealed[1] = vec![0; 80]);
    let said = Said::Answer { complainer: seat(2), share: vec![1; 32] };
    let answer = Step::sign(&Real, &own(0).node, ceremony.id, seat(1), &said);
    // Whether the answer comes before the deal or behind it.
    check_failed(&with_bad_first(&ceremony, &[bad.clone(), answer.clone()]), DealerWrong::Answer);
    check_failed(&with_bad_first(&ceremony, &[answer, bad]), DealerWrong::Answer);
}
#[test]
fn a_complaint_without_ground_stops_nothing() {
    let ceremony = ceremony(2, 3);
    let mut members: Vec<Keygen> = (0..3).map(|at| begin(&ceremony, at)).collect();
    let said = Said::Complaint { dealer: seat(2) };
    let complaint = Step::sign(&Real, &own(0).node, ceremony.id, seat(1), &said);
    members[2].take(&Real, complaint).expect("signed");
    assert!(members[2].made().is_none(), "it waits for the answer");
    gossip(&mut members, 3);
    assert!(members.iter().all(|member| member.made().is_some()));
}
#[test]
fn two_different_deals_of_one_seat_are_a_proof_against_it() {
    let ceremony = ceremony(2, 3);
    let (first, second) =
        (false_deal(&ceremony, 0, |_| {}), false_deal(&ceremony, 0, |deal| deal.sealed[2] = vec![1; 80]));
    // Each honest member was told another one.
    let mut honest: Vec<Keygen> = [1, 2].into_iter().map(|at| begin(&ceremony, at)).collect();
    honest[0].take(&Real, first).expect("signed");
    honest[1].take(&Real, second).expect("signed");
    gossip(&mut honest, 4);
    check_failed(&honest, DealerWrong::TwoDeals);
}
#[test]
fn a_dealer_that_does_not_know_what_it_deals_is_named() {
    let ceremony = ceremony(2, 3);
    // Commitments taken from another's deal, with its proof: that proof is bound to the other's seat.
    let mut of_second = None;
    false_deal(&ceremony, 1, |deal| of_second = Some(deal.clone()));
    let copied = of_second.expect("a deal");
    let bad = false_deal(&ceremony, 0, |deal| *deal = copied);
    check_failed(&with_bad_first(&ceremony, &[bad]), DealerWrong::Proof);
}
#[test]
fn a_deal_of_wrong_form_is_named() {
    let ceremony = ceremony(2, 3);
    for change in [
        (|deal| deal.commitments.truncate(1)) as fn(&mut Deal),
        |deal| deal.commitments[1] = vec![0; 32],
        |deal| deal.commitments[1] = vec![0xff; 32],
        |deal| deal.sealed.truncate(2),
    ] {
        let bad = false_deal(&ceremony, 0, change);
        check_failed(&with_bad_first(&ceremony, &[bad]), DealerWrong::Form);
    }
}
#[test]
fn a_step_of_another_ceremony_or_author_is_refused() {
    let (here, there) = (ceremony(2, 3), Ceremony { id: Hash([9; 32]), ..ceremony(2, 3) });
    let step = false_deal(&there, 1, |_| {});
    assert_eq!(begin(&here, 0).take(&Real, step), Err(StepError::Signature(2)));
    let mut wire = false_deal(&here, 1, |_| {}).to_wire();
    wire.seat = 3;
    let stolen = Step::from_wire(wire.clone()).expect("well formed");
    assert_eq!(begin(&here, 0).take(&Real, stolen), Err(StepError::Signature(3)));
    wire.seat = 4;
    let nobody = Step::from_wire(wire).expect("well formed");
    assert_eq!(begin(&here, 0).take(&Real, nobody), Err(StepError::Seat(4)));
}
#[test]
fn a_member_that_was_stopped_deals_the_same_again_and_hears_what_it_missed() {
    let ceremony = ceremony(2, 3);
    let mut members: BTreeMap<usize, Keygen> = (0..3).map(|at| (at, begin(&ceremony, at))).collect();
    let first: Vec<Step> = members[&1].steps().cloned().collect();
    members.insert(1, begin(&ceremony, 1));
    let again: Vec<Step> = members[&1].steps().cloned().collect();
    assert_eq!(first.len(), again.len());
    let mut all: Vec<Keygen> = members.into_values().collect();
    gossip(&mut all, 5);
    assert!(all.iter().all(|member| member.made().is_some()));
}
#[test]
fn a_key_that_cannot_be_is_not_begun() {
    assert!(Keygen::begin(&Real, ceremony(1, 3), own(0)).is_err());
    assert!(Keygen::begin(&Real, ceremony(4, 3), own(0)).is_err());
}
