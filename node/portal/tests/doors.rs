//! The way in, rights, and accounts of staff. Tests named `row_NN` are of the bad-input table of issue 6.
#[path = "../examples/fake/desk.rs"]
mod desk;
mod support;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use desk::FakeDesk;
use portal::{NEEDS, Need};
use protocol::kinds::Role;
use service::limits::{LOGIN_GUESSES_FREE, SETUP_LINK_MS};
use service::staff::{Right, StaffNumber, code_of, may};
use std::sync::Arc;
use support::{Answer, Browser, Office, PASSWORD, add, admin, first_login, secret_of};

fn door(office: &Office, demo: bool) -> Router {
    office.router(Arc::new(FakeDesk::quick()), demo)
}

#[tokio::test]
async fn the_first_run_goes_from_the_link_to_the_list_of_staff() {
    let office = Office::new();
    let router = door(&office, false);
    let mut browser = Browser::new(&router);
    assert!(browser.get("/login").await.text().contains("初期設定リンク"));
    let key = office.accounts.set_up_link().expect("nobody is known");
    let page = format!("/setup?key={key}");
    assert_eq!(browser.get(&page).await.status, StatusCode::OK);
    let form = |password: &'static str, again: &'static str| {
        [("login", "Admin-1"), ("name", "見本 花子"), ("password", password), ("again", again)]
    };
    for (password, again, text) in [("short", "short", "10字以上"), (PASSWORD, "another one", "一致しません")]
    {
        let fields = [&[("key", key.as_str())], &form(password, again)[..]].concat();
        let answer = browser.fill(&page, "/setup", &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text().contains(text) && answer.body.contains("Admin-1") && !answer.body.contains(password));
    }
    let fields = [&[("key", key.as_str())], &form(PASSWORD, PASSWORD)[..]].concat();
    let answer = browser.fill(&page, "/setup", &fields).await;
    assert_eq!((answer.status, answer.to()), (StatusCode::SEE_OTHER, "/login/factor"), "{}", answer.text());
    let cookie = answer.header(header::SET_COOKIE);
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"), "{cookie}");
    // A password alone opens nothing.
    assert_eq!(browser.get("/admin/staff").await.to(), "/login/factor");
    let factor = browser.get("/login/factor").await;
    assert!(factor.body.contains("<svg role=\"img\"") && factor.body.contains("viewBox"));
    let wrong = browser.fill("/login/factor", "/login/factor", &[("code", "000000")]).await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    let code = code_of(&secret_of(&factor), service::clock::Clock::now(office.clock.as_ref()));
    let codes = browser.fill("/login/factor", "/login/factor", &[("code", &code)]).await;
    assert!(codes.text().contains("二度と表示されません"));
    let staff = browser.get("/admin/staff").await;
    assert!(
        staff.status == StatusCode::OK && staff.text().contains("見本 花子") && staff.text().contains("システム管理者")
    );
    assert_eq!(browser.get("/patients").await.status, StatusCode::FORBIDDEN, "who runs the node reads no records");
    // Used, and too old.
    let mut other = Browser::new(&router);
    assert_eq!(other.get(&page).await.status, StatusCode::FORBIDDEN);
    let answer = other.fill("/login", "/setup", &fields).await;
    assert!(answer.status == StatusCode::FORBIDDEN && answer.text().contains("30分間"));
}

#[tokio::test]
async fn row_65_a_set_up_link_that_is_old_or_guessed_opens_nothing() {
    let office = Office::new();
    let router = door(&office, false);
    let mut browser = Browser::new(&router);
    let key = office.accounts.set_up_link().expect("nobody is known");
    office.clock.advance(SETUP_LINK_MS);
    for key in [key.as_str(), "", "guess"] {
        assert_eq!(browser.get(&format!("/setup?key={key}")).await.status, StatusCode::FORBIDDEN);
        let form = [("key", key), ("login", "a-1"), ("name", "x"), ("password", PASSWORD), ("again", PASSWORD)];
        assert_eq!(browser.fill("/login", "/setup", &form).await.status, StatusCode::FORBIDDEN);
    }
    assert!(office.accounts.is_empty());
}

#[tokio::test]
async fn row_61_a_session_fixed_before_the_login_is_worth_nothing() {
    let office = Office::new();
    let made = add(&office, "d-1", "doctor");
    let router = door(&office, false);
    let mut browser = Browser::with(&router, "musubi_8470=chosen-by-somebody-else");
    first_login(&office, &mut browser, "d-1", &made.code).await;
    let first = browser.session().expect("signed in").clone();
    assert_ne!(first, "chosen-by-somebody-else");
    let mut thief = Browser::with(&router, "musubi_8470=chosen-by-somebody-else");
    assert_eq!(thief.get("/").await.to(), "/login");
    // Between password and second factor the number changes too, and the one between opens nothing afterwards.
    let mut numbers = vec![first];
    office.clock.advance(60_000);
    let mut browser = Browser::new(&router);
    let answer = browser.fill("/login", "/login", &[("login", "d-1"), ("password", PASSWORD)]).await;
    assert_eq!(answer.to(), "/login/code");
    numbers.push(browser.session().expect("half in").clone());
    assert_eq!(Browser::with(&router, &format!("musubi_8470={}", numbers[1])).get("/me").await.to(), "/login/code");
}

#[tokio::test]
async fn rows_63_and_77_the_second_factor_is_asked_once_more_for_each_login_and_a_logout_leaves_nothing() {
    let office = Office::new();
    let made = add(&office, "d-1", "doctor");
    let router = door(&office, false);
    let mut browser = Browser::new(&router);
    let (secret, codes) = first_login(&office, &mut browser, "d-1", &made.code).await;
    let recovery = codes.between("<li><code>", '<');
    let page = browser.get("/").await;
    assert_eq!((page.status, page.header(header::CACHE_CONTROL)), (StatusCode::OK, "no-store"));
    let out = browser.fill("/me", "/logout", &[]).await;
    assert_eq!((out.to(), browser.session()), ("/login", None));
    // The code that set it up is used.
    let now = service::clock::Clock::now(office.clock.as_ref());
    let login = [("login", "d-1"), ("password", PASSWORD)];
    browser.fill("/login", "/login", &login).await;
    let used = browser.fill("/login/code", "/login/code", &[("code", &code_of(&secret, now))]).await;
    assert_eq!(used.status, StatusCode::FORBIDDEN);
    let answer = browser.fill("/login/code", "/login/code", &[("code", &recovery)]).await;
    assert_eq!((answer.status, answer.to()), (StatusCode::SEE_OTHER, "/"), "{}", answer.text());
    assert!(browser.get("/me").await.text().contains("残りの予備コードは 7 個"));
}

/// A page without what differs for every browser.
fn bare(answer: &Answer, login: &str) -> String {
    answer.body.replace(&answer.token(), "TOKEN").replace(&format!("value=\"{login}\""), "value=\"LOGIN\"")
}

#[tokio::test]
async fn row_64_a_guesser_learns_no_login_and_waits_ever_longer() {
    let office = Office::new();
    let made = add(&office, "d-1", "doctor");
    add(&office, "n-1", "nurse");
    office.accounts.suspend(&admin(), StaffNumber(2)).expect("suspended");
    let router = door(&office, false);
    first_login(&office, &mut Browser::new(&router), "d-1", &made.code).await;
    let mut runs = Vec::new();
    for (n, login) in ["d-1", "n-1", "nobody", "x y"].into_iter().enumerate() {
        let mut run = Vec::new();
        for attempt in 0..LOGIN_GUESSES_FREE + 2 {
            let mut browser = Browser::new(&router);
            browser.source = [192, 0, n as u8, attempt as u8];
            let hashes = office.accounts.hashes();
            let answer = browser.fill("/login", "/login", &[("login", login), ("password", "not this one")]).await;
            let waits = answer.header(header::RETRY_AFTER).to_owned();
            run.push((answer.status, waits, bare(&answer, login), office.accounts.hashes() - hashes));
        }
        runs.push(run);
    }
    for run in &runs[1..] {
        assert_eq!(&runs[0], run);
    }
    let statuses: Vec<u16> = runs[0].iter().map(|(status, ..)| status.as_u16()).collect();
    assert_eq!(statuses[..LOGIN_GUESSES_FREE as usize], vec![403; LOGIN_GUESSES_FREE as usize]);
    assert_eq!(statuses[LOGIN_GUESSES_FREE as usize..], [429, 429]);
    assert!(runs[0].last().is_some_and(|(_, waits, ..)| waits == "1"), "{:?}", runs[0].last());
    // Also the right password has to wait; after that it is taken.
    let mut browser = Browser::new(&router);
    let right = [("login", "d-1"), ("password", PASSWORD)];
    assert_eq!(browser.fill("/login", "/login", &right).await.status, StatusCode::TOO_MANY_REQUESTS);
    office.clock.advance(1_000);
    assert_eq!(browser.fill("/login", "/login", &right).await.to(), "/login/code");
}

#[tokio::test]
async fn row_62_a_cookie_carried_to_another_browser_ends_the_session() {
    let office = Office::staged();
    let router = door(&office, false);
    let cookie = office.cookie(Role::Doctor);
    let mut thief = Browser::with(&router, &cookie);
    thief.agent = "another browser";
    assert_eq!(thief.get("/patients").await.to(), "/login?to=/patients");
    assert_eq!(Browser::with(&router, &cookie).get("/patients").await.to(), "/login?to=/patients");
}

#[tokio::test]
async fn a_deep_link_and_the_language_survive_the_login_and_lead_nowhere_else() {
    let office = Office::new();
    let made = add(&office, "d-1", "doctor");
    let router = door(&office, false);
    let (secret, _) = first_login(&office, &mut Browser::new(&router), "d-1", &made.code).await;
    office.clock.advance(60_000);
    let mut browser = Browser::new(&router);
    let deep = browser.get("/patients/1/timeline?zoom=year&to=20260101").await;
    let login = deep.to().to_owned();
    assert_eq!(login, "/login?to=/patients/1/timeline%3Fzoom%3Dyear%26to%3D20260101");
    let english = browser.get(&format!("{login}&lang=en")).await;
    assert_eq!(english.to(), login);
    let page = browser.get(&login).await;
    assert!(page.body.contains("<html lang=\"en\">") && page.text().contains("Sign in"));
    let to = "/patients/1/timeline?zoom=year&to=20260101";
    assert!(page.body.contains(&format!("name=\"to\" value=\"{}\"", to.replace('&', "&amp;"))));
    let answer = browser.fill(&login, "/login", &[("login", "d-1"), ("password", PASSWORD), ("to", to)]).await;
    let next = answer.to().to_owned();
    assert!(next.starts_with("/login/code?to=/patients/1/timeline"), "{next}");
    let code = code_of(&secret, service::clock::Clock::now(office.clock.as_ref()));
    let answer = browser.fill(&next, "/login/code", &[("code", &code), ("to", to)]).await;
    assert_eq!(answer.to(), to);
    assert!(browser.get(to).await.body.contains("<html lang=\"en\">"));
    // Who is in and opens the login goes on, but not to another host.
    for odd in ["//evil.example", "https://evil.example/", "/%5Cevil.example"] {
        assert_eq!(browser.get(&format!("/login?to={odd}")).await.to(), "/", "{odd}");
    }
}

/// What can be asked of each address of the table, with numbers in it; and all that changes something.
const ASKED: &[(&str, &str)] = &[
    ("GET", "/"),
    ("GET", "/me"),
    ("POST", "/me/password"),
    ("POST", "/me/factor"),
    ("POST", "/me/sessions"),
    ("POST", "/logout"),
    ("GET", "/patients"),
    ("POST", "/patients"),
    ("GET", "/patients/1/timeline"),
    ("POST", "/patients/1/ask"),
    ("GET", "/patients/1/items/own-03030303030303030303030303030303"),
    ("GET", "/patients/1/consent"),
    ("GET", "/patients/1/consent/new"),
    ("POST", "/patients/1/consent/new"),
    ("GET", "/patients/1/consent/tablet"),
    ("POST", "/patients/1/consent/tablet"),
    ("GET", "/patients/1/consent/withdraw"),
    ("POST", "/patients/1/consent/withdraw"),
    ("GET", "/patients/1/consent/03030303030303030303030303030303"),
    ("GET", "/patients/1/consent/03030303030303030303030303030303/scan"),
    ("GET", "/patients/1/access"),
    ("GET", "/patients/1/access/print"),
    ("GET", "/consents"),
    ("GET", "/consents/1"),
    ("GET", "/matching"),
    ("GET", "/matching/p1-p2"),
    ("POST", "/matching/p1-p2"),
    ("POST", "/matching/undo"),
    ("GET", "/matching/links/l1"),
    ("POST", "/matching/links/l1/undo"),
    ("GET", "/patients/1/emergency"),
    ("POST", "/patients/1/emergency"),
    ("GET", "/patients/1/disaster"),
    ("POST", "/patients/1/disaster"),
    ("GET", "/emergency"),
    ("GET", "/emergency/review"),
    ("POST", "/emergency/review"),
    ("GET", "/network/disasters"),
    ("GET", "/network"),
    ("GET", "/accords"),
    ("GET", "/founders"),
    ("GET", "/founders/invite"),
    ("POST", "/founders/invite"),
    ("POST", "/founders/join"),
    ("POST", "/founders/import"),
    ("POST", "/founders/accord"),
    ("POST", "/founders/revoke"),
    ("POST", "/founders/found"),
    ("POST", "/founders/own"),
    ("POST", "/founders/sign/00"),
    ("POST", "/founders/admit/00"),
    ("POST", "/founders/refuse/00"),
    ("GET", "/founders/export/00"),
    ("GET", "/admin/log"),
    ("GET", "/admin/doctor"),
    ("GET", "/admin/feeds"),
    ("POST", "/admin/feeds/retry"),
    ("GET", "/admin/backup"),
    ("GET", "/admin/config"),
    ("GET", "/admin/staff"),
    ("POST", "/admin/staff"),
    ("GET", "/admin/staff/import"),
    ("POST", "/admin/staff/import"),
    ("POST", "/admin/staff/s2/reset"),
    ("POST", "/admin/staff/s2/suspend"),
    ("POST", "/admin/staff/s2/resume"),
    ("POST", "/admin/staff/s2/role"),
    ("GET", "/admin/keys"),
];

#[tokio::test]
async fn row_85_every_role_reaches_what_the_table_says_and_nothing_else() {
    let fits = |pattern: &str, path: &str| {
        let (mut own, mut parts) = (pattern.split('/'), path.split('/'));
        loop {
            match (own.next(), parts.next()) {
                (None, None) | (Some("*"), Some(_)) => return true,
                (Some("{}"), Some(_)) => {}
                (Some(own), Some(part)) if own == part => {}
                _ => return false,
            }
        }
    };
    let right_of = |path: &str| -> Option<Right> {
        NEEDS.iter().find(|(pattern, _)| fits(pattern, path)).and_then(|(_, need)| match need {
            Need::Right(right) => Some(*right),
            _ => None,
        })
    };
    for (pattern, need) in NEEDS.iter().filter(|(_, need)| matches!(need, Need::Right(_))) {
        assert!(ASKED.iter().any(|(_, path)| fits(pattern, path)), "{pattern} ({need:?}) is tried by nobody");
    }
    for role in Role::ALL {
        for (method, path) in ASKED {
            let office = Office::staged();
            let router = door(&office, false);
            let mut browser = Browser::with(&router, &office.cookie(*role));
            let right = right_of(path).unwrap_or_else(|| panic!("{path} is not in the table"));
            let answer = match *method {
                "GET" => browser.get(path).await,
                _ => browser.fill("/me", path, &[]).await,
            };
            let denied = answer.status == StatusCode::FORBIDDEN && answer.text().contains("この操作の権限がありません");
            assert_eq!(denied, !may(*role, right), "{role} {method} {path}: {}", answer.status);
            if *path == "/admin/staff/s2/suspend" {
                let rows = office.accounts.list(&admin()).expect("rows");
                let state = rows.iter().find(|row| row.number == StaffNumber(2)).expect("there").state.word();
                assert_eq!(state == "suspended", !denied, "{role}: what is refused changes nothing");
            }
        }
    }
    // Nobody at all, and who is half in.
    let office = Office::new();
    let router = door(&office, false);
    for (method, path) in ASKED {
        let mut browser = Browser::new(&router);
        let answer = match *method {
            "GET" => browser.get(path).await,
            _ => browser.fill("/login", path, &[]).await,
        };
        let expect = if *method == "GET" { StatusCode::SEE_OTHER } else { StatusCode::FORBIDDEN };
        assert_eq!(answer.status, expect, "{method} {path}");
        assert!(!answer.body.contains("みなと病院"), "{path}");
    }
}

#[tokio::test]
async fn row_67_no_forged_form_changes_anything() {
    let office = Office::staged();
    let router = door(&office, false);
    let doors = [("POST", "/login"), ("POST", "/login/first"), ("POST", "/setup")];
    for (_, path) in ASKED.iter().chain(&doors).filter(|(method, _)| *method == "POST") {
        let role = if path.starts_with("/admin") || path.starts_with("/founders") {
            Role::Administrator
        } else if *path == "/emergency/review" {
            Role::Auditor
        } else {
            Role::Doctor
        };
        let mut browser = Browser::with(&router, &office.cookie(role));
        let token = browser.get("/me").await.token();
        let other = Browser::with(&router, &office.cookie(role)).get("/me").await.token();
        let log = office.house.service.log_head().size;
        for form in [String::new(), "token=".into(), format!("token={other}"), format!("token={token}&token={token}")] {
            assert_eq!(browser.post(path, &form).await.status, StatusCode::FORBIDDEN, "{path} {form}");
        }
        let good = format!("token={token}");
        let kinds = ["application/json", "text/plain", "multipart/form-data; boundary=x"];
        let odd = kinds.map(|kind| ("content-type", kind)).into_iter();
        let odd = odd.chain([
            ("origin", "http://evil.example"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "cross-site"),
        ]);
        for (name, value) in odd {
            let mut request = browser.request(Method::POST, path);
            if name != "content-type" {
                request = request.header("content-type", "application/x-www-form-urlencoded");
            }
            let request = request.header(name, value).body(Body::from(good.clone())).expect("a request");
            assert_eq!(browser.send(request).await.status, StatusCode::FORBIDDEN, "{path} {name}: {value}");
        }
        // Another method does not get around it.
        for method in [Method::PUT, Method::DELETE, Method::PATCH] {
            let request = browser.request(method, path).header("x-http-method-override", "POST");
            let answer = browser.send(request.body(Body::from(good.clone())).expect("a request")).await;
            assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
        }
        let got = browser.get(&format!("{path}?token={token}&_method=post")).await;
        // The staged desk has no node behind its office and says so.
        let has_node =
            !["/founders", "/admin", "/matching", "/emergency"].iter().any(|office| path.starts_with(office))
                && !["/emergency", "/disaster"].iter().any(|office| path.ends_with(office));
        assert!(!has_node || got.status != StatusCode::INTERNAL_SERVER_ERROR, "{path}: {}", got.text());
        assert!(browser.get("/").await.status == StatusCode::OK, "{path}: still signed in");
        let shown = office.house.service.log_head().size - log;
        assert!(shown <= 1, "{path}: a GET of an own page may say that it was shown, nothing else: {shown}");
    }
    let rows = office.accounts.list(&admin()).expect("rows");
    assert!(rows.len() == Role::ALL.len() && rows.iter().all(|row| row.state.word() == "active"));
}

#[tokio::test]
async fn row_69_fields_that_no_form_has_are_not_applied() {
    let office = Office::new();
    let router = door(&office, false);
    let key = office.accounts.set_up_link().expect("nobody is known");
    let mut browser = Browser::new(&router);
    let form = [
        ("key", key.as_str()),
        ("login", "a-1"),
        ("name", "x"),
        ("password", PASSWORD),
        ("again", PASSWORD),
        ("role", "doctor"),
        ("is_demo", "true"),
        ("__proto__", "x"),
    ];
    assert_eq!(browser.fill("/login", "/setup", &form).await.status, StatusCode::SEE_OTHER);
    let rows = office.accounts.list(&admin()).expect("rows");
    assert_eq!(rows[0].role, Role::Administrator);
    let twice = browser.fill("/login", "/login", &[("login", "a-1"), ("login", "b-2"), ("password", PASSWORD)]).await;
    assert_eq!(twice.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn every_page_of_the_way_in_keeps_to_itself_in_both_languages() {
    let office = Office::staged();
    let router = door(&office, true);
    for lang in ["ja", "en"] {
        for path in ["/login", "/login/first", "/setup?key=x", "/demo"] {
            let mut browser = Browser::with(&router, &format!("musubi_lang={lang}"));
            check_page(&browser.get(path).await, path, lang);
        }
        let mut admin = Browser::with(&router, &office.cookie(Role::Administrator));
        admin.cookies.insert("musubi_lang".into(), lang.into());
        for path in ["/", "/me", "/admin/staff", "/admin/staff/import", "/patients", "/nothing"] {
            check_page(&admin.get(path).await, path, lang);
        }
    }
}

fn check_page(page: &Answer, path: &str, lang: &str) {
    assert!(page.body.starts_with("<!DOCTYPE html>") && page.body.ends_with("</html>"), "{path}");
    assert!(page.body.contains(&format!("<html lang=\"{lang}\">")), "{path}");
    assert!(page.header(header::CONTENT_SECURITY_POLICY).contains("frame-ancestors 'none'"), "{path}");
    assert_eq!(page.header(header::CACHE_CONTROL), "no-store", "{path}");
    // The one address that is named in words is the node's own.
    let body = page.body.replace("http://localhost", "");
    for forbidden in [" style=", "<script>", "http://", "https://", "javascript:", " onclick"] {
        assert!(!body.contains(forbidden), "{path} has {forbidden}");
    }
    let inputs = page.body.matches("<input").count() - page.body.matches("type=\"hidden\"").count();
    assert!(page.body.matches("<label").count() >= inputs, "{path}: every field has a label");
}
