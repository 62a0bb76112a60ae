//! Who may come in, until there is a login: this machine, under its own name, with the key that was printed; and forms only
//! from own pages.
use axum::http::{HeaderMap, HeaderValue, Method, header};
use std::net::SocketAddr;

/// The secrets of one run.
#[derive(Clone)]
pub struct Doors {
    key: String,
    session: String,
}

impl Doors {
    /// New ones.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn fresh() -> Result<Self, getrandom::Error> {
        let mut bytes = [0u8; 48];
        getrandom::fill(&mut bytes)?;
        let text = data_encoding::BASE64URL_NOPAD.encode(&bytes);
        let (key, session) = text.split_at(text.len() / 2);
        Ok(Self::of(key, session))
    }
    /// These, for tests.
    pub fn of(key: &str, session: &str) -> Self {
        Self { key: key.to_owned(), session: session.to_owned() }
    }
    /// What stands behind `/?key=`.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }
}

/// Checks requests against the secrets of this run and the name of this portal.
pub struct Guard {
    doors: Doors,
    cookie: String,
    hosts: Vec<String>,
    token: String,
}

impl Guard {
    /// For a portal at this address.
    pub fn new(doors: Doors, addr: SocketAddr) -> Self {
        let port = addr.port();
        let hosts =
            vec![addr.to_string(), format!("localhost:{port}"), format!("127.0.0.1:{port}"), format!("[::1]:{port}")];
        let token = blake3::derive_key("musubi portal 2026 forgery token", doors.session.as_bytes());
        let token = data_encoding::BASE64URL_NOPAD.encode(&token);
        // Browsers give cookies of one host to all its ports: five nodes of a demo need five names.
        Self { doors, cookie: format!("musubi_{port}"), hosts, token }
    }
    /// Whether the request names this portal, so that no foreign name was bent to this machine (DNS rebinding).
    pub fn is_own_host(&self, headers: &HeaderMap) -> bool {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        host.is_some_and(|host| self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host)))
    }
    /// Whether this is the key that was printed.
    pub fn is_key(&self, key: &str) -> bool {
        same(key, &self.doors.key)
    }
    /// Whether the browser came in with the key.
    pub fn is_inside(&self, headers: &HeaderMap) -> bool {
        cookie(headers, &self.cookie).is_some_and(|value| same(value, &self.doors.session))
    }
    /// The cookie that says so.
    pub fn inside(&self) -> Option<HeaderValue> {
        let text = format!("{}={}; Path=/; HttpOnly; SameSite=Strict", self.cookie, self.doors.session);
        HeaderValue::from_str(&text).ok()
    }
    /// What every form carries.
    pub fn token(&self) -> &str {
        &self.token
    }
    /// Whether a form carries it.
    pub fn is_token(&self, token: &str) -> bool {
        same(token, &self.token)
    }
    /// Whether a change may come from where the browser says it comes from; old browsers say nothing, so the token decides.
    pub fn is_own_origin(&self, method: &Method, headers: &HeaderMap) -> bool {
        if method.is_safe() {
            return true;
        }
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let site = text("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
        // With `Referrer-Policy: no-referrer` browsers write `null` as the origin of a form.
        let own = |origin: &str| {
            origin == "null"
                || origin.strip_prefix("http://").is_some_and(|host| self.hosts.iter().any(|own| own == host))
        };
        site && text("origin").is_none_or(own)
    }
}

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.into_iter().find(|(own, _)| *own == name).map(|(_, value)| value)
}

/// Puts the headers on an answer that keep a page to itself: nothing from other hosts, no script, no frame, no copy on disk.
pub fn seal(headers: &mut HeaderMap) {
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in fixed {
        // Files of documents stand in frames and bring a stricter policy of their own.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.insert("permissions-policy", HeaderValue::from_static("camera=(), microphone=(), geolocation=()"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// Compares secrets without telling by its time how much agrees.
fn same(one: &str, other: &str) -> bool {
    blake3::hash(one.as_bytes()) == blake3::hash(other.as_bytes())
}

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'";
/// What a file of a document may do in its frame: nothing but be looked at.
pub const FILE_POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        Guard::new(Doors::of("key", "session"), SocketAddr::from(([127, 0, 0, 1], 8470)))
    }
    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| ((*name).parse().expect("a name"), value.parse().expect("a value"))).collect()
    }

    #[test]
    fn only_names_of_this_machine_are_own() {
        for host in ["127.0.0.1:8470", "localhost:8470", "LOCALHOST:8470", "[::1]:8470"] {
            assert!(guard().is_own_host(&headers(&[("host", host)])), "{host}");
        }
        for host in ["evil.example:8470", "127.0.0.1", "127.0.0.1:80", "localhost.evil.example:8470", ""] {
            assert!(!guard().is_own_host(&headers(&[("host", host)])), "{host}");
        }
        assert!(!guard().is_own_host(&HeaderMap::new()));
    }
    #[test]
    fn a_change_comes_from_own_pages_only() {
        let post = |pairs: &[(&'static str, &str)]| guard().is_own_origin(&Method::POST, &headers(pairs));
        assert!(post(&[]) && post(&[("origin", "http://127.0.0.1:8470"), ("sec-fetch-site", "same-origin")]));
        assert!(post(&[("origin", "null")]), "the token decides then");
        assert!(!post(&[("origin", "http://evil.example")]));
        assert!(!post(&[("origin", "null"), ("sec-fetch-site", "cross-site")]));
        assert!(!post(&[("sec-fetch-site", "same-site")]), "another port of this machine is another program");
    }
    #[test]
    fn the_cookie_of_another_port_is_another_cookie() {
        assert!(guard().is_inside(&headers(&[("cookie", "musubi_8471=x; musubi_8470=session")])));
        assert!(!guard().is_inside(&headers(&[("cookie", "musubi_8471=session")])));
        assert!(!guard().is_inside(&headers(&[("cookie", "musubi_8470=sessio")])));
    }
    #[test]
    fn fresh_doors_differ() {
        let (one, other) = (Doors::fresh().expect("random"), Doors::fresh().expect("random"));
        assert!(one.key != other.key && one.session != other.session && one.key != one.session && one.key.len() == 32);
    }
}
