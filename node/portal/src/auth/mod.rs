//! The way in and what belongs to it: `door` (set-up, login, second factor, logout), `own` (own settings and accesses), `passkey`, `staff`
//! (accounts, for administrators), `demo` (roles of the demo; there only).
//!
//! A form's token is checked in front of every handler here; who may come so far is in the table of needs.
mod demo;
mod door;
mod own;
mod passkey;
mod staff;

use crate::app::{App, page_with, redirect};
use crate::desk::DeskError;
use crate::i18n::Key;
use crate::pages::Fault;
use crate::view::Frame;
use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::{get, post};
use maud::Markup;
use service::staff::{AccountError, Entered, PasskeyFault, PasswordFault, Refusal, Stage, TextFault};
use std::sync::Arc;

/// The routes; those of the demo only where one runs.
pub(crate) fn routes(demo: bool) -> Router<Arc<App>> {
    let routes = Router::new()
        .route("/setup", get(door::set_up_page).post(door::set_up))
        .route("/login", get(door::login_page).post(door::login))
        .route("/login/first", get(door::first_page).post(door::first))
        .route("/login/code", get(door::code_page).post(door::code))
        .route("/login/passkey", post(passkey::second))
        .route("/login/factor", get(door::factor_page).post(door::factor))
        .route("/logout", post(door::logout))
        .route("/me", get(own::page))
        .route("/me/password", post(own::password))
        .route("/me/factor", post(own::factor))
        .route("/me/passkey", post(passkey::add))
        .route("/me/passkey/remove", post(passkey::remove))
        .route("/me/sessions", post(own::sessions))
        .route("/admin/staff", get(staff::page).post(staff::add))
        .route("/admin/staff/import", get(staff::import_page).post(staff::import))
        .route("/admin/staff/{number}/reset", post(staff::reset))
        .route("/admin/staff/{number}/suspend", post(staff::suspend))
        .route("/admin/staff/{number}/resume", post(staff::resume))
        .route("/admin/staff/{number}/role", post(staff::role));
    if !demo {
        return routes;
    }
    routes.route("/enter", get(demo::enter)).route("/demo", get(demo::page).post(demo::switch))
}

/// Draws a page.
fn shown(
    app: &Arc<App>,
    headers: &HeaderMap,
    (status, here): (StatusCode, &str),
    draw: impl FnOnce(&Frame<'_>) -> Markup,
) -> Response {
    let node = app.desk.name();
    let here: Option<Uri> = here.parse().ok();
    let frame = app.frame(app.lang(headers), &node, here.as_ref());
    page_with(status, draw(&frame))
}

/// On to what comes next, with the cookie of the new session.
fn onward(app: &App, entered: &Entered, to: &str) -> Response {
    let next = match entered.stage {
        Stage::In => to.to_owned(),
        Stage::Factor => with_to("/login/code", to),
        Stage::Enrol => with_to("/login/factor", to),
    };
    redirect(&next, app.gate.keep(&entered.id))
}

/// An address that remembers where to go after the login.
fn with_to(path: &str, to: &str) -> String {
    if to == "/" { path.to_owned() } else { format!("{path}?to={}", crate::app::percent(to)) }
}

/// Where to go after the login: a page of this portal, nowhere else; never a page of the way in.
fn own_path(to: &str) -> String {
    let is_own = to.starts_with('/')
        && !to.starts_with("//")
        && to.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && to.len() <= TO_BYTES_MAX
        && !["/login", "/logout", "/setup", "/enter"].iter().any(|door| to.starts_with(door));
    if is_own { to.to_owned() } else { "/".to_owned() }
}

/// What the accounts answered, or the page of a busy node.
fn answered<T>(app: &Arc<App>, headers: &HeaderMap, answer: Result<T, DeskError>) -> Result<T, Box<Response>> {
    answer.map_err(|error| Box::new(app.fault(headers, &Fault::Desk(error))))
}

/// A text for people, with the seconds to wait if there are some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// Which text.
    pub key: Key,
    /// Seconds to wait.
    pub seconds: u64,
}

impl From<Key> for Said {
    fn from(key: Key) -> Self {
        Self { key, seconds: 0 }
    }
}

/// Why somebody did not come in: status and text, the same for every login.
fn refused(refusal: &Refusal) -> Result<(StatusCode, Said), Fault> {
    let said = |status, key: Key| Ok((status, Said::from(key)));
    match refusal {
        Refusal::Wrong => said(StatusCode::FORBIDDEN, Key::RefusedWrong),
        Refusal::Wait { ms } => {
            Ok((StatusCode::TOO_MANY_REQUESTS, Said { key: Key::RefusedWait, seconds: ms.div_ceil(1_000) }))
        }
        Refusal::Ended => said(StatusCode::FORBIDDEN, Key::RefusedEnded),
        Refusal::Link => said(StatusCode::FORBIDDEN, Key::RefusedLink),
        Refusal::Passkey(fault) => Ok(passkey_said(*fault)),
        Refusal::Account(error) => failed(error),
    }
}

/// Why an account was not changed: status and text.
fn failed(error: &AccountError) -> Result<(StatusCode, Said), Fault> {
    let said = |key: Key| Ok((StatusCode::UNPROCESSABLE_ENTITY, Said::from(key)));
    match error {
        AccountError::Right(_) => Err(Fault::Right),
        AccountError::Text(fault) => said(text_key(*fault)),
        AccountError::Password(fault) => said(password_key(*fault)),
        AccountError::Unknown(_) => Err(Fault::Desk(DeskError::Unknown)),
        AccountError::LastAdministrator => said(Key::StaffLast),
        AccountError::Full => said(Key::StaffFull),
        AccountError::List(_) => said(Key::ImportUnreadable),
        AccountError::Refused => said(Key::RefusedWrong),
        AccountError::Write(error) => Err(Fault::Desk(DeskError::Failed(error.to_string()))),
    }
}

/// What is wrong with a passkey, as far as its owner can do something about it.
fn passkey_said(fault: PasskeyFault) -> (StatusCode, Said) {
    let (status, key) = match fault {
        PasskeyFault::Name => (StatusCode::UNPROCESSABLE_ENTITY, Key::PasskeyName),
        PasskeyFault::Taken => (StatusCode::UNPROCESSABLE_ENTITY, Key::PasskeyTaken),
        PasskeyFault::Full => (StatusCode::UNPROCESSABLE_ENTITY, Key::PasskeyFull),
        PasskeyFault::Challenge => (StatusCode::FORBIDDEN, Key::PasskeyLate),
        PasskeyFault::Counter | PasskeyFault::Blocked => (StatusCode::FORBIDDEN, Key::PasskeyBlocked),
        PasskeyFault::Absent | PasskeyFault::Unverified => (StatusCode::FORBIDDEN, Key::PasskeyUnverified),
        _ => (StatusCode::FORBIDDEN, Key::PasskeyWrong),
    };
    (status, key.into())
}

pub fn text_key(fault: TextFault) -> Key {
    match fault {
        TextFault::Login => Key::FaultLogin,
        TextFault::Name => Key::FaultName,
        TextFault::Department => Key::FaultDepartment,
        TextFault::Role => Key::FaultRole,
        TextFault::Facility => Key::FaultFacility,
        TextFault::Taken => Key::FaultTaken,
    }
}

fn password_key(fault: PasswordFault) -> Key {
    match fault {
        PasswordFault::Short => Key::PasswordShort,
        PasswordFault::Long => Key::PasswordLong,
        PasswordFault::Guessable => Key::PasswordGuessable,
        PasswordFault::Differ => Key::PasswordDiffer,
    }
}

/// Tells programs too how long to wait.
fn with_wait(mut response: Response, said: Said) -> Response {
    if said.seconds > 0
        && let Ok(value) = HeaderValue::from_str(&said.seconds.to_string())
    {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

/// Longest address that is remembered through a login.
const TO_BYTES_MAX: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_74_after_the_login_only_pages_of_this_portal_follow() {
        assert_eq!(own_path("/patients/3/timeline?zoom=year"), "/patients/3/timeline?zoom=year");
        let odd =
            ["", "//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nx: y", "javascript:alert(1)"];
        for to in odd.into_iter().chain(["/login?to=/", "/logout", "/setup", "patients", "/\u{3042}"]) {
            assert_eq!(own_path(to), "/", "{to:?}");
        }
        assert_eq!(own_path(&format!("/{}", "a".repeat(TO_BYTES_MAX))), "/");
        assert_eq!(with_to("/login/code", "/me?x=1&y=2"), "/login/code?to=/me%3Fx%3D1%26y%3D2");
    }
}
