//! Staff of a real node: from the set-up link of `musubi run` over HTTP to a suspended account, also over a restart.
use data_encoding::BASE32_NOPAD;
use e2e::cluster::{Cluster, HOSPITAL, Listen};
use ring::hmac;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const PASSWORD: &str = "shio no kaori 26";

/// A browser that keeps cookies and follows nothing by itself: HTTP by hand, so that nothing of ours checks itself.
#[derive(Default)]
struct Browser {
    host: String,
    cookies: BTreeMap<String, String>,
}

struct Page {
    status: u16,
    to: String,
    body: String,
}

impl Page {
    fn between(&self, start: &str, end: char) -> String {
        let at = self.body.find(start).unwrap_or_else(|| panic!("no {start} in {}", self.body)) + start.len();
        self.body[at..].chars().take_while(|c| *c != end).collect()
    }
}

impl Browser {
    fn new(page: &str) -> Self {
        let host = page.trim_start_matches("http://").split('/').next().expect("a host").to_owned();
        Self { host, cookies: BTreeMap::new() }
    }
    fn ask(&mut self, method: &str, path: &str, body: &str) -> Page {
        let mut stream = TcpStream::connect(&self.host).expect("the page is open");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nUser-Agent: e2e\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.host,
            cookies.join("; "),
            body.len()
        );
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let answer = String::from_utf8(answer).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("head and body");
        let mut page = Page { status: 0, to: String::new(), body: body.to_owned() };
        page.status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
            match name.to_ascii_lowercase().as_str() {
                "location" => page.to = value.to_owned(),
                "set-cookie" => {
                    let (name, value) =
                        value.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
                    self.cookies.insert(name.to_owned(), value.to_owned());
                }
                _ => {}
            }
        }
        page
    }
    fn get(&mut self, path: &str) -> Page {
        self.ask("GET", path, "")
    }
    fn fill(&mut self, page: &str, path: &str, fields: &[(&str, &str)]) -> Page {
        let token = self.get(page).between("name=\"token\" value=\"", '"');
        let fields: String = fields.iter().map(|(name, value)| format!("&{name}={}", encoded(value))).collect();
        self.ask("POST", path, &format!("token={token}{fields}"))
    }
    /// Sets the second factor up; gives its secret.
    fn enrol(&mut self) -> String {
        let secret = self.get("/login/factor").between("<code>", '<').replace(' ', "");
        let done = self.fill("/login/factor", "/login/factor", &[("code", &code(&secret))]);
        assert_eq!(done.status, 200, "{}", done.body);
        secret
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The app of a phone: RFC 6238, written apart from the program's own.
fn code(secret: &str) -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let key = BASE32_NOPAD.decode(secret.as_bytes()).expect("base 32");
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let tag = hmac::sign(&key, &(seconds / 30).to_be_bytes());
    let at = usize::from(tag.as_ref()[19] & 15);
    let word = u32::from_be_bytes(tag.as_ref()[at..at + 4].try_into().expect("four bytes"));
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}

#[test]
fn staff_come_in_by_link_code_and_second_factor_and_go_when_suspended() {
    let town = Cluster::new("staff_sign_in", "staff_come_in_by_link_code_and_second_factor_and_go_when_suspended");
    let mut node = town.set_up(HOSPITAL, Listen::Nowhere);
    node.set("portal", "listen", "127.0.0.1:0");
    node.start();
    assert!(node.output().contains("/setup?key="), "the first run prints a link: {}", node.output());
    let link = node.cli(["staff", "link"])["setup"].as_str().expect("a link").to_owned();
    let path = link.split_once("/setup").map(|(_, rest)| format!("/setup{rest}")).expect("a path");
    let key = path.split_once("key=").map(|(_, key)| key.to_owned()).expect("a key");

    let mut admin = Browser::new(&link);
    assert_eq!(
        (admin.get("/admin/staff").status, admin.get("/admin/staff").to.as_str()),
        (303, "/login?to=/admin/staff")
    );
    let form = [
        ("key", key.as_str()),
        ("login", "admin-1"),
        ("name", "見本 花子"),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ];
    let made = admin.fill(&path, "/setup", &form);
    assert_eq!((made.status, made.to.as_str()), (303, "/login/factor"), "{}", made.body);
    admin.enrol();
    assert!(admin.get("/admin/staff").body.contains("見本 花子"));
    let mut late = Browser::new(&link);
    assert_eq!((late.get(&path).status, late.fill("/login", "/setup", &form).status), (403, 403), "used");
    node.ask(["staff", "link"]).fails(1, &["already"]);

    let added = node.cli(["staff", "add", "d-1", "--name", "見本 太郎", "--role", "doctor"]);
    let once = added["code"].as_str().expect("a code").to_owned();
    let mut doctor = Browser::new(&link);
    let form = [("login", "d-1"), ("code", once.as_str()), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(doctor.fill("/login/first", "/login/first", &form).to, "/login/factor");
    let secret = doctor.enrol();
    assert_eq!((doctor.get("/patients").status, doctor.get("/admin/staff").status), (200, 403));
    assert_eq!(Browser::new(&link).fill("/login/first", "/login/first", &form).status, 403, "used");
    assert_eq!(Browser::new(&link).ask("POST", "/login", "login=d-1&password=x").status, 403, "forged");

    // A session outlives the process, if the page comes back at the same place.
    let port = link.trim_start_matches("http://").split('/').next().expect("a host").to_owned();
    node.set("portal", "listen", port);
    assert_eq!(node.stop(), 0);
    node.start();
    assert_eq!(doctor.get("/patients").status, 200);
    assert!(!node.output().split("runs. Stop it").last().is_some_and(|last| last.contains("/setup?key=")));

    node.ask(["patient", "find", "x", "--staff", "s2", "--role", "nurse"]).fails(1, &["doctor"]);
    node.ask(["patient", "find", "x", "--staff", "s9"]).fails(1, &["staff list"]);
    node.cli(["patient", "find", "x", "--staff", "s2"]);
    node.cli(["staff", "suspend", "s2"]);
    assert_eq!(doctor.get("/patients").to, "/login?to=/patients");
    node.ask(["staff", "suspend", "s1"]).fails(1, &["last active administrator"]);

    let told = node.cli(["audit", "list", "--limit", "200"]);
    let whats: Vec<&str> =
        told["events"].as_array().into_iter().flatten().filter_map(|event| event["what"].as_str()).collect();
    for what in ["logged-in", "login-refused", "config-changed"] {
        assert!(whats.contains(&what), "{what}: {whats:?}");
    }
    assert_eq!(node.stop(), 0);
    let session = doctor.cookies.values().map(String::as_str);
    let secrets = session.chain([PASSWORD, once.as_str(), secret.as_str()]);
    let logs = node.folder().join("log");
    let texts: Vec<String> = logs
        .read_dir()
        .into_iter()
        .flatten()
        .flatten()
        .map(|file| String::from_utf8_lossy(&std::fs::read(file.path()).unwrap_or_default()).into_owned())
        .collect();
    for secret in secrets {
        assert!(!texts.iter().any(|text| text.contains(secret)), "a secret stands in a log");
        assert!(!node.output().contains(secret), "a secret stands on the console");
    }
}
