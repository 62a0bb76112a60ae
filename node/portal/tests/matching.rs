//! The matching review over a real node. Tests named `row_NN` are of the bad-input table of issue 6.
mod real;
mod support;

use axum::http::StatusCode;
use protocol::audit::What;
use protocol::ids::PatientRef;
use protocol::kinds::Role;
use real::{Node, TWINS, node, node_of};
use service::Staff;
use service::access_log::LogQuery;
use service::links::PairId;
use support::{Answer, Browser};

fn browser(node: &Node, role: Role) -> Browser {
    Browser::with(&node.pages, &node.cookie(role))
}

fn auditor() -> Staff {
    Staff::new("auditor-1", Role::Auditor).expect("a number")
}

/// The pair of the two with these places in [`TWINS`].
fn pair(node: &Node, one: usize, other: usize) -> PairId {
    let number = |index: usize| {
        let query = service::patients::Query::new(TWINS[index].0);
        node.service.patients().find(&auditor(), &query).expect("found").patients[0].patient
    };
    PairId::of(number(one), number(other))
}

/// Answers at a pair's page; gives the page that follows.
async fn say(browser: &mut Browser, pair: PairId, form: &[(&str, &str)]) -> Answer {
    // The form may have been opened before somebody else answered.
    let answer = browser.fill("/me", &format!("/matching/{pair}"), form).await;
    if answer.status != StatusCode::SEE_OTHER {
        return answer;
    }
    let to = answer.to().to_owned();
    browser.get(&to).await
}

fn person(node: &Node, patient: PatientRef) -> usize {
    node.service.person(&auditor(), patient).expect("here").len()
}

#[tokio::test]
async fn a_pair_stands_side_by_side_with_what_differs_and_why_people_are_asked() {
    let node = node_of(&TWINS);
    let mut clerk = browser(&node, Role::Clerk);
    let misspelt = pair(&node, 0, 1);
    let queue = clerk.get("/matching").await;
    assert_eq!(queue.status, StatusCode::OK, "{}", queue.text());
    assert!(
        queue.body.contains(&format!("/matching/{misspelt}")) && queue.text().contains("双葉 華子"),
        "{}",
        queue.text()
    );
    assert!(queue.text().contains("同じ施設の二つの診察券番号です"), "the reason in words: {}", queue.text());
    let twins = format!("/matching/{}", pair(&node, 0, 2));
    let row = queue.body.split("<li").find(|row| row.contains(&twins)).expect("the twins' row");
    assert!(row.contains("双子の可能性"), "the queue says what the pair's own page says: {row}");
    let page = clerk.get(&format!("/matching/{misspelt}")).await;
    for mark in ["双葉 <mark class=\"diff\">花</mark>子", "双葉 <mark class=\"diff\">華</mark>子"] {
        assert!(page.body.contains(mark), "{mark}: {}", page.body);
    }
    for text in ["1961(昭和36)年2月11日", "一致", "似ている（1文字ちがう）", "0000000011", "0000000012"]
    {
        assert!(page.text().contains(text), "{text}: {}", page.text());
    }
    assert!(!page.text().contains("2人の確認が必要です"), "two charts of one house need one person");
    let twin = clerk.get(&format!("/matching/{}", pair(&node, 0, 2))).await;
    assert!(
        twin.body.contains("class=\"diff\">江</mark>") && twin.text().contains("2人の確認が必要です"),
        "{}",
        twin.text()
    );
    let english = clerk.get(&format!("/matching/{misspelt}?lang=en")).await.to().to_owned();
    let page = clerk.get(&english).await;
    assert!(page.text().contains("two charts of one facility") && page.text().contains("alike, 1 character differs"));
    // Both patients' logs have it.
    for patient in [misspelt.0, misspelt.1] {
        let query = LogQuery { patient: Some(patient), ..LogQuery::default() };
        let lines = node.service.audit(&auditor(), &query).expect("the log");
        let looked = |line: &service::access_log::LogLine| {
            line.event.what == What::PatientFound && line.event.note == "link review" && line.event.staff.is_some()
        };
        assert!(lines.iter().any(looked), "{patient}");
    }
}

#[tokio::test]
async fn one_person_joins_two_charts_and_takes_a_slip_back() {
    let node = node_of(&TWINS);
    let mut clerk = browser(&node, Role::Clerk);
    let misspelt = pair(&node, 0, 1);
    let same = [("answer", "same"), ("why", "paper"), ("note", "")];
    let after = say(&mut clerk, misspelt, &same).await;
    assert!(after.text().contains("1人として結びました"), "{}", after.text());
    assert_eq!(person(&node, misspelt.0), 2);
    let back = clerk.fill("/matching", "/matching/undo", &[]).await;
    assert_eq!(back.to(), format!("/matching/{misspelt}?done=match-done-back"));
    let page = clerk.get(&format!("/matching/{misspelt}?done=match-done-back")).await;
    assert!(page.text().contains("直前の答えを取り消しました"), "{}", page.text());
    assert_eq!(person(&node, misspelt.0), 1);
    let nothing = clerk.fill("/matching", "/matching/undo", &[]).await;
    assert_eq!(nothing.to(), "/matching?done=match-done-no-word");
    // Later, the link is undone at its page, by two, since people made it.
    say(&mut clerk, misspelt, &same).await;
    let queue = clerk.get("/matching").await;
    let link = queue.between("href=\"/matching/links/", '"');
    let page = format!("/matching/links/{link}");
    let shown = clerk.get(&page).await;
    assert!(
        shown.text().contains("saw an identity paper") && shown.text().contains("この結びを外す"),
        "{}",
        shown.text()
    );
    let form = format!("{page}/undo");
    let empty = clerk.fill(&page, &form, &[("note", " ")]).await;
    assert!(empty.status == StatusCode::UNPROCESSABLE_ENTITY && empty.text().contains("理由を書いてください"));
    let first = clerk.fill(&page, &form, &[("note", "another card")]).await;
    assert_eq!(first.to(), format!("{page}?done=match-done-undo-second"));
    assert_eq!(person(&node, misspelt.0), 2, "one word is not enough");
    let mut doctor = browser(&node, Role::Doctor);
    assert!(doctor.get(&page).await.text().contains("この結びはまちがいだと言っています"));
    let second = doctor.fill(&page, &form, &[("note", "another card")]).await;
    assert_eq!(second.to(), format!("{page}?done=match-done-undone"));
    assert_eq!(person(&node, misspelt.0), 1);
    let stats = node.service.link_stats(&auditor()).expect("counted");
    assert_eq!((stats.by_people, stats.apart), (0, 1));
}

#[tokio::test]
async fn twins_are_joined_by_two_people_at_the_page_and_parted_by_one() {
    let node = node_of(&TWINS);
    let (mut clerk, mut doctor) = (browser(&node, Role::Clerk), browser(&node, Role::Doctor));
    let twins = pair(&node, 0, 2);
    let same = [("answer", "same"), ("why", "asked"), ("note", "both were here")];
    let noted = say(&mut clerk, twins, &same).await;
    assert!(noted.text().contains("ほかの職員がもう1人"), "{}", noted.text());
    assert_eq!(person(&node, twins.0), 1);
    assert!(clerk.get(&format!("/matching/{twins}")).await.text().contains("あなたの答えは記録しました"));
    assert!(say(&mut clerk, twins, &same).await.text().contains("2人目は、ほかの職員でなければなりません"));
    assert!(doctor.get(&format!("/matching/{twins}")).await.text().contains("あなたが2人目です"));
    let parted = say(&mut doctor, twins, &[("answer", "not-same"), ("why", "page"), ("note", "")]).await;
    assert!(parted.text().contains("前の人と答えがちがいます"), "{}", parted.text());
    let later = say(&mut doctor, twins, &[("answer", "later"), ("why", "page"), ("note", "")]).await;
    assert!(later.text().contains("14日あとに"), "{}", later.text());
    assert!(!doctor.get("/matching").await.body.contains(&format!("/matching/{twins}\"")), "put off");
    assert!(doctor.get("/matching?later=1").await.body.contains(&format!("/matching/{twins}\"")));
    let parted = say(&mut doctor, twins, &[("answer", "not-same"), ("why", "page"), ("note", "")]).await;
    assert!(parted.text().contains("別の人としました"), "{}", parted.text());
    let gone = say(&mut clerk, twins, &[("answer", "same"), ("why", "page"), ("note", "")]).await;
    assert!(gone.text().contains("もう待っていません"), "somebody else answered: {}", gone.text());
    assert_eq!(person(&node, twins.0), 1);
}

#[tokio::test]
async fn row_68_answers_that_no_page_offers_change_nothing() {
    let node = node_of(&TWINS);
    let mut clerk = browser(&node, Role::Clerk);
    let misspelt = pair(&node, 0, 1);
    let page = format!("/matching/{misspelt}");
    for form in [
        &[("answer", "same")][..],
        &[("answer", "merge"), ("why", "page")],
        &[("answer", "same"), ("why", "because")],
        &[("answer", "same"), ("answer", "not-same"), ("why", "page")],
        &[("why", "page")],
    ] {
        let answer = clerk.fill(&page, &page, form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{form:?}");
        assert!(answer.text().contains("確かめ方と答えを選んでください"), "{form:?}");
    }
    for odd in ["p1-p1", "p0-p1", "p1", "1-2", "p1-p999999", "%2e%2e", "links/l0", "links/l999", "links/x"] {
        let status = clerk.get(&format!("/matching/{odd}")).await.status;
        assert!(matches!(status.as_u16(), 303 | 404), "{odd}: {status}");
    }
    assert_eq!(person(&node, misspelt.0), 1);
    assert!(node.service.link_stats(&auditor()).expect("counted").by_people == 0);
}

#[tokio::test]
async fn an_empty_queue_says_so_and_leads_on() {
    let node = node();
    let page = browser(&node, Role::Clerk).get("/matching").await;
    assert!(
        page.text().contains("待っている組は 0 件です") && page.text().contains("まだ 0 件です"),
        "{}",
        page.text()
    );
    let office = browser(&node, Role::Administrator).get("/matching").await;
    assert_eq!(office.status, StatusCode::FORBIDDEN, "who runs the node sees no patients");
}
