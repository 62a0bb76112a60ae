use super::context::{App, LANG_COOKIE, Portal};
use super::needs::{Need, need};
use crate::forms::Fields;
use crate::guard;
use crate::i18n::Lang;
use crate::limits::{AGENT_CHARS_MAX, FORM_BYTES_MAX, LIST_FORM_BYTES_MAX, SCAN_FORM_BYTES_MAX};
use crate::lines::Caller;
use crate::pages::Fault;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use service::staff::{Device, Right, Stage, may};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use tower::ServiceExt;

/// The pages, and what all of them share.
#[derive(Clone)]
pub(super) struct Doorway {
    pub portal: Arc<Portal>,
    pub pages: Router<Arc<App>>,
}

/// Before every page: this machine's name, who asks and with which right, own forms, the language; and behind it the headers
/// that keep a page to itself. A page is asked only with an [`App`] of the visitor it is for.
pub(super) async fn enter(State(Doorway { portal, pages }): State<Doorway>, request: Request) -> Response {
    let mut seed_cookie = None;
    let mut response = match admit(&portal, request, &mut seed_cookie).await {
        Ok((app, request)) => {
            let pages: Router = pages.with_state(app);
            // A router never fails: its error type has no value.
            pages.oneshot(request).await.unwrap_or_else(|never| match never {})
        }
        Err(response) => *response,
    };
    if let Some(cookie) = seed_cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    guard::seal(response.headers_mut());
    response
}

type Stop = Box<Response>;

/// The visitor's [`App`] and the request, its form checked; or the answer to a request that goes no further.
async fn admit(
    portal: &Arc<Portal>,
    request: Request,
    seed_cookie: &mut Option<HeaderValue>,
) -> Result<(Arc<App>, Request), Stop> {
    let device = device_of(&request);
    let stranger = |device: Device| App::new(portal.clone(), None, device, "");
    if !portal.gate.is_own_host(request.headers()) {
        let url = portal.url.clone();
        return Err(Box::new(stranger(device).fault(request.headers(), &Fault::Host { url })));
    }
    let need = need(request.uri().path());
    if need == Some(Need::Open) {
        return Ok((Arc::new(stranger(device)), request));
    }
    let headers = request.headers().clone();
    let app = match visit(portal, &headers, device.clone(), seed_cookie).await {
        Ok(app) => Arc::new(app),
        Err(fault) => return Err(Box::new(stranger(device).fault(&headers, &fault))),
    };
    if request.method() == Method::GET
        && let Some(lang) = query(request.uri(), "lang").and_then(Lang::parse)
    {
        return Err(Box::new(redirect(&without_lang(request.uri()), lang_cookie(lang))));
    }
    // A body cannot be shared between threads, so it waits apart.
    let (parts, body) = request.into_parts();
    may_enter(&app, need, &parts).await?;
    let (body, fields) = own_form(&app, &parts, body).await?;
    let mut request = Request::from_parts(parts, body);
    if let Some(fields) = fields {
        request.extensions_mut().insert(fields);
    }
    Ok((app, request))
}

/// Who asks: the session of the cookie, if it holds. Who has none gets a seed for the token of forms.
async fn visit(
    portal: &Arc<Portal>,
    headers: &HeaderMap,
    device: Device,
    seed_cookie: &mut Option<HeaderValue>,
) -> Result<App, Fault> {
    if let Some(id) = portal.gate.session(headers) {
        let (own, from) = (id.clone(), device.clone());
        let visitor = portal.with_accounts(move |accounts| accounts.visitor(&own, &from)).await.map_err(Fault::Desk)?;
        if visitor.is_some() {
            return Ok(App::new(portal.clone(), visitor, device, id.expose()));
        }
    }
    let seed = match portal.gate.seed(headers) {
        Some(seed) => seed.to_owned(),
        None => {
            let seed = portal.gate.fresh_seed().ok_or(Fault::Forged)?;
            *seed_cookie = portal.gate.keep_seed(&seed);
            seed
        }
    };
    Ok(App::new(portal.clone(), None, device, &seed))
}

/// Compares what an address needs with who asks.
async fn may_enter(app: &Arc<App>, need: Option<Need>, request: &Parts) -> Result<(), Stop> {
    let headers = &request.headers;
    let stage = app.visitor.as_ref().map(|visitor| visitor.stage);
    let right = match need {
        None if stage == Some(Stage::In) => return Err(Box::new(app.fault(headers, &Fault::Page))),
        // Who is not in does not learn which addresses there are.
        None => None,
        Some(Need::Open | Need::Door) => return Ok(()),
        Some(Need::Step(step)) if stage == Some(step) => return Ok(()),
        Some(Need::Step(_)) => return Err(Box::new(redirect("/login", None))),
        Some(Need::Demo) if !app.demo => return Err(Box::new(app.fault(headers, &Fault::Page))),
        Some(Need::Demo) => return Ok(()),
        Some(Need::Right(right)) => Some(right),
    };
    match (stage, right, app.staff()) {
        (Some(Stage::In), Some(right), Some(staff)) if may(staff.role(), right) => Ok(()),
        (Some(Stage::In), Some(right), Some(_)) => {
            note_denied(app, right).await;
            Err(Box::new(app.fault(headers, &Fault::Right)))
        }
        // What was typed into a form of an ended session is not carried through the login; the page says so.
        _ if !request.method.is_safe() => Err(Box::new(app.fault(headers, &Fault::Session))),
        (Some(Stage::Factor), ..) => Err(Box::new(redirect("/login/code", None))),
        (Some(Stage::Enrol), ..) => Err(Box::new(redirect("/login/factor", None))),
        _ => Err(Box::new(redirect(&login_to(&request.uri), None))),
    }
}

/// Who tries what their role may not do stands in the log.
async fn note_denied(app: &Arc<App>, right: Right) {
    let Some(visitor) = app.visitor.clone() else { return };
    let noted = app.with_accounts(move |accounts| accounts.denied(&visitor, right)).await;
    if !matches!(noted, Ok(Ok(()))) {
        tracing::warn!(?right, "a refused page could not be noted in the log");
    }
}

/// A request that changes something carries a form of our own, with this browser's token in it, once. A form with a file is
/// read here, since its token stands among its parts.
async fn own_form(app: &Arc<App>, request: &Parts, body: Body) -> Result<(Body, Option<Fields>), Stop> {
    if request.method.is_safe() {
        return Ok((body, None));
    }
    let headers = &request.headers;
    let forged = || Box::new(app.fault(headers, &Fault::Forged));
    // Browsers say how long a form is. Who sends it in pieces of unknown number hides where it ends.
    if headers.contains_key(header::TRANSFER_ENCODING) {
        return Err(forged());
    }
    let takes_file = takes_file(request.uri.path()) && guard::is_file_form(headers);
    if !app.gate.is_own_origin(&request.method, headers) || !(takes_file || guard::is_form(headers)) {
        return Err(forged());
    }
    let max = match request.uri.path() {
        _ if takes_file => SCAN_FORM_BYTES_MAX,
        "/admin/staff/import" | "/founders/import" | "/founders/accord" => LIST_FORM_BYTES_MAX,
        _ => FORM_BYTES_MAX,
    };
    let Ok(bytes) = to_bytes(body, max).await else { return Err(Box::new(app.fault(headers, &Fault::Long))) };
    if !takes_file {
        return if app.guard.is_own_form(&bytes) { Ok((Body::from(bytes), None)) } else { Err(forged()) };
    }
    let fields = Fields::of_parts(headers, bytes).await.ok_or_else(forged)?;
    let is_own = fields.one("token").is_some_and(|token| app.guard.is_token(token));
    if is_own { Ok((Body::empty(), Some(fields))) } else { Err(forged()) }
}

/// Addresses whose forms may carry a scan.
fn takes_file(path: &str) -> bool {
    let last = path.strip_prefix("/patients/").and_then(|rest| rest.split_once("/consent/")).map(|(_, last)| last);
    matches!(last, Some("new" | "tablet" | "withdraw"))
}

fn device_of(request: &Request) -> Device {
    let source = request.extensions().get::<ConnectInfo<Caller>>().map(|ConnectInfo(Caller(addr))| addr.ip());
    let agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    Device {
        source: source.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        agent: agent.chars().take(AGENT_CHARS_MAX).collect(),
    }
}

/// The login page that leads back here.
fn login_to(uri: &Uri) -> String {
    let here = uri.path_and_query().map_or("/", |here| here.as_str());
    if here == "/" { "/login".to_owned() } else { format!("/login?to={}", percent(here)) }
}

/// Text as the value of a query.
pub(crate) fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/');
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// The cookie that keeps a language for a year.
pub(super) fn lang_cookie(lang: Lang) -> Option<HeaderValue> {
    let text = format!("{LANG_COOKIE}={}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Strict", lang.tag());
    HeaderValue::from_str(&text).ok()
}

/// On to another page of this portal, with a cookie.
pub(crate) fn redirect(to: &str, cookie: Option<HeaderValue>) -> Response {
    let Ok(to) = HeaderValue::from_str(to) else { return StatusCode::BAD_REQUEST.into_response() };
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// A value of the query as it stands; what needs percent signs is nothing of ours.
pub(crate) fn query<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
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
