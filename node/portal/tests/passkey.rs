//! Passkeys in a real browser with an authenticator of software inside: added, used, given to the wrong page, copied. Skipped,
//! loudly, where no Chromium is installed.
mod chromium;
#[path = "../examples/fake/desk.rs"]
mod desk;
mod support;

use axum::http::StatusCode;
use chromium::Browser;
use desk::FakeDesk;
use portal::{PortalConfig, RunningPortal, serve_desk};
use protocol::audit;
use serde_json::{Value, json};
use service::staff::code_of;
use std::sync::Arc;
use support::{Office, PASSWORD, add};
use tokio::runtime::Runtime;

/// Two portals over the same accounts: to browsers, the second is another origin of the same host.
struct Doors {
    browser: Browser,
    office: Office,
    key: Value,
    ports: [u16; 2],
    _portals: [RunningPortal; 2],
    _runtime: Runtime,
}

impl Doors {
    fn open(test: &str) -> Option<Self> {
        let mut browser = Browser::open(test)?;
        let (runtime, office) = (Runtime::new().expect("threads"), Office::new());
        let portals = [(); 2].map(|()| {
            let (config, desk) = (PortalConfig::new(([127, 0, 0, 1], 0).into()), Arc::new(FakeDesk::quick()));
            runtime.block_on(serve_desk(desk, office.accounts.clone(), config)).expect("open")
        });
        browser.call("WebAuthn.enable", json!({}));
        let options = json!({ "protocol": "ctap2", "transport": "internal", "hasResidentKey": true,
            "hasUserVerification": true, "isUserVerified": true, "automaticPresenceSimulation": true });
        let key = browser.call("WebAuthn.addVirtualAuthenticator", json!({ "options": options }));
        let key = key["authenticatorId"].clone();
        let ports = [portals[0].addr.port(), portals[1].addr.port()];
        Some(Self { browser, office, key, ports, _portals: portals, _runtime: runtime })
    }
    fn at(&mut self, port: usize, path: &str) {
        let url = format!("http://localhost:{}{path}", self.ports[port]);
        self.browser.go(&url);
    }
    /// Fills the form of this page that goes there, presses its button, and waits for the next page.
    fn fill(&mut self, action: &str, fields: &[(&str, &str)]) {
        let mut script = format!("const f = document.querySelector('form[action=\"{action}\"]');");
        for (name, value) in fields {
            script.push_str(&format!("f.elements[{}].value = {};", json!(name), json!(value)));
        }
        self.browser.value(&format!("(() => {{ {script} f.requestSubmit(); }})()"));
        self.browser.loaded();
    }
    fn text(&mut self) -> String {
        self.browser.text("document.querySelector('main').innerText")
    }
    fn path(&mut self) -> String {
        self.browser.text("location.pathname")
    }
    /// Somebody with password and app, signed in.
    fn sign_up(&mut self) {
        let code = add(&self.office, "d-1", "doctor").code;
        self.at(0, "/login/first");
        let form = [("login", "d-1"), ("code", code.as_str()), ("password", PASSWORD), ("again", PASSWORD)];
        self.fill("/login/first", &form);
        let secret = self.browser.text("document.querySelector('main code').innerText").replace(' ', "");
        let code = code_of(&secret, service::clock::Clock::now(self.office.clock.as_ref()));
        self.fill("/login/factor", &[("code", &code)]);
    }
    /// Out, and in again as far as the second factor.
    fn half_in(&mut self) {
        self.at(0, "/me");
        if self.path() == "/me" {
            self.fill("/logout", &[]);
        }
        self.at(0, "/login");
        self.fill("/login", &[("login", "d-1"), ("password", PASSWORD)]);
        assert_eq!(self.path(), "/login/code");
    }
    fn refusals(&self) -> Vec<String> {
        let events = audit::events(&self.office.house.service.view(), 0, 10_000);
        let refused = events.into_iter().filter(|(_, event)| event.what == audit::What::LoginRefused);
        refused.map(|(_, event)| event.note).collect()
    }
}

#[test]
fn row_66_a_passkey_opens_its_own_page_only_and_a_copy_of_it_none() {
    let Some(mut doors) = Doors::open("passkeys") else { return };
    doors.sign_up();
    doors.at(0, "/me");
    let hidden = doors.browser.value("document.querySelector('[data-passkey]').hidden");
    assert_eq!(hidden, json!(false), "this browser and this name can");
    doors.fill("/me/passkey", &[("name", "外来の机"), ("old", "not this")]);
    assert!(doors.text().contains("今のパスワードが違います"));
    doors.at(0, "/me");
    doors.browser.call("WebAuthn.clearCredentials", json!({ "authenticatorId": doors.key }));
    doors.fill("/me/passkey", &[("name", "外来の机"), ("old", PASSWORD)]);
    assert!(doors.path() == "/me" && doors.text().contains("外来の机"), "{}", doors.text());

    doors.half_in();
    doors.fill("/login/passkey", &[]);
    assert_eq!(doors.path(), "/", "{}", doors.text());

    // Another page of this machine asks for the same challenge.
    doors.half_in();
    let [challenge, ids] = ["challenge", "ids"]
        .map(|of| doors.browser.text(&format!("document.querySelector('[data-passkey]').dataset.{of}")));
    let token = doors.browser.text("document.querySelector('[name=token]').value");
    doors.at(1, "/healthz");
    let bytes = "const b = t => Uint8Array.from(atob(t.replace(/-/g,'+').replace(/_/g,'/')), c => c.charCodeAt(0)); \
                 const s = v => btoa(String.fromCharCode(...new Uint8Array(v))).replace(/\\+/g,'-').replace(/\\//g,'_').replace(/=+$/,'');";
    let stolen = doors.browser.later(&format!(
        "(async () => {{ {bytes} const c = await navigator.credentials.get({{ publicKey: {{ challenge: b('{challenge}'), rpId: 'localhost', \
         userVerification: 'required', allowCredentials: [{{ type: 'public-key', id: b('{ids}') }}] }} }}); const r = c.response; \
         return {{ id: s(c.rawId), client: s(r.clientDataJSON), data: s(r.authenticatorData), signature: s(r.signature) }}; }})()"
    ));
    doors.at(0, "/healthz");
    doors.browser.value(&format!(
        "(() => {{ const f = document.createElement('form'); f.method = 'post'; f.action = '/login/passkey'; \
         for (const [n, v] of Object.entries({{ token: '{token}', ...{stolen} }})) {{ const i = document.createElement('input'); \
         i.name = n; i.value = v; f.append(i); }} document.body.append(f); f.submit(); }})()"
    ));
    doors.browser.loaded();
    // Which check refuses first is shown with the service; here, that nobody comes in by it.
    assert_eq!(doors.path(), "/login/passkey", "{}", doors.text());
    doors.at(0, "/me");
    assert_ne!(doors.path(), "/me", "{}", doors.text());

    // A copy of the authenticator, from before.
    let held = doors.browser.call("WebAuthn.getCredentials", json!({ "authenticatorId": doors.key }));
    let mut copy = held["credentials"][0].clone();
    copy["signCount"] = json!(0);
    doors.browser.call("WebAuthn.clearCredentials", json!({ "authenticatorId": doors.key }));
    doors.browser.call("WebAuthn.addCredential", json!({ "authenticatorId": doors.key, "credential": copy }));
    doors.half_in();
    doors.fill("/login/passkey", &[]);
    assert!(doors.text().contains("複製された"), "{}", doors.text());
    assert!(doors.refusals().iter().any(|note| note.contains("alarm") && note.contains("counter")));
    let asked = doors.browser.value("document.querySelectorAll('[data-passkey]').length");
    assert_eq!(asked, json!(0), "a blocked passkey is not asked for");
    doors.at(0, "/login/code");
    let complaints: Vec<_> = doors.browser.complaints.iter().filter(|text| !text.contains("403")).collect();
    assert!(complaints.is_empty(), "{complaints:?}");
}

#[tokio::test]
async fn without_scripts_or_at_an_address_of_digits_the_page_says_what_passkeys_need() {
    let office = Office::new();
    let made = add(&office, "d-1", "doctor");
    let router = office.router(Arc::new(FakeDesk::quick()), false);
    let mut browser = support::Browser::new(&router);
    support::first_login(&office, &mut browser, "d-1", &made.code).await;
    let page = browser.get("/me").await;
    assert!(page.body.contains("data-passkey=\"create\"") && page.body.contains("http://localhost:8470/me"));
    let odd = [("id", ""), ("client", "%%%"), ("data", "AAAA"), ("signature", ""), ("name", "x"), ("old", PASSWORD)];
    let answer = browser.fill("/me", "/me/passkey", &odd).await;
    assert!(answer.status == StatusCode::FORBIDDEN && answer.text().contains("このパスキーは受け付けられません"));
    let form = format!("token={}&name=x&old={}", page.token(), support::encoded(PASSWORD));
    assert!(browser.post("/me/passkey", &form).await.status == StatusCode::FORBIDDEN);
    let gone = browser.fill("/me", "/me/passkey/remove", &[("id", "AAAA"), ("old", PASSWORD)]).await;
    assert_eq!(gone.status, StatusCode::FORBIDDEN);
}
