//! Accounts of staff and the own page, as their pages show them. Tests named `row_NN` are of the bad-input table of issue 6.
#[path = "../examples/fake/desk.rs"]
mod desk;
mod support;

use axum::Router;
use axum::http::StatusCode;
use desk::FakeDesk;
use protocol::kinds::Role;
use service::staff::code_of;
use std::sync::Arc;
use support::{Browser, Office, PASSWORD, add, encoded, first_login};

fn door(office: &Office, demo: bool) -> Router {
    office.router(Arc::new(FakeDesk::quick()), demo)
}

#[tokio::test]
async fn row_70_a_form_of_an_ended_session_says_so_and_a_double_one_acts_once() {
    let office = Office::staged();
    let router = door(&office, false);
    let mut browser = Browser::with(&router, &office.cookie(Role::Administrator));
    let token = browser.get("/admin/staff").await.token();
    let form = format!("token={token}&login=n-9&name={}&role=nurse", encoded("新人"));
    assert!(browser.post("/admin/staff", &form).await.text().contains("一回限りのコード"));
    let again = browser.post("/admin/staff", &form).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.text().contains("使われています") && again.body.contains("新人"), "what was typed is still there");
    browser.post("/logout", &format!("token={token}")).await;
    let stale = browser.post("/admin/staff", &form).await;
    assert!(stale.status == StatusCode::FORBIDDEN && stale.text().contains("ログインが切れています"));
}

#[tokio::test]
async fn an_administrator_adds_resets_suspends_and_the_person_comes_in() {
    let office = Office::staged();
    let router = door(&office, false);
    let mut admin = Browser::with(&router, &office.cookie(Role::Administrator));
    let evil = "<script>alert(1)</script>";
    let form = [("login", "n-9"), ("name", evil), ("role", "nurse"), ("department", "病棟\" onload=\"x")];
    let codes = admin.fill("/admin/staff", "/admin/staff", &form).await;
    assert!(codes.status == StatusCode::OK && !codes.body.contains("<script>") && codes.body.contains("&lt;script"));
    let code = codes.between("<td><code>n-9</code></td><td><code>", '<');
    let mut nurse = Browser::new(&router);
    nurse.source = [192, 0, 2, 7];
    first_login(&office, &mut nurse, "n-9", &code).await;
    for path in ["/", "/me"] {
        let page = nurse.get(path).await;
        assert!(page.status == StatusCode::OK && !page.body.contains("<script>"), "{path}");
    }
    let staff = admin.get("/admin/staff").await;
    assert!(!staff.body.contains("<script>") && !staff.body.contains("onload=\"x"));
    let number = format!("s{}", Role::ALL.len() + 1);
    let at = |deed: &str| format!("/admin/staff/{number}/{deed}");
    assert_eq!(
        admin.fill("/admin/staff", &at("role"), &[("role", "clerk"), ("department", "受付")]).await.to(),
        "/admin/staff"
    );
    assert_eq!(nurse.get("/patients/1/timeline").await.status, StatusCode::FORBIDDEN, "at once");
    assert_eq!(admin.fill("/admin/staff", &at("suspend"), &[]).await.to(), "/admin/staff");
    assert_eq!(nurse.get("/").await.to(), "/login");
    admin.fill("/admin/staff", &at("resume"), &[]).await;
    let reset = admin.fill("/admin/staff", &at("reset"), &[("factor", "yes")]).await;
    let code = reset.between("<td><code>n-9</code></td><td><code>", '<');
    first_login(&office, &mut nurse, "n-9", &code).await;
    for path in ["/admin/staff/s999/reset", "/admin/staff/x/reset", "/admin/staff/s999/suspend"] {
        assert_eq!(admin.fill("/admin/staff", path, &[]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    // The last administrator cannot lock everybody out.
    let own = office.accounts.list(&support::admin()).expect("rows");
    let own = own.iter().find(|row| row.role == Role::Administrator).expect("one").number;
    let last = admin.fill("/admin/staff", &format!("/admin/staff/{own}/suspend"), &[]).await;
    assert!(last.status == StatusCode::UNPROCESSABLE_ENTITY && last.text().contains("最後の管理者"));
}

#[tokio::test]
async fn row_145_a_list_is_previewed_line_by_line_and_its_formulas_are_text() {
    let office = Office::staged();
    let router = door(&office, false);
    let mut admin = Browser::with(&router, &office.cookie(Role::Administrator));
    let list = "ログイン,氏名,職種,部署\nn-21,=1+1,看護師,@SUM\nn-22,\"<b>太字</b>\",医師,\nn-21,再,医師,\nx y,誤,医師,\nn-23,誤,王様,\n";
    let preview =
        admin.fill("/admin/staff/import", "/admin/staff/import", &[("list", list), ("step", "preview")]).await;
    let text = preview.text();
    for word in ["登録できる行 2、直す行 3", "2行目と重複", "知らない職種です", "登録します"]
    {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(!preview.body.contains("<b>太字"));
    assert_eq!(office.accounts.list(&support::admin()).expect("rows").len(), Role::ALL.len(), "only looked at");
    let done = admin.fill("/admin/staff/import", "/admin/staff/import", &[("list", list), ("step", "import")]).await;
    assert!(
        done.body.contains(",&#39;=1+1,") || done.body.contains("&quot;'=1+1&quot;") || done.body.contains("\"'=1+1\""),
        "{}",
        done.body
    );
    assert_eq!(office.accounts.list(&support::admin()).expect("rows").len(), Role::ALL.len() + 2);
    let none =
        admin.fill("/admin/staff/import", "/admin/staff/import", &[("list", "a,b\n"), ("step", "preview")]).await;
    assert!(none.status == StatusCode::UNPROCESSABLE_ENTITY && none.text().contains("login"));
    let huge = format!("token=x&list={}", "a".repeat(3 << 20));
    assert_eq!(admin.post("/admin/staff/import", &huge).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let long = format!("token=x&name={}", "a".repeat(64 << 10));
    assert_eq!(admin.post("/admin/staff", &long).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn the_own_page_changes_the_password_and_ends_other_sessions() {
    let office = Office::new();
    let made = add(&office, "d-1", "doctor");
    let router = door(&office, false);
    let mut here = Browser::new(&router);
    let (secret, _) = first_login(&office, &mut here, "d-1", &made.code).await;
    office.clock.advance(60_000);
    let mut there = Browser::new(&router);
    there.fill("/login", "/login", &[("login", "d-1"), ("password", PASSWORD)]).await;
    let code = code_of(&secret, service::clock::Clock::now(office.clock.as_ref()));
    there.fill("/login/code", "/login/code", &[("code", &code)]).await;
    assert!(there.get("/me").await.text().contains("ログイン中の端末"));
    let new = "kaze ga tsuyoi hi";
    let wrong = here.fill("/me", "/me/password", &[("old", "not this"), ("password", new), ("again", new)]).await;
    assert!(wrong.status == StatusCode::FORBIDDEN && wrong.text().contains("今のパスワードが違います"));
    let before = here.session().cloned();
    let done = here.fill("/me", "/me/password", &[("old", PASSWORD), ("password", new), ("again", new)]).await;
    assert_eq!(done.to(), "/me", "{}", done.text());
    assert!(here.session() != before.as_ref() && here.get("/me").await.status == StatusCode::OK);
    assert_eq!(there.get("/me").await.to(), "/login?to=/me");
}

#[tokio::test]
async fn roles_are_switched_in_the_demo_and_nowhere_else() {
    let office = Office::staged();
    let demo = door(&office, true);
    let link = office.accounts.demo_link().expect("a demo");
    let mut browser = Browser::new(&demo);
    assert_eq!(browser.get(&format!("/enter?key={link}")).await.to(), "/");
    assert!(browser.get("/").await.text().contains("見本 医師"));
    assert_eq!(browser.fill("/demo", "/demo", &[("role", "clerk")]).await.to(), "/");
    assert_eq!(browser.get("/patients/1/timeline").await.status, StatusCode::FORBIDDEN);
    assert_eq!(Browser::new(&demo).get(&format!("/enter?key={link}")).await.to(), "/demo", "used once");
    // A real node, even one whose store came from a demo, has no such door.
    let real = door(&office, false);
    let mut browser = Browser::with(&real, &office.cookie(Role::Doctor));
    assert_eq!(browser.get("/demo").await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.fill("/me", "/demo", &[("role", "administrator")]).await.status, StatusCode::NOT_FOUND);
    assert!(!browser.get("/").await.body.contains("/demo"));
    let link = office.accounts.demo_link().expect("its store is one");
    assert!(Browser::new(&real).get(&format!("/enter?key={link}")).await.status.is_client_error());
}
