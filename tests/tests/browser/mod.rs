//! A browser by hand, and the app of a phone: for tests that need somebody signed in at a real node.
use data_encoding::BASE32_NOPAD;
use e2e::cluster::Node;
use ring::hmac;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Long enough for anybody.
pub const PASSWORD: &str = "shio no kaori 26";

/// A browser that keeps cookies and follows nothing by itself: HTTP by hand, so that nothing of ours checks itself.
#[derive(Default)]
pub struct Browser {
    host: String,
    pub cookies: BTreeMap<String, String>,
}

pub struct Page {
    pub status: u16,
    pub to: String,
    pub body: String,
}

impl Page {
    pub fn between(&self, start: &str, end: char) -> String {
        let at = self.body.find(start).unwrap_or_else(|| panic!("no {start} in {}", self.body)) + start.len();
        self.body[at..].chars().take_while(|c| *c != end).collect()
    }
}

impl Browser {
    pub fn new(page: &str) -> Self {
        let host = page.trim_start_matches("http://").split('/').next().expect("a host").to_owned();
        Self { host, cookies: BTreeMap::new() }
    }
    pub fn ask(&mut self, method: &str, path: &str, body: &str) -> Page {
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
    pub fn get(&mut self, path: &str) -> Page {
        self.ask("GET", path, "")
    }
    pub fn fill(&mut self, page: &str, path: &str, fields: &[(&str, &str)]) -> Page {
        let token = self.get(page).between("name=\"token\" value=\"", '"');
        let fields: String = fields.iter().map(|(name, value)| format!("&{name}={}", encoded(value))).collect();
        self.ask("POST", path, &format!("token={token}{fields}"))
    }
    /// Sets the second factor up; gives its secret.
    pub fn enrol(&mut self) -> String {
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
pub fn code(secret: &str) -> String {
    code_in(secret, 0)
}

/// The code so many half minutes from now: the app of a phone whose clock is that much ahead.
pub fn code_in(secret: &str, steps: u64) -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() + 30 * steps;
    let key = BASE32_NOPAD.decode(secret.as_bytes()).expect("base 32");
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let tag = hmac::sign(&key, &(seconds / 30).to_be_bytes());
    let at = usize::from(tag.as_ref()[19] & 15);
    let word = u32::from_be_bytes(tag.as_ref()[at..at + 4].try_into().expect("four bytes"));
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}

/// Makes the first administrator of a node with its set-up link; gives the link.
#[allow(dead_code, reason = "each test takes what it needs")]
pub fn first_administrator(node: &Node) -> String {
    let link = node.cli(["staff", "link"])["setup"].as_str().expect("a link").to_owned();
    let path = link.split_once("/setup").map(|(_, rest)| format!("/setup{rest}")).expect("a path");
    let key = path.split_once("key=").map(|(_, key)| key.to_owned()).expect("a key");
    let form = [
        ("key", key.as_str()),
        ("login", "admin-1"),
        ("name", "見本 花子"),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ];
    let mut admin = Browser::new(&link);
    assert_eq!(admin.fill(&path, "/setup", &form).to, "/login/factor");
    admin.enrol();
    link
}

/// Adds somebody, who chooses a password and sets a second factor up; gives their number and the factor's secret.
#[allow(dead_code, reason = "each test takes what it needs")]
pub fn signed_up(node: &Node, link: &str, login: &str, role: &str) -> (String, String) {
    let added = node.cli(["staff", "add", login, "--name", "見本 太郎", "--role", role]);
    let once = added["code"].as_str().expect("a code").to_owned();
    let mut browser = Browser::new(link);
    let form = [("login", login), ("code", once.as_str()), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(browser.fill("/login/first", "/login/first", &form).to, "/login/factor");
    let secret = browser.enrol();
    (added["number"].as_str().expect("a number").to_owned(), secret)
}
