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
