use super::group::read_scalar;
use super::share::Polynomial;
use super::suite::{blind_with, derive_key};
use super::*;
use crate::crypto::Secret;
use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use data_encoding::HEXLOWER;
use proptest::prelude::*;

fn hex(text: &str) -> Vec<u8> {
    HEXLOWER.decode(text.as_bytes()).expect("hex")
}
fn scalar(text: &str) -> Scalar {
    read_scalar(&hex(text)).expect("a scalar")
}

struct Vector {
    input: &'static str,
    blind: &'static str,
    blinded: &'static str,
    evaluated: &'static str,
    output: &'static str,
}

/// The blind of most vectors.
const BLIND: &str = "64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706";
const SECOND_BLIND: &str = "222a5e897cf59db8145db8d16e597e8facb80ae7d4e26d9881aa6f61d645fc0e";
const LONG_INPUT: &str = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";

#[track_caller]
fn check_vector(mode: Mode, key: &Scalar, vector: &Vector) {
    let blinded = blind_with(mode, &hex(vector.input), scalar(vector.blind)).expect("a good input");
    assert_eq!(HEXLOWER.encode(&blinded.element.encode()), vector.blinded);
    let evaluated = Element::new(blinded.element.point() * key).expect("no identity");
    assert_eq!(HEXLOWER.encode(&evaluated.encode()), vector.evaluated);
    assert_eq!(HEXLOWER.encode(&finalize(&hex(vector.input), &blinded, &evaluated)), vector.output);
}

#[test]
fn mode_oprf_follows_rfc_9497_a_1_1() {
    let key = derive_key(Mode::Oprf, &[0xa3; 32], b"test key");
    assert_eq!(HEXLOWER.encode(key.as_bytes()), "5ebcea5ee37023ccb9fc2d2019f9d7737be85591ae8652ffa9ef0f4d37063b0e");
    let first = Vector {
        input: "00",
        blind: BLIND,
        blinded: "609a0ae68c15a3cf6903766461307e5c8bb2f95e7e6550e1ffa2dc99e412803c",
        evaluated: "7ec6578ae5120958eb2db1745758ff379e77cb64fe77b0b2d8cc917ea0869c7e",
        output: "527759c3d9366f277d8c6020418d96bb393ba2afb20ff90df23fb7708264e2f3ab9135e3bd69955851de4b1f9fe8a0973396719b\
                 7912ba9ee8aa7d0b5e24bcf6",
    };
    let second = Vector {
        input: LONG_INPUT,
        blind: BLIND,
        blinded: "da27ef466870f5f15296299850aa088629945a17d1f5b7f5ff043f76b3c06418",
        evaluated: "b4cbf5a4f1eeda5a63ce7b77c7d23f461db3fcab0dd28e4e17cecb5c90d02c25",
        output: "f4a74c9c592497375e796aa837e907b1a045d34306a749db9f34221f7e750cb4f2a6413a6bf6fa5e19ba6348eb673934a722a7ed\
                 e2e7621306d18951e7cf2c73",
    };
    check_vector(Mode::Oprf, &key, &first);
    check_vector(Mode::Oprf, &key, &second);
}

const VOPRF_1: Vector = Vector {
    input: "00",
    blind: BLIND,
    blinded: "863f330cc1a1259ed5a5998a23acfd37fb4351a793a5b3c090b642ddc439b945",
    evaluated: "aa8fa048764d5623868679402ff6108d2521884fa138cd7f9c7669a9a014267e",
    output: "b58cfbe118e0cb94d79b5fd6a6dafb98764dff49c14e1770b566e42402da1a7da4d8527693914139caee5bd03903af43a491351d23b4\
             30948dd50cde10d32b3c",
};
const VOPRF_3_SECOND: Vector = Vector {
    input: LONG_INPUT,
    blind: SECOND_BLIND,
    blinded: "90a0145ea9da29254c3a56be4fe185465ebb3bf2a1801f7124bbbadac751e654",
    evaluated: "cc5ac221950a49ceaa73c8db41b82c20372a4c8d63e5dded2db920b7eee36a2a",
    output: "8a9a2f3c7f085b65933594309041fc1898d42d0858e59f90814ae90571a6df60356f4610bf816f27afdd84f47719e480906d27ecd994\
             985890e5f539e7ea74b6",
};

#[test]
fn mode_voprf_follows_rfc_9497_a_1_2() {
    let key = derive_key(Mode::Voprf, &[0xa3; 32], b"test key");
    assert_eq!(HEXLOWER.encode(key.as_bytes()), "e6f73f344b79b379f1a0dd37e07ff62e38d9f71345ce62ae3a9bc60b04ccd909");
    let second = Vector {
        input: LONG_INPUT,
        blind: BLIND,
        blinded: "cc0b2a350101881d8a4cba4c80241d74fb7dcbfde4a61fde2f91443c2bf9ef0c",
        evaluated: "60a59a57208d48aca71e9e850d22674b611f752bed48b36f7a91b372bd7ad468",
        output: VOPRF_3_SECOND.output,
    };
    for vector in [&VOPRF_1, &second, &VOPRF_3_SECOND] {
        check_vector(Mode::Voprf, &key, vector);
    }
}

#[track_caller]
fn check_proof(vectors: &[&Vector], nonce: &str, expect: &str) {
    let key = derive_key(Mode::Voprf, &[0xa3; 32], b"test key");
    let public = Element::new(RistrettoPoint::mul_base(&key)).expect("no identity");
    assert_eq!(HEXLOWER.encode(&public.encode()), "c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e");
    let of = |pick: fn(&Vector) -> &'static str| -> Vec<Element> {
        vectors.iter().map(|v| Element::decode(&hex(pick(v))).expect("an element")).collect()
    };
    let (blinded, evaluated) = (of(|v| v.blinded), of(|v| v.evaluated));
    let proof = Proof::make(Mode::Voprf, (&key, &public), &blinded, &evaluated, &scalar(nonce));
    assert_eq!(HEXLOWER.encode(&proof.encode()), expect);
    assert!(Proof::decode(&hex(expect)).expect("a proof").verifies(Mode::Voprf, &public, &blinded, &evaluated));
    assert!(!proof.verifies(Mode::Oprf, &public, &blinded, &evaluated));
    assert!(!proof.verifies(Mode::Voprf, &public, &evaluated, &blinded));
}

#[test]
fn proofs_follow_rfc_9497_for_one_and_for_a_batch() {
    check_proof(
        &[&VOPRF_1],
        SECOND_BLIND,
        "ddef93772692e535d1a53903db24367355cc2cc78de93b3be5a8ffcc6985dd066d4346421d17bf5117a2a1ff0fcb2a759f58a539dfbe857a\
         40bce4cf49ec600d",
    );
    check_proof(
        &[&VOPRF_1, &VOPRF_3_SECOND],
        "419c4f4f5052c53c45f3da494d2b67b220d02118e0857cdbcf037f9ea84bbe0c",
        "cc203910175d786927eeb44ea847328047892ddf8590e723c37205cb74600b0a5ab5337c8eb4ceae0494c2cf89529dcf94572ed267473d56\
         7aeed6ab873dee08",
    );
}

#[test]
fn bytes_that_are_no_element_are_named_with_what_is_wrong() {
    let good = Element::decode(&hex(VOPRF_1.blinded)).expect("an element").encode();
    assert_eq!(Element::decode(&good[..31]).unwrap_err(), ElementError::Length(31));
    assert_eq!(read_elements(&[&good[..], &[0; 31]].concat()).unwrap_err(), ElementError::Length(63));
    assert_eq!(read_elements(&[&good[..], &[0; 32]].concat()).unwrap_err(), ElementError::Identity(1));
    // The field's prime and above, negative numbers, and points off the curve (RFC 9496, A.3).
    for bad in [
        "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
    ] {
        assert_eq!(read_elements(&[&good[..], &hex(bad)].concat()).unwrap_err(), ElementError::Encoding(1), "{bad}");
    }
}
#[test]
fn a_proof_that_is_no_two_scalars_is_none() {
    assert_eq!(Proof::decode(&[0; 63]), None);
    assert_eq!(Proof::decode(&[0xff; 64]), None);
    assert!(Proof::decode(&[0; 64]).is_some());
}

/// A key of `seats` shares, of which `threshold` do, and what evaluators of it need.
fn deal(seed: u8, threshold: usize, seats: usize) -> (KeySet, Vec<Share>) {
    let polynomial = Polynomial::of_seed(&Secret::from_bytes([seed; 32]), b"test", threshold);
    let keys = KeySet::new(polynomial.commitments().expect("no zero"), seats).expect("counts");
    (keys, Seat::all(seats).map(|seat| polynomial.share(seat)).collect())
}
fn blind_all(inputs: &[Vec<u8>]) -> Vec<Blinded> {
    let entropy = |at: usize| [at as u8 + 1; 64];
    inputs.iter().enumerate().map(|(at, input)| blind(Mode::Voprf, input, &entropy(at)).expect("fine")).collect()
}
fn answer(keys: &KeySet, share: &Share, asked: &[Element]) -> Partial {
    let (elements, proof) = evaluate(share, &write_elements(asked), &[share.seat().number() as u8; 64]).expect("good");
    keys.check(share.seat(), asked, &elements, &proof).expect("an honest evaluator")
}
fn outputs(inputs: &[Vec<u8>], blinded: &[Blinded], joined: &[Element]) -> Vec<[u8; 64]> {
    inputs.iter().zip(blinded).zip(joined).map(|((i, b), e)| finalize(i, b, e)).collect()
}
fn elements_of(blinded: &[Blinded]) -> Vec<Element> {
    blinded.iter().map(|b| b.element).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_threshold_of_evaluators_in_any_order_give_the_output_of_the_whole_key(
        seed: u8,
        (threshold, seats) in (2usize..=4).prop_flat_map(|t| (Just(t), t..=6)),
        inputs in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 1..4),
        order in proptest::collection::vec(any::<u16>(), 6),
    ) {
        let (keys, shares) = deal(seed, threshold, seats);
        let blinded = blind_all(&inputs);
        let asked = elements_of(&blinded);
        let mut chosen: Vec<&Share> = shares.iter().collect();
        chosen.sort_by_key(|share| order[share.seat().at()]);
        chosen.truncate(threshold);
        let answers: Vec<Partial> = chosen.iter().map(|share| answer(&keys, share, &asked)).collect();
        let joined = keys.join(&answers).expect("enough");

        let key = Polynomial::of_seed(&Secret::from_bytes([seed; 32]), b"test", threshold).key();
        let whole: Vec<Element> =
            asked.iter().map(|e| Element::new(e.point() * key).expect("no identity")).collect();
        prop_assert_eq!(outputs(&inputs, &blinded, &joined), outputs(&inputs, &blinded, &whole));
        let mut turned = answers.clone();
        turned.reverse();
        prop_assert_eq!(keys.join(&turned), Some(joined));
        prop_assert_eq!(keys.join(&answers[1..]), None);
        // The same evaluator twice does not count twice.
        let twice = vec![answers[0].clone(); threshold];
        prop_assert_eq!(keys.join(&twice), None);
    }
    #[test]
    fn fewer_than_the_threshold_joined_all_the_same_give_another_output(seed: u8, input: Vec<u8>) {
        let (keys, shares) = deal(seed, 3, 5);
        let blinded = blind_all(std::slice::from_ref(&input));
        let asked = elements_of(&blinded);
        let right = keys.join(&shares[..3].iter().map(|s| answer(&keys, s, &asked)).collect::<Vec<_>>());
        // Two who pretend that two are enough.
        let less = KeySet::new(Commitments(keys.commitments().0[..2].to_vec()), 5).expect("counts");
        let two: Vec<Partial> = shares[..2].iter().map(|s| answer(&keys, s, &asked)).collect();
        prop_assert_ne!(less.join(&two), right);
    }
    #[test]
    fn the_output_does_not_depend_on_the_blind(a in any::<[u8; 32]>(), b in any::<[u8; 32]>(), input: Vec<u8>) {
        let (keys, shares) = deal(1, 2, 3);
        let output = |entropy: [u8; 32]| {
            let wide: [u8; 64] = [entropy, entropy].concat().try_into().expect("64 bytes");
            let blinded = blind(Mode::Voprf, &input, &wide).expect("fine");
            let asked = [blinded.element];
            let answers: Vec<Partial> = shares[..2].iter().map(|share| answer(&keys, share, &asked)).collect();
            finalize(&input, &blinded, &keys.join(&answers).expect("enough")[0])
        };
        prop_assume!(a != [0; 32] && b != [0; 32]);
        prop_assert_eq!(output(a), output(b));
    }
    #[test]
    fn an_evaluator_that_lies_is_named(seed: u8, liar in 0usize..5, lie in 0u8..6) {
        let (keys, shares) = deal(seed, 3, 5);
        let blinded = blind_all(&[b"one".to_vec(), b"two".to_vec()]);
        let asked = elements_of(&blinded);
        let share = &shares[liar];
        let (mut elements, mut proof) = evaluate(share, &write_elements(&asked), &[9; 64]).expect("good");
        let other = &shares[(liar + 1) % 5];
        match lie {
            // With another's share, and its proof.
            0 => (elements, proof) = evaluate(other, &write_elements(&asked), &[9; 64]).expect("good"),
            // One element of another share.
            1 => elements[32..].copy_from_slice(&evaluate(other, &write_elements(&asked), &[9; 64]).expect("good").0[32..]),
            // The two swapped, which keeps their sum.
            2 => elements.rotate_left(32),
            // A replay of the answer to another batch.
            3 => {
                let before = elements_of(&blind_all(&[b"two".to_vec(), b"one".to_vec()]));
                (elements, proof) = evaluate(share, &write_elements(&before), &[9; 64]).expect("good");
            }
            4 => elements.truncate(32),
            _ => proof = [0xff; 64],
        }
        let fault = keys.check(share.seat(), &asked, &elements, &proof).expect_err("a lie");
        prop_assert_eq!(fault.seat, share.seat());
        prop_assert!(fault.to_string().starts_with(&format!("evaluator {}: ", liar + 1)), "{}", fault);
    }
    #[test]
    fn any_bytes_are_evaluated_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let (keys, shares) = deal(1, 2, 3);
        let _ = evaluate(&shares[0], &bytes, &[1; 64]);
        prop_assert!(keys.check(shares[0].seat(), &elements_of(&blind_all(&[vec![1]])), &bytes, &bytes).is_err());
    }
}

#[test]
fn a_batch_of_nothing_or_too_much_is_refused() {
    let (_, shares) = deal(1, 2, 3);
    let one = hex(VOPRF_1.blinded);
    assert!(matches!(evaluate(&shares[0], &[], &[1; 64]), Err(ElementError::Count { have: 0, .. })));
    let many = one.repeat(crate::limits::EVALUATE_BATCH_MAX + 1);
    assert!(matches!(evaluate(&shares[0], &many, &[1; 64]), Err(ElementError::Count { .. })));
}
#[test]
fn a_seat_outside_of_the_key_is_a_fault() {
    let (keys, shares) = deal(1, 2, 3);
    let asked = elements_of(&blind_all(&[vec![1]]));
    let (elements, proof) = evaluate(&shares[0], &write_elements(&asked), &[1; 64]).expect("good");
    let fault = keys.check(Seat::new(4).expect("a seat"), &asked, &elements, &proof).expect_err("no such seat");
    assert_eq!(fault.wrong, Wrong::Seat);
    assert_eq!(Seat::new(0), None);
}
#[test]
fn a_key_that_one_evaluator_could_use_alone_is_none() {
    let of = |threshold, seats| {
        let polynomial = Polynomial::of_seed(&Secret::from_bytes([1; 32]), b"test", threshold);
        KeySet::new(polynomial.commitments().expect("no zero"), seats).map(|_| ())
    };
    assert_eq!(of(1, 3), Err(KeySetError::Counts { threshold: 1, seats: 3 }));
    assert_eq!(of(4, 3), Err(KeySetError::Counts { threshold: 4, seats: 3 }));
    assert_eq!(of(3, 3), Ok(()));
}
#[test]
fn shares_and_blinds_never_print_themselves() {
    let (_, shares) = deal(1, 2, 3);
    assert_eq!(format!("{:?}", shares[0]), "‹share of seat 1›");
    let printed = format!("{:?}", blind_all(&[vec![1]])[0]);
    assert!(printed.starts_with("‹blinded ") && printed.len() < 30, "{printed}");
}
