//! What a portal's port does with floods, slow and split requests, over real sockets. Tests named `row_NN` are of the bad-input
//! table of issue 6.
#[path = "../examples/fake/desk.rs"]
mod desk;
mod support;

use axum::http::StatusCode;
use desk::FakeDesk;
use portal::{PortalConfig, RunningPortal, serve_desk};
use std::net::SocketAddr;
use std::sync::Arc;
use support::{Browser, Office, PASSWORD, add, first_login};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Duration;

/// A portal that waits only so long for slow lines.
async fn open(office: &Office, wait_ms: u64) -> RunningPortal {
    let config = PortalConfig { line_wait_ms: wait_ms, ..PortalConfig::new(([127, 0, 0, 1], 0).into()) };
    serve_desk(Arc::new(FakeDesk::quick()), office.accounts.clone(), config).await.expect("open")
}

/// Sends bytes and reads until the other side ends.
async fn say(addr: SocketAddr, bytes: &[u8]) -> String {
    let mut line = TcpStream::connect(addr).await.expect("a line");
    // The other side may end before all is sent.
    let _ = line.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = line.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn statuses(answer: &str) -> Vec<&str> {
    answer.split("HTTP/1.1 ").skip(1).filter_map(|rest| rest.get(..3)).collect()
}

#[tokio::test]
async fn row_83_a_line_that_sends_or_takes_too_slowly_ends_and_others_are_served_meanwhile() {
    let office = Office::staged();
    let portal = open(&office, 400).await;
    let addr = portal.addr;
    let host = format!("Host: {addr}\r\n");
    let heads = [
        String::new(),
        "GET / HT".to_owned(),
        format!("GET / HTTP/1.1\r\n{host}X-A: b\r\n"),
        format!(
            "POST /login HTTP/1.1\r\n{host}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 900\r\n\r\ntoken="
        ),
    ];
    let mut slow = Vec::new();
    for head in heads {
        slow.push(tokio::spawn(async move {
            let mut line = TcpStream::connect(addr).await.expect("a line");
            line.write_all(head.as_bytes()).await.expect("sent");
            let (mut from, mut to) = line.into_split();
            // A byte now and then, for as long as the other side listens.
            let drip = tokio::spawn(async move {
                while to.write_all(b"a").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            });
            let mut answer = Vec::new();
            let _ = from.read_to_end(&mut answer).await;
            drip.abort();
            String::from_utf8_lossy(&answer).into_owned()
        }));
    }
    let quick = say(addr, format!("GET /healthz HTTP/1.1\r\n{host}Connection: close\r\n\r\n").as_bytes()).await;
    assert_eq!(statuses(&quick), ["200"], "others are served meanwhile");
    for line in slow {
        // That the line ends at all is the test: without a limit it would drip for ever.
        let answer = line.await.expect("ended");
        assert!(statuses(&answer).iter().all(|status| matches!(*status, "400" | "403" | "408" | "413")), "{answer}");
    }
    // Who takes nothing of many answers fills what the system keeps, and then the line ends.
    let mut deaf = TcpStream::connect(addr).await.expect("a line");
    let request = format!("GET /login HTTP/1.1\r\n{host}\r\n");
    let mut sent = 0_u64;
    while deaf.write_all(request.as_bytes()).await.is_ok() {
        sent += 1;
        assert!(sent < 5_000_000, "the line never ends");
    }
    portal.stop().await;
}

#[tokio::test]
async fn row_84_a_request_with_two_lengths_or_odd_pieces_is_refused_and_nothing_is_smuggled_behind_it() {
    let office = Office::staged();
    let portal = open(&office, 2_000).await;
    let host = format!("Host: {}\r\n", portal.addr);
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let inner = format!("GET /healthz HTTP/1.1\r\n{host}\r\n");
    let chunked = "Transfer-Encoding: chunked\r\n";
    let cases = [
        (
            "two lengths",
            format!("POST /login HTTP/1.1\r\n{host}{form}Content-Length: 5\r\nContent-Length: 0\r\n\r\n{inner}"),
        ),
        ("a list of lengths", format!("POST /login HTTP/1.1\r\n{host}{form}Content-Length: 5, 0\r\n\r\n{inner}")),
        ("a signed length", format!("POST /login HTTP/1.1\r\n{host}{form}Content-Length: +5\r\n\r\n{inner}")),
        (
            "a huge length",
            format!("POST /login HTTP/1.1\r\n{host}{form}Content-Length: 99999999999999999999\r\n\r\n{inner}"),
        ),
        (
            "a length and pieces",
            format!("POST /login HTTP/1.1\r\n{host}{form}{chunked}Content-Length: 4\r\n\r\n0\r\n\r\n"),
        ),
        ("pieces", format!("POST /login HTTP/1.1\r\n{host}{form}{chunked}\r\n5\r\na=b&c\r\n0\r\n\r\n")),
        ("a piece without a size", format!("POST /login HTTP/1.1\r\n{host}{form}{chunked}\r\nzz\r\n{inner}")),
        (
            "a piece of any size",
            format!("POST /login HTTP/1.1\r\n{host}{form}{chunked}\r\nFFFFFFFFFFFFFFFFF\r\n{inner}"),
        ),
        (
            "pieces and more",
            format!("POST /login HTTP/1.1\r\n{host}{form}Transfer-Encoding: chunked, gzip\r\n\r\n{inner}"),
        ),
        ("space before the colon", format!("POST /login HTTP/1.1\r\n{host}Content-Length : 5\r\n\r\n{inner}")),
        ("a folded head", format!("GET /login HTTP/1.1\r\n{host}X-A: b\r\n c\r\n\r\n")),
        ("two hosts", format!("GET /login HTTP/1.1\r\n{host}Host: evil.example\r\nConnection: close\r\n\r\n")),
        ("no host", "GET /login HTTP/1.1\r\n\r\n".to_owned()),
        ("another protocol", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned()),
    ];
    for (what, request) in cases {
        let answer = say(portal.addr, request.as_bytes()).await;
        let all = statuses(&answer);
        assert!(all.iter().all(|status| status.starts_with('4')), "{what}: {all:?} {answer}");
        assert!(!answer.contains("ok\n"), "{what}: what stands behind it is no request of its own");
    }
    let good = say(portal.addr, format!("GET /healthz HTTP/1.1\r\n{host}Connection: close\r\n\r\n").as_bytes()).await;
    assert!(good.ends_with("ok\n"), "{good}");
    portal.stop().await;
}

#[tokio::test]
async fn row_81_a_flood_of_logins_costs_no_more_than_the_free_guesses_and_shuts_nobody_else_out() {
    let office = Office::new();
    let made = add(&office, "d-1", "doctor");
    let router = office.router(Arc::new(FakeDesk::quick()), false);
    first_login(&office, &mut Browser::new(&router), "d-1", &made.code).await;
    let mut flood = Browser::new(&router);
    flood.source = [192, 0, 2, 1];
    let token = flood.get("/login").await.token();
    let hashes = office.accounts.hashes();
    let mut refused = 0;
    for guess in 0..10_000 {
        let answer = flood.post("/login", &format!("token={token}&login=n-{guess}&password=guess+{guess}")).await;
        assert!(matches!(answer.status, StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS), "{}", answer.status);
        refused += usize::from(answer.status == StatusCode::TOO_MANY_REQUESTS);
    }
    let cost = office.accounts.hashes() - hashes;
    assert!(cost <= u64::from(service::limits::SOURCE_GUESSES_FREE), "{cost} hashes for 10,000 guesses");
    assert!(refused >= 9_900, "{refused}");
    office.clock.advance(60_000);
    let mut doctor = Browser::new(&router);
    let answer = doctor.fill("/login", "/login", &[("login", "d-1"), ("password", PASSWORD)]).await;
    assert_eq!(answer.to(), "/login/code", "who comes from elsewhere is let in");
}
