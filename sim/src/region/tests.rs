mod reading;

use super::*;
use protocol::ids::FacilityId;
use protocol::kinds::FacilityClass;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// Keeps all files in memory.
#[derive(Default)]
struct Memory {
    files: BTreeMap<(String, String), Vec<u8>>,
}

impl Sink for Memory {
    fn file(&mut self, facility: &FacilityId, rel_path: &str, bytes: &[u8]) -> io::Result<()> {
        let before = self.files.insert((facility.as_str().to_owned(), rel_path.to_owned()), bytes.to_vec());
        assert!(before.is_none(), "{rel_path} was written twice");
        Ok(())
    }
    fn region_file(&mut self, rel_path: &str, bytes: &[u8]) -> io::Result<()> {
        self.files.insert((String::new(), rel_path.to_owned()), bytes.to_vec());
        Ok(())
    }
}

impl Memory {
    fn text(&self, facility: &str, path: &str) -> &str {
        let bytes = self.files.get(&(facility.to_owned(), path.to_owned())).expect("written");
        std::str::from_utf8(bytes).expect("lists are UTF-8")
    }
    fn storage(&self, root: &'static str) -> impl Iterator<Item = (&(String, String), &Vec<u8>)> {
        self.files.iter().filter(move |((_, path), _)| path.starts_with(root))
    }
}

fn small(name: &str) -> Plan {
    Plan { patients: 60, years: 2, ..preset(name).expect("known") }
}
fn run(plan: &Plan) -> (Memory, Summary) {
    let mut memory = Memory::default();
    let summary = generate(plan, &mut memory).expect("generates");
    (memory, summary)
}

#[test]
fn same_seed_gives_same_bytes_and_another_seed_others() {
    let plan = small("worst");
    let (first, summary) = run(&plan);
    assert!(first.files == run(&plan).0.files, "seed {} differed from itself", plan.seed);
    assert!(first.files != run(&Plan { seed: 2, ..plan }).0.files);
    assert!(summary.files() > 500, "{} files", summary.files());
}
#[test]
fn order_of_facilities_shifts_nothing() {
    let plan = small("worst");
    let mut turned = plan.clone();
    turned.facilities.reverse();
    assert!(run(&plan).0.files == run(&turned).0.files);
}
#[test]
fn every_standard_file_of_a_clean_region_is_iso_2022_jp_with_cr_ends() {
    let (memory, summary) = run(&small("clean"));
    let mut kinds = BTreeSet::new();
    for ((_, path), bytes) in memory.storage(STANDARD_ROOT) {
        let name = path.rsplit('/').next().expect("a name");
        let parts: Vec<&str> = name.split('_').collect();
        let folders: Vec<&str> = path.split('/').collect();
        assert_eq!(
            (parts.len(), &parts[0], &parts[1], &parts[2]),
            (7, &folders[3], &folders[4], &folders[5]),
            "{path}"
        );
        assert!(parts[3].len() == 15 && parts[4].len() == 17 && ["0", "1", "2"].contains(&parts[6]), "{path}");
        assert!(bytes.iter().all(|byte| *byte < 0x80 && *byte != b'\n') && bytes.ends_with(b"\r"), "{path}");
        let (text, bad) = encoding_rs::ISO_2022_JP.decode_without_bom_handling(bytes);
        assert!(!bad && text.starts_with("MSH|^~\\&|") && !text.contains('〓'), "{path}");
        assert!(text.contains(&format!("\rPID|0001||{}^", parts[0])), "{path}");
        assert!(!text.contains("|9999") && text.len() < 60_000, "{path}");
        kinds.insert(parts[2].to_owned());
    }
    let wanted = records::ssmix2::kinds::ALL.iter().map(|kind| kind.code.to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(kinds, wanted, "all kinds of the standard");
    assert!(summary.facilities.values().all(|facility| facility.planted.is_empty()));
}
#[test]
fn dates_of_folders_are_those_of_the_messages() {
    let (memory, _) = run(&small("clean"));
    let field = |text: &str, segment: &str, number: usize| -> Option<String> {
        let line = text.split('\r').find(|line| line.starts_with(segment))?;
        Some(line.split('|').nth(number)?.chars().take(8).collect())
    };
    for ((_, path), bytes) in memory.storage(STANDARD_ROOT).filter(|((_, path), _)| path.ends_with("_1")) {
        let text = encoding_rs::ISO_2022_JP.decode(bytes).0;
        let folders: Vec<&str> = path.split('/').collect();
        let (segment, number) = match folders[5] {
            "ADT-12" | "ADT-22" => ("PV1", 44),
            "ADT-21" | "ADT-41" => ("PV2", 8),
            "ADT-31" | "ADT-32" | "ADT-42" => ("EVN", 6),
            "ADT-51" => ("PV2", 9),
            "ADT-52" => ("PV1", 45),
            "OMP-11" | "OMP-12" => ("RXA", 3),
            "OML-11" => ("SPM", 17),
            "OMG-11" | "OMG-12" | "OMG-13" => ("OBR", 7),
            "ADT-00" | "ADT-01" | "ADT-61" | "PPR-01" => continue,
            _ => ("ORC", 9),
        };
        assert_eq!(field(&text, segment, number).as_deref(), Some(folders[4]), "{path}");
    }
}
#[test]
fn counts_of_the_summary_are_what_lies_on_disk() {
    for name in PRESETS {
        let (memory, summary) = run(&small(name));
        for (facility, counts) in &summary.facilities {
            for (root, storage) in [(STANDARD_ROOT, &counts.standard), (EXTENDED_ROOT, &counts.extended)] {
                let files: Vec<_> = memory.storage(root).filter(|((id, _), _)| id == facility.as_str()).collect();
                assert_eq!(files.len() as u64, storage.files, "{name} {facility} {root}");
                assert_eq!(files.iter().map(|(_, bytes)| bytes.len() as u64).sum::<u64>(), storage.bytes);
                assert_eq!(storage.expected.values().sum::<u64>(), storage.files, "{name} {facility} {root}");
            }
            let rows = memory.text(facility.as_str(), PATIENTS_FILE).lines().count() as u32;
            assert_eq!(rows, counts.patients + 1);
        }
    }
}
#[test]
fn deviations_never_cost_a_record() {
    let (_, clean) = run(&small("clean"));
    let (memory, worst) = run(&small("worst"));
    let kept = |summary: &Summary, verdict| -> u64 {
        summary.facilities.values().filter_map(|facility| facility.standard.expected.get(&verdict)).sum()
    };
    let extra = |verdict| -> u64 {
        let planted = worst.facilities.values().flat_map(|facility| &facility.planted);
        planted.filter(|(deviation, _)| deviation.verdict() == verdict).map(|(_, count)| count).sum()
    };
    let further = |kinds: &[Deviation]| -> u64 {
        let planted = |kind| worst.facilities.values().filter_map(|facility| facility.planted.get(kind)).sum::<u64>();
        kinds.iter().map(planted).sum()
    };
    let stored = further(&[Deviation::CutTail, Deviation::UnknownKind]);
    assert_eq!(kept(&worst, Verdict::Stored), kept(&clean, Verdict::Stored) + stored);
    let history = further(&[Deviation::SentTwice, Deviation::OnlyPast, Deviation::EqualStamps]);
    assert_eq!(kept(&worst, Verdict::History), kept(&clean, Verdict::History) + history);
    assert_eq!(kept(&worst, Verdict::Deleted), kept(&clean, Verdict::Deleted));
    assert_eq!(kept(&worst, Verdict::Quarantined), extra(Verdict::Quarantined));
    assert_eq!(kept(&worst, Verdict::Ignored), extra(Verdict::Ignored));
    let planted: BTreeSet<_> = worst.facilities.values().flat_map(|facility| facility.planted.keys()).collect();
    assert_eq!(planted.len(), Deviation::ALL.len(), "every kind occurs");
    assert!(memory.files.keys().any(|(_, path)| path.ends_with("Thumbs.db")));
}
#[test]
fn the_small_preset_has_every_deviation_and_every_kind() {
    let (_, summary) = run(&preset("deviations").expect("known"));
    let planted: BTreeSet<_> = summary.facilities.values().flat_map(|facility| facility.planted.keys()).collect();
    let missing: Vec<_> = Deviation::ALL.iter().filter(|deviation| !planted.contains(deviation)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let kinds: BTreeSet<_> = summary.facilities.values().flat_map(|facility| facility.standard.items.keys()).collect();
    assert!(records::ssmix2::kinds::ALL.iter().all(|kind| kinds.contains(&kind.code)), "{kinds:?}");
}
#[test]
fn common_deviations_are_those_of_the_first_version() {
    assert_eq!(Deviation::COMMON.first(), Some(&Deviation::Cp932));
    assert_eq!(Deviation::COMMON.last(), Some(&Deviation::Thumbnails));
}
#[test]
fn nobody_can_be_called_or_written_to() {
    let (memory, _) = run(&Plan { patients: 400, years: 1, ..preset("clean").expect("known") });
    let mut seen = 0;
    for ((_, path), bytes) in memory.files.iter().filter(|((_, path), _)| path.as_str() == PATIENTS_FILE) {
        for row in std::str::from_utf8(bytes).expect("UTF-8").lines().skip(1) {
            let columns: Vec<&str> = row.split(',').collect();
            assert_eq!(columns.len(), 18, "{path}");
            let phone: String = columns[11].chars().filter(char::is_ascii_digit).collect();
            assert!(phone.is_empty() || ([10, 11].contains(&phone.len()) && phone.as_bytes()[3] == b'0'), "{phone}");
            assert!(columns[9].is_empty() || columns[9].starts_with("000"), "{}", columns[9]);
            seen += 1;
        }
    }
    for (_, bytes) in memory.storage(STANDARD_ROOT) {
        let text = encoding_rs::ISO_2022_JP.decode(bytes).0;
        for (before, _) in text.match_indices("^JPN") {
            let code: String = text[..before].chars().rev().take_while(|c| *c != '^').collect();
            assert!(code.is_empty() || code.ends_with("000"), "postcode {code}");
        }
    }
    assert!(seen > 500);
}
#[test]
fn linkage_rules_seven_and_nine_agree_for_many_but_not_all() {
    let (memory, summary) = run(&preset("clean").expect("known"));
    let mut people: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    let rows: BTreeMap<(&str, &str), Vec<String>> = memory
        .files
        .iter()
        .filter(|((_, path), _)| path.as_str() == PATIENTS_FILE)
        .flat_map(|(_, bytes)| std::str::from_utf8(bytes).expect("UTF-8").lines().skip(1))
        .map(|row| row.split(',').collect::<Vec<_>>())
        .map(|row| ((row[1], row[2]), row.iter().map(|column| (*column).to_owned()).collect()))
        .collect();
    for line in memory.text("", TRUTH_FILE).lines().skip(1) {
        let columns: Vec<&str> = line.split(',').collect();
        let row = rows.get(&(columns[2], columns[3])).expect("in the list of its facility");
        people.entry(columns[4].to_owned()).or_default().push(row.clone());
    }
    let (mut pairs, mut seven, mut nine) = (0, 0, 0);
    let plain = |name: &str| {
        name.split('\u{3000}').next_back().unwrap_or_default().chars().map(names::everyday).collect::<String>()
    };
    for rows in people.values() {
        for pair in rows.windows(2) {
            pairs += 1;
            let given = |row: &[String]| plain(if row[4].is_empty() { &row[3] } else { &row[4] });
            seven += u32::from(!given(&pair[0]).is_empty() && given(&pair[0]) == given(&pair[1]));
            nine += u32::from(!pair[0][14].is_empty() && pair[0][12..15] == pair[1][12..15]);
        }
    }
    assert!(pairs > 60 && seven * 10 > pairs * 8 && seven < pairs, "rule 7: {seven} of {pairs}");
    assert!(nine * 10 > pairs * 4 && nine * 10 < pairs * 9, "rule 9: {nine} of {pairs}");
    assert!(summary.across_networks >= 12 && summary.twins >= 3 && summary.namesakes >= 3, "{summary:?}");
}
#[test]
fn every_class_of_facility_gets_a_storage() {
    let mut plan = small("clean");
    let sample = plan.facilities[0].clone();
    plan.facilities = FacilityClass::ALL
        .iter()
        .enumerate()
        .map(|(at, class)| FacilityPlan {
            id: FacilityId::parse(&format!("99000000{at:02}")).expect("ten digits"),
            class: *class,
            ..sample.clone()
        })
        .collect();
    let (_, summary) = run(&plan);
    assert!(summary.facilities.values().all(|facility| facility.standard.files > 0 && facility.patients > 0));
}
#[test]
fn plans_out_of_range_are_refused() {
    #[track_caller]
    fn check(change: impl Fn(&mut Plan), expect: &str) {
        let mut plan = small("clean");
        change(&mut plan);
        let error = generate(&plan, &mut Memory::default()).expect_err("refused");
        assert!(error.to_string().contains(expect), "{error}");
    }
    check(|plan| plan.patients = 0, "0 people");
    check(|plan| plan.years = 21, "21 years");
    check(|plan| plan.facilities.clear(), "0 facilities");
    check(|plan| plan.facilities.extend_from_within(..1), "twice");
    check(|plan| plan.facilities[0].size = 1001, "size 1001");
    check(|plan| plan.deviations = Deviations::Some { permille: 501 }, "501 deviations");
    assert!(preset("no such").is_none());
}
