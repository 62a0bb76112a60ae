use super::*;
use crate::crypto::Real;
use proptest::prelude::*;

const NETWORK: NetworkId = NetworkId([7; 32]);

fn secret(byte: u8) -> Secret {
    Secret::from_bytes([byte; 32])
}
fn key(byte: u8) -> NodeKey {
    NodeKey(Real.public(&secret(byte)).0)
}
fn facility(number: u32) -> FacilityId {
    FacilityId::parse(&format!("03{number:08}")).expect("ten digits")
}
fn day(text: &str) -> Date {
    Date::parse(text).expect("a date")
}
fn card(charts: u32, issue: u16) -> CardPayload {
    CardPayload {
        issuer: facility(1),
        number: CardNumber::parse("4100-1234-5678-9018").expect("a number"),
        issue,
        from: day("20261130"),
        until: day("20311130"),
        charts: (1..=charts).map(|at| (facility(at), format!("{at:08}"))).collect(),
    }
}
fn signed(says: CardSays) -> CardText {
    CardText::sign(&Real, &secret(1), NETWORK, says).expect("a card")
}

#[test]
fn a_card_of_ten_facilities_fits_the_smallest_chip_and_a_qr() {
    let card = signed(CardSays::Card(card(10, 1)));
    assert!(card.to_bytes().len() <= PAYLOAD_BYTES_MAX, "{}", card.to_bytes().len());
    // 667 characters: what a QR of version 14, level L, holds in its alphanumeric mode (ISO/IEC 18004).
    assert!(card.to_text().len() <= 667, "{}", card.to_text().len());
    let in_qr = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || "-:".contains(c);
    assert!(card.to_text().chars().all(in_qr));
}
#[test]
fn a_card_is_read_back_from_paper_and_from_a_padded_chip() {
    let card = signed(CardSays::Card(card(3, 2)));
    assert_eq!(CardText::parse(&card.to_text().to_lowercase().replace('-', "\n ")), Ok(card.clone()));
    let mut area = card.to_bytes();
    area.resize(512, 0);
    assert_eq!(CardText::from_bytes(&area), Ok(card.clone()));
    assert_eq!(card.verify(&Real, NETWORK, &[key(9), key(1)]), Ok(()));
}
#[test]
fn a_changed_byte_another_key_or_another_network_is_refused() {
    let card = signed(CardSays::Card(card(3, 2)));
    let wrong = |result: Result<(), CardError>| result == Err(CardError::Signature(facility(1)));
    assert!(wrong(card.verify(&Real, NETWORK, &[key(2)])) && wrong(card.verify(&Real, NETWORK, &[])));
    assert!(wrong(card.verify(&Real, NetworkId([8; 32]), &[key(1)])));
    for at in 0..card.to_bytes().len() {
        let mut bytes = card.to_bytes();
        bytes[at] ^= 1;
        let read = CardText::from_bytes(&bytes);
        assert!(read.is_err() || read.is_ok_and(|read| read.verify(&Real, NETWORK, &[key(1)]).is_err()), "byte {at}");
    }
}
#[test]
fn a_stop_is_no_card_and_a_card_is_no_stop() {
    let number = card(1, 1).number;
    let stop = signed(CardSays::Stop(CardStop { issuer: facility(1), number, upto: 1 }));
    let mut bytes = stop.to_bytes();
    bytes[1] = KIND_CARD;
    assert!(CardText::from_bytes(&bytes).is_err());
    assert_eq!(CardText::parse(&stop.to_text()), Ok(stop));
}
#[test]
fn a_card_that_was_taken_back_or_replaced_does_not_count_when_shown_again() {
    let (old, new, today) = (card(1, 1), card(1, 2), day("20270101"));
    let stop = CardSays::Stop(CardStop { issuer: facility(2), number: old.number.clone(), upto: 1 });
    let known = CardKnown::default().with(&CardSays::Card(old.clone()));
    assert_eq!(check(&old, known, today), Ok(()));
    assert_eq!(check(&old, known.with(&stop), today), Err(CardRefused::Stopped));
    assert_eq!(check(&new, known.with(&stop), today), Ok(()));
    let replaced = known.with(&CardSays::Card(new.clone()));
    assert_eq!(check(&old, replaced, today), Err(CardRefused::Superseded { issue: 1, newest: 2 }));
    // The order in which both are heard of does not matter.
    assert_eq!(CardKnown::default().with(&stop).with(&CardSays::Card(new)), replaced.with(&stop));
}
#[test]
fn a_card_counts_from_its_first_day_to_its_last() {
    let (card, known) = (card(1, 1), CardKnown::default());
    assert_eq!(check(&card, known, day("20311130")), Ok(()));
    assert_eq!(check(&card, known, day("20311201")), Err(CardRefused::Ended(day("20311130"))));
    assert_eq!(check(&card, known, day("20261129")), Ok(()), "a day of grace");
    assert_eq!(check(&card, known, day("20261128")), Err(CardRefused::NotYet(day("20261130"))));
}
#[test]
fn what_does_not_fit_on_a_card_is_said() {
    let error = |card: CardPayload| CardText::sign(&Real, &secret(1), NETWORK, CardSays::Card(card)).map(|_| ());
    assert!(matches!(error(card(30, 1)), Err(CardError::TooLarge { bytes }) if bytes > PAYLOAD_BYTES_MAX));
    assert_eq!(error(card(0, 1)), Err(CardError::Facilities));
    let mut twice = card(2, 1);
    twice.charts[1].0 = facility(1);
    assert_eq!(error(twice), Err(CardError::Facilities));
    for chart in ["", "患者1", "with space", &"1".repeat(33)] {
        let one = CardPayload { charts: vec![(facility(1), chart.into())], ..card(1, 1) };
        assert_eq!(error(one), Err(CardError::Chart(facility(1))), "{chart:?}");
    }
    for (from, until) in [("20261130", "20261129"), ("20261130", "20331130"), ("20190101", "20200101")] {
        let days = CardPayload { from: day(from), until: day(until), ..card(1, 1) };
        assert_eq!(error(days), Err(CardError::Days));
    }
    for number in ["", "123", "１２３４５", "12_45", &"1".repeat(33), &"1".repeat(100_000)] {
        assert_eq!(CardNumber::parse(number), Err(CardError::Number));
    }
}
#[test]
fn nothing_of_a_patient_is_printed_by_accident() {
    let card = signed(CardSays::Card(card(2, 1)));
    let shown = format!("{card:?} {:?}", card.number());
    assert!(!shown.contains("4100") && !shown.contains("00000002"), "{shown}");
}

proptest! {
    #[test]
    fn any_bytes_and_any_text_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "(MUSUBICARD:)?[A-Z2-7 -]{0,300}") {
        let _ = CardText::from_bytes(&bytes);
        let _ = CardText::parse(&text);
    }
    #[test]
    fn what_is_written_is_read(charts in prop::collection::btree_map(0u32..1000, "[!-~]{1,8}|[0-9]{1,20}", 1..6), issue: u16, life in 0u16..LIFE_DAYS_MAX) {
        let charts = charts.into_iter().map(|(at, chart)| (facility(at), chart)).collect();
        let until = day("20261130").plus_days(life.into()).expect("a date");
        let card = CardPayload { charts, issue, until, ..card(1, 1) };
        let signed = signed(CardSays::Card(card.clone()));
        let read = CardText::parse(&signed.to_text()).expect("read");
        prop_assert_eq!(read.says, CardSays::Card(card));
    }
}
