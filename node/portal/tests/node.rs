//! The pages over a real node: one hospital, one patient, alone.
mod real;

use protocol::audit::What;
use protocol::kinds::{Coarse, KindSet, Role};
use real::{ask, between, node};
use service::Staff;
use service::access_log::LogQuery;

#[tokio::test]
async fn a_patient_of_a_real_node_is_found_and_read() {
    let node = node();
    let home = ask(&node, "/", None).await;
    for text in ["見本病院", "患者 1名", "まだどのネットワークにも入っていません"] {
        assert!(home.contains(text), "{text}");
    }
    let token = between(&home, "name=\"token\" value=\"", '"');
    for search in ["S33.3.12", "%EF%BE%90%EF%BE%8E%EF%BE%9D", "0001234567"] {
        let found = ask(&node, "/patients", Some(format!("token={token}&q={search}"))).await;
        assert!(found.contains("見本 花子") && found.contains("1958(昭和33)年3月12日"), "{search}");
    }
    let found = ask(&node, "/patients", Some(format!("token={token}&q=0001234567"))).await;
    let patient = between(&found, "href=\"/patients/", '/');
    let timeline = ask(&node, &format!("/patients/{patient}/timeline?zoom=year"), None).await;
    assert!(
        timeline.contains("検体検査") && timeline.contains("2025-06-10") && timeline.contains("いま手元の索引に 0 件")
    );
    let record = between(&timeline, "href=\"items/", '"');
    let shown = ask(&node, &format!("/patients/{patient}/items/{record}?original=1"), None).await;
    assert!(shown.contains("MSH|^~\\&amp;|HIS") && shown.contains("見本^花子"));
    assert_eq!(ask(&node, "/readyz", None).await, "ready\n");
}

#[tokio::test]
async fn what_charts_read_is_in_the_log_and_on_the_patients_list() {
    let node = node();
    let token = between(&ask(&node, "/", None).await, "name=\"token\" value=\"", '"');
    let found = ask(&node, "/patients", Some(format!("token={token}&q=S33.3.12"))).await;
    assert!(found.contains("1958(昭和33)年3月12日生まれとしてさがしました"), "the date is told as it was understood");
    let patient = between(&found, "href=\"/patients/", '/');
    let labs = ask(&node, &format!("/patients/{patient}/labs?zoom=year"), None).await;
    for text in ["赤血球数", "450", "380-500", "10*4/mm3"] {
        assert!(labs.contains(text), "{text}");
    }
    let staff = Staff::new("auditor-1", Role::Auditor).expect("a number");
    let lines = node.service.audit(&staff, &LogQuery::default()).expect("the log");
    let entered = lines.iter().find(|line| line.event.what == What::LoggedIn).expect("the doctor came in");
    let doctor = entered.event.staff.as_deref().expect("with a number");
    let lab = KindSet::of(&[Coarse::Lab]);
    let reads = lines.iter().filter(|line| line.event.what == What::Shown && line.event.kinds == lab);
    let told: Vec<(u32, Option<&str>)> = reads.map(|line| (line.event.count, line.event.staff.as_deref())).collect();
    assert_eq!(told, [(1, Some(doctor))], "one event for all own results, by whom");
    let access = ask(&node, &format!("/patients/{patient}/access"), None).await;
    assert!(access.contains("記録を見た") && access.contains(doctor) && access.contains("検体検査"));
    let sheet = ask(&node, &format!("/patients/{patient}/access/sheet"), None).await;
    let sheet = sheet.split_once("<main").expect("a page").1;
    let mut words = sheet.split(|c: char| !c.is_ascii_alphanumeric());
    assert!(sheet.contains("あなたの記録を見ました") && !words.any(|word| word == doctor), "{sheet}");
    for page in ["drugs", "documents", "timeline"] {
        let text = ask(&node, &format!("/patients/{patient}/{page}"), None).await;
        assert!(text.contains("見本") && text.contains("いま手元の索引に 0 件"), "{page}");
    }
}
