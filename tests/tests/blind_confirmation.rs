//! Two real nodes of two networks find out blindly that a candidate is their patient, link, read, take it back; both logs show it.
use e2e::cluster::{
    Cluster, Founders, HOSPITAL, HOSPITAL_SENDAI, House, Listen, Node, Region, RegionPlan, accord_between, eventually,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const CLAUSE: &str = "theirs:prescription,lab:doctor,nurse,pharmacist:treatment:hospital,clinic";
const DOCTOR: [&str; 4] = ["--role", "doctor", "--staff", "d-7"];
const HOUSES: [House; 2] = [HOSPITAL, HOSPITAL_SENDAI];

/// Both nodes with the accord in force and their records taken in, and the patients of both by their numbers here and there.
struct Scene {
    town: Cluster,
    region: Region,
    here: Node,
    there: Node,
    pairs: Vec<(String, String)>,
}

fn scene() -> Scene {
    let town = Cluster::new("blind_confirmation", "two_networks_link_a_patient_blindly_and_take_it_back");
    let kesen = Founders::new(&town, "未来かなえネット", &["潮見浦総合病院", "事務局"]);
    let miyagi = Founders::new(&town, "MMWIN", &["杜都台総合病院", "県"]);
    let (mut here, mut there) = (town.set_up(HOSPITAL, Listen::Port), town.set_up(HOSPITAL_SENDAI, Listen::Port));
    for node in [&mut here, &mut there] {
        node.set("log", "level", "trace");
        node.start();
    }
    kesen.found(&town, &here, (1, 2));
    miyagi.found(&town, &there, (1, 2));
    accord_between((&kesen, &here, &[1, 2]), (&miyagi, &there, &[1, 2]), &[CLAUSE]);
    eventually("the two nodes see each other", || here.sees(&there) && there.sees(&here));
    let region = Region::make(&town, "region", RegionPlan { preset: "clean", patients: 60, seed: 3, houses: &HOUSES });
    for node in [&here, &there] {
        node.add_feed(&region.storage(&node.house));
        node.scan();
    }
    let pairs: Vec<(String, String)> = region
        .shared(&HOUSES)
        .iter()
        .map(|one| (here.patient(one.number(&HOSPITAL)), there.patient(one.number(&HOSPITAL_SENDAI))))
        .collect();
    assert!(pairs.len() >= 3, "the region has people whom both know: {}", pairs.len());
    for (one, other) in &pairs {
        here.cli(["consent", "record", one]);
        there.cli(["consent", "record", other]);
    }
    Scene { town, region, here, there, pairs }
}

impl Scene {
    /// What Sendai announces for one of ours.
    fn candidates(&self, patient: &str) -> Vec<Value> {
        let found = self.here.cli(["locate", patient]);
        let list = found["candidates"].as_array().cloned().unwrap_or_default();
        list.into_iter().filter(|one| one["holder"] == HOSPITAL_SENDAI.id).collect()
    }
    fn confirm(&self, patient: &str) -> Value {
        let holder = HOSPITAL_SENDAI.id;
        let ask = ["link", "confirm", patient, "--holder", holder, "--reason", "patient-present"];
        self.here.ask(ask.into_iter().chain(DOCTOR)).done()
    }
    fn fetch(&self, patient: &str) -> Value {
        let ask = ["fetch", patient, "--holder", HOSPITAL_SENDAI.id, "--ground", "reception 31"];
        self.here.ask(ask.into_iter().chain(DOCTOR)).json["rows"][0]["status"].clone()
    }
    /// How often a node's log says this of one run.
    fn logged(node: &Node, run: &Value, what: &str) -> usize {
        let log = node.cli(["audit", "list", "--limit", "400"]);
        let events = log["events"].as_array().expect("a list");
        events.iter().filter(|event| event["request"] == *run && event["what"] == what).count()
    }
}

#[test]
fn two_networks_link_a_patient_blindly_and_take_it_back() {
    let mut scene = scene();
    let candidate = |here: &str| {
        let found = scene.candidates(here);
        matches!(&found[..], [one] if one["certainty"] == "candidate" || one["certainty"] == "rules")
    };
    eventually("candidates of both are found", || scene.pairs.iter().any(|(here, _)| candidate(here)));
    // Of whom too little is known goes to people; one of them agrees in enough.
    let tried =
        scene.pairs.iter().filter(|(here, _)| candidate(here)).map(|(here, _)| (here.clone(), scene.confirm(here)));
    let tried: Vec<(String, Value)> = tried.collect();
    let same = tried.iter().find(|(_, outcome)| outcome["answer"] == "same").cloned();
    let (patient, outcome) = same.unwrap_or_else(|| panic!("nobody is the same: {tried:?}"));
    assert_eq!(outcome["answer"], "same", "{outcome}");
    let run = outcome["id"].clone();
    let id = run.as_str().expect("an id").to_owned();
    assert_eq!(scene.candidates(&patient)[0]["certainty"], "human", "the link holds");
    eventually("the other desk has the link", || {
        let asked = scene.there.cli(["link", "review"]);
        let list = asked["questions"].as_array().cloned().unwrap_or_default();
        list.iter().any(|one| one["id"] == run && one["verdict"] == "same" && one["asked_here"] == false)
    });
    assert_eq!(scene.fetch(&patient), json!("data"), "what is linked can be read");
    for node in [&scene.here, &scene.there] {
        let counts = ["link-asked", "link-made", "link-undone"].map(|what| Scene::logged(node, &run, what));
        assert_eq!(counts, [1, 1, 0], "{}", node.house.word);
    }

    scene.here.cli(["link", "undo", &id]);
    assert_ne!(scene.candidates(&patient)[0]["certainty"], "human", "the link is taken back");
    eventually("both logs show that it was taken back", || {
        [&scene.here, &scene.there].iter().all(|node| Scene::logged(node, &run, "link-undone") == 1)
    });
    for node in [&mut scene.here, &mut scene.there] {
        assert_eq!(node.stop(), 0);
    }
    nothing_of_a_patient_stands_in_a_log(&scene);
}

/// Names, readings, birth dates, telephone and insurance numbers, and postcodes of everybody.
fn nothing_of_a_patient_stands_in_a_log(scene: &Scene) {
    let columns = ["family_kana", "given_kana", "birth_date", "phone", "insured_number", "postcode"];
    let mut words = BTreeSet::new();
    for row in HOUSES.iter().flat_map(|house| scene.region.patients(house)) {
        words.extend(columns.iter().filter_map(|column| row.get(*column).cloned()));
        words.insert(format!("{}{}", row["family_kanji"], row["given_kanji"]));
        words.insert(row["birth_date"].replace(['-', '/'], ""));
    }
    words.retain(|word| if word.is_ascii() { word.len() >= 7 } else { word.chars().count() >= 3 });
    assert!(words.len() > 50, "there is something to look for");
    let mut searched = 0;
    for node in [&scene.here, &scene.there] {
        let logs = node.folder().join("log").read_dir().expect("a folder of logs").flatten().map(|file| file.path());
        for file in logs.chain([scene.town.file(&format!("{}.out", node.house.word))]) {
            let text = String::from_utf8_lossy(&std::fs::read(&file).expect("readable")).into_owned();
            searched += text.len();
            let found = words.iter().filter(|word| holds(&text, word)).count();
            assert_eq!(found, 0, "words of patients in {}", file.display());
        }
    }
    assert!(searched > 2_000, "the logs say something: {searched} bytes");
}

/// Whether a text holds a word; numbers count only as whole numbers.
fn holds(text: &str, word: &str) -> bool {
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
    let glued = |c: Option<char>| is_number && c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.match_indices(word)
        .any(|(at, _)| !glued(text[..at].chars().next_back()) && !glued(text[at + word.len()..].chars().next()))
}
