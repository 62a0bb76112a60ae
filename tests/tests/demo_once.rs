//! `musubi demo --once --json`: everything once, also for the second time, in another place of the world, and without a browser.
use e2e::cluster::Cluster;
use serde_json::{Value, json};
use std::time::Duration;

/// The demo itself; a debug build on a busy machine is slow.
const DEMO_WAIT: Duration = Duration::from_secs(240);

/// Everything that the acceptance of the demo asks for is there, and held.
#[track_caller]
fn check_demo(demo: &Value) {
    let count = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("a number, not {value}: {demo}"));
    assert_eq!((&demo["ok"], &demo["failed"]), (&json!(true), &json!([])), "{demo}");
    let nodes = demo["nodes"].as_array().unwrap_or_else(|| panic!("nodes: {demo}"));
    assert_eq!((nodes.len(), demo["networks"].as_array().map(Vec::len)), (5, Some(2)), "{demo}");
    for node in nodes {
        let files = &node["files"];
        let fates = ["stored", "history", "deleted", "quarantined", "ignored"].map(|fate| count(&files[fate]));
        assert_eq!(count(&files["seen"]), fates.iter().sum::<u64>(), "{node}");
        assert!(count(&files["stored"]) > 0 && node["log_verifies"] == true, "{node}");
    }
    for key in ["entries_published", "sync_bytes", "audit_leaves", "witnesses"] {
        assert!(count(&demo[key]) > 0, "{key}: {demo}");
    }
    let fetched = &demo["fetched_across_accord"];
    assert!(count(&fetched["items"]) > 0 && fetched["items"] == fetched["verified"], "{demo}");
    let refusals = demo["refusals"].as_array().unwrap_or_else(|| panic!("refusals: {demo}"));
    assert!(refusals.iter().any(|one| one["reason"].as_u64().is_some_and(|code| code > 0)), "{demo}");
    assert!(refusals.iter().any(|one| one["clause"].as_u64().is_some()), "{demo}");
    assert!(refusals.iter().all(|one| one["expected"] == true), "{demo}");
    count(&demo["withdrawal_ms"]);
}

#[test]
fn the_demo_runs_twice_anywhere_and_without_a_browser() {
    let town = Cluster::new("demo_once", "the_demo_runs_twice_anywhere_and_without_a_browser");
    let nowhere = town.file("empty-path");
    std::fs::create_dir(&nowhere).expect("the town's folder");
    for (zone, language) in [("UTC", "C.UTF-8"), ("America/St_Johns", "tr_TR.ISO-8859-9")] {
        let call = town
            .musubi(["demo", "--once", "--patients", "60"])
            .env("TZ", zone)
            .env("LANG", language)
            .env("LC_ALL", language);
        let answer = call.env("PATH", &nowhere).deadline(DEMO_WAIT).run();
        let lines = answer.stdout.trim().lines().count();
        let demo = answer.done();
        assert_eq!(lines, 1, "one JSON object and nothing else");
        check_demo(&demo);
    }
    let left: Vec<_> = town.file("home").read_dir().expect("the home").flatten().map(|entry| entry.path()).collect();
    assert!(left.is_empty(), "nothing is kept: {left:?}");
}
