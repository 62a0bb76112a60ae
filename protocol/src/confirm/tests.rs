use super::*;
use crate::ids::{Handle, NodeKey, RequestId, ShelfId};
use crate::kinds::Purpose;
use crate::limits::CONFIRM_VALUES;
use crate::oprf::ELEMENT_BYTES;
use crate::testing::builders;
use proptest::prelude::*;

fn transcript(id: u8) -> Transcript {
    Transcript {
        id: RequestId([id; 16]),
        reader: builders::facility(1),
        holder: builders::facility(2),
        asker_node: NodeKey([3; 32]),
        holder_node: NodeKey([4; 32]),
        shelf: ShelfId([5; 32]),
        handle: Handle([6; 16]),
        epoch: 7,
        purpose: Purpose::Treatment,
        reason: Reason::PatientPresent,
    }
}
fn values(of: &[&str]) -> Vec<Option<Vec<u8>>> {
    of.iter().map(|value| (!value.is_empty()).then(|| value.as_bytes().to_vec())).collect()
}
fn masks(id: u8, of: &[&str], seed: u8) -> Masks {
    Masks::of(&transcript(id), Round::HolderJudges, &values(of), [seed; 32])
}
/// Places that agree when the first judges.
fn agreed(judge: &[&str], other: &[&str]) -> Vec<usize> {
    let (judge, other) = (masks(1, judge, 1), masks(1, other, 2));
    let answer = other.raise(&judge.sent()).expect("honest masks");
    places(&judge.agreed(&answer).expect("an honest answer"))
}
fn places(agreed: &[bool]) -> Vec<usize> {
    assert_eq!(agreed.len(), CONFIRM_VALUES);
    agreed.iter().enumerate().filter(|(_, agrees)| **agrees).map(|(at, _)| at).collect()
}
fn honest() -> (Masks, Masks, Raised) {
    let (judge, other) = (masks(1, &["a", "b", "c"], 1), masks(1, &["c", "x", "a"], 2));
    let answer = other.raise(&judge.sent()).expect("honest masks");
    (judge, other, answer)
}

#[test]
fn the_judge_sees_which_of_its_own_values_the_other_has_wherever_they_stand() {
    assert_eq!(agreed(&["a", "b", "c"], &["c", "x", "a"]), [0, 2]);
    assert_eq!(agreed(&["a", "b"], &["c", "d"]), [0usize; 0]);
}
#[test]
fn what_neither_has_agrees_with_nothing_and_a_value_counts_once() {
    assert_eq!(agreed(&["", "a", ""], &["", "a", ""]), [1]);
    assert_eq!(agreed(&["a", "a"], &["a"]), [0]);
}
#[test]
fn lists_are_of_one_length_whatever_a_patient_has() {
    for of in [&[][..], &["a"], &["a"; 100]] {
        assert_eq!(masks(1, of, 1).sent().len(), CONFIRM_VALUES * ELEMENT_BYTES);
    }
}
#[test]
fn the_same_values_look_different_in_every_run_and_to_every_secret() {
    let first = masks(1, &["a"], 1).sent();
    assert_ne!(first[..32], masks(1, &["a"], 2).sent()[..32]);
    assert_ne!(first[..32], masks(2, &["a"], 1).sent()[..32]);
}
#[test]
fn nothing_of_one_run_agrees_in_another() {
    // The same secrets and values, but the other side hashed them for another run, or for the other round.
    let judge = masks(1, &["a", "b"], 1);
    let answer = masks(2, &["a", "b"], 2).raise(&judge.sent()).expect("elements");
    assert_eq!(places(&judge.agreed(&answer).expect("elements")), [0usize; 0]);
    let other = Masks::of(&transcript(1), Round::AskerJudges, &values(&["a", "b"]), [2; 32]);
    let answer = other.raise(&judge.sent()).expect("elements");
    assert_eq!(places(&judge.agreed(&answer).expect("elements")), [0usize; 0]);
}
#[test]
fn every_part_of_the_transcript_is_bound() {
    let base = transcript(1).domain(Round::HolderJudges);
    let mut others = vec![transcript(1).domain(Round::AskerJudges)];
    let changes: [fn(&mut Transcript); 10] = [
        |t| t.id = RequestId([9; 16]),
        |t| t.reader = builders::facility(9),
        |t| t.holder = builders::facility(9),
        |t| t.asker_node = NodeKey([9; 32]),
        |t| t.holder_node = NodeKey([9; 32]),
        |t| t.shelf = ShelfId([9; 32]),
        |t| t.handle = Handle([9; 16]),
        |t| t.epoch = 9,
        |t| t.purpose = Purpose::Emergency,
        |t| t.reason = Reason::Consent,
    ];
    for change in changes {
        let mut other = transcript(1);
        change(&mut other);
        others.push(other.domain(Round::HolderJudges));
    }
    assert!(others.iter().all(|other| *other != base));
}
#[test]
fn a_replayed_answer_shows_nothing_to_masks_that_were_made_anew() {
    let (_, _, answer) = honest();
    assert_eq!(masks(1, &["a", "b", "c"], 7).agreed(&answer), Err(ConfirmError::Proof));
}
#[test]
fn masks_that_are_sent_back_are_refused() {
    let (judge, _, answer) = honest();
    assert_eq!(judge.raise(&judge.sent()), Err(ConfirmError::Repeated));
    let echo = Raised { elements: judge.sent(), ..answer.clone() };
    assert_eq!(judge.agreed(&echo), Err(ConfirmError::Repeated));
    let echo = Raised { raised: judge.sent(), ..answer };
    assert_eq!(judge.agreed(&echo), Err(ConfirmError::Repeated));
}
#[test]
fn one_guessed_value_cannot_be_made_to_agree_in_the_place_of_another() {
    let (judge, _, answer) = honest();
    // The other side knows that places 0 and 2 agree, and puts what it got for them in the place of 1.
    let mut raised = answer.raised.clone();
    let (one, two) = (raised[..32].to_vec(), raised[32..64].to_vec());
    raised[..32].copy_from_slice(&two);
    raised[32..64].copy_from_slice(&one);
    assert_eq!(judge.agreed(&Raised { raised, ..answer.clone() }), Err(ConfirmError::Proof));
    let mut raised = answer.raised.clone();
    raised[32..64].copy_from_slice(&one);
    assert_eq!(judge.agreed(&Raised { raised, ..answer }), Err(ConfirmError::Repeated));
}
#[test]
fn too_few_too_many_and_cut_elements_are_refused() {
    let (judge, other, answer) = honest();
    let sent = judge.sent();
    for wrong in [Vec::new(), sent[32..].to_vec(), [&sent[..], &sent[..32]].concat(), sent[1..].to_vec()] {
        assert!(matches!(other.raise(&wrong), Err(ConfirmError::Element(_))), "{}", wrong.len());
        assert!(judge.agreed(&Raised { elements: wrong.clone(), ..answer.clone() }).is_err());
        assert!(judge.agreed(&Raised { raised: wrong, ..answer.clone() }).is_err());
    }
    let odd = [&sent[..], &[0; 5]].concat();
    assert!(other.raise(&odd).is_err());
}
#[test]
fn the_identity_and_what_is_no_element_are_refused_in_every_place() {
    let (judge, other, answer) = honest();
    for bad in [[0; 32], [0xFF; 32]] {
        for at in [0, CONFIRM_VALUES - 1] {
            let spoil = |mut list: Vec<u8>| {
                list[at * 32..(at + 1) * 32].copy_from_slice(&bad);
                list
            };
            assert!(matches!(other.raise(&spoil(judge.sent())), Err(ConfirmError::Element(_))));
            let spoilt = Raised { elements: spoil(answer.elements.clone()), ..answer.clone() };
            assert!(matches!(judge.agreed(&spoilt), Err(ConfirmError::Element(_))));
            let spoilt = Raised { raised: spoil(answer.raised.clone()), ..answer.clone() };
            assert!(matches!(judge.agreed(&spoilt), Err(ConfirmError::Element(_))));
        }
        assert!(judge.agreed(&Raised { public: bad.to_vec(), ..answer.clone() }).is_err());
    }
}
#[test]
fn either_sides_veto_wins() {
    use Answer::{NeedsHuman, NotSame, Same};
    for (one, other, both) in [
        (Same, Same, Same),
        (Same, NotSame, NotSame),
        (NotSame, Same, NotSame),
        (Same, NeedsHuman, NeedsHuman),
        (NeedsHuman, NotSame, NotSame),
        (NeedsHuman, NeedsHuman, NeedsHuman),
    ] {
        assert_eq!((combine(one, other), combine(other, one)), (both, both));
    }
}
#[test]
fn codes_and_words_read_back_and_values_print_nothing() {
    for answer in [Answer::Same, Answer::NotSame, Answer::NeedsHuman] {
        assert_eq!(Answer::from_code(answer.code()), Some(answer));
    }
    for reason in Reason::ALL {
        assert_eq!((Reason::from_code(reason.code()), Reason::parse(reason.word())), (Some(reason), Some(reason)));
    }
    assert_eq!((Answer::from_code(0), Reason::from_code(4), Round::from_number(3)), (None, None, None));
    let shown =
        format!("{:?} {:?}", Values { judging: values(&["ヤマダ"]), shown: values(&["ヤマダ"]) }, masks(1, &["a"], 1));
    assert_eq!(shown, "‹values› ‹masks›");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn agreement_is_that_of_the_values_themselves(
        judge in proptest::collection::vec("[a-d]{0,2}", 0..CONFIRM_VALUES),
        other in proptest::collection::vec("[a-d]{0,2}", 0..CONFIRM_VALUES),
    ) {
        let judge: Vec<&str> = judge.iter().map(String::as_str).collect();
        let other: Vec<&str> = other.iter().map(String::as_str).collect();
        let expected: Vec<usize> = (0..judge.len())
            .filter(|at| !judge[*at].is_empty() && other.contains(&judge[*at]) && !judge[..*at].contains(&judge[*at]))
            .collect();
        prop_assert_eq!(agreed(&judge, &other), expected);
    }
    #[test]
    fn any_bytes_are_refused_or_read_without_panic(list: Vec<u8>, public: Vec<u8>, proof: Vec<u8>, at in 0..CONFIRM_VALUES * 32, bit in 0..8u8) {
        let (judge, other, answer) = honest();
        prop_assert!(other.raise(&list).is_err());
        let wild = Raised { public, raised: list.clone(), proof, elements: list };
        prop_assert!(judge.agreed(&wild).is_err());
        // One bit flipped: the raised ones fail, the other's own at most lose an agreement.
        let mut raised = answer.raised.clone();
        raised[at] ^= 1 << bit;
        let spoilt = Raised { raised, ..answer };
        prop_assert!(judge.agreed(&spoilt).is_err());
    }
}
