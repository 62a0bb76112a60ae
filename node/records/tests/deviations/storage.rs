//! 11.3: paths and storage.
use super::*;

#[test]
fn deviation_40_date_folders_in_other_forms() {
    let path = |date: &str| {
        format!("{PLACE}/{FILE}").replace("20240405/", &format!("{date}/")).replace("_20240405_", &format!("_{date}_"))
    };
    assert_eq!(check_path(&path("2024-04-05"), &[Fault::CareDateForm]).care_date, Date::new(2024, 4, 5));
    let name = check_path(&path("20241301"), &[Fault::CareDateForm]);
    let read = parse_file(&name, &encode_iso2022jp(&lab())).expect("taken in");
    assert_eq!(read.value.date, Date::new(2024, 4, 5), "the date of the message");
}
#[test]
fn deviation_41_folder_and_message_give_other_dates() {
    let name = check_path(
        &format!("{PLACE}/{FILE}").replace("20240405/", "20240403/").replace("_20240405_", "_20240403_"),
        &[],
    );
    let read = parse_file(&name, &encode_iso2022jp(&lab())).expect("taken in");
    assert_eq!((read.value.date, &read.problems[0].fault), (Date::new(2024, 4, 3), &Fault::DateDisagrees));
}
#[test]
fn deviation_42_name_and_folder_disagree() {
    let name = check_path(&format!("{PLACE}/{}", FILE.replace("_20240405_", "_20240406_")), &[Fault::NameDisagrees]);
    assert_eq!(name.care_date, Date::new(2024, 4, 5));
    check_path(&format!("{PLACE}/{}", FILE.replace("OML-11", "OMP-01")), &[Fault::NameDisagrees]);
    let other = format!("{PLACE}/{}", FILE.replace("0000700021_", "0000700022_"));
    assert_eq!(classify(&other), Class::Quarantine(PathReason::OtherPatient));
}
#[test]
fn deviation_43_dated_kinds_without_date_and_orders_without_number() {
    let path = format!("{PLACE}/{FILE}").replace("20240405/", "-/").replace("_20240405_", "_-_");
    let name = check_path(&path, &[Fault::DatedUnderHyphen]);
    let read = parse_file(&name, &encode_iso2022jp(&lab())).expect("taken in");
    assert_eq!(read.value.date, Date::new(2024, 4, 5));
    check_path(&format!("{PLACE}/{}", FILE.replace("000000700000101", "999999999999999")), &[Fault::NoOrderNumber]);
}
#[test]
fn deviation_44_two_files_with_flag_1() {
    let (standing, _, faults) = group(&[(Flag::Valid, 2, 1, "a"), (Flag::Valid, 1, 9, "b")]);
    assert_eq!((standing, faults), (Standing::Alive(0), vec![Fault::TwoCurrent]));
}
#[test]
fn deviation_45_only_files_with_flag_2() {
    let (standing, states, faults) = group(&[(Flag::Past, 1, 0, "a"), (Flag::Past, 2, 0, "b")]);
    assert_eq!((standing, states), (Standing::Nothing, vec![State::History; 2]));
    assert_eq!(faults, [Fault::NoCurrent]);
}
#[test]
fn deviation_46_replaced_files_with_flag_0() {
    let (standing, states, faults) = group(&[(Flag::Void, 1, 0, "a"), (Flag::Valid, 2, 0, "b")]);
    assert_eq!((standing, states, faults), (Standing::Alive(1), vec![State::History, State::Current], vec![]));
    assert_eq!(group(&[(Flag::Void, 1, 0, "a"), (Flag::Void, 2, 0, "b")]).0, Standing::Deleted);
}
#[test]
fn deviation_47_missing_flags_and_extensions() {
    for extension in [".hl7", ".HL7", ".txt"] {
        check_path(&format!("{PLACE}/{FILE}{extension}"), &[Fault::Extension]);
    }
    for extension in [".tmp", ".bak", ".swp", "~"] {
        assert_eq!(classify(&format!("{PLACE}/{FILE}{extension}")), Class::Ignored(IgnoreReason::Temporary));
    }
    for tail in ["", "_", "_3", "_x"] {
        let path = format!("{PLACE}/{}{tail}", &FILE[..FILE.len() - 2]);
        assert!(matches!(classify(&path), Class::Quarantine(_)), "{tail:?}");
    }
}
#[test]
fn deviation_48_six_parts_blanks_and_short_times() {
    check_path(&format!("{PLACE}/{}", FILE.replace("_06_", "_")), &[Fault::SixParts]);
    check_path(&format!("{PLACE}/{}", FILE.replace("_2024040513", "_ 2024040513")), &[Fault::Spaces]);
    check_path(&format!("{PLACE}/{}", FILE.replace("131015120", "131015")), &[Fault::StampForm]);
    check_path(&format!("{PLACE}/{}", FILE.replace("131015120", "1310151")), &[Fault::StampForm]);
    assert_eq!(check_path(&format!("{PLACE}/{}", FILE.replace("_06_", "_-_")), &[]).department, "");
    assert_eq!(check_path(&format!("{PLACE}/{}", FILE.replace("_06_", "_K12_")), &[]).department, "K12");
}
#[test]
fn deviation_49_kinds_in_lower_case() {
    check_path(&format!("{PLACE}/{FILE}").replace("OML-11", "oml-11"), &[Fault::LowerCase]);
}
#[test]
fn deviation_49a_a_copy_of_the_journal() {
    let line = "#SSMIX,2.00,1,0000700021,20240405,OML-11,000000700000101,INS,06,20240405131015120\r";
    check_bytes(&encode_iso2022jp(&format!("{line}{}", lab())), Encoding::Iso2022Jp, &[Fault::JournalHeader]);
    let second = lab().replace("|77|", "|78|");
    let (reading, faults) = read(encode_iso2022jp(&format!("{line}{}{line}{second}", lab())));
    assert_eq!(report(&reading).items.len(), 2);
    assert_eq!(faults, [Fault::JournalHeader, Fault::SecondMessage]);
}
#[test]
fn deviation_50_kinds_that_nobody_lists() {
    let path = format!("{PLACE}/{FILE}").replace("OML-11", "OML-12");
    let parsed = path::parse(&path).expect("a path");
    assert_eq!(parsed.problems[0].fault, Fault::UnknownKind);
    let read = parse_file(&parsed.value, &encode_iso2022jp(&lab())).expect("taken in").value;
    assert!(matches!(read.clinical, Clinical::Generic(_)) && !read.clinical.lines().is_empty());
    assert!(matches!(classify(&path.replace("OML-12", "L-NOTE")), Class::Extended(_)));
}
#[test]
fn deviation_51_files_of_operating_systems() {
    for name in ["Thumbs.db", "desktop.ini", "@eaDir/x"] {
        assert_eq!(classify(&format!("{PLACE}/{name}")), Class::Ignored(IgnoreReason::System), "{name}");
    }
    assert_eq!(classify(&format!("{PLACE}/.DS_Store")), Class::Ignored(IgnoreReason::Hidden));
}
#[test]
fn deviation_52_a_share_that_goes_away_deletes_nothing() {
    let mut before = Listing::default();
    before.add(format!("{PLACE}/{FILE}"), 1, Millis(0));
    assert!(diff(&before, &Listing { partial: true, ..Listing::default() }).is_empty());
    assert_eq!(diff(&before, &Listing::default()).len(), 1, "only a walk that saw everything says that it is gone");
}
#[test]
fn deviation_54_dangerous_paths() {
    let file = format!("{PLACE}/{FILE}");
    for bad in [
        format!("../{file}"),
        format!("C:/{file}"),
        format!("{PLACE}/NUL.hl7"),
        format!("{PLACE}/com9"),
        format!("{file}\0"),
    ] {
        assert!(matches!(classify(&bad), Class::Quarantine(PathReason::Dangerous)), "{bad:?}");
    }
    assert_eq!(classify(&format!("{PLACE}/{FILE}{}", "9".repeat(300))), Class::Quarantine(PathReason::TooLong));
    assert_eq!(classify(&format!("{}{file}", "a/".repeat(600))), Class::Quarantine(PathReason::TooLong));
}
#[test]
fn deviation_55_decomposed_names_are_the_same_names() {
    let document = |kind: &str, own: &str| {
        let path =
            format!("000/070/0000700021/20240405/{kind}/0000700021_20240405_{own}_77_20240405131015120_06_1/a.pdf");
        match classify(&path) {
            Class::Extended(parsed) => (parsed.problems.is_empty(), parsed.value),
            other => panic!("{other:?}"),
        }
    };
    let composed = "^サービス計画書^^56447-6^計画書^LN";
    let parted = composed.replace('ビ', "ヒ\u{3099}");
    let (clean, plain) = document(composed, composed);
    for (kind, own) in [(parted.as_str(), parted.as_str()), (&parted, composed)] {
        let (parted_clean, file) = document(kind, own);
        assert_eq!((clean, parted_clean, &file.folder, &file.name), (true, true, &plain.folder, &plain.name));
        assert!(file.content.contains(own), "what leads to the file keeps its bytes");
    }
}
#[test]
fn deviation_56_versions_of_one_moment() {
    assert_eq!(group(&[(Flag::Valid, 1, 5, "a"), (Flag::Valid, 1, 4, "b")]).0, Standing::Alive(0));
    assert_eq!(group(&[(Flag::Valid, 1, 4, "a"), (Flag::Valid, 1, 4, "b")]).0, Standing::Alive(1));
}
