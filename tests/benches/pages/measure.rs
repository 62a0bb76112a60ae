//! Opens pages, in turn, and notes how long each took and how large it was.
use crate::Plan;
use crate::browser::{Browser, Page};
use crate::stage::Stage;
use std::time::Duration;

/// One kind of page.
pub struct Figures {
    pub name: &'static str,
    pub looks: usize,
    pub p50: Duration,
    pub p95: Duration,
    pub most_bytes: usize,
}

/// Everything.
pub struct Measured {
    pub local: Vec<Figures>,
    /// All local pages together.
    pub all: Figures,
    /// The whole page of six holders, and its first foreign row.
    pub six: Figures,
    pub first_row: Figures,
    pub records: u64,
    pub taken_in: Duration,
    pub carried: (u64, u64),
}

/// Builds the stage and measures.
pub fn all(plan: &Plan) -> Measured {
    let mut stage = Stage::build(plan);
    eprintln!("  opening pages");
    let own: Vec<String> = stage.own.iter().filter_map(|number| find(&mut stage.browser, number)).collect();
    assert!(!own.is_empty(), "the reader finds its own patients");
    let mut local = Vec::new();
    let mut times = Vec::new();
    for (name, page) in LOCAL {
        let paths = (0..plan.looks).map(|look| page.replace("{}", &own[look % own.len()]));
        let pages: Vec<Page> = paths.map(|path| stage.browser.get(&path)).collect();
        times.extend(pages.iter().map(|page| (page.took, page.body.len())));
        local.push(figures(name, &pages.iter().map(|page| (page.took, page.body.len())).collect::<Vec<_>>()));
    }
    let token = stage.browser.get("/patients").between("name=\"token\" value=\"", '"').expect("a form");
    let searches: Vec<Page> = (0..plan.looks)
        .map(|look| stage.browser.send("/patients", &token, &[("q", &stage.own[look % stage.own.len()])]))
        .collect();
    times.extend(searches.iter().map(|page| (page.took, page.body.len())));
    local.push(figures(
        "search by number",
        &searches.iter().map(|page| (page.took, page.body.len())).collect::<Vec<_>>(),
    ));

    let (mut six, mut first) = (Vec::new(), Vec::new());
    for look in 0..plan.looks {
        let patient = &stage.shared[look % stage.shared.len()];
        let pages = format!("/patients/{patient}");
        let asked = stage.browser.send(&format!("{pages}/ask"), &token, &[("ground", "R-1")]);
        assert_eq!(asked.to, format!("{pages}/timeline"), "{}", asked.status);
        let page = stage.browser.get(&format!("{pages}/timeline"));
        let answered = page.body.matches("class=\"cell answer").count();
        assert!(page.status == 200 && answered >= 6, "{answered} of six answered: {}", page.body.len());
        first.push((page.first_row.expect("somebody answered"), 0));
        six.push((page.took, page.body.len()));
    }
    Measured {
        all: figures("all of them", &times),
        local,
        six: figures("six holders, all rows", &six),
        first_row: figures("six holders, first row", &first),
        records: stage.records,
        taken_in: stage.taken_in,
        carried: stage.line.carried(),
    }
}

/// The number of a patient's pages.
fn find(browser: &mut Browser, number: &str) -> Option<String> {
    let found = browser.fill("/patients", "/patients", &[("q", number)]);
    found.between("href=\"/patients/", '/').filter(|id| id.bytes().all(|byte| byte.is_ascii_digit()))
}

fn figures(name: &'static str, looks: &[(Duration, usize)]) -> Figures {
    let mut times: Vec<Duration> = looks.iter().map(|(took, _)| *took).collect();
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)];
    let most_bytes = looks.iter().map(|(_, bytes)| *bytes).max().unwrap_or(0);
    Figures { name, looks: looks.len(), p50: at(50), p95: at(95), most_bytes }
}

/// Pages that ask nobody else.
const LOCAL: [(&str, &str); 9] = [
    ("today", "/"),
    ("time axis, own records", "/patients/{}/timeline"),
    ("time axis, ten years", "/patients/{}/timeline?zoom=year"),
    ("laboratory", "/patients/{}/labs?zoom=year"),
    ("drugs", "/patients/{}/drugs?zoom=year"),
    ("documents", "/patients/{}/documents"),
    ("who looked", "/patients/{}/access"),
    ("consents", "/patients/{}/consent"),
    ("matching", "/matching"),
];
