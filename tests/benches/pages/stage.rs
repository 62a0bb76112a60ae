//! The nodes: a clinic that reads, and six others in its network that reach it over a slow line only.
use crate::Plan;
use crate::browser::Browser;
use crate::line::Line;
use e2e::cluster::{
    CLINIC, Cluster, Founders, House, Listen, Node, Person, Region, RegionPlan, eventually, eventually_some,
};
use serde_json::Value;
use std::ffi::OsStr;
use std::time::{Duration, Instant};

/// Everything that runs, with who is known where.
pub struct Stage {
    /// The doctor's browser.
    pub browser: Browser,
    /// Patients of the reader that all six others know too, by the number of their pages.
    pub shared: Vec<String>,
    /// Numbers of patients of the reader alone, as its house gave them.
    pub own: Vec<String>,
    /// Records of the reader.
    pub records: u64,
    /// How long taking them in took.
    pub taken_in: Duration,
    /// The slow line.
    pub line: Line,
    _reader: Node,
    _holders: Vec<Node>,
    _town: Cluster,
}

impl Stage {
    /// Sets everything up.
    pub fn build(plan: &Plan) -> Self {
        let town = Cluster::new("pages", "a benchmark");
        let founders = Founders::new(&town, "気仙見本", &["一", "二", "三"]);
        let mut reader = town.set_up(CLINIC, Listen::Port);
        reader.set("portal", "listen", "127.0.0.1:0");
        let port = reader.port.expect("it listens");
        // TCP alone: that is what the line carries.
        reader.set("peer", "listen", vec![toml::Value::from(format!("/ip4/127.0.0.1/tcp/{port}"))]);
        reader.configure(|root| {
            let facilities = root.get_mut("facility").and_then(toml::Value::as_array_mut).expect("its own");
            let mut bulk = toml::Table::new();
            for (key, value) in [("id", BULK.id), ("name", BULK.name), ("class", BULK.class)] {
                bulk.insert(key.into(), value.into());
            }
            bulk.insert("authority".into(), BULK.authority().into());
            facilities.push(bulk.into());
        });
        reader.start();
        founders.found(&town, &reader, (1, 2));
        let line = Line::to(port, ROUND_TRIP);
        let holders: Vec<Node> = HOLDERS.iter().map(|house| join(&town, &founders, &reader, *house, &line)).collect();

        eprintln!("  {} nodes stand; making people up", holders.len() + 1);
        let houses: Vec<House> = [CLINIC].into_iter().chain(HOLDERS).collect();
        let shape = RegionPlan { preset: "clean", patients: SHARED_PEOPLE, seed: 5, houses: &houses };
        let region = Region::make(&town, "shared", shape);
        for node in holders.iter().chain([&reader]) {
            add_feed(node, &region.storage(&node.house), node.house.id);
            node.scan();
        }
        let shape = RegionPlan { preset: "clean", patients: plan.patients, seed: 6, houses: &[BULK] };
        let bulk = Region::make(&town, "bulk", shape);
        add_feed(&reader, &bulk.storage(&BULK), BULK.id);
        eprintln!("  taking {} patients in", plan.patients);
        let begun = Instant::now();
        let scanned = reader.call(["feed", "scan"]).deadline(SCAN_WAIT).run().done();
        let taken_in = begun.elapsed();
        let records =
            scanned["feeds"].as_array().into_iter().flatten().filter_map(|feed| feed["stored"].as_u64()).sum();

        // Also those whom somebody wrote down with a slip: what is found at all six decides.
        let everywhere = |person: &Person| houses.iter().all(|house| person.known.contains_key(house.id));
        let known: Vec<Person> = region.people().into_iter().filter(everywhere).take(SHARED_READ).collect();
        let shared = consents(&reader, &holders, &known);
        let step = (plan.patients as usize / OWN_LOOKED).max(1);
        let own =
            bulk.patients(&BULK).iter().step_by(step).take(OWN_LOOKED).map(|row| row["local_id"].clone()).collect();
        let browser = doctor(&reader);
        Self { browser, shared, own, records, taken_in, line, _reader: reader, _holders: holders, _town: town }
    }
}

/// Joins over the line: the invite names no other way to the reader.
fn join(town: &Cluster, founders: &Founders, reader: &Node, house: House, line: &Line) -> Node {
    let mut node = town.set_up(house, Listen::Nowhere);
    node.start();
    let peer = reader.cli(["status"])["peer_id"].as_str().expect("a peer id").to_owned();
    let contact = format!("/ip4/127.0.0.1/tcp/{}/p2p/{peer}", line.addr.port());
    let invite = reader.cli(["invite", house.id, "--contact", &contact])["invite"].as_str().expect("one").to_owned();
    node.cli(["join", &invite]);
    let asked = eventually_some("the request to join is at the reader", || {
        let list = reader.cli(["admit", "list"]);
        let own = |join: &&Value| join["facility"] == house.id;
        Some(list["waiting"].as_array()?.iter().find(own)?["id"].as_str()?.to_owned())
    });
    let signed = reader.call(["admit", "sign", &asked]).args(founders.sign(&[1, 2])).run().done();
    assert_eq!(signed["complete"], true, "{signed}");
    node.await_admitted();
    eventually("both see each other", || node.sees(reader) && reader.sees(&node));
    node
}

fn add_feed(node: &Node, path: &std::path::Path, facility: &str) {
    let parts = [OsStr::new("feed"), "add".as_ref(), path.as_os_str(), "--facility".as_ref(), facility.as_ref()];
    node.cli(parts.into_iter().chain([OsStr::new("--scan-interval-s"), "86400".as_ref()]));
}

/// Consents of everybody whom all know, and the wait until the reader finds them at all six. Gives their pages' numbers.
fn consents(reader: &Node, holders: &[Node], people: &[Person]) -> Vec<String> {
    assert!(!people.is_empty(), "nobody is known to all");
    for node in holders.iter().chain([reader]) {
        for person in people {
            node.cli(["consent", "record", &node.patient(person.number(&node.house))]);
        }
    }
    let patients: Vec<String> = people.iter().map(|person| reader.patient(person.number(&CLINIC))).collect();
    let sure = |patient: &str| {
        let found = reader.cli(["locate", patient]);
        let is_sure = |one: &&Value| one["certainty"] == "rules" && one["online"] == true;
        found["candidates"].as_array().map_or(0, |list| list.iter().filter(is_sure).count())
    };
    // Who is found at some of them by the rules alone is left out: the figures are of six.
    let found = eventually_some("somebody is found at all six", || {
        let all: Vec<&String> = patients.iter().filter(|patient| sure(patient) >= HOLDERS.len()).collect();
        (!all.is_empty()).then(|| all.iter().map(|patient| patient.trim_start_matches('p').to_owned()).collect())
    });
    let found: Vec<String> = found;
    eprintln!("  {} people are known to all seven", found.len());
    found
}

fn doctor(reader: &Node) -> Browser {
    let page = reader.cli(["status"])["page"].as_str().map(str::to_owned);
    let page = page.or_else(|| {
        let output = reader.output();
        let at = output.find("http://127.0.0.1:")?;
        Some(output[at..].chars().take_while(|c| !c.is_whitespace()).collect())
    });
    let page = page.expect("the page is open");
    let host = page.trim_start_matches("http://").split('/').next().expect("a host").to_owned();
    // The first account is an administrator's.
    let added = reader.cli(["staff", "add", "d-1", "--name", "見本 太郎", "--role", "doctor", "--facility", CLINIC.id]);
    Browser::sign_in(&host, "d-1", added["code"].as_str().expect("a code"))
}

/// The reader's many patients, under a facility of their own, so that their numbers meet nobody else's.
const BULK: House =
    House { word: "bulk", id: "9903100033", name: "椿ヶ浜本院", class: "hospital", preset: "clinic" };
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
/// People of the small region in which all seven have a share.
const SHARED_PEOPLE: u32 = 120;
/// Of those whom all know, so many are read.
const SHARED_READ: usize = 16;
/// Of the many, so many are opened in turn.
const OWN_LOOKED: usize = 50;
/// Of each line between the reader and a holder.
pub const ROUND_TRIP: Duration = Duration::from_millis(50);
/// Five million files at some thousand a second.
const SCAN_WAIT: Duration = Duration::from_secs(3 * 3_600);
