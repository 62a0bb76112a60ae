//! Reading without consent at its pages, over a real node: what may not be opened, the review queue, a declared disaster. Tests named
//! `row_NN` are of the bad-input table of issue 6. That records come
//! of a read, and the review of one, are tried at the command line, in `tests/tests/bad_day_in_one_network.rs`.
mod real;
mod support;

use axum::http::StatusCode;
use protocol::audit::What;
use protocol::kinds::Role;
use protocol::time::HOUR_MS;
use real::{Node, node};
use service::access_log::LogQuery;
use service::disasters::DisasterSpec;
use service::founders::Founding;
use service::keys::Share;
use support::Browser;

const OPEN: &str = "/patients/1/emergency";

fn browser(node: &Node, role: Role) -> Browser {
    Browser::with(&node.pages, &node.cookie(role))
}

fn glasses(node: &Node) -> usize {
    let auditor = service::Staff::new("auditor-1", Role::Auditor).expect("a number");
    let lines = node.service.audit(&auditor, &LogQuery::default()).expect("the log");
    lines.iter().filter(|line| line.event.what == What::BreakGlass).count()
}

#[tokio::test]
async fn row_88_what_is_missing_is_named_and_nobody_is_asked() {
    let node = node();
    let mut doctor = browser(&node, Role::Doctor);
    let page = doctor.get(OPEN).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    assert!(page.text().contains("記録を持つと分かっている施設がありません"), "{}", page.text());
    let long = "あ".repeat(201);
    for (form, said) in [
        (vec![("present", "1")], "理由が選ばれていません"),
        (vec![("reason", "bored"), ("present", "1")], "理由が選ばれていません"),
        (vec![("reason", "disaster"), ("present", "1")], "理由が選ばれていません"),
        (vec![("reason", "unconscious"), ("reason", "unconscious"), ("present", "1")], "理由が選ばれていません"),
        (vec![("reason", "unconscious")], "「目の前にいる」の印がありません"),
        (vec![("reason", "unconscious"), ("present", "1"), ("text", "x")], "2文字以上200文字まで"),
        (vec![("reason", "unconscious"), ("present", "1"), ("text", long.as_str())], "2文字以上200文字まで"),
        (vec![("reason", "unconscious"), ("present", "1"), ("text", "a\u{7}b")], "2文字以上200文字まで"),
    ] {
        let answer = doctor.fill(OPEN, OPEN, &form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{form:?}: {}", answer.text());
        assert!(answer.text().contains(said), "{form:?}: {}", answer.text());
    }
    // What was chosen and written is still there, and marks in it stay letters.
    let odd = [("reason", "life-in-danger"), ("text", "<script>x</script>")];
    let answer = doctor.fill(OPEN, OPEN, &odd).await;
    assert!(answer.body.contains("value=\"life-in-danger\" required checked"), "{}", answer.body);
    assert!(answer.body.contains("&lt;script&gt;") && !answer.body.contains("<script>x"), "{}", answer.body);
    // Nobody who could be asked is known: that is said, and not that there is nothing.
    let answer = doctor.fill(OPEN, OPEN, &[("reason", "unconscious"), ("present", "1")]).await;
    assert!(answer.text().contains("施設の外に記録がないという意味では"), "{}", answer.text());
    assert_eq!(glasses(&node), 0);
    assert_eq!(doctor.get("/patients/99/emergency").await.status, StatusCode::NOT_FOUND);
    assert_eq!(doctor.post(OPEN, "reason=unconscious&present=1").await.status, StatusCode::FORBIDDEN, "no token");
    assert_eq!(browser(&node, Role::Pharmacist).get(OPEN).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_review_that_cannot_be_read_or_is_of_no_read_changes_nothing() {
    let node = node();
    let mut auditor = browser(&node, Role::Auditor);
    let queue = "/emergency/review";
    let page = auditor.get(queue).await;
    assert!(page.status == StatusCode::OK && page.text().contains("見直しを待つ緊急閲覧は0件です"), "{}", page.text());
    let none = "0".repeat(32);
    for (form, said) in [
        ([("request", "x"), ("verdict", "justified")], "答えが読み取れません"),
        ([("request", none.as_str()), ("verdict", "maybe")], "答えが読み取れません"),
        ([("request", none.as_str()), ("verdict", "unjustified")], "認めないときは、わけを"),
        ([("request", none.as_str()), ("verdict", "justified")], "もう確認されたか、ここにはありません"),
    ] {
        // The form's token: the queue without entries has none of its own.
        let answer = auditor.fill("/me", queue, &form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{form:?}: {}", answer.text());
        assert!(answer.text().contains(said), "{form:?}: {}", answer.text());
    }
    assert_eq!(browser(&node, Role::Doctor).get(queue).await.status, StatusCode::FORBIDDEN);
    assert!(browser(&node, Role::Doctor).get("/emergency").await.text().contains("緊急閲覧は0件です"));
}

#[tokio::test]
async fn while_a_disaster_stands_every_page_says_so_and_more_roles_may_open() {
    let node = node();
    let shares = ["青葉", "若葉"].map(Share::new);
    let founding = Founding::usual("気仙（見本）", shares.iter().map(Share::public).collect(), 2);
    let network = node.service.found_network(&founding, &shares).expect("founded");
    let own = node.service.facilities().into_iter().next().expect("set up").id;
    node.service.admit_own(network, &own, &shares).expect("admitted");
    let mut pharmacist = browser(&node, Role::Pharmacist);
    let at = "/patients/1/disaster";
    let calm = pharmacist.get(at).await;
    assert!(calm.status == StatusCode::OK && calm.text().contains("宣言されている災害は0件です"), "{}", calm.text());
    let form = [("reason", "disaster"), ("present", "1")];
    assert!(!pharmacist.get("/").await.body.contains("class=\"disaster\""));
    let spec =
        DisasterSpec {
            network, area: vec!["03".into()], for_ms: 24 * HOUR_MS, reason: "地震".into(), is_alone: true
        };
    node.service.declare_disaster(&spec, &shares[..1]).expect("declared");
    for path in ["/", "/patients", "/patients/1/timeline", "/me", "/network", at] {
        let page = pharmacist.get(path).await;
        assert!(page.body.contains("class=\"disaster\"") && page.text().contains("災害モード"), "{path}");
    }
    let page = pharmacist.get("/network/disasters").await;
    for word in ["地震", "発起人ひとり", "03", "薬剤師・歯科医師"] {
        assert!(page.text().contains(word), "{word}: {}", page.text());
    }
    let page = pharmacist.get(at).await;
    assert!(page.body.contains("value=\"disaster\"") && page.text().contains("記録を開く"), "{}", page.text());
    let answer = pharmacist.fill(at, at, &form).await;
    assert!(answer.text().contains("記録を持つ施設が見つかりません"), "{}", answer.text());
    assert_eq!(browser(&node, Role::Clerk).get(at).await.status, StatusCode::FORBIDDEN);
    // Nobody who is not in sees it.
    assert!(!Browser::new(&node.pages).get("/login").await.body.contains("class=\"disaster\""));
}
