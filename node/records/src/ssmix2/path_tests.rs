use super::*;
use proptest::prelude::*;

const GOOD: &str =
    "000/123/0001234567/20250610/OMP-01/0001234567_20250610_OMP-01_000000250610011_20250610103112984_01_1";

#[track_caller]
fn read(path: &str) -> (FileName, Vec<Fault>) {
    let parsed = parse(path).expect("a path of the standard");
    (parsed.value, parsed.problems.into_iter().map(|problem| problem.fault).collect())
}
#[track_caller]
fn check(from: &str, to: &str, faults: &[Fault]) {
    let (name, found) = read(&GOOD.replace(from, to));
    assert_eq!(found, faults);
    assert_eq!((name.patient.expose().as_str(), name.kind.as_str()), ("0001234567", "OMP-01"));
    assert_eq!(name.care_date, Date::parse("20250610"));
}
#[track_caller]
fn refuse(from: &str, to: &str, reason: PathReason) {
    assert_eq!(parse(&GOOD.replacen(from, to, 1)), Err(reason));
}

#[test]
fn seven_parts_are_read() {
    let (name, faults) = read(GOOD);
    assert!(faults.is_empty());
    assert_eq!((name.key.as_str(), name.department.as_str(), name.flag), ("000000250610011", "01", Flag::Valid));
    assert_eq!(name.occurred_at.digits(), "20250610103112984");
    assert!(!format!("{name:?}").contains("0001234567"));
}
#[test]
fn hyphen_folder_has_no_date() {
    let (name, faults) = read("000/123/0001234567/-/ADT-00/0001234567_-_ADT-00_999999999999999_20250610093012123_-_1");
    assert_eq!((name.care_date, name.department.as_str()), (None, ""));
    assert!(faults.is_empty());
}
#[test]
fn roots_above_the_tree_are_skipped() {
    check("000/123/", "1319999999/STD01/000/123/", &[]);
}
#[test]
fn odd_names_of_the_field_are_read_and_told() {
    check("_01_1", "_1", &[Fault::SixParts]);
    check("_20250610103112984_01_1", "_ 20250610103112984_-_1", &[Fault::Spaces]);
    check("20250610103112984", "20250610103112", &[Fault::StampForm]);
    check("_01_1", "_01_1.hl7", &[Fault::Extension]);
    check("OMP-01", "omp-01", &[Fault::LowerCase]);
    check("/20250610/", "/2025-06-10/", &[Fault::CareDateForm, Fault::NameDisagrees]);
    check("/20250610/", "/20251399/", &[Fault::CareDateForm, Fault::NameDisagrees]);
    check("0001234567_2", "1234567_2", &[Fault::PatientForm]);
    check("_OMP-01_", "_OMP-02_", &[Fault::NameDisagrees]);
    check("000/123/", "001/999/", &[Fault::SplitFolders]);
}
#[test]
fn underscores_in_the_middle_belong_to_the_key() {
    let (name, faults) = read(&GOOD.replace("000000250610011", "A_B_011"));
    assert_eq!((name.key.as_str(), faults.len()), ("A_B_011", 0));
}
#[test]
fn dates_and_kinds_that_do_not_fit_each_other_are_told() {
    let (name, faults) = read(&GOOD.replace("20250610/", "-/").replace("_20250610_", "_-_"));
    assert_eq!((name.care_date, faults), (None, vec![Fault::DatedUnderHyphen]));
    let (_, faults) = read(&GOOD.replace("OMP-01", "PPR-01"));
    assert_eq!(faults, [Fault::UndatedUnderDate]);
    let (_, faults) = read(&GOOD.replace("000000250610011", "999999999999999"));
    assert_eq!(faults, [Fault::NoOrderNumber]);
    let (_, faults) = read(&GOOD.replace("OMP-01", "OML-12"));
    assert_eq!(faults, [Fault::UnknownKind]);
}
#[test]
fn what_cannot_be_told_goes_to_quarantine() {
    refuse("0001234567_", "0001234568_", PathReason::OtherPatient);
    refuse("_01_1", "_01_3", PathReason::Flag);
    refuse("_01_1", "_01", PathReason::Flag);
    refuse("_20250610103112984_01_1", "", PathReason::Parts { parts: 4 });
    refuse("20250610103112984", "soon", PathReason::Occurred);
    refuse("OMP-01/", "処方/", PathReason::Kind);
    refuse("20250610/OMP-01/", "", PathReason::Depth { levels: 4 });
    refuse("000/123/", "../123/", PathReason::Dangerous);
    refuse("OMP-01/", "OMP-01//", PathReason::Dangerous);
    refuse("OMP-01/", "CON/", PathReason::Dangerous);
    refuse("000000250610011", &"9".repeat(300), PathReason::TooLong);
}
#[test]
fn patient_numbers_compare_without_zeros_hyphens_and_width() {
    assert!(same_patient("0001234567", "1234567") && same_patient("ab-1", "ＡＢ１"));
    assert!(!same_patient("0001234567", "0001234568") && !same_patient("000", "0"));
}

proptest! {
    #[test]
    fn any_path_is_read_or_refused(path in "([0-9a-zA-Z^._/ -]|.){0,120}", tail in "[0-9_A-Z -]{0,60}") {
        let _ = parse(&path);
        let _ = parse(&format!("000/123/0001234567/20250610/OMP-01/{tail}"));
    }
}
