//! The consent desk over a real node. Tests named `row_NN` are of the bad-input table of issue 6.
mod real;
mod support;

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use protocol::audit::What;
use protocol::consent::{LegalBase, Stance};
use protocol::kinds::{Coarse, KindSet, Role};
use real::{Node, node};
use service::Staff;
use service::access_log::LogQuery;
use service::consents::{ConsentFile, Standing};
use support::{Answer, Browser, encoded};

const NEW: &str = "/patients/1/consent/new";
const WITHDRAW: &str = "/patients/1/consent/withdraw";
const GOOD: [(&str, &str); 9] = [
    ("stance", "permit"),
    ("who", "classes"),
    ("class", "hospital"),
    ("class", "clinic"),
    ("kind", "lab"),
    ("role", "doctor"),
    ("purpose", "treatment"),
    ("version", "2026-1"),
    ("attested", "yes"),
];

fn auditor() -> Staff {
    Staff::new("auditor-1", Role::Auditor).expect("a number")
}

fn file(node: &Node) -> ConsentFile {
    node.service.consents(&auditor(), protocol::ids::PatientRef(1)).expect("a patient")
}

fn clerk(node: &Node) -> Browser {
    Browser::with(&node.pages, &node.cookie(Role::Clerk))
}

/// A form with a file, as browsers send it.
fn parts(token: &str, fields: &[(&str, &str)], scan: Option<&[u8]>) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in [("token", token)].iter().chain(fields) {
        body.extend(format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
    }
    if let Some(scan) = scan {
        let head = "--XX\r\nContent-Disposition: form-data; name=\"scan\"; filename=\"..\\..\\同意<b>.pdf\"\r\nContent-Type: text/html\r\n\r\n";
        body.extend(head.bytes().chain(scan.iter().copied()).chain(*b"\r\n"));
    }
    body.extend(*b"--XX--\r\n");
    body
}

async fn send(browser: &mut Browser, path: &str, fields: &[(&str, &str)], scan: Option<&[u8]>) -> Answer {
    let token = browser.get(path).await.token();
    let request = browser.request(Method::POST, path).header("content-type", "multipart/form-data; boundary=XX");
    browser.send(request.body(Body::from(parts(&token, fields, scan))).expect("a request")).await
}

#[tokio::test]
async fn a_consent_on_paper_keeps_its_scan_and_the_receipt_names_its_hash() {
    let node = node();
    let mut browser = clerk(&node);
    let scan = b"%PDF-1.7\n<script>alert(1)</script>".as_slice();
    let done = send(&mut browser, NEW, &GOOD[..8], Some(scan)).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    let paper = browser.get(done.to()).await;
    let text = paper.text();
    for words in ["同意の控え", "見てよい", "病院・診療所", "検体検査", "紙の写し", "文面 2026-1", "本人"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(paper.body.contains("viewBox") && paper.body.contains("aria-label=\"控えの番号のQRコード\""), "a code");
    let kept = file(&node);
    let [one] = kept.receipts.as_slice() else { panic!("one statement: {:?}", kept.receipts) };
    assert_eq!((one.stance, one.kinds, one.base), (Stance::Permit, KindSet::of(&[Coarse::Lab]), LegalBase::Signed));
    assert_eq!(one.evidence, protocol::crypto::sha256(&[scan]));
    let path = done.to().split('?').next().expect("a path").to_owned();
    let shown = browser.get(&format!("{path}/scan")).await;
    assert_eq!((shown.header(header::CONTENT_TYPE), shown.body.as_bytes()), ("application/pdf", scan));
    assert!(shown.header(header::CONTENT_SECURITY_POLICY).contains("default-src 'none'"), "row 72");
    let list = browser.get("/patients/1/consent").await.text();
    assert!(list.contains("いま有効な文 1") && list.contains("履歴 1"), "{list}");
    let events = node.service.audit(&auditor(), &LogQuery { what: Some(What::ConsentGiven), ..LogQuery::default() });
    let events = events.expect("the log");
    assert_eq!(events[0].event.object, Some(one.evidence), "the log names what was signed");
}

#[tokio::test]
async fn rows_68_and_73_what_is_wrong_brings_the_form_back_and_records_nothing() {
    let node = node();
    let mut browser = clerk(&node);
    let without = |name: &str| GOOD.into_iter().filter(|(own, _)| *own != name).collect::<Vec<_>>();
    let with = |more: &[(&'static str, &'static str)]| [&GOOD[..], more].concat();
    let huge = [b"%PDF-".as_slice(), &[b'x'; 10 << 20]].concat();
    type Case<'a> = (Vec<(&'a str, &'a str)>, Option<&'a [u8]>, &'a str);
    let cases: [Case<'_>; 8] = [
        (without("class"), None, "だれに見せるか"),
        (without("kind"), None, "記録の種類を"),
        (without("role"), None, "職種と目的を"),
        (without("attested"), None, "署名した紙の写しを付けるか"),
        (with(&[("until", "1999-01-01")]), None, "過ぎています"),
        (with(&[("signer", "proxy")]), None, "代理人の名前"),
        (GOOD.to_vec(), Some(b"<svg onload=alert(1)>"), "PDF・PNG・JPEG"),
        (GOOD.to_vec(), Some(&huge), "10 MB より大きい"),
    ];
    for (fields, scan, words) in cases {
        let answer = send(&mut browser, NEW, &fields, scan).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{words}");
        assert!(answer.text().contains(words), "{words}: {}", answer.text());
    }
    let kept =
        send(&mut browser, NEW, &with(&[("until", "soon"), ("signer", "proxy"), ("proxy_name", "<b>山田")]), None)
            .await;
    assert!(
        kept.body.contains("value=\"&lt;b&gt;山田\"") && kept.body.contains("value=\"soon\""),
        "what was typed stays"
    );
    assert!(kept.body.contains("value=\"lab\" checked"), "and what was chosen");
    assert!(file(&node).receipts.is_empty());
}

#[tokio::test]
async fn row_67_a_form_with_a_file_needs_the_token_too_and_goes_nowhere_else() {
    let node = node();
    let mut browser = clerk(&node);
    let other = clerk(&node).get(NEW).await.token();
    for token in ["", "x", &other] {
        let request = browser.request(Method::POST, NEW).header("content-type", "multipart/form-data; boundary=XX");
        let answer = browser.send(request.body(Body::from(parts(token, &GOOD, None))).expect("a request")).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{token}");
    }
    let token = browser.get(NEW).await.token();
    let request = browser.request(Method::POST, "/patients").header("content-type", "multipart/form-data; boundary=XX");
    let answer = browser.send(request.body(Body::from(parts(&token, &[("q", "x")], None))).expect("a request")).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "other forms carry no file");
    let long = [parts(&token, &GOOD, None), vec![b'x'; 12 << 20]].concat();
    let request = browser.request(Method::POST, NEW).header("content-type", "multipart/form-data; boundary=XX");
    let answer = browser.send(request.body(Body::from(long)).expect("a request")).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(file(&node).receipts.is_empty());
}

#[tokio::test]
async fn a_patient_signs_on_the_tablet_and_each_tick_is_a_statement() {
    let node = node();
    let mut browser = clerk(&node);
    let page = browser.get("/patients/1/consent/tablet").await;
    assert!(!page.body.contains("class=\"nav\"") && !page.body.contains("href=\"/patients\""), "no way to others");
    assert!(page.body.contains("<ruby>見<rt>み</rt></ruby>"), "with readings");
    let path = "/patients/1/consent/tablet";
    let none = send(&mut browser, path, &[("group", "houses"), ("stroke", "1,1")], None).await;
    assert!(none.status == StatusCode::UNPROCESSABLE_ENTITY && none.text().contains("名前が書かれていません"));
    let stroke = "0,0 10,10 20,5 30,9;500,200 510,210 520,220 1000,400";
    let done = send(&mut browser, path, &[("group", "houses"), ("group", "home"), ("stroke", stroke)], None).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    let kept = file(&node);
    assert_eq!(kept.receipts.len(), 2);
    assert_eq!(kept.receipts[0].evidence, kept.receipts[1].evidence, "one signature");
    let path = done.to().split('?').next().expect("a path").to_owned();
    let drawn = browser.get(&format!("{path}/scan")).await;
    assert_eq!(drawn.header(header::CONTENT_TYPE), "image/svg+xml");
    assert!(
        drawn.body.contains("<polyline points=\"0,0 10,10")
            && drawn.header(header::CONTENT_SECURITY_POLICY).contains("sandbox")
    );
}

#[tokio::test]
async fn a_withdrawal_is_certified_and_a_new_yes_brings_it_back() {
    let node = node();
    let mut browser = clerk(&node);
    assert_eq!(send(&mut browser, NEW, &GOOD, None).await.status, StatusCode::SEE_OTHER);
    let unsure = send(&mut browser, WITHDRAW, &[("why", "wish"), ("scope", "all"), ("attested", "yes")], None).await;
    assert!(unsure.status == StatusCode::UNPROCESSABLE_ENTITY && unsure.text().contains("本人の意思を確かめたら"));
    let sure = [("why", "wish"), ("scope", "all"), ("attested", "yes"), ("sure", "yes")];
    let done = send(&mut browser, WITHDRAW, &sure, None).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    let paper = browser.get(done.to()).await.text();
    for words in [
        "撤回の証明書",
        "見てはいけない",
        "写しを持っている施設は、わかっている限り 0",
        "からあと、この内容で記録を渡しません",
    ] {
        assert!(paper.contains(words), "{words}: {paper}");
    }
    let list = browser.get("/patients/1/consent").await.text();
    assert!(list.contains("撤回された") && list.contains("いま有効な文 1"), "only the stop counts: {list}");
    assert_eq!(send(&mut browser, NEW, &GOOD, None).await.status, StatusCode::SEE_OTHER);
    let list = browser.get("/patients/1/consent").await.text();
    assert!(list.contains("その後の「はい」の範囲では取り消し"), "{list}");
}

#[tokio::test]
async fn who_withdraws_some_kinds_is_not_called_withdrawn() {
    let node = node();
    let mut browser = clerk(&node);
    assert_eq!(send(&mut browser, NEW, &GOOD, None).await.status, StatusCode::SEE_OTHER);
    let part = [("why", "wish"), ("scope", "kinds"), ("kind", "image"), ("attested", "yes"), ("sure", "yes")];
    let done = send(&mut browser, WITHDRAW, &part, None).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    assert!(matches!(file(&node).standing(), Standing::Limited(_)));
    assert!(browser.get("/patients/1/consent").await.text().contains("有効・一部除外"));
    let all = [("why", "wish"), ("scope", "all"), ("attested", "yes"), ("sure", "yes")];
    assert_eq!(send(&mut browser, WITHDRAW, &all, None).await.status, StatusCode::SEE_OTHER);
    assert!(matches!(file(&node).standing(), Standing::Withdrawn(_)));
}

#[tokio::test]
async fn a_death_needs_its_paper_and_stops_everything_also_in_emergencies() {
    let node = node();
    let mut browser = clerk(&node);
    let death = [("why", "death"), ("sure", "yes"), ("attested", "yes")];
    let none = send(&mut browser, WITHDRAW, &death, None).await;
    assert!(none.status == StatusCode::UNPROCESSABLE_ENTITY && none.text().contains("届け出の紙の写し"));
    let done = send(&mut browser, WITHDRAW, &death, Some(b"\x89PNG\r\n\x1a\n...")).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert!(browser.get(done.to()).await.text().contains("逝去の届け出により"));
    let kept = file(&node);
    assert!(kept.receipts[0].stance == Stance::Stop && kept.receipts[0].even_in_emergency);
    assert_eq!(kept.receipts[0].text_version, "death-1");
}

#[tokio::test]
async fn row_75_a_paper_of_another_patient_or_a_guessed_one_is_not_here() {
    let node = node();
    let mut browser = clerk(&node);
    let done = send(&mut browser, NEW, &GOOD, None).await;
    let id = done.to().split(['/', '?']).nth(4).expect("a number").to_owned();
    for path in [
        format!("/patients/2/consent/{id}"),
        "/patients/1/consent/00000000000000000000000000000000".into(),
        "/patients/1/consent/x".into(),
        format!("/patients/1/consent/{id}/scan"),
    ] {
        assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    // A patient whose records somebody may read is not one whose consents anybody may change.
    let mut emergency = Browser::with(&node.pages, &node.cookie(Role::Emergency));
    assert_eq!(emergency.get("/patients/1/consent").await.status, StatusCode::FORBIDDEN);
    let token = emergency.get("/patients").await.token();
    let form = format!("token={token}&{}", GOOD.map(|(name, value)| format!("{name}={}", encoded(value))).join("&"));
    assert_eq!(emergency.post(NEW, &form).await.status, StatusCode::FORBIDDEN);
    assert_eq!(file(&node).receipts.len(), 1);
}

#[tokio::test]
async fn consents_that_end_are_on_the_list_of_who_is_asked_again() {
    let node = node();
    let mut browser = clerk(&node);
    assert!(browser.get("/consents").await.text().contains("3か月以内に切れる同意は 0 件です"));
    let until = node.service.now().plus(20 * protocol::time::DAY_MS).date_jst().to_string();
    let fields = [&GOOD[..], &[("until", until.as_str())]].concat();
    assert_eq!(send(&mut browser, NEW, &fields, None).await.status, StatusCode::SEE_OTHER);
    let list = browser.get("/consents").await;
    assert!(list.text().contains("見本 花子") && list.body.contains("/patients/1/consent"), "{}", list.text());
}
