//! What the node's own reader makes of the storages.
use super::{Memory, run, small};
use crate::region::{EXTENDED_ROOT, STANDARD_ROOT, Verdict};
use protocol::time::Millis;
use records::Severity;
use records::content::Format;
use records::model::{Clinical, Visit, stays};
use records::ssmix2::{self, Class, FileName, flags};
use std::collections::BTreeMap;

/// The path below the storage's root.
fn below<'p>(root: &str, path: &'p str) -> &'p str {
    path.strip_prefix(root).and_then(|rest| rest.strip_prefix('/')).expect("below the root")
}
/// Verdicts on one facility's standardized storage.
fn read(memory: &Memory, facility: &str) -> BTreeMap<Verdict, u64> {
    let mut counts: BTreeMap<Verdict, u64> = BTreeMap::new();
    let mut groups: BTreeMap<_, Vec<(FileName, &str)>> = BTreeMap::new();
    for ((_, path), bytes) in memory.storage(STANDARD_ROOT).filter(|((id, _), _)| id == facility) {
        match ssmix2::classify(below(STANDARD_ROOT, path)) {
            Class::Ignored(_) => *counts.entry(Verdict::Ignored).or_default() += 1,
            Class::Standard(name) if records::parse_file(&name.value, bytes).is_ok() => {
                groups.entry(name.value.identity()).or_default().push((name.value, path));
            }
            _ => *counts.entry(Verdict::Quarantined).or_default() += 1,
        }
    }
    for files in groups.values() {
        let group: Vec<flags::Version<'_>> = files
            .iter()
            .map(|(name, path)| flags::Version {
                flag: name.flag,
                occurred_at: &name.occurred_at,
                modified: Millis(0),
                name: path,
            })
            .collect();
        for state in flags::settle(&group).value.states {
            let verdict = match state {
                flags::State::Current => Verdict::Stored,
                flags::State::History => Verdict::History,
                flags::State::Deleted => Verdict::Deleted,
            };
            *counts.entry(verdict).or_default() += 1;
        }
    }
    counts
}

#[test]
fn every_clean_file_parses_without_a_warning() {
    let (memory, _) = run(&small("clean"));
    for ((_, path), bytes) in memory.storage(STANDARD_ROOT) {
        let Class::Standard(name) = ssmix2::classify(below(STANDARD_ROOT, path)) else {
            panic!("{path}: not standard")
        };
        let alone = records::parse_record(&name.value.kind, bytes);
        assert!(alone.is_ok(), "{path}: {}", alone.err().map(|e| e.to_string()).unwrap_or_default());
        let reading = records::parse_file(&name.value, bytes).expect("as alone");
        let problems =
            name.problems.iter().chain(&reading.problems).filter(|problem| problem.fault.severity() > Severity::Note);
        let problems: Vec<String> = problems.map(ToString::to_string).collect();
        assert!(problems.is_empty(), "{path}: {problems:?}");
    }
}
#[test]
fn the_reader_counts_what_the_summary_expects() {
    for name in ["clean", "demo", "worst"] {
        let (memory, summary) = run(&small(name));
        for (facility, counts) in &summary.facilities {
            assert_eq!(read(&memory, facility.as_str()), counts.standard.expected, "{name} {facility}");
        }
    }
}
#[test]
fn every_kind_is_read_as_a_typed_record_and_beds_become_stays() {
    let (memory, _) = run(&small("clean"));
    let mut visits: BTreeMap<String, Vec<Visit>> = BTreeMap::new();
    let (mut admissions, mut cultures) = (0, 0);
    for ((facility, path), bytes) in memory.storage(STANDARD_ROOT).filter(|((_, path), _)| path.ends_with("_1")) {
        let Class::Standard(name) = ssmix2::classify(below(STANDARD_ROOT, path)) else {
            panic!("{path}: not standard")
        };
        let reading = records::parse_file(&name.value, bytes).expect("readable").value;
        assert!(!matches!(reading.clinical, Clinical::Generic(_)), "{path}: no view of its own");
        assert!(!reading.clinical.lines().is_empty(), "{path}: nothing to show");
        admissions += usize::from(name.value.kind.as_str() == "ADT-22");
        match reading.clinical {
            Clinical::Visit(visit) => {
                visits.entry(format!("{facility} {}", name.value.patient.expose())).or_default().push(*visit);
            }
            Clinical::Lab(report) => cultures += report.cultures().len(),
            _ => {}
        }
    }
    let stays: Vec<_> = visits.values().flat_map(|own| stays(&own.iter().collect::<Vec<_>>())).collect();
    assert_eq!(stays.len(), admissions, "one stay for each admission");
    assert!(stays.iter().all(|stay| stay.gaps.is_empty() && stay.discharged.is_some() && stay.planned_from.is_some()));
    assert!(stays.iter().any(|stay| stay.places.len() == 2 && !stay.planned_moves.is_empty()), "somebody moved");
    assert!(
        stays.iter().flat_map(|stay| &stay.leaves).any(|leave| leave.until.is_some()),
        "somebody was home for a night"
    );
    assert!(cultures > 0, "some culture grew");
}
#[test]
fn documents_say_what_they_are() {
    let (memory, _) = run(&small("clean"));
    let mut formats = BTreeMap::new();
    for ((_, path), bytes) in memory.storage(EXTENDED_ROOT) {
        let about = records::content::about(bytes, bytes.len() as u64);
        let format = about.format.expect("a format");
        let vitals = path.contains("L-OBSERVATIONS");
        assert_eq!((format == Format::Cda, vitals), (!about.title.is_empty(), !about.lines.is_empty()), "{path}");
        *formats.entry(format).or_insert(0) += 1;
    }
    let wanted = [Format::Pdf, Format::Cda, Format::Hl7, Format::Jpeg, Format::Png, Format::Html, Format::Text];
    assert!(wanted.iter().all(|format| formats.contains_key(format)), "{formats:?}");
}
#[test]
fn documents_are_known_as_documents() {
    let (memory, _) = run(&small("worst"));
    let mut kinds = BTreeMap::new();
    for ((_, path), _) in memory.storage(EXTENDED_ROOT) {
        let Class::Extended(file) = ssmix2::classify(below(EXTENDED_ROOT, path)) else { panic!("{path}: no document") };
        assert!(file.problems.is_empty(), "{path}: {:?}", file.problems);
        *kinds.entry(path.split('/').nth(5).map(str::to_owned)).or_insert(0) += 1;
    }
    assert!(kinds.len() >= 6, "{kinds:?}");
}
