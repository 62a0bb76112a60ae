//! A browser without a window: HTTP by hand, with cookies, and the moment at which each part of a page arrived.
use data_encoding::BASE32_NOPAD;
use ring::hmac;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Somebody who is signed in.
#[derive(Clone)]
pub struct Browser {
    host: String,
    cookies: BTreeMap<String, String>,
}

/// One page.
pub struct Page {
    /// The status, and where it leads.
    pub status: u16,
    pub to: String,
    pub body: String,
    /// From the question to the last byte.
    pub took: Duration,
    /// To the first holder's answer within the page.
    pub first_row: Option<Duration>,
}

impl Page {
    pub fn between(&self, start: &str, end: char) -> Option<String> {
        let at = self.body.find(start)? + start.len();
        Some(self.body[at..].chars().take_while(|c| *c != end).collect())
    }
}

impl Browser {
    /// Chooses a password with a one-time code, sets a second factor up, and is in.
    pub fn sign_in(host: &str, login: &str, once: &str) -> Self {
        let mut browser = Self { host: host.to_owned(), cookies: BTreeMap::new() };
        let form = [("login", login), ("code", once), ("password", PASSWORD), ("again", PASSWORD)];
        let entered = browser.fill("/login/first", "/login/first", &form);
        assert_eq!(entered.to, "/login/factor", "{} {}", entered.status, entered.body);
        let secret = browser.get("/login/factor").between("<code>", '<').expect("a secret").replace(' ', "");
        let done = browser.fill("/login/factor", "/login/factor", &[("code", &code(&secret))]);
        assert_eq!(done.status, 200, "{}", done.body);
        browser
    }
    pub fn get(&mut self, path: &str) -> Page {
        self.ask(("GET", path, ""), &mut |_| {})
    }
    /// As [`Browser::get`], telling how many holders have answered whenever more of the page came.
    pub fn watch(&mut self, path: &str, tell: &mut dyn FnMut(usize)) -> Page {
        self.ask(("GET", path, ""), tell)
    }
    /// Keeps a cookie.
    pub fn cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }
    /// Opens a page and sends its form.
    pub fn fill(&mut self, page: &str, path: &str, fields: &[(&str, &str)]) -> Page {
        let token = self.get(page).between("name=\"token\" value=\"", '"').expect("a form");
        self.send(path, &token, fields)
    }
    /// Sends a form with a token at hand.
    pub fn send(&mut self, path: &str, token: &str, fields: &[(&str, &str)]) -> Page {
        let fields: String = fields.iter().map(|(name, value)| format!("&{name}={}", encoded(value))).collect();
        self.ask(("POST", path, &format!("token={token}{fields}")), &mut |_| {})
    }
    fn ask(&mut self, (method, path, body): (&str, &str, &str), tell: &mut dyn FnMut(usize)) -> Page {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nUser-Agent: bench\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.host,
            cookies.join("; "),
            body.len()
        );
        let begun = Instant::now();
        let mut stream = TcpStream::connect(&self.host).expect("the page is open");
        stream.set_nodelay(true).expect("a line of this machine");
        stream.write_all(request.as_bytes()).expect("sent");
        let (mut answer, mut piece, mut first_row) = (Vec::new(), vec![0; 64 << 10], None);
        while let Ok(count @ 1..) = stream.read(&mut piece) {
            answer.extend_from_slice(&piece[..count]);
            let rows = answer.windows(ROW.len()).filter(|part| *part == ROW).count();
            if rows > 0 {
                first_row.get_or_insert_with(|| begun.elapsed());
            }
            tell(rows);
        }
        let took = begun.elapsed();
        self.read(&answer, took, first_row)
    }
    fn read(&mut self, answer: &[u8], took: Duration, first_row: Option<Duration>) -> Page {
        let at = answer.windows(4).position(|part| part == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8_lossy(&answer[..at]).into_owned();
        let is_chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        let body = if is_chunked { unchunked(&answer[at + 4..]) } else { answer[at + 4..].to_vec() };
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let body = String::from_utf8(body).expect("text");
        let mut page = Page { status, to: String::new(), body, took, first_row };
        for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
            match name.to_ascii_lowercase().as_str() {
                "location" => page.to = value.to_owned(),
                "set-cookie" => {
                    let pair = value.split(';').next().and_then(|pair| pair.split_once('='));
                    let (name, value) = pair.expect("a cookie");
                    self.cookies.insert(name.to_owned(), value.to_owned());
                }
                _ => {}
            }
        }
        page
    }
}

fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(at) = bytes.windows(2).position(|part| part == b"\r\n") {
        let size = std::str::from_utf8(&bytes[..at]).ok().and_then(|size| usize::from_str_radix(size.trim(), 16).ok());
        let Some(size @ 1..) = size else { break };
        let rest = &bytes[at + 2..];
        out.extend_from_slice(&rest[..size.min(rest.len())]);
        bytes = rest.get(size + 2..).unwrap_or_default();
    }
    out
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The app of a phone: RFC 6238.
fn code(secret: &str) -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let key = BASE32_NOPAD.decode(secret.as_bytes()).expect("base 32");
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let tag = hmac::sign(&key, &(seconds / 30).to_be_bytes());
    let at = usize::from(tag.as_ref()[19] & 15);
    let word = u32::from_be_bytes(tag.as_ref()[at..at + 4].try_into().expect("four bytes"));
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}

const PASSWORD: &str = "shio no kaori 26";
/// How a holder's answer begins on the time axis.
const ROW: &[u8] = b"class=\"cell answer";
