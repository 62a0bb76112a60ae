//! Staff of a real node: from the set-up link of `musubi run` over HTTP to a suspended account, also over a restart.
mod browser;

use browser::{Browser, PASSWORD};
use e2e::cluster::{Cluster, HOSPITAL, Listen};

#[test]
fn staff_come_in_by_link_code_and_second_factor_and_go_when_suspended() {
    let town = Cluster::new("staff_sign_in", "staff_come_in_by_link_code_and_second_factor_and_go_when_suspended");
    let mut node = town.set_up(HOSPITAL, Listen::Nowhere);
    node.set("portal", "listen", "127.0.0.1:0");
    node.start();
    assert!(node.output().contains("/setup?key="), "the first run prints a link: {}", node.output());
    let link = node.cli(["staff", "link"])["setup"].as_str().expect("a link").to_owned();
    let path = link.split_once("/setup").map(|(_, rest)| format!("/setup{rest}")).expect("a path");
    let key = path.split_once("key=").map(|(_, key)| key.to_owned()).expect("a key");

    let mut admin = Browser::new(&link);
    assert_eq!(
        (admin.get("/admin/staff").status, admin.get("/admin/staff").to.as_str()),
        (303, "/login?to=/admin/staff")
    );
    let form = [
        ("key", key.as_str()),
        ("login", "admin-1"),
        ("name", "見本 花子"),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ];
    let made = admin.fill(&path, "/setup", &form);
    assert_eq!((made.status, made.to.as_str()), (303, "/login/factor"), "{}", made.body);
    admin.enrol();
    assert!(admin.get("/admin/staff").body.contains("見本 花子"));
    let mut late = Browser::new(&link);
    assert_eq!((late.get(&path).status, late.fill("/login", "/setup", &form).status), (403, 403), "used");
    node.ask(["staff", "link"]).fails(1, &["already"]);

    let added = node.cli(["staff", "add", "d-1", "--name", "見本 太郎", "--role", "doctor"]);
    let once = added["code"].as_str().expect("a code").to_owned();
    let mut doctor = Browser::new(&link);
    let form = [("login", "d-1"), ("code", once.as_str()), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(doctor.fill("/login/first", "/login/first", &form).to, "/login/factor");
    let secret = doctor.enrol();
    assert_eq!((doctor.get("/patients").status, doctor.get("/admin/staff").status), (200, 403));
    assert_eq!(Browser::new(&link).fill("/login/first", "/login/first", &form).status, 403, "used");
    assert_eq!(Browser::new(&link).ask("POST", "/login", "login=d-1&password=x").status, 403, "forged");

    // A session outlives the process, if the page comes back at the same place.
    let port = link.trim_start_matches("http://").split('/').next().expect("a host").to_owned();
    node.set("portal", "listen", port);
    assert_eq!(node.stop(), 0);
    node.start();
    assert_eq!(doctor.get("/patients").status, 200);
    assert!(!node.output().split("runs. Stop it").last().is_some_and(|last| last.contains("/setup?key=")));

    node.ask(["patient", "find", "x", "--staff", "s2", "--role", "nurse"]).fails(1, &["doctor"]);
    node.ask(["patient", "find", "x", "--staff", "s9"]).fails(1, &["staff list"]);
    node.cli(["patient", "find", "x", "--staff", "s2"]);
    node.cli(["staff", "suspend", "s2"]);
    assert_eq!(doctor.get("/patients").to, "/login?to=/patients");
    node.ask(["staff", "suspend", "s1"]).fails(1, &["last active administrator"]);

    let told = node.cli(["audit", "list", "--limit", "200"]);
    let whats: Vec<&str> =
        told["events"].as_array().into_iter().flatten().filter_map(|event| event["what"].as_str()).collect();
    for what in ["logged-in", "login-refused", "config-changed"] {
        assert!(whats.contains(&what), "{what}: {whats:?}");
    }
    assert_eq!(node.stop(), 0);
    let session = doctor.cookies.values().map(String::as_str);
    let secrets = session.chain([PASSWORD, once.as_str(), secret.as_str()]);
    let logs = node.folder().join("log");
    let texts: Vec<String> = logs
        .read_dir()
        .into_iter()
        .flatten()
        .flatten()
        .map(|file| String::from_utf8_lossy(&std::fs::read(file.path()).unwrap_or_default()).into_owned())
        .collect();
    for secret in secrets {
        assert!(!texts.iter().any(|text| text.contains(secret)), "a secret stands in a log");
        assert!(!node.output().contains(secret), "a secret stands on the console");
    }
}
