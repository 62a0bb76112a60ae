use super::*;
use proptest::prelude::*;

/// Any Unicode text, with a weight on what the field really mixes.
fn any_text() -> impl Strategy<Value = String> {
    let japanese = "[ぁ-ゟァ-ヿｦ-ﾟ゛゜一々〇亜-腕髙﨑邉0-9０-９Ａ-Ｚa-z ・ー－‐〜()（）【】〓■?]{0,24}";
    prop_oneof![japanese, "\\PC{0,24}", proptest::collection::vec(any::<char>(), 0..24).prop_map(String::from_iter)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn normalising_twice_is_normalising_once(text in any_text()) {
        let forms: [fn(&str) -> String; 8] = [
            text::canonical, kana::canonical, kana::exact, kana::safe, kana::folded, kana::blocking, kanji::folded,
            insurance::parse_symbol,
        ];
        for (number, form) in forms.into_iter().enumerate() {
            let once = form(&text);
            prop_assert_eq!(form(&once), once, "form {} of {:?}", number, text);
        }
    }
    #[test]
    fn a_name_read_again_is_the_same_name(text in any_text()) {
        let once = name::read(&text, "");
        if once.kind == NameKind::Person {
            prop_assert_eq!(&name::read(&once.whole, "").whole, &once.whole);
        }
    }
    #[test]
    fn every_reader_takes_every_text(text in any_text(), other in any_text()) {
        let _ = (name::read(&text, &other), name::tokens(&text), date::parse(&text), sex::parse(&text), phone::parse(&text));
        let _ = (postcode::parse(&text), insurance::parse(&text, &other, &text, &other), insurance::parse_care(&text, &other));
        let _ = (insurance::parse_card(&text), insurance::patient_key(&text), insurance::looks_like_my_number(&text));
        let _ = (romaji::to_kana(&text), kana::is_cut_of(&text, &other));
        if let Some(address) = address::parse(&text) {
            prop_assert!(!address.base.is_empty());
        }
    }
}

#[test]
fn very_long_text_is_bounded() {
    for unit in ["山", "ｶﾞ", "\u{FDFA}", "一", "(", "様", "-", "1", "々", "A "] {
        let long = unit.repeat(100_000);
        let raw = crate::Demographics {
            family: long.clone(),
            given: long.clone(),
            family_kana: long.clone(),
            address: long.clone(),
            birth: long.clone(),
            phones: vec![long.clone(); 1_000],
            insurer: long.clone(),
            insured_number: long.clone(),
            ..crate::Demographics::default()
        };
        let person = normalise(&raw);
        assert!(person.family.is_unknown() && person.whole.is_unknown(), "no name is that long");
        for form in [text::canonical, kana::canonical, kana::folded, kana::blocking, kanji::folded] {
            assert!(form(&long).chars().count() <= crate::limits::TEXT_CHARS_MAX);
        }
        assert!(crate::identity_strings(&raw).is_empty());
    }
}
#[test]
fn nothing_personal_is_printed() {
    let raw =
        crate::Demographics { family: "山田".into(), birth: "19420418".into(), ..crate::Demographics::default() };
    let printed = format!("{raw:?} {:?} {:?}", normalise(&raw), name::read("山田 太郎", ""));
    assert!(!printed.contains("山田") && !printed.contains("1942"), "{printed}");
}
