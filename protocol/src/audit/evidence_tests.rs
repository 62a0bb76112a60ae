use super::*;
use crate::{
    audit::{What, append, head, leaf_hash},
    crypto::{Real, Secret},
    data::MemoryView,
    ids::{FacilityId, PatientRef, RequestId},
};
use proptest::prelude::*;

const KEY: [u8; 32] = [7; 32];
const REQUEST: RequestId = RequestId([4; 16]);

fn secret(byte: u8) -> Secret {
    Secret::from_bytes([byte; 32])
}
fn event_of(number: u64) -> Event {
    Event::new(Millis(number), What::Answered).patient(PatientRef(number)).request(REQUEST).count(3)
}

/// Event 5 of a holder's log of eleven, witnessed by two, with the receipt of its reader.
fn evidence() -> Evidence {
    let mut view = MemoryView::default();
    let events: Vec<Event> = (0..11).map(event_of).collect();
    view.apply(&append(&view.clone(), &KEY, &events).writes);
    let mut signed = SignedCheckpoint::sign(&Real, &secret(1), head(&view), Millis(1_000));
    for witness in [2, 3] {
        let one = signed.cosign(&Real, &secret(witness), Millis(2_000));
        assert!(signed.add(&Real, one));
    }
    let facility = |text| FacilityId::parse(text).expect("ten digits");
    let receipt = ExchangeReceipt {
        request: REQUEST,
        reader: facility("1312345678"),
        holder: facility("1312345679"),
        plan: Hash([2; 32]),
        items: 3,
        bytes: 4,
        holder_leaf: (5, leaf_hash(&view, 5).expect("written")),
        reader_leaf: (7, Hash([8; 32])),
        at: Millis(9),
    };
    let signature = receipt.sign(&Real, &secret(4));
    let receipt = receipt.countersign(&Real, &secret(5), signature);
    let exchange = Exchange { receipt, reader: Real.public(&secret(4)), holder: Real.public(&secret(5)) };
    Evidence::gather(&view, &KEY, 5, signed).expect("under the head").exchange(exchange)
}

#[test]
fn a_file_alone_proves_the_event_its_witnesses_and_the_exchange() {
    let text = evidence().to_text();
    let found = Evidence::from_text(&text).expect("a file").verify(&Real).expect("good");
    assert_eq!(found.event, event_of(5));
    assert_eq!(found.checkpoint.size, 11);
    assert_eq!(
        found.witnesses.iter().map(|(key, _)| *key).collect::<Vec<_>>(),
        [2, 3].map(|b| Real.public(&secret(b)))
    );
    let exchange = found.exchange.expect("it has one");
    assert!(exchange.names_this_leaf);
    assert_eq!(exchange.holder, Real.public(&secret(5)));
}

#[test]
fn the_file_is_a_transparency_log_proof() {
    let text = evidence().to_text();
    let lines: Vec<&str> = text.split('\n').collect();
    assert_eq!(lines[0], "c2sp.org/tlog-proof@v1");
    assert!(lines[1].starts_with("extra "));
    assert_eq!(lines[2], "index 5");
    assert_eq!(lines[7], "", "four hashes for leaf 5 of 11");
    assert!(lines[8].starts_with("musubi/log/"));
}

#[test]
fn whatever_is_changed_is_named() {
    let fails = |change: fn(&mut Evidence)| {
        let mut changed = evidence();
        change(&mut changed);
        changed.verify(&Real).expect_err("changed")
    };
    assert_eq!(fails(|e| e.event = crate::data::encode(&event_of(6))), EvidenceError::Proof(5));
    assert_eq!(fails(|e| e.event.clear()), EvidenceError::Event);
    assert_eq!(fails(|e| e.salt[0] ^= 1), EvidenceError::Proof(5));
    assert_eq!(fails(|e| e.index = 6), EvidenceError::Proof(6));
    assert_eq!(fails(|e| e.proof[1].0[0] ^= 1), EvidenceError::Proof(5));
    assert_eq!(fails(|e| e.checkpoint.checkpoint.at = Millis(9)), EvidenceError::Log);
    assert_eq!(fails(|e| e.checkpoint.signature.0[5] ^= 1), EvidenceError::Log);
    let witness = Real.public(&secret(3));
    assert_eq!(fails(|e| e.checkpoint.cosignatures[1].signature.0[5] ^= 1), EvidenceError::Witness(witness));
    let receipt = |e: &mut Evidence| e.exchange.as_mut().expect("it has one").receipt.receipt.items += 1;
    assert_eq!(fails(receipt), EvidenceError::Exchange);
}

#[test]
fn a_receipt_of_another_leaf_says_so() {
    let mut other = evidence();
    let exchange = other.exchange.as_mut().expect("it has one");
    let mut receipt = exchange.receipt.receipt.clone();
    receipt.holder_leaf.0 = 6;
    let signature = receipt.sign(&Real, &secret(4));
    exchange.receipt = receipt.countersign(&Real, &secret(5), signature);
    let found = other.verify(&Real).expect("signed by both");
    assert!(!found.exchange.expect("it has one").names_this_leaf);
}

#[test]
fn an_event_above_the_checkpoint_has_no_evidence() {
    let signed = evidence().checkpoint;
    assert_eq!(Evidence::gather(&MemoryView::default(), &KEY, 0, signed), None);
}

#[test]
fn lengths_in_a_file_are_not_believed() {
    let huge = BASE64.encode(&[253, 255, 255, 255, 255, 255, 255, 255, 127]);
    let text = evidence().to_text();
    let extra = text.lines().nth(1).expect("the second line");
    assert_eq!(Evidence::from_text(&text.replace(extra, &format!("extra {huge}"))), Err(EvidenceError::Format));
    let mut event = evidence();
    event.event = [[1, 0, 7, 0, 0, 0, 0, 1].as_slice(), &[253, 255, 255, 255, 255, 255, 255, 255, 127]].concat();
    assert_eq!(event.verify(&Real), Err(EvidenceError::Event));
}

proptest! {
    #[test]
    fn any_change_of_one_letter_is_refused_or_changes_nothing(at: prop::sample::Index, to in b'!'..=b'~') {
        let whole = evidence();
        let mut text = whole.to_text().into_bytes();
        let at = at.index(text.len());
        text[at] = to;
        if let Ok(changed) = String::from_utf8(text).map_err(|_| ()).and_then(|text| Evidence::from_text(&text).map_err(|_| ())) {
            let proven = changed.verify(&Real).ok().map(|found| (found.event, found.index, found.checkpoint));
            let expect = whole.verify(&Real).ok().map(|found| (found.event, found.index, found.checkpoint));
            prop_assert!(proven.is_none() || proven == expect);
        }
    }
    #[test]
    fn any_text_is_evidence_or_not(lines in proptest::collection::vec("[ -~]{0,60}", 0..8)) {
        let _ = Evidence::from_text(&lines.join("\n"));
        let _ = Evidence::from_text(&format!("{MAGIC}\nextra AA==\nindex 1\n{}", lines.join("\n")));
    }
}
