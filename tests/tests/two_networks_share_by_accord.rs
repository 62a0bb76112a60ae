//! The main job, as people at the desks do it: two networks, real processes, an accord for prescriptions and laboratory results.
//!
//! 気仙 has three founders: the hospital (whose node relays), the pharmacy, and an office without a node. A clinic without an
//! inbound port joins. The network of 仙台 has one node; its other founders need none.
use e2e::cluster::{
    CLINIC, Cluster, Founders, HOSPITAL, HOSPITAL_SENDAI, Listen, Node, PHARMACY, Person, Region, RegionPlan,
    accord_between, eventually, eventually_some,
};
use serde_json::{Value, json};
use std::path::PathBuf;

const CLAUSE: &str = "theirs:prescription,lab:doctor,nurse,pharmacist:treatment:hospital,clinic";

/// All nodes of both networks, running, with the accord in force and the clinic's and Sendai's records taken in.
struct TwoNetworks {
    town: Cluster,
    kesen: Founders,
    hospital: Node,
    pharmacy: Node,
    clinic: Node,
    sendai: Node,
    shared: Vec<Person>,
}

fn two_networks() -> TwoNetworks {
    let town =
        Cluster::new("two_networks_share_by_accord", "records_cross_an_accord_as_far_as_it_and_the_patient_allow");
    let kesen = Founders::new(&town, "未来かなえネット", &["潮見浦総合病院", "なぎさ調剤薬局", "事務局"]);
    let miyagi = Founders::new(&town, "MMWIN", &["杜都台総合病院", "大学", "県"]);
    let mut hospital = town.set_up(HOSPITAL, Listen::Relay);
    let mut pharmacy = town.set_up(PHARMACY, Listen::Nowhere);
    let mut clinic = town.set_up(CLINIC, Listen::Nowhere);
    let mut sendai = town.set_up(HOSPITAL_SENDAI, Listen::Port);
    [&mut hospital, &mut pharmacy, &mut clinic, &mut sendai].into_iter().for_each(Node::start);

    kesen.found(&town, &hospital, (1, 3));
    miyagi.found(&town, &sendai, (1, 2));
    kesen.admit(&hospital, &pharmacy, &[1, 3]);
    join_with_two_desks(&kesen, &hospital, &pharmacy, &clinic);
    accord_between((&kesen, &hospital, &[1, 2]), (&miyagi, &sendai, &[1, 3]), &[CLAUSE]);
    eventually("the clinic and Sendai see each other", || clinic.sees(&sendai) && sendai.sees(&clinic));

    let houses = [CLINIC, HOSPITAL_SENDAI, PHARMACY];
    let region = Region::make(&town, "region", RegionPlan { preset: "clean", patients: 24, seed: 11, houses: &houses });
    for node in [&clinic, &sendai] {
        node.add_feed(&region.storage(&node.house));
        node.scan();
    }
    TwoNetworks { kesen, hospital, pharmacy, clinic, sendai, shared: region.shared(&[CLINIC, HOSPITAL_SENDAI]), town }
}

/// One founder signs at the hospital, the other at the pharmacy: the half-signed membership travels.
fn join_with_two_desks(kesen: &Founders, hospital: &Node, pharmacy: &Node, clinic: &Node) {
    let (_, asked) = kesen.ask_in(hospital, clinic);
    let half = hospital.call(["admit", "sign", &asked]).args(kesen.sign(&[1])).run().done();
    assert_eq!(half["complete"], false, "{half}");
    let id = half["id"].as_str().expect("an id").to_owned();
    eventually("the half-signed membership is at the other founder's node", || {
        pharmacy.cli(["founders", "list"])["waiting"]
            .as_array()
            .is_some_and(|list| list.iter().any(|one| one["id"] == id.as_str()))
    });
    let whole = pharmacy.call(["founders", "sign", &id]).args(kesen.sign(&[2])).run().done();
    assert_eq!(whole["complete"], true, "{whole}");
    clinic.await_admitted();
}

const DOCTOR: [&str; 6] = ["--role", "doctor", "--staff", "d-7", "--ground", "reception 31"];

/// The row of one holder of one fetch, and the exit code.
fn fetch(reader: &Node, patient: &str, holder: &Node, more: &[&str]) -> (Value, i32) {
    let answer =
        reader.ask(["fetch", patient].into_iter().chain(["--holder", holder.house.id]).chain(more.iter().copied()));
    let exit = answer.exit;
    assert!(matches!(exit, 0 | 1), "{} {} {}", answer.shown, answer.stdout, answer.stderr);
    let row = answer.json["rows"].as_array().and_then(|rows| rows.first()).cloned();
    (row.unwrap_or_else(|| panic!("no row of {}: {}", holder.house.word, answer.stdout)), exit)
}

#[track_caller]
fn check_status(reader: &Node, patient: &str, holder: &Node, more: &[&str], expect: &str) -> Value {
    let (row, exit) = fetch(reader, patient, holder, more);
    assert_eq!(row["status"], expect, "{row}");
    assert_eq!(exit, i32::from(expect != "data"), "{row}");
    row
}

/// A patient of both who is certain by the rules alone, with the number at each desk.
fn certain_patient(two: &TwoNetworks) -> (String, String) {
    let pairs: Vec<(String, String)> = two
        .shared
        .iter()
        .map(|person| (two.clinic.patient(person.number(&CLINIC)), two.sendai.patient(person.number(&HOSPITAL_SENDAI))))
        .collect();
    assert!(pairs.len() >= 3, "the region has people whom both know: {}", two.shared.len());
    for (here, there) in &pairs {
        let before = two.clinic.cli(["locate", here]);
        assert_eq!(before["candidates"], json!([]), "nothing is announced without consent");
        two.sendai.cli(["consent", "record", there, "--roles", "doctor"]);
    }
    eventually_some("a patient of both is found by the rules", || {
        let is_sure = |here: &String| {
            let found = two.clinic.cli(["locate", here]);
            found["candidates"].as_array().is_some_and(|list| list.iter().any(|one| one["certainty"] == "rules"))
        };
        pairs.iter().find(|(here, _)| is_sure(here)).cloned()
    })
}

#[test]
fn records_cross_an_accord_as_far_as_it_and_the_patient_allow() {
    let mut two = two_networks();
    let (here, there) = certain_patient(&two);

    // Consent is missing at the reader's desk.
    check_status(&two.clinic, &here, &two.sendai, &DOCTOR, "no-consent-here");
    two.clinic.cli(["consent", "record", &here]);

    // Allowed: prescriptions and laboratory results come, verified, and nothing else.
    let row = check_status(&two.clinic, &here, &two.sendai, &DOCTOR, "data");
    let items = row["items"].as_array().expect("a list");
    assert!(!items.is_empty() && row["cut"] == true, "{row}");
    assert!(items.iter().all(|item| item["coarse"] == "prescription" || item["coarse"] == "lab"), "{row}");
    let shown = two.sendai.cli(["patient", "show", &there]);
    let held = shown["records"].as_array().expect("a list").iter().filter(|record| {
        record["state"] == "current" && (record["coarse"] == "prescription" || record["coarse"] == "lab")
    });
    assert_eq!(items.len(), held.count(), "everything that the accord opens came");
    let timeline = two.clinic.cli(["timeline", &here, "--local"]);
    assert!(timeline["by_holder"].get(HOSPITAL_SENDAI.id).is_some(), "{timeline}");

    // Refused by the accord: the row cites the clause.
    let more = [&DOCTOR[..], &["--kinds", "image"]].concat();
    let row = check_status(&two.clinic, &here, &two.sendai, &more, "outside-accord");
    assert_eq!(row["clause"], 1, "{row}");

    // Refused for missing consent: the patient's consent in Sendai is for doctors. The reader hears only that there is nothing
    // for it; the holder's log has the reason.
    let nurse = ["--role", "nurse", "--staff", "n-2", "--ground", "reception 32"];
    let row = check_status(&two.clinic, &here, &two.sendai, &nurse, "nothing-for-you");
    let request = row["request"].as_str().expect("it was asked").to_owned();
    let log = two.sendai.cli(["audit", "list", "--limit", "100"]);
    let refused = log["events"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|event| event["request"] == request.as_str() && !event["why"].is_null());
    assert_eq!(refused.expect("the refusal is in the holder's log")["why"], "no-holder-consent");

    offline_is_never_none(&mut two, &here);
    relayed(&mut two);
    let evidence = evidence_from_both_sides(&two, &here);
    revoked(&two, &here);
    one_store_is_deleted(two, &evidence);
}

/// A holder that does not run is shown with when it was seen, and comes back.
fn offline_is_never_none(two: &mut TwoNetworks, here: &str) {
    two.sendai.kill_nine();
    eventually("the clinic notices", || !two.clinic.sees(&two.sendai));
    let row = check_status(&two.clinic, here, &two.sendai, &DOCTOR, "offline");
    assert!(row["offline_since"].as_u64().is_some_and(|at| at > 0), "{row}");
    let timeline = two.clinic.ask(["timeline", here].into_iter().chain(DOCTOR)).done();
    let holders = timeline["holders"].as_array().expect("a list");
    let offline = holders.iter().find(|row| row["holder"] == HOSPITAL_SENDAI.id).expect("the holder has its row");
    assert_eq!(offline["status"], "offline", "{timeline}");
    let people = two.clinic.call(["fetch", here, "--holder", HOSPITAL_SENDAI.id]).args(DOCTOR).run_for_people();
    assert!(people.stdout.contains("offline since 20"), "{}", people.stdout);
    two.sendai.start();
    eventually("the clinic and Sendai see each other again", || two.clinic.sees(&two.sendai));
    check_status(&two.clinic, here, &two.sendai, &DOCTOR, "data");
}

/// Neither the pharmacy nor the clinic has an inbound port: they meet at the hospital's relay, and records pass there.
fn relayed(two: &mut TwoNetworks) {
    eventually("the pharmacy reaches the clinic through the hospital's relay", || {
        two.pharmacy.peer(&two.clinic).is_some_and(|peer| peer["up"] == true && peer["path"] == "relay")
    });
    let region = two.town.file("region").join(PHARMACY.id);
    two.pharmacy.add_feed(&region);
    two.pharmacy.scan();
    let truth = std::fs::read_to_string(two.town.file("region").join("truth.csv")).expect("the truth");
    assert!(truth.contains(PHARMACY.id));
    // Whom both know; each desk has the patient's consent.
    let known: Vec<(String, String)> = two
        .shared
        .iter()
        .filter(|person| person.known.get(PHARMACY.id).is_some_and(|known| known.is_faultless))
        .map(|person| (two.pharmacy.patient(person.number(&PHARMACY)), two.clinic.patient(person.number(&CLINIC))))
        .collect();
    for (here, there) in &known {
        two.pharmacy.cli(["consent", "record", here]);
        two.clinic.cli(["consent", "record", there]);
    }
    let here = eventually_some("the pharmacy finds a patient of the clinic", || {
        let is_sure = |here: &String| {
            let found = two.pharmacy.cli(["locate", here]);
            let sure = |one: &Value| one["holder"] == CLINIC.id && one["certainty"] == "rules";
            found["candidates"].as_array().is_some_and(|list| list.iter().any(sure))
        };
        known.iter().map(|(here, _)| here).find(|here| is_sure(here)).cloned()
    });
    let row = check_status(&two.pharmacy, &here, &two.clinic, &DOCTOR, "data");
    assert!(row["items"].as_array().is_some_and(|items| !items.is_empty()), "{row}");
}

/// Evidence of one exchange, by its reader and by its holder.
struct Evidence {
    request: String,
    /// The keys of both nodes.
    reader: Value,
    holder: Value,
    reader_leaf: u64,
    holder_leaf: u64,
    reader_file: PathBuf,
    holder_file: PathBuf,
}

fn evidence_from_both_sides(two: &TwoNetworks, here: &str) -> Evidence {
    let row = check_status(&two.clinic, here, &two.sendai, &DOCTOR, "data");
    let evidence = Evidence {
        request: row["request"].as_str().expect("it was asked").to_owned(),
        reader: two.clinic.cli(["status"])["node"].clone(),
        holder: two.sendai.cli(["status"])["node"].clone(),
        reader_leaf: row["leaf"].as_u64().expect("the reader logged it"),
        holder_leaf: row["holder_leaf"]["leaf"].as_u64().expect("the holder logged it"),
        reader_file: two.town.file("reader.evidence"),
        holder_file: two.town.file("holder.evidence"),
    };
    for (node, leaf, file) in [
        (&two.clinic, evidence.reader_leaf, &evidence.reader_file),
        (&two.sendai, evidence.holder_leaf, &evidence.holder_file),
    ] {
        let text = leaf.to_string();
        eventually("the leaf is proven with the other side's signature and a witness", || {
            let proof = node.call(["audit", "prove", &text, "--out"]).arg(file).run().done();
            proof["exchange"] == true && proof["witnessed"] == true
        });
        evidence.check(&two.town, file, leaf);
    }
    evidence
}

impl Evidence {
    /// Checks an evidence file where no node is.
    #[track_caller]
    fn check(&self, town: &Cluster, file: &PathBuf, leaf: u64) {
        let found = town.musubi(["audit", "verify"]).arg(file).run().done();
        assert_eq!((&found["ok"], found["leaf"].as_u64()), (&Value::Bool(true), Some(leaf)), "{found}");
        assert_eq!(found["event"]["request"], self.request.as_str(), "{found}");
        let exchange = &found["exchange"];
        assert_eq!(
            (&exchange["reader"], &exchange["holder"]),
            (&json!(CLINIC.id), &json!(HOSPITAL_SENDAI.id)),
            "{found}"
        );
        assert_eq!((&exchange["reader_key"], &exchange["holder_key"]), (&self.reader, &self.holder), "{found}");
        assert_eq!(exchange["names_this_leaf"], true, "{found}");
        // A file that was changed proves nothing.
        let text = std::fs::read_to_string(file).expect("an evidence file");
        let changed = town.file("changed.evidence");
        std::fs::write(&changed, change_one_letter(&text)).expect("the town's folder");
        town.musubi(["audit", "verify"]).arg(&changed).run().fails(1, &[]);
    }
}

/// The text with one letter of its longest line changed.
fn change_one_letter(text: &str) -> String {
    let longest = text.lines().max_by_key(|line| line.len()).unwrap_or_default();
    let middle = longest.len() / 2;
    let other = if longest.as_bytes()[middle] == b'A' { "B" } else { "A" };
    text.replacen(longest, &format!("{}{other}{}", &longest[..middle], &longest[middle + 1..]), 1)
}

/// Two founders at their two desks take the clinic's membership back; from then on it is a stranger in both networks.
fn revoked(two: &TwoNetworks, here: &str) {
    let call = two.hospital.call(["revoke", "--facility", CLINIC.id, "--reason", "closed"]);
    let half = call.args(two.kesen.sign(&[1])).run().done();
    assert_eq!(half["complete"], false, "{half}");
    check_status(&two.clinic, here, &two.sendai, &DOCTOR, "data");
    let id = half["id"].as_str().expect("an id").to_owned();
    eventually("the half-signed revocation is at the other founder's node", || {
        two.pharmacy.cli(["founders", "list"])["waiting"]
            .as_array()
            .is_some_and(|list| list.iter().any(|one| one["id"] == id.as_str()))
    });
    let whole = two.pharmacy.call(["founders", "sign", &id]).args(two.kesen.sign(&[2])).run().done();
    assert_eq!(whole["complete"], true, "{whole}");
    eventually("nobody speaks to the clinic", || {
        [&two.hospital, &two.pharmacy, &two.sendai]
            .iter()
            .all(|node| node.peer(&two.clinic).is_none_or(|peer| peer["up"] == false))
    });
    let answer = two.clinic.ask(["fetch", here].into_iter().chain(DOCTOR));
    let rows = answer.json["rows"].as_array().cloned().unwrap_or_default();
    assert!(rows.iter().all(|row| row["status"] != "data"), "{}", answer.stdout);
    eventually("the clinic knows it itself", || {
        two.clinic.cli(["status"])["facilities"][0]["networks"][0]["live"] == false
    });
}

/// The holder's store is deleted: the reader still proves the exchange. Then the other way round.
fn one_store_is_deleted(mut two: TwoNetworks, evidence: &Evidence) {
    for node in [&mut two.clinic, &mut two.sendai] {
        assert_eq!(node.stop(), 0, "{}", node.output());
    }
    let aside = two.town.file("sendai.aside");
    std::fs::rename(two.sendai.folder(), &aside).expect("the folder is ours");
    let again = two.town.file("again.evidence");
    let prove = |node: &Node, leaf: u64| {
        let call = node.call(["audit", "prove", &leaf.to_string(), "--out"]).arg(&again);
        assert_eq!(call.run().done()["exchange"], true);
        evidence.check(&two.town, &again, leaf);
        assert_eq!(node.cli(["audit", "verify"])["ok"], true);
    };
    prove(&two.clinic, evidence.reader_leaf);
    std::fs::remove_dir_all(two.clinic.folder()).expect("the folder is ours");
    std::fs::rename(&aside, two.sendai.folder()).expect("the folder is ours");
    prove(&two.sendai, evidence.holder_leaf);
    // What was written down before stays good without either.
    std::fs::remove_dir_all(two.sendai.folder()).expect("the folder is ours");
    evidence.check(&two.town, &evidence.reader_file, evidence.reader_leaf);
    evidence.check(&two.town, &evidence.holder_file, evidence.holder_leaf);
}
