//! Every deviation of chapter 11 of the SS-MIX2 reference, each with the test that shows how it is handled; the last test
//! checks that the list is complete, here and in docs/feeds.md. All people and numbers are invented.
mod bytes;
mod message;
mod storage;

use protocol::kinds::DataKind;
use protocol::time::{Date, Millis};
use records::hl7::{Encoding, encode_iso2022jp};
use records::model::{Clinical, DrugSystem, LabReport, LabRow, LabStatus, NameForm, Sex};
use records::ssmix2::cursor::{Listing, diff};
use records::ssmix2::flags::{Standing, State, Version, settle};
use records::ssmix2::{Class, FileName, Flag, IgnoreReason, OccurredAt, PathReason, classify, path};
use records::{Fault, ParseFailure, Reading, parse_file};

const PID: &str = "PID|1||0000700021^^^^PI||橋本^日向^^^^^L^I~ハシモト^ヒナタ^^^^^L^P||19410927|M";
const LAB: &[&str] = &[
    "PV1|1|O|06^^^^^C|||||||06",
    "SPM|1|||023^血清^JC10|||||||||||||202404051102",
    "OBR|1|700000101||E002^生化学的検査^99O03|||202404051102",
    "ORC|SC|700000101|||||||20240405131012",
    "OBX|1|NM|3B035000002327201^AST^JC10||58|u/L^U/L^ISO+|13-30|H|||F|||202404051102",
];
const PLACE: &str = "000/070/0000700021/20240405/OML-11";
const FILE: &str = "0000700021_20240405_OML-11_000000700000101_20240405131015120_06_1";

fn sent(kind: &str, body: &[&str]) -> String {
    let head = format!("MSH|^~\\&|EMR|1|GW|N|20240405131530||{kind}|77|P|2.5||||||~ISO IR87||ISO 2022-1994");
    [&[head.as_str(), PID], body].concat().iter().map(|line| format!("{line}\r")).collect()
}
fn lab() -> String {
    sent("OUL^R22^OUL_R22", LAB)
}
/// The laboratory message with something replaced, read under its own path.
fn lab_with(from: &str, to: &str) -> (Reading, Vec<Fault>) {
    let text = lab();
    assert!(text.contains(from), "{from}");
    read(encode_iso2022jp(&text.replacen(from, to, 1)))
}
#[track_caller]
fn read(bytes: impl AsRef<[u8]>) -> (Reading, Vec<Fault>) {
    read_as("OML-11", bytes)
}
#[track_caller]
fn read_as(kind: &str, bytes: impl AsRef<[u8]>) -> (Reading, Vec<Fault>) {
    let parsed = parse_file(&name_of(kind), bytes.as_ref()).expect("taken in");
    (parsed.value, parsed.problems.into_iter().map(|problem| problem.fault).collect())
}
fn refused(bytes: impl AsRef<[u8]>) -> ParseFailure {
    parse_file(&name_of("OML-11"), bytes.as_ref()).expect_err("quarantine")
}
fn name_of(kind: &str) -> FileName {
    let whole = DataKind::parse(kind).expect("a kind").is_whole_state();
    let path = format!("{PLACE}/{FILE}").replace("OML-11", kind);
    let path = if whole { path.replace("/20240405/", "/-/").replace("_20240405_", "_-_") } else { path };
    path::parse(&path).expect("a path of the standard").value
}
fn report(reading: &Reading) -> &LabReport {
    match &reading.clinical {
        Clinical::Lab(report) => report,
        other => panic!("{other:?}"),
    }
}
#[track_caller]
fn check_bytes(bytes: &[u8], encoding: Encoding, faults: &[Fault]) {
    let (reading, found) = read(bytes);
    assert_eq!((reading.header.encoding, found.as_slice()), (encoding, faults));
    assert_eq!(reading.patient.name(NameForm::Kanji).map(|name| name.whole()).as_deref(), Some("橋本 日向"));
}
#[track_caller]
fn check_path(path: &str, faults: &[Fault]) -> FileName {
    let parsed = path::parse(path).expect("a path");
    assert_eq!(parsed.problems.into_iter().map(|problem| problem.fault).collect::<Vec<_>>(), faults, "{path}");
    assert_eq!((parsed.value.patient.expose().as_str(), parsed.value.kind.as_str()), ("0000700021", "OML-11"));
    parsed.value
}
/// Each file as flag, time, time of the file system and name.
fn group(files: &[(Flag, u32, u64, &'static str)]) -> (Standing, Vec<State>, Vec<Fault>) {
    let stamps: Vec<OccurredAt> =
        files.iter().map(|(_, at, ..)| OccurredAt::parse(&format!("202406100930{at:05}")).expect("digits").0).collect();
    let versions = files.iter().zip(&stamps).map(|((flag, _, modified, name), occurred_at)| Version {
        flag: *flag,
        occurred_at,
        modified: Millis(*modified),
        name,
    });
    let settled = settle(&versions.collect::<Vec<_>>());
    (settled.value.standing, settled.value.states, settled.problems.into_iter().map(|p| p.fault).collect())
}

/// Deviations that are not of one file, and where the tests are that show them.
const ELSEWHERE: &[(&str, &str)] = &[("53", "node/service/src/ingest/tests")];

#[test]
fn every_deviation_of_the_reference_has_a_test_and_a_row_in_the_docs() {
    let source = [include_str!("bytes.rs"), include_str!("message.rs"), include_str!("storage.rs")].concat();
    let docs = include_str!("../../../../docs/feeds.md");
    let plain = (1..=56).map(|number| number.to_string());
    let ids: Vec<String> = plain.chain(["38a".to_owned(), "38b".to_owned(), "49a".to_owned()]).collect();
    assert_eq!(ids.len(), 59);
    for id in &ids {
        let digits = id.trim_end_matches(['a', 'b']);
        let test = format!("#[test]\nfn deviation_{digits:0>2}{}_", &id[digits.len()..]);
        let here = source.contains(&test);
        assert!(here != ELSEWHERE.iter().any(|(other, _)| other == id), "{id}: one test, here or elsewhere");
        assert!(docs.contains(&format!("\n| {id} |")), "{id} has a row in docs/feeds.md");
    }
}
