//! A portal with accounts behind it, and browsers that keep cookies, for tests of pages.
#![allow(dead_code, reason = "each test program uses what it needs")]
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use portal::desk::Desk;
use portal::{Caller, PortalConfig, router};
use protocol::kinds::Role;
use protocol::time::Millis;
use service::Staff;
use service::clock::HandClock;
use service::staff::{Accounts, Device, Made, Typed, code_of};
use service::testing::{House, house};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tempfile::TempDir;
use tower::ServiceExt;

/// Where the portal believes to be.
pub const HOST: &str = "127.0.0.1:8470";

/// Accounts over a store in memory, with a clock that stands.
pub struct Office {
    pub accounts: Accounts,
    pub clock: Arc<HandClock>,
    pub house: House,
    _folder: TempDir,
}

impl Office {
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let clock = Arc::new(HandClock::at(Millis(1_795_311_720_000)));
        let house = house(folder.path(), clock.clone());
        Self { accounts: house.service.accounts().clone(), clock, house, _folder: folder }
    }
    /// One made-up member of staff per role.
    pub fn staged() -> Self {
        let office = Self::new();
        office.accounts.stage_demo().expect("nobody was there");
        office
    }
    /// The portal of this office.
    pub fn router(&self, desk: Arc<dyn Desk>, demo: bool) -> Router {
        let addr = SocketAddr::from(([127, 0, 0, 1], 8470));
        let config = PortalConfig { demo, ..PortalConfig::new(addr) };
        router(desk, self.accounts.clone(), &config, addr).expect("random")
    }
    /// The cookie of somebody of this role who is signed in.
    pub fn cookie(&self, role: Role) -> String {
        let device = Device { source: [127, 0, 0, 1].into(), agent: String::new() };
        let entered = self.accounts.enter_demo(role, &device, None).expect("staged");
        format!("musubi_8470={}", entered.id.expose())
    }
}

/// A password.
pub const PASSWORD: &str = "shio no kaori 26";

/// Who runs the machine.
pub fn admin() -> Staff {
    Staff::new("os-1", Role::Administrator).expect("a number")
}

/// Somebody with a one-time code.
pub fn add(office: &Office, login: &str, role: &str) -> Made {
    let typed = Typed { login: login.into(), name: "見本 太郎".into(), role: role.into(), ..Typed::default() };
    office.accounts.add(&admin(), &typed).expect("added")
}

/// The secret that a page offers to an app.
pub fn secret_of(page: &Answer) -> String {
    page.between("<code>", '<').replace(' ', "")
}

/// Chooses a password by one-time code and sets a second factor up; gives the app's secret and the page with the recovery codes.
pub async fn first_login(office: &Office, browser: &mut Browser, login: &str, code: &str) -> (String, Answer) {
    let form = [("login", login), ("code", code), ("password", PASSWORD), ("again", PASSWORD)];
    let answer = browser.fill("/login/first", "/login/first", &form).await;
    assert_eq!((answer.status, answer.to()), (StatusCode::SEE_OTHER, "/login/factor"), "{}", answer.text());
    let page = browser.get("/login/factor").await;
    let secret = secret_of(&page);
    let now = service::clock::Clock::now(office.clock.as_ref());
    let codes = browser.fill("/login/factor", "/login/factor", &[("code", &code_of(&secret, now))]).await;
    assert_eq!(codes.status, StatusCode::OK, "{}", codes.text());
    (secret, codes)
}

/// An answer, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
    pub fn to(&self) -> &str {
        self.header(header::LOCATION)
    }
    /// What a reader sees: without marks of HTML.
    pub fn text(&self) -> String {
        let parts = self.body.split('<').map(|part| part.split_once('>').map_or("", |(_, text)| text));
        parts.collect::<Vec<_>>().join(" ")
    }
    pub fn token(&self) -> String {
        self.between("name=\"token\" value=\"", '"')
    }
    pub fn between(&self, start: &str, end: char) -> String {
        let at = self.body.find(start).unwrap_or_else(|| panic!("no {start} in {}", self.body)) + start.len();
        self.body[at..].chars().take_while(|c| *c != end).collect()
    }
}

/// Sends a request to a router.
pub async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, 4 << 20).await.expect("a body");
    Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(bytes.to_vec()).expect("text") }
}

/// A browser: keeps cookies, says where it is, follows nothing by itself.
#[derive(Clone)]
pub struct Browser {
    router: Router,
    pub cookies: BTreeMap<String, String>,
    pub source: [u8; 4],
    pub agent: &'static str,
}

impl Browser {
    pub fn new(router: &Router) -> Self {
        Self { router: router.clone(), cookies: BTreeMap::new(), source: [127, 0, 0, 1], agent: "" }
    }
    /// One that has this cookie.
    pub fn with(router: &Router, cookie: &str) -> Self {
        let mut browser = Self::new(router);
        let (name, value) = cookie.split_once('=').expect("a cookie");
        browser.cookies.insert(name.into(), value.into());
        browser
    }
    pub fn session(&self) -> Option<&String> {
        self.cookies.get("musubi_8470")
    }
    pub fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", HOST)
            .header("cookie", cookies.join("; "))
            .extension(ConnectInfo(Caller(SocketAddr::from((self.source, 40_000)))));
        if self.agent.is_empty() { request } else { request.header("user-agent", self.agent) }
    }
    pub async fn send(&mut self, request: Request<Body>) -> Answer {
        let answer = send(&self.router, request).await;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().expect("text").split(';').next().expect("a pair");
            let (name, value) = pair.split_once('=').expect("a cookie");
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.into(), value.into());
            }
        }
        answer
    }
    pub async fn get(&mut self, path: &str) -> Answer {
        let request = self.request(Method::GET, path).body(Body::empty()).expect("a request");
        self.send(request).await
    }
    /// A form as it stands.
    pub async fn post(&mut self, path: &str, form: &str) -> Answer {
        let request = self.request(Method::POST, path).header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form.to_owned())).expect("a request")).await
    }
    /// Opens a page and sends its form with these fields.
    pub async fn fill(&mut self, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.get(page).await.token();
        let fields = fields.iter().map(|(name, value)| format!("&{name}={}", encoded(value)));
        self.post(path, &format!("token={token}{}", fields.collect::<String>())).await
    }
}

/// Text as a form sends it.
pub fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric();
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
