//! Two facilities of one node know the same person, her twin and a stranger of her name: what is linked, what people are asked,
//! what is undone, and what the log says of it; with `kill -9` in between.
use e2e::cluster::{CLINIC, Cluster, HOSPITAL, House, Listen, Node, eventually};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const FILE: &str = "one_person_at_two_facilities";

/// Somebody as a facility writes it down.
#[derive(Clone, Copy)]
struct Who {
    number: &'static str,
    given: (&'static str, &'static str),
    birth: &'static str,
    place: (&'static str, &'static str),
    phone: &'static str,
}

const HANAKO: Who = Who {
    number: "00000011",
    given: ("花子", "ハナコ"),
    birth: "19420418",
    place: ("270-0000", "千葉県見本市見本町１−２−３"),
    phone: "047-000-0001",
};
/// The same at the clinic, as its system writes it.
const HANAKO_THERE: Who =
    Who { number: "00000520", place: ("2700000", "千葉県見本市見本町1-2-3"), phone: "0470000001", ..HANAKO };
const TWIN: Who = Who { number: "00000530", given: ("花江", "ハナエ"), ..HANAKO_THERE };
const STRANGER: Who =
    Who {
        number: "00000540", place: ("980-0000", "宮城県別市別町９−９"), phone: "022-000-0009", ..HANAKO_THERE
    };
/// Her second chart at the hospital.
const AGAIN: Who = Who { number: "00000012", ..HANAKO };

fn message(kind: &str, who: &Who, rest: &str) -> String {
    let Who { number, given, birth, place, phone } = who;
    format!(
        "MSH|^~\\&|HIS||||20240203101500||{kind}|77|P|2.5\n\
         PID|1||{number}||十時^{}^^^^^L^I~トトキ^{}^^^^^L^P||{birth}|F|||^^^^{}^JPN^H^{}||^PRN^PH^^^^^^^^^{phone}\n{rest}",
        given.0, given.1, place.0, place.1
    )
}

/// Writes somebody with one result into a storage.
fn write(storage: &Path, who: &Who, second: u8) {
    let pid = who.number;
    let put = |path: String, text: String| {
        let at = storage.join(path);
        std::fs::create_dir_all(at.parent().expect("below the storage")).expect("the town's folder");
        std::fs::write(at, text).expect("the town's folder");
    };
    let at = format!("202402031015{second:02}000");
    let folder = format!("{}/{}/{pid}", &pid[..3], &pid[3..6]);
    put(format!("{folder}/-/ADT-00/{pid}_-_ADT-00_999999999999999_{at}_-_1"), message("ADT^A08^ADT_A01", who, ""));
    let lab =
        "ORC|SC|9\nOBR|1|9||E001^末梢血^99ZL1|||20240203\nOBX|1|NM|2A020^赤血球数^JC10||450|10*4/uL|380-500|N|||F\n";
    put(format!("{folder}/20240203/OML-11/{pid}_20240203_OML-11_9_{at}_01_1"), message("OUL^R22^OUL_R22", who, lab));
}

struct Office {
    node: Node,
    storages: [PathBuf; 2],
}

impl Office {
    fn new(town: &Cluster) -> Self {
        let node = town.set_up(HOSPITAL, Listen::Nowhere);
        let House { id, name, class, .. } = CLINIC;
        node.cli(["setup", "--id", id, "--name", name, "--class", class, "--authority", &CLINIC.authority()]);
        let storages = [HOSPITAL, CLINIC].map(|house| {
            let storage = town.file(&format!("storage-{}", house.word));
            std::fs::create_dir_all(&storage).expect("the town's folder");
            let path = storage.to_str().expect("a path of ours");
            node.cli(["feed", "add", path, "--facility", house.id, "--scan-interval-s", "86400"]);
            storage
        });
        Self { node, storages }
    }
    fn scan(&self) {
        self.node.scan();
    }
    fn open(&self) -> Vec<Value> {
        self.node.cli(["link", "review", "list", "--later"])["pairs"].as_array().expect("a list").clone()
    }
    /// The other patients of a patient's person, with why they are seen.
    fn person(&self, patient: &str) -> BTreeSet<(String, String)> {
        let shown = self.node.cli(["patient", "show", patient, "--staff", "d-1", "--role", "doctor"]);
        let text = |one: &Value, key: &str| one[key].as_str().expect("a text").to_owned();
        let person = shown["person"].as_array().expect("a list").iter().skip(1);
        person.map(|one| (text(one, "patient"), text(one, "reach"))).collect()
    }
    fn rows(&self, patient: &str) -> usize {
        let shown = self.node.cli(["timeline", patient, "--local", "--staff", "d-1", "--role", "doctor"]);
        shown["rows"].as_array().expect("a list").len()
    }
    /// What the log tells of a patient.
    fn log(&self, patient: &str) -> Vec<String> {
        let events = self.node.cli(["audit", "list", "--patient", patient, "--limit", "1000"]);
        let events = events["events"].as_array().unwrap_or_else(|| panic!("events: {events}")).clone();
        events.iter().filter_map(|event| event["what"].as_str().map(str::to_owned)).collect()
    }
    fn kill(&mut self) {
        self.node.kill_nine();
        self.node.start();
    }
}

fn one_of(patient: &str, reach: &str) -> BTreeSet<(String, String)> {
    BTreeSet::from([(patient.to_owned(), reach.to_owned())])
}

#[test]
fn a_person_is_linked_a_twin_asked_a_stranger_left_and_all_of_it_undone() {
    let town = Cluster::new(FILE, "a_person_is_linked_a_twin_asked_a_stranger_left_and_all_of_it_undone");
    let mut office = Office::new(&town);
    write(&office.storages[0], &HANAKO, 1);
    for (who, second) in [(&HANAKO_THERE, 2), (&TWIN, 3), (&STRANGER, 4)] {
        write(&office.storages[1], who, second);
    }
    office.node.start();
    office.scan();
    let [here, there, twin, stranger] =
        [HANAKO, HANAKO_THERE, TWIN, STRANGER].map(|who| office.node.patient(who.number));

    // Linked by the rule, signed, and in the log of both; her twin and the stranger stay apart.
    assert_eq!(office.person(&here), one_of(&there, "no-consent"));
    assert_eq!(office.person(&twin), BTreeSet::new());
    assert_eq!(office.person(&stranger), BTreeSet::new());
    let links = office.node.cli(["link", "show", &here]);
    assert_eq!(links["links"][0]["sound"], true, "{links}");
    assert!(links["links"][0]["author"].as_str().is_some_and(|by| by.starts_with("rule")), "{links}");
    for patient in [&here, &there] {
        assert_eq!(office.log(patient).iter().filter(|what| *what == "link-made").count(), 1);
    }
    let asked: Vec<Value> = office.open();
    let about = |patient: &str| {
        asked.iter().filter(|one| one["pair"].as_str().is_some_and(|p| p.split('-').any(|x| x == patient))).count()
    };
    assert!(about(&twin) > 0, "{asked:?}");
    assert!(asked.iter().all(|one| one["reason"]["ja"].as_str().is_some_and(|text| !text.is_ascii())), "{asked:?}");

    // No consent, no look: the link alone shows nothing of the other facility's records.
    assert_eq!((office.rows(&here), office.rows(&there)), (1 + 1, 1 + 1));
    office.node.cli(["consent", "record", &there]);
    assert_eq!(office.person(&here), one_of(&there, "consent"));
    assert_eq!((office.rows(&here), office.rows(&there)), (4, 2));

    office.kill();
    assert_eq!(office.person(&here), one_of(&there, "consent"), "a link survives");

    // A second chart of the hospital is a question for people; answered, undone by two, kept after another kill.
    write(&office.storages[0], &AGAIN, 5);
    office.scan();
    let again = office.node.patient(AGAIN.number);
    let pair = second_chart(&office, (&here, &again));
    let same =
        |staff: &str| office.node.cli(["link", "review", "same", &pair, "--reason", "old card", "--staff", staff]);
    let answered = same("a-1");
    let answered = if answered["state"] == "needs-second" { same("b-1") } else { answered };
    assert_eq!(answered["state"], "same", "{answered}");
    let made = answered["link"].as_str().expect("a link").to_owned();
    assert!(office.person(&again).iter().any(|(patient, _)| *patient == here), "{:?}", office.person(&again));
    assert!(office.rows(&again) >= 4);
    office.kill();
    let undo = |id: &str, staff: &str, exit: i32| {
        office.node.ask(["link", "undo", id, "--reason", "another person", "--staff", staff]).exits(exit)
    };
    assert_eq!(undo(&made, "a-1", 0)["state"], "needs-second");
    assert_eq!(undo(&made, "a-1", 1)["state"], "same-person");
    let undone = undo(&made, "b-2", 0);
    assert_eq!(undone["state"], "undone", "{undone}");
    assert!(undone["seen"].as_array().is_some_and(|seen| seen.iter().any(|look| look["staff"] == "d-1")), "{undone}");

    // What a rule made one person undoes, and is told what was seen.
    let by_rule = links["links"][0]["link"].as_str().expect("a link").to_owned();
    let undone = undo(&by_rule, "a-1", 0);
    let seen = undone["seen"].as_array().expect("a list");
    let look = json!({ "patient": there, "through": here, "staff": "d-1" });
    assert!(seen.iter().any(|one| ["patient", "through", "staff"].iter().all(|key| one[key] == look[key])), "{undone}");
    assert!(!office.person(&here).iter().any(|(patient, _)| *patient == there));
    assert!(office.log(&here).iter().any(|what| what == "link-undone"));

    // Linking everybody anew brings nothing together that people parted.
    office.node.cli(["link", "run"]);
    assert!(!office.person(&here).iter().any(|(patient, _)| *patient == there));
    let stats = office.node.cli(["link", "stats"]);
    assert!(stats["apart"].as_u64() >= Some(2) && stats["pending"] == 0 && stats["run"].is_null(), "{stats}");
    assert_eq!(office.node.cli(["audit", "verify"])["ok"], true);
}

/// The open question about the second chart: with the first one, or with another patient of its person.
fn second_chart(office: &Office, (here, again): (&str, &str)) -> String {
    let open = office.open();
    let with = |one: &Value, patient: &str| one["pair"].as_str().is_some_and(|p| p.split('-').any(|x| x == patient));
    let found =
        open.iter().find(|one| with(one, again) && with(one, here)).or(open.iter().find(|one| with(one, again)));
    let pair = found.unwrap_or_else(|| panic!("a question about {again}: {open:?}"))["pair"]
        .as_str()
        .expect("a pair")
        .to_owned();
    let shown = office.node.cli(["link", "review", "show", &pair]);
    assert!(shown["differences"].as_array().is_some_and(|all| all.len() >= 5), "{shown}");
    let later = office.node.cli(["link", "review", "later", &pair, "--days", "3"]);
    assert!(later["until"].as_u64() > Some(0));
    let listed = office.node.cli(["link", "review", "list"]);
    assert!(
        listed["pairs"].as_array().is_some_and(|pairs| pairs.iter().all(|one| one["pair"] != pair.as_str())),
        "{listed}"
    );
    office.node.ask(["link", "review", "same", &pair, "--reason", " "]).fails(2, &["why"]);
    office.node.ask(["link", "review", "same", "p1-p1", "--reason", "x"]).fails(2, &["pair"]);
    pair
}

#[test]
fn kill_nine_while_everybody_is_linked_loses_no_link_and_doubles_none() {
    let town = Cluster::new(FILE, "kill_nine_while_everybody_is_linked_loses_no_link_and_doubles_none");
    let mut office = Office::new(&town);
    let numbers: Vec<String> = (0..60).map(|n| format!("{:08}", 1_000 + n)).collect();
    for (at, number) in numbers.iter().enumerate() {
        let number: &'static str = Box::leak(number.clone().into_boxed_str());
        let birth: &'static str = Box::leak(format!("19{:02}04{:02}", 30 + at % 50, 1 + at % 28).into_boxed_str());
        let phone: &'static str = Box::leak(format!("04700{:05}", at).into_boxed_str());
        let who = Who { number, birth, phone, ..HANAKO };
        write(&office.storages[0], &who, 1);
        write(&office.storages[1], &who, 2);
    }
    office.node.start();
    // The scan is answered for after linking; the node is killed before that, wherever it is.
    for round in 0..3u64 {
        let hand = office.node.hand();
        let scan = std::thread::spawn(move || drop(hand.ask(["feed", "scan"])));
        std::thread::sleep(std::time::Duration::from_millis(300 + 500 * round));
        office.node.kill_nine();
        scan.join().expect("the scan ended with the node");
        office.node.start();
    }
    office.scan();
    eventually("everything is linked", || office.node.cli(["link", "stats"])["pending"] == 0);
    let stats = office.node.cli(["link", "stats"]);
    assert_eq!((&stats["by_rule"], &stats["withdrawn"]), (&json!(60), &json!(0)), "{stats}");
    assert_eq!(office.node.cli(["audit", "verify"])["ok"], true);
}
