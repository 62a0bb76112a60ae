//! 11.1: bytes and encoding.
use super::*;
use encoding_rs::{EUC_JP, SHIFT_JIS};

#[test]
fn deviation_01_cp932_in_spite_of_msh_18() {
    check_bytes(&SHIFT_JIS.encode(&lab()).0, Encoding::Cp932, &[Fault::OtherEncoding(Encoding::Cp932)]);
}
#[test]
fn deviation_02_utf8_with_and_without_mark() {
    let faults = [Fault::OtherEncoding(Encoding::Utf8)];
    check_bytes(lab().as_bytes(), Encoding::Utf8, &faults);
    check_bytes(&[b"\xEF\xBB\xBF", lab().as_bytes()].concat(), Encoding::Utf8, &faults);
}
#[test]
fn deviation_03_utf16() {
    let bytes: Vec<u8> = [0xFEFF].into_iter().chain(lab().encode_utf16()).flat_map(u16::to_le_bytes).collect();
    check_bytes(&bytes, Encoding::Utf16, &[Fault::OtherEncoding(Encoding::Utf16)]);
}
#[test]
fn deviation_04_euc_jp() {
    check_bytes(&EUC_JP.encode(&lab()).0, Encoding::EucJp, &[Fault::OtherEncoding(Encoding::EucJp)]);
}
#[test]
fn deviation_05_spellings_of_the_character_set() {
    for (set, method) in [("~ISOIR87", "ISO2022-1994"), ("ISO IR87", " ISO 2022-1994"), ("", "")] {
        let text = lab().replace("~ISO IR87", set).replace("ISO 2022-1994", method);
        check_bytes(&encode_iso2022jp(&text), Encoding::Iso2022Jp, &[]);
    }
}
#[test]
fn deviation_06_other_returns_and_the_old_set() {
    let swap = |from: &[u8; 3], to: &[u8; 3]| {
        let mut bytes = encode_iso2022jp(&lab());
        (0..bytes.len() - 2).for_each(|at| {
            if bytes[at..at + 3] == *from {
                bytes[at..at + 3].copy_from_slice(to)
            }
        });
        bytes
    };
    check_bytes(&swap(b"\x1B(B", b"\x1B(J"), Encoding::Iso2022Jp, &[]);
    check_bytes(&swap(b"\x1B$B", b"\x1B$@"), Encoding::Iso2022Jp, &[]);
}
#[test]
fn deviation_07_a_run_that_is_not_closed() {
    let bytes = [encode_iso2022jp(&lab()), b"NTE|1||\x1B$BHw9M\r".to_vec()].concat();
    let (reading, faults) = read(&bytes);
    assert_eq!(faults, [Fault::NotReset]);
    assert_eq!(report(&reading).items[0].comments, ["備考"]);
}
#[test]
fn deviation_08_empty_runs() {
    let bytes = [encode_iso2022jp(&lab()), b"NTE|1||a\x1B$B\x1B(Bz\r".to_vec()].concat();
    let (reading, faults) = read(&bytes);
    assert_eq!((report(&reading).items[0].comments.as_slice(), faults), (["az".to_owned()].as_slice(), vec![]));
}
#[test]
fn deviation_09_half_width_kana_are_shown_in_full_width() {
    let (reading, faults) = lab_with("^AST^", "^ｶﾞﾝﾏGTP^");
    assert_eq!((report(&reading).items[0].code.text.as_str(), faults), ("ガンマGTP", vec![Fault::HalfWidthKana]));
}
#[test]
fn deviation_10_voice_marks_apart_stay_as_they_came() {
    let (reading, faults) = lab_with("ハシモト^", "スス゛キ^");
    let kana = reading.patient.name(NameForm::Kana).map(|name| name.whole());
    assert_eq!((kana.as_deref(), faults), (Some("スス゛キ ヒナタ"), vec![]));
}
#[test]
fn deviation_11_characters_outside_of_the_standard() {
    let bytes = [encode_iso2022jp(&lab()), b"NTE|1||\x1B$B-!|b)!\x1B(B\r".to_vec()].concat();
    let (reading, faults) = read(&bytes);
    assert_eq!(report(&reading).items[0].comments, ["①髙〓"]);
    assert_eq!(faults, [Fault::Unmapped(1), Fault::VendorCharacters(2)]);
    let user_defined = SHIFT_JIS.encode(&lab()).0.iter().copied().chain(*b"NTE|1||\xF0\x40\r").collect::<Vec<_>>();
    assert!(read(user_defined).1.contains(&Fault::Unmapped(1)));
}
#[test]
fn deviation_12_the_yen_sign_as_delimiter() {
    let (reading, faults) = read(format!("{}NTE|1||a\\T\\b\r", lab()).replace('\\', "¥"));
    assert_eq!(report(&reading).items[0].comments, ["a&b"]);
    assert!(faults.contains(&Fault::YenDelimiter));
}
#[test]
fn deviation_13_rests_of_transport() {
    for rest in [b"\x1C".as_slice(), b"\x1A", b"\0\0", b"\x1C\r"] {
        check_bytes(
            &[b"\x0B", encode_iso2022jp(&lab()).as_slice(), rest].concat(),
            Encoding::Iso2022Jp,
            &[Fault::StrayBytes],
        );
    }
}
#[test]
fn deviation_14_other_line_ends() {
    for end in ["\n", "\r\n"] {
        check_bytes(&encode_iso2022jp(&lab().replace('\r', end)), Encoding::Iso2022Jp, &[Fault::LineFeeds]);
    }
    let mixed = lab().replacen('\r', "\r\n", 1).replacen("\rSPM", "\nSPM", 1);
    check_bytes(&encode_iso2022jp(&mixed), Encoding::Iso2022Jp, &[Fault::LineFeeds]);
}
#[test]
fn deviation_15_no_return_behind_the_last_segment() {
    check_bytes(&encode_iso2022jp(lab().trim_end_matches('\r')), Encoding::Iso2022Jp, &[]);
}
#[test]
fn deviation_16_blank_lines_and_blanks() {
    let text = lab().replace('\r', "  \r\r").replace("58|", " 58 |").replace("橋本^日向", "橋本 ^ 日向");
    check_bytes(&encode_iso2022jp(&text), Encoding::Iso2022Jp, &[]);
}
#[test]
fn deviation_17_empty_cut_and_filled_files() {
    assert!(refused(b"").is_transient() && refused([0; 300]).is_transient() && refused(b"MSH|^~\\&|EM").is_transient());
    assert_eq!(refused(encode_iso2022jp(&lab().replace(PID, "NTE|1"))), ParseFailure::NoPatient);
    let cut = lab().replace("|F|||202404051102\r", "");
    for bytes in [encode_iso2022jp(&cut), [encode_iso2022jp(&cut), vec![0; 99]].concat()] {
        let (reading, faults) = read(bytes);
        assert!(faults.contains(&Fault::Truncated) && report(&reading).items.iter().all(|item| item.value.is_empty()));
    }
}
