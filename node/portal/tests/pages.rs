//! What every page promises, asked of the router over a desk of made-up people.
#[path = "../examples/fake/desk.rs"]
mod desk;
mod support;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use desk::{FakeDesk, Holders};
use portal::{Lang, PortalConfig};
use protocol::kinds::Role;
use std::sync::Arc;
use support::{Answer, Office};

struct Site {
    desk: Arc<FakeDesk>,
    router: Router,
    office: Office,
    /// Of a doctor who is signed in.
    cookie: String,
}

impl Site {
    fn new(desk: FakeDesk, demo: bool) -> Self {
        let (desk, office) = (Arc::new(desk), Office::staged());
        let (router, cookie) = (office.router(desk.clone(), demo), office.cookie(Role::Doctor));
        Self { desk, router, office, cookie }
    }
    async fn send(&self, request: Request<Body>) -> Answer {
        support::send(&self.router, request).await
    }
    fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header("host", "127.0.0.1:8470")
            .header("cookie", self.cookie.as_str())
    }
    async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).body(Body::empty()).expect("a request")).await
    }
    async fn get_in(&self, path: &str, lang: Lang) -> Answer {
        let cookie = format!("{}; musubi_lang={}", self.cookie, lang.tag());
        let request = Request::builder().uri(path).header("host", "127.0.0.1:8470").header("cookie", cookie);
        self.send(request.body(Body::empty()).expect("a request")).await
    }
    async fn post(&self, path: &str, form: String) -> Answer {
        let request = self.request(Method::POST, path).header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form)).expect("a request")).await
    }
    async fn token(&self) -> String {
        self.get("/patients").await.token()
    }
}

/// 高橋
const TAKAHASHI: &str = "%E9%AB%98%E6%A9%8B";

#[tokio::test]
async fn row_74_a_foreign_host_name_is_refused_before_anything_else() {
    let site = Site::new(FakeDesk::quick(), false);
    for host in ["evil.example:8470", "127.0.0.1:1"] {
        let request = Request::builder().uri("/").header("host", host).header("cookie", site.cookie.as_str());
        let answer = site.send(request.body(Body::empty()).expect("a request")).await;
        assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{host}");
        assert!(answer.body.contains("http://127.0.0.1:8470/") && !answer.body.contains("みなと病院"));
    }
}

#[tokio::test]
async fn who_is_not_signed_in_is_shown_nothing_of_node_or_patients() {
    let site = Site::new(FakeDesk::quick(), false);
    for path in ["/", "/patients", "/patients/1/timeline", "/nothing"] {
        let request = Request::builder().uri(path).header("host", "localhost:8470");
        let answer = site.send(request.body(Body::empty()).expect("a request")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(answer.to().starts_with("/login") && answer.body.is_empty(), "{path}: {}", answer.to());
    }
}

#[tokio::test]
async fn a_forged_form_changes_nothing() {
    let site = Site::new(FakeDesk::quick(), false);
    for form in [format!("q={TAKAHASHI}"), format!("q={TAKAHASHI}&token="), format!("q={TAKAHASHI}&token=wrong")] {
        let answer = site.post("/patients", form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(!answer.body.contains("フミ子"));
    }
    assert_eq!(site.post("/patients/1/ask", "ground=R-1&token=wrong".into()).await.status, StatusCode::FORBIDDEN);
    site.get("/patients/1/timeline").await;
    assert!(site.desk.asked.lock().expect("the fake").is_empty());
    let token = site.token().await;
    let request = site
        .request(Method::POST, "/patients")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", "http://evil.example");
    let answer = site.send(request.body(Body::from(format!("q={TAKAHASHI}&token={token}"))).expect("a request")).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn row_78_a_search_finds_people_and_no_name_stands_in_any_address() {
    let site = Site::new(FakeDesk::quick(), false);
    let token = site.token().await;
    let answer = site.post("/patients", format!("q={TAKAHASHI}&token={token}")).await;
    assert_eq!(answer.status, StatusCode::OK);
    for text in ["1941(昭和16)年9月3日", "1989(昭和64)年1月7日", "85歳", "0041-2281", "同姓同名", "大船渡みなと病院"]
    {
        assert!(answer.text().contains(text), "{text}");
    }
    let addresses = answer.body.split("href=\"").chain(answer.body.split("action=\"")).skip(1);
    for address in addresses.filter_map(|part| part.split('"').next()).filter(|address| address.starts_with('/')) {
        assert!(!address.contains(TAKAHASHI) && !address.contains("高橋") && !address.contains("0041"), "{address}");
    }
    let empty = site.post("/patients", format!("q=+&token={token}")).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.text().contains("生年月日を入れてください"));
    assert_eq!(site.post("/patients", format!("q=busy&token={token}")).await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn row_71_script_in_a_name_is_text() {
    let evil = "<script>alert(1)</script>\"><img src=x onerror=alert(2)>";
    let site = Site::new(FakeDesk { family: evil.into(), ..FakeDesk::quick() }, true);
    let token = site.token().await;
    let found = site.post("/patients", format!("q={TAKAHASHI}&token={token}")).await;
    let record = format!("/patients/1/items/own-{}?original=1", "03".repeat(16));
    for answer in [found, site.get("/patients/1/timeline").await, site.get(&record).await] {
        assert_eq!(answer.status, StatusCode::OK);
        assert!(!answer.body.contains("<script>") && !answer.body.contains("<img"));
        assert!(answer.body.contains("&lt;script&gt;"));
    }
    let echo = site.post("/patients", format!("q=%22%3E%3Cscript%3E&token={token}")).await;
    assert!(!echo.body.contains("<script>"));
}

#[tokio::test]
async fn row_75_unknown_numbers_are_not_here() {
    let site = Site::new(FakeDesk::quick(), true);
    let unknown = format!("/patients/1/items/own-{}", "fa".repeat(16));
    for path in [
        "/patients/99/timeline",
        "/patients/x/timeline",
        "/patients/-1/timeline",
        "/nothing",
        "/assets/x.css",
        &unknown,
    ] {
        assert_eq!(site.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in
        ["/patients/1/items/own-zz", "/patients/1/items/..%2F..%2Fetc", "/patients/18446744073709551616/timeline"]
    {
        assert_eq!(site.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn rows_73_and_89_every_page_keeps_to_itself_and_stays_small_in_both_languages() {
    let site = Site::new(FakeDesk { items: 60, ..FakeDesk::quick() }, true);
    let record = format!("/patients/1/items/{}-{}", "01".repeat(16), "03".repeat(16));
    for lang in [Lang::Ja, Lang::En] {
        for path in
            ["/", "/patients", "/patients/1/timeline", "/patients/1/timeline?order=date&zoom=year", &record, "/nothing"]
        {
            let answer = site.get_in(path, lang).await;
            assert!(answer.body.starts_with("<!DOCTYPE html><html lang="), "{path}");
            assert!(answer.body.contains(&format!("<html lang=\"{}\">", lang.tag())), "{path}");
            assert!(answer.body.ends_with("</html>"), "{path}");
            assert!(answer.body.len() < 150_000, "{path}: {} bytes", answer.body.len());
            let policy = answer.header(header::CONTENT_SECURITY_POLICY);
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}");
            assert_eq!(answer.header(header::CACHE_CONTROL), "no-store", "{path}");
            for forbidden in [" style=", "<script>", "http://", "https://", "javascript:", " onclick"] {
                assert!(!answer.body.contains(forbidden), "{path} has {forbidden}");
            }
        }
    }
}

#[tokio::test]
async fn a_silent_holder_is_unknown_and_never_none() {
    let site = Site::new(FakeDesk::quick(), true);
    for (lang, words) in
        [(Lang::Ja, ["不通 09:10〜", "遅延", "承認待ち"]), (Lang::En, ["Offline since 09:10", "Late", "Pending"])]
    {
        for path in ["/patients/1/timeline", "/patients/1/timeline?order=date"] {
            let text = site.get_in(path, lang).await.text();
            for word in words.into_iter().chain(["ひかり診療所"]) {
                assert!(text.contains(word), "{path} {lang:?} lacks {word}");
            }
            assert!(text.to_lowercase().contains(if lang == Lang::Ja { "不明" } else { "unknown" }));
            for forbidden in ["なし", "無し", "ありません", "none", "None", "no record", "No record"] {
                assert!(!text.contains(forbidden), "{path} {lang:?} has {forbidden}");
            }
        }
    }
}

#[tokio::test]
async fn with_2_of_6_holders_killed_mid_read_every_page_says_which_and_since_when_and_none_is_not_said() {
    let site = Site::new(FakeDesk { holders: Holders::SixLessTwo, ..FakeDesk::quick() }, true);
    for (lang, since) in
        [(Lang::Ja, ["不通 10:35〜", "不通 09:10〜"]), (Lang::En, ["Offline since 10:35", "Offline since 09:10"])]
    {
        for path in ["timeline", "timeline?order=date", "labs", "drugs", "documents"] {
            let page = site.get_in(&format!("/patients/1/{path}"), lang).await;
            // The sentence of the whole, as it stands on screen and on paper, and every list that they may add to.
            let whole =
                page.body.rsplit("sum done").next().and_then(|rest| rest.split("</div>").next()).expect("a sentence");
            for (house, since) in ["泉中央病院", "青葉クリニック"].iter().zip(since) {
                assert!(whole.contains(&format!("{house} ({since})")), "{path} {lang:?}: {whole}");
            }
            let text = page.text();
            for forbidden in ["なし", "無し", "ありません", "none", "None", "No ", "no record"] {
                assert!(!text.contains(forbidden), "{path} {lang:?} says {forbidden}");
            }
            assert!(text.to_lowercase().contains(if lang == Lang::Ja { "不明" } else { "unknown" }), "{path}");
        }
        let timeline = site.get_in("/patients/1/timeline", lang).await;
        // The rows of both are kept as unknown, and so is every part of the summary.
        assert_eq!(timeline.body.matches("answer r-1 ").count() + timeline.body.matches("answer r-3 ").count(), 2);
        assert_eq!(timeline.body.matches("class=\"lane unknown-lane\"").count(), 2, "{lang:?}");
        let summary =
            timeline.body.rsplit("<aside").next().and_then(|rest| rest.split("</aside>").next()).expect("one");
        let parts: Vec<&str> = summary.split("class=\"side-part\"").skip(1).collect();
        for part in &parts {
            assert!(part.contains("泉中央病院") && part.contains("青葉クリニック"), "{lang:?}: {part}");
        }
        assert_eq!(parts.len(), 4);
    }
}

#[tokio::test]
async fn nobody_is_asked_without_a_ground_and_its_answers_are_not_asked_for_again() {
    let site = Site::new(FakeDesk::quick(), false);
    let before = site.get("/patients/1/timeline").await;
    assert!(
        before.text().contains("まだたずねていません") && before.text().contains("アピキサバン"),
        "own records stand at once"
    );
    let token = before.token();
    let missing = site.post("/patients/1/ask", format!("token={token}&ground=+")).await;
    assert!(missing.header(header::LOCATION).ends_with("?ground=missing"));
    assert!(site.desk.asked.lock().expect("the fake").is_empty());
    let asked = site.post("/patients/1/ask", format!("token={token}&ground=R-1031")).await;
    assert_eq!((asked.status, asked.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/patients/1/timeline"));
    for path in ["/patients/1/timeline", "/patients/1/timeline?zoom=week", "/patients/1/timeline?order=date"] {
        let page = site.get(path).await;
        assert!(page.text().contains("仙台みやぎ総合病院") && page.text().contains("取得済"), "{path}");
    }
    assert_eq!(*site.desk.asked.lock().expect("the fake"), ["R-1031"], "one question for three pages");
    *site.desk.are_copies_gone.lock().expect("the fake") = true;
    let gone = site.get("/patients/1/timeline").await;
    assert!(gone.text().contains("控え消去") && !gone.body.contains(&format!("items/{}", "00".repeat(16))));
}

#[tokio::test]
async fn an_index_that_cannot_be_read_does_not_mean_that_nobody_has_anything() {
    let site = Site::new(FakeDesk::quick(), true);
    let text = site.get("/patients/3/timeline").await.text();
    assert!(text.contains("ほかの施設の記録は不明です"));
    let alone = site.get("/patients/2/timeline").await.text();
    assert!(alone.contains("いま手元の索引に 0 件"));
}

#[tokio::test]
async fn the_language_is_switched_on_the_same_page() {
    let site = Site::new(FakeDesk::quick(), true);
    let answer = site.get("/patients/1/timeline?zoom=week&lang=en").await;
    assert_eq!(
        (answer.status, answer.header(header::LOCATION)),
        (StatusCode::SEE_OTHER, "/patients/1/timeline?zoom=week")
    );
    assert!(answer.header(header::SET_COOKIE).starts_with("musubi_lang=en;"));
    let token = site.token().await;
    let found = site.post("/patients", format!("q={TAKAHASHI}&lang=en&token={token}")).await;
    assert!(found.text().contains("2 patients found") && found.text().contains("3 Sep 1941 (Showa 16)"));
}

#[tokio::test]
async fn health_is_told_to_who_is_not_signed_in() {
    let site = Site::new(FakeDesk::quick(), false);
    for path in ["/healthz", "/readyz"] {
        let request = Request::builder().uri(path).header("host", "localhost:8470");
        assert_eq!(site.send(request.body(Body::empty()).expect("a request")).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_portal_listens_on_this_machine_only_and_names_a_taken_port() {
    let desk: Arc<FakeDesk> = Arc::new(FakeDesk::quick());
    let accounts = Office::new().accounts;
    let open = |config: PortalConfig| portal::serve_desk(desk.clone(), accounts.clone(), config);
    let outside = open(PortalConfig::new(([0, 0, 0, 0], 0).into())).await;
    assert!(outside.err().expect("refused").to_string().contains("127.0.0.1"));
    let first = open(PortalConfig::new(([127, 0, 0, 1], 0).into())).await.expect("open");
    let second = open(PortalConfig::new(first.addr)).await;
    assert!(second.err().expect("taken").to_string().contains(&first.addr.port().to_string()));
    assert_eq!(first.link(portal::Door::SetUp, "x"), format!("http://{}/setup?key=x", first.addr));
    first.stop().await;
}

#[tokio::test]
async fn what_one_asked_for_is_not_shown_to_another() {
    let site = Site::new(FakeDesk::quick(), false);
    let token = site.get("/patients/1/timeline").await.token();
    site.post("/patients/1/ask", format!("token={token}&ground=R-1031")).await;
    assert!(site.get("/patients/1/timeline").await.text().contains("取得済"));
    let nurse = Site { cookie: site.office.cookie(Role::Nurse), ..site };
    let page = nurse.get("/patients/1/timeline").await;
    assert!(page.text().contains("まだたずねていません") && !page.text().contains("取得済"));
}

#[tokio::test]
async fn row_76_a_search_is_literal_short_and_shows_marks_as_letters() {
    let site = Site::new(FakeDesk::quick(), true);
    let token = site.token().await;
    // Wildcards and patterns find nobody; a line end, a mark that turns the reading around, ten kilobytes are only text.
    for odd in ["%25", ".*", "*", "%27+OR+1%3D1--", "%00", "%E2%80%AE%E9%AB%98", "%0D%0ASet-Cookie:+x%3D1"] {
        let answer = site.post("/patients", format!("q={odd}&token={token}")).await;
        assert!(matches!(answer.status, StatusCode::OK | StatusCode::UNPROCESSABLE_ENTITY), "{odd}: {}", answer.status);
        assert!(!answer.body.contains("href=\"/patients/1/"), "{odd} finds nobody");
        assert!(!answer.headers.contains_key("x"), "{odd}");
    }
    let long = site.post("/patients", format!("q={}&token={token}", "a".repeat(10 << 10))).await;
    assert!(long.status == StatusCode::OK && !long.body.contains(&"a".repeat(201)), "cut to what is looked at");
    let huge = site.post("/patients", format!("q={}&token={token}", "a".repeat(64 << 10))).await;
    assert_eq!(huge.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn row_79_a_fault_says_what_to_do_and_nothing_of_the_inside() {
    let site = Site::new(FakeDesk::quick(), true);
    // Where there is no node behind the pages, everything of the offices fails inside.
    for path in ["/network", "/patients/1/access/nothing", "/patients/7/labs"] {
        let answer = site.get(path).await;
        assert!(answer.status.is_server_error() || answer.status.is_client_error(), "{path}: {}", answer.status);
        for inside in ["panicked", "src/", ".rs", "there is no node behind", "DeskError", "高橋", "TAKAHASHI"] {
            assert!(!answer.body.contains(inside), "{path} says {inside}");
        }
    }
}

#[tokio::test]
async fn row_82_a_hundred_years_of_everything_is_one_page_below_150_kilobytes() {
    // 2,800 records of seven houses, read while the page is sent and again from what was answered.
    for holders in [Holders::Six, Holders::Usual] {
        let site = Site::new(FakeDesk { items: 400, holders, ..FakeDesk::quick() }, true);
        let mut sizes = Vec::new();
        for query in [
            "timeline",
            "timeline?zoom=year&to=99991231",
            "timeline?zoom=year&to=00010101",
            "timeline?zoom=century",
            "timeline?to=20261301",
            "timeline?zoom=week",
            "timeline?zoom=year&order=date&show=labs&show=labs",
            "timeline?zoom=month&order=date",
            "labs",
            "labs?zoom=year",
            "drugs",
            "drugs?zoom=year",
            "documents",
        ] {
            for lang in [Lang::Ja, Lang::En] {
                let fresh = Site::new(FakeDesk { items: 400, holders, ..FakeDesk::quick() }, true);
                for site in [&fresh, &site] {
                    let answer = site.get_in(&format!("/patients/1/{query}"), lang).await;
                    assert_eq!(answer.status, StatusCode::OK, "{query}");
                    sizes.push((answer.body.len(), query, lang.tag()));
                }
            }
        }
        sizes.sort_unstable();
        eprintln!("largest: {:?}", &sizes[sizes.len() - 8..]);
        let large: Vec<_> = sizes.iter().filter(|(bytes, ..)| *bytes > 150_000).collect();
        assert!(large.is_empty(), "{large:?}");
    }
}

#[tokio::test]
async fn a_dense_page_says_what_it_leaves_out_and_each_record_stays_one_period_away() {
    let site = Site::new(FakeDesk { items: 400, holders: Holders::Six, ..FakeDesk::quick() }, true);
    let year = site.get("/patients/1/timeline?zoom=year").await;
    assert!(year.text().contains("ほかに") && year.body.contains("href=\"#list-own\""), "{}", year.text());
    let links = |body: &str| body.matches("class=\"item\"").count();
    let day = site.get("/patients/1/timeline?zoom=day").await;
    assert!(links(&day.body) > 20, "{}", links(&day.body));
}

#[tokio::test]
async fn row_87_line_ends_in_addresses_never_reach_a_header() {
    let site = Site::new(FakeDesk::quick(), true);
    for path in [
        "/patients/1/timeline?lang=en%0D%0ASet-Cookie:%20x=1",
        "/patients/1/timeline?lang=en&zoom=%0D%0AX-Evil:%201",
        "/%0D%0AX-Evil:%201",
        "/login?to=/%0D%0AX-Evil:%201",
    ] {
        let answer = site.get(path).await;
        assert!(!answer.headers.contains_key("x-evil"), "{path}");
        let cookies = answer.headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        assert!(cookies.into_iter().all(|cookie| !cookie.contains("x=1")), "{path}");
        assert!(!answer.header(header::LOCATION).contains(['\r', '\n']), "{path}");
    }
}

#[tokio::test]
async fn row_147_a_name_of_ten_thousand_letters_with_rare_signs_is_shown_whole() {
    // 𠮷 is outside the basic plane, 葛󠄀 has a variation selector; an emoji is no name, but text.
    let family = format!("𠮷髙﨑葛\u{e0100}👪{}", "長".repeat(10_000));
    let site = Site::new(FakeDesk { family: family.clone(), ..FakeDesk::quick() }, true);
    for path in ["/patients/1/timeline", "/patients/1/access/sheet"] {
        let answer = site.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(answer.body.contains(&family), "{path}: no letter is lost");
    }
}

#[tokio::test]
async fn holders_whose_index_is_not_confirmed_since_the_start_are_named_as_unknown() {
    let desk = FakeDesk { unconfirmed: vec!["綾里病院".into()], ..FakeDesk::quick() };
    let site = Site::new(desk, false);
    for (lang, words) in [(Lang::Ja, "索引が最新かまだ確かめられていません"), (Lang::En, "nobody has confirmed")]
    {
        // Whether others are known to hold something, or nobody is.
        for page in ["/patients/1/timeline", "/patients/1/drugs", "/patients/2/timeline"] {
            let text = site.get_in(page, lang).await.text();
            assert!(text.contains("綾里病院") && text.contains(words), "{page}: {text}");
        }
        assert!(!site.get_in("/patients/2/timeline", lang).await.text().contains("0 件"), "not none");
    }
}
