//! The network's office and the running of the node, over a real node. Tests named `row_NN` are of the bad-input table of issue 6.
mod real;
mod support;

use axum::http::{StatusCode, header};
use protocol::audit::What;
use protocol::kinds::Role;
use real::{Node, node};
use service::Staff;
use service::access_log::LogQuery;
use service::keys::Share;
use support::{Answer, Browser};

fn browser(node: &Node, role: Role) -> Browser {
    Browser::with(&node.pages, &node.cookie(role))
}

/// Sends a form and opens the page that follows, if one does.
async fn act(browser: &mut Browser, page: &str, path: &str, form: &[(&str, &str)]) -> Answer {
    let answer = browser.fill(page, path, form).await;
    if answer.status != StatusCode::SEE_OTHER {
        return answer;
    }
    let to = answer.to().to_owned();
    browser.get(&to).await
}

/// A founder's share as its file has it, and its public line.
fn share(name: &str) -> (String, String) {
    let share = Share::new(name);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("share");
    share.write(&path).expect("written");
    (std::fs::read_to_string(path).expect("read"), share.public().to_text())
}

/// Founds a network of two founders at the page; gives their shares.
async fn founded(browser: &mut Browser) -> [String; 2] {
    let (one, other) = (share("青葉"), share("若葉"));
    let founders = format!("{}\n{}\n", one.1, other.1);
    let form = [("name", "気仙（見本）"), ("founders", founders.as_str()), ("k", "2"), ("share", one.0.as_str())];
    let draft = act(browser, "/founders/found", "/founders/found", &form).await;
    assert_eq!(draft.status, StatusCode::OK, "{}", draft.text());
    let charter = draft.between("aria-labelledby=\"given-label\">", '<').replace("&quot;", "\"");
    let short = act(browser, "/founders/found", "/founders/founded", &[("charter", charter.as_str())]).await;
    assert!(
        short.status == StatusCode::UNPROCESSABLE_ENTITY && short.text().contains("1 of 2 founders"),
        "{}",
        short.text()
    );
    let signed = service::founders::sign_charter(&charter, &Share::parse(&other.0).expect("a share")).expect("signed");
    let done = act(browser, "/founders/found", "/founders/founded", &[("charter", signed.file.as_str())]).await;
    assert!(done.text().contains("ネットワークをつくりました"), "{}", done.text());
    [one.0, other.0]
}

#[tokio::test]
async fn an_office_founds_admits_invites_proposes_and_revokes_at_its_pages() {
    let node = node();
    let mut office = browser(&node, Role::NetworkOffice);
    assert!(office.get("/network").await.text().contains("まだどのネットワークにも入っていません"));
    let shares = founded(&mut office).await;
    let network = node.service.networks().into_iter().next().expect("founded").to_string();
    let waiting = office.get("/founders").await.text();
    assert!(waiting.contains("見本病院 はまだ 気仙（見本） の会員ではありません"), "{waiting}");
    let own = |share: String| [("network", network.clone()), ("facility", "1319999999".to_owned()), ("share", share)];
    let wrong = own("これは持分ではありません".into());
    let wrong: Vec<(&str, &str)> = wrong.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = act(&mut office, "/founders", "/founders/own", &wrong).await;
    assert!(answer.status == StatusCode::UNPROCESSABLE_ENTITY && answer.text().contains("持分が読めません"));
    assert!(!answer.body.contains("これは持分では"), "a share never comes back");
    let form = own(shares[0].clone());
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = act(&mut office, "/founders", "/founders/own", &form).await;
    assert!(answer.text().contains("ほかの発起人の署名を待っています"), "{}", answer.text());
    let waiting = office.get("/founders").await;
    assert!(!waiting.body.contains("/founders/own"), "what was begun is signed, not begun anew");
    let sign = waiting.between("action=\"/founders/sign/", '"');
    let path = format!("/founders/sign/{sign}");
    let answer = act(&mut office, "/founders", &path, &[("share", shares[1].as_str())]).await;
    assert!(answer.text().contains("署名がそろい、効いています"), "{}", answer.text());
    let page = office.get("/network").await;
    assert!(
        page.text().contains("見本病院")
            && page.body.contains("net-node own")
            && page.text().contains("2人のうち 2人の署名で")
    );
    let form = [("network", network.as_str()), ("facility", "123")];
    let answer = act(&mut office, "/founders/invite", "/founders/invite", &form).await;
    assert!(answer.status == StatusCode::UNPROCESSABLE_ENTITY && answer.text().contains("10桁で入れてください"));
    assert!(answer.body.contains("value=\"123\""), "what was typed stays");
    let reason = [
        ("network", network.as_str()),
        ("target", "facility:1319999999"),
        ("sure", "yes"),
        ("share", shares[0].as_str()),
    ];
    let answer = act(&mut office, "/founders/revoke", "/founders/revoke", &reason).await;
    assert!(answer.status == StatusCode::UNPROCESSABLE_ENTITY && answer.text().contains("理由を書いてください"));
    let reason = [&reason[..], &[("reason", "閉院")]].concat();
    let answer = act(&mut office, "/founders/revoke", "/founders/revoke", &reason).await;
    assert!(answer.text().contains("ほかの発起人の署名を待っています"), "{}", answer.text());
    let waiting = office.get("/founders").await;
    assert!(waiting.text().contains("気仙（見本） からの取消し: 見本病院（閉院）"), "{}", waiting.text());
    let export = waiting.between("href=\"/founders/export/", '"');
    let file = office.get(&format!("/founders/export/{export}")).await;
    assert!(
        file.header(header::CONTENT_DISPOSITION).starts_with("attachment") && file.body.starts_with("musubi"),
        "{}",
        file.body
    );
    let staff = Staff::new("auditor-1", Role::Auditor).expect("a number");
    let query = LogQuery { what: Some(What::ConfigChanged), ..LogQuery::default() };
    let lines = node.service.audit(&staff, &query).expect("the log");
    for note in ["found", "sign", "invite", "revoke", "export"] {
        let by = |line: &service::access_log::LogLine| line.event.note == note && line.event.staff.is_some();
        assert!(lines.iter().any(by), "{note} stands in the log with who did it");
    }
}

#[tokio::test]
async fn row_85_the_network_is_seen_by_all_and_changed_by_its_office_alone() {
    let node = node();
    for role in Role::ALL {
        let mut somebody = browser(&node, *role);
        let page = somebody.get("/network").await;
        assert_eq!(page.status, StatusCode::OK, "{role}");
        let is_office = matches!(role, Role::Administrator | Role::NetworkOffice);
        assert_eq!(page.body.contains("href=\"/founders\""), is_office, "{role}: no link that would be refused");
        assert_eq!(somebody.get("/founders/invite").await.status == StatusCode::OK, is_office, "{role}");
        let is_admin = *role == Role::Administrator;
        assert_eq!(page.body.contains("href=\"/admin/doctor\""), is_admin, "{role}");
    }
}

#[tokio::test]
async fn an_administrator_sees_checks_sources_keys_backup_settings_and_the_log() {
    let node = node();
    let mut admin = browser(&node, Role::Administrator);
    let pages = [
        ("/admin/doctor", &["会員証", "ノードの鍵", "→", "注意 2件"][..]),
        ("/admin/feeds", &["main", "見本病院", "隔離されたファイルは 0 件", "保存 2"][..]),
        ("/admin/keys", &["ノードの鍵", "施設の証明書", "あと", "この機械にあります"][..]),
        ("/admin/backup", &["バックアップ", "復元の訓練", "まだ", "musubi restore"][..]),
        ("/admin/config", &["設定"][..]),
        ("/admin/log", &["ログイン", "取り込み", "消したり直したりできません"][..]),
    ];
    for (path, words) in pages {
        let page = admin.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        for word in words {
            assert!(page.text().contains(word), "{path} says {word}: {}", page.text());
        }
        let no_name = ["見本 花子", "ミホン", "0001234567"];
        assert!(no_name.iter().all(|name| !page.body.contains(name)), "{path}: nothing of a patient");
    }
    let log = admin.get("/admin/log?what=logged-in").await.text();
    assert!(log.contains("ログイン") && !log.contains("取り込み元"), "{log}");
    assert_eq!(browser(&node, Role::Auditor).get("/admin/log").await.status, StatusCode::OK);
    assert_eq!(browser(&node, Role::Auditor).get("/admin/keys").await.status, StatusCode::FORBIDDEN);
    let answer = admin.fill("/admin/feeds", "/admin/feeds/retry", &[("feed", "main")]).await;
    assert!(answer.text().contains("やり直せませんでした"), "no program stands around these pages: {}", answer.text());
}

#[tokio::test]
async fn metrics_are_figures_without_anything_of_patients_and_need_no_login() {
    let node = node();
    let mut nobody = Browser::new(&node.pages);
    let page = nobody.get("/metrics").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.header(header::CONTENT_TYPE).starts_with("application/openmetrics-text"));
    for line in [
        "musubi_up 1",
        "musubi_patients 1",
        "musubi_feed_quarantined{feed=\"main\",facility=\"1319999999\"} 0",
        "# EOF",
    ] {
        assert!(page.body.contains(line), "{line}: {}", page.body);
    }
    for name in ["花子", "0001234567", "1958"] {
        assert!(!page.body.contains(name), "{name}");
    }
    assert_eq!(nobody.get("/healthz").await.body, "ok\n");
    assert_eq!(nobody.get("/readyz").await.body, "ready\n");
}

#[tokio::test]
async fn a_clerk_is_led_to_what_a_clerk_may_open_and_sees_no_allergies() {
    let node = node();
    let mut clerk = browser(&node, Role::Clerk);
    let found = clerk.fill("/patients", "/patients", &[("q", "0001234567")]).await;
    assert!(found.body.contains("href=\"/patients/1/consent\"") && !found.body.contains("/patients/1/timeline"));
    for page in ["consent", "access"] {
        let text = clerk.get(&format!("/patients/1/{page}")).await;
        assert_eq!(text.status, StatusCode::OK, "{page}");
        assert!(!text.text().contains("アレルギー") || page == "consent", "{page}");
        for tab in ["timeline", "labs", "drugs", "documents"] {
            assert!(!text.body.contains(&format!("/patients/1/{tab}\"")), "{page} leads to {tab}");
        }
    }
    let mut emergency = browser(&node, Role::Emergency);
    let page = emergency.get("/patients/1/timeline").await;
    assert!(page.body.contains("/patients/1/access\"") && !page.body.contains("/patients/1/consent\""));
}
