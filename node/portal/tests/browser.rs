//! A person's pages in a real browser: no overflow, no other host, nothing jumps, keyboard, paper. Skipped, loudly, where no
//! Chromium is installed.
mod chromium;
#[path = "../examples/fake/desk.rs"]
mod desk;
mod real;
mod support;

use chromium::Browser;
use desk::{FakeDesk, Holders};
use portal::{Door, PortalConfig, RunningPortal, serve_desk};
use protocol::kinds::Role;
use real::{Node, TWINS, found_network, node, node_of, said};
use service::staff::Device;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use support::Office;
use tokio::runtime::Runtime;

const PAGES: [&str; 6] = ["timeline", "labs", "drugs", "documents", "access", "access/sheet"];

/// A portal over made-up people, and a browser that is inside.
struct Stage {
    browser: Browser,
    base: String,
    _portal: RunningPortal,
    _runtime: Runtime,
    _office: Office,
}

impl Stage {
    fn new(test: &str, desk: FakeDesk) -> Option<Self> {
        let mut browser = Browser::open(test)?;
        let runtime = Runtime::new().expect("threads");
        let config = PortalConfig { demo: true, ..PortalConfig::new(([127, 0, 0, 1], 0).into()) };
        let office = Office::staged();
        let portal = runtime.block_on(serve_desk(Arc::new(desk), office.accounts.clone(), config)).expect("open");
        browser.size(1280, 800);
        browser.go(&portal.link(Door::Demo, &office.accounts.demo_link().expect("staged")));
        let base = format!("http://{}", portal.addr);
        Some(Self { browser, base, _portal: portal, _runtime: runtime, _office: office })
    }
    fn go(&mut self, path: &str) {
        let url = format!("{}{path}", self.base);
        self.browser.go(&url);
    }
}

#[test]
fn no_page_overflows_complains_or_asks_another_host_in_either_language() {
    let Some(mut stage) = Stage::new("pages fit", FakeDesk::quick()) else { return };
    for lang in ["ja", "en"] {
        for (width, height) in [(1280, 800), (768, 1024)] {
            stage.browser.size(width, height);
            for page in PAGES {
                stage.go(&format!("/patients/1/{page}?lang={lang}"));
                let seen = stage.browser.value("document.documentElement.scrollWidth");
                assert_eq!(seen, width, "{page} in {lang} at {width}");
                assert_eq!(stage.browser.text("document.documentElement.lang"), lang, "{page}");
                assert_eq!(stage.browser.value("document.querySelectorAll('h1').length"), 1, "{page}");
                let nameless = "[...document.querySelectorAll('a,button,input:not([type=hidden]),iframe,img')].filter(e => \
                                !(e.textContent.trim() || e.getAttribute('aria-label') || e.title || e.alt || e.labels?.length)).length";
                assert_eq!(stage.browser.value(nameless), 0, "links and controls without a name on {page}");
            }
        }
    }
    let own = format!("{}/", stage.base);
    for url in &stage.browser.asked {
        assert!(url.starts_with(&own) || url == "about:blank", "asked for {url}");
    }
    assert!(stage.browser.complaints.is_empty(), "{:?}", stage.browser.complaints);
}

#[test]
fn rows_arrive_and_nothing_moves() {
    let slow = FakeDesk { pause: Duration::from_millis(400), ..FakeDesk::quick() };
    let Some(mut stage) = Stage::new("nothing moves", slow) else { return };
    let tops = "JSON.stringify([...document.querySelectorAll('.row[class*=ask-],.row.own,.toolbar,.cell[class*=ask-]')].map(e => \
                Math.round(e.getBoundingClientRect().top)))";
    let url = format!("{}/patients/1/timeline", stage.base);
    stage.browser.start(&url);
    // The first rows are here and the last are not: asked again until then, without a clock.
    while stage.browser.value("document.querySelectorAll('.row.answer').length").as_u64().unwrap_or(0) == 0 {}
    let early = stage.browser.text(tops);
    let is_whole = stage.browser.value("document.querySelectorAll('.sum.done').length");
    assert_eq!(is_whole, 0, "the page was looked at before its end");
    stage.browser.loaded();
    assert_eq!(stage.browser.value("document.querySelectorAll('.sum.done').length"), 1);
    assert_eq!(stage.browser.text(tops), early, "places of rows before and after all answers");
    let covered = "[...document.querySelectorAll('.row.answer')].every(e => { const ask = document.querySelector('.row.ask-' + \
                   /got-(\\d+)/.exec(e.className)[1]); return !ask || (Math.round(ask.getBoundingClientRect().top) === \
                   Math.round(e.getBoundingClientRect().top) && getComputedStyle(ask).visibility === 'hidden') })";
    assert_eq!(stage.browser.value(covered), true, "answers stand where their place was kept");
}

#[test]
fn a_silent_holder_is_named_on_screen_and_on_paper_and_none_is_no_word_of_the_page() {
    let Some(mut stage) = Stage::new("unknown is not none", FakeDesk::quick()) else { return };
    for (lang, offline, unknown) in [("ja", "不通 09:10〜", "不明"), ("en", "Offline since 09:10", "nknown")] {
        for page in ["timeline", "labs", "drugs", "documents"] {
            for media in ["", "print"] {
                stage.browser.media(media, &[]);
                stage.go(&format!("/patients/1/{page}?lang={lang}"));
                let text = stage.browser.text("document.body.innerText");
                assert!(text.contains("ひかり診療所") && text.contains(offline), "{page} {lang} {media}");
                assert!(text.contains(unknown), "{page} {lang} {media}");
                for none in ["なし", "無し", "ありません", "None", " none", "no record", "No record"] {
                    assert!(!text.contains(none), "{page} {lang} {media} says {none}");
                }
            }
        }
    }
}

#[test]
fn the_keyboard_reaches_a_record_of_a_lane_and_the_focus_is_seen() {
    let Some(mut stage) = Stage::new("keyboard", FakeDesk::quick()) else { return };
    stage.go("/patients/1/timeline?lang=ja");
    let active = "(document.activeElement.closest('.lane') ? 'lane ' : '') + document.activeElement.tagName";
    for _ in 0..80 {
        stage.browser.press("Tab", 9);
        let seen = "(e => e.tagName === 'BODY' || getComputedStyle(e).outlineStyle !== 'none' || \
                    getComputedStyle(e).boxShadow !== 'none')(document.activeElement)";
        assert_eq!(stage.browser.value(seen), true, "the focus is seen on {}", stage.browser.text(active));
        if stage.browser.text(active).starts_with("lane a") {
            let href = stage.browser.text("document.activeElement.getAttribute('href')");
            assert!(href.starts_with("items/") || href.starts_with("#list"), "{href}");
            return;
        }
    }
    panic!("no mark of a lane in 80 steps");
}

#[test]
fn arrow_keys_move_inside_a_lane_and_between_lanes() {
    let Some(mut stage) = Stage::new("arrow keys", FakeDesk::quick()) else { return };
    stage.go("/patients/1/timeline?lang=ja&zoom=year");
    let lanes = "[...document.querySelectorAll('.lane')].filter(l => l.querySelectorAll('a.item').length > 1)";
    assert!(stage.browser.value(&format!("{lanes}.length")).as_u64().unwrap_or(0) > 1, "two lanes with marks");
    // One stop of the tab key for each lane.
    let stops = format!("{lanes}.every(l => l.querySelectorAll('a.item:not([tabindex=\"-1\"])').length === 1)");
    assert_eq!(stage.browser.value(&stops), true);
    stage.browser.value(&format!("{lanes}[0].querySelector('a.item[tabindex=\"0\"]').focus()"));
    let place = "(e => e.getBoundingClientRect().left + ' ' + e.closest('.lane').getBoundingClientRect().top)(document.activeElement)";
    let start = stage.browser.text(place);
    stage.browser.press("ArrowLeft", 37);
    let left = stage.browser.text(place);
    assert_ne!(left, start, "one mark to the left");
    stage.browser.press("ArrowRight", 39);
    assert_eq!(stage.browser.text(place), start, "and back");
    let lane = |place: &str| place.split_once(' ').map(|(_, top)| top.to_owned());
    stage.browser.press("ArrowDown", 40);
    assert_ne!(lane(&stage.browser.text(place)), lane(&start), "another lane");
    assert!(stage.browser.complaints.is_empty(), "{:?}", stage.browser.complaints);
}

#[test]
fn a_document_in_a_frame_runs_nothing() {
    let Some(mut stage) = Stage::new("frames", FakeDesk::quick()) else { return };
    let item = format!("/patients/1/items/own-{}", "09".repeat(16));
    stage.go(&item);
    assert_eq!(stage.browser.value("document.querySelectorAll('iframe[sandbox=\"\"]').length"), 2);
    stage.go(&format!("{item}/files/1"));
    assert_eq!(stage.browser.text("document.body.innerText").trim(), "<script>alert(document.domain)</script>");
    assert!(stage.browser.complaints.is_empty(), "{:?}", stage.browser.complaints);
}

/// A stage over a real node, with somebody of this role inside.
fn real_stage(test: &str, role: Role) -> Option<(Browser, String, Node, RunningPortal, Runtime)> {
    stage_of(test, role, node())
}

fn stage_of(test: &str, role: Role, node: Node) -> Option<(Browser, String, Node, RunningPortal, Runtime)> {
    let mut browser = Browser::open(test)?;
    let runtime = Runtime::new().expect("threads");
    let config = PortalConfig { demo: true, ..PortalConfig::new(([127, 0, 0, 1], 0).into()) };
    let accounts = node.service.accounts().clone();
    let portal = runtime.block_on(serve_desk(node.desk.clone(), accounts.clone(), config)).expect("open");
    browser.size(1280, 800);
    let agent = browser.text("navigator.userAgent").chars().take(300).collect();
    let device = Device { source: [127, 0, 0, 1].into(), agent };
    let entered = accounts.enter_demo(role, &device, None).expect("staged");
    let base = format!("http://{}", portal.addr);
    browser.keep_cookie(&base, &format!("musubi_{}={}", portal.addr.port(), entered.id.expose()));
    Some((browser, base, node, portal, runtime))
}

#[test]
fn a_signature_on_the_tablet_becomes_the_paper_of_a_consent() {
    let Some((mut browser, base, node, _portal, _runtime)) = real_stage("signature", Role::Clerk) else { return };
    browser.go(&format!("{base}/patients/1/consent/tablet?lang=ja"));
    assert_eq!(browser.value("document.querySelector('[data-sign-none]').hidden"), true, "the pen is there");
    let corner = browser.value("(b => [b.left, b.top])(document.querySelector('.sign-area').getBoundingClientRect())");
    let (left, top) = (corner[0].as_f64().expect("a place"), corner[1].as_f64().expect("a place"));
    let points: Vec<(f64, f64)> =
        (0..12).map(|n| (left + 20.0 + 12.0 * f64::from(n), top + 40.0 + f64::from(n % 3) * 20.0)).collect();
    browser.drag(&points);
    assert!(browser.text("document.querySelector('[name=stroke]').value").split(' ').count() >= 8, "points are kept");
    browser.value("document.querySelector('button[type=submit]').click()");
    browser.loaded();
    assert!(
        browser.text("document.body.innerText").contains("タブレットの署名"),
        "{}",
        browser.text("document.body.innerText")
    );
    let clerk = service::Staff::new("s7", Role::Clerk).expect("a number");
    let kept = node.service.consents(&clerk, protocol::ids::PatientRef(1)).expect("a patient");
    assert_eq!(kept.receipts.len(), 2, "both groups were ticked");
    assert!(browser.complaints.is_empty(), "{:?}", browser.complaints);
}

#[test]
fn paper_says_which_2_of_6_holders_are_silent_and_since_when() {
    let killed = FakeDesk { holders: Holders::SixLessTwo, ..FakeDesk::quick() };
    let Some(mut stage) = Stage::new("silent holders on paper", killed) else { return };
    for (lang, since) in
        [("ja", ["不通 10:35〜", "不通 09:10〜"]), ("en", ["Offline since 10:35", "Offline since 09:10"])]
    {
        for page in ["timeline", "labs", "drugs", "documents"] {
            for media in ["", "print"] {
                stage.browser.media(media, &[]);
                stage.go(&format!("/patients/1/{page}?lang={lang}"));
                // What is shown, not what is hidden.
                let text = stage.browser.text("document.body.innerText");
                for (house, since) in ["泉中央病院", "青葉クリニック"].iter().zip(since) {
                    let place = format!("{page} {lang} {media}");
                    assert!(text.contains(&format!("{house} ({since})")), "{place}: {text}");
                }
                for none in ["なし", "無し", "ありません", "none", "None"] {
                    assert!(!text.contains(none), "{page} {lang} {media} says {none}");
                }
            }
        }
    }
}

#[test]
fn a_pair_is_reviewed_by_keyboard_and_a_stray_letter_decides_nothing() {
    let Some((mut browser, base, node, _portal, _runtime)) =
        stage_of("matching by keyboard", Role::Clerk, node_of(&TWINS))
    else {
        return;
    };
    let staff = service::Staff::new("d-8", Role::Doctor).expect("a number");
    let one = real::needing_no_second(&node, &staff);
    let build = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    std::fs::create_dir_all(&build).expect("a folder");
    let page = format!("matching/{one}");
    for (path, name) in [("matching", "matching-queue"), (page.as_str(), "matching")] {
        browser.go(&format!("{base}/{path}?lang=ja"));
        std::fs::write(build.join(format!("{name}.png")), browser.picture()).expect("written");
    }
    for (key, code, button) in [("y", 89, "same"), ("n", 78, "not-same"), ("l", 76, "later")] {
        browser.press(key, code);
        assert_eq!(browser.text("document.activeElement.value"), button);
    }
    assert!(browser.text("location.pathname").ends_with(&one.to_string()), "nothing was sent");
    assert_eq!(node.service.link_stats(&staff).expect("counted").by_people, 0);
    browser.press("y", 89);
    browser.value("document.activeElement.click()");
    browser.loaded();
    assert_eq!(node.service.link_stats(&staff).expect("counted").by_people, 1);
    assert_eq!(browser.text("document.querySelector('[role=status]').innerText"), "1人として結びました。");
    assert!(browser.complaints.is_empty(), "{:?}", browser.complaints);
}

#[test]
fn papers_for_a_patient_fit_on_one_sheet() {
    let Some((mut browser, base, node, _portal, _runtime)) = real_stage("papers", Role::Clerk) else { return };
    let build = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    std::fs::create_dir_all(&build).expect("a folder");
    found_network(&node);
    let ids = said(&node);
    for (id, name) in ids.iter().zip(["consent-receipt", "consent-certificate"]) {
        browser.media("print", &[]);
        // A4 less its margins, in CSS pixels.
        browser.size(696, 1010);
        browser.go(&format!("{base}/patients/1/consent/{id}?lang=ja"));
        let height = browser.value("document.documentElement.scrollHeight").as_u64().unwrap_or(u64::MAX);
        assert!(height <= 1010, "{name} is {height} px high");
        std::fs::write(build.join(format!("{name}-print.png")), browser.picture()).expect("written");
    }
    browser.media("", &[]);
    browser.size(1280, 800);
    for (path, name) in [
        ("patients/1/consent", "consent"),
        ("patients/1/consent/new", "consent-new"),
        ("patients/1/consent/tablet", "consent-tablet"),
        ("network", "network"),
    ] {
        browser.go(&format!("{base}/{path}?lang=ja"));
        std::fs::write(build.join(format!("{name}.png")), browser.picture()).expect("written");
    }
}

/// Pictures of every page for people to look at, and with `MUSUBI_PICTURES=folder` those of the README:
/// `MUSUBI_PICTURES=docs/images cargo test -p portal --test browser pictures`.
#[test]
fn pictures_of_every_page_are_kept() {
    let Some(mut stage) = Stage::new("pictures", FakeDesk::quick()) else { return };
    let build = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    std::fs::create_dir_all(&build).expect("a folder");
    let keep = |browser: &mut Browser, name: &str| {
        let picture = browser.picture();
        assert!(picture.len() > 8_000, "{name} is empty");
        std::fs::write(build.join(format!("{name}.png")), &picture).expect("written");
        picture
    };
    for page in PAGES {
        let name = page.replace('/', "-");
        for (suffix, media, feature) in
            [("", "", None), ("-dark", "", Some(("prefers-color-scheme", "dark"))), ("-print", "print", None)]
        {
            stage.browser.media(media, feature.as_slice());
            stage.go(&format!("/patients/1/{page}?lang=ja"));
            keep(&mut stage.browser, &format!("{name}{suffix}"));
        }
    }
    stage.browser.media("", &[]);
    let Some(folder) = std::env::var_os("MUSUBI_PICTURES") else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    stage.browser.size(1280, 720);
    for (page, file) in [("timeline", "timeline.png"), ("drugs", "drugs.png")] {
        stage.go(&format!("/patients/1/{page}?lang=ja"));
        let picture = keep(&mut stage.browser, page);
        assert!(picture.len() <= 200 << 10, "{file}: {} bytes", picture.len());
        std::fs::write(folder.join(file), picture).expect("written");
    }
}
