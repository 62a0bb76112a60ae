//! Figures of linking one after the other, on a table with the truth beside it; run by hand:
//! `LINK_TABLES=DIR cargo test --release -p service --lib figures -- --ignored --nocapture`, where `DIR` holds `network_00.csv` and
//! `truth.csv` in the columns of `musubi link evaluate`.
use super::rows;
use super::tests::Node;
use crate::patients::{NEXT_KEY, PatientEntry, entry_key};
use matching::normal::date;
use protocol::data::{Batch, Space, encode};
use protocol::ids::{AuthorityId, FacilityId, PatientId, PatientRef};
use protocol::time::Date;
use records::model::{Address, Insurance, NameForm, PersonName, Phone, Sex};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

/// A column by name of each row.
fn table(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).expect("a table");
    reader.deserialize().map(|row| row.expect("a row")).collect()
}

fn entry(row: &BTreeMap<String, String>, facilities: &mut BTreeMap<String, FacilityId>) -> PatientEntry {
    let next = facilities.len();
    let facility = facilities
        .entry(row["facility"].clone())
        .or_insert_with(|| FacilityId::parse(&format!("03{next:08}")).expect("ten digits"))
        .clone();
    let authority = AuthorityId::parse("1.2.392.100495.20.3.51.1").expect("an OID");
    let mut entry = PatientEntry::new(PatientId::new(authority, &row["local_id"]).expect("a number"), facility);
    let name = |family: &str, given: &str, form| PersonName {
        family: row[family].clone().into(),
        given: row[given].clone().into(),
        form,
    };
    entry.patient.names =
        vec![name("family_kanji", "given_kanji", NameForm::Kanji), name("family_kana", "given_kana", NameForm::Kana)];
    let birth = date::parse(&row["birth_date"]).birth.full();
    entry.patient.birth_date = birth.and_then(|date| Date::parse(&date.number().to_string())).into();
    entry.patient.sex = match row["sex"].as_str() {
        "M" => Sex::Male,
        "F" => Sex::Female,
        _ => Sex::default(),
    };
    let text = |column: &str| row[column].clone().into();
    entry.patient.addresses = vec![Address { postcode: text("postcode"), text: text("address"), purpose: "H".into() }];
    entry.patient.phones = vec![Phone { number: text("phone"), purpose: "PRN".into(), equipment: "PH".into() }];
    entry.patient.insurances = vec![Insurance {
        insurer: text("insurer_no"),
        symbol: text("insured_symbol"),
        number: text("insured_number"),
        branch: text("insured_branch"),
        ..Insurance::default()
    }];
    entry
}

#[test]
#[ignore = "needs a table, prints figures for issue #4"]
fn linking_one_after_the_other() {
    let folder = std::env::var("LINK_TABLES").expect("LINK_TABLES names a folder");
    let (records, truth) =
        (table(&Path::new(&folder).join("network_00.csv")), table(&Path::new(&folder).join("truth.csv")));
    let person: BTreeMap<&str, &str> =
        truth.iter().map(|row| (row["record_id"].as_str(), row["person_id"].as_str())).collect();
    let node = Node::new();
    let (mut facilities, mut took, mut done) = (BTreeMap::new(), Vec::new(), super::Tally::default());
    for (page, rows) in records.chunks(100).enumerate() {
        let mut batch = Batch::default();
        for (at, row) in rows.iter().enumerate() {
            let patient = PatientRef((page * 100 + at + 1) as u64);
            batch.put(Space::Patients, entry_key(patient), encode(&entry(row, &mut facilities)));
            rows::note(&mut batch, patient, 1);
        }
        batch.put(Space::Meta, NEXT_KEY, encode(&((page * 100 + rows.len() + 1) as u64)));
        node.service.commit(batch).expect("written");
        let begun = Instant::now();
        done.add(node.service.link_pending().expect("linked"));
        took.push(begun.elapsed().as_secs_f64() * 1e3 / rows.len() as f64);
    }
    let mut by_person: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for (at, row) in records.iter().enumerate() {
        by_person.entry(person[row["record_id"].as_str()]).or_default().push(at as u64 + 1);
    }
    let pairs = |sizes: &mut dyn Iterator<Item = usize>| sizes.map(|n| n * n.saturating_sub(1) / 2).sum::<usize>();
    let truly = pairs(&mut by_person.values().map(Vec::len));
    let of: Vec<&str> = records.iter().map(|row| person[row["record_id"].as_str()]).collect();
    let (mut found, mut right) = (0, 0);
    for number in 1..=records.len() as u64 {
        for other in node.person(number).into_iter().filter(|other| *other > number) {
            found += 1;
            right += usize::from(of[number as usize - 1] == of[other as usize - 1]);
        }
    }
    let asked = node.open_pairs();
    let worth = asked.iter().filter(|(a, b)| of[*a as usize - 1] == of[*b as usize - 1]).count();
    took.sort_unstable_by(f64::total_cmp);
    let last = took.len().saturating_sub(1);
    println!(
        "{} records: {found} pairs joined, {right} rightly, of {truly}: precision {:.5}, recall {:.4}; {} questions ({worth} are one person)",
        records.len(),
        right as f64 / found.max(1) as f64,
        right as f64 / truly.max(1) as f64,
        asked.len(),
    );
    println!(
        "{done:?}; milliseconds a patient, by page of 100: median {:.3}, p95 {:.3}",
        took[last / 2],
        took[last * 95 / 100]
    );
}
