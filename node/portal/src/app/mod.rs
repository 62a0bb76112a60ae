//! All routes in one table, and what stands before each: own host, session, right, own forms.
//!
//! `context` is what every request has, `needs` what each address needs, `enter` the guard in front, `routes` the screens of
//! patients, `stream` a person's pages that are sent while holders answer, `looks` who looked and files of documents; the
//! screens of staff are in [`crate::auth`].
mod context;
mod enter;
mod looks;
mod needs;
mod routes;
mod stream;

use crate::desk::Desk;
use crate::limits::LIST_FORM_BYTES_MAX;
use crate::serve::PortalConfig;
use crate::{admin, auth, consents, emergency, matching, network};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use context::Portal;
use service::staff::Accounts;
use std::net::SocketAddr;
use std::sync::Arc;

pub(crate) use context::{App, node, page_with};
pub(crate) use enter::{percent, query, redirect};
pub(crate) use looks::SANDBOX;
pub use needs::{NEEDS, Need};
pub(crate) use routes::patient_of;

/// The pages over a desk and the accounts of its staff, for a portal that is reached at `addr`.
///
/// # Errors
/// The system gives no randomness.
pub fn router(
    desk: Arc<dyn Desk>,
    accounts: Accounts,
    config: &PortalConfig,
    addr: SocketAddr,
) -> Result<Router, getrandom::Error> {
    let portal = Arc::new(Portal::new(desk, accounts, config, addr)?);
    let pages = Router::new()
        .route("/", get(routes::home))
        .route("/patients", get(routes::patients).post(routes::search))
        .route("/patients/{patient}/timeline", get(stream::timeline))
        .route("/patients/{patient}/labs", get(stream::labs))
        .route("/patients/{patient}/drugs", get(stream::drugs))
        .route("/patients/{patient}/documents", get(stream::documents))
        .route("/patients/{patient}/access", get(looks::access))
        .route("/patients/{patient}/access/sheet", get(looks::access))
        .route("/patients/{patient}/items/{item}/files/{index}", get(looks::file))
        .route("/patients/{patient}/ask", post(routes::ask))
        .route("/patients/{patient}/items/{item}", get(routes::item))
        .route("/assets/{name}", get(routes::asset))
        .route("/healthz", get(routes::healthz))
        .route("/readyz", get(routes::readyz))
        .merge(auth::routes(config.demo))
        .merge(consents::routes())
        .merge(matching::routes())
        .merge(emergency::routes())
        .merge(network::routes())
        .merge(admin::routes())
        .fallback(routes::nothing)
        .method_not_allowed_fallback(routes::nothing)
        // What is longer was refused in front, page by page.
        .layer(DefaultBodyLimit::max(LIST_FORM_BYTES_MAX));
    Ok(Router::new().fallback(enter::enter).with_state(enter::Doorway { portal, pages }))
}
