use super::context::{App, LANG_COOKIE};
use crate::guard;
use crate::i18n::Lang;
use crate::pages::Fault;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// Before every page: this machine's name, the key, own forms, the language; and the headers that keep a page to itself.
pub(super) async fn enter(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = match stop(&app, &request) {
        Some(response) => response,
        None => next.run(request).await,
    };
    guard::seal(response.headers_mut());
    response
}

/// The answer to a request that goes no further.
fn stop(app: &App, request: &Request) -> Option<Response> {
    let (headers, uri) = (request.headers(), request.uri());
    if !app.guard.is_own_host(headers) {
        return Some(app.fault(headers, &Fault::Host { url: app.url.clone() }));
    }
    if is_open(uri.path()) {
        return None;
    }
    if let Some(key) = query(uri, "key").filter(|_| uri.path() == "/") {
        return Some(if app.guard.is_key(key) {
            redirect("/", app.guard.inside())
        } else {
            app.fault(headers, &Fault::Key)
        });
    }
    if !app.guard.is_inside(headers) {
        return Some(app.fault(headers, &Fault::Key));
    }
    if !app.guard.is_own_origin(request.method(), headers) {
        return Some(app.fault(headers, &Fault::Forged));
    }
    if request.method() == Method::GET
        && let Some(lang) = query(uri, "lang").and_then(Lang::parse)
    {
        return Some(redirect(&without_lang(uri), lang_cookie(lang)));
    }
    None
}

/// Pages without anything of the node or of patients.
fn is_open(path: &str) -> bool {
    path == "/healthz" || path == "/readyz" || path.starts_with("/assets/")
}

/// The cookie that keeps a language for a year.
pub(super) fn lang_cookie(lang: Lang) -> Option<HeaderValue> {
    let text = format!("{LANG_COOKIE}={}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Strict", lang.tag());
    HeaderValue::from_str(&text).ok()
}

/// On to another page of this portal, with a cookie.
pub(super) fn redirect(to: &str, cookie: Option<HeaderValue>) -> Response {
    let Ok(to) = HeaderValue::from_str(to) else { return StatusCode::BAD_REQUEST.into_response() };
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// A value of the query as it stands; what needs percent signs is nothing of ours.
fn query<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    let pairs = uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find(|(own, _)| *own == name).map(|(_, value)| value)
}

/// The same page without the choice of language. The path begins with one slash, so it stays on this host.
fn without_lang(uri: &Uri) -> String {
    let rest: Vec<&str> = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.starts_with("lang=") && !pair.is_empty())
        .collect();
    let path = format!("/{}", uri.path().trim_start_matches('/'));
    if rest.is_empty() { path } else { format!("{path}?{}", rest.join("&")) }
}
