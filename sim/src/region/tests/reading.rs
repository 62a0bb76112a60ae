//! What the node's own reader makes of the storages.
use super::{Memory, run, small};
use crate::region::{EXTENDED_ROOT, STANDARD_ROOT, Verdict};
use protocol::time::Millis;
use records::Severity;
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
