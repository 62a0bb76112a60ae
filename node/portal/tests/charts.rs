//! What a person's pages promise, asked of the router over a desk of made-up people: marks in names stay letters, states are
//! words, pages stay small, lines join only what is one test.
#[path = "../examples/fake/desk.rs"]
mod desk;
mod support;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use desk::FakeDesk;
use protocol::kinds::Role;
use std::sync::Arc;
use support::Office;
use tower::ServiceExt;

const TABS: [&str; 6] = ["timeline", "labs", "drugs", "documents", "access", "access/sheet"];

struct Site {
    router: Router,
    _office: Office,
    /// Of a doctor who is signed in.
    cookie: String,
}

impl Site {
    fn new(desk: FakeDesk) -> Self {
        let office = Office::staged();
        let (router, cookie) = (office.router(Arc::new(desk), true), office.cookie(Role::Doctor));
        Self { router, _office: office, cookie }
    }
    async fn get(&self, path: &str, lang: &str) -> (StatusCode, HeaderMap, String) {
        let cookie = format!("{}; musubi_lang={lang}", self.cookie);
        let request = Request::builder().uri(path).header("host", "127.0.0.1:8470").header("cookie", cookie);
        let answer = self.router.clone().oneshot(request.body(Body::empty()).expect("a request")).await;
        let (parts, body) = answer.expect("an answer").into_parts();
        let bytes = to_bytes(body, 4 << 20).await.expect("a body");
        (parts.status, parts.headers, String::from_utf8(bytes.to_vec()).expect("text"))
    }
    async fn page(&self, tab: &str, lang: &str) -> String {
        let (status, _, body) = self.get(&format!("/patients/1/{tab}"), lang).await;
        assert_eq!(status, StatusCode::OK, "{tab} in {lang}");
        body
    }
}

fn text(body: &str) -> String {
    let parts = body.split('<').map(|part| part.split_once('>').map_or("", |(_, text)| text));
    parts.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn row_71_marks_in_names_diagnoses_allergens_and_comments_stay_letters() {
    let evil = "<script>alert(1)</script>\"><img src=x onerror=alert(2)>'";
    let site = Site::new(FakeDesk { family: evil.into(), ..FakeDesk::quick() });
    for lang in ["ja", "en"] {
        for tab in TABS {
            let body = site.page(tab, lang).await;
            assert!(!body.contains("<script>") && !body.contains("<img") && !body.contains("<i>疑義"), "{tab}");
            assert!(body.contains("&lt;script&gt;"), "{tab} names the person");
        }
        assert!(site.page("timeline", lang).await.contains("&lt;i&gt;疑義&lt;/i&gt;"), "a diagnosis with marks");
    }
}

#[tokio::test]
async fn every_page_is_small_keeps_to_itself_and_has_no_style_or_script() {
    let site = Site::new(FakeDesk { items: 60, ..FakeDesk::quick() });
    for lang in ["ja", "en"] {
        for tab in TABS.into_iter().chain(["timeline?zoom=year", "labs?zoom=year", "drugs?zoom=year"]) {
            let (_, headers, body) = site.get(&format!("/patients/1/{tab}"), lang).await;
            assert!(body.len() < 150_000, "{tab} in {lang}: {} bytes", body.len());
            let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().expect("text");
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{tab}");
            for forbidden in [" style=", "<script>", "http://", "https://", "javascript:", " onclick"] {
                assert!(!body.contains(forbidden), "{tab} has {forbidden}");
            }
            assert!(body.ends_with("</html>"), "{tab}");
        }
    }
}

#[tokio::test]
async fn results_join_on_one_line_only_where_code_and_unit_agree() {
    let body = Site::new(FakeDesk::quick()).page("labs", "ja").await;
    let all = body.split("part all").nth(1).expect("the chart of all answers");
    let plots = |part: &str, name: &str| part.matches(&format!("aria-label=\"{name} ")).count();
    assert_eq!(plots(&body, "クレアチニン"), 2, "own results first, then with those of other houses");
    assert_eq!(plots(all, "クレアチニン"), 1, "one line for both hospitals");
    assert_eq!(plots(all, "CRP"), 2, "codes of a house join no other house");
    assert!(text(&body).contains("同じ名前でコードが違うので別の線"));
    assert!(text(&body).contains("▲") && text(&body).contains("高"), "marks and words, not only colour");
}

#[tokio::test]
async fn a_test_that_another_house_made_days_before_is_marked_as_repeated() {
    let site = Site::new(FakeDesk { items: 60, ..FakeDesk::quick() });
    let body = site.page("labs", "ja").await;
    let own = body.split("part all").next().expect("own results come first");
    assert!(!own.contains("again-ring"), "one house repeats nothing");
    let all = body.split("part all").nth(1).expect("the chart of all answers");
    let told = text(all);
    for word in ["繰り返し検査", "仙台みやぎ総合病院", "日後に", "クレアチニン"] {
        assert!(told.contains(word), "{word}");
    }
    assert!(all.contains("again-ring") && all.contains("class=\"repeat\""), "in the chart and in the table");
    let lines: Vec<&str> =
        all.split("notice-line s-late").skip(1).map(|line| line.split("</p>").next().expect("a line")).collect();
    assert!(lines.iter().all(|line| !line.contains("CRP")), "codes of a house are no other house's test");
    assert!(text(&site.page("labs", "en").await).contains("Repeated test"));
}

#[tokio::test]
async fn two_houses_with_one_ingredient_are_told_in_words() {
    let site = Site::new(FakeDesk::quick());
    let drugs = text(&site.page("drugs", "ja").await);
    assert!(drugs.contains("重複") && drugs.contains("アムロジピン") && drugs.contains("内服・経口・１日１回朝食後"));
    assert!(text(&site.page("drugs", "en").await).contains("Double"));
    assert!(text(&site.page("timeline", "ja").await).contains("重複"), "also in the summary");
}

#[tokio::test]
async fn a_summary_names_silent_holders_and_its_sources() {
    let site = Site::new(FakeDesk::quick());
    let body = site.page("timeline", "ja").await;
    let column =
        body.rsplit("<aside").next().and_then(|rest| rest.split("</aside>").next()).expect("the summary of all");
    for word in ["病名", "アレルギー", "今の薬", "検査 異常のみ", "不明", "仙台みやぎ総合病院", "大動脈弁狭窄症"]
    {
        assert!(column.contains(word), "{word}");
    }
    for none in ["なし", "無し", "ありません"] {
        assert!(!text(&body).contains(none), "{none}");
    }
}

#[tokio::test]
async fn lanes_can_be_chosen_and_nonsense_shows_all() {
    let site = Site::new(FakeDesk::quick());
    let all = site.page("timeline", "ja").await;
    let labs = site.page("timeline?show=labs", "ja").await;
    assert!(
        all.contains("#m-image")
            && !labs.split("<main").nth(1).expect("a page").contains("外来受診 循環器内科</title>")
    );
    let nonsense = site.page("timeline?show=%3Cscript%3E&show=&zoom=x&to=99999999&order=../..", "ja").await;
    assert!(nonsense.contains("5/<") || text(&nonsense).contains("5/5") || nonsense.contains("checked"), "all lanes");
}

#[tokio::test]
async fn row_72_files_come_with_a_policy_that_allows_nothing_and_never_as_pages() {
    let site = Site::new(FakeDesk::quick());
    let item = format!("/patients/1/items/own-{}", "09".repeat(16));
    for (index, kind) in
        [(0, "text/plain; charset=utf-8"), (1, "text/plain; charset=utf-8"), (2, "application/octet-stream")]
    {
        let (status, headers, _) = site.get(&format!("{item}/files/{index}"), "ja").await;
        assert_eq!((status, headers[header::CONTENT_TYPE].to_str().expect("text")), (StatusCode::OK, kind));
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().expect("text");
        assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"), "{policy}");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    }
    for path in ["files/3", "files/-1", "files/x", "files/99999999999999999999999"] {
        assert_eq!(site.get(&format!("{item}/{path}"), "ja").await.0, StatusCode::NOT_FOUND, "{path}");
    }
    let page = site.page(&format!("items/own-{}", "09".repeat(16)), "ja").await;
    assert_eq!(page.matches("sandbox=\"\"").count(), 2);
    assert!(!page.contains("files/2\" title"), "what no browser shows is not framed");
}

#[tokio::test]
async fn the_patients_list_has_plain_words_and_nobodys_number() {
    let site = Site::new(FakeDesk::quick());
    let staff = text(&site.page("access", "ja").await);
    assert!(staff.contains("d-017") && staff.contains("緊急"));
    let sheet = site.page("access/sheet", "ja").await;
    let words = text(&sheet);
    for word in ["あなたの記録を見た人", "あなたの記録を見ました", "緊急のときに見た記録", "大船渡消防", "診察のため"]
    {
        assert!(words.contains(word), "{word}");
    }
    for forbidden in ["d-017", "0041-2281", "セフェム"] {
        assert!(!words.contains(forbidden), "{forbidden}");
    }
    assert!(text(&site.page("access/sheet", "en").await).contains("Looked at your records"));
}
