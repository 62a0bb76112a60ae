use super::context::{App, page_with};
use super::enter::{lang_cookie, query, redirect};
use crate::desk::{Depth, DeskError, ItemPath};
use crate::i18n::{Key, Lang};
use crate::limits::TEXT_CHARS_MAX;
use crate::pages::{self, Fault};
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use protocol::ids::PatientRef;
use serde::Deserialize;
use std::sync::Arc;

/// 今日
pub(super) async fn home(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Response {
    match app.call(|desk, staff| desk.home(staff)).await {
        Ok(home) => {
            let frame = app.frame(app.lang(&headers), &home.node, Some(&uri));
            page_with(StatusCode::OK, pages::home(&frame, &home))
        }
        Err(error) => app.fault(&headers, &Fault::Desk(error)),
    }
}

/// The empty search.
pub(super) async fn patients(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Response {
    let node = app.desk.name();
    page_with(StatusCode::OK, pages::search(&app.frame(app.lang(&headers), &node, Some(&uri)), None, None))
}

/// What a search box sends.
#[derive(Deserialize)]
pub(super) struct SearchForm {
    #[serde(default)]
    q: String,
    #[serde(default)]
    lang: String,
}

/// A search: by POST, so that no name stands in an address, a history or a log.
pub(super) async fn search(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    form: Result<Form<SearchForm>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else { return app.fault(&headers, &Fault::Forged) };
    let chosen = Lang::parse(&form.lang);
    let text: String = form.q.chars().take(TEXT_CHARS_MAX).collect();
    let asked = text.clone();
    let found = match app.call(move |desk, staff| desk.search(staff, &asked)).await {
        Ok(found) => Ok(found),
        Err(DeskError::EmptySearch) => Err(Key::SearchEmpty),
        Err(error) => return app.fault(&headers, &Fault::Desk(error)),
    };
    let status = if found.is_ok() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let node = app.desk.name();
    let frame = app.frame(chosen.unwrap_or_else(|| app.lang(&headers)), &node, None);
    let mut response = page_with(status, pages::search(&frame, Some(&text), Some(&found)));
    if let Some(cookie) = chosen.and_then(lang_cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// What the question to other holders needs.
#[derive(Deserialize)]
pub(super) struct AskForm {
    #[serde(default)]
    ground: String,
}

/// Takes the ground of a question; the timeline that follows asks.
pub(super) async fn ask(
    State(app): State<Arc<App>>,
    Path(patient): Path<String>,
    headers: HeaderMap,
    form: Result<Form<AskForm>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else { return app.fault(&headers, &Fault::Forged) };
    let Some(patient) = patient_of(&patient) else { return app.fault(&headers, &Fault::Desk(DeskError::Unknown)) };
    let ground: String = form.ground.trim().chars().take(TEXT_CHARS_MAX).collect();
    let to = format!("/patients/{}/timeline", patient.0);
    if ground.is_empty() {
        return redirect(&format!("{to}?ground=missing"), None);
    }
    let now = app.desk.now();
    app.readings().begin(patient, now, ground);
    redirect(&to, None)
}

/// One record.
pub(super) async fn item(
    State(app): State<Arc<App>>,
    Path((patient, item)): Path<(String, String)>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let depth = if query(&uri, "original") == Some("1") { Depth::Original } else { Depth::Rows };
    let (Some(patient), Some(path)) = (patient_of(&patient), ItemPath::parse(&item)) else {
        return app.fault(&headers, &Fault::Desk(DeskError::Unknown));
    };
    match app.call(move |desk, staff| desk.item(staff, patient, &path, depth)).await {
        Ok(view) => {
            let node = app.desk.name();
            page_with(StatusCode::OK, pages::item(&app.frame(app.lang(&headers), &node, Some(&uri)), &view, depth))
        }
        Err(error) => app.fault(&headers, &Fault::Desk(error)),
    }
}

/// A file beside pages. Its name is its hash, so it never changes.
pub(super) async fn asset(State(app): State<Arc<App>>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(file) = app.assets.find(&name) else { return app.fault(&headers, &Fault::Page) };
    let kept = "public, max-age=31536000, immutable";
    ([(header::CONTENT_TYPE, file.kind), (header::CACHE_CONTROL, kept)], file.bytes.clone()).into_response()
}

/// The portal runs.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// The node runs.
pub(super) async fn readyz(State(app): State<Arc<App>>) -> Response {
    let Ok(permit) = app.permit() else { return (StatusCode::SERVICE_UNAVAILABLE, "busy\n").into_response() };
    let desk = app.desk.clone();
    let asked = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        desk.is_ready()
    });
    match asked.await {
        Ok(true) => "ready\n".into_response(),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response(),
    }
}

/// No such page.
pub(super) async fn nothing(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    app.fault(&headers, &Fault::Page)
}

/// The patient of an address: digits only.
pub(crate) fn patient_of(text: &str) -> Option<PatientRef> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok().map(PatientRef)).flatten()
}
