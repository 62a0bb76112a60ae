//! What keeps others out before anything is looked at: own name, forms only from own pages, cookies that scripts and other hosts
//! do not get. Who somebody is, [`service::staff`] says.
use axum::http::{HeaderMap, HeaderValue, Method, header};
use service::staff::SessionId;
use std::net::SocketAddr;

/// The same for all requests of one portal.
pub struct Gate {
    secret: [u8; 32],
    session: String,
    form: String,
    hosts: Vec<String>,
}

impl Gate {
    /// For a portal at this address.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn new(addr: SocketAddr) -> Result<Self, getrandom::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        let port = addr.port();
        let hosts =
            vec![addr.to_string(), format!("localhost:{port}"), format!("127.0.0.1:{port}"), format!("[::1]:{port}")];
        // Browsers give cookies of one host to all its ports: five nodes of a demo need five names.
        Ok(Self { secret, session: format!("musubi_{port}"), form: format!("musubi_{port}_form"), hosts })
    }
    /// Whether the request names this portal, so that no foreign name was bent to this machine (DNS rebinding).
    pub fn is_own_host(&self, headers: &HeaderMap) -> bool {
        let mut hosts = headers.get_all(header::HOST).iter();
        // Two names are one too many: what stands between could have looked at the other.
        let only = hosts.next().filter(|_| hosts.next().is_none());
        only.and_then(|host| host.to_str().ok())
            .is_some_and(|host| self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host)))
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
    /// The session's number that the browser brought.
    pub fn session(&self, headers: &HeaderMap) -> Option<SessionId> {
        cookie(headers, &self.session).filter(|value| !value.is_empty()).map(SessionId::of)
    }
    /// The cookie that keeps a session until the browser closes. `Lax`: a link from a letter finds who is signed in, a form from
    /// elsewhere does not; `Secure` comes with the first listener that has TLS.
    pub fn keep(&self, id: &SessionId) -> Option<HeaderValue> {
        HeaderValue::from_str(&format!("{}={}; Path=/; HttpOnly; SameSite=Lax", self.session, id.expose())).ok()
    }
    /// The cookie that takes it away.
    pub fn forget(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&format!("{}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax", self.session)).ok()
    }
    /// From what the forms' token of this browser is made while nobody is signed in.
    pub fn seed<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        cookie(headers, &self.form).filter(|seed| seed.len() == SEED_CHARS)
    }
    /// A new one.
    pub fn fresh_seed(&self) -> Option<String> {
        let mut bytes = [0; SEED_BYTES];
        getrandom::fill(&mut bytes).ok()?;
        Some(data_encoding::BASE64URL_NOPAD.encode(&bytes))
    }
    /// The cookie that keeps it.
    pub fn keep_seed(&self, seed: &str) -> Option<HeaderValue> {
        HeaderValue::from_str(&format!("{}={seed}; Path=/; HttpOnly; SameSite=Lax", self.form)).ok()
    }
}

/// What the forms of one browser carry.
pub struct Guard {
    token: String,
}

impl Guard {
    /// For a browser with this session or seed.
    pub fn new(gate: &Gate, of: &str) -> Self {
        let token = blake3::keyed_hash(&gate.secret, of.as_bytes());
        Self { token: data_encoding::BASE64URL_NOPAD.encode(token.as_bytes()) }
    }
    /// What every form carries.
    pub fn token(&self) -> &str {
        &self.token
    }
    /// Whether a form carries it.
    pub fn is_token(&self, token: &str) -> bool {
        blake3::hash(token.as_bytes()) == blake3::hash(self.token.as_bytes())
    }
    /// Whether a form's bytes carry it, once.
    pub fn is_own_form(&self, body: &[u8]) -> bool {
        let mut tokens = body.split(|byte| *byte == b'&').filter_map(|pair| pair.strip_prefix(b"token="));
        let first = tokens.next().and_then(|token| std::str::from_utf8(token).ok());
        tokens.next().is_none() && first.is_some_and(|token| self.is_token(token))
    }
}

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.into_iter().find(|(own, _)| *own == name).map(|(_, value)| value)
}

/// Whether a request's body is a form as browsers send it, and nothing that another page could send in its place.
pub fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}

/// Whether it is a form with a file in it, as browsers send those.
pub fn is_file_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("multipart/form-data"))
}

/// Puts the headers on an answer that keep a page to itself: nothing from other hosts, no script but our own file, no frame, no copy on disk.
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

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'";
/// What a file of a document may do in its frame: nothing but be looked at.
pub const FILE_POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";
const SEED_BYTES: usize = 24;
const SEED_CHARS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> Gate {
        Gate::new(SocketAddr::from(([127, 0, 0, 1], 8470))).expect("random")
    }
    /// What is compared is of one length and looks like chance, however near the guess: the time of comparing tells nothing of the
    /// secret. Measuring it here would measure the machine.
    #[test]
    fn row_80_a_token_that_is_nearly_right_is_as_wrong_as_any_other() {
        let guard = Guard::new(&gate(), "a session");
        let token = guard.token().to_owned();
        assert!(guard.is_token(&token));
        let right = blake3::hash(token.as_bytes());
        let shared = |guess: &str| {
            let own = blake3::hash(guess.as_bytes());
            own.as_bytes().iter().zip(right.as_bytes()).take_while(|(one, other)| one == other).count()
        };
        let mut longest = 0;
        for number in 0..10_000_usize {
            // Near misses: one letter exchanged, the rest as it is; every place of the token in turn.
            let place = number % token.len();
            let mut letters = token.clone().into_bytes();
            let other = b'A' + u8::try_from(number % 26).expect("a letter");
            letters[place] = if letters[place] == other { b'-' } else { other };
            let guess = String::from_utf8(letters).expect("letters");
            assert!(!guard.is_token(&guess), "{place}");
            longest = longest.max(shared(&guess));
        }
        assert!(longest <= 3, "a guess that shares {longest} bytes of the hash is nearer than chance");
        for odd in ["", &token[..token.len() - 1], &format!("{token}A")] {
            assert!(!guard.is_token(odd));
        }
    }
    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| ((*name).parse().expect("a name"), value.parse().expect("a value"))).collect()
    }

    #[test]
    fn only_names_of_this_machine_are_own() {
        for host in ["127.0.0.1:8470", "localhost:8470", "LOCALHOST:8470", "[::1]:8470"] {
            assert!(gate().is_own_host(&headers(&[("host", host)])), "{host}");
        }
        for host in ["evil.example:8470", "127.0.0.1", "127.0.0.1:80", "localhost.evil.example:8470", ""] {
            assert!(!gate().is_own_host(&headers(&[("host", host)])), "{host}");
        }
        assert!(!gate().is_own_host(&HeaderMap::new()));
    }
    #[test]
    fn a_change_comes_from_own_pages_only() {
        let post = |pairs: &[(&'static str, &str)]| gate().is_own_origin(&Method::POST, &headers(pairs));
        assert!(post(&[]) && post(&[("origin", "http://127.0.0.1:8470"), ("sec-fetch-site", "same-origin")]));
        assert!(post(&[("origin", "null")]), "the token decides then");
        assert!(!post(&[("origin", "http://evil.example")]));
        assert!(!post(&[("origin", "null"), ("sec-fetch-site", "cross-site")]));
        assert!(!post(&[("sec-fetch-site", "same-site")]), "another port of this machine is another program");
    }
    #[test]
    fn the_cookie_of_another_port_is_another_cookie() {
        let session = |cookie: &str| gate().session(&headers(&[("cookie", cookie)]));
        assert!(session("musubi_8471=x; musubi_8470=session").is_some_and(|id| id.expose() == "session"));
        assert!(session("musubi_8471=session").is_none() && session("musubi_8470=").is_none());
    }
    #[test]
    fn a_token_is_of_one_browser_and_one_portal_and_stands_in_a_form_once() {
        let gates = [gate(), gate()];
        let guard = Guard::new(&gates[0], "one");
        assert!(!guard.is_token(Guard::new(&gates[0], "other").token()));
        assert!(!guard.is_token(Guard::new(&gates[1], "one").token()));
        let token = guard.token();
        assert!(guard.is_own_form(format!("q=x&token={token}").as_bytes()));
        for form in [String::new(), "token=".into(), format!("token={token}&token={token}"), format!("xtoken={token}")]
        {
            assert!(!guard.is_own_form(form.as_bytes()), "{form}");
        }
    }
    #[test]
    fn row_67_only_a_form_is_a_form() {
        let kind = |kind: &str| is_form(&headers(&[("content-type", kind)]));
        assert!(kind("application/x-www-form-urlencoded") && kind("application/x-www-form-urlencoded; charset=UTF-8"));
        assert!(
            !kind("application/json")
                && !kind("text/plain")
                && !kind("multipart/form-data")
                && !is_form(&HeaderMap::new())
        );
    }
}
