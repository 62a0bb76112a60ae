//! The first five minutes: the real `musubi demo`, walked in a real Chromium from its link to a withdrawal, with pictures of every
//! stop in `target/tmp/first-five-minutes`. Skipped, loudly, where no Chromium is installed.
//!
//! `cargo build -p musubi && cargo test -p e2e --test first_five_minutes -- --nocapture`
#[path = "../../node/portal/tests/chromium/mod.rs"]
mod chromium;

use chromium::Browser;
use e2e::cluster::{Cluster, eventually};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

/// The running demo. It ends with the test.
struct Demo {
    child: Child,
    json: Value,
}

impl Demo {
    /// Starts it and waits for its page.
    fn start(town: &Cluster) -> Self {
        let mut command = town.musubi(["demo", "--patients", "60", "--port", "18470", "--json"]).into_command();
        let errors = std::fs::File::create(town.file("demo.out")).expect("the town's folder");
        let mut child = command.stdout(Stdio::piped()).stderr(errors).spawn().expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("one line of JSON");
        let json: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        Self { child, json }
    }
    /// The facility that shows its page, and all others.
    fn houses(&self) -> (String, Vec<String>) {
        let nodes = self.json["nodes"].as_array().expect("nodes");
        let id = |node: &Value| node["facility"].as_str().expect("a number").to_owned();
        let home = nodes[0]["network"].clone();
        let own = nodes.iter().find(|node| node["class"] == "clinic" && node["network"] == home).expect("a clinic");
        (id(own), nodes.iter().map(id).filter(|other| *other != id(own)).collect())
    }
    /// The network that the reader is no member of.
    fn far(&self) -> String {
        let nodes = self.json["nodes"].as_array().expect("nodes");
        let other = nodes.iter().find(|node| node["network"] != nodes[0]["network"]).expect("two networks");
        other["network"].as_str().expect("a name").to_owned()
    }
    /// Asks it to end, as Ctrl-C does, and waits.
    fn end(mut self) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM).expect("it runs");
        assert!(self.child.wait().expect("it ended").success(), "the demo ends well");
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Numbers, at one facility, of people whom it and most of the others know and wrote down without a fault.
fn known(town: &Cluster, own: &str, others: &[String]) -> Vec<String> {
    let home = town.file("home");
    let folder = home
        .read_dir()
        .expect("the home")
        .flatten()
        .find(|entry| entry.file_name().to_string_lossy().starts_with("musubi-demo-"));
    let truth = folder.expect("the demo's folder").path().join("data/truth.csv");
    let text = std::fs::read_to_string(&truth).unwrap_or_else(|error| panic!("{}: {error}", truth.display()));
    let mut lines = text.lines();
    let heads: Vec<&str> = lines.next().expect("a head").split(',').collect();
    let column = |name: &str| heads.iter().position(|head| *head == name).expect("a column");
    let (person, facility, number, errors) =
        (column("person_id"), column("facility"), column("local_id"), column("errors"));
    let mut people: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for row in lines.map(|line| line.split(',').collect::<Vec<_>>()).filter(|row| row[errors].is_empty()) {
        people.entry(row[person]).or_default().push((row[facility], row[number]));
    }
    let mut found: Vec<(usize, String)> = people
        .into_values()
        .filter_map(|places| {
            let here = places.iter().find(|(place, _)| *place == own)?.1.to_owned();
            Some((places.iter().filter(|(place, _)| others.iter().any(|other| other == place)).count(), here))
        })
        .collect();
    found.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    found.into_iter().map(|(_, number)| number).collect()
}

struct Walk {
    browser: Browser,
    base: String,
    folder: PathBuf,
    stops: usize,
}

impl Walk {
    fn go(&mut self, path: &str) {
        let url = format!("{}{path}", self.base);
        self.browser.go(&url);
    }
    /// Clicks, and waits for the page that follows.
    fn click(&mut self, selector: &str) {
        let found =
            self.browser.value(&format!("(n => n ? (n.click(), true) : false)(document.querySelector({selector:?}))"));
        assert_eq!(found, true, "{selector} is on {}: {}", self.path(), self.text());
        self.browser.loaded();
    }
    fn path(&mut self) -> String {
        self.browser.text("location.pathname")
    }
    /// What people see.
    fn text(&mut self) -> String {
        self.browser.text("document.body.innerText")
    }
    #[track_caller]
    fn sees(&mut self, words: &[&str]) {
        let text = self.text();
        for word in words {
            assert!(text.contains(word), "{} shows {word:?}: {text}", self.path());
        }
    }
    /// The text of all that a selector finds.
    fn value_of(&mut self, selector: &str) -> String {
        self.browser.text(&format!("[...document.querySelectorAll({selector:?})].map(n => n.textContent).join('\\n')"))
    }
    fn count(&mut self, selector: &str) -> u64 {
        self.browser.value(&format!("document.querySelectorAll({selector:?}).length")).as_u64().unwrap_or(0)
    }
    /// Keeps a picture of this stop.
    fn keep(&mut self, name: &str) {
        self.stops += 1;
        let picture = self.browser.picture();
        assert!(picture.len() > 8_000, "{name} is empty");
        std::fs::write(self.folder.join(format!("{}-{name}.png", self.stops)), picture).expect("written");
    }
    /// Becomes somebody else of the demo.
    fn be(&mut self, role: &str) {
        self.go("/demo");
        self.click(&format!("form:has(input[name=role][value={role}]) button"));
    }
    /// Looks for a patient by number; gives the patient's pages.
    fn find(&mut self, number: &str) -> Option<String> {
        self.go("/patients");
        self.browser.value(&format!("document.querySelector('#q').value = {number:?}"));
        self.click("form.find button[type=submit]");
        let link = self.browser.text("document.querySelector('a.big-link')?.getAttribute('href') ?? ''");
        link.rsplit_once('/').map(|(pages, _)| pages.to_owned()).filter(|pages| pages.starts_with("/patients/"))
    }
}

#[test]
fn the_demo_is_walked_from_its_link_to_a_withdrawal_and_leaves_nothing() {
    let name = "the_demo_is_walked_from_its_link_to_a_withdrawal_and_leaves_nothing";
    let Some(browser) = Browser::open(name) else { return };
    let town = Cluster::new("first_five_minutes", name);
    let demo = Demo::start(&town);
    assert_eq!(demo.json["ok"], true, "{}", demo.json);
    let link = demo.json["page"].as_str().expect("a link").to_owned();
    let (own, others) = demo.houses();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("first-five-minutes");
    std::fs::create_dir_all(&folder).expect("a folder");
    let base = link.split("/enter").next().expect("an address").to_owned();
    let mut walk = Walk { browser, base, folder, stops: 0 };
    walk.browser.size(1280, 800);

    // 0:00 to 0:20: the link opens the home of a doctor, who is told that all of this is made up.
    walk.browser.go(&link);
    assert_eq!(walk.path(), "/");
    walk.sees(&["デモ", "架空"]);
    walk.keep("home");
    walk.click(".who a.lang");
    walk.sees(&["Demo", "Sign out"]);
    walk.click(".who a.lang");

    // 0:40: one patient, all holders; rows arrive as they answer, and each is told.
    let numbers = known(&town, &own, &others);
    let far = demo.far();
    let pages = numbers.iter().take(40).find_map(|number| {
        let pages = walk.find(number)?;
        walk.go(&format!("{pages}/timeline?zoom=year"));
        let with_data = walk.count(".row.answer .lane svg");
        let is_far = walk.value_of(".row.answer:has(svg) .row-name small").contains(&far);
        (with_data >= 2 && is_far).then_some(pages)
    });
    let pages = pages.expect("somebody whose records are at several houses of both networks");
    assert!(walk.count(".sum.done") == 1 && walk.count(".cell.answer") >= 2, "{}", walk.text());
    assert!(walk.count("aside.side.all .side-part") >= 3, "a summary of all");
    walk.keep("timeline");

    // 1:30: tests of several houses, each with its source and age.
    walk.go(&format!("{pages}/labs?zoom=year"));
    assert!(walk.count(".part.all svg.plot") > 0 || walk.count("svg.plot") > 0, "{}", walk.text());
    assert!(walk.count(".plot-last .src") > 0, "each with its source");
    walk.keep("labs");

    // 2:00: the viewer's own click is the first line.
    walk.go(&format!("{pages}/access"));
    let first = walk.browser.text("document.querySelector('table.access tbody tr').innerText");
    let me = walk.browser.text("document.querySelector('table.access tbody tr td:nth-of-type(4)').innerText");
    assert!(first.contains("見た") && !me.trim().is_empty(), "{first}");
    walk.keep("who-looked");

    // 2:30: a clerk takes the consent back, and the certificate tells who has obeyed.
    walk.be("clerk");
    walk.go(&format!("{pages}/consent"));
    walk.sees(&["同意"]);
    walk.keep("consent");
    walk.go(&format!("{pages}/consent/withdraw"));
    for field in ["sure", "attested"] {
        let ticked = walk
            .browser
            .value(&format!("(n => n ? (n.checked = true) : false)(document.querySelector('input[name={field}]'))"));
        assert_eq!(ticked, true, "{field}: {}", walk.text());
    }
    walk.click("main form[method=post] button[type=submit]");
    assert!(walk.path().starts_with(&format!("{pages}/consent/")), "{}: {}", walk.path(), walk.text());
    walk.sees(&["撤回"]);
    walk.keep("certificate");
    walk.go(&format!("{pages}/consent"));
    walk.sees(&["撤回"]);

    // Nobody of the house is offered what was taken back, and the doctor is told so in the banner, at once.
    walk.be("doctor");
    walk.go(&format!("{pages}/timeline"));
    let banner = walk.browser.text("document.querySelector('.pt-facts').innerText");
    assert!(banner.contains("撤回"), "{banner}");
    walk.keep("withdrawn");

    // 4:30: the networks and the accord between them.
    walk.go("/network");
    let networks = demo.json["networks"].as_array().expect("two").iter().filter_map(Value::as_str).map(str::to_owned);
    for network in networks.collect::<Vec<_>>() {
        walk.sees(&[network.as_str()]);
    }
    assert!(walk.count(".clause") > 0 && walk.count("svg .net-node") >= 5, "{}", walk.text());
    walk.keep("network");
    assert!(walk.browser.complaints.is_empty(), "{:?}", walk.browser.complaints);
    let own_pages = format!("{}/", walk.base);
    let asked: Vec<&String> =
        walk.browser.asked.iter().filter(|url| !url.starts_with(&own_pages) && *url != "about:blank").collect();
    assert!(asked.is_empty(), "no other host: {asked:?}");

    // 5:00: made-up people are gone without a trace.
    drop(walk);
    demo.end();
    let left =
        || town.file("home").read_dir().expect("the home").flatten().map(|entry| entry.path()).collect::<Vec<_>>();
    eventually("nothing is kept", || left().is_empty());
    eventually("the address is free", || std::net::TcpStream::connect(link_addr(&link)).is_err());
}

fn link_addr(link: &str) -> String {
    link.trim_start_matches("http://").split('/').next().expect("a host").to_owned()
}
