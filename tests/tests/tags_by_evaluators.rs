//! Tags of patients made by evaluators instead of under one secret, with real processes and through the command line: founders
//! name three members, their nodes make the key, a clinic finds by it, and goes on finding while evaluators are gone.
use e2e::cluster::{
    CLINIC, Cluster, Founders, HOSPITAL, Listen, Node, PHARMACY, Region, RegionPlan, eventually, eventually_some,
};
use serde_json::{Value, json};

const FILE: &str = "tags_by_evaluators";

fn finds(clinic: &Node, here: &str) -> bool {
    let found = clinic.cli(["locate", here]);
    let is_sure = |one: &Value| one["certainty"] == "rules" && one["holder"] == HOSPITAL.id;
    found["candidates"].as_array().is_some_and(|list| list.iter().any(is_sure))
}

/// Leaves of one kind in a node's log.
fn leaves(node: &Node, what: &str) -> usize {
    let log = node.cli(["audit", "list", "--limit", "1000"]);
    log["events"].as_array().expect("events").iter().filter(|event| event["what"] == what).count()
}

/// The first network of `evaluators show`.
fn tags(node: &Node) -> Value {
    node.cli(["evaluators", "show"])["networks"][0].clone()
}

#[test]
fn three_members_make_a_networks_tags_and_two_of_them_are_enough() {
    let town = Cluster::new(FILE, "three_members_make_a_networks_tags_and_two_of_them_are_enough");
    let founders = Founders::new(&town, "未来かなえネット", &["潮見浦総合病院", "医師会", "事務局"]);
    let mut hospital = town.set_up(HOSPITAL, Listen::Port);
    let mut clinic = town.set_up(CLINIC, Listen::Port);
    let mut pharmacy = town.set_up(PHARMACY, Listen::Port);
    [&mut hospital, &mut clinic, &mut pharmacy].into_iter().for_each(Node::start);
    founders.found(&town, &hospital, (1, 3));
    founders.admit(&hospital, &clinic, &[1, 3]);
    founders.admit(&hospital, &pharmacy, &[1, 3]);
    assert_eq!(tags(&clinic)["mode"], "local");

    // Too few of them, a stranger, and one founder alone.
    let call = |evaluators: &[&str], shares: &[usize]| {
        let named = evaluators.iter().flat_map(|id| ["--evaluator", id]);
        let call = hospital.call(["evaluators", "call", "--threshold", "2"].into_iter().chain(named));
        call.args(founders.sign(shares)).run()
    };
    call(&[HOSPITAL.id, CLINIC.id], &[1, 3]).fails(2, &["of 3 to 16"]);
    call(&[HOSPITAL.id, CLINIC.id, "9909999999"], &[1, 3]).fails(1, &["9909999999"]);
    let made = call(&[HOSPITAL.id, CLINIC.id, PHARMACY.id], &[1, 3]).done();
    assert_eq!(made["complete"], true, "{made}");
    for node in [&hospital, &clinic, &pharmacy] {
        eventually("the key is made", || tags(node)["mode"] == "oprf");
        let shown = tags(node);
        assert_eq!((&shown["epochs"][0]["threshold"], &shown["called"]), (&json!(2), &Value::Null), "{shown}");
    }

    // What the hospital shows is tagged by them.
    let houses = [HOSPITAL, CLINIC];
    let region = Region::make(&town, "region", RegionPlan { preset: "clean", patients: 20, seed: 11, houses: &houses });
    hospital.add_feed(&region.storage(&HOSPITAL));
    hospital.scan();
    let shared = region.shared(&houses);
    for person in &shared {
        hospital.cli(["consent", "record", &hospital.patient(person.number(&HOSPITAL))]);
    }
    eventually("the hospital has tags made", || leaves(&hospital, "tags-made") > 0);
    eventually("others evaluated for it", || {
        leaves(&pharmacy, "tags-evaluated") + leaves(&clinic, "tags-evaluated") > 0
    });

    // One evaluator is gone: the other two are enough for people who are new at the clinic.
    pharmacy.kill_nine();
    eventually("the clinic notices", || !clinic.sees(&pharmacy));
    assert_eq!(leaves(&clinic, "tags-made"), 0);
    clinic.add_feed(&region.storage(&CLINIC));
    clinic.scan();
    let known: Vec<String> = shared.iter().map(|person| clinic.patient(person.number(&CLINIC))).collect();
    let here = eventually_some("a patient of both is found by the rules", || {
        known.iter().find(|here| finds(&clinic, here)).cloned()
    });
    eventually("by tags that two made", || leaves(&clinic, "tags-made") > 0);
    eventually("of whom one is the hospital", || leaves(&hospital, "tags-evaluated") > 0);

    // All others are gone: whoever was looked up before is found, without a packet to anybody.
    hospital.kill_nine();
    eventually("the clinic is alone", || !clinic.sees(&hospital));
    assert!(finds(&clinic, &here), "its tags and its copy of the shelf are here");
}
