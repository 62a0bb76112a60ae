//! Figures of the node for Prometheus: counts and moments, nothing of anybody. Reached from this machine only, as all pages.
use crate::app::App;
use crate::desk::Desk;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use service::health::Light;
use std::sync::Arc;

/// The figures as they stand.
pub async fn metrics(State(app): State<Arc<App>>) -> Response {
    let Ok(permit) = app.permit() else { return (StatusCode::SERVICE_UNAVAILABLE, "busy\n").into_response() };
    let desk = app.desk.clone();
    let text = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        figures(desk.as_ref())
    });
    match text.await {
        Ok(Some(text)) => ([(header::CONTENT_TYPE, KIND)], text).into_response(),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "no figures\n").into_response(),
    }
}

fn figures(desk: &dyn Desk) -> Option<String> {
    let service = desk.service()?;
    let status = service.status();
    let number = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
    let large = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let mut registry = Registry::with_prefix("musubi");
    let mut gauge = |name: &str, help: &str, value: i64| {
        let gauge: Gauge = Gauge::default();
        gauge.set(value);
        registry.register(name, help, gauge);
    };
    gauge("up", "Whether the engine runs", i64::from(status.is_running));
    gauge("peers_connected", "Peers connected now", number(status.peers_up));
    gauge("peers_known", "Peers that could be", number(status.peers_known));
    gauge("shelves", "Shelves of the index held here", number(status.shelves));
    gauge(
        "copies_followed",
        "Copies of shelves brought up to date by following, since the start",
        large(status.copies.followed),
    );
    gauge("copies_repaired", "Copies of shelves repaired by what differed", large(status.copies.repaired));
    gauge("copies_replaced", "Copies of shelves replaced by the whole shelf", large(status.copies.replaced));
    gauge("patients", "Patients of this node", large(status.patients));
    gauge("log_events", "Events of the audit log", large(status.log.size));
    gauge(
        "log_events_witnessed",
        "Events under a checkpoint that enough witnesses signed",
        large(status.witnessed.unwrap_or(0)),
    );
    gauge("alarms", "Alarms since the start", number(status.alarms.len()));
    gauge("waiting_signatures", "Objects that wait for founders", number(status.waiting.0));
    gauge("waiting_joins", "Requests to join", number(status.waiting.1));
    gauge("waiting_links", "Questions about links", number(status.waiting.2));
    gauge("store_frame", "Newest frame of the journal", large(service.store().health().position));
    if let Some(works) = desk.works() {
        let care = works.care();
        let at = |deed: &Option<crate::works::Deed>| deed.as_ref().map_or(0, |deed| large(deed.at.0 / 1_000));
        gauge("backup_timestamp_seconds", "When the last backup ended; 0: never", at(&care.backed_up));
        gauge("restore_drill_timestamp_seconds", "When a backup was tried out last; 0: never", at(&care.drill));
        let red = works.findings().iter().filter(|line| line.light == Light::Red).count();
        gauge("doctor_red", "Red lines of the doctor", number(red));
    }
    if let Some(sources) = desk.feeds() {
        let (quarantined, walked) = (by_feed(), by_feed());
        let waiting = sources.ingest.quarantined();
        for feed in &sources.feeds {
            let label =
                vec![("feed".to_owned(), feed.name.clone()), ("facility".to_owned(), feed.facility.to_string())];
            let count = waiting.iter().filter(|item| item.feed == feed.name && item.facility == feed.facility).count();
            quarantined.get_or_create(&label).set(number(count));
            let at = sources.ingest.last_report(feed).map_or(0, |report| large(report.began.0 / 1_000));
            walked.get_or_create(&label).set(at);
        }
        registry.register("feed_quarantined", "Files in quarantine", quarantined);
        registry.register("feed_walked_timestamp_seconds", "When a source was walked last; 0: never", walked);
    }
    let mut out = String::new();
    encode(&mut out, &registry).ok()?;
    Some(out)
}

fn by_feed() -> Family<Vec<(String, String)>, Gauge> {
    Family::default()
}

const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
