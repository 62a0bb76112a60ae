//! axe on every screen, in both languages, at both widths: nothing serious may remain. And on the same screens: nothing overflows,
//! nothing complains, no other host is asked. Skipped, loudly, where no Chromium or no axe is found: `npm install --prefix
//! target/axe axe-core@4.14.1` (as `.ci/run` does), or `MUSUBI_AXE=FILE`.
mod chromium;
#[path = "../examples/fake/desk.rs"]
mod desk;
mod real;
mod support;

use chromium::Browser;
use desk::FakeDesk;
use portal::desk::Desk;
use portal::{PortalConfig, RunningPortal, serve_desk};
use protocol::kinds::Role;
use real::{Node, TWINS, found_network, node, node_of, said};
use service::staff::{Accounts, Device};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use support::Office;
use tokio::runtime::Runtime;

/// axe's script; none, and a loud word, where it is not installed.
fn axe(test: &str) -> Option<String> {
    let usual = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../axe/node_modules/axe-core/axe.min.js");
    let path = std::env::var_os("MUSUBI_AXE").map_or(usual, PathBuf::from);
    let script = std::fs::read_to_string(&path).ok();
    if script.is_none() {
        assert!(std::env::var_os("MUSUBI_NEED_BROWSER").is_none(), "no axe at {}", path.display());
        eprintln!("SKIPPED {test}: no axe at {}. npm install --prefix target/axe axe-core@4.14.1", path.display());
    }
    script
}

struct Stage {
    browser: Browser,
    base: String,
    accounts: Accounts,
    agent: String,
    script: String,
    found: Vec<String>,
    _portal: RunningPortal,
    _runtime: Runtime,
}

impl Stage {
    fn new(test: &str, desk: Arc<dyn Desk>, accounts: Accounts) -> Option<Self> {
        let script = axe(test)?;
        let mut browser = Browser::open(test)?;
        let runtime = Runtime::new().expect("threads");
        let config = PortalConfig { demo: true, ..PortalConfig::new(([127, 0, 0, 1], 0).into()) };
        let portal = runtime.block_on(serve_desk(desk, accounts.clone(), config)).expect("open");
        let agent = browser.text("navigator.userAgent");
        let base = format!("http://{}", portal.addr);
        Some(Self { browser, base, accounts, agent, script, found: Vec::new(), _portal: portal, _runtime: runtime })
    }
    fn be(&mut self, role: Role) {
        let device = Device { source: [127, 0, 0, 1].into(), agent: self.agent.chars().take(300).collect() };
        let entered = self.accounts.enter_demo(role, &device, None).expect("staged");
        let port = self.base.rsplit(':').next().expect("a port");
        let cookie = format!("musubi_{port}={}", entered.id.expose());
        let base = self.base.clone();
        self.browser.keep_cookie(&base, &cookie);
    }
    /// Looks at a page in both languages at both widths.
    fn look(&mut self, path: &str) {
        for lang in ["ja", "en"] {
            let mark = if path.contains('?') { '&' } else { '?' };
            let url = format!("{}{path}{mark}lang={lang}", self.base);
            for (width, height) in [(1280, 800), (768, 1024)] {
                self.browser.size(width, height);
                self.browser.go(&url);
                let place = format!("{path} {lang} {width}");
                let wide = self.browser.value("document.documentElement.scrollWidth").as_u64().unwrap_or(0);
                if wide > u64::from(width) {
                    self.found.push(format!("{place}: {wide} px wide"));
                }
                if self.browser.value("document.querySelectorAll('h1').length") != 1 {
                    self.found.push(format!("{place}: not one heading of the page"));
                }
                self.run_axe(&place);
                self.keep(&place);
            }
        }
    }
    /// Keeps a picture of the page in the folder `MUSUBI_PICTURES`, for people who want to see what was looked at.
    fn keep(&mut self, place: &str) {
        if let Some(folder) = std::env::var_os("MUSUBI_PICTURES") {
            let name: String = place.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
            let picture = self.browser.picture();
            std::fs::write(Path::new(&folder).join(format!("{name}.png")), picture).expect("the folder is there");
        }
    }
    fn run_axe(&mut self, place: &str) {
        let script = self.script.clone();
        self.browser.value(&format!("{script};typeof axe"));
        let run = "axe.run(document, { resultTypes: ['violations'] }).then(r => r.violations.filter(v => v.impact === 'serious' || v.impact \
                   === 'critical').map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + ' [' + \
                   (n.any[0]?.message ?? n.all[0]?.message ?? n.none[0]?.message ?? '').slice(0, 160) + ']').join(' | ')))";
        let found = self.browser.later(run);
        for one in found.as_array().into_iter().flatten() {
            self.found.push(format!("{place}: {}", one.as_str().unwrap_or_default()));
        }
    }
    /// Fails with everything that was found.
    fn end(self) {
        let own = format!("{}/", self.base);
        let others: Vec<&String> =
            self.browser.asked.iter().filter(|url| !url.starts_with(&own) && *url != "about:blank").collect();
        assert!(others.is_empty(), "asked for {others:?}");
        assert!(self.found.is_empty(), "{} findings\n{}", self.found.len(), self.found.join("\n"));
        // A page that refuses says so with its number, which the browser notes.
        let complaints: Vec<&String> =
            self.browser.complaints.iter().filter(|text| !text.contains("status of 4")).collect();
        assert!(complaints.is_empty(), "{complaints:?}");
    }
}

fn real_stage(test: &str) -> Option<(Stage, Node)> {
    stage_of(test, node())
}

fn stage_of(test: &str, node: Node) -> Option<(Stage, Node)> {
    let stage = Stage::new(test, node.desk.clone(), node.service.accounts().clone())?;
    Some((stage, node))
}

#[test]
fn axe_finds_what_is_wrong_with_a_page() {
    let office = Office::staged();
    let Some(mut stage) = Stage::new("axe itself", Arc::new(FakeDesk::quick()), office.accounts.clone()) else {
        return;
    };
    let url = format!("{}/login?lang=ja", stage.base);
    stage.browser.go(&url);
    stage.run_axe("whole");
    assert!(stage.found.is_empty(), "{:?}", stage.found);
    stage.browser.value("document.querySelector('main').append(document.createElement('select')) ?? 1");
    stage.run_axe("broken");
    assert!(stage.found.iter().any(|one| one.starts_with("broken: select-name")), "{:?}", stage.found);
}

#[test]
fn axe_finds_nothing_serious_on_a_persons_pages() {
    let office = Office::staged();
    let Some(mut stage) = Stage::new("axe, a person's pages", Arc::new(FakeDesk::quick()), office.accounts.clone())
    else {
        return;
    };
    stage.be(Role::Doctor);
    for page in [
        "timeline",
        "labs",
        "drugs",
        "documents",
        "access",
        "access/sheet",
        "items/own-09090909090909090909090909090909",
    ] {
        stage.look(&format!("/patients/1/{page}"));
    }
    stage.end();
}

#[test]
fn axe_finds_nothing_serious_at_the_consent_desk() {
    let Some((mut stage, node)) = real_stage("axe, consent desk") else { return };
    found_network(&node);
    let [yes, no] = said(&node);
    stage.be(Role::Clerk);
    for page in [
        "consent",
        "consent/new",
        "consent/withdraw",
        "consent/tablet",
        &format!("consent/{yes}?new=1"),
        &format!("consent/{no}"),
    ] {
        stage.look(&format!("/patients/1/{page}"));
    }
    for path in ["/consents", "/", "/patients", "/me", "/nothing"] {
        stage.look(path);
    }
    stage.end();
}

#[test]
fn axe_finds_nothing_serious_where_consent_is_not_waited_for() {
    use service::disasters::DisasterSpec;
    use service::keys::Share;
    let Some((mut stage, node)) = real_stage("axe, emergency") else { return };
    stage.be(Role::Doctor);
    for path in ["/patients/1/emergency", "/patients/1/disaster", "/emergency", "/network/disasters"] {
        stage.look(path);
    }
    let shares = ["青葉", "若葉"].map(Share::new);
    let founders = shares.iter().map(Share::public).collect();
    let founding = service::founders::Founding::usual("気仙（見本）", founders, 2);
    let network = node.service.found_network(&founding, &shares).expect("founded");
    let own = node.service.facilities().into_iter().next().expect("set up").id;
    node.service.admit_own(network, &own, &shares).expect("admitted");
    let (area, for_ms) = (vec!["13".into()], protocol::time::DAY_MS);
    let spec = DisasterSpec { network, area, for_ms, reason: "地震・津波".into(), is_alone: true };
    node.service.declare_disaster(&spec, &shares[..1]).expect("declared");
    for path in ["/", "/patients/1/timeline", "/patients/1/disaster", "/network/disasters"] {
        stage.look(path);
    }
    stage.be(Role::Auditor);
    stage.look("/emergency/review");
    stage.end();
}

#[test]
fn axe_finds_nothing_serious_at_the_matching_review() {
    let Some((mut stage, node)) = stage_of("axe, matching", node_of(&TWINS)) else { return };
    let staff = |number: &str| service::Staff::new(number, Role::Doctor).expect("a number");
    let open = node.service.link_review(&staff("d-8"), false).expect("shown");
    assert!(open.len() >= 2, "a misspelt name and a twin wait");
    stage.be(Role::Clerk);
    stage.look("/matching");
    for question in &open {
        stage.look(&format!("/matching/{}", question.pair));
    }
    let one = real::needing_no_second(&node, &staff("d-8"));
    let same = service::links::Answer::Same;
    let done = node.service.answer_review(&staff("d-9"), one, same, "same card").expect("taken");
    stage.look(&format!("/matching/links/{}?done=match-done-same", done.link.expect("a link")));
    stage.look("/matching?later=1");
    stage.end();
}

#[test]
fn axe_finds_nothing_serious_in_the_office_and_in_running_the_node() {
    let Some((mut stage, node)) = real_stage("axe, office and node") else { return };
    stage.look("/login");
    stage.look("/login/first");
    found_network(&node);
    stage.be(Role::Administrator);
    let offices =
        ["", "/invite", "/join", "/files", "/accord", "/revoke", "/found"].map(|page| format!("/founders{page}"));
    let admin = ["doctor", "feeds", "keys", "backup", "config", "log", "staff", "staff/import"]
        .map(|page| format!("/admin/{page}"));
    for path in offices.iter().chain(&admin) {
        stage.look(path);
    }
    for path in ["/network", "/demo"] {
        stage.look(path);
    }
    stage.end();
}
