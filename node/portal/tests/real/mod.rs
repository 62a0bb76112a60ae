//! A real node behind the pages: one hospital, one patient, alone, with a browser for each role.
#![allow(dead_code, reason = "each test program uses what it needs")]
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use portal::desk::ServiceDesk;
use portal::{Feeds, PortalConfig, router};
use protocol::ids::{AuthorityId, FacilityId};
use protocol::kinds::{DataKind, FacilityClass, Role};
use protocol::time::Date;
use records::hl7::encode_iso2022jp;
use records::ssmix2::{FileName, Flag, OccurredAt, layout};
use service::engine::alone::{self, Alone};
use service::ingest::{Feed, Ingest};
use service::onboarding::FacilitySpec;
use service::staff::Device;
use service::{Service, ServiceConfig};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tower::ServiceExt;

const HANAKO: &str = "PID|0001||0001234567^^^^PI||見本^花子^^^^^L^I~ミホン^ハナコ^^^^^L^P||19580312|F";
const VISIT: &str = "PV1|0001|O|01^^^^^C";

/// Three registrations of one house: one person twice, once misspelt, and a twin.
pub const TWINS: [(&str, &str); 3] = [
    ("0000000011", "双葉^花子^^^^^L^I~フタバ^ハナコ^^^^^L^P"),
    ("0000000012", "双葉^華子^^^^^L^I~フタバ^ハナコ^^^^^L^P"),
    ("0000000013", "双葉^花江^^^^^L^I~フタバ^ハナエ^^^^^L^P"),
];
const TWINS_REST: &str = "||19610211|F|||^^^^022-0002^JPN^H^岩手県大船渡市潮見町４－１２||^PRN^PH^^^^^^^^^0192000187";

/// The open pair that one member of staff may join alone. Seen side by side: charts of one house may look so in the list only.
pub fn needing_no_second(node: &Node, staff: &service::Staff) -> service::links::PairId {
    let open = node.service.link_review(staff, false).expect("shown");
    let alone = |pair: &service::links::PairId| {
        let shown = node.service.link_side_by_side(staff, *pair).expect("shown");
        !shown.question.needs_second()
    };
    open.iter().map(|question| question.pair).find(alone).expect("one that needs no second")
}

fn write(root: &Path, kind: &str, day: Option<u8>, key: &str, message: &str, rest: &str) {
    write_of(root, (kind, day, key, message), ("0001234567", HANAKO), rest);
}

fn write_of(
    root: &Path,
    (kind, day, key, message): (&str, Option<u8>, &str, &str),
    (patient, pid): (&str, &str),
    rest: &str,
) {
    let name = FileName {
        patient: patient.to_owned().into(),
        care_date: day.and_then(|day| Date::new(2025, 6, day)),
        kind: DataKind::parse(kind).expect("a kind"),
        key: key.to_owned(),
        occurred_at: OccurredAt::parse("20250610093011123").expect("digits").0,
        department: "01".to_owned(),
        flag: Flag::Valid,
    };
    let text = format!(
        "MSH|^~\\&|HIS|1319999999|GW|RCV|20250610093012||{message}|1|P|2.5||||||~ISO IR87||ISO 2022-1994|SS-MIX2_1.20\r{pid}\r{VISIT}\r{rest}"
    );
    let at = root.join(layout::relative_path(&name));
    std::fs::create_dir_all(at.parent().expect("a parent")).expect("folders");
    std::fs::write(at, encode_iso2022jp(&text)).expect("written");
}

pub struct Node {
    pub pages: Router,
    pub service: Service,
    pub cookie: String,
    pub desk: Arc<ServiceDesk>,
    _engine: Alone,
    _folders: [TempDir; 2],
}

pub fn node() -> Node {
    node_of(&[])
}

/// A node that also knows these, with the questions that its linking has about them.
pub fn node_of(more: &[(&str, &str)]) -> Node {
    let folders = [TempDir::new().expect("a folder"), TempDir::new().expect("a folder")];
    let [folder, tree] = &folders;
    write(tree.path(), "ADT-00", None, "999999999999999", "ADT^A08^ADT_A01", "");
    let lab = "SPM|1|||019^全血^JC10|||||||||||||20250610\rOBR|1|000000000000001||E001^末梢血^99ZL1|||20250610\r\
               ORC|SC|000000000000001\rOBX|1|NM|2A020000001930101^赤血球数^JC10||450|10*4/mm3^10*4/mm3^ISO+|380-500|N|||F\r";
    write(tree.path(), "OML-11", Some(10), "000000000000001", "OUL^R22^OUL_R22", lab);
    for (number, name) in more {
        let pid = format!("PID|0001||{number}^^^^PI||{name}{TWINS_REST}");
        write_of(tree.path(), ("ADT-00", None, "999999999999999", "ADT^A08^ADT_A01"), (number, &pid), "");
    }
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
    assert_eq!((report.stored, report.quarantined), (2 + more.len() as u64, 0), "{report:?}");
    service.link_pending().expect("linked");
    let feeds = Feeds { ingest, feeds: vec![feed] };
    let addr = SocketAddr::from(([127, 0, 0, 1], 8470));
    let accounts = service.accounts().clone();
    accounts.stage_demo().expect("nobody was there");
    let device = Device { source: [127, 0, 0, 1].into(), agent: String::new() };
    let entered = accounts.enter_demo(Role::Doctor, &device, None).expect("staged");
    let cookie = format!("musubi_8470={}", entered.id.expose());
    let desk = Arc::new(ServiceDesk::new(service.clone(), Some(feeds)));
    let pages = router(desk.clone(), accounts, &PortalConfig::new(addr), addr).expect("random");
    Node { pages, service, cookie, desk, _engine: engine, _folders: folders }
}

pub async fn ask(node: &Node, path: &str, form: Option<String>) -> String {
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

pub fn between(text: &str, start: &str, end: char) -> String {
    let at = text.find(start).unwrap_or_else(|| panic!("no {start}")) + start.len();
    text[at..].chars().take_while(|c| *c != end).collect()
}

impl Node {
    /// The cookie of somebody of this role who is signed in.
    pub fn cookie(&self, role: Role) -> String {
        let device = Device { source: [127, 0, 0, 1].into(), agent: String::new() };
        let entered = self.service.accounts().enter_demo(role, &device, None).expect("staged");
        format!("musubi_8470={}", entered.id.expose())
    }
}

/// A network of two founders in which the hospital is a member.
pub fn found_network(node: &Node) -> protocol::ids::NetworkId {
    use service::founders::Founding;
    use service::keys::Share;
    let shares = ["青葉", "若葉"].map(Share::new);
    let founding = Founding::usual("気仙（見本）", shares.iter().map(Share::public).collect(), 2);
    let network = node.service.found_network(&founding, &shares).expect("founded");
    let own = node.service.facilities().into_iter().next().expect("set up").id;
    node.service.admit_own(network, &own, &shares).expect("admitted");
    network
}

/// A consent and the withdrawal of one kind; gives their numbers.
pub fn said(node: &Node) -> [String; 2] {
    use protocol::consent::WithdrawalScope;
    use service::consents::{ConsentSpec, WithdrawSpec};
    let clerk = service::Staff::new("s7", Role::Clerk).expect("a number");
    let patient = protocol::ids::PatientRef(1);
    let evidence = node.service.keep_paper(&clerk, patient, service::papers::Paper::Attested, None).expect("kept");
    let spec = ConsentSpec { evidence, text_version: "2026-1".into(), ..ConsentSpec::broad(patient) };
    let yes = node.service.record_consent(&clerk, &spec).expect("recorded");
    let kinds = protocol::kinds::KindSet::of(&[protocol::kinds::Coarse::Image]);
    let spec = WithdrawSpec { scope: WithdrawalScope::Kinds(kinds), ..WithdrawSpec::everything(patient) };
    let no = node.service.withdraw_consent(&clerk, &spec).expect("withdrawn");
    [yes.receipt.id.to_string(), no.receipt.id.to_string()]
}
