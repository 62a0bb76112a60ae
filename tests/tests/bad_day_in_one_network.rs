//! What a network does on a bad day, with real processes and through the command line: somebody is read without consent, and the
//! right to it lapses; one founder suspends; a disaster is declared; a patient withdraws while a node is away; founders change.
mod browser;

use browser::{Browser, PASSWORD, code_in, first_administrator, signed_up};
use e2e::cluster::{
    CLINIC, Cluster, Founders, HOSPITAL, Listen, Node, Region, RegionPlan, eventually, eventually_some,
};
use serde_json::{Value, json};

const FILE: &str = "bad_day_in_one_network";

/// A hospital that holds, a clinic whose staff read, and somebody whom both know.
struct Town {
    town: Cluster,
    founders: Founders,
    hospital: Node,
    clinic: Node,
    /// The patient at the clinic, and at the hospital.
    here: String,
    there: String,
}

fn found(test: &str, prepare: impl Fn(&Node)) -> Town {
    let town = Cluster::new(FILE, test);
    let founders = Founders::new(&town, "未来かなえネット", &["潮見浦総合病院", "医師会", "事務局"]);
    let mut hospital = town.set_up(HOSPITAL, Listen::Port);
    let mut clinic = town.set_up(CLINIC, Listen::Nowhere);
    [&hospital, &clinic].into_iter().for_each(&prepare);
    [&mut hospital, &mut clinic].into_iter().for_each(Node::start);
    founders.found(&town, &hospital, (1, 3));
    founders.admit(&hospital, &clinic, &[1, 3]);
    let houses = [HOSPITAL, CLINIC];
    let region = Region::make(&town, "region", RegionPlan { preset: "clean", patients: 20, seed: 11, houses: &houses });
    for node in [&hospital, &clinic] {
        node.add_feed(&region.storage(&node.house));
        node.scan();
    }
    let known: Vec<(String, String)> = region
        .shared(&houses)
        .iter()
        .map(|person| (clinic.patient(person.number(&CLINIC)), hospital.patient(person.number(&HOSPITAL))))
        .collect();
    for (_, there) in &known {
        hospital.cli(["consent", "record", there]);
    }
    let (here, there) = eventually_some("a patient of both is found by the rules", || {
        known.iter().find(|(here, _)| is_announced(&clinic, here)).cloned()
    });
    Town { town, founders, hospital, clinic, here, there }
}

fn is_announced(clinic: &Node, here: &str) -> bool {
    let found = clinic.cli(["locate", here]);
    let is_sure = |one: &Value| one["certainty"] == "rules" && one["holder"] == HOSPITAL.id;
    found["candidates"].as_array().is_some_and(|list| list.iter().any(is_sure))
}

/// The hospital's row of an answer.
#[track_caller]
fn row(answer: &Value) -> &Value {
    let rows = answer["rows"].as_array().expect("rows");
    rows.iter().find(|row| row["holder"] == HOSPITAL.id).unwrap_or_else(|| panic!("no row of the hospital: {answer}"))
}

/// What the hospital answers to a doctor who treats.
fn treated(town: &Town) -> String {
    let fetch = ["fetch", &town.here, "--role", "doctor", "--ground", "reception 31", "--holder", HOSPITAL.id];
    let answer = town.clinic.ask(fetch);
    assert!(matches!(answer.exit, 0 | 1), "{}{}", answer.stdout, answer.stderr);
    let rows = answer.json["rows"].as_array().cloned().unwrap_or_default();
    rows.first().map_or_else(|| "nobody".to_owned(), |row| row["status"].as_str().unwrap_or("?").to_owned())
}

const SAID: [&str; 5] = ["--reason", "unconscious", "--text", "brought in by ambulance", "--present"];

#[test]
fn glass_is_broken_told_reviewed_and_the_right_lapses_without_review() {
    let town = found("glass_is_broken_told_reviewed_and_the_right_lapses_without_review", |node| {
        node.set("limits", "emergency_review_ms", 1_000);
        node.set("limits", "emergency_lapse_ms", 3_000);
        if node.house == CLINIC {
            node.set("portal", "listen", "127.0.0.1:0");
        }
    });
    let (hospital, clinic, here) = (&town.hospital, &town.clinic, town.here.as_str());
    let link = first_administrator(clinic);
    let doctors: Vec<(String, String)> =
        ["d-1", "d-2", "d-3"].iter().map(|login| signed_up(clinic, &link, login, "doctor")).collect();
    let clerk = signed_up(clinic, &link, "c-1", "clerk");
    let password = town.town.file("password");
    std::fs::write(&password, format!("{PASSWORD}\n")).expect("the town's folder");
    let open = |who: &(String, String), said: &[&str]| {
        // The app of a phone that is half a minute ahead: the code of now was used to set it up.
        let code = code_in(&who.1, 1);
        let call = clinic.call(["emergency", "open", here, "--staff", &who.0, "--code", &code]).args(said);
        call.arg("--password-file").arg(&password).run()
    };

    // Rules of our own side, before anybody is asked. None of these uses a code up but the clerk's.
    assert_eq!(treated(&town), "no-consent-here");
    let word_only = ["emergency", "open", here, "--role", "doctor"];
    clinic.call(word_only).args(SAID).run().fails(1, &["both factors", "--code"]);
    let call = clinic.call(["emergency", "open", here, "--staff", &doctors[0].0, "--code", "000000"]).args(SAID);
    call.arg("--password-file").arg(&password).run().fails(1, &["wrong"]);
    open(&clerk, &SAID).fails(1, &["role"]);

    // The doctor breaks the glass: limited kinds come, and both sides have it in their logs.
    let answer = open(&doctors[0], &SAID).done();
    let brought = row(&answer);
    assert_eq!((&brought["status"], &brought["cut"]), (&json!("data"), &json!(false)), "{answer}");
    let kinds = ["allergy", "prescription", "injection", "disease", "summary", "lab"];
    let items = brought["items"].as_array().expect("a list");
    assert!(items.iter().all(|item| kinds.contains(&item["coarse"].as_str().unwrap_or("?"))), "{answer}");
    let request = brought["request"].as_str().expect("it was asked").to_owned();
    for node in [hospital, clinic] {
        let log = node.cli(["audit", "list", "--limit", "200"]);
        let leaves = log["events"].as_array().expect("events").iter();
        let leaves = leaves.filter(|event| event["what"] == "break-glass" && event["request"] == request.as_str());
        assert_eq!(leaves.count(), 1, "{log}");
    }
    let told = hospital.cli(["emergency", "list", "--role", "auditor"]);
    let one = &told["emergencies"][0];
    assert_eq!(
        (&one["id"], &one["ours"], &one["reason"]),
        (&json!(request), &json!(false), &json!("unconscious")),
        "{told}"
    );
    assert_eq!((&one["factors"], &one["present"], &told["to_review"]), (&json!(2), &json!(true), &json!(1)), "{told}");

    // Nobody reviews it: the right is off, and the clinic's own node asks nobody.
    eventually("the review is so late that the right lapses", || {
        clinic.cli(["emergency", "list", "--role", "auditor"])["right_off"] == true
    });
    open(&doctors[1], &SAID).fails(1, &["off", "emergency list"]);

    // Only the holder reviews, only an auditor or the office, and a reason is needed for a no.
    let review = |node: &Node, role: &str, verdict: &str| {
        node.ask([
            "emergency",
            "review",
            &request,
            "--verdict",
            verdict,
            "--role",
            role,
            "--note",
            "compared with the chart",
        ])
    };
    review(hospital, "doctor", "justified").fails(1, &["auditor"]);
    review(clinic, "auditor", "justified").fails(1, &["holder"]);
    let bare = hospital.ask(["emergency", "review", &request, "--verdict", "unjustified", "--role", "auditor"]);
    bare.fails(2, &["--note"]);
    review(hospital, "auditor", "justified").done();
    review(hospital, "auditor", "justified").fails(1, &["already"]);
    eventually("the clinic hears of the review, and the right is on again", || {
        let list = clinic.cli(["emergency", "list", "--role", "auditor"]);
        list["right_off"] == false && list["emergencies"][0]["review"]["verdict"] == "justified"
    });
    let again = open(&doctors[2], &SAID).done();
    assert_eq!(row(&again)["status"], "data", "{again}");
}

/// Signs somebody in at a node's page, with both factors.
fn signed_in(node: &Node, login: &str, role: &str) -> Browser {
    let link = first_administrator(node);
    let (_, secret) = signed_up(node, &link, login, role);
    let mut browser = Browser::new(&link);
    let form = [("login", login), ("password", PASSWORD)];
    assert_eq!(browser.fill("/login", "/login", &form).to, "/login/code");
    let done = browser.fill("/login/code", "/login/code", &[("code", &code_in(&secret, 1))]);
    assert_eq!(done.status, 303, "{}", done.body);
    browser
}

#[test]
fn a_doctor_breaks_the_glass_at_the_page_and_the_holders_auditor_reviews_it_at_theirs() {
    let name = "a_doctor_breaks_the_glass_at_the_page_and_the_holders_auditor_reviews_it_at_theirs";
    let town = found(name, |node| node.set("portal", "listen", "127.0.0.1:0"));
    let pages = |patient: &str| format!("/patients/{}", patient.trim_start_matches('p'));
    let (here, there) = (pages(&town.here), pages(&town.there));
    let mut doctor = signed_in(&town.clinic, "d-1", "doctor");
    let mut auditor = signed_in(&town.hospital, "a-1", "auditor");
    let at = format!("{here}/emergency");
    assert!(doctor.get(&at).body.contains("二要素 確認済み"));
    let opened = doctor.fill(&at, &at, &[("reason", "unconscious"), ("present", "1")]);
    assert!(opened.status == 303 && opened.to.starts_with(&format!("{here}/timeline")), "{}", opened.body);
    let page = doctor.get(&opened.to).body;
    assert!(page.contains("緊急閲覧中") && page.contains("class=\"cell answer"), "{page}");
    assert!(doctor.get(&format!("{here}/access")).body.contains("緊急の閲覧"), "who looked, at the reader");

    let queue = auditor.get("/emergency/review");
    assert!(queue.body.contains("意識がない") && queue.body.contains("確認待ち"), "{}", queue.body);
    let request = queue.between("name=\"request\" value=\"", '"');
    let say = |verdict: &'static str| [("request", request.clone()), ("verdict", verdict.to_owned())];
    let mut answer = |verdict| {
        let form = say(verdict);
        auditor.fill(
            "/emergency/review",
            "/emergency/review",
            &form.each_ref().map(|(name, text)| (*name, text.as_str())),
        )
    };
    assert_eq!(answer("unjustified").status, 422, "an objection says why");
    assert_eq!(answer("justified").to, "/emergency/review?done=1");
    let queue = auditor.get("/emergency/review?done=1").body;
    assert!(queue.contains("緊急と認めた") && queue.contains("見直しを待つ緊急閲覧は0件です"), "{queue}");
    assert!(auditor.get(&format!("{there}/access")).body.contains("緊急の閲覧"), "who looked, at the holder");
    eventually("the reader's page has the review", || doctor.get("/emergency").body.contains("緊急と認めた"));
}

#[test]
fn one_founder_suspends_a_disaster_is_declared_and_founders_change() {
    let town = found("one_founder_suspends_a_disaster_is_declared_and_founders_change", |_| {});
    let (hospital, clinic, here) = (&town.hospital, &town.clinic, town.here.as_str());
    clinic.cli(["consent", "record", here]);
    assert_eq!(treated(&town), "data");

    // A disaster, by two founders at two moments: staff from elsewhere, one factor.
    let help = |text: &str| {
        let said = ["--disaster", "--reason", "disaster", "--text", text, "--present", "--role", "pharmacist"];
        clinic.call(["emergency", "open", here]).args(said).run()
    };
    assert_eq!(row(&help("no disaster yet").exits(1))["status"], "nothing-for-you");
    let start = ["disaster", "start", "--area", "99", "--for", "2h", "--reason", "earthquake"];
    let half = hospital.call(start).args(town.founders.sign(&[1])).run().done();
    assert_eq!(half["complete"], false, "{half}");
    let id = half["id"].as_str().expect("an id").to_owned();
    eventually("the half-signed declaration is at the clinic", || {
        let list = clinic.cli(["founders", "list"]);
        list["waiting"].as_array().is_some_and(|list| list.iter().any(|one| one["id"] == id.as_str()))
    });
    let whole = clinic.call(["founders", "sign", &id]).args(town.founders.sign(&[2])).run().done();
    assert_eq!(whole["complete"], true, "{whole}");
    for node in [hospital, clinic] {
        eventually("the disaster is known", || {
            !node.cli(["disaster", "list"])["disasters"].as_array().is_some_and(Vec::is_empty)
        });
    }
    assert_eq!(row(&help("pharmacy washed away").done())["status"], "data");
    let listed = hospital.cli(["emergency", "list", "--role", "auditor"]);
    assert_eq!(
        (&listed["to_review"], &listed["emergencies"][0]["purpose"]),
        (&json!(1), &json!("disaster")),
        "{listed}"
    );
    hospital.call(["disaster", "end"]).args(town.founders.sign(&[1, 3])).run().done();
    eventually("the disaster is over", || clinic.cli(["disaster", "list"])["disasters"] == json!([]));
    assert_eq!(row(&help("still here").exits(1))["status"], "nothing-for-you");

    // One founder suspends the clinic; it ends by itself.
    let suspend = ["suspend", "--facility", CLINIC.id, "--reason", "the node looks owned", "--for"];
    hospital.call(suspend).arg("73h").args(town.founders.sign(&[2])).run().fails(1, &["72 hours", "revoke"]);
    let done = hospital.call(suspend).arg("15s").args(town.founders.sign(&[2])).run().done();
    assert!(done["until"].as_u64() > done["from"].as_u64(), "{done}");
    hospital.call(suspend).arg("15s").args(town.founders.sign(&[2])).run().fails(1, &["fourteen days"]);
    eventually("nobody speaks to the clinic", || treated(&town) != "data");
    assert_eq!(hospital.cli(["suspend", "--list"])["suspensions"][0]["in_force"], true);
    eventually("the suspension ended by itself", || treated(&town) == "data");
    assert_eq!(hospital.cli(["suspend", "--list"])["suspensions"][0]["in_force"], false);

    // A founder goes and another comes: by the old and the new ones, after which the one who went says nothing new.
    let new = town.town.file("new.share");
    town.town.musubi(["founders", "share", "薬剤師会", "--to"]).arg(&new).run().done();
    let public = town.town.musubi(["founders", "public"]).arg(&new).run().done()["public"].clone();
    let change = ["founders", "change", "--remove", "事務局", "--add", public.as_str().expect("a line")];
    let half = hospital.call(change).args(town.founders.sign(&[1, 3])).run().done();
    assert_eq!(half["complete"], false, "the new founders have not signed with k: {half}");
    let id = half["id"].as_str().expect("an id").to_owned();
    let whole = hospital.call(["founders", "sign", &id, "--share"]).arg(&new).run().done();
    assert_eq!(whole["complete"], true, "{whole}");
    let revoke = ["revoke", "--facility", CLINIC.id, "--reason", "by somebody who is no founder any more"];
    hospital.call(revoke).args(town.founders.sign(&[3])).run().fails(1, &["no founder"]);
    eventually("the clinic knows the new charter", || {
        clinic.call(revoke).args(town.founders.sign(&[3])).run().exit == 1
    });
    assert_eq!(treated(&town), "data", "memberships of before still stand");
}

#[test]
fn a_withdrawal_reaches_a_node_that_was_away_and_its_certificate_is_checked_anywhere() {
    let mut town = found("a_withdrawal_reaches_a_node_that_was_away_and_its_certificate_is_checked_anywhere", |_| {});
    town.clinic.cli(["consent", "record", &town.here]);
    assert_eq!(treated(&town), "data");
    let shows = |town: &Town| {
        let timeline = town.clinic.cli(["timeline", &town.here, "--local"]);
        timeline["by_holder"].get(HOSPITAL.id).is_some()
    };
    assert!(shows(&town), "copies are shown");

    town.clinic.kill_nine();
    eventually("the hospital notices", || !town.hospital.sees(&town.clinic));
    town.hospital.cli(["consent", "withdraw", &town.there]);
    let file = town.town.file("withdrawal.certificate");
    let certificate = |town: &Town| {
        let call = town.hospital.call(["consent", "certificate", &town.there, "--out"]).arg(&file);
        call.run().done()
    };
    let open = certificate(&town);
    assert_eq!((&open["complete"], &open["holder"]), (&json!(false), &json!(HOSPITAL.id)), "{open}");
    let of_clinic = |made: &Value| {
        let nodes = made["nodes"].as_array().expect("nodes").iter();
        let mut nodes = nodes.filter(|node| node["facilities"] == json!([CLINIC.id]));
        nodes.next().cloned().unwrap_or_else(|| panic!("the clinic's node is on it: {made}"))
    };
    let row = of_clinic(&open);
    assert_eq!((&row["announced"], &row["copies"], &row["obeyed"]), (&json!("open"), &json!("open"), &json!(false)));

    // The clinic's store is opened without a line: nothing of the hospital is shown before the hospital was heard.
    assert!(!shows(&town), "who was away must sync before it shows");
    town.clinic.start();
    eventually("the certificate is complete", || certificate(&town)["complete"] == true);
    let whole = of_clinic(&certificate(&town));
    assert_eq!(
        (&whole["announced"], &whole["copies"], &whole["signed"]),
        (&json!("obeyed"), &json!("gone"), &json!(true))
    );
    assert!(!shows(&town), "and then they are gone");

    // Checked where no node is; and a changed file proves nothing.
    let found = town.town.musubi(["audit", "verify"]).arg(&file).run().done();
    assert_eq!((&found["ok"], &found["complete"]), (&json!(true), &json!(true)), "{found}");
    assert_eq!(found["holder_node"], town.hospital.cli(["status"])["node"], "{found}");
    let text = std::fs::read_to_string(&file).expect("a certificate");
    let changed = town.town.file("changed.certificate");
    std::fs::write(&changed, text.replacen("copies ", "copies 1", 1)).expect("the town's folder");
    town.town.musubi(["audit", "verify"]).arg(&changed).run().fails(1, &["changed"]);
}
