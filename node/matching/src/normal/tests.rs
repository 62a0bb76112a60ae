//! The table of spellings met in the field, case by case: kana, kanji, names, dates, sex, insurance, address, telephone.
use super::date::{Birth, DateAgreement};
use super::name::NameKind;
use super::sex::Sex;
use super::*;
use protocol::time::Date;

#[track_caller]
fn check_all(form: fn(&str) -> String, cases: &[(&str, &str)]) {
    for (written, expect) in cases {
        assert_eq!(form(written), *expect, "normal form of {written:?}");
    }
}

mod names {
    use super::*;

    #[test]
    fn gaps_of_any_kind_are_one_space() {
        check_all(
            text::canonical,
            &[
                ("山田　太郎", "山田 太郎"),
                ("山田 　太郎 ", "山田 太郎"),
                ("\u{FEFF}山田\u{A0}\t太郎", "山田 太郎"),
                ("ＳＭＩＴＨ　ＪＯＨＮ", "SMITH JOHN"),
            ],
        );
    }
    #[test]
    fn dashes_and_other_double_code_points_are_one() {
        for dash in "‐‑‒–—―−－─━-".chars() {
            assert_eq!(text::canonical(&format!("1{dash}2")), "1-2", "{dash:?}");
        }
        check_all(text::canonical, &[("〜", "~"), ("～", "~"), ("‖", "‖"), ("∥", "‖")]);
    }
    #[test]
    fn compatibility_ideographs_and_selectors_vanish() {
        check_all(
            text::canonical,
            &[
                ("\u{FA19}谷", "\u{795E}谷"),
                ("\u{FA1B}\u{F9DC}\u{FA10}", "\u{798F}\u{9686}\u{585A}"),
                ("葛\u{E0100}", "葛"),
                ("辻\u{E0101}", "辻"),
                ("渡\u{200B}", "渡"),
            ],
        );
    }
    #[test]
    fn personal_name_variants_fold() {
        check_all(
            kanji::folded,
            &[
                ("髙﨑　一郎", "高崎一郎"),
                ("渡邉", "渡辺"),
                ("渡邊", "渡辺"),
                ("渡部", "渡部"),
                ("齋藤", "斉藤"),
                ("斎藤", "斉藤"),
                ("齊藤", "斉藤"),
                ("斉藤", "斉藤"),
                ("廣田眞惠", "広田真恵"),
                ("濵田", "浜田"),
                ("濱田", "浜田"),
                ("𠮷田", "吉田"),
                ("櫻井", "桜井"),
                ("澤田", "沢田"),
                ("瀧", "滝"),
                ("嶋田", "島田"),
                ("嶌田", "島田"),
                ("冨澤榮", "富沢栄"),
                ("國分", "国分"),
                ("圓山", "円山"),
                ("與田", "与田"),
                ("桒原", "桑原"),
                ("栁", "柳"),
                ("槗本", "橋本"),
                ("渕上", "渕上"),
                ("淵上", "渕上"),
                ("渊上", "渕上"),
                ("佐々木", "佐佐木"),
                ("佐佐木", "佐佐木"),
                ("三ヶ島", "三ケ島"),
                ("三が島", "三ケ島"),
                ("三ケ島", "三ケ島"),
                ("山■太郎", "山*太郎"),
                ("山〓太郎", "山*太郎"),
                ("山?太郎", "山*太郎"),
                ("山？太郎", "山*太郎"),
                ("山●太郎", "山*太郎"),
                ("山\u{E000}太郎", "山*太郎"),
            ],
        );
    }
    #[test]
    fn a_name_without_gap_has_no_known_split() {
        let name = name::read("山田太郎", "");
        assert_eq!((name.family, name.given, name.whole.as_str()), (None, None, "山田太郎"));
    }
    #[test]
    fn brackets_hold_other_names() {
        let married = name::read("佐藤　花子（旧姓：鈴木）", "");
        assert_eq!((married.whole.as_str(), married.other_family.as_deref()), ("佐藤 花子", Some("鈴木")));
        let inside = name::read("鈴木(佐藤) 花子", "");
        assert_eq!((inside.whole.as_str(), inside.other_family.as_deref()), ("鈴木 花子", Some("佐藤")));
        let fields = name::read("鈴木（佐藤）", "花子");
        assert_eq!((fields.family.as_deref(), fields.given.as_deref()), (Some("鈴木"), Some("花子")));
        let alias = name::read("金　英姫（通称：金田英子）", "");
        assert_eq!((alias.whole.as_str(), alias.alias.as_deref()), ("金 英姫", Some("金田英子")));
    }
    #[test]
    fn honorifics_go() {
        for written in ["山田太郎様", "山田太郎 殿", "山田太郎さん", "山田太郎ちゃん", "山田太郎君"]
        {
            assert_eq!(name::read(written, "").whole, "山田太郎", "{written}");
        }
    }
    #[test]
    fn newborns_have_a_family_and_no_given_name() {
        for (written, family) in [
            ("山田　ベビー", Some("山田")),
            ("山田Ｂ", Some("山田")),
            ("山田　花子の子", Some("山田")),
            ("山田　花子ベビー", Some("山田")),
            ("山田　児", Some("山田")),
            ("山田　シンセイジ", Some("山田")),
            // Nothing says where the mother's family name ends.
            ("山田花子の子", None),
        ] {
            let name = name::read(written, "");
            assert_eq!((name.kind, name.family.as_deref(), name.given), (NameKind::Newborn, family, None), "{written}");
        }
        assert_eq!(name::read("山田", "ベビー").family.as_deref(), Some("山田"));
        assert_eq!(name::read("ヤマダ", "ベビー").kind, NameKind::Newborn);
        assert_eq!(name::read("山田", "花子").kind, NameKind::Person);
    }
    #[test]
    fn foreign_names_are_sets_of_parts() {
        assert_eq!(name::tokens("Smith, John"), name::tokens("JOHN SMITH"));
        assert_eq!(name::tokens("スミス・ジョン"), ["ジヨン".to_owned(), "スミス".to_owned()].into());
        assert_eq!(name::tokens("スミス・ジョン"), name::tokens("ジョン スミス"));
    }
    #[test]
    fn companies_tests_and_unknown_persons_are_seen() {
        for (written, kind) in [
            ("（株）見本商事", NameKind::Company),
            ("㈱見本商事", NameKind::Company),
            ("テスト　患者", NameKind::Test),
            ("試験　太郎", NameKind::Test),
            ("ダミー", NameKind::Test),
            ("氏名不詳　１", NameKind::Nobody),
            ("山田 太郎", NameKind::Person),
        ] {
            assert_eq!(name::read(written, "").kind, kind, "{written}");
        }
    }
    #[test]
    fn private_characters_are_flagged() {
        let name = name::read("山\u{E000} 太郎", "");
        assert!(name.has_gaiji);
        assert_eq!(name.whole, "山* 太郎");
    }
}

mod kana_forms {
    use super::*;

    #[test]
    fn widths_hiragana_and_loose_marks_become_katakana() {
        check_all(
            kana::canonical,
            &[
                ("ﾔﾏﾀﾞ ﾀﾛｳ", "ヤマダ タロウ"),
                ("やまだ　たろう", "ヤマダ タロウ"),
                ("ヤマタ゛", "ヤマダ"),
                ("カ\u{3099}", "ガ"),
                ("ﾊﾞﾊﾞ ｼﾞｭﾝ", "ババ ジュン"),
                ("みすゞ", "ミスズ"),
            ],
        );
    }
    #[test]
    fn hyphens_after_kana_are_long_marks() {
        check_all(
            kana::canonical,
            &[
                ("マリ－", "マリー"),
                ("マリ-", "マリー"),
                ("マリ―", "マリー"),
                ("マリ一", "マリー"),
                ("ﾏﾘｰ", "マリー"),
                ("オ-ノ", "オーノ"),
            ],
        );
    }
    #[test]
    fn safe_folds() {
        check_all(
            kana::safe,
            &[
                ("キョウコ", "キヨウコ"),
                ("キヨウコ", "キヨウコ"),
                ("ハットリ", "ハツトリ"),
                ("チヅル", "チズル"),
                ("チズル", "チズル"),
                ("ミヅホ", "ミズホ"),
                ("カヲリ", "カオリ"),
                ("スヱ", "スエ"),
                ("ヰツ", "イツ"),
                ("ヴィクトリア", "ビクトリア"),
                ("ヴ", "ブ"),
            ],
        );
        assert_ne!(kana::safe("ユーコ"), kana::safe("ユウコ"));
    }
    #[test]
    fn folded_kana_of_the_tags_keep_long_vowels_apart() {
        check_all(
            kana::folded,
            &[("ヤマザキ", "ヤマサキ"), ("ショウイチ", "シヨウイチ"), ("ヂ", "シ"), ("マリー", "マリ"), ("パ", "ハ")],
        );
        assert_ne!(kana::folded("オノ"), kana::folded("オオノ"));
    }
    #[test]
    fn lossy_folds_join_long_vowels_and_voicing() {
        check_all(
            kana::blocking,
            &[
                ("ユーコ", "ユコ"),
                ("ユウコ", "ユコ"),
                ("オーノ", "オノ"),
                ("オオノ", "オノ"),
                ("オノ", "オノ"),
                ("サトー", "サト"),
                ("サトウ", "サト"),
                ("コータロー", "コタロ"),
                ("コウタロウ", "コタロ"),
                ("ケーコ", "ケコ"),
                ("ケイコ", "ケコ"),
                ("ヤマザキ", "ヤマサキ"),
                ("ヤマサキ", "ヤマサキ"),
                ("ナカジマ", "ナカシマ"),
            ],
        );
    }
    #[test]
    fn unsplit_and_cut_kana_still_compare() {
        assert_eq!(kana::exact("ﾐﾎﾝﾊﾅｺ"), kana::exact("ミホン ハナコ"));
        assert!(kana::is_cut_of("ﾜﾀﾅﾍﾞ ｼﾞｭﾝｲﾁﾛ", "ワタナベ ジュンイチロウ"));
        assert!(!kana::is_cut_of("ワタナ", "ワタナベ"), "too short to mean it");
    }
    #[test]
    fn romaji_reads_as_kana() {
        for (latin, kana) in [
            ("Watanabe", "ワタナベ"),
            ("WATANABE", "ワタナベ"),
            ("SHINICHI", "シンイチ"),
            ("SINITI", "シンイチ"),
            ("HATTORI", "ハットリ"),
            ("KYOKO", "キョコ"),
            ("Namba", "ナンバ"),
            ("SHIMBASHI", "シンバシ"),
            ("JUN'ICHI", "ジュンイチ"),
            ("OHARA", "オハラ"),
            ("ETCHU", "エッチュ"),
        ] {
            assert_eq!(romaji::to_kana(latin).as_deref(), Some(kana), "{latin}");
        }
        for latin in ["OHNO", "ONO", "OONO"] {
            assert_eq!(romaji::to_kana(latin).map(|kana| kana::blocking(&kana)).as_deref(), Some("オノ"), "{latin}");
        }
        assert_eq!(romaji::to_kana("山田"), None);
        assert_eq!(romaji::to_kana("NGUYEN"), None, "not a Japanese name in Latin letters");
    }
}

mod dates {
    use super::*;

    #[test]
    fn eras_and_western_dates_are_one() {
        for (written, expect) in [
            ("3170418", "19420418"),
            ("S17.4.18", "19420418"),
            ("昭和17年4月18日", "19420418"),
            ("１９４２年４月１８日", "19420418"),
            ("㍼17.4.18", "19420418"),
            ("1942/4/18", "19420418"),
            ("1942-04-18", "19420418"),
            ("19420418", "19420418"),
            ("194204180930", "19420418"),
            ("1942-04-18T09:30:00", "19420418"),
            ("H310430", "20190430"),
            ("令和元年5月1日", "20190501"),
            ("R7.3.1", "20250301"),
            ("4060315", "19940315"),
            ("明治45年7月29日", "19120729"),
            ("大正元年7月30日", "19120730"),
        ] {
            let read = date::parse(written);
            assert_eq!(read.birth, Birth::Full(Date::parse(expect).expect("a date")), "{written}");
            assert!(!read.era_overrun, "{written}");
        }
    }
    #[test]
    fn eras_past_their_end_are_converted_and_flagged() {
        for (written, expect) in [
            ("昭和64年1月8日", "19890108"),
            ("平成31年6月1日", "20190601"),
            ("H35.1.5", "20230105"),
            ("S64.03.01", "19890301"),
        ] {
            let read = date::parse(written);
            assert_eq!((read.birth.full(), read.era_overrun), (Date::parse(expect), true), "{written}");
        }
    }
    #[test]
    fn partial_dates_keep_what_they_know() {
        for (written, year, month) in [
            ("19420000", 1942, None),
            ("昭和17年", 1942, None),
            ("1942", 1942, None),
            ("19420400", 1942, Some(4)),
            ("50703", 2025, Some(3)),
            ("194204", 1942, Some(4)),
            ("1942-04-99", 1942, Some(4)),
        ] {
            assert_eq!(date::parse(written).birth, Birth::Partial { year, month }, "{written}");
        }
    }
    #[test]
    fn impossible_ambiguous_and_absent_dates_are_unknown() {
        for written in [
            "1942-02-30",
            "420418",
            "00000000",
            "0000000",
            "",
            "99999999",
            "9999-12-31",
            "1942-13-01",
            "不明",
            "17.4.18",
        ] {
            assert_eq!(date::parse(written).birth, Birth::Unknown, "{written}");
        }
    }
    #[test]
    fn future_births_and_impossible_ages_are_unknown_today() {
        let today = Date::new(2026, 11, 22).expect("a date");
        assert_eq!(date::parse("20261123").birth.seen_on(today), Birth::Unknown);
        assert_eq!(date::parse("19000101").birth.seen_on(today), Birth::Unknown);
        assert_ne!(date::parse("20261122").birth.seen_on(today), Birth::Unknown);
    }
    #[test]
    fn first_of_january_and_july_are_habit_days() {
        assert!(date::parse("1942-01-01").birth.is_habit_day() && date::parse("1942-07-01").birth.is_habit_day());
        assert!(!date::parse("1942-01-02").birth.is_habit_day());
    }
    #[test]
    fn slips_of_typing_are_seen() {
        let agree = |a: &str, b: &str| date::agreement(date::parse(a).birth, date::parse(b).birth);
        assert_eq!(agree("1942-08-14", "1942-04-18"), DateAgreement::Slip);
        assert_eq!(agree("1942-04-18", "1942-04-13"), DateAgreement::Slip);
        assert_eq!(agree("1942-04-08", "1942-08-04"), DateAgreement::Slip);
        assert_eq!(agree("S17-04-18", "2005-04-18"), DateAgreement::Slip);
        assert_eq!(agree("1942-04-18", "1942-04-27"), DateAgreement::TwoParts);
        assert_eq!(agree("1942-04-18", "1950-09-27"), DateAgreement::Differ);
        assert_eq!(agree("1942-04-18", "19420000"), DateAgreement::Partial);
        assert_eq!(agree("1942-04-18", ""), DateAgreement::Unknown);
    }
    #[test]
    fn sex_in_every_notation() {
        for written in ["1", "M", "男", "男性", "♂", "おとこ", "１"] {
            assert_eq!(sex::parse(written), Some(Sex::Male), "{written}");
        }
        for written in ["2", "F", "女", "女性", "♀"] {
            assert_eq!(sex::parse(written), Some(Sex::Female), "{written}");
        }
        for written in ["9", "0", "不明", "U", ""] {
            assert_eq!(sex::parse(written), None, "{written}");
        }
        assert_eq!((sex::parse("O"), sex::parse("other")), (Some(Sex::Other), Some(Sex::Other)));
    }
}

mod numbers {
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
}

mod addresses {
    use super::*;

    fn base(text: &str) -> String {
        address::parse(text).map(|address| address.base).unwrap_or_default()
    }
    fn key(text: &str) -> String {
        address::parse(text).map(|address| address.key).unwrap_or_default()
    }

    #[test]
    fn numbers_come_out_with_hyphens() {
        check_all(
            base,
            &[
                ("千葉県見本市見本町１－２－３", "千葉県見本市見本町1-2-3"),
                ("見本町一丁目二番三号", "見本町1-2-3"),
                ("見本町１丁目２番地の３", "見本町1-2-3"),
                ("見本町１の２の３", "見本町1-2-3"),
                ("見本町１ノ２ノ３", "見本町1-2-3"),
                ("見本町二十三番地", "見本町23"),
                ("三田", "三田"),
                ("八王子", "八王子"),
                ("四谷三丁目", "四谷3"),
                ("三番町5", "三番町5"),
                ("北一条西２丁目", "北1条西2"),
                ("北一条西２丁目3番4号", "北1条西2-3-4"),
                ("大字見本字前田１２３番地", "見本前田123"),
                ("千葉県 見本市 見本町 1-2-3", "千葉県見本市見本町1-2-3"),
            ],
        );
    }
    #[test]
    fn buildings_and_rooms_are_apart() {
        for written in ["見本町1-2-3 見本荘２０１号室", "見本町1-2-3-201", "見本町1丁目2番3号見本荘201号室"]
        {
            let address = address::parse(written).expect("an address");
            assert_eq!((address.base.as_str(), address.room.as_deref()), ("見本町1-2-3", Some("201")), "{written}");
        }
    }
    #[test]
    fn prefectures_do_not_matter_unless_two_cities_share_a_name() {
        assert_eq!(key("千葉県見本市見本町1-2"), key("見本市見本町1-2"));
        assert_ne!(key("東京都府中市見本町1-2"), key("広島県府中市見本町1-2"));
        assert_eq!(key("京都府京都市見本町1"), key("京都市見本町1"));
    }
    #[test]
    fn variants_in_place_names_fold() {
        for written in ["龍ケ崎市", "竜ヶ崎市", "龍ヶ崎市", "竜が崎市"] {
            assert_eq!(key(written), "竜ケ崎市", "{written}");
        }
    }
    #[test]
    fn street_names_of_kyoto_stay_in_the_text_and_leave_the_key() {
        let address = address::parse("京都市中京区烏丸通御池上る亀屋町538").expect("an address");
        assert_eq!(address.base, "京都市中京区烏丸通御池上る亀屋町538");
        assert_eq!(address.key, key("京都市中京区亀屋町538"));
    }
    #[test]
    fn care_of_leaves_the_key() {
        for written in ["見本町1-2-3 鈴木様方", "見本町1-2-3鈴木様方", "見本町1-2-3 c/o SUZUKI"] {
            let address = address::parse(written).expect("an address");
            assert_eq!(address.key, "見本町1-2-3", "{written}");
            assert!(address.care_of.is_some(), "{written}");
        }
    }
    #[test]
    fn only_addresses_with_numbers_name_a_house() {
        assert!(address::parse("見本町1-2").is_some_and(|address| address.has_numbers()));
        assert!(address::parse("見本市見本町").is_some_and(|address| !address.has_numbers()));
        assert_eq!(address::parse("　"), None);
    }
}

mod properties {
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
}
