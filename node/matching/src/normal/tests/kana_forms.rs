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
