//! Addresses of the network: everybody sees it (`/network`), its office acts in `/founders`. The service notes who acts before it is
//! done, and decides whether it may be.
mod acts;

use crate::app::{App, page_with, query};
use crate::desk::{DeskError, NetworkView, Places};
use crate::forms::Fields;
use crate::i18n::Key;
use crate::pages::{self, Fault, OfficePage, OfficeView, Said};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use protocol::ids::{FacilityId, Hash, NetworkId};
use protocol::state::Object;
use service::offices::{Act, ActError};
use service::{Service, Staff};
use std::sync::Arc;

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/network", get(network))
        .route("/accords", get(network))
        .route("/founders", get(waiting))
        .route("/founders/invite", get(invite_page).post(acts::invite))
        .route("/founders/join", get(join_page).post(acts::join))
        .route("/founders/join-file", post(acts::join_file))
        .route("/founders/files", get(files_page))
        .route("/founders/import", post(acts::import))
        .route("/founders/accord", get(accord_page).post(acts::accord))
        .route("/founders/revoke", get(revoke_page).post(acts::revoke))
        .route("/founders/found", get(found_page).post(acts::found))
        .route("/founders/founded", post(acts::founded))
        .route("/founders/own", post(acts::admit_own))
        .route("/founders/admit/{invite}", post(acts::admit))
        .route("/founders/refuse/{invite}", post(acts::refuse))
        .route("/founders/sign/{hash}", post(acts::sign))
        .route("/founders/export/{hash}", get(export))
        .route("/founders/charter/{network}", get(charter))
        .route("/founders/welcome/{network}/{facility}", get(welcome))
}

/// Members, freshness, accords.
async fn network(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Response {
    match app.office(|service, _| Ok(NetworkView::of(service))).await {
        Ok(view) => {
            let node = app.desk.name();
            page_with(StatusCode::OK, pages::network(&app.frame(app.lang(&headers), &node, Some(&uri)), &view))
        }
        Err(error) => app.fault(&headers, &Fault::Desk(error)),
    }
}

fn view_of(service: &Service) -> OfficeView {
    let (book, now) = (service.book(), service.now());
    let places = Places::of(service);
    let own: Vec<(NetworkId, String)> = service.networks().into_iter().map(|id| (id, places.network(&id))).collect();
    let facilities = service.facilities();
    let proposals = service.proposals();
    let waits = |network: NetworkId, id: &FacilityId| {
        let own = |one: &protocol::state::Membership| one.network == network && one.facility == *id;
        proposals.iter().any(|signing| matches!(&signing.object, Object::Membership(one) if own(one)))
    };
    // What one founder began, the next signs where it waits: begun anew it would be another membership.
    let is_outside = |network: NetworkId, id: &FacilityId| book.live(network, id, now).is_none() && !waits(network, id);
    let outside = own
        .iter()
        .filter(|(network, _)| book.charter(*network).is_some())
        .flat_map(|(network, _)| facilities.iter().map(move |setup| (*network, setup.id.clone())))
        .filter(|(network, id)| is_outside(*network, id))
        .collect();
    let joins = service.pending_joins();
    OfficeView { now, places, own, joins, proposals, accords: service.accords(), outside }
}

async fn page_of(app: Arc<App>, headers: HeaderMap, uri: Uri, page: OfficePage) -> Response {
    let done = query(&uri, "done").and_then(|done| DONE.into_iter().find(|key| key.id() == done));
    let said = done.map(|key| Said { is_done: true, key, detail: String::new() });
    shown(&app, &headers, page, (StatusCode::OK, &Fields::default(), said)).await
}

/// What a page may say of the act before it.
const DONE: [Key; 6] =
    [Key::DoneInForce, Key::DoneWaits, Key::DoneAsked, Key::DoneTaken, Key::DoneFounded, Key::DoneRefused];

/// Draws a page of the office, with what was typed and what became of it.
async fn shown(
    app: &Arc<App>,
    headers: &HeaderMap,
    page: OfficePage,
    (status, typed, said): (StatusCode, &Fields, Option<Said>),
) -> Response {
    match app.office(|service, _| Ok(view_of(service))).await {
        Ok(view) => {
            let node = app.desk.name();
            let here: Option<Uri> = page.path().parse().ok();
            let frame = app.frame(app.lang(headers), &node, here.as_ref());
            page_with(status, pages::office(&frame, &view, page, (typed, said.as_ref())))
        }
        Err(error) => app.fault(headers, &Fault::Desk(error)),
    }
}

macro_rules! office_page {
    ($name:ident, $page:ident) => {
        async fn $name(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Response {
            page_of(app, headers, uri, OfficePage::$page).await
        }
    };
}
office_page!(waiting, Waiting);
office_page!(invite_page, Invite);
office_page!(join_page, Join);
office_page!(files_page, Files);
office_page!(accord_page, Accord);
office_page!(revoke_page, Revoke);
office_page!(found_page, Found);

/// A file to hand over.
async fn file(
    app: Arc<App>,
    headers: HeaderMap,
    name: String,
    make: impl FnOnce(&Service) -> Result<Option<String>, String> + Send + 'static,
) -> Response {
    let made = app.office(move |service, staff: &Staff| {
        service.begin(staff, Act::Export).map_err(of_act)?;
        make(service).map_err(DeskError::Failed)
    });
    match made.await {
        Ok(Some(text)) => {
            let mut response = text.into_response();
            let out = response.headers_mut();
            out.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
            let kept = format!("attachment; filename=\"{name}.musubi\"");
            if let Ok(value) = HeaderValue::from_str(&kept) {
                out.insert(header::CONTENT_DISPOSITION, value);
            }
            response
        }
        Ok(None) => app.fault(&headers, &Fault::Desk(DeskError::Unknown)),
        Err(error) => app.fault(&headers, &Fault::Desk(error)),
    }
}

async fn export(State(app): State<Arc<App>>, Path(hash): Path<String>, headers: HeaderMap) -> Response {
    let Ok(hash) = Hash::parse(&hash) else { return app.fault(&headers, &Fault::Desk(DeskError::Unknown)) };
    let name = hash.to_string().chars().take(12).collect();
    file(app, headers, name, move |service| Ok(service.export(hash).ok())).await
}

async fn charter(State(app): State<Arc<App>>, Path(network): Path<String>, headers: HeaderMap) -> Response {
    let Ok(network) = NetworkId::parse(&network) else { return app.fault(&headers, &Fault::Desk(DeskError::Unknown)) };
    file(app, headers, "charter".into(), move |service| Ok(service.export_charter(network).ok())).await
}

async fn welcome(
    State(app): State<Arc<App>>,
    Path((network, facility)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let (Ok(network), Ok(facility)) = (NetworkId::parse(&network), FacilityId::parse(&facility)) else {
        return app.fault(&headers, &Fault::Desk(DeskError::Unknown));
    };
    let make = move |service: &Service| service.welcome_file(network, &facility).map_err(|error| error.to_string());
    file(app, headers, "welcome".into(), make).await
}

fn of_act(error: ActError) -> DeskError {
    DeskError::Failed(error.to_string())
}
