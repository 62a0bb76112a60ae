//! Two networks count how many patients they share before there is an accord: real processes, files carried between two offices.
use e2e::cluster::{CLINIC, Cluster, Founders, HOSPITAL_SENDAI, House, Listen, Node, Person, Region, RegionPlan};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const NAME: &str = "two_offices_learn_about_how_many_they_share_and_no_more";
/// Patients of each side, and of both.
const EACH: usize = 1_000;
const SHARED: usize = 300;
/// Of the shared ones, those whom Sendai knows at first.
const FIRST: usize = 40;

struct Offices {
    town: Cluster,
    kesen: Founders,
    miyagi: Founders,
    clinic: Node,
    sendai: Node,
    charters: [PathBuf; 2],
}

impl Offices {
    fn new() -> Self {
        let town = Cluster::new("overlap", NAME);
        let kesen = Founders::new(&town, "未来かなえネット", &["医師会", "病院", "事務局"]);
        let miyagi = Founders::new(&town, "MMWIN", &["大学", "病院", "県"]);
        let mut clinic = town.set_up(CLINIC, Listen::Nowhere);
        let mut sendai = town.set_up(HOSPITAL_SENDAI, Listen::Nowhere);
        [&mut clinic, &mut sendai].into_iter().for_each(Node::start);
        kesen.found(&town, &clinic, (1, 3));
        miyagi.found(&town, &sendai, (1, 2));
        let charters = [town.file("kesen.charter"), town.file("mmwin.charter")];
        for (node, file) in [&clinic, &sendai].into_iter().zip(&charters) {
            node.call(["accord", "charter", "--out"]).arg(file).run().done();
        }
        Self { town, kesen, miyagi, clinic, sendai, charters }
    }
    fn ask(&self, to: &str) -> e2e::cluster::Call {
        let call = self.clinic.call(["overlap", "ask", "--with"]).arg(&self.charters[1]);
        call.args(self.kesen.sign(&[1])).arg("--to").arg(self.town.file(to))
    }
    fn accept(&self, ask: &str, to: &str) -> e2e::cluster::Call {
        let call =
            self.sendai.call(["overlap", "accept"]).arg(self.town.file(ask)).arg("--with").arg(&self.charters[0]);
        call.args(self.miyagi.sign(&[2])).arg("--to").arg(self.town.file(to))
    }
    fn count(&self, answer: &str, to: &str) -> e2e::cluster::Call {
        let call = self.clinic.call(["overlap", "count"]).arg(self.town.file(answer));
        call.arg("--to").arg(self.town.file(to))
    }
    fn hear(&self, outcome: &str) -> e2e::cluster::Call {
        self.sendai.call(["overlap", "hear"]).arg(self.town.file(outcome))
    }
    /// Ask, answer and number of one count; what both are told.
    fn run(&self, number: u8) -> Value {
        let [ask, answer, outcome] = ["ask", "answer", "number"].map(|step| format!("{number}.{step}"));
        self.ask(&ask).run().done();
        self.accept(&ask, &answer).run().done();
        let here = self.count(&answer, &outcome).run().done()["text"].clone();
        assert_eq!(self.hear(&outcome).run().done()["text"], here, "both sides are told the same");
        here
    }
    fn altered(&self, from: &str, to: &str, change: impl Fn(&str) -> String) {
        let text = std::fs::read_to_string(self.town.file(from)).expect("written before");
        std::fs::write(self.town.file(to), change(&text)).expect("the folder is ours");
    }
}

/// The folder of a patient in a storage.
fn of_patient(storage: &Path, number: &str) -> PathBuf {
    storage.join("standard").join(&number[..3]).join(&number[3..6]).join(number)
}

/// Leaves of a storage only these people, and of them only their master data.
fn keep(storage: &Path, house: &House, people: &[&Person]) {
    let kept: BTreeSet<PathBuf> = people.iter().map(|person| of_patient(storage, person.number(house))).collect();
    let folders = |path: &Path| -> Vec<PathBuf> {
        path.read_dir().expect("a storage").map(|entry| entry.expect("readable").path()).collect()
    };
    let mut found = 0;
    for patient in folders(&storage.join("standard")).iter().flat_map(|top| folders(top)).flat_map(|mid| folders(&mid))
    {
        if !kept.contains(&patient) {
            std::fs::remove_dir_all(&patient).expect("ours");
            continue;
        }
        found += 1;
        for folder in folders(&patient).iter().flat_map(|date| folders(date)) {
            if !folder.ends_with("ADT-00") {
                std::fs::remove_dir_all(&folder).expect("ours");
            }
        }
    }
    assert_eq!(found, people.len(), "everybody has a folder");
}

/// The people of each side, the shared ones first.
fn people(everybody: &[Person]) -> (Vec<&Person>, Vec<&Person>) {
    let knows = |person: &&Person, house: &House| person.known.contains_key(house.id);
    let is_faultless = |person: &&Person| {
        let of = |house: &House| person.known.get(house.id).is_some_and(|known| known.is_faultless);
        of(&CLINIC) && of(&HOSPITAL_SENDAI)
    };
    let shared: Vec<&Person> = everybody.iter().filter(is_faultless).take(SHARED).collect();
    let mut rest: Vec<&Person> =
        everybody.iter().filter(|person| !shared.iter().any(|one| one.id == person.id)).collect();
    let mut side = |house: &House| {
        let (own, others): (Vec<&Person>, Vec<&Person>) = rest.iter().copied().partition(|person| knows(person, house));
        let (own, more) = own.split_at(EACH - SHARED);
        rest = others.into_iter().chain(more.iter().copied()).collect();
        shared.iter().chain(own).copied().collect::<Vec<_>>()
    };
    (side(&CLINIC), side(&HOSPITAL_SENDAI))
}

#[test]
fn two_offices_learn_about_how_many_they_share_and_no_more() {
    let offices = Offices::new();
    let houses = [CLINIC, HOSPITAL_SENDAI];
    let plan = RegionPlan { preset: "clean", patients: 2_000, seed: 11, houses: &houses };
    let region = Region::make(&offices.town, "region", plan);
    let everybody = region.people();
    let (here, there) = people(&everybody);
    assert_eq!((here.len(), there.len()), (EACH, EACH));
    let (clinic, sendai) = (region.storage(&CLINIC), region.storage(&HOSPITAL_SENDAI));
    keep(&clinic, &CLINIC, &here);
    keep(&sendai, &HOSPITAL_SENDAI, &there);
    // At first Sendai knows a few of them only.
    let parked = offices.town.file("parked");
    std::fs::create_dir(&parked).expect("ours");
    let later = || there[FIRST..].iter().map(|person| person.number(&HOSPITAL_SENDAI));
    for number in later() {
        std::fs::rename(of_patient(&sendai, number), parked.join(number)).expect("ours");
    }
    for (node, storage) in [(&offices.clinic, &clinic), (&offices.sendai, &sendai)] {
        node.add_feed(storage);
        node.scan();
    }
    assert_eq!(offices.run(1), "fewer than 100");

    for number in later() {
        std::fs::rename(parked.join(number), of_patient(&sendai, number)).expect("ours");
    }
    offices.sendai.scan();
    offices.ask("2.ask").run().done();
    bad_files(&offices);
    offices.accept("2.ask", "2.answer").run().done();
    offices.accept("2.ask", "again.answer").run().fails(1, &["answered once"]);
    offices.altered("2.answer", "cut.answer", |text| text[..text.len() / 2].to_owned());
    offices.count("cut.answer", "x.number").run().fails(1, &["cut or changed"]);
    let told = offices.count("2.answer", "2.number").run_for_people();
    assert!(told.stdout.contains("about 300"), "{}", told.stdout);
    offices.count("2.answer", "x.number").run().fails(1, &["already"]);
    offices.hear("1.number").run().fails(1, &["has not asked or answered"]);
    assert_eq!(offices.hear("2.number").run().done()["about"], 300);

    // A third count of the pair, from either side, in the same month.
    offices.ask("3.ask").run().fails(1, &["2 times within 31 days", "single patients"]);
    let call = offices.sendai.call(["overlap", "ask", "--with"]).arg(&offices.charters[0]);
    let call = call.args(offices.miyagi.sign(&[1])).arg("--to").arg(offices.town.file("4.ask"));
    call.run().fails(1, &["2 times within 31 days"]);
    assert!(!offices.town.file("3.ask").exists() && !offices.town.file("4.ask").exists());

    for node in [&offices.clinic, &offices.sendai] {
        let shown = node.cli(["overlap", "show"]);
        let told: Vec<&Value> =
            shown["overlaps"].as_array().expect("a list").iter().map(|count| &count["text"]).collect();
        assert_eq!(told, ["about 300", "fewer than 100"], "{shown}");
        let log = node.cli(["audit", "list", "--limit", "1000"]);
        let events = log["events"].as_array().expect("events").iter();
        assert_eq!(events.filter(|event| event["what"] == "overlap-counted").count(), 4, "two steps of two counts");
    }
}

/// Files that Sendai does not answer.
fn bad_files(offices: &Offices) {
    let refused = |ask: &str, exit: i32, words: &[&str]| {
        offices.accept(ask, "x.answer").run().fails(exit, words);
        assert!(!offices.town.file("x.answer").exists(), "{ask}: no answer was written");
    };
    let line = |text: &str, number: usize| text.lines().nth(number).expect("a line").to_owned();
    let identity = "A".repeat(43);
    offices.altered("2.ask", "identity.ask", |text| text.replacen(&line(text, 3), &identity, 1));
    refused("identity.ask", 1, &["point 1", "identity"]);
    offices.altered("2.ask", "twice.ask", |text| text.replacen(&line(text, 4), &line(text, 3), 1));
    refused("twice.ask", 1, &["point 2", "twice"]);
    let odd = format!("{}8", "/".repeat(42));
    offices.altered("2.ask", "odd.ask", |text| text.replacen(&line(text, 1_002), &odd, 1));
    refused("odd.ask", 1, &["canonical"]);
    offices.altered("2.ask", "head.ask", |text| text.replacen("head A", "head B", 1).replacen("head ", "head AAAA", 1));
    refused("head.ask", 1, &["cut or changed"]);
    refused("1.ask", 1, &["answered once"]);
    refused("1.answer", 2, &["\"answer\"", "\"ask\" is needed"]);
    std::fs::write(offices.town.file("text.ask"), "hello\n").expect("ours");
    refused("text.ask", 2, &["no file of a count"]);
    // The wrong network's charter, and a share of nobody there.
    let call = offices.sendai.call(["overlap", "accept"]).arg(offices.town.file("2.ask")).arg("--with");
    let call = call.arg(&offices.charters[1]).args(offices.miyagi.sign(&[2])).arg("--to");
    call.arg(offices.town.file("x.answer")).run().fails(1, &["other networks"]);
    let call = offices.sendai.call(["overlap", "accept"]).arg(offices.town.file("2.ask")).arg("--with");
    let call = call.arg(&offices.charters[0]).args(offices.kesen.sign(&[2])).arg("--to");
    call.arg(offices.town.file("x.answer")).run().fails(1, &["no founder"]);
    // At the node that asked itself.
    let call = offices.clinic.call(["overlap", "accept"]).arg(offices.town.file("2.ask")).arg("--with");
    let call = call.arg(&offices.charters[0]).args(offices.kesen.sign(&[2])).arg("--to");
    call.arg(offices.town.file("x.answer")).run().fails(1, &["other networks"]);
}
