//! One reader, six holders, real processes: two of them are killed while they are asked, and one patient takes the consent back.
#[path = "../benches/pages/browser.rs"]
#[expect(dead_code, reason = "the benchmark measures, this looks")]
mod browser;

use browser::Browser;
use e2e::cluster::{
    CLINIC, Cluster, Founders, House, Listen, Node, Person, Region, RegionPlan, eventually, eventually_some,
};
use rustix::process::{Signal, kill_process};
use serde_json::Value;
use std::sync::mpsc;

const HOLDERS: [House; 6] = [
    holder("h1", "9903100041", "見本第一病院", "hospital"),
    holder("h2", "9903100058", "見本第二病院", "hospital"),
    holder("h3", "9903100066", "見本内科", "clinic"),
    holder("h4", "9903100074", "見本外科", "clinic"),
    holder("h5", "9903400029", "見本薬局", "pharmacy"),
    holder("h6", "9903100082", "見本眼科", "clinic"),
];

const fn holder(word: &'static str, id: &'static str, name: &'static str, class: &'static str) -> House {
    House { word, id, name, class, preset: "clinic" }
}

/// A patient of all seven whom the reader finds at all six; its number at the reader, and at the first holder.
fn known_to_all(reader: &Node, holders: &[Node], region: &Region) -> (String, String) {
    let houses: Vec<House> = [CLINIC].into_iter().chain(HOLDERS).collect();
    // Also those whom somebody wrote down with a slip: what is found at all six decides.
    let everywhere = |person: &Person| houses.iter().all(|house| person.known.contains_key(house.id));
    let people: Vec<Person> = region.people().into_iter().filter(everywhere).take(16).collect();
    assert!(!people.is_empty(), "the region has people whom all know");
    for node in holders.iter().chain([reader]) {
        for person in &people {
            node.cli(["consent", "record", &node.patient(person.number(&node.house))]);
        }
    }
    let sure = |patient: &str| {
        let found = reader.cli(["locate", patient]);
        let is_sure = |one: &&Value| one["certainty"] == "rules" && one["online"] == true;
        found["candidates"].as_array().map_or(0, |list| list.iter().filter(is_sure).count())
    };
    eventually_some("somebody is found at all six", || {
        people.iter().find_map(|person| {
            let here = reader.patient(person.number(&CLINIC));
            (sure(&here) >= 6).then(|| (here, holders[0].patient(person.number(&HOLDERS[0]))))
        })
    })
}

#[test]
fn two_of_six_killed_mid_read_are_named_with_since_when_and_a_withdrawal_empties_the_rows() {
    let name = "two_of_six_killed_mid_read_are_named_with_since_when_and_a_withdrawal_empties_the_rows";
    let town = Cluster::new("six_holders", name);
    let founders = Founders::new(&town, "気仙見本", &["一", "二", "三"]);
    let mut reader = town.set_up(CLINIC, Listen::Port);
    reader.set("portal", "listen", "127.0.0.1:0");
    // Over TCP the system itself says at once that a process is gone.
    let port = reader.port.expect("it listens");
    reader.set("peer", "listen", vec![toml::Value::from(format!("/ip4/127.0.0.1/tcp/{port}"))]);
    reader.start();
    founders.found(&town, &reader, (1, 2));
    let mut holders: Vec<Node> = Vec::new();
    for house in HOLDERS {
        let mut node = town.set_up(house, Listen::Nowhere);
        node.start();
        founders.admit(&reader, &node, &[1, 2]);
        holders.push(node);
    }
    let houses: Vec<House> = [CLINIC].into_iter().chain(HOLDERS).collect();
    let region = Region::make(&town, "region", RegionPlan { preset: "clean", patients: 80, seed: 5, houses: &houses });
    for node in holders.iter().chain([&reader]) {
        node.add_feed(&region.storage(&node.house));
        node.scan();
    }
    let (here, there) = known_to_all(&reader, &holders, &region);
    let link = reader.cli(["staff", "link"])["setup"].as_str().expect("a link").to_owned();
    let host = link.trim_start_matches("http://").split('/').next().expect("a host").to_owned();
    let added = reader.cli(["staff", "add", "d-1", "--name", "見本 太郎", "--role", "doctor"]);
    let mut doctor = Browser::sign_in(&host, "d-1", added["code"].as_str().expect("a code"));
    let pages = format!("/patients/{}", here.trim_start_matches('p'));

    // All six answer, and nothing is unknown.
    let ask = |doctor: &mut Browser| doctor.fill("/patients", &format!("{pages}/ask"), &[("ground", "R-1")]);
    assert_eq!(ask(&mut doctor).status, 303);
    let whole = doctor.get(&format!("{pages}/timeline"));
    assert!(whole.body.matches("class=\"cell answer").count() >= 6, "{}", whole.body);
    assert!(whole.body.contains("施設すべてが答えました"), "{}", whole.body);

    // Two hang, so that the read is under way; the others have answered when the two are killed.
    let [.., fifth, sixth] = &mut holders[..] else { panic!("six of them") };
    for node in [&*fifth, &*sixth] {
        kill_process(node.pid().expect("it runs"), Signal::STOP).expect("it is our child");
    }
    assert_eq!(ask(&mut doctor).status, 303);
    let (tell, told) = mpsc::channel();
    let (path, mut eyes) = (format!("{pages}/timeline"), doctor.clone());
    let read = std::thread::spawn(move || {
        // Whoever listens has heard enough by the end.
        eyes.watch(&path, &mut |so_far| tell.send(so_far).unwrap_or(()))
    });
    eventually("four have answered", || told.try_iter().last().is_some_and(|so_far: usize| so_far >= 4));
    for node in [&mut *fifth, &mut *sixth] {
        node.kill_nine();
    }
    let page = read.join().expect("the page came to its end");
    for lang in ["ja", "en"] {
        doctor.cookie("musubi_lang", lang);
        for tab in ["timeline", "labs", "drugs", "documents"] {
            let body = if tab == "timeline" && lang == "ja" {
                page.body.clone()
            } else {
                doctor.get(&format!("{pages}/{tab}")).body
            };
            let sentence =
                body.rsplit("sum done").next().and_then(|rest| rest.split("</div>").next()).expect("a sentence");
            for house in [HOLDERS[4].name, HOLDERS[5].name] {
                let since = if lang == "ja" { format!("{house} (不通 ") } else { format!("{house} (Offline since ") };
                assert!(sentence.contains(&since), "{tab} {lang}: {sentence}");
            }
            let text: String = body.split('<').map(|part| part.split_once('>').map_or("", |(_, text)| text)).collect();
            for none in ["なし", "無し", "ありません", "none", "None", "no record"] {
                assert!(!text.contains(none), "{tab} {lang} says {none}");
            }
        }
    }
    doctor.cookie("musubi_lang", "ja");

    // One holder's patient takes the consent back: the rows are gone from the page that the reader has.
    let is_gone = |doctor: &mut Browser| {
        let body = doctor.get(&format!("{pages}/timeline?zoom=year")).body;
        let cell = body.split("class=\"cell answer").find(|cell| cell.contains(HOLDERS[0].name));
        cell.is_some_and(|cell| cell.split("</p>").next().is_some_and(|cell| cell.contains("控え消去")))
    };
    assert!(!is_gone(&mut doctor), "what was answered is shown again without asking");
    holders[0].cli(["consent", "withdraw", &there]);
    eventually("the rows of the holder are gone from the page", || is_gone(&mut doctor));
}
