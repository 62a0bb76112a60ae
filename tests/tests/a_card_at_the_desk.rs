//! The common card through the command line, with a real node: signed, read back from its text, refused when it was altered,
//! replaced or taken back.
use e2e::cluster::{Cluster, Founders, HOSPITAL, Listen, Region, RegionPlan};
use serde_json::json;
use std::path::PathBuf;

const FILE: &str = "a_card_at_the_desk";

#[test]
fn a_card_is_signed_read_replaced_and_taken_back() {
    let town = Cluster::new(FILE, "a_card_is_signed_read_replaced_and_taken_back");
    let founders = Founders::new(&town, "未来かなえネット", &["潮見浦総合病院", "医師会", "事務局"]);
    let mut hospital = town.set_up(HOSPITAL, Listen::Port);
    hospital.start();
    let houses = [HOSPITAL];
    let region = Region::make(&town, "region", RegionPlan { preset: "clean", patients: 5, seed: 3, houses: &houses });
    hospital.add_feed(&region.storage(&HOSPITAL));
    hospital.scan();
    hospital.ask(["card", "issue", "p1"]).fails(1, &["network"]);
    founders.found(&town, &hospital, (1, 3));

    let write = |name: &str, text: &str| -> PathBuf {
        let path = town.file(name);
        std::fs::write(&path, text).expect("the town's folder");
        path
    };
    let text = |issued: &serde_json::Value| issued["text"].as_str().expect("a text").to_owned();
    let read = |path: &PathBuf| hospital.call(["card", "read", "--patient", "p1", "--from"]).arg(path).run();

    let first = hospital.cli(["card", "issue", "p1"]);
    let printed = text(&first);
    let card = write("first.card", &printed);
    let shown = read(&card).done();
    assert_eq!((&shown["number"], &shown["patients"]), (&first["number"], &json!(["p1"])), "{shown}");
    assert_eq!(shown["charts"], first["charts"]);

    // One letter less, another letter, and no card at all.
    let last = printed.chars().next_back().expect("a letter");
    let other = if last == 'A' { 'B' } else { 'A' };
    for (name, bad) in [
        ("short.card", printed[..printed.len() - 1].to_owned()),
        ("bent.card", format!("{}{other}", &printed[..printed.len() - last.len_utf8()])),
        ("none.card", "garbage \u{0}".to_owned()),
        ("long.card", "A".repeat(100_000)),
    ] {
        let answer = read(&write(name, &bad));
        assert!(matches!(answer.exit, 1 | 2) && !answer.stderr.contains("panicked"), "{name}: {}", answer.stderr);
    }

    // The next issue of the number replaces the first; a stop takes back both.
    let next = hospital.call(["card", "issue", "p1", "--renew"]).arg(&card).run().done();
    assert_eq!(next["number"], first["number"]);
    assert!(next["issue"].as_u64() > first["issue"].as_u64(), "{next}");
    read(&card).fails(1, &["newer card"]);
    let newer = write("next.card", &text(&next));
    read(&newer).done();
    let number = first["number"].as_str().expect("a number").to_owned();
    hospital.cli(["card", "stop", &number]);
    let stopped = read(&newer);
    assert_eq!(stopped.exit, 1, "{}", stopped.stdout);
    let log = hospital.cli(["audit", "list", "--limit", "200"]);
    let used = log["events"].as_array().expect("events").iter().filter(|event| event["what"] == "card-used");
    assert!(used.count() >= 5, "{log}");
}
