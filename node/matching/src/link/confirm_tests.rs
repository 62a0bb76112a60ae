use super::*;
use crate::link::census::Census;
use crate::{Demographics, normalise};

fn hanako() -> Demographics {
    let text = |text: &str| text.to_owned();
    Demographics {
        family: text("十時"),
        given: text("花子"),
        family_kana: text("トトキ"),
        given_kana: text("ハナコ"),
        birth: text("1942-04-18"),
        sex: text("F"),
        postcode: text("2700000"),
        address: text("千葉県見本市見本町1-2-3"),
        phones: vec![text("0470000001")],
        insurer: text("138016"),
        insured_symbol: text("国-123"),
        insured_number: text("1234"),
        insured_branch: text("01"),
        ..Demographics::default()
    }
}
fn blind(raw: &Demographics) -> Blind {
    Blind::of(&normalise(raw), &raw.address)
}
/// What the judge says if the masks tell exactly which values agree.
fn grade(judge: &Demographics, other: &Demographics) -> Grade {
    let (judge, other) = (blind(judge), blind(other).shown());
    let agreed: Vec<bool> = judge.judging().iter().map(|value| value.is_some() && other.contains(value)).collect();
    judge.grade(&agreed, &Population::of(Census::default()))
}
#[track_caller]
fn check(change: impl Fn(&mut Demographics), expect: Grade) {
    let mut other = hanako();
    change(&mut other);
    assert_eq!((grade(&hanako(), &other), grade(&other, &hanako())), (expect, expect));
}

#[test]
fn the_same_person_written_otherwise_is_certain_on_both_sides() {
    check(|_| {}, Grade::Certain);
    check(|p| p.birth = "S17.4.18".into(), Grade::Certain);
    check(|p| p.family_kana = "ﾄﾄｷ".into(), Grade::Certain);
    check(|p| p.phones.clear(), Grade::Certain);
    check(|p| p.given_kana = "ハナゴ".into(), Grade::Certain);
}
#[test]
fn a_twin_is_never_certain() {
    let mut twin = hanako();
    (twin.given, twin.given_kana, twin.insured_branch) = ("花江".into(), "ハナエ".into(), "02".into());
    assert_ne!(grade(&hanako(), &twin), Grade::Certain);
    assert_ne!(grade(&twin, &hanako()), Grade::Certain);
}
#[test]
fn a_stranger_of_the_same_name_and_birth_date_is_never_certain() {
    check(
        |p| {
            p.postcode = "9800000".into();
            p.address = "宮城県見本市別町9-9".into();
            p.phones = vec!["0220000009".into()];
            p.insured_number = "999".into();
        },
        Grade::Probable,
    );
}
#[test]
fn somebody_else_is_unlike() {
    let other = Demographics {
        family: "佐藤".into(),
        given: "一郎".into(),
        family_kana: "サトウ".into(),
        given_kana: "イチロウ".into(),
        birth: "1980-12-01".into(),
        sex: "M".into(),
        postcode: "9800000".into(),
        ..Demographics::default()
    };
    assert_eq!((grade(&hanako(), &other), grade(&other, &hanako())), (Grade::Unlike, Grade::Unlike));
}
#[test]
fn other_cards_other_branches_and_other_sexes_are_for_people() {
    let with_card = |card: &str| Demographics { card: card.into(), ..hanako() };
    assert_ne!(grade(&with_card("K-0001-2345"), &with_card("K-0009-9999")), Grade::Certain);
    assert_eq!(grade(&with_card("K-0001-2345"), &with_card("K-0001-2345")), Grade::Certain);
    assert_eq!(grade(&with_card("K-0001-2345"), &hanako()), Grade::Certain);
    check(|p| p.insured_branch = "02".into(), Grade::Probable);
}
#[test]
fn a_slip_in_the_birth_date_and_a_new_family_name_still_find_each_other() {
    let mut exchanged = hanako();
    exchanged.birth = "1942-04-08".into();
    let mut other = hanako();
    other.birth = "1942-08-04".into();
    assert_ne!(grade(&exchanged, &other), Grade::Unlike);
    // A new family name needs a number of one person, as within a node.
    let married = |p: &mut Demographics| (p.family, p.family_kana) = ("見本".into(), "ミホン".into());
    check(married, Grade::Certain);
    let moved = |p: &mut Demographics| {
        married(p);
        p.address = "宮城県見本市別町9-9".into();
        (p.postcode, p.insurer, p.phones) = ("9800000".into(), String::new(), Vec::new());
    };
    let mut other = hanako();
    moved(&mut other);
    assert_ne!(grade(&hanako(), &other), Grade::Certain);
}
#[test]
fn names_exchanged_by_a_desk_are_seen() {
    let mut other = hanako();
    (other.family, other.given) = (other.given, other.family);
    (other.family_kana, other.given_kana) = (other.given_kana, other.family_kana);
    assert_ne!(grade(&hanako(), &other), Grade::Unlike);
}
#[test]
fn test_patients_have_no_values_and_are_nobody() {
    let test = Demographics { family: "テスト".into(), given: "患者".into(), ..Demographics::default() };
    if blind(&test).entry.kind == Kind::Excluded {
        assert!(blind(&test).judging().iter().all(Option::is_none));
    }
    assert_eq!(grade(&test, &test), Grade::Unlike);
}
#[test]
fn agreements_that_no_record_can_have_are_nobody() {
    let judge = blind(&hanako());
    let all: Vec<bool> = judge.judging().iter().map(Option::is_some).collect();
    let population = Population::of(Census::default());
    assert_eq!(judge.grade(&all, &population), Grade::Certain);
    for part in [Place::Year, Place::FamilyFolded, Place::Insurance] {
        let mut some = all.clone();
        some[part as usize] = false;
        assert_eq!(judge.grade(&some, &population), Grade::Unlike);
    }
    assert_eq!(judge.grade(&all[1..], &population), Grade::Unlike);
}
#[test]
fn lists_are_of_one_length_each_value_stands_for_one_field_and_nothing_is_printed() {
    let of = blind(&hanako());
    assert_eq!((of.judging().len(), of.shown().len()), (BLIND_VALUES, BLIND_VALUES));
    assert!(of.shown().iter().flatten().count() < of.judging().iter().flatten().count());
    assert!(blind(&Demographics::default()).judging().iter().all(Option::is_none));
    assert_eq!(format!("{of:?}"), "Blind(‹redacted›)");
    // A year is no telephone number, whatever its digits.
    let mut values: Vec<_> = of.judging().into_iter().flatten().collect();
    let count = values.len();
    values.sort();
    values.dedup();
    assert_eq!(values.len(), count);
    let long = Demographics { family_kana: "ア".repeat(100_000), ..hanako() };
    assert_eq!(blind(&long).judging().len(), BLIND_VALUES);
}
