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
