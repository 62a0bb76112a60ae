//! `musubi demo --once --json`: everything once, also for the second time, in another place of the world, and without a browser.
use e2e::cluster::Cluster;
use serde_json::Value;
use std::time::Duration;

/// The demo itself; a debug build on a busy machine is slow.
const DEMO_WAIT: Duration = Duration::from_secs(240);

#[track_caller]
fn check_demo(demo: &Value) {
    let count = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("a number, not {value}: {demo}"));
    let nodes = demo["nodes"].as_array().unwrap_or_else(|| panic!("nodes: {demo}"));
    assert_eq!(nodes.len(), 5, "{demo}");
    for node in nodes {
        let files = &node["files"];
        let fates = ["stored", "history", "deleted", "quarantined", "ignored"].map(|fate| count(&files[fate]));
        assert_eq!(count(&files["seen"]), fates.iter().sum::<u64>(), "{node}");
        assert!(count(&files["stored"]) > 0, "{node}");
    }
    for key in ["entries_published", "sync_bytes", "audit_leaves", "witnesses"] {
        assert!(count(&demo[key]) > 0, "{key}: {demo}");
    }
    assert!(count(&demo["fetch"]["items"]) > 0 && demo["fetch"]["items"] == demo["fetch"]["verified"], "{demo}");
    assert!(demo["refusals"].as_array().is_some_and(|list| !list.is_empty()), "{demo}");
    assert!(demo["refusals"].as_array().is_some_and(|list| list.iter().all(|one| count(&one["code"]) > 0)), "{demo}");
    count(&demo["withdrawal_ms"]);
}

#[test]
fn the_demo_runs_twice_anywhere_and_without_a_browser() {
    let town = Cluster::new("demo_once", "the_demo_runs_twice_anywhere_and_without_a_browser");
    let nowhere = town.file("empty-path");
    std::fs::create_dir(&nowhere).expect("the town's folder");
    for (zone, language) in [("UTC", "C.UTF-8"), ("America/St_Johns", "tr_TR.ISO-8859-9")] {
        let call = town.musubi(["demo", "--once", "--patients", "60"]).env("TZ", zone).env("LANG", language).env("LC_ALL", language);
        let answer = call.env("PATH", &nowhere).deadline(DEMO_WAIT).run();
        let lines = answer.stdout.trim().lines().count();
        let demo = answer.done();
        assert_eq!(lines, 1, "one JSON object and nothing else");
        check_demo(&demo);
    }
    let left: Vec<_> = town.file("home").read_dir().expect("the home").flatten().map(|entry| entry.path()).collect();
    assert!(left.is_empty(), "nothing is kept: {left:?}");
}
