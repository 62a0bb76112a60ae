use super::*;
use proptest::prelude::*;

/// Fields as `name=value`, separated by `|`.
fn patient(fields: &str) -> Demographics {
    let mut out = Demographics::default();
    for (field, value) in fields.split('|').filter_map(|field| field.split_once('=')) {
        let value = value.to_owned();
        match field.trim() {
            "name" => out.family = value,
            "family" => out.family = value,
            "given" => out.given = value,
            "kana" => out.family_kana = value,
            "birth" => out.birth = value,
            "sex" => out.sex = value,
            "post" => out.postcode = value,
            "address" => out.address = value,
            "phone" => out.phones.push(value),
            "insurer" => out.insurer = value,
            "symbol" => out.insured_symbol = value,
            "number" => out.insured_number = value,
            "branch" => out.insured_branch = value,
            "care_insurer" => out.care_insurer = value,
            "care_number" => out.care_number = value,
            "card" => out.card = value,
            other => panic!("no field {other}"),
        }
    }
    out
}

#[track_caller]
fn check(one: &str, other: &str, grade: Grade, reason: Reason) {
    let (one, other) = (patient(one), patient(other));
    let verdict = judge(&one, &other);
    assert_eq!((verdict.grade, verdict.reason), (grade, reason), "{verdict:?}");
    assert_eq!(verdict, judge(&other, &one), "the same from both sides");
}

const CARD: &str = "insurer=01130012|symbol=国123|number=4567";
const HOME: &str = "address=千葉県見本市見本町1-2-3|post=2700001";

#[test]
fn variants_kana_and_era_of_one_person_with_one_number_link() {
    check(
        "name=髙﨑 一郎|birth=1950-01-02|sex=M|insurer=39120019|number=12345678",
        "kana=ﾀｶｻｷ ｲﾁﾛｳ|birth=3250102|sex=男|insurer=39120019|number=12345678",
        Grade::Certain,
        Reason::Identifier,
    );
}
#[test]
fn members_of_one_family_with_different_branches_are_different_persons() {
    let one = format!("name=見本 花子|birth=19500302|sex=2|branch=01|{CARD}|{HOME}");
    let other = format!("name=見本 太郎|birth=19480504|sex=1|branch=02|{CARD}|{HOME}");
    check(&one, &other, Grade::Unlike, Reason::OtherBranch);
}
#[test]
fn the_same_person_with_another_branch_is_for_a_person_to_look_at() {
    let one = format!("name=見本 花子|birth=19500302|sex=2|branch=01|{CARD}|{HOME}");
    check(&one, &one.replace("branch=01", "branch=02"), Grade::Probable, Reason::OtherBranch);
}
#[test]
fn twins_go_to_review_with_kanji_and_without_kana() {
    let one = format!("name=見本 花子|birth=19500302|sex=2|{HOME}");
    check(&one, &one.replace("花子", "花世"), Grade::Probable, Reason::TwinsSuspected);
    let one = format!("name=見本 健一|kana=ミホン ケンイチ|birth=20100302|sex=1|{CARD}|{HOME}|phone=0192001234");
    check(&one, &one.replace("健一", "健二").replace("イチ", "ジ"), Grade::Probable, Reason::TwinsSuspected);
}
#[test]
fn a_married_name_with_the_same_mobile_goes_to_review() {
    let one = format!("name=見本 花子|birth=19500302|sex=2|phone=09000001234|{CARD}");
    let other = "name=田中 花子|birth=19500302|sex=2|phone=09000001234|insurer=138016|number=99";
    check(&one, other, Grade::Probable, Reason::FamilyNameChanged);
}
#[test]
fn a_married_name_with_the_same_personal_number_links() {
    let one = format!("name=見本 花子|birth=19500302|sex=2|branch=02|{CARD}");
    check(&one, &one.replace("見本", "田中"), Grade::Certain, Reason::Identifier);
    let noted = format!("name=田中 花子（旧姓：見本）|birth=19500302|sex=2|branch=02|{CARD}");
    check(&one, &noted, Grade::Certain, Reason::Identifier);
}
#[test]
fn two_readings_of_one_name_link_with_a_telephone() {
    let one = "name=山崎 太郎|kana=ヤマサキ タロウ|birth=1942-04-18|sex=1|phone=0192-00-1234";
    check(one, &one.replace("ヤマサキ", "ヤマザキ"), Grade::Certain, Reason::NameAndHousehold);
}
#[test]
fn similar_readings_of_different_names_are_different() {
    check(
        "name=小野 太郎|kana=オノ タロウ|birth=1942-04-18|sex=1",
        "name=大野 太郎|kana=オオノ タロウ|birth=1942-04-18|sex=1",
        Grade::Unlike,
        Reason::Different,
    );
}
#[test]
fn foreign_names_in_another_order_link_by_their_number() {
    let one = format!("name=NGUYEN VAN ANH|birth=19900302|sex=1|branch=01|{CARD}");
    check(&one, &one.replace("NGUYEN VAN ANH", "ANH NGUYEN VAN"), Grade::Certain, Reason::Identifier);
}
#[test]
fn a_newborn_and_the_later_name_go_to_review_and_never_further() {
    let one = format!("name=見本　ベビー|birth=2025-05-01|{HOME}");
    check(&one, &one.replace("ベビー", "さくら"), Grade::Probable, Reason::Newborn);
    check(&one, &one, Grade::Probable, Reason::Newborn);
    check(&one, &one.replace("2025-05-01", "2025-05-02"), Grade::Unlike, Reason::Different);
}
#[test]
fn a_checkup_in_unsplit_kana_and_a_receipt_link_by_number_and_branch() {
    let one = format!("kana=ミホンハナコ|birth=19500302|sex=2|branch=02|{CARD}");
    let other = format!("name=見本　花子|kana=ﾐﾎﾝ ﾊﾅｺ|birth=3250302|sex=2|branch=2|{CARD}");
    check(&one, &other, Grade::Certain, Reason::Identifier);
}
#[test]
fn care_claims_without_a_name_link_by_their_number() {
    let one = "birth=19400302|sex=2|care_insurer=132019|care_number=0000012345";
    let other = "name=見本 花子|birth=3150302|sex=2|care_insurer=132019|care_number=12345";
    check(one, other, Grade::Certain, Reason::Identifier);
}
#[test]
fn strangers_with_one_name_and_birth_date_are_never_certain() {
    let one = "name=鈴木 一郎|kana=スズキ イチロウ|birth=1950-03-02|sex=1|phone=0192001234|address=見本市北町1-1";
    let other = "name=鈴木 一郎|kana=スズキ イチロウ|birth=1950-03-02|sex=1|phone=0225001234|address=見本市南町2-2";
    check(one, other, Grade::Probable, Reason::NotEnough);
}
#[test]
fn spouses_share_everything_but_themselves() {
    let one = format!("name=見本 太郎|kana=ミホン タロウ|birth=19480504|sex=1|{CARD}|{HOME}|phone=0192001234");
    let other = format!("name=見本 花子|kana=ミホン ハナコ|birth=19500302|sex=2|{CARD}|{HOME}|phone=0192001234");
    check(&one, &other, Grade::Unlike, Reason::Different);
}
#[test]
fn a_habit_day_proves_nothing_without_a_number() {
    let one = format!("name=見本 花子|kana=ミホン ハナコ|birth=1950-01-01|sex=2|{HOME}");
    check(&one, &one, Grade::Probable, Reason::NotEnough);
    check(&one.replace("01-01", "01-02"), &one.replace("01-01", "01-02"), Grade::Certain, Reason::NameAndHousehold);
}
#[test]
fn a_lent_card_goes_to_review() {
    let one = format!("name=見本 花子|birth=19500302|sex=2|branch=02|{CARD}");
    let other = format!("name=山田 良子|birth=19710908|sex=2|branch=02|{CARD}");
    check(&one, &other, Grade::Probable, Reason::IdentifierContradicted);
    let husband = format!("name=見本 太郎|birth=19500302|sex=1|branch=02|{CARD}");
    check(&one, &husband, Grade::Probable, Reason::IdentifierContradicted);
}
#[test]
fn different_network_cards_stop_a_link() {
    let one = format!("name=見本 花子|kana=ミホン ハナコ|birth=19500302|sex=2|branch=02|{CARD}|{HOME}|card=K0001");
    check(&one, &one.replace("K0001", "K0002"), Grade::Probable, Reason::CardsDiffer);
    check(&one, &one, Grade::Certain, Reason::Identifier);
}
#[test]
fn one_card_does_not_link_two_birth_dates_or_given_names() {
    let one = "name=見本 花子|birth=19500302|sex=2|card=K0001";
    check(one, &one.replace("0302", "0815"), Grade::Probable, Reason::IdentifierContradicted);
    check(one, &one.replace("花子", "良美"), Grade::Probable, Reason::IdentifierContradicted);
}
#[test]
fn a_mistyped_birth_date_is_for_a_person_to_look_at() {
    let one = format!("name=見本 花子|kana=ミホン ハナコ|birth=1942-04-18|sex=2|{HOME}|phone=09000001234");
    check(&one, &one.replace("04-18", "08-14"), Grade::Probable, Reason::NotEnough);
}
#[test]
fn lost_characters_neither_prove_nor_contradict() {
    let one = format!("name=山■ 太郎|birth=1942-04-18|sex=1|{HOME}|phone=09000001234");
    check(&one, &one.replace('■', "田"), Grade::Probable, Reason::NotEnough);
    check(&one, &one, Grade::Probable, Reason::NotEnough);
}
#[test]
fn test_patients_companies_and_unknown_persons_are_never_linked() {
    for name in ["テスト 患者", "（株）見本", "氏名不詳 1"] {
        let one = format!("name={name}|birth=19500302|sex=2|branch=02|{CARD}");
        check(&one, &one, Grade::Unlike, Reason::Excluded);
    }
}
#[test]
fn empty_entries_are_unlike() {
    check("", "", Grade::Unlike, Reason::Different);
}

fn some_patient() -> impl Strategy<Value = Demographics> {
    let name = prop_oneof![
        "\\PC{0,12}",
        Just("山田 太郎".to_owned()),
        Just("ﾔﾏﾀﾞ ﾀﾛｳ".to_owned()),
        "[ぁ-ん一-三ー・ （）]{0,8}"
    ];
    let number = prop_oneof!["[0-9０-９-]{0,12}", "\\PC{0,12}"];
    let names = proptest::collection::vec(name, 4);
    let numbers = proptest::collection::vec(number, 8);
    (names, numbers, "\\PC{0,30}").prop_map(|(names, numbers, address)| Demographics {
        family: names[0].clone(),
        given: names[1].clone(),
        family_kana: names[2].clone(),
        given_kana: names[3].clone(),
        birth: numbers[0].clone(),
        sex: numbers[1].chars().take(1).collect(),
        postcode: numbers[2].clone(),
        address,
        phones: vec![numbers[3].clone()],
        insurer: numbers[4].clone(),
        insured_symbol: names[0].clone(),
        insured_number: numbers[5].clone(),
        insured_branch: numbers[6].clone(),
        card: numbers[7].clone(),
        ..Demographics::default()
    })
}

proptest! {
    #[test]
    fn any_two_entries_get_one_verdict_from_both_sides(one in some_patient(), other in some_patient()) {
        prop_assert_eq!(judge(&one, &other), judge(&other, &one));
        prop_assert_eq!(judge(&one, &one), judge(&one, &one.clone()));
        prop_assert_eq!(crate::identity_strings(&one), crate::identity_strings(&one));
    }
}
