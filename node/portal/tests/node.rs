//! The pages over a real node: one hospital, one patient, alone.
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use portal::desk::ServiceDesk;
use portal::{Feeds, PortalConfig, router};
use protocol::audit::What;
use protocol::ids::{AuthorityId, FacilityId};
use protocol::kinds::{Coarse, DataKind, FacilityClass, KindSet, Role};
use protocol::time::Date;
use records::hl7::encode_iso2022jp;
use records::ssmix2::{FileName, Flag, OccurredAt, layout};
use service::access_log::LogQuery;
use service::engine::alone::{self, Alone};
use service::ingest::{Feed, Ingest};
use service::onboarding::FacilitySpec;
use service::staff::Device;
use service::{Service, ServiceConfig, Staff};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tower::ServiceExt;

const HEAD: &str = "PID|0001||0001234567^^^^PI||見本^花子^^^^^L^I~ミホン^ハナコ^^^^^L^P||19580312|F\r\
                    PV1|0001|O|01^^^^^C\r";

fn write(root: &Path, kind: &str, day: Option<u8>, key: &str, message: &str, rest: &str) {
    let name = FileName {
        patient: "0001234567".to_owned().into(),
        care_date: day.and_then(|day| Date::new(2025, 6, day)),
        kind: DataKind::parse(kind).expect("a kind"),
        key: key.to_owned(),
        occurred_at: OccurredAt::parse("20250610093011123").expect("digits").0,
        department: "01".to_owned(),
        flag: Flag::Valid,
    };
    let text = format!(
        "MSH|^~\\&|HIS|1319999999|GW|RCV|20250610093012||{message}|1|P|2.5||||||~ISO IR87||ISO 2022-1994|SS-MIX2_1.20\r{HEAD}{rest}"
    );
    let at = root.join(layout::relative_path(&name));
    std::fs::create_dir_all(at.parent().expect("a parent")).expect("folders");
    std::fs::write(at, encode_iso2022jp(&text)).expect("written");
}

struct Node {
    pages: Router,
    service: Service,
    cookie: String,
    _engine: Alone,
    _folders: [TempDir; 2],
}

fn node() -> Node {
    let folders = [TempDir::new().expect("a folder"), TempDir::new().expect("a folder")];
    let [folder, tree] = &folders;
    write(tree.path(), "ADT-00", None, "999999999999999", "ADT^A08^ADT_A01", "");
    let lab = "SPM|1|||019^全血^JC10|||||||||||||20250610\rOBR|1|000000000000001||E001^末梢血^99ZL1|||20250610\r\
               ORC|SC|000000000000001\rOBX|1|NM|2A020000001930101^赤血球数^JC10||450|10*4/mm3^10*4/mm3^ISO+|380-500|N|||F\r";
    write(tree.path(), "OML-11", Some(10), "000000000000001", "OUL^R22^OUL_R22", lab);
    let facility = FacilityId::parse("1319999999").expect("ten digits");
    let mut config = ServiceConfig::new(folder.path(), "見本病院のノード");
    config.facilities = vec![FacilitySpec::usual(facility.clone(), "見本病院", FacilityClass::Hospital, false)];
    let opened = Service::open(config).expect("a node");
    let engine = alone::start(opened.host, opened.inbox).expect("a thread");
    let service = opened.service;
    let authority = AuthorityId::parse("1.2.392.100495.20.3.51.11319999999").expect("an OID");
    let feed = Feed { name: "main".into(), root: tree.path().to_owned(), facility, authority };
    let ingest = Ingest::new(service.store().clone(), service.clock().clone(), service.folder());
    let report = ingest.scan(&feed, &mut |_| {}).expect("a scan");
    assert_eq!((report.stored, report.quarantined), (2, 0), "{report:?}");
    let feeds = Feeds { ingest, feeds: vec![feed] };
    let addr = SocketAddr::from(([127, 0, 0, 1], 8470));
    let accounts = service.accounts().clone();
    accounts.stage_demo().expect("nobody was there");
    let device = Device { source: [127, 0, 0, 1].into(), agent: String::new() };
    let entered = accounts.enter_demo(Role::Doctor, &device, None).expect("staged");
    let cookie = format!("musubi_8470={}", entered.id.expose());
    let desk = Arc::new(ServiceDesk::new(service.clone(), Some(feeds)));
    let pages = router(desk, accounts, &PortalConfig::new(addr), addr).expect("random");
    Node { pages, service, cookie, _engine: engine, _folders: folders }
}

async fn ask(node: &Node, path: &str, form: Option<String>) -> String {
    let request = Request::builder().uri(path).header("host", "127.0.0.1:8470").header("cookie", node.cookie.as_str());
    let request = match form {
        None => request.body(Body::empty()),
        Some(form) => {
            request.method("POST").header("content-type", "application/x-www-form-urlencoded").body(Body::from(form))
        }
    };
    let response = node.pages.clone().oneshot(request.expect("a request")).await.expect("an answer");
    assert!(response.status().is_success(), "{path}: {}", response.status());
    let bytes = to_bytes(response.into_body(), 4 << 20).await.expect("a body");
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn between(text: &str, start: &str, end: char) -> String {
    let at = text.find(start).unwrap_or_else(|| panic!("no {start}")) + start.len();
    text[at..].chars().take_while(|c| *c != end).collect()
}

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
