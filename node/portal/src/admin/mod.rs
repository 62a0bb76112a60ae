//! Running the node: the doctor, sources, keys, backup, configuration, the log. `metrics` is for machines of the operator.
mod metrics;

use crate::app::{App, node, page_with, query};
use crate::desk::{DeskError, Places};
use crate::forms::Fields;
use crate::i18n::Key;
use crate::pages::{self, Fault, FeedsView, KeyLine, LogPage};
use crate::view::Frame;
use crate::works::Line;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use maud::Markup;
use protocol::audit::What;
use protocol::state::NodeCert;
use service::Service;
use service::access_log::{LogEnd, LogQuery};
use service::keys::KeyName;
use service::offices::Act;
use std::sync::Arc;

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/admin/doctor", get(doctor))
        .route("/admin/feeds", get(feeds))
        .route("/admin/feeds/retry", post(retry))
        .route("/admin/keys", get(keys))
        .route("/admin/backup", get(backup))
        .route("/admin/config", get(config))
        .route("/admin/log", get(log))
        .route("/metrics", get(metrics::metrics))
}

/// Draws what was asked for, or its fault.
fn shown<T>(
    app: &Arc<App>,
    (headers, uri): (&HeaderMap, &Uri),
    found: Result<T, DeskError>,
    draw: impl FnOnce(&Frame<'_>, T) -> Markup,
) -> Response {
    match found {
        Ok(found) => {
            let node = app.desk.name();
            page_with(StatusCode::OK, draw(&app.frame(app.lang(headers), &node, Some(uri)), found))
        }
        Err(error) => app.fault(headers, &Fault::Desk(error)),
    }
}

/// Every check, from the program around the pages if there is one.
async fn doctor(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Response {
    let found = app.call(|desk, _| {
        if let Some(works) = desk.works() {
            return Ok(works.findings());
        }
        let service = node(desk)?;
        let line = |one: service::health::Finding| Line {
            check: one.check.word().to_owned(),
            light: one.light,
            found: one.found,
            remedy: one.remedy,
        };
        Ok(service.doctor().into_iter().map(line).collect())
    });
    shown(&app, (&headers, &uri), found.await, |frame, lines| pages::doctor(frame, &lines))
}

async fn feeds_view(app: &Arc<App>, said: Option<(bool, String)>) -> Result<FeedsView, DeskError> {
    app.call(move |desk, _| {
        let service = node(desk)?;
        let (mut feeds, mut waiting) = (Vec::new(), Vec::new());
        if let Some(sources) = desk.feeds() {
            feeds = sources.feeds.iter().map(|feed| (feed.clone(), sources.ingest.last_report(feed))).collect();
            waiting = sources.ingest.quarantined();
        }
        let count = waiting.len();
        waiting.sort_by_key(|item| std::cmp::Reverse(item.since));
        waiting.truncate(QUARANTINE_SHOWN_MAX);
        Ok(FeedsView { now: service.now(), places: Places::of(service), feeds, waiting, count, said })
    })
    .await
}

/// Sources and quarantine.
async fn feeds(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Response {
    let view = feeds_view(&app, None).await;
    shown(&app, (&headers, &uri), view, |frame, view| pages::feeds(frame, &view))
}

/// Tries a source's quarantined files again.
async fn retry(State(app): State<Arc<App>>, headers: HeaderMap, fields: Fields) -> Response {
    let feed = fields.text("feed").to_owned();
    let begun = app.call(move |desk, staff| {
        let service = node(desk)?;
        service.begin(staff, Act::Retry).map_err(|error| DeskError::Failed(error.to_string()))?;
        Ok(match desk.works() {
            Some(works) => works.retry(&feed),
            None => Err("this page runs without the program that takes sources in".into()),
        })
    });
    let said = match begun.await {
        Ok(Ok(())) => (true, String::new()),
        Ok(Err(why)) => (false, why),
        Err(error) => return app.fault(&headers, &Fault::Desk(error)),
    };
    let here = Uri::from_static("/admin/feeds");
    let view = feeds_view(&app, Some(said)).await;
    shown(&app, (&headers, &here), view, |frame, view| pages::feeds(frame, &view))
}

/// Keys and certificates with their ends; secrets stay where they are.
async fn keys(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Response {
    let found = app.office(|service, _| Ok((key_lines(service), service.now(), roots_here(service))));
    shown(&app, (&headers, &uri), found.await, |frame, (lines, now, roots)| pages::keys(frame, &lines, (now, &roots)))
}

fn key_lines(service: &Service) -> Vec<KeyLine> {
    let short = |text: String| text.chars().take(16).collect::<String>();
    let name = service.config().name.clone();
    let mut lines =
        vec![KeyLine { kind: Key::NodesOwn, whose: name, number: short(service.node_key().to_string()), until: None }];
    let book = service.book();
    for setup in service.facilities() {
        if let Ok(cert) = NodeCert::decode(&setup.cert.body) {
            let number = short(cert.node.to_string());
            lines.push(KeyLine { kind: Key::NodeCert, whose: setup.name.clone(), number, until: Some(cert.to) });
        }
        for network in service.networks() {
            let Some(member) = book.membership(network, &setup.id) else { continue };
            let net = book.charter(network).map(|charter| charter.name.clone()).unwrap_or_default();
            let whose = format!("{} · {net}", setup.name);
            let number = short(network.to_string());
            lines.push(KeyLine { kind: Key::MembersOwn, whose, number, until: Some(member.to) });
        }
    }
    lines
}

/// Facilities whose root key lies on this machine.
fn roots_here(service: &Service) -> Vec<String> {
    let is_here = |id: &protocol::ids::FacilityId| service.keys().path(&KeyName::Root(id.clone())).exists();
    service.facilities().into_iter().filter(|setup| is_here(&setup.id)).map(|setup| setup.name).collect()
}

/// What was done for the store.
async fn backup(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Response {
    let found = app.call(|desk, _| Ok((desk.works().map(|works| works.care()), desk.now())));
    shown(&app, (&headers, &uri), found.await, |frame, (care, now)| pages::backup(frame, care.as_ref(), now))
}

/// The configuration in force.
async fn config(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Response {
    let found = app.call(|desk, _| Ok(desk.works().map(|works| works.settings()).unwrap_or_default()));
    shown(&app, (&headers, &uri), found.await, |frame, settings| pages::config(frame, &settings))
}

/// The audit log, newest first.
async fn log(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Response {
    let what = query(&uri, "what").and_then(What::parse);
    let before = query(&uri, "before").and_then(|text| text.parse().ok());
    let found = app.office(move |service, staff| {
        let size = service.log_head().size;
        // One more than is shown: whether there are older ones.
        let wanted = LogQuery { what, before, limit: LOG_SHOWN_MAX + 1, end: LogEnd::Newest, ..LogQuery::default() };
        let mut lines = service.audit(staff, &wanted).map_err(|error| DeskError::Failed(error.to_string()))?;
        lines.reverse();
        let is_more = lines.len() > LOG_SHOWN_MAX;
        lines.truncate(LOG_SHOWN_MAX);
        let older = lines.last().map(|line| line.index).filter(|_| is_more);
        Ok(LogPage { places: Places::of(service), size, lines, what, older })
    });
    shown(&app, (&headers, &uri), found.await, |frame, view| pages::log(frame, &view))
}

/// Lines of the log on one page.
const LOG_SHOWN_MAX: usize = 200;
/// Files of the quarantine on one page; the command has them all.
const QUARANTINE_SHOWN_MAX: usize = 200;
