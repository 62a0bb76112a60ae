//! A copy of a shelf that is out of step, between real nodes over their sockets: a clinic is restored from an older backup while
//! the author is away, and is repaired by a pharmacy that joined after that backup.
//!
//! Of what the author removed before the pharmacy joined the pharmacy knows nothing, so nobody can follow it from further back:
//! before there were repairs, it sent the whole shelf.
use e2e::cluster::{CLINIC, Cluster, Founders, HOSPITAL, Listen, Node, PHARMACY, Region, RegionPlan, eventually};
use serde_json::Value;

const FILE: &str = "a_copy_out_of_step";

fn sent(node: &Node) -> u64 {
    node.cli(["status"])["sent_bytes"].as_u64().expect("a running node tells what it sent")
}

fn copies(node: &Node) -> [u64; 3] {
    let status = node.cli(["status"]);
    ["followed", "repaired", "whole"].map(|way| status["copies"][way].as_u64().expect("a count"))
}

fn consent(node: &Node, numbers: &[String]) {
    for number in numbers {
        node.cli(["consent", "record", &node.patient(number)]);
    }
}

/// Whether a patient of the reader's is found at the hospital, by the reader's own copy of its shelf.
fn finds(reader: &Node, patient: &str) -> bool {
    let found = reader.cli(["locate", patient]);
    let candidates = found["candidates"].as_array();
    candidates.is_some_and(|list| list.iter().any(|one: &Value| one["holder"] == HOSPITAL.id))
}

#[test]
fn a_copy_restored_from_an_older_backup_is_repaired_and_not_sent_anew() {
    let town = Cluster::new(FILE, "a_copy_restored_from_an_older_backup_is_repaired_and_not_sent_anew");
    let kesen = Founders::new(&town, "気仙見本", &["病院", "薬局", "事務局"]);
    let mut hospital = town.set_up(HOSPITAL, Listen::Port);
    let mut clinic = town.set_up(CLINIC, Listen::Port);
    let mut pharmacy = town.set_up(PHARMACY, Listen::Port);
    // Heads are compared when nodes meet and when something changes, and not in between: their bytes would be counted too.
    [&clinic, &pharmacy].into_iter().for_each(|node| node.set("limits", "sync_interval_ms", 600_000));
    [&mut hospital, &mut clinic].into_iter().for_each(Node::start);
    kesen.found(&town, &hospital, (1, 3));
    kesen.admit(&hospital, &clinic, &[1, 3]);
    let houses = [HOSPITAL, CLINIC];
    let region = Region::make(&town, "region", RegionPlan { preset: "clean", patients: 90, seed: 11, houses: &houses });
    for node in [&hospital, &clinic] {
        node.add_feed(&region.storage(&node.house));
        node.scan();
    }
    let shared = region.shared(&houses);
    let [early, late] = [&shared[0], &shared[1]].map(|person| clinic.patient(person.number(&CLINIC)));
    let at_hospital = |at: usize| shared[at].number(&HOSPITAL).to_owned();
    let others: Vec<String> = region
        .people()
        .iter()
        .filter_map(|person| Some(person.known.get(HOSPITAL.id)?.number.clone()))
        .filter(|number| *number != at_hospital(0) && *number != at_hospital(1))
        .collect();
    assert!(others.len() >= 40, "a shelf that is worth a repair: {} patients", others.len());

    // The clinic follows, and is backed up.
    consent(&hospital, &others[6..]);
    consent(&hospital, &[at_hospital(0)]);
    eventually("the clinic finds the first patient", || finds(&clinic, &early));
    assert!(!finds(&clinic, &late));
    clinic.stop();
    clinic.call(["backup", "--to"]).arg(town.file("backup")).run().done();

    // Meanwhile more is published, and the pharmacy joins and takes the whole shelf.
    consent(&hospital, &others[..6]);
    consent(&hospital, &[at_hospital(1)]);
    pharmacy.start();
    let before = sent(&hospital);
    kesen.admit(&hospital, &pharmacy, &[1, 3]);
    eventually("the pharmacy has the shelf", || copies(&pharmacy)[0] > 0);
    let whole = sent(&hospital) - before;
    hospital.stop();
    pharmacy.stop();

    // The clinic's machine is lost; its backup comes in its place, and the author is away.
    std::fs::rename(clinic.folder(), town.file("lost")).expect("the town's folder");
    let restore = town.musubi(["restore", "--from"]).arg(town.file("backup")).arg("--to").arg(clinic.folder());
    restore.arg("--keys").arg(town.file("lost").join("keys")).run().done();
    clinic.start();
    assert!(finds(&clinic, &early) && !finds(&clinic, &late), "the restored copy is the older one");
    pharmacy.start();
    eventually("the clinic is repaired by the pharmacy", || copies(&clinic)[1] > 0);
    assert!(finds(&clinic, &early) && finds(&clinic, &late), "what was published after the backup is found");
    let [followed, _, replaced] = copies(&clinic);
    assert_eq!((followed, replaced), (0, 0), "nothing was followed, no whole shelf came");
    let repair = sent(&clinic) + sent(&pharmacy);
    println!(
        "{repair} bytes in all both ways, hellos and state included; the whole shelf came with {whole} to the pharmacy"
    );
    assert!(repair < whole / 2, "{repair} bytes instead of {whole}");
}
