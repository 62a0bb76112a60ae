use super::*;
use crate::normal::insurance::*;

#[test]
fn insurers_get_their_zeros_back() {
    for (written, expect, fits) in [
        ("０１１３００１２", "01130012", true),
        ("1130012", "01130012", true),
        ("  138016", "00138016", true),
        ("138016", "00138016", true),
        ("01130013", "01130013", false),
        ("39120019", "39120019", true),
    ] {
        let insurer = Insurer::parse(written).expect("an insurer");
        assert_eq!((insurer.digits.as_str(), insurer.check_fits), (expect, fits), "{written}");
    }
    let public = Insurer::parse("54016027").expect("a payer");
    assert_eq!((public.law(), public.is_public(), public.check_fits), ("54", true, true));
    assert_eq!((Insurer::parse(""), Insurer::parse("00000000"), Insurer::parse("123")), (None, None, None));
}
#[test]
fn symbols_lose_gaps_and_hyphens_only() {
    check_all(
        parse_symbol,
        &[
            ("国　１２３", "国123"),
            ("国-123", "国123"),
            ("国・123", "国123"),
            ("見－１２", "見12"),
            ("見ー１２", "見12"),
        ],
    );
}
#[test]
fn numbers_have_a_key_and_perhaps_a_branch() {
    assert_eq!(number_and_branch("００１２３４"), ("001234".into(), None));
    assert_eq!(number_key("001234").as_deref(), Some("1234"));
    assert_eq!(number_and_branch("１２３４（０１）"), ("1234".into(), Some("01".into())));
    assert_eq!((number_key("0000"), number_key("99999999")), (None, None));
}
#[test]
fn blank_branches_are_none_and_double_zero_is_unknown() {
    assert_eq!((parse_branch("1"), parse_branch("０１")), (Some("01".into()), Some("01".into())));
    assert_eq!((parse_branch(""), parse_branch("00")), (None, Some("00".into())));
    let card = insurance::parse("01130012", "国", "1234", "00").expect("an insurance");
    assert_eq!((card.branch.as_deref(), card.known_branch()), (Some("00"), None));
}
#[test]
fn care_numbers_have_ten_digits_and_none_of_public_assistance() {
    assert_eq!(parse_care("132019", "H000012345"), None);
    assert_eq!(parse_care("132019", "12345"), Some(("132019".into(), "0000012345".into())));
}
#[test]
fn patient_numbers_have_a_key_in_their_facility() {
    for written in ["00012345", "12345", "0-12345", "０００１２３４５"] {
        assert_eq!(patient_key(written), "12345");
    }
}
#[test]
fn a_personal_number_is_never_used() {
    assert!(looks_like_my_number("123456789018"));
    assert!(!looks_like_my_number("123456789012") && !looks_like_my_number("12345678901"));
    assert_eq!(insurance::parse("01130012", "", "123456789018", ""), None);
}
#[test]
fn check_digits_of_the_published_examples_fit() {
    for number in ["01130012", "39120019", "54016027", "138016"] {
        assert!(check_digit_fits(number), "{number}");
    }
    assert!(!check_digit_fits("01130013") && !check_digit_fits("") && !check_digit_fits("0113001x"));
}
#[test]
fn telephones_in_every_notation() {
    for (written, digits) in [
        ("０４７－０００－００００", "0470000000"),
        ("(047)000-0000", "0470000000"),
        ("+81-90-0000-0000", "09000000000"),
        ("+81 (0)90-0000-0000", "09000000000"),
        ("047-000-0000 内線12", "0470000000"),
        ("090-0000-0000（長女）", "09000000000"),
        ("０９０ー００００ー００００", "09000000000"),
    ] {
        assert_eq!(phone::parse(written).map(|phone| phone.digits).as_deref(), Some(digits), "{written}");
    }
    assert_eq!(phone::parse("047-000-0000 内線12").and_then(|phone| phone.extension).as_deref(), Some("12"));
    assert_eq!(phone::parse("090-0000-0000（長女）").and_then(|phone| phone.owner).as_deref(), Some("長女"));
    for written in ["なし", "000-0000-0000", "", "119", "+1 212 555 0100"] {
        assert_eq!(phone::parse(written), None, "{written}");
    }
}
#[test]
fn postcodes_in_every_notation() {
    for written in ["〒２７０－００００", "2700000", "270-0000"] {
        assert_eq!(postcode::parse(written).map(|code| postcode::printed(&code)).as_deref(), Some("270-0000"));
    }
    assert_eq!((postcode::parse("000-0000"), postcode::parse("270")), (None, None));
}
