//! Everything that nodes write for operators is searched for the names and numbers of the made-up people.
use e2e::cluster::{
    CLINIC, Cluster, Founders, HOSPITAL, House, Listen, Node, Region, RegionPlan, eventually, eventually_some,
};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[test]
fn logs_hold_no_name_and_no_number_of_a_patient() {
    let town = Cluster::new("logs_hold_no_patient_data", "logs_hold_no_name_and_no_number_of_a_patient");
    let region = Region::make(
        &town,
        "region",
        RegionPlan { preset: "worst", patients: 24, seed: 3, houses: &[HOSPITAL, CLINIC] },
    );
    let founders = Founders::new(&town, "未来かなえネット", &["一", "二", "三"]);
    let (mut hospital, mut clinic) = (town.set_up(HOSPITAL, Listen::Relay), town.set_up(CLINIC, Listen::Port));
    for node in [&mut hospital, &mut clinic] {
        node.set("log", "level", "trace");
        node.start();
    }
    founders.found(&town, &hospital, (1, 2));
    founders.admit(&hospital, &clinic, &[1, 2]);
    for node in [&hospital, &clinic] {
        node.add_feed(&region.storage(&node.house));
        node.scan();
        node.retry();
        node.cli(["feed", "quarantine"]);
    }
    work_at_the_desks(&region, &hospital, &clinic);
    hospital.kill_nine();
    hospital.start();
    for node in [&mut hospital, &mut clinic] {
        node.cli(["doctor", "--sizes"]);
        assert_eq!(node.stop(), 0);
    }

    let words = words_of(&region, &[HOSPITAL, CLINIC]);
    assert!(words.len() > 100, "there is something to look for");
    let mut searched = 0;
    for node in [&hospital, &clinic] {
        for file in operators_files(&town, node) {
            let text = String::from_utf8_lossy(&std::fs::read(&file).expect("readable")).into_owned();
            searched += text.len();
            let found: Vec<&String> = words.iter().filter(|word| holds(&text, word)).collect();
            assert!(
                found.is_empty(),
                "{} holds {} words of patients, such as one of {} letters in a line like: {}",
                file.display(),
                found.len(),
                found[0].chars().count(),
                text.lines().find(|line| holds(line, found[0])).unwrap_or_default()
            );
        }
        assert!(node.folder().join("log").read_dir().expect("a folder of logs").count() > 0);
    }
    assert!(searched > 2_000, "the logs say something: {searched} bytes");
}

/// Searching, consenting, reading, being refused, mistyping: by name and number.
fn work_at_the_desks(region: &Region, hospital: &Node, clinic: &Node) {
    let both = region.shared(&[HOSPITAL, CLINIC]);
    assert!(!both.is_empty());
    let pairs: Vec<_> =
        both.iter().map(|one| (clinic.patient(one.number(&CLINIC)), hospital.patient(one.number(&HOSPITAL)))).collect();
    for row in region.patients(&CLINIC).iter().take(5) {
        clinic.ask(["patient", "find", row["family_kana"].as_str(), row["birth_date"].as_str()]);
        clinic.ask(["patient", "show", row["local_id"].as_str()]);
        clinic.ask(["consent", "record", row["family_kana"].as_str()]);
    }
    for (here, there) in &pairs {
        clinic.cli(["consent", "record", here]);
        hospital.cli(["consent", "record", there]);
    }
    let here = eventually_some("the clinic finds a patient of the hospital", || {
        let is_sure = |here: &String| {
            let found = clinic.cli(["locate", here]);
            found["candidates"].as_array().is_some_and(|list| list.iter().any(|one| one["certainty"] == "rules"))
        };
        pairs.iter().map(|(here, _)| here).find(|here| is_sure(here)).cloned()
    });
    let there = &pairs.iter().find(|(one, _)| *one == here).expect("one of them").1;
    let ground = format!("reception of {}", region.patients(&CLINIC)[0]["family_kanji"]);
    let read = ["--role", "doctor", "--ground", ground.as_str()];
    assert_eq!(clinic.ask(["fetch", &here].into_iter().chain(read)).done()["rows"][0]["status"], "data");
    clinic.ask(["timeline", &here].into_iter().chain(read)).done();
    clinic.ask(["fetch", &here].into_iter().chain(["--role", "care-staff", "--ground", "x"]));
    hospital.cli(["consent", "withdraw", there, "--wait", "10"]);
    eventually("the entry is gone", || clinic.cli(["locate", &here])["candidates"] == serde_json::json!([]));
    clinic.ask(["fetch", &here].into_iter().chain(read));
}

/// What a fixture's people are called and numbered, long enough not to stand in a log by chance.
fn words_of(region: &Region, houses: &[House]) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for house in houses {
        for row in region.patients(house) {
            let (family, given) = (&row["family_kanji"], &row["given_kanji"]);
            words.insert(format!("{family}{given}"));
            words.insert(format!("{family} {given}"));
            words.insert(format!("{family}\u{3000}{given}"));
            words.insert(format!("{family}^{given}"));
            words.extend(["family_kana", "given_kana", "address"].map(|column| row[column].clone()));
            words.extend([family.clone(), given.clone()]);
            words.extend(["local_id", "phone", "insured_number", "birth_date"].map(|column| row[column].clone()));
            words.extend([row["phone"].replace('-', ""), row["birth_date"].replace(['-', '/'], "")]);
        }
    }
    // A name of one letter, or a short number, stands in any text by chance.
    words.retain(|word| if word.is_ascii() { word.len() >= 6 } else { word.chars().count() >= 2 });
    words.retain(|word| houses.iter().all(|house| !house.name.contains(word.as_str())));
    words
}

/// Whether a text holds a word; numbers count only as whole numbers.
fn holds(text: &str, word: &str) -> bool {
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
    text.match_indices(word).any(|(at, _)| {
        let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        !is_number || !digit(text[..at].chars().next_back()) && !digit(text[at + word.len()..].chars().next())
    })
}

/// Logs, what the process wrote to its console, and the notes of the quarantine.
fn operators_files(town: &Cluster, node: &Node) -> Vec<PathBuf> {
    let list =
        |folder: &Path| folder.read_dir().into_iter().flatten().flatten().map(|entry| entry.path()).collect::<Vec<_>>();
    let mut files = list(&node.folder().join("log"));
    files.extend(
        list(&node.folder().join("quarantine"))
            .into_iter()
            .filter(|file| file.extension().is_some_and(|end| end == "txt")),
    );
    files.push(town.file(&format!("{}.out", node.house.word)));
    files.push(node.folder().join("musubi.toml"));
    files
}
