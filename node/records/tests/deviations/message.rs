//! 11.2: what a message says.
use super::*;

#[test]
fn deviation_18_missing_segments_are_told() {
    let body = ["ORC|NW|1||1_01", "RXE||103835401^試薬錠^HOT9|1||TAB"];
    let (reading, faults) = read_as("OMP-01", encode_iso2022jp(&sent("RDE^O11", &body)));
    assert_eq!(reading.clinical.title(), "試薬錠");
    let missing = |name: &str| Fault::MissingSegment(name.into());
    assert!(faults.contains(&missing("TQ1")) && faults.contains(&missing("RXR")) && !faults.contains(&missing("ORC")));
    let (_, faults) = read_as("ADT-22", encode_iso2022jp(&sent("ADT^A01", &[])));
    assert!(faults.contains(&missing("EVN")) && faults.contains(&missing("PV1")));
}
#[test]
fn deviation_19_foreign_segments_and_second_messages() {
    let (reading, faults) = lab_with("OBX|1", "ZZX|1|own\rOBX|1");
    assert_eq!((report(&reading).items.len(), faults), (1, vec![]));
    let (reading, faults) = read(encode_iso2022jp(&lab().repeat(2)));
    assert_eq!((report(&reading).items.len(), faults), (1, vec![Fault::DuplicateMessage]));
    let other = lab().replace("|77|", "|78|");
    let (reading, faults) = read(encode_iso2022jp(&format!("{}{other}", lab())));
    assert_eq!((report(&reading).items.len(), faults), (2, vec![Fault::SecondMessage]));
}
#[test]
fn deviation_20_the_same_message_in_two_files() {
    let (standing, states, faults) = group(&[(Flag::Valid, 1, 0, "a"), (Flag::Valid, 2, 0, "b")]);
    assert_eq!((standing, states), (Standing::Alive(1), vec![State::History, State::Current]));
    assert_eq!(faults, [Fault::TwoCurrent]);
}
#[test]
fn deviation_21_control_numbers_are_no_keys() {
    let (reading, faults) = lab_with("|77|", "||");
    assert_eq!((reading.header.control.as_str(), faults), ("", vec![]));
    let long = "9".repeat(60);
    assert_eq!(lab_with("|77|", &format!("|{long}|")).0.header.control, long);
    // Without numbers, two messages of a file are not taken for one.
    let bare = lab().replace("|77|", "||");
    assert!(!read(encode_iso2022jp(&bare.repeat(2))).1.contains(&Fault::DuplicateMessage));
}
#[test]
fn deviation_22_the_folder_decides_if_the_segments_fit() {
    assert_eq!(lab_with("OUL^R22^OUL_R22", "ORU^R01").1, [Fault::KindDisagrees]);
    let other = sent("RDE^O11^RDE_O11", &["ORC|NW|1", "RXE||1^薬^99A|1||TAB"]);
    assert!(matches!(refused(encode_iso2022jp(&other)), ParseFailure::WrongKind { .. }));
}
#[test]
fn deviation_23_another_form_of_the_number_but_never_another_patient() {
    for same in ["700021", "0000-700021", "000000700021"] {
        assert_eq!(lab_with("0000700021^", &format!("{same}^")).1, [Fault::PatientForm], "{same}");
    }
    for other in ["0000700022", "1000700021", "A0000700021"] {
        let text = lab().replace("0000700021^", &format!("{other}^"));
        assert_eq!(refused(encode_iso2022jp(&text)), ParseFailure::WrongPatient, "{other}");
    }
}
#[test]
fn deviation_24_numbers_of_patients_are_texts() {
    for (a, b) in [("a-12b", "A12B"), ("００１２", "12"), ("k001", "K001")] {
        assert!(path::same_patient(a, b), "{a} {b}");
    }
    assert!(!path::same_patient("", "0") && !path::same_patient("12", "120"));
    let path = format!("{PLACE}/{FILE}").replace("000/070/0000700021", "a-1/2b/a-12b").replace("0000700021_", "a-12b_");
    assert_eq!(path::parse(&path).expect("a path").value.patient.expose(), "a-12b");
}
#[test]
fn deviation_25_names_without_their_marks() {
    let kanji = |reading: &Reading| reading.patient.name(NameForm::Kanji).map(|name| name.whole());
    let kana = |reading: &Reading| reading.patient.name(NameForm::Kana).map(|name| name.whole());
    let (early, faults) =
        lab_with("橋本^日向^^^^^L^I~ハシモト^ヒナタ^^^^^L^P", "橋本^日向^^^^L^I~ハシモトヒナタ^^^^^L^P");
    assert_eq!((kanji(&early).as_deref(), kana(&early).as_deref()), (Some("橋本 日向"), Some("ハシモトヒナタ")));
    assert_eq!(faults, [Fault::NameForm]);
    let (both, _) = lab_with("ヒナタ^^^^^L^P", "ヒナタ^^^^^L^I");
    assert_eq!(kana(&both).as_deref(), Some("ハシモト ヒナタ"));
    let (lone, _) = lab_with("~ハシモト^ヒナタ^^^^^L^P", "");
    assert_eq!(kana(&lone), None, "nothing is transliterated");
}
#[test]
fn deviation_26_the_whole_name_in_one_component() {
    let (reading, faults) = lab_with("橋本^日向^^^^^L^I", "橋本\u{3000}日向^^^^^^L^I");
    let name = reading.patient.name(NameForm::Kanji).expect("there");
    assert_eq!((name.family.expose().as_str(), name.given.expose().as_str()), ("橋本", "日向"));
    assert_eq!(faults, [Fault::NameForm]);
}
#[test]
fn deviation_27_birth_dates_that_are_none() {
    let (swapped, faults) = lab_with("||19410927|M", "||M|19410927");
    assert_eq!((swapped.patient.sex, swapped.patient.birth_date.expose()), (Sex::Male, &Date::new(1941, 9, 27)));
    assert_eq!(faults, [Fault::SwappedBirthAndSex]);
    for (birth, fault) in [("00000000", Fault::BadDate), ("\"\"", Fault::BadDate), ("20991231", Fault::FutureDate)] {
        let (reading, faults) = lab_with("||19410927|M", &format!("||{birth}|M"));
        assert_eq!((reading.patient.birth_date.expose(), faults), (&None, vec![fault]), "{birth}");
    }
}
#[test]
fn deviation_28_moments_in_the_future() {
    assert_eq!(lab_with("|20240405131012", "|20240406131012").1, []);
    assert_eq!(lab_with("|20240405131012", "|20240408131012").1, [Fault::FutureMoment]);
    let plan = sent("ADT^A14^ADT_A05", &["EVN||20240405||", "PV1|1|I", "PV2||||||||20300101"]);
    assert!(!read_as("ADT-21", encode_iso2022jp(&plan)).1.contains(&Fault::FutureMoment));
}
#[test]
fn deviation_29_moments_that_the_calendar_does_not_have() {
    let taken = |to: &str| {
        let (reading, faults) = lab_with("|202404051102\rORC", &format!("|{to}\rORC"));
        (report(&reading).items[0].at.clone().map(|at| at.digits().to_owned()), faults)
    };
    assert_eq!(taken("202404052400").1, []);
    for odd in ["20240405110260", "2024040511020", "20240405 1102", "20240405AB"] {
        assert_eq!(taken(odd).1, [Fault::BadDate], "{odd}");
    }
}
#[test]
fn deviation_30_numbers_with_words() {
    let value = |to: &str| {
        let (reading, faults) = lab_with("||58|", &format!("||{to}|"));
        let item = report(&reading).items[0].clone();
        (item.value, item.number, item.comparison, faults)
    };
    let odd = vec![Fault::BadNumber];
    assert_eq!(value("<0.5"), ("<0.5".into(), None, "<".into(), odd.clone()));
    assert_eq!(value("100以上"), ("100以上".into(), None, ">=".into(), odd.clone()));
    assert_eq!(value("１２"), ("１２".into(), None, String::new(), odd.clone()));
    assert_eq!(value("1e3"), ("1e3".into(), None, String::new(), odd));
    assert_eq!(value("+5"), ("+5".into(), Some("+5".into()), String::new(), vec![]));
}
#[test]
fn deviation_31_no_value_type() {
    let (reading, faults) = lab_with("OBX|1|NM|", "OBX|1||");
    assert_eq!((report(&reading).items[0].number.as_deref(), faults), (Some("58"), vec![Fault::ValueType]));
    let (reading, _) =
        lab_with("OBX|1|NM|3B035000002327201^AST^JC10||58", "OBX|1||3B035000002327201^AST^JC10||1^陰性^99A");
    assert_eq!(report(&reading).items[0].value, "陰性");
    let (reading, faults) = lab_with("|NM|3B035000002327201^AST^JC10||58", "|SN|3B035000002327201^AST^JC10||>^100");
    assert_eq!((report(&reading).items[0].comparison.as_str(), faults), (">", vec![]));
}
#[test]
fn deviation_32_texts_with_components_and_repetitions() {
    let (reading, faults) =
        lab_with("|NM|3B035000002327201^AST^JC10||58", "|ST|3B035000002327201^AST^JC10||1+^陽性^99A~2");
    assert_eq!((report(&reading).items[0].value.as_str(), faults), ("陽性、2", vec![]));
}
#[test]
fn deviation_33_tests_that_only_the_order_names() {
    let (reading, _) = lab_with("3B035000002327201^AST^JC10", "");
    assert_eq!(report(&reading).items[0].code.shown(), "生化学的検査");
    let text = lab()
        .replace("E002^生化学的検査^99O03", "3B035000002327201^AST^JC10")
        .replace("3B035000002327201^AST^JC10||58", "77^ＧＯＴ^99X||58");
    let (reading, _) = read(encode_iso2022jp(&text));
    assert_eq!(report(&reading).items[0].jlac10, "3B035000002327201");
    let (reading, faults) = read(encode_iso2022jp(&(lab() + "OBR|2|700000101||E009^培養^99O03\r")));
    assert_eq!((report(&reading).items[1].status, faults), (LabStatus::Ordered, vec![Fault::NoResult]));
}
#[test]
fn deviation_34_labels_that_the_shape_denies() {
    let body = ["ORC|NW|1||1_01", "RXE||620007329^試薬錠^HOT9|1||TAB", "TQ1|1", "RXR|PO"];
    let (reading, faults) = read_as("OMP-01", encode_iso2022jp(&sent("RDE^O11", &body)));
    let Clinical::Prescription(prescription) = reading.clinical else { panic!("no prescription") };
    assert_eq!(
        (prescription.groups[0].drugs[0].system, faults),
        (DrugSystem::Receipt, vec![Fault::CodeUnverified, Fault::KeyDisagrees])
    );
    let body = ["PRB|AD|1|20054174^胃炎^MDCDX2|7|||20240405|||K297^^I10^0^外来時^JHSD0004"];
    let (reading, _) = read_as("PPR-01", encode_iso2022jp(&sent("PPR^ZD1", &body)));
    let Clinical::Problems(list) = reading.clinical else { panic!("no list") };
    assert_eq!((list.items[0].icd10.as_str(), list.items[0].class.code.as_str()), ("K297", "O"));
}
#[test]
fn deviation_35_test_codes_of_other_lengths() {
    let (reading, faults) = lab_with("3B035000002327201^AST", "3B035000002327^AST");
    assert_eq!(report(&reading).items[0].analyte(), Some("3B0350000"));
    assert_eq!(faults, [Fault::CodeUnverified]);
}
#[test]
fn deviation_36_units_as_free_text() {
    for (unit, expect, fault) in
        [("個/HFP", "個/HFP", vec![]), ("10^2/μL", "10^2/μL", vec![Fault::Rejoined]), ("^mOms/L", "mOms/L", vec![])]
    {
        let (reading, faults) = lab_with("u/L^U/L^ISO+", unit);
        assert_eq!((report(&reading).items[0].unit.as_str(), faults), (expect, fault));
    }
}
#[test]
fn deviation_37_delimiters_in_texts() {
    let (reading, faults) = read(encode_iso2022jp(&(lab() + "NTE|1||再検^済&報告\r")));
    assert_eq!((report(&reading).items[0].comments[0].as_str(), faults), ("再検^済&報告", vec![Fault::Rejoined]));
}
#[test]
fn deviation_38_lengths_beyond_the_standard() {
    let long = "検体の状態に注意。".repeat(2_000);
    let (reading, faults) = read(encode_iso2022jp(&format!("{}NTE|1||{long}\r", lab())));
    assert_eq!((report(&reading).items[0].comments[0] == long, faults), (true, vec![]));
}
#[test]
fn deviation_38a_rows_that_are_no_results() {
    let rows = "OBX|2|ST|Y01^溶血^99X03||2+||||||F\rOBX|3|ST|Y02^コメント^99X03||再検||||||F\rOBX|4|ST|Y03^備考^99X03||済||||||F||R\r";
    let (reading, _) = read(encode_iso2022jp(&(lab() + rows)));
    let kinds: Vec<LabRow> = report(&reading).items.iter().map(|item| item.row).collect();
    assert_eq!(kinds, [LabRow::Result, LabRow::Specimen, LabRow::Remark, LabRow::Remark]);
    assert!(reading.clinical.title().contains("1項目"), "{}", reading.clinical.title());
    let (reading, _) = lab_with("OBR|1", "OBX|1|ST|Y01^溶血^99X03||1+||||||F\rOBR|1");
    assert_eq!(report(&reading).items[0].row, LabRow::Specimen);
}
#[test]
fn deviation_38b_the_generation_before() {
    let body =
        ["ORC|NW|1||1_01|||^1013044400000000&&JAMISDP01^D7^20240405", "RXE||103835401^試薬錠^HOT9|1||TAB", "RXR|PO"];
    let text = sent("RDE^O11", &body).replace("|2.5|", "|2.4|");
    let (reading, faults) = read_as("OMP-01", encode_iso2022jp(&text));
    let Clinical::Prescription(prescription) = reading.clinical else { panic!("no prescription") };
    let usage = &prescription.groups[0].usage;
    assert_eq!((usage.words.as_str(), usage.days.as_str()), ("内服・経口 １日3回 朝昼夕食後", "7"));
    assert!(faults.contains(&Fault::OtherVersion) && usage.dosage().is_some());
    let obr = "OBR|1|1||9A110^心電図^JC10|||||||||||||||||||||||^^^202404061000";
    let (reading, _) = read_as("OMG-03", encode_iso2022jp(&sent("OMG^O19", &["ORC|NW|1", obr])));
    let Clinical::Physiology(exam) = reading.clinical else { panic!("no examination") };
    assert_eq!(exam.planned.map(|at| at.to_string()).as_deref(), Some("2024-04-06 10:00"));
}
#[test]
fn deviation_39_insurance_numbers_where_the_writer_puts_them() {
    let insurances = |in1: &str| {
        let (reading, _) = read_as("ADT-00", encode_iso2022jp(&sent("ADT^A08", &["EVN||1", "PV1|1|O", in1])));
        let Clinical::Patient(patient) = reading.clinical else { panic!("no patient") };
        let insurance = patient.insurances[0].clone();
        [insurance.symbol, insurance.number, insurance.branch].map(|part| part.into_exposed())
    };
    assert_eq!(insurances("IN1|1|06|06139999|||||||架８|５５"), ["架８", "５５", ""]);
    assert_eq!(insurances("IN1|1|06|06139999|||||||架８~５５~０２"), ["架８", "５５", "０２"]);
    let body = ["PRB|AD|1|20054174^胃炎^MDCDX2|7", "ZI1|1|06|||||||||||||||SEL|19410927|住所"];
    let (reading, _) = read_as("PPR-01", encode_iso2022jp(&sent("PPR^ZD1", &body)));
    let Clinical::Problems(list) = reading.clinical else { panic!("no list") };
    assert_eq!(list.items[0].insurance.shown(), "組合健保");
}
